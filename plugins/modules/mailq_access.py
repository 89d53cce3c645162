#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailq_access
short_description: Let a user list the queue of Postfix instances
version_added: 1.0.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Lists the queue of each instance as the user, and where Postfix refuses that, changes C(main.cf)
    as little as necessary.
  - If C(authorized_mailq_users) of the instance excludes the user, adds the user at its beginning.
  - If Postfix refuses the configuration directory, adds it to C(alternate_config_directories) of
    the default instance.
  - Records each grant on the host before it is made, so that O(state=absent) revokes exactly that,
    even after an interrupted run.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
options:
  user:
    description:
      - The user's name.
      - With O(state=absent) the user need not exist any more.
    type: str
    required: true
  config_directory:
    description:
      - The configuration directories of the instances, absolute paths without a slash at their end.
        The default instance if it is omitted or empty.
      - Has no effect with O(state=absent).
    type: list
    elements: path
  authorized_mailq_users:
    description:
      - The exact list to set in each of these instances, instead of adding the user to the present
        one.
      - Users, files and tables as Postfix takes them. The list then excludes everybody else except
        root and the owner of Postfix's queue.
    type: list
    elements: str
    default: []
  exclusive:
    description: Whether to also revoke what this module granted the user earlier and these options
      do not need.
    type: bool
    default: false
  state:
    description:
      - V(present) lets the user list the queues.
      - V(absent) revokes everything that this module granted the user, and nothing else.
      - If somebody has edited a list in the meantime, only the user's name is removed from it. If
        somebody has replaced it, it is not changed.
      - What no longer exists, such as an instance or all of Postfix, is not an error.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root (C(become=true)), also in check mode.
  - It is an error if a list excludes the user on purpose, by C(!NAME) or by a file or table of such
    names, and if Postfix still refuses the user after the change.
  - Any other reason why the user cannot list the queue, for example that Postfix is stopped, is a
    warning, see RV(listings[].error).
  - Postfix needs neither a reload nor a restart.
seealso:
  - module: mailops.postfix.postconf
  - module: mailops.postfix.sudo_access
  - name: postqueue(1)
    description: Who may list the queue.
    link: https://www.postfix.org/postqueue.1.html
"""

EXAMPLES = r"""
- name: Let the monitoring user list the queue
  mailops.postfix.mailq_access:
    user: watcher
  become: true

- name: Let only root and the monitoring user list the queues of two instances
  mailops.postfix.mailq_access:
    user: watcher
    config_directory: [/etc/postfix, /etc/postfix-out]
    authorized_mailq_users: [root, watcher]
  become: true

- name: Revoke that
  mailops.postfix.mailq_access:
    user: watcher
    state: absent
  become: true
"""

RETURN = r"""
parameters:
  description: The parameters that changed, or would change in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    config_directory:
      description: The configuration directory whose C(main.cf) changed.
      returned: always
      type: str
      sample: /etc/postfix
    name:
      description: The parameter's name, C(authorized_mailq_users) or
        C(alternate_config_directories).
      returned: always
      type: str
      sample: authorized_mailq_users
    before:
      description: The value in C(main.cf) before. V(null) if it was not set.
      returned: always
      type: str
      sample: root, admin
    after:
      description: The value after. V(null) if it is not set.
      returned: always
      type: str
      sample: watcher, root, admin
listings:
  description: Each instance. Empty with O(state=absent).
  returned: success
  type: list
  elements: dict
  contains:
    config_directory:
      description: The configuration directory of the instance.
      returned: always
      type: str
      sample: /etc/postfix
    error:
      description:
        - Why the user cannot list its queue, such as V(mail_system_down) or V(not_authorized); in
          check mode, before the change.
        - V(null) if the user can.
      returned: always
      type: str
      sample: not_authorized
diff:
  description: The lines of each parameter that changes, as they are in C(main.cf). An empty text
    for a parameter that is not set.
  returned: in diff mode
  type: list
  elements: dict
  contains:
    before:
      description: The lines before.
      returned: always
      type: str
      sample: "authorized_mailq_users = root, admin\n"
    after:
      description: The lines after.
      returned: always
      type: str
      sample: "authorized_mailq_users = watcher, root, admin\n"
    before_header:
      description: The file's path.
      returned: always
      type: str
      sample: /etc/postfix/main.cf
    after_header:
      description: The file's path.
      returned: always
      type: str
      sample: /etc/postfix/main.cf
errors:
  description: Why access could not be granted or revoked. What was granted before the error is
    recorded, and O(state=absent) revokes it.
  returned: failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option is out of range, the user does not exist, or the list excludes
          the user on purpose; V(not_authorized), Postfix still refuses the user;
          V(config_directory_refused), Postfix still refuses the configuration directory;
          V(not_installed), a program is missing; V(bad_config), C(main.cf) is missing or wrong;
          V(permission_denied), the module does not run as root, or a file cannot be changed;
          V(bad_record), the record on the host is not understood; V(unsafe_path), the record is not
          a regular file, or not root's; V(timeout), another change held a lock for too long, or a
          command did not end; V(command_failed), a command failed in another way.
      returned: always
      type: str
      sample: bad_argument
    message:
      description: What happened.
      returned: always
      type: str
      sample: "user: authorized_mailq_users of /etc/postfix seems to exclude watcher on purpose
        (!watcher)"
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Remove that from the list, or give the whole list in the option
        authorized_mailq_users.
    command:
      description: The command that failed, quoted for a shell. V(null) if no command failed.
      returned: always
      type: str
      sample: null
    rc:
      description: The command's exit code. V(null) if no command failed.
      returned: always
      type: int
      sample: null
    stderr:
      description: What the command printed on stderr.
      returned: always
      type: str
      sample: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._access.mailq_access import ensure
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

_TIMEOUT = 60


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str", "required": True},
            "config_directory": {"type": "list", "elements": "path"},
            "authorized_mailq_users": {"type": "list", "elements": "str", "default": []},
            "exclusive": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        result = ensure(module.params, Deadline(_TIMEOUT), module.check_mode)
    except HostError as error:
        module.fail_json(
            msg=f"{error.kind}: {error.message}. {error.hint}", errors=[error.as_dict()]
        )
    for warning in result.pop("warnings"):
        module.warn(warning)
    if not module._diff:
        del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()

#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailq_access
short_description: Let a user list the queue of Postfix instances
version_added: 0.2.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Lists the queue of each instance as the user, and where Postfix refuses that, changes C(main.cf)
    as little as necessary.
  - Where the instance's C(authorized_mailq_users) shuts the user out, adds the user to it, before
    what is listed.
  - Where Postfix refuses the configuration directory, adds that to C(alternate_config_directories)
    of the default instance.
  - Records each grant on the host before it is made, so that O(state=absent) revokes exactly that,
    also after an interrupted run.
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
        Left out or empty, the default instance.
      - Has no effect with O(state=absent).
    type: list
    elements: path
  authorized_mailq_users:
    description:
      - The exact list to set in each of these instances, in place of adding the user to the present
        one.
      - Users, files and tables as Postfix takes them. Everybody else but root and the owner of
        Postfix's queue is then shut out.
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
      - V(absent) revokes all that this module granted the user, and nothing else.
      - A list that was edited since loses only the user's name. One that was replaced stays as it
        is.
      - What is gone, such as an instance or all of Postfix, is no error.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root (C(become=true)), in check mode, too.
  - A list that shuts the user out on purpose, by C(!NAME) or by a file or table of such names, is
    an error. So is a user whom Postfix still refuses.
  - Another reason why the user cannot list the queue, such as a Postfix that does not run, is a
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
  description: The parameters that changed, or would.
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
      description: The value in C(main.cf) before. V(null) where it was not set.
      returned: always
      type: str
      sample: root, admin
    after:
      description: The value after. V(null) where it is not set.
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
        - Why the user cannot list its queue, in check mode before the change, such as
          V(mail_system_down) or V(not_authorized).
        - V(null) where the user can.
      returned: always
      type: str
      sample: not_authorized
diff:
  description: The lines of each parameter that changes, as they stand in C(main.cf). Where it is
    not set, an empty text.
  returned: in diff mode
  type: list
  elements: dict
  contains:
    before:
      description: The lines before.
      returned: always
      type: str
      sample: "authorized_mailq_users = root,\n    admin\n"
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
  description: Why the right could not be granted or revoked. What was granted by then is recorded,
    and revoked with O(state=absent).
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
      sample: "user: authorized_mailq_users of /etc/postfix seems to shut watcher out on purpose
        (!watcher)"
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Remove that from the list, or give the whole list in the option
        authorized_mailq_users.
    command:
      description: The command that failed, quoted for a shell. V(null) where the failure was not a
        command's.
      returned: always
      type: str
      sample: null
    rc:
      description: The command's exit code. V(null) where there was no command.
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

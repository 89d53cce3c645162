#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sudo_access
short_description: Let a user run exactly the given commands as another user
version_added: 1.0.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Writes one sudoers file that lets a user run the given commands, with exactly these arguments,
    as another user and without a password.
  - Validates sudo's whole policy together with the new file before it installs the file. If the
    policy would not be valid, nothing changes.
  - Records the file on the host before it is written, so that O(state=absent) removes it, even
    after an interrupted run or under an earlier O(path).
  - Asks the host's C(visudo) which settings it knows, so it works with sudo and with sudo-rs.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
options:
  user:
    description:
      - The user who runs the commands. Not root.
      - With O(state=absent) the user need not exist any more.
    type: str
    required: true
  run_as:
    description: The user that the commands run as. Not root. Required with O(state=present).
    type: str
  commands:
    description:
      - The command lines. Required with O(state=present).
      - The first word is an absolute path, or the name of a program, such as C(find). A program is
        looked up where sudo will look, in C(secure_path) of its policy or else in C(/usr/bin).
      - Words consist of letters, digits, C(_), C(.), C(/) and C(-), with one blank between two
        words. Patterns are refused.
      - A command that is given without arguments can be run without arguments only.
    type: list
    elements: str
  path:
    description:
      - The sudoers file, in a directory that sudo's policy includes with C(@includedir).
      - Its name contains no C(.) and does not end in C(~), because sudo skips such files.
      - Each user needs a separate path. With the path of another user, that user's commands are
        replaced.
      - A file that this module did not write is neither overwritten nor removed. It recognizes its
        own files by their first line, which begins with C(# Managed by Ansible).
    type: path
    default: /etc/sudoers.d/mailops-datadog-postfix
  quiet:
    description:
      - Whether to keep these commands out of sudo's log and out of PAM's sessions (C(!log_allowed),
        C(!pam_session)).
      - A setting that the host's sudo does not know is omitted, with a warning.
    type: bool
    default: false
  state:
    description:
      - V(present) installs the file, and removes other files that this module wrote for the user.
      - V(absent) removes every file that this module wrote for the user, and the one at O(path) if
        this module or version 0.1.0 of the role wrote it.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root (C(become=true)), also in check mode.
  - If the policy sets C(requiretty), the file lifts it for the user. If a file that sudo reads
    later sets it again, that is an error.
  - A rule for the same command in a file that sudo reads later overrides this one.
seealso:
  - module: mailops.postfix.mailq_access
  - name: sudoers(5)
    description: sudo's policy.
    link: https://www.sudo.ws/docs/man/sudoers.man/
"""

EXAMPLES = r"""
- name: Let the monitoring user count the messages in a queue
  mailops.postfix.sudo_access:
    user: watcher
    run_as: postfix
    commands:
      - find /var/spool/postfix/deferred -type f
      - find /var/spool/postfix/hold -type f
    path: /etc/sudoers.d/watcher-queues
    quiet: true
  become: true

- name: Revoke that
  mailops.postfix.sudo_access:
    user: watcher
    path: /etc/sudoers.d/watcher-queues
    state: absent
  become: true
"""

RETURN = r"""
file:
  description: O(path).
  returned: success
  type: str
  sample: /etc/sudoers.d/watcher-queues
programs:
  description: The paths of the programs that the rules name. Empty with O(state=absent).
  returned: success
  type: list
  elements: str
  sample: [/usr/bin/find]
diff:
  description: Each file that changes, as text. An empty text for a file that does not exist.
  returned: in diff mode
  type: list
  elements: dict
  contains:
    before:
      description: The text before.
      returned: always
      type: str
      sample: ""
    after:
      description: The text after.
      returned: always
      type: str
      sample: "watcher ALL=(postfix) NOPASSWD: /usr/bin/find /var/spool/postfix/hold -type f\n"
    before_header:
      description: The file's path.
      returned: always
      type: str
      sample: /etc/sudoers.d/watcher-queues
    after_header:
      description: The file's path.
      returned: always
      type: str
      sample: /etc/sudoers.d/watcher-queues
errors:
  description: Why the file could not be installed or removed. It has not changed.
  returned: failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option is out of range, a user or a program does not exist;
          V(not_installed), there is no sudo;
          V(bad_policy), sudo's policy is not valid, does not include the file's directory, or would
          not allow the commands, or somebody else wrote the file; V(unsafe_path), a user other than
          root can write to the file's directory, or the file is not a regular file;
          V(permission_denied), the module does not run as root; V(bad_record), the record on the
          host is not understood; V(timeout), another run held the record for too long;
          V(command_failed), a command or a change of a file failed in another way.
      returned: always
      type: str
      sample: bad_policy
    message:
      description: What happened.
      returned: always
      type: str
      sample: /etc/sudoers does not include the files in /etc/sudoers.d
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Run visudo and add the line '@includedir /etc/sudoers.d', or choose another path.
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

from ansible_collections.mailops.postfix.plugins.module_utils._access.sudo_access import (
    PATH,
    ensure,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

_TIMEOUT = 60


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str", "required": True},
            "run_as": {"type": "str"},
            "commands": {"type": "list", "elements": "str"},
            "path": {"type": "path", "default": PATH},
            "quiet": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["run_as", "commands"])],
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

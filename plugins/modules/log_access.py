#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: log_access
short_description: Let a user read Postfix's log
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Gives a user read access to log files or to systemd's journal, with the least access necessary.
    O(state=absent) revokes exactly what was granted.
  - Shows whether the user can read each log, by reading it as that user, and whether access
    survives the file's next rotation.
  - Never changes owners, groups and modes. An access list gets one entry for the user. If its mask
    would then give others more, that is an error.
  - Records each grant on the host, in C(/var/lib/mailops-postfix), before it is made, together with
    what was there before. The next run completes or revokes what an interrupted run began. Runs on
    one host wait for each other.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
attributes:
  platform:
    platforms: linux
options:
  user:
    description: The user's name. Root is refused, because root can read everything.
    type: str
    required: true
  paths:
    description:
      - The log files, absolute paths.
      - Only a regular file with a single name is opened. The module refuses a symbolic link, a FIFO
        and a file with several hard links. It also refuses a path through a symbolic link that a
        user other than root could change, and a file of root's in a directory that others can write
        to.
      - A directory on the path that the user cannot enter gets an access list entry C(--x) for the
        user, which allows entering it but not listing it.
    type: list
    elements: path
    default: []
  maillog_file_of:
    description:
      - Configuration directories of Postfix instances that write their log themselves
        (C(maillog_file)). The module asks C(postconf) for the file.
      - The file is opened as with O(means=directory), whatever O(means) is, unless that is V(none).
        With Postfix 3.9 and later, C(maillog_file_permissions) is set to C(0640) in C(main.cf),
        unless it is C(0640) or C(0644) already.
    type: list
    elements: path
    default: []
  journal:
    description: Whether to let the user read the system's journal, as a member of the group
      C(systemd-journal), whatever O(means) is.
    type: bool
    default: false
  means:
    description:
      - How to give access to the files in O(paths). If the user can read a file already and no
        rotation is known to end that, nothing changes.
      - V(auto) adds an entry to the file's access list if logrotate's configuration shows that a
        rotation keeps it (C(create) without a mode, C(copy), C(copytruncate)). Otherwise it fails.
      - V(acl) adds an entry to the file's access list, whether or not a rotation keeps it.
        RV(logs[].warning) shows if it does not.
      - V(group) makes the user a member of the file's group, but only of C(adm), C(log), C(logs),
        C(systemd-journal) or a group that is not a system group (GID 1000 and above), because other
        groups give more than logs.
      - V(directory) sets a default access list on the file's directory, which lets the user read
        the files that are created there, the log and its rotated copies. The directory must exist
        and hold only logs that are named here; a log may be missing. Use it for a log that a
        program creates without logrotate.
      - V(none) changes nothing, for files or the journal, and only shows what the user can read.
    type: str
    choices: [auto, acl, group, directory, none]
    default: auto
  exclusive:
    description: With O(state=present), whether to also revoke what this module granted the user
      earlier and these options do not need.
    type: bool
    default: false
  state:
    description:
      - V(present) lets the user read. At least one of O(paths), O(maillog_file_of) and O(journal)
        is required.
      - V(absent) revokes everything that this module, or version 0.1.0 of the role, granted the
        user. Other options have no effect. Rotated copies, which are recognized by the log's name
        followed by C(.) or C(-), lose the user's entry as well. What no longer exists, such as a
        file, a group or the user, is not an error. If a path now leads to another kind of file, the
        module does not change it, warns, and keeps it recorded.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root (C(become=true)), also in check mode.
  - Access lists need the package C(acl). Groups are changed with C(usermod) and C(gpasswd).
  - A running process keeps the groups that it started with, so restart the user's services after a
    change of groups. Access lists take effect at once.
seealso:
  - module: mailops.postfix.postfix_info
  - name: logrotate(8)
    description: What a rotation does to a log.
    link: https://github.com/logrotate/logrotate
"""

EXAMPLES = r"""
- name: Show whether the monitoring user can read the log
  mailops.postfix.log_access:
    user: dd-agent
    paths: [/var/log/mail.log]
    means: none
  become: true

- name: Let the monitoring user read the log and the journal
  mailops.postfix.log_access:
    user: dd-agent
    paths: [/var/log/mail.log]
    journal: true
  become: true

- name: Let it read the log only, and revoke other grants
  mailops.postfix.log_access:
    user: dd-agent
    paths: [/var/log/mail.log]
    exclusive: true
  become: true

- name: Revoke everything that was granted
  mailops.postfix.log_access:
    user: dd-agent
    state: absent
  become: true
"""

RETURN = r"""
granted:
  description: What this run granted the user, or would grant in check mode. For information only;
    the record on the host is what counts.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: V(acl), an entry in an access list; V(directory), a default access list;
        V(group), a membership; V(parameter), a parameter of C(main.cf).
      returned: always
      type: str
      sample: acl
    path:
      description: The file or directory; C(main.cf) for V(parameter). V(null) for V(group).
      returned: always
      type: str
      sample: /var/log/mail.log
    group:
      description: The group's name. V(null) for the other kinds.
      returned: always
      type: str
      sample: systemd-journal
logs:
  description:
    - Each of O(paths), then the files of O(maillog_file_of), then the journal with
      O(journal=true).
    - Empty with O(state=absent), and if the options were refused.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The path as it was given. V(null) for the journal.
      returned: always
      type: str
      sample: /var/log/mail.log
    readable:
      description: Whether the user can read it, shown by reading it as the user; in check mode,
        before the change.
      returned: always
      type: bool
      sample: true
    why:
      description: Why the user cannot read it. V(null) if the user can.
      returned: always
      type: str
      sample: "the file cannot be read: (group::r--,other::---,user::rw-)"
    lasts:
      description:
        - Whether the user can still read it after the next rotation, in check mode as it would be
          after the change.
        - V(null) if that is not known, or if the user cannot read it.
      returned: always
      type: bool
      sample: true
    warning:
      description: Why access does not last, or why that is not known. V(null) if it lasts.
      returned: always
      type: str
      sample: the rotation makes a file without this access list (create 0640 root root)
diff:
  description: The access lists, memberships and parameters that change, before and after, one per
    line.
  returned: in diff mode
  type: dict
  contains:
    before:
      description: Before.
      returned: always
      type: str
      sample: "/var/log/mail.log (group::r--,other::---,user::rw-)\n"
    after:
      description: After.
      returned: always
      type: str
      sample: "/var/log/mail.log (group::r--,mask::r--,other::---,user:949:r--,user::rw-)\n"
errors:
  description: Why access could not be granted or revoked, one entry per log. Nothing changed,
    unless the change itself failed or did not help.
  returned: when there are any
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option does not fit the host, or this means does not work;
          V(unsafe_path), a path is not a file that root can safely open to the user, see O(paths);
          V(permission_denied), the module does not run as root, or the user still cannot read after
          the change; V(not_installed), a program is missing; V(bad_config), C(main.cf) is missing
          or wrong; V(bad_record), the record on the host is not understood; V(timeout), a command
          or another run took too long; V(command_failed), a command failed in another way.
      returned: always
      type: str
      sample: bad_argument
    message:
      description: The cause in one sentence.
      returned: always
      type: str
      sample: "paths: there is no /var/log/mail.log"
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: "Write a line to it first (for a syslog daemon's: 'logger -p mail.info test'), or
        correct paths."
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
    path:
      description: The log that could not be opened. V(null) for the journal, and for an error that
        concerns no single log.
      returned: always
      type: str
      sample: /var/log/mail.log
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._access.log_access import ensure
from ansible_collections.mailops.postfix.plugins.module_utils._access.log_opener import Refusal
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

_TIMEOUT = 60


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str", "required": True},
            "paths": {"type": "list", "elements": "path", "default": []},
            "maillog_file_of": {"type": "list", "elements": "path", "default": []},
            "journal": {"type": "bool", "default": False},
            "means": {
                "type": "str",
                "choices": ["auto", "acl", "group", "directory", "none"],
                "default": "auto",
            },
            "exclusive": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    errors = []
    try:
        result = ensure(module.params, Deadline(_TIMEOUT), module.check_mode)
    except Refusal as refusal:
        result, errors = refusal.result, refusal.errors
    if not module._diff:
        del result["diff"]
    for warning in result.pop("warnings"):
        module.warn(warning)
    if errors:
        result["errors"] = [dict(error.as_dict(), path=path) for path, error in errors]
        module.fail_json(
            msg=" ".join(f"{error.kind}: {error.message}. {error.hint}" for dummy, error in errors),
            **result,
        )
    for log in result["logs"]:
        if log["warning"]:
            module.warn(
                f"{module.params['user']} can read {log['path']}, but perhaps no longer after its"
                f" next rotation: {log['warning']}"
            )
    module.exit_json(**result)


if __name__ == "__main__":
    main()

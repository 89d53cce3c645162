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
  - Gives a user read access to log files or to systemd's journal, with the least access necessary;
    O(state=absent) revokes exactly what was granted.
  - Shows whether the user can read each log, found out by reading as that user, and whether that
    will still be so after the file's next rotation.
  - Owners, groups and modes never change. An access list gets one entry for the user; where its
    mask would give more to others, that is an error.
  - What is granted is noted on the host before the grant, in C(/var/lib/mailops-postfix), together
    with what was there before. So an interrupted run is completed, or revoked, by the next one.
    Runs on one host wait for each other.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
attributes:
  platform:
    platforms: linux
options:
  user:
    description: The user's name. Not root, who reads everything.
    type: str
    required: true
  paths:
    description:
      - The log files, absolute paths.
      - Only a regular file with a single name is opened. A symbolic link, a FIFO or a file with
        several hard links is refused, and so is a symbolic link on the way that a user other than
        root could change, and a file of root's in a directory that others can write to.
      - A directory on the way that the user cannot enter gets an entry for the user in its access
        list, V(--x), which lets the user enter it but not list it.
    type: list
    elements: path
    default: []
  maillog_file_of:
    description:
      - Configuration directories of Postfix instances that write their log themselves
        (C(maillog_file)). The file is found with C(postconf).
      - It is opened as with O(means=directory), whatever O(means) says, unless that is V(none).
        With Postfix 3.9 and later, C(maillog_file_permissions) is set to C(0640) in C(main.cf),
        unless it is C(0640) or C(0644) already.
    type: list
    elements: path
    default: []
  journal:
    description: Whether the user is to read the system's journal, as a member of the group
      C(systemd-journal), whatever O(means) says.
    type: bool
    default: false
  means:
    description:
      - How a file in O(paths) is opened. Nothing changes where the user can read it already and no
        rotation is known to end that.
      - V(auto), an entry in the file's access list, where logrotate's configuration shows that a
        rotation keeps it (C(create) without a mode, C(copy), C(copytruncate)); otherwise it is an
        error.
      - V(acl), an entry in the file's access list, whether or not it lasts. RV(logs[].warning) says
        where it does not.
      - V(group), membership in the file's group. Only in C(adm), C(log), C(logs),
        C(systemd-journal) or a group that is not a system group (GID 1000 and above), because other
        groups give more than a log.
      - V(directory), a default access list on the file's directory, which lets the user read what
        is made in it, the log and its rotated copies. The directory must exist and hold nothing but
        logs that are named here; a log may be missing. It serves a log that a program makes anew
        without logrotate.
      - V(none) changes nothing, neither for files nor for the journal, and only looks.
    type: str
    choices: [auto, acl, group, directory, none]
    default: auto
  exclusive:
    description: With O(state=present), whether to revoke also what this module gave the user
      earlier and these options do not need.
    type: bool
    default: false
  state:
    description:
      - V(present) lets the user read. At least one of O(paths), O(maillog_file_of) and O(journal)
        is required.
      - V(absent) revokes everything that this module gave the user, also what version 0.1.0 of the
        role gave; other options are not used. Rotated copies, whose names begin with the log's and
        a C(.) or C(-), lose the user's entry together with the log. What no longer exists, such as
        a file, a group or the user, is not an error. What is no longer the same kind of file is
        left as it is, with a warning, and stays noted.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root (C(become=true)), in check mode, too.
  - Access lists need the package C(acl). Groups are changed by C(usermod) and C(gpasswd).
  - A running process keeps the groups that it started with, so restart the user's services after a
    change of groups. Access lists count at once.
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

- name: Let it read the log only, and revoke what else it was given
  mailops.postfix.log_access:
    user: dd-agent
    paths: [/var/log/mail.log]
    exclusive: true
  become: true

- name: Revoke everything that it was given
  mailops.postfix.log_access:
    user: dd-agent
    state: absent
  become: true
"""

RETURN = r"""
granted:
  description: What this run gave the user, or would give in check mode. Informational; the host
    remembers it.
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
    - Each of O(paths), then the files of O(maillog_file_of), then the journal where
      O(journal=true).
    - Empty with O(state=absent), and where the options were refused.
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
      description: Whether the user can read it, found out by doing so; in check mode, before the
        change.
      returned: always
      type: bool
      sample: true
    why:
      description: Why the user cannot. V(null) where it is readable.
      returned: always
      type: str
      sample: "the file cannot be read: group::r--,other::---,user::rw-"
    lasts:
      description:
        - Whether the user can still read it after the next rotation, in check mode as it would be
          after the change.
        - V(null) where that is not known, and where the user cannot read it.
      returned: always
      type: bool
      sample: true
    warning:
      description: Why it does not last, or why that is not known. V(null) where it lasts.
      returned: always
      type: str
      sample: the rotation makes a file without this access list (create 0640 root root)
diff:
  description: The access lists, memberships and parameters that change, before and after, a line
    each.
  returned: in diff mode
  type: dict
  contains:
    before:
      description: Before.
      returned: always
      type: str
      sample: "/var/log/mail.log group::r--,other::---,user::rw-\n"
    after:
      description: After.
      returned: always
      type: str
      sample: "/var/log/mail.log group::r--,mask::r--,other::---,user:949:r--,user::rw-\n"
errors:
  description: Why the user cannot be given access, one entry a log. Nothing was changed, except
    where the change itself failed or did not help.
  returned: when there are any
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option does not fit the host, or the means does not serve;
          V(unsafe_path), a path is not a file that root can safely open to the user, see O(paths);
          V(permission_denied), this needs root, or the user still cannot read after the change;
          V(not_installed), a program is missing;
          V(bad_config), C(main.cf) is missing or wrong;
          V(bad_record), what is noted on the host cannot be understood;
          V(timeout), a command or another run took too long;
          V(command_failed), a command failed in another way.
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
      description: What the command said on stderr.
      returned: always
      type: str
      sample: ""
    path:
      description: The log that this is about. V(null) for the journal and for what concerns no
        single log.
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
                f"{module.params['user']} reads {log['path']}, but perhaps no longer after its next"
                f" rotation: {log['warning']}"
            )
    module.exit_json(**result)


if __name__ == "__main__":
    main()

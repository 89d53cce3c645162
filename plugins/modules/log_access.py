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
  - Lets a user read log files or systemd's journal, opening nothing wider than that needs, and takes exactly that back.
  - Tells, by reading as this user, whether he can, and whether he still can after the file's next rotation.
  - Owners, groups and modes are never changed. An access list gets one entry for the user; where its mask would give more to others, that is an error.
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
      - The log files, absolute paths. Of a link, the file that it leads to.
      - A directory on the way that the user cannot enter gets an entry for him in its access list, V(--x), by which he enters it and does not list it.
    type: list
    elements: path
    default: []
  journal:
    description: Whether the user is to read the system's journal, as a member of the group C(systemd-journal), whatever O(means).
    type: bool
    default: false
  means:
    description:
      - How a file in O(paths) is opened. Where the user reads it already in a way that lasts, nothing is changed.
      - V(auto), an entry in the file's access list where logrotate's configuration shows that a rotation keeps it (C(create) without a mode,
        C(copy), C(copytruncate)); else the file's group, where that may read the file and a rotation does not end that; else it is an error.
      - V(acl), an entry in the file's access list, whether or not it lasts. RV(logs[].warning) says where it does not.
      - V(group), membership in the file's group; never C(root), C(wheel) or another name of GID 0.
      - V(directory), a default access list on the file's directory, which gives the user to read what is made in it, the log and its
        rotated copies. The directory must be there and hold nothing else; the log need not be there yet. It serves a log that a program makes
        anew without logrotate, such as C(maillog_file); with Postfix 3.9 and later, set C(maillog_file_permissions) to C(0640), too.
      - V(none) changes nothing, for files and journal, and only tells.
    type: str
    choices: [auto, acl, group, directory, none]
    default: auto
  state:
    description:
      - V(present) lets the user read.
      - V(absent) takes O(grants) back, and nothing else.
    type: str
    choices: [present, absent]
    default: present
  grants:
    description:
      - What to take back with O(state=absent), RV(grants) of earlier runs. Where a later run granted something anew, keep the older record.
      - Rotated copies, whose names begin with the log's and a C(.) or C(-), lose the user's entry together with the log.
      - What is not there any more, such as a file, a group or the user, is no error.
    type: list
    elements: dict
    suboptions:
      means:
        description: As RV(grants[].means).
        type: str
        choices: [acl, group, directory]
        required: true
      path:
        description: As RV(grants[].path).
        type: path
      group:
        description: As RV(grants[].group).
        type: str
      uid:
        description: As RV(grants[].uid).
        type: int
      before:
        description: As RV(grants[].before).
        type: str
      mask:
        description: As RV(grants[].mask).
        type: str
notes:
  - Needs root (C(become=true)), in check mode, too.
  - Access lists need C(getfacl) and C(setfacl); where they are missing V(auto) goes by groups. Groups are changed by C(usermod) and C(gpasswd).
  - A process that runs has its groups from when it started, so after a change of groups restart the user's services. Access lists count at once.
  - To be able to take everything back even after an interruption, run it in check mode first, keep RV(grants), then run it.
seealso:
  - module: mailops.postfix.postfix_info
  - name: logrotate(8)
    description: What the rotation of a log makes of it.
    link: https://github.com/logrotate/logrotate
"""

EXAMPLES = r"""
- name: Tell whether the monitoring user reads the log
  mailops.postfix.log_access:
    user: dd-agent
    paths: [/var/log/mail.log]
    means: none
  become: true

- name: Foresee what lets him read it
  mailops.postfix.log_access:
    user: dd-agent
    paths: [/var/log/mail.log]
    journal: true
  become: true
  check_mode: true
  register: foreseen

- name: Keep a record of that
  ansible.builtin.copy:
    content: "{{ foreseen.grants | to_json }}"
    dest: /var/lib/log_access.json
    mode: "0600"
  become: true

- name: Let him read it
  mailops.postfix.log_access:
    user: dd-agent
    paths: [/var/log/mail.log]
    journal: true
  become: true

- name: Take exactly that back
  mailops.postfix.log_access:
    user: dd-agent
    grants: "{{ foreseen.grants }}"
    state: absent
  become: true
"""

RETURN = r"""
grants:
  description:
    - What this run granted, or would in check mode. Empty where nothing was needed and with O(state=absent).
    - Keep it, for O(grants).
  returned: always
  type: list
  elements: dict
  contains:
    means:
      description: V(acl), an entry in an access list; V(directory), a default access list; V(group), a membership.
      returned: always
      type: str
      sample: acl
    path:
      description: The file or directory. V(null) for V(group).
      returned: always
      type: str
      sample: /var/log/mail.log
    group:
      description: The group's name. V(null) for the other means.
      returned: always
      type: str
      sample: systemd-journal
    uid:
      description: The user's number, which an access list holds. V(null) for V(group).
      returned: always
      type: int
      sample: 949
    before:
      description: The permissions in the entry that the user had in this access list before. V(null) where he had none.
      returned: always
      type: str
      sample: "---"
    mask:
      description: The mask that the access list had before. V(null) where it had none.
      returned: always
      type: str
      sample: r-x
logs:
  description: Each of O(paths), then the journal where O(journal=true). Empty with O(state=absent).
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
      description: Whether the user reads it, found out by doing so; in check mode, before the change.
      returned: always
      type: bool
      sample: true
    why:
      description: Why he does not. V(null) where he does.
      returned: always
      type: str
      sample: "the file cannot be read: group::r--,other::---,user::rw-"
    lasts:
      description:
        - Whether he still does after the next rotation, in check mode as it would be after the change.
        - V(null) where that is not known, and where he does not read it.
      returned: always
      type: bool
      sample: true
    warning:
      description: Why it does not last or that is not known. V(null) where it lasts.
      returned: always
      type: str
      sample: the rotation makes a file without this access list (create 0640 root root)
diff:
  description: The access lists and memberships that change, before and after, a line each.
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
  description: Why the user cannot be let read, one entry a log. Nothing was changed, except where the change itself failed or did not help.
  returned: when there are any
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option does not fit the host, or the means does not serve;
          V(permission_denied), this needs root, or the user still cannot read after the change;
          V(not_installed), a program is missing;
          V(timeout), a command took too long;
          V(command_failed), a command failed in another way.
      returned: always
      type: str
      sample: bad_argument
    message:
      description: The cause in one sentence.
      returned: always
      type: str
      sample: "paths: there is no /var/log/mail.log"
    mend:
      description: What to do about it.
      returned: always
      type: str
      sample: "Write a line to it first (for a syslog daemon's: 'logger -p mail.info test'), or correct paths."
    command:
      description: The command that failed, quoted for a shell. V(null) where the failure was not a command's.
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
      description: The log that this is about. V(null) for the journal and for what concerns no single log.
      returned: always
      type: str
      sample: /var/log/mail.log
"""

import os
import re

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils import commands
from ansible_collections.mailops.postfix.plugins.module_utils.access import Access, Opener, check_paths, close, find_account
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.runner import Deadline, Runner

_TIMEOUT = 60
# journalctl of systemd 247 colours its errors even where nobody sees it.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Failure(Exception):
    """errors: list of (path, QueueError)."""

    def __init__(self, errors):
        super().__init__()
        self.errors = errors


def let_read(options, check_mode, result):
    """Fills in the result (dict). Raises QueueError, Failure."""
    account = find_account(options["user"])
    check_paths(options["paths"])
    deadline = Deadline(_TIMEOUT)
    runner = Runner(deadline)
    access = Access(runner, account.name)
    opener = Opener(runner, account, access)
    looked = look(deadline, options, opener)
    if options["means"] != "none":
        plan(options, opener, looked)
        result.update(changed=access.is_changed(), grants=opener.grants, diff=access.diff())
        if access.is_changed() and not check_mode:
            access.apply()
            looked = look(deadline, options, opener)
    for log in looked:
        if log["path"] is not None and (log["readable"] or options["means"] != "none"):
            log["lasts"], log["warning"] = opener.outlook(log["path"])
    result["logs"] = looked
    if options["means"] != "none" and not check_mode:
        check_result(options, looked)


def look(deadline, options, opener):
    """What the user reads (list of dict), found out by doing so with his rights as they are now."""
    reader = Runner(deadline, run_as=options["user"])
    logs = []
    for path in options["paths"]:
        rc, dummy, stderr, dummy = reader.run(commands.read_byte(path))
        why = None if rc == 0 else opener.obstacle(path) or stderr.strip()
        logs.append({"path": path, "readable": rc == 0, "why": why, "lasts": None, "warning": None})
    if options["journal"]:
        rc, dummy, stderr, dummy = reader.run(commands.journal_last())
        why = None if rc == 0 else _COLOUR.sub("", stderr).strip()
        logs.append({"path": None, "readable": rc == 0, "why": why, "lasts": True if rc == 0 else None, "warning": None})
    return logs


def plan(options, opener, looked):
    errors = []
    for log in looked:
        try:
            if log["path"] is not None:
                opener.open_file(log["path"], options["means"])
            elif not log["readable"]:
                opener.open_journal()
        except QueueError as error:
            errors.append((log["path"], error))
    if errors:
        raise Failure(errors)


def check_result(options, logs):
    """Raises Failure where the change did not help; a log that is not there yet can be told nothing of."""
    errors = []
    for log in logs:
        if not log["readable"] and (log["path"] is None or os.path.exists(log["path"])):
            message = "%s still cannot read %s: %s" % (options["user"], log["path"] or "the journal", log["why"])
            mend = "Look for a security module that denies it (SELinux: 'ausearch -m avc', AppArmor: 'journalctl -k -g apparmor')."
            errors.append((log["path"], QueueError("permission_denied", message, mend=mend)))
    if errors:
        raise Failure(errors)


def take_back(options, check_mode, result):
    """Fills in the result (dict). Raises QueueError."""
    check_grants(options["grants"])
    access = Access(Runner(Deadline(_TIMEOUT)), options["user"])
    close(access, options["user"], options["grants"])
    result.update(changed=access.is_changed(), diff=access.diff())
    if not check_mode:
        access.apply()


def check_grants(grants):
    """Raises QueueError (bad_argument) for what no run returned."""
    for grant in grants:
        needed = ["group"] if grant["means"] == "group" else ["path", "uid"]
        missing = [name for name in needed if grant[name] is None]
        if missing:
            raise QueueError("bad_argument", "grants: %s of means=%s is missing" % (", ".join(missing), grant["means"]), mend="Give grants as it was returned.")
        check_paths([grant["path"]] if grant["path"] is not None else [])


def main():
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str", "required": True},
            "paths": {"type": "list", "elements": "path", "default": []},
            "journal": {"type": "bool", "default": False},
            "means": {"type": "str", "choices": ["auto", "acl", "group", "directory", "none"], "default": "auto"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "grants": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "means": {"type": "str", "choices": ["acl", "group", "directory"], "required": True},
                    "path": {"type": "path"},
                    "group": {"type": "str"},
                    "uid": {"type": "int"},
                    "before": {"type": "str"},
                    "mask": {"type": "str"},
                },
            },
        },
        required_if=[("state", "absent", ["grants"])],
        supports_check_mode=True,
    )
    result = {"changed": False, "grants": [], "logs": [], "diff": {"before": "", "after": ""}}
    errors = []
    try:
        if os.geteuid() != 0:
            raise QueueError("permission_denied", "access lists and groups are root's to change", mend="Run as root (become: true).")
        if module.params["state"] == "absent":
            take_back(module.params, module.check_mode, result)
        else:
            let_read(module.params, module.check_mode, result)
    except QueueError as error:
        errors = [(None, error)]
    except Failure as failure:
        errors = failure.errors
    if not module._diff:
        del result["diff"]
    if errors:
        result["errors"] = [dict(error.as_dict(), path=path) for path, error in errors]
        module.fail_json(msg=" ".join("%s: %s. %s" % (error.kind, error.message, error.mend) for dummy, error in errors), **result)
    for log in result["logs"]:
        if log["warning"]:
            module.warn("%s reads %s, but not for sure after its next rotation: %s" % (module.params["user"], log["path"], log["warning"]))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

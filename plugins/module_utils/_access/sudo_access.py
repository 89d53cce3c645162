# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a user run exactly the given commands as another user, by one sudoers file, and removes that
file again.

The record has an entry (kind V(file), path) for each file, noted before the file is written."""

from __future__ import annotations

import os
import stat
import tempfile
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._access.sudo_policy import Policy
from ansible_collections.mailops.postfix.plugins.module_utils._access.sudoers import (
    command_fault,
    file_fault,
    path_fault,
    sudoers,
    user_fault,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import (
    bad_argument,
    find_user,
    of_system,
    require_root,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.managed import (
    MARKER,
    difference,
    marked,
    permissions,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner

PATH = "/etc/sudoers.d/mailops-datadog-postfix"
_BY = "sudo_access"
_MODE = 0o440
_QUIET = ("log_allowed", "pam_session")


def ensure(options: dict[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Grants or revokes; options are those of the module. The result has changed, file, programs,
    diff and warnings. Raises HostError."""
    _check(options)
    require_root("read and change sudo's policy")
    path = options["path"]
    result = {"changed": False, "file": path, "programs": [], "diff": [], "warnings": []}
    with Record(deadline, check_mode) as record:
        try:
            if options["state"] == "present":
                _grant(options, record, deadline, check_mode, result)
            else:
                _revoke(options, record, check_mode, result)
        except OSError as error:
            raise of_system(error, path) from None
    result["changed"] = bool(result["diff"])
    return result


def _check(options: dict[str, Any]) -> None:
    faults = [("path", options["path"], file_fault(options["path"]))]
    faults += [("user", options["user"], user_fault(options["user"]))]
    present = options["state"] == "present"
    if present:
        faults += [("run_as", options["run_as"], user_fault(options["run_as"]))]
        faults += [
            (f"commands[{index}]", command, command_fault(command))
            for index, command in enumerate(options["commands"])
        ]
    for option, value, fault in faults:
        if fault:
            raise bad_argument(option, value, *fault)
    if present and not options["commands"]:
        raise bad_argument("commands", [], "is empty", "Give the commands, or state=absent")
    if present:
        find_user("user", options["user"])
        find_user("run_as", options["run_as"])


def _grant(
    options: dict[str, Any],
    record: Record,
    deadline: Deadline,
    check_mode: bool,
    result: dict[str, Any],
) -> None:
    user, path = options["user"], options["path"]
    earlier = [entry["path"] for entry in record.entries(_BY, user)]
    contents = {other: _own_content(other) for other in dict.fromkeys([path] + earlier)}
    with tempfile.TemporaryDirectory(prefix="sudo_access-") as workspace:
        policy = Policy(Runner(deadline), workspace, os.path.dirname(path))
        for other in contents:
            if os.path.dirname(other) == os.path.dirname(path):
                policy.put(os.path.basename(other), None)
        text, result["programs"], result["warnings"] = _compose(options, policy)
    record.replace(_BY, user, [{"kind": "file", "path": other} for other in contents])
    _take_over(record, path, user)
    current = contents.pop(path)
    if current != text:
        result["diff"].append(difference(path, current, text))
    elif not _is_in_order(path):
        status = os.stat(path)
        before = permissions(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
        result["diff"].append(difference(path, before, permissions(_MODE, 0, 0)))
    if result["diff"] and not check_mode:
        files.write(path, text.encode(), _MODE, 0)
    result["diff"] += _remove(contents, check_mode)
    record.replace(_BY, user, [{"kind": "file", "path": path}])


def _take_over(record: Record, path: str, user: str) -> None:
    """A file that was another user's is this one's now."""
    for entry in record.entries(_BY):
        if entry["path"] == path and entry["user"] != user:
            others = [one for one in record.entries(_BY, entry["user"]) if one["path"] != path]
            record.replace(_BY, entry["user"], others)


def _revoke(
    options: dict[str, Any], record: Record, check_mode: bool, result: dict[str, Any]
) -> None:
    user, path = options["user"], options["path"]
    contents = {entry["path"]: _own_content(entry["path"]) for entry in record.entries(_BY, user)}
    # Version 0.1.0 did not record it.
    if path not in [entry["path"] for entry in record.entries(_BY)] and marked(_content(path)):
        contents[path] = _content(path)
    result["diff"] = _remove(contents, check_mode)
    record.replace(_BY, user, [])


def _compose(options: dict[str, Any], policy: Policy) -> tuple[str, list[str], list[str]]:
    """The file's text, the programs in it, and warnings. Raises HostError (bad_policy) where sudo
    could not use the policy with it, or would refuse the commands."""
    user, path, name = options["user"], options["path"], os.path.basename(options["path"])
    _require_valid(policy, "sudo's policy is not valid, so nothing was added to it")
    programs = _find_programs(options, policy)
    defaults = policy.defaults(user)
    requiretty = (
        policy.takes(user, "requiretty") if defaults is None else defaults.get("requiretty") is True
    )
    quiet = [setting for setting in _QUIET if options["quiet"] and policy.takes(user, setting)]
    unknown = [setting for setting in _QUIET if options["quiet"] and setting not in quiet]
    commands = []
    for command in options["commands"]:
        program, blank, arguments = command.partition(" ")
        commands.append(programs[program] + blank + arguments)
    text = sudoers(user, options["run_as"], commands, path, requiretty, quiet)
    policy.put(name, text.encode())
    _require_valid(policy, f"sudo's policy would not be valid with {path}, so nothing was changed")
    if requiretty and (policy.defaults(user) or {}).get("requiretty") is True:
        later = ", ".join(policy.mentions("requiretty", name)) or "a file that is read later"
        raise HostError(
            "bad_policy",
            f"{later} sets requiretty after {path}, so sudo would refuse every command of {user}",
            hint="Choose a path whose name sorts after it, or remove requiretty there with visudo.",
        )
    warnings = [
        f"This sudo does not know {', '.join(unknown)}, so it still logs the commands. Update"
        " sudo, or set quiet to false."
    ]
    return text, list(dict.fromkeys(programs.values())), warnings if unknown else []


def _require_valid(policy: Policy, otherwise: str) -> None:
    complaint = policy.complaint()
    if complaint:
        raise HostError("bad_policy", f"{otherwise}: {complaint}")


def _find_programs(options: dict[str, Any], policy: Policy) -> dict[str, str]:
    """The path of each command's first word, found as sudo will find it."""
    found = {}
    for name in dict.fromkeys(command.split(" ")[0] for command in options["commands"]):
        if name.startswith("/"):
            found[name] = name
            continue
        directories = policy.secure_path(options["user"]) or ["/usr/bin"]
        paths = [os.path.join(directory, name) for directory in directories]
        path = next(filter(_is_program, paths), None)
        if path is None:
            raise bad_argument(
                "commands",
                name,
                f"is in none of the directories where sudo looks ({':'.join(directories)})",
                "Install it, or give its path",
            )
        fault = path_fault(path)
        if fault:
            raise bad_argument("commands", path, *fault)
        found[name] = path
    return found


def _is_program(path: str) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)


def _content(path: str) -> str | None:
    """The text of a file in a directory that only root can write to; None where there is none."""
    try:
        with files.Place(path) as place:
            if place.foreign:
                raise files.unsafe(path, "in a directory that a user other than root can write to")
    except FileNotFoundError:
        return None
    content = files.read(path)
    return None if content is None else content.decode("utf-8", "replace")


def _own_content(path: str) -> str | None:
    """The same. Raises HostError (bad_policy) for a file that this module did not write."""
    content = _content(path)
    if content is not None and not marked(content):
        raise HostError(
            "bad_policy",
            f"{path} does not begin with {MARKER!r}, so this module did not write it",
            hint="Choose another path.",
        )
    return content


def _is_in_order(path: str) -> bool:
    status = os.stat(path)
    return (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (_MODE, 0, 0)


def _remove(contents: dict[str, str | None], check_mode: bool) -> list[dict[str, str]]:
    removed = {path: content for path, content in contents.items() if content is not None}
    for path in removed if not check_mode else ():
        files.remove(path)
    return [difference(path, content, None) for path, content in removed.items()]

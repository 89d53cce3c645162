# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a user run exactly the given commands as another user, by one sudoers file, and removes that
file again.

The record has an entry C(kind: file) with the path of each file, noted before the file is written.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import stat
import tempfile
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._access.sudo_policy import Policy
from ansible_collections.mailops.postfix.plugins.module_utils._host import files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner

# The first line of the role's file, in version 0.1.0 as well.
MARKER = "# Managed by Ansible (mailops.postfix.datadog_postfix): changes are overwritten."
PATH = "/etc/sudoers.d/mailops-datadog-postfix"
_BY = "sudo_access"
_MODE = 0o440
_QUIET = ("log_allowed", "pam_session")
# What needs no escape in sudoers and is no pattern there (sudoers(5): Wildcards, Other special
# characters and reserved words).
_ABSOLUTE = re.compile(r"(?:/[A-Za-z0-9_.-]+)+")
_WORD = re.compile(r"[A-Za-z0-9_./-]+")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
# A word of capitals is an alias or ALL in sudoers; useradd(8) wants no colon, comma or blank
# either.
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ALIAS = re.compile(r"[A-Z][A-Z0-9_]*")
_RESERVED = (
    "sudoedit",
    "Defaults",
    "User_Alias",
    "Runas_Alias",
    "Host_Alias",
    "Cmnd_Alias",
    "Cmd_Alias",
)
_COMMENT = re.compile(r"# [ -~]*[!-\[\]-~]")


def ensure(options: dict[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Grants or revokes; options are those of the module. The result has changed, file, programs,
    diff and warnings. Raises HostError."""
    _check(options)
    if os.geteuid() != 0:
        raise HostError(
            "permission_denied",
            "only root can read and change sudo's policy",
            hint="Run as root (become: true).",
        )
    with Record(deadline, check_mode) as record:
        try:
            return (_grant if options["state"] == "present" else _revoke)(
                options, record, deadline, check_mode
            )
        except OSError as error:
            place = error.filename if isinstance(error.filename, str) else options["path"]
            message = f"{place}: {error.strerror or error}"
            kind = "permission_denied" if isinstance(error, PermissionError) else "command_failed"
            raise HostError(
                kind, message, hint="Look at this file and its directory as root."
            ) from None


def _check(options: dict[str, Any]) -> None:
    path, marker = options["path"], options["marker"]
    _path("path", path)
    name = os.path.basename(path)
    if "." in name or name.endswith("~"):
        raise _bad(
            "path",
            path,
            "is a name that sudo skips",
            "Choose one without a '.' and without a '~' at its end",
        )
    if not _COMMENT.fullmatch(marker):
        raise _bad(
            "marker",
            marker,
            "is not one line of comment",
            "Begin it with '# ', and end it with anything but a backslash",
        )
    _user("user", options["user"])
    if options["state"] == "absent":
        return
    _user("run_as", options["run_as"])
    if not options["commands"]:
        raise _bad(
            "commands", options["commands"], "is empty", "Give the commands, or state=absent"
        )
    for index, command in enumerate(options["commands"]):
        _command(f"commands[{index}]", command)
    for option in ("user", "run_as"):
        try:
            pwd.getpwnam(options[option])
        except KeyError:
            raise _bad(
                option,
                options[option],
                "is not a user on this host",
                "Create the user or correct the name",
            ) from None


def _path(option: str, path: str) -> None:
    if not _ABSOLUTE.fullmatch(path) or not {".", ".."}.isdisjoint(path.split("/")):
        raise _bad(
            option,
            path,
            "is not an absolute path that can stand in sudoers",
            "Use letters, digits, '_', '.' and '-', and no '.' or '..' directory",
        )


def _user(option: str, name: str) -> None:
    if not _USER.fullmatch(name or ""):
        raise _bad(
            option,
            name,
            "is not a user's name that can stand in sudoers",
            "Use letters, digits, '_', '.' and '-' only",
        )
    if _ALIAS.fullmatch(name) or name in _RESERVED:
        raise _bad(
            option,
            name,
            "means something else in sudoers",
            f"Use a name with a lower-case letter, but none of {', '.join(_RESERVED)}",
        )
    if name == "root":
        raise _bad(
            option,
            name,
            "has, or would give, every right on this host",
            "Name the user that really runs the commands",
        )


def _command(option: str, command: str) -> None:
    words = command.split(" ")
    if not all(map(_WORD.fullmatch, words)):
        hint = "Use letters, digits, '_', '.', '/' and '-' only, with one blank between two words"
        raise _bad(
            option,
            command,
            "has characters that do not belong in a sudoers rule, or are a pattern",
            hint,
        )
    for word in words:
        if word.startswith("/"):
            _path(option, word)
    if (
        "/" in words[0]
        and not words[0].startswith("/")
        or "/" not in words[0]
        and not _NAME.fullmatch(words[0])
    ):
        raise _bad(
            option,
            command,
            "begins with neither an absolute path nor the name of a program",
            "Write /usr/bin/find or find, for example",
        )
    if words[0].rpartition("/")[2] == "sudoedit":
        raise _bad(option, command, "means something else in sudoers", "Name another program")


def _bad(option: str, value: Any, wrong: str, hint: str) -> HostError:
    return HostError("bad_argument", f"{option}: {value!r} {wrong}", hint=hint + ".")


def _grant(
    options: dict[str, Any], record: Record, deadline: Deadline, check_mode: bool
) -> dict[str, Any]:
    user, path = options["user"], options["path"]
    earlier = [entry["path"] for entry in record.entries(_BY, user)]
    ours = {other: _ours(other, options["marker"]) for other in dict.fromkeys([path] + earlier)}
    with tempfile.TemporaryDirectory(prefix="sudo_access-") as workspace:
        policy = Policy(Runner(deadline), workspace, os.path.dirname(path))
        for other in ours:
            if os.path.dirname(other) == os.path.dirname(path):
                policy.put(os.path.basename(other), None)
        text, programs, warnings = _composed(options, policy)
    record.replace(_BY, user, [{"kind": "file", "path": other} for other in ours])
    # Whatever other user the file was for before, it is this one's now.
    for entry in record.entries(_BY):
        if entry["path"] == path and entry["user"] != user:
            record.replace(
                _BY,
                entry["user"],
                [other for other in record.entries(_BY, entry["user"]) if other["path"] != path],
            )
    changes = []
    if ours[path] != text or not _is_in_order(path):
        changes.append(
            _difference(path, *(_access(path) if ours[path] == text else (ours[path], text)))
        )
        if not check_mode:
            files.write(path, text.encode(), _MODE, 0)
    changes += _remove([other for other in earlier if other != path], ours, check_mode)
    record.replace(_BY, user, [{"kind": "file", "path": path}])
    return {
        "changed": bool(changes),
        "file": path,
        "programs": programs,
        "diff": changes,
        "warnings": warnings,
    }


def _revoke(
    options: dict[str, Any], record: Record, deadline: Deadline, check_mode: bool
) -> dict[str, Any]:
    user, path = options["user"], options["path"]
    noted = [entry["path"] for entry in record.entries(_BY, user)]
    ours = {other: _ours(other, options["marker"]) for other in noted}
    # Version 0.1.0 left no record of it.
    if path not in [entry["path"] for entry in record.entries(_BY)] and (
        _content(path) or ""
    ).startswith(options["marker"] + "\n"):
        ours[path] = _content(path)
    changes = _remove(list(ours), ours, check_mode)
    record.replace(_BY, user, [])
    return {"changed": bool(changes), "file": path, "programs": [], "diff": changes, "warnings": []}


def _composed(options: dict[str, Any], policy: Policy) -> tuple[str, list[str], list[str]]:
    """The file's text, the programs in it, and warnings. Raises HostError where the policy with it
    is not one that serves."""
    user, path, name = options["user"], options["path"], os.path.basename(options["path"])
    complaint = policy.complaint()
    if complaint:
        raise HostError(
            "bad_policy", f"sudo's policy is not valid, so nothing was added to it: {complaint}"
        )
    programs = _programs(options, policy)
    defaults = policy.defaults(user)
    requiretty = (
        policy.takes(user, "requiretty") if defaults is None else defaults.get("requiretty") is True
    )
    known = [setting for setting in _QUIET if options["quiet"] and policy.takes(user, setting)]
    warnings = []
    if options["quiet"] and len(known) < len(_QUIET):
        unknown = ", ".join(setting for setting in _QUIET if setting not in known)
        warnings.append(
            f"This sudo does not know {unknown}, so it still logs the commands. Update sudo, or set"
            " quiet to false."
        )
    text = sudoers(options, programs, requiretty, known)
    policy.put(name, text.encode())
    complaint = policy.complaint()
    if complaint:
        raise HostError(
            "bad_policy",
            f"sudo's policy would not be valid with {path}, so nothing was changed: {complaint}",
        )
    if (
        requiretty
        and defaults is not None
        and (policy.defaults(user) or {}).get("requiretty") is True
    ):
        later = ", ".join(policy.mentions("requiretty", name)) or "A file that is read later"
        message = (
            f"{later} sets requiretty after {path}, so sudo would refuse every command of {user}"
        )
        raise HostError(
            "bad_policy",
            message,
            hint="Choose a path whose name sorts after it, or remove requiretty there with visudo.",
        )
    return text, list(dict.fromkeys(programs.values())), warnings


def sudoers(
    options: dict[str, Any], programs: dict[str, str], requiretty: bool, quiet: list[str]
) -> str:
    """The file's text. programs: the path of each first word; requiretty: lift it for this user;
    quiet: the settings to switch off for the commands."""
    commands = []
    for command in options["commands"]:
        program, dummy, arguments = command.partition(" ")
        # Without any, sudo would allow all arguments.
        commands.append(programs[program] + " " + (arguments or '""'))
    rules = [
        f"{options['user']} ALL=({options['run_as']}) NOPASSWD: {command}" for command in commands
    ]
    lines = [
        options["marker"],
        f"# {options['user']} may run exactly these commands as {options['run_as']}.",
    ]
    if requiretty:
        lines.append(f"Defaults:{options['user']} !requiretty")
    if quiet:
        # An alias must not be defined twice in the whole policy.
        alias = (
            "MAILOPS_"
            + hashlib.sha256("\n".join([options["path"]] + rules).encode()).hexdigest()[:16].upper()
        )
        lines.append("Cmnd_Alias {} = {}".format(alias, ", \\\n    ".join(commands)))
        lines.append(f"Defaults!{alias} {', '.join('!' + setting for setting in quiet)}")
    return "".join(line + "\n" for line in lines + rules)


def _programs(options: dict[str, Any], policy: Policy) -> dict[str, str]:
    """The path of each command's first word, found as sudo will find it."""
    found = {}
    for name in dict.fromkeys(command.split(" ")[0] for command in options["commands"]):
        if name.startswith("/"):
            found[name] = name
            continue
        directories = policy.secure_path(options["user"]) or ["/usr/bin"]
        path = next(
            filter(_is_program, (os.path.join(directory, name) for directory in directories)), None
        )
        if path is None:
            raise _bad(
                "commands",
                name,
                f"is in none of the directories where sudo looks ({':'.join(directories)})",
                "Install it, or give its path",
            )
        _path("commands", path)
        found[name] = path
    return found


def _is_program(path: str) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)


def _content(path: str) -> str | None:
    try:
        with files.Place(path) as place:
            if place.foreign:
                raise files.unsafe(path, "in a directory that a user other than root can write to")
    except FileNotFoundError:
        return None
    content = files.read(path)
    return None if content is None else content.decode("utf-8", "replace")


def _ours(path: str, marker: str) -> str | None:
    """The content of a file that is, or is to become, ours; None where there is none. Raises
    HostError where it is somebody else's."""
    content = _content(path)
    if content is not None and not content.startswith(marker + "\n"):
        message = f"{path} does not begin with {marker!r}, so it is not this module's file"
        raise HostError("bad_policy", message, hint="Choose another path.")
    return content


def _is_in_order(path: str) -> bool:
    status = os.stat(path)
    return (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (_MODE, 0, 0)


def _access(path: str) -> tuple[str, str]:
    """Mode and owner as they are, and as they should be."""
    status = os.stat(path)
    return (
        f"mode {stat.S_IMODE(status.st_mode):04o}, uid {status.st_uid}, gid {status.st_gid}\n",
        f"mode {_MODE:04o}, uid 0, gid 0\n",
    )


def _remove(
    paths: list[str], contents: dict[str, str | None], check_mode: bool
) -> list[dict[str, str]]:
    removed = []
    for path in paths:
        if contents[path] is not None:
            removed.append(_difference(path, contents[path], None))
            if not check_mode:
                with files.Place(path) as place:
                    os.unlink(place.name, dir_fd=place.fileno())
    return removed


def _difference(path: str, before: str | None, after: str | None) -> dict[str, str]:
    return {
        "before_header": path,
        "after_header": path,
        "before": before or "",
        "after": after or "",
    }

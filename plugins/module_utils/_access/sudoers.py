# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a sudoers file, and what can stand in it without an escape and without being a
pattern: data in, data out. Format: sudoers(5)."""

from __future__ import annotations

import hashlib
import re

from ansible_collections.mailops.postfix.plugins.module_utils._host.managed import MARKER

_PATH = re.compile(r"(?:/[A-Za-z0-9_.-]+)+")
_WORD = re.compile(r"[A-Za-z0-9_./-]+")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# A word of capitals is an alias or ALL.
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
_OTHER_MEANING = "means something else in sudoers"


def path_fault(path: str) -> tuple[str, str] | None:
    """What is wrong with a path, and what to do; None where it can stand in sudoers."""
    if not path.startswith("/"):
        return "is not an absolute path", "Give the path from / on"
    if not {"", ".", ".."}.isdisjoint(path.split("/")[1:]):
        return "has '.', '..' or nothing as a directory", "Write the path that it leads to"
    if not _PATH.fullmatch(path):
        return (
            "has a character that is special in sudoers",
            "Use letters, digits, '_', '.' and '-' only",
        )
    return None


def user_fault(name: str) -> tuple[str, str] | None:
    """The same for the name of a user. Root is none who needs a rule, and none to run as."""
    if not _USER.fullmatch(name):
        return (
            "is not a user name that can stand in sudoers",
            "Use letters, digits, '_', '.' and '-' only",
        )
    if _ALIAS.fullmatch(name) or name in _RESERVED:
        return (
            _OTHER_MEANING,
            f"Use a name with a lower-case letter, but none of {', '.join(_RESERVED)}",
        )
    if name == "root":
        return "would give more rights than needed", "Name a user without root's rights"
    return None


def file_fault(path: str) -> tuple[str, str] | None:
    """The same for the path of a sudoers file."""
    name = path.rpartition("/")[2]
    if "." in name or name.endswith("~"):
        return (
            "is a file name that sudo skips",
            "Choose a name without a '.' and without a '~' at its end",
        )
    return path_fault(path)


def command_fault(command: str) -> tuple[str, str] | None:
    """The same for a command line whose first word is a path or the name of a program."""
    words = command.split(" ")
    if not all(map(_WORD.fullmatch, words)):
        return (
            "has a character that is special in sudoers, or more than one blank between words",
            "Use letters, digits, '_', '.', '/' and '-' only, with one blank between two words",
        )
    for word in words:
        if word.startswith("/") and path_fault(word):
            return path_fault(word)
    if not words[0].startswith("/") and not _NAME.fullmatch(words[0]):
        return (
            "begins with neither an absolute path nor the name of a program",
            "Write /usr/bin/find or find, for example",
        )
    if words[0].rpartition("/")[2] == "sudoedit":
        return _OTHER_MEANING, "Name another program"
    return None


def sudoers(
    user: str,
    run_as: str,
    commands: list[str],
    name: str,
    requiretty: bool = False,
    quiet: list[str] | None = None,
) -> str:
    """The text of a file.

    commands: with the program's path; name: one that no other file of the policy has; requiretty:
    whether to lift it for this user; quiet: the settings to switch off for the commands.
    """
    # Without arguments in the rule, sudo would allow any.
    commands = [command if " " in command else command + ' ""' for command in commands]
    rules = [f"{user} ALL=({run_as}) NOPASSWD: {command}" for command in commands]
    lines = [MARKER, f"# {user} may run exactly these commands as {run_as}."]
    if requiretty:
        lines.append(f"Defaults:{user} !requiretty")
    if quiet:
        # An alias must not be defined twice in the whole policy.
        digest = hashlib.sha256("\n".join([name] + rules).encode()).hexdigest()
        alias = f"MAILOPS_{digest[:16].upper()}"
        lines.append(f"Cmnd_Alias {alias} = " + ", \\\n    ".join(commands))
        lines.append(f"Defaults!{alias} " + ", ".join("!" + setting for setting in quiet))
    return "".join(line + "\n" for line in lines + rules)

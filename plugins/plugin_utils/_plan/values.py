# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of single values of the role datadog_postfix. Each returns the value in a plain Python
type, or adds a problem and returns None.

A problem is a sentence that names the option, the value and a hint. Values come from the user's
variables and from hosts, so any text can occur."""

from __future__ import annotations

import math
import re

# What needs no escape in sudoers and is no pattern there (sudoers(5): Wildcards, Other special
# characters and reserved words).
_PATH = re.compile(r"(?:/[A-Za-z0-9_.-]+)+")
# A word of capitals is an alias or ALL in sudoers; useradd(8) wants no colon, comma or blank
# either.
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ALIAS = re.compile(r"[A-Z][A-Z0-9_]*")
# Words that sudoers takes for something else than a user.
_RESERVED = (
    "sudoedit",
    "Defaults",
    "User_Alias",
    "Runas_Alias",
    "Host_Alias",
    "Cmnd_Alias",
    "Cmd_Alias",
)
_UNIT = re.compile(r"[A-Za-z0-9:_.@\\-]+\.(?:service|slice|scope|socket|timer|target|path)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What stands for a byte that is not UTF-8; the Agent refuses a file that has it, escaped or not.
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Problems(list):
    """The problems found, in the order in which they were found."""

    def add(self, option, value, wrong, hint):
        self.append(f"{option}: {value!r} {wrong}. {hint}.")


def plain(option, value, problems):
    """Numbers, truth values, texts, and lists and dictionaries of them, as the plain types that
    YAML knows."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _characters(option, value, problems)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        problems.add(
            option, value, "is not a number that the Agent can take", "Give a finite number"
        )
        return None
    if isinstance(value, (list, tuple)):
        return [plain(f"{option}[{index}]", item, problems) for index, item in enumerate(value)]
    if isinstance(value, dict):
        found = {}
        for key, item in value.items():
            if not isinstance(key, str) or not key:
                problems.add(
                    option, key, "is not a text, and keys have to be", "Put it into quotes"
                )
                continue
            key = _characters(option, key, problems)
            if key is not None:
                found[key] = plain(f"{option}.{key}", item, problems)
        return found
    if value is None:
        problems.add(option, value, "is no value", "Give one, or leave the key out")
    else:
        problems.add(
            option, value, f"is a {type(value).__name__}", "Put it into quotes to make it a text"
        )
    return None


def text(option, value, problems):
    """A text of at least one character, on one line; a number counts as text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        hint = (
            "Write 'KEY:VALUE', in quotes if in doubt"
            if isinstance(value, dict)
            else "Put it into quotes"
        )
        problems.add(option, value, "is not a text", hint)
    elif not value.strip():
        problems.add(option, value, "is empty", "Give a value or leave it out")
    elif _CONTROL.search(value):
        problems.add(
            option, value, "has a line break or another control character", "Write it on one line"
        )
    else:
        return _characters(option, value, problems)
    return None


def _characters(option, value, problems):
    if not _SURROGATE.search(value):
        return str.__str__(value)
    problems.add(option, value, "has a byte that is not UTF-8", "Write it in UTF-8")
    return None


def texts(option, value, problems):
    """A list of texts, each once."""
    if not isinstance(value, (list, tuple)):
        hint = (
            f"With -e, give a list as JSON: -e '{{\"{option}\": [...]}}'"
            if str(value).startswith("[")
            else f"Write [{value}]"
        )
        problems.add(option, value, "is not a list", hint)
        return []
    found = [text(f"{option}[{index}]", item, problems) for index, item in enumerate(value)]
    return list(dict.fromkeys(item for item in found if item is not None))


def one_of(option, value, choices, problems):
    """A member of choices."""
    if isinstance(value, str) and value in choices:
        return str.__str__(value)
    problems.add(option, value, "is not known", f"Choose of {', '.join(choices)}")
    return None


def some_of(option, value, choices, problems):
    """A list of members of choices, each once."""
    if not isinstance(value, (list, tuple)):
        problems.add(
            option, value, "is not a list", f"Write it as a list of some of {', '.join(choices)}"
        )
        return []
    found = [
        one_of(f"{option}[{index}]", item, choices, problems) for index, item in enumerate(value)
    ]
    return list(dict.fromkeys(item for item in found if item is not None))


def whole(option, value, lowest, problems):
    """A whole number, lowest or above."""
    number = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else value
    if isinstance(number, int) and not isinstance(number, bool) and number >= lowest:
        return int(number)
    problems.add(option, value, f"is not a whole number of {lowest} or more", "Give one")
    return None


def absolute(option, value, problems, hint="Give an absolute path"):
    """An absolute path without a slash at its end."""
    if not isinstance(value, str) or not value.startswith("/"):
        problems.add(option, value, "is not an absolute path", hint)
    elif not value.strip("/"):
        problems.add(option, value, "is the root directory", "Name what is meant below it")
    elif value.endswith("/"):
        problems.add(
            option, value, "ends with a slash", f"Write {str.__str__(value.rstrip('/'))!r}"
        )
    else:
        return text(option, value, problems)
    return None


def path(option, value, problems, hint="Give an absolute path"):
    """An absolute path that can stand in sudoers as it is and is no pattern, without a slash at its
    end."""
    value = absolute(option, value, problems, hint)
    if value is None:
        return None
    parts = value.split("/")[1:]
    if not {"", ".", ".."}.isdisjoint(parts):
        problems.add(
            option,
            value,
            "has a '.', a '..' or nothing for a directory",
            "Write the path that it leads to",
        )
    elif not _PATH.fullmatch(value):
        problems.add(
            option,
            value,
            "has characters that do not belong in a sudoers rule, or are a pattern",
            "Use letters, digits and '_', '.', '-' only",
        )
    else:
        return value
    return None


def user(option, value, problems):
    """A user's name that can stand in sudoers as it is; not root."""
    if not isinstance(value, str) or not _USER.fullmatch(value):
        problems.add(
            option,
            value,
            "is not a user's name that belongs in a sudoers rule",
            "Use letters, digits and '_', '.', '-' only",
        )
    elif _ALIAS.fullmatch(value) or value in _RESERVED:
        problems.add(
            option,
            value,
            "means something else in sudoers",
            f"Use a name with a lower-case letter, but none of {', '.join(_RESERVED)}",
        )
    elif value == "root":
        problems.add(
            option,
            value,
            "would get rights that the check does not need",
            "Name the user that the Agent, or Postfix, really runs as",
        )
    else:
        return str.__str__(value)
    return None


def unit(option, value, problems):
    """The name of a systemd unit, with its type, without which the journal has nothing of it."""
    if isinstance(value, str) and _UNIT.fullmatch(value):
        return str.__str__(value)
    problems.add(
        option,
        value,
        "is not the name of a systemd unit",
        "Give it as 'systemctl list-units' shows it, such as postfix.service",
    )
    return None

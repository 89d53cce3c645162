# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of single values of the role datadog_postfix. Each returns the value in a plain Python
type, or adds a problem and returns None.

A problem is a sentence that names the option and the value, and a hint. Values come from the user's
variables and from hosts, so any text can occur."""

from __future__ import annotations

import math
import re
from typing import Any, Callable, List, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._access import sudoers
from ansible_collections.mailops.postfix.plugins.module_utils._access.parameter_grants import (
    mailq_user_fault,
)

_UNIT = re.compile(r"[A-Za-z0-9:_.@\\-]+\.(?:service|slice|scope|socket|timer|target|path)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What stands for a byte that is not UTF-8; the Agent refuses a file that has it, escaped or not.
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Problems(List[str]):
    """The problems found, in the order in which they were found."""

    def add(self, option: str, value: object, wrong: str, hint: str) -> None:
        self.append(f"{option}: {value!r} {wrong}. {hint}.")


def plain(option: str, value: Any, problems: Problems) -> Any:
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


def text(option: str, value: Any, problems: Problems) -> str | None:
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


def _characters(option: str, value: str, problems: Problems) -> str | None:
    if not _SURROGATE.search(value):
        return str.__str__(value)
    problems.add(option, value, "has a byte that is not UTF-8", "Write it in UTF-8")
    return None


def texts(option: str, value: Any, problems: Problems) -> list[str]:
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


def one_of(option: str, value: Any, choices: Sequence[str], problems: Problems) -> str | None:
    """A member of choices."""
    if isinstance(value, str) and value in choices:
        return str.__str__(value)
    problems.add(option, value, "is not known", f"Choose one of {', '.join(choices)}")
    return None


def some_of(option: str, value: Any, choices: Sequence[str], problems: Problems) -> list[str]:
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


def whole(option: str, value: Any, lowest: int, problems: Problems) -> int | None:
    """A whole number, lowest or above."""
    number = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else value
    if isinstance(number, int) and not isinstance(number, bool) and number >= lowest:
        return int(number)
    problems.add(option, value, f"is not a whole number of {lowest} or more", "Give one")
    return None


def further_keys(option: str, value: Any, own: Sequence[str], problems: Problems) -> dict[str, Any]:
    """Keys that are passed on to the Agent with their values, but not those that have an option of
    their own."""
    if not isinstance(value, dict):
        problems.add(option, value, "is not a dictionary", "Write keys and their values")
        return {}
    for key in own:
        if key in value:
            problems.add(option, key, "cannot be given here", "Use the option for it")
    return dict(plain(option, value, problems))


def absolute(
    option: str, value: Any, problems: Problems, hint: str = "Give an absolute path"
) -> str | None:
    """An absolute path without a slash at its end."""
    if not isinstance(value, str) or not value.startswith("/"):
        problems.add(option, value, "is not an absolute path", hint)
    elif not value.strip("/"):
        problems.add(option, value, "is the root directory", "Name a path below it")
    elif value.endswith("/"):
        problems.add(
            option, value, "ends with a slash", f"Write {str.__str__(value.rstrip('/'))!r}"
        )
    else:
        return text(option, value, problems)
    return None


def path(
    option: str, value: Any, problems: Problems, hint: str = "Give an absolute path"
) -> str | None:
    """An absolute path that can stand in sudoers, without a slash at its end."""
    value = absolute(option, value, problems, hint)
    return None if value is None else _without(option, value, sudoers.path_fault(value), problems)


def sudoers_file(option: str, value: Any, problems: Problems) -> str | None:
    """The path of a file that sudo reads."""
    value = absolute(option, value, problems)
    return None if value is None else _without(option, value, sudoers.file_fault(value), problems)


def user(option: str, value: Any, problems: Problems) -> str | None:
    """The name of a user that can stand in sudoers; not root."""
    fault = sudoers.user_fault(value if isinstance(value, str) else "")
    return _without(option, value, fault, problems)


def mailq_user(option: str, value: str, problems: Problems) -> str | None:
    """An item of authorized_mailq_users."""
    return _without(option, value, mailq_user_fault(value), problems)


def each(
    check: Callable[[str, Any, Problems], str | None], option: str, value: Any, problems: Problems
) -> list[Any]:
    """A list of texts, each once, and each checked."""
    return [
        check(f"{option}[{index}]", item, problems)
        for index, item in enumerate(texts(option, value, problems))
    ]


def _without(
    option: str, value: Any, fault: tuple[str, str] | None, problems: Problems
) -> str | None:
    if fault:
        problems.add(option, value, *fault)
        return None
    return str.__str__(value)


def unit(option: str, value: Any, problems: Problems) -> str | None:
    """The name of a systemd unit with its type, without which the journal finds nothing."""
    if isinstance(value, str) and _UNIT.fullmatch(value):
        return str.__str__(value)
    problems.add(
        option,
        value,
        "is not the name of a systemd unit",
        "Give it as 'systemctl list-units' shows it, such as postfix.service",
    )
    return None

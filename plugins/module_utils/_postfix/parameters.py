# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers for the output of postconf and postmulti, and for main.cf. Formats: postconf(1),
postmulti(1), postconf(5)."""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple

_LINE = re.compile(r"([^\s=]+) =(?: (.*))?\Z")
# Postfix's white space is that of ASCII.
_SPACE = re.compile(r"[ \t\n\v\f\r]+")
_BLANKS = " \t\n\v\f\r"
_UNUSED = re.compile(r".*?postconf: warning: .*?/main\.cf: unused parameter: ([^=\s]+)=(.*)\Z")


class ListedInstance(NamedTuple):
    """An instance of C(postmulti -l). name and group are V(-) if not set; None is unknown."""

    name: str | None
    group: str | None
    enabled: bool | None
    config_directory: str


class ParameterError(ValueError):
    """Output that postconf or postmulti does not print."""


def parse_parameters(lines: Iterable[str]) -> dict[str, str]:
    """The values by name in lines such as C(name = value). Raises ParameterError."""
    values = {}
    for line in lines:
        match = _LINE.match(line)
        if not match:
            raise ParameterError(f"not a parameter: {line[:200]!r}")
        values[match.group(1)] = match.group(2) or ""
    return values


def parse_unused(stderr: str) -> dict[str, str]:
    """The settings of main.cf that Postfix does not use, from the warnings of C(postconf -n)."""
    matches = map(_UNUSED.match, stderr.split("\n"))
    return {match.group(1): match.group(2) for match in matches if match}


def parse_instances(lines: Iterable[str]) -> list[ListedInstance]:
    """The instances that C(postmulti -l) prints. Raises ParameterError."""
    instances = []
    for line in lines:
        words = line.split(None, 3)
        if len(words) != 4 or words[2] not in ("y", "n") or not words[3].startswith("/"):
            raise ParameterError(f"not an instance: {line[:200]!r}")
        instances.append(ListedInstance(words[0], words[1], words[2] == "y", words[3].rstrip()))
    return instances


def fold(value: str) -> str:
    """A value as postconf prints it: white space, line folds included, becomes one blank."""
    return _SPACE.sub(" ", value).strip(" ")


def raw_settings(text: str, name: str) -> list[str]:
    """Each setting of a parameter in main.cf, in the order of the file; Postfix uses the last.

    A setting has its continuation lines and the comments and empty lines between them, but not its
    last newline."""
    found: list[str] = []
    inside, between = False, ""
    for line in text.split("\n"):
        if _is_comment(line):
            between += "\n" + line
            continue
        if line[0] not in _BLANKS:
            inside = line.partition("=")[0].strip(_BLANKS) == name
            if inside:
                found.append(line)
        elif inside:
            found[-1] += between + "\n" + line
        between = ""
    return found


def split_raw(lines: str) -> tuple[str, str]:
    """A setting as raw_settings returns it, split into its own lines and the comments and empty
    lines between them."""
    parts: tuple[list[str], list[str]] = ([], [])
    for line in lines.split("\n"):
        parts[_is_comment(line)].append(line)
    return "\n".join(parts[0]), "\n".join(parts[1])


def _is_comment(line: str) -> bool:
    return not line.strip(_BLANKS) or line.lstrip(_BLANKS).startswith("#")


def split_list(value: str) -> list[str]:
    """The items of a list, which white space or commas separate."""
    return [item for item in re.split(r"[ \t\n\v\f\r,]+", value) if item]

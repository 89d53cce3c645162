# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers of what postconf and postmulti print: text in, data out. Formats: postconf(1),
postmulti(1)."""

from __future__ import annotations

import collections
import re

# Names and groups are V(-) where they are not set. enabled: bool.
ListedInstance = collections.namedtuple("ListedInstance", "name group enabled config_directory")

_LINE = re.compile(r"([^\s=]+) =(?: (.*))?\Z")
# As Postfix has it: white space is what it is in ASCII.
_SPACE = re.compile(r"[ \t\n\v\f\r]+")
_BLANKS = " \t\n\v\f\r"
_UNUSED = re.compile(r".*?postconf: warning: .*?/main\.cf: unused parameter: ([^=\s]+)=(.*)\Z")


class ParameterError(ValueError):
    """Output that is not what postconf or postmulti prints."""


def parse_parameters(lines):
    """The values (dict of str) in lines such as C(name = value). Raises ParameterError."""
    values = {}
    for line in lines:
        said = _LINE.match(line)
        if not said:
            raise ParameterError(f"not a parameter: {line[:200]!r}")
        values[said.group(1)] = said.group(2) or ""
    return values


def parse_unused(stderr):
    """The values (dict of str) of what main.cf sets and Postfix has no use for, according to the
    warnings of C(postconf -n)."""
    return dict(said.groups() for said in map(_UNUSED.match, stderr.split("\n")) if said)


def parse_instances(lines):
    """The ListedInstance (list) that C(postmulti -l) prints. Raises ParameterError."""
    instances = []
    for line in lines:
        words = line.split(None, 3)
        if len(words) != 4 or words[2] not in ("y", "n") or not words[3].startswith("/"):
            raise ParameterError(f"not an instance: {line[:200]!r}")
        instances.append(ListedInstance(words[0], words[1], words[2] == "y", words[3].rstrip()))
    return instances


def fold(value):
    """A value as postconf shows it: each run of white space, line folds included, is one blank."""
    return _SPACE.sub(" ", value).strip(" ")


def raw_settings(text: str, name: str) -> list[str]:
    """The lines of main.cf that set a parameter, continuation lines and the comments and empty
    lines between them included.

    Each without its last newline. More than one where main.cf sets it repeatedly; the last one
    counts."""
    found: list[str] = []
    inside, between = False, ""
    for line in text.split("\n"):
        if _is_remark(line):
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
    """The lines that set a parameter, as raw_settings returns them, and the comments and empty
    lines between them."""
    parted: tuple[list[str], list[str]] = ([], [])
    for line in lines.split("\n"):
        parted[_is_remark(line)].append(line)
    return "\n".join(parted[0]), "\n".join(parted[1])


def _is_remark(line: str) -> bool:
    return not line.strip(_BLANKS) or line.lstrip(_BLANKS).startswith("#")


def split_list(value):
    """The items of a value that is a list, which white space and commas separate."""
    return [item for item in re.split(r"[ \t\n\v\f\r,]+", value) if item]

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers for the output of systemd. Formats: systemctl(1), cgroups(7)."""

from __future__ import annotations

import posixpath
import re
from typing import Collection, Iterable

_EXEC = re.compile(r"\{ path=.*? ; argv\[\]=(.*?) ; ignore_errors=")
_SERVICE = re.compile(r"/([^/\n]+\.service)(?=/|$)", re.MULTILINE)
_CONFIG = re.compile(r"(?:^|\s)MAIL_CONFIG=(\S+)")


class SystemdError(ValueError):
    """Output that systemd does not print."""


def parse_units(lines: Iterable[str]) -> list[dict[str, str]]:
    """The properties of each unit in the output of C(systemctl show). Raises SystemdError."""
    units: list[dict[str, str]] = [{}]
    for line in lines:
        if not line.strip():
            units.append({})
            continue
        name, sign, value = line.partition("=")
        if not sign:
            raise SystemdError(f"not a property: {line[:200]!r}")
        units[-1][name] = value
    return [unit for unit in units if unit]


def parse_cgroup(text: str) -> str | None:
    """The service of a process according to its C(/proc/PID/cgroup); None if it has none."""
    services: list[str] = _SERVICE.findall(text)
    return services[-1] if services else None


def starts(
    unit: dict[str, str], names: Collection[str], config_directory: str, by_default: bool
) -> bool:
    """Whether a unit with these properties starts the instance with this configuration directory.

    names: what C(postmulti -i) accepts for it; by_default: whether C(postfix start) without a
    directory starts it."""
    if unit.get("LoadState") != "loaded":
        return False
    environment = _CONFIG.search(unit.get("Environment", ""))
    for command in _EXEC.findall(unit.get("ExecStart", "")):
        words = command.split()
        program = posixpath.basename(words[0]) if words else ""
        if program == "postmulti":
            if _argument(words, "-i") in names:
                return True
        elif program == "postfix":
            directory = _argument(words, "-c") or (environment and environment.group(1))
            if directory == config_directory or (directory is None and by_default):
                return True
    return False


def _argument(words: list[str], option: str) -> str | None:
    return words[words.index(option) + 1] if option in words[:-1] else None


def unit_names(names: Iterable[str], config_directory: str) -> list[str]:
    """The units that may run an instance: the plain one, and those that distributions name after
    the instance or its directory."""
    suffix = posixpath.basename(config_directory).partition("postfix-")[2]
    stems = [*names, suffix, _escaped(suffix)]
    return ["postfix.service"] + [
        f"postfix@{stem}.service" for stem in dict.fromkeys(stems) if re.match(r"[\w:.\\-]+$", stem)
    ]


def _escaped(text: str) -> str:
    """Text as C(systemd-escape) prints it, for the names that unit_names accepts."""
    return "".join(
        character if re.match(r"[\w:.]", character) else f"\\x{ord(character):02x}"
        for character in text
    )

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers of what systemd says: text in, data out. Formats: systemctl(1), cgroups(7)."""

from __future__ import annotations

import posixpath
import re

_EXEC = re.compile(r"\{ path=.*? ; argv\[\]=(.*?) ; ignore_errors=")
_SERVICE = re.compile(r"/([^/\n]+\.service)(?=/|$)", re.MULTILINE)
_CONFIG = re.compile(r"(?:^|\s)MAIL_CONFIG=(\S+)")


class SystemdError(ValueError):
    """Output that is not what systemd prints."""


def parse_units(lines):
    """The properties of each unit (list of dict) in the output of C(systemctl show). Raises
    SystemdError."""
    units = [{}]
    for line in lines:
        if not line.strip():
            units.append({})
            continue
        name, sign, value = line.partition("=")
        if not sign:
            raise SystemdError(f"not a property: {line[:200]!r}")
        units[-1][name] = value
    return [unit for unit in units if unit]


def parse_cgroup(text):
    """The service (str) of a process according to its C(/proc/PID/cgroup); None where it is in
    none."""
    services = _SERVICE.findall(text)
    return services[-1] if services else None


def starts(unit, names, config_directory, by_default):
    """Whether starting a unit (properties, dict) starts the instance with this configuration
    directory.

    names: what postmulti may call it; by_default: whether C(postfix start), with no directory
    given, starts it."""
    if unit.get("LoadState") != "loaded":
        return False
    for command in _EXEC.findall(unit.get("ExecStart", "")):
        words = command.split()
        program = posixpath.basename(words[0]) if words else ""
        if program == "postmulti" and "-i" in words[:-1]:
            found = words[words.index("-i") + 1] in names
        elif program == "postfix":
            found = _starts_by_postfix(
                words, unit.get("Environment", ""), config_directory, by_default
            )
        else:
            found = False
        if found:
            return True
    return False


def _starts_by_postfix(words, environment, config_directory, by_default):
    said = _CONFIG.search(environment)
    directory = (
        words[words.index("-c") + 1] if "-c" in words[:-1] else said.group(1) if said else None
    )
    return by_default if directory is None else directory == config_directory


def unit_names(names, config_directory):
    """The units that may stand for an instance: the plain one, and those that distributions derive
    from its names or directory."""
    suffix = posixpath.basename(config_directory).partition("postfix-")[2]
    stems = list(names) + [suffix, _escaped(suffix)]
    return ["postfix.service"] + [
        f"postfix@{stem}.service" for stem in dict.fromkeys(stems) if re.match(r"[\w:.\\-]+$", stem)
    ]


def _escaped(text):
    """As C(systemd-escape) does it, for what unit_names lets through."""
    return "".join(
        character if re.match(r"[\w:.]", character) else f"\\x{ord(character):02x}"
        for character in text
    )

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers for the output of sudo and cvtsudoers. Formats: sudo(8), cvtsudoers(1)."""

from __future__ import annotations

import json
import re
from typing import Any, Sequence

_VERSION = re.compile(r"(?:Sudo version|sudo-rs) (\S+)")
_POLICY = re.compile(r"Sudoers path: (/.*)")


class SudoError(ValueError):
    """Output that these programs do not print."""


def parse_version(lines: Sequence[str]) -> tuple[str, list[str]]:
    """The version of sudo and the paths of its policy, of which sudo uses the first that exists.

    sudo shows the paths to root only; the list is empty otherwise. Raises SudoError."""
    versions = [match.group(1) for match in map(_VERSION.match, lines) if match]
    if not versions:
        raise SudoError("no version in the output of 'sudo -V'")
    paths = [match.group(1).strip() for match in map(_POLICY.match, lines) if match]
    return versions[0], paths[0].split(":") if paths else []


def parse_defaults(text: str) -> dict[str, Any]:
    """The Defaults settings that C(cvtsudoers -f json) prints; of repeated ones the last, which
    counts. Raises SudoError."""
    if not text.strip():
        return {}  # no Defaults line applies
    settings: dict[str, Any] = {}
    try:
        for line in json.loads(text).get("Defaults", []):
            for option in line["Options"]:
                settings.update(option)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise SudoError(f"not the Defaults of a policy: {text[:200]!r}") from None
    return settings


def parse_secure_path(text: str, user: str) -> str | None:
    """The last secure_path for all users or this one in a policy's text; None if there is none.

    For hosts without cvtsudoers."""
    lines = re.findall(
        rf"^[ \t]*Defaults(?:[ \t]|:{re.escape(user)}[ \t])(.*)$",
        text.replace("\\\n", ""),
        re.MULTILINE,
    )
    values = re.findall(r'\bsecure_path[ \t]*=[ \t]*(?:"([^"]*)"|([^\s,]+))', "\n".join(lines))
    return (values[-1][0] or values[-1][1].replace("\\:", ":")) if values else None

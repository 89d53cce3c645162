# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers of what sudo, visudo and cvtsudoers print: text in, data out. Formats: sudo(8),
cvtsudoers(1)."""

from __future__ import annotations

import json
import re

_VERSION = re.compile(r"(?:Sudo version|sudo-rs) (\S+)")
_POLICY = re.compile(r"Sudoers path: (/.*)")


class SudoError(ValueError):
    """Output that is not what these programs print."""


def parse_version(lines):
    """The version of sudo (str) and the paths of its policy (list of str, those that a caller other
    than root is not told left out).

    Of several paths sudo takes the first that exists. Raises SudoError.
    """
    versions = [said.group(1) for said in map(_VERSION.match, lines) if said]
    if not versions:
        raise SudoError("no version in what 'sudo -V' prints")
    paths = [said.group(1).strip() for said in map(_POLICY.match, lines) if said]
    return versions[0], paths[0].split(":") if paths else []


def parse_defaults(text: str) -> dict:
    """The settings in the Defaults lines that C(cvtsudoers -f json) prints, of each the last one,
    which decides. Raises SudoError."""
    if not text.strip():
        return {}  # what it prints where no line is left
    settings = {}
    try:
        for line in json.loads(text).get("Defaults", []):
            for option in line["Options"]:
                settings.update(option)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise SudoError(f"not the Defaults of a policy: {text[:200]!r}") from None
    return settings


def parse_secure_path(text: str, user: str) -> str | None:
    """The last secure_path in a policy's text that is for everybody or for this user; for where
    cvtsudoers is missing."""
    lines = re.findall(
        rf"^[ \t]*Defaults(?:[ \t]|:{re.escape(user)}[ \t])(.*)$",
        text.replace("\\\n", ""),
        re.MULTILINE,
    )
    values = re.findall(r'\bsecure_path[ \t]*=[ \t]*(?:"([^"]*)"|([^\s,]+))', "\n".join(lines))
    return (values[-1][0] or values[-1][1].replace("\\:", ":")) if values else None

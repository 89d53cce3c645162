# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The readers that conf.yaml has to mean the same to, and the one form that a rule for sudo may
have."""

from __future__ import annotations

import re

import pytest
import yaml
from ruamel.yaml import YAML

_NAME = r"(?!(?:[A-Z][A-Z0-9_]*|sudoedit|Defaults|\w+_Alias) )[A-Za-z_][A-Za-z0-9_.-]*"
_COMMAND = (
    r"find (?:/(?!\.{1,2}/)[A-Za-z0-9_.-]+)+/(?:maildrop|incoming|active|deferred|hold|corrupt)"
    r" -type f"
)
_RULE = re.compile(rf"({_NAME}) ({_NAME}) ({_COMMAND})")


@pytest.fixture
def read():
    """conf.yaml as Python data, where readers of YAML 1.1 and of 1.2 agree on it."""

    def both(text):
        old = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        assert typed(YAML(typ="safe", pure=True).load(text)) == typed(old)
        return old

    return both


@pytest.fixture
def rules():
    """(user, run-as user, command) of each rule that a plan asks for, where each has the one form
    that it may have."""

    def parse(found):
        sudo = found["steps"]["sudo"]
        lines = [f"{sudo['user']} {sudo['run_as']} {command}" for command in sudo["commands"]]
        matches = [_RULE.fullmatch(line) for line in lines]
        assert matches and all(matches), lines
        return [match.groups() for match in matches]

    return parse


def typed(data):
    """The data with the type of everything in it, since 1, True and 1.0 are equal."""
    if isinstance(data, dict):
        return [(typed(key), typed(value)) for key, value in data.items()]
    if isinstance(data, list):
        return [typed(item) for item in data]
    return type(data), data

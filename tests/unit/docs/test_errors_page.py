# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of errors has every kind, with its cause and its hint."""

from __future__ import annotations

import pathlib
import re

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import HINTS

ROOT = pathlib.Path(__file__).resolve().parents[3]


def test_every_kind_has_its_cause_and_its_hint() -> None:
    page = (ROOT / "docs/docsite/rst/errors.rst").read_text(encoding="utf-8")
    found = re.findall(r"^(\w+)\n-+\n\n(.+)\n\n\*(.+)\*$", page, re.MULTILINE)
    assert {kind: hint for kind, dummy, hint in found} == {**KINDS, **HINTS}

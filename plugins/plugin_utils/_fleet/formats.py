# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the results of postfix_queue to the report, and the formats that it can have."""

from __future__ import annotations

import json
import pathlib
import typing

import yaml

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import combine_calls
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import (
    Report,
    assemble,
    to_json,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_csv import to_csv
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_html import to_html

FORMATS: dict[str, typing.Callable[[Report], str]] = {
    "html": to_html,
    "json": to_json,
    "csv": to_csv,
}


def report_of(
    results: dict[str, typing.Any], started: str, finished: str, ansible_core: str
) -> Report:
    """The report of the results (by host, a list of its calls). The times are UTC, ISO 8601."""
    gathered = {
        "started": str(started),
        "finished": str(finished),
        "ansible_core": str(ansible_core),
        "collection": _version(),
    }
    return assemble((combine_calls(host, calls) for host, calls in results.items()), gathered)


def _version() -> str:
    """The version of this collection: that of the archive it was installed from, or of the
    checkout."""
    root = pathlib.Path(__file__).parents[3]
    manifest = root / "MANIFEST.json"
    if manifest.exists():
        found = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    else:
        found = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    return str(found)

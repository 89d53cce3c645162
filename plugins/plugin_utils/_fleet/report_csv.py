# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as CSV (RFC 4180): a row for each instance, an empty cell for what is not known."""

from __future__ import annotations

import csv
import io
import re
import typing

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import Number
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import Report

COLUMNS = (
    ("host", "instance", "config_directory", "queue_directory", "state", "method", "total")
    + QUEUES
    + ("size", "oldest_age", "oldest_arrival", "oldest_queue", "error", "message", "hint")
)

# Spreadsheets take a cell that begins so for a formula, or split it into cells where the separator
# is another; the full-width forms count as their ASCII ones.
_FORMULA = tuple("=+-@|;%\t\r\n＝＋－＠｜；％")
# Where the separator is a semicolon or a bar, the rest of a text is a cell of its own, whatever
# quotes are around the whole.
_FORMULA_WITHIN = re.compile('([;|][ "]*)(?=[-=+@%＝＋－＠％])')


def to_csv(report: Report) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for host in report["hosts"]:
        for instance in host["instances"]:
            rows.writerow(_cell(value) for value in _row(host["host"], instance))
    return text.getvalue()


def _row(host: str, instance: Report) -> list[typing.Any]:
    oldest = instance["oldest"]
    return [
        host,
        instance["name"],
        instance["config_directory"],
        instance["queue_directory"],
        instance["state"],
        instance["method"],
        instance["total"],
        *(instance["counts"].get(queue) for queue in QUEUES),
        instance["size"],
        oldest["age"],
        oldest["arrival"],
        oldest["queue"],
        *(
            " / ".join(getattr(error, text) for error in instance["errors"])
            for text in ("kind", "message", "hint")
        ),
    ]


def _cell(value: typing.Any) -> typing.Any:
    if isinstance(value, Number):
        value = None if value.unknown else value.known
    # The name of an instance without one is "-", and no formula.
    if isinstance(value, str) and value != "-":
        value = _FORMULA_WITHIN.sub(r"\1'", value)
        return "'" + value if value.lstrip(" ").startswith(_FORMULA) else value
    return "" if value is None else value

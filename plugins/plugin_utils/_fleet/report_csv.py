# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as CSV (RFC 4180): a row for each instance, an empty cell for what is not known."""

from __future__ import annotations

import csv
import io

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES

COLUMNS = (
    ("host", "instance", "config_directory", "queue_directory", "state", "method", "total")
    + QUEUES
    + ("size", "oldest_age", "oldest_arrival", "oldest_queue", "error", "message", "hint")
)

# Spreadsheets take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(report):
    """The report of fleet.assemble() as CSV (str)."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for host in report["hosts"]:
        for instance in host["instances"]:
            rows.writerow(_cell(value) for value in _row(host, instance))
    return text.getvalue()


def _row(host, instance):
    errors = [
        error
        for error in host["errors"]
        if error["config_directory"] == instance["config_directory"]
    ]
    oldest = instance["oldest"]
    return [
        host["host"],
        instance["name"],
        instance["config_directory"],
        instance["queue_directory"],
        instance["state"],
        instance["method"],
        _whole(instance["total"]),
        *(instance["counts"][queue] for queue in QUEUES),
        _whole(instance["size"]),
        oldest["age"],
        oldest["arrival"],
        oldest["queue"],
        *(" / ".join(error[key] for error in errors) for key in ("kind", "message", "hint")),
    ]


def _whole(part):
    return None if part["unknown"] else part["sum"]


def _cell(value):
    # The name of an instance without one is "-", and no formula.
    if isinstance(value, str) and value.startswith(_FORMULA) and value != "-":
        return "'" + value
    return "" if value is None else value

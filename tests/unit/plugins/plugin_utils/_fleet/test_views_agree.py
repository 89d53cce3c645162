# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever hosts return, the table, the page, JSON and CSV say the same."""

from __future__ import annotations

import csv
import io
import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import SEVERITY, STATES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import combine_calls
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import (
    assemble,
    to_json,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_csv import to_csv
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_html import to_html
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.run import Run
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.table import Options, lay_out

GATHERED = dict.fromkeys(("started", "finished", "ansible_core", "collection"), "")
HOSTS = ("mx1", "mx2", "mx3")
DIRECTORIES = st.sampled_from([None, "/etc/postfix", "/etc/postfix-out"])

counts = st.one_of(st.integers(0, 9999), st.none())
oddities = st.sampled_from([10**30, -5, 1.5, float("nan"), "7", True, [], {}])


def mostly(strategy, odd):
    """strategy, and odd in one case of nine."""
    return st.integers(0, 8).flatmap(lambda number: strategy if number else odd)


def dictionaries(required, optional=None):
    """Dictionaries that mostly have the required keys."""
    whole = st.fixed_dictionaries(required, optional=optional or {})
    return mostly(whole, st.fixed_dictionaries({}, optional={**required, **(optional or {})}))


queues = st.fixed_dictionaries(
    {},
    optional={
        "size": mostly(counts, oddities),
        "oldest_age": mostly(counts, oddities),
        "oldest_arrival": st.none(),
        "ages": st.lists(
            dictionaries({"under": st.sampled_from([300, 600, None]), "count": counts}), max_size=2
        ),
    },
)
instances = dictionaries(
    {
        "name": st.sampled_from([None, "-", "out"]),
        "config_directory": DIRECTORIES,
        "queue_directory": st.sampled_from(["/var/spool/postfix", "/mnt"]),
        "method": st.sampled_from(["find", "postqueue"]),
        "counts": st.dictionaries(
            st.sampled_from(QUEUES), mostly(counts, oddities), min_size=1, max_size=6
        ),
    },
    {
        "running": mostly(st.sampled_from([True, False, None]), oddities),
        "queues": st.dictionaries(st.sampled_from(QUEUES), st.one_of(st.none(), queues)),
    },
)
errors = dictionaries(
    {
        "kind": st.sampled_from(["timeout", "limit_exceeded", "mail_system_down", "not_running"]),
        "message": st.text(max_size=5),
        "config_directory": DIRECTORIES,
    },
    {"hint": st.text(max_size=5), "rc": oddities},
)
results = st.fixed_dictionaries(
    {},
    optional={
        "ansible_facts": st.fixed_dictionaries(
            {"postfix_queue": st.fixed_dictionaries({"instances": st.lists(instances, max_size=3)})}
        ),
        "errors": st.lists(errors, max_size=2),
        "warnings": st.lists(st.text(max_size=5), max_size=1),
        "failed": st.booleans(),
        "unreachable": st.booleans(),
        "msg": st.text(max_size=5),
    },
)


def known_in(cell):
    """(known, complete) of a number that is shown in the table or the page."""
    if cell in ("?", "unknown"):
        return None, False
    number = int(cell.strip("+\u2265\u00a0").replace(",", ""))
    return number, "+" not in cell and "\u2265" not in cell


@settings(deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(HOSTS, results)))
def test_the_views_agree(fleet):
    run = Run()
    for host, result in fleet.items():
        run.add(host, "task", result)
    lines = ["".join(text for text, dummy in line) for line in lay_out(run.hosts(), Options())]
    report = assemble([combine_calls(host, [result]) for host, result in fleet.items()], GATHERED)
    data = json.loads(to_json(report), parse_constant=lambda name: 1 / 0)
    page, rows = to_html(report), list(csv.DictReader(io.StringIO(to_csv(report))))

    total = data["totals"]["messages"]
    shown = None if total["unknown"] and not total["known"] else total["known"]
    wanted = shown, not total["unknown"]
    assert known_in(re.search(r"<dt>Messages</dt><dd>([^<]*)", page)[1]) == wanted
    instances = [instance for host in data["hosts"] for instance in host["instances"]]
    assert [(row["state"], row["total"]) for row in rows] == [
        (part["state"], "" if part["total"]["unknown"] else str(part["total"]["known"]))
        for part in instances
    ]
    assert total["unknown"] == sum(1 for part in instances if part["total"]["unknown"])
    assert (total["known"] or 0) == sum(part["total"]["known"] or 0 for part in instances)

    states = data["totals"]["hosts"]
    assert sum(states[state] for state in SEVERITY) == len(HOSTS)
    bad = [f"{states[state]} {STATES[state]}" for state in SEVERITY[:0:-1] if states[state]]
    tile = re.search(r"<dt>With problems</dt><dd>(\d)<small>(?:<a [^>]*>)?([^<]*)", page)
    assert int(tile[1]) == states["with_problems"] >= states["with_errors"]
    warned = sum(1 for host in data["hosts"] if host["warnings"] and host["state"] == "ok")
    notes = [f"{warned} with warnings"] if warned else []
    assert tile[2] == (", ".join(bad + notes) or "all hosts ok")
    counted = any(part["queues"] for part in instances)
    assert lines[0].startswith("host ") == counted
    if counted:
        rule = next(position for position, line in enumerate(lines) if line.startswith("─"))
        columns = dict(zip(lines[0].split(), lines[rule + 1].replace(" hosts", "").split()))
        assert known_in(columns["total"]) == wanted
        for queue, facts in data["totals"]["queues"].items():
            part = facts["messages"]
            known = None if part["unknown"] and not part["known"] else part["known"]
            assert known_in(columns[queue]) == (known, not part["unknown"])
        legend = f"Of {len(HOSTS)} hosts: {', '.join(bad)}."
        assert not bad or any(line.endswith(legend) for line in lines)
    for host in data["hosts"]:
        for error in host["errors"]:
            assert any(line.startswith(error["kind"]) for line in lines)

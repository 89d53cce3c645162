# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import assemble


def instance(directory="/etc/postfix", details=None, **counts):
    counts = {queue: counts.get(queue, 0) for queue in QUEUES}
    return {
        "name": "-",
        "config_directory": directory,
        "queue_directory": "/var/spool/postfix",
        "method": "find",
        "counts": counts,
        **(details or {}),
    }


def result(*instances, **more):
    return dict({"ansible_facts": {"postfix_queue": {"instances": list(instances)}}}, **more)


def error(directory="/etc/postfix", **more):
    return {
        "kind": "timeout",
        "message": "no answer",
        "hint": "Look.",
        "command": None,
        "rc": None,
        "stderr": "",
        "config_directory": directory,
        **more,
    }


def table(name, key, rows, other=0, uncertainty=0):
    rows = [
        {key: text, "count": count, "status": "4.0.0", "example": "alice@example.com"}
        for text, count in rows
    ]
    return {name: rows, name + "_other": other, name + "_uncertainty": uncertainty}


def report(**results):
    return assemble(
        {host: found if isinstance(found, list) else [found] for host, found in results.items()}, {}
    )


def test_sums_are_those_of_what_is_known_and_say_how_much_is_not():
    found = report(
        a=result(instance(deferred=5, hold=1)),
        b=result(instance(deferred=2, corrupt=None)),
        c={"unreachable": True, "msg": "no route"},
    )
    assert found["totals"]["messages"] == {"sum": 8, "unknown": 2}
    assert found["totals"]["queues"]["deferred"]["messages"] == {"sum": 7, "unknown": 1}
    assert found["totals"]["queues"]["corrupt"]["messages"] == {"sum": 0, "unknown": 2}
    assert found["totals"]["hosts"] == {"ok": 2, "partial": 0, "failed": 1, "all": 3}


def test_nothing_known_is_no_zero():
    found = report(a={"unreachable": True, "msg": "no route"})
    assert found["totals"]["messages"] == {"sum": None, "unknown": 1}
    assert found["totals"]["oldest"]["age"] is None and found["totals"]["oldest"]["unknown"] == 1
    assert set(found["hosts"][0]["instances"][0]["counts"].values()) == {None}


def test_an_empty_queue_that_was_not_listed_has_no_size_and_no_age_to_be_known():
    entry = {
        "size": 100,
        "oldest_age": 60,
        "oldest_arrival": "2026-11-22T12:00:00Z",
        "ages": {"5": 1},
    }
    queues = {queue: entry if queue == "deferred" else None for queue in QUEUES}
    empty, full = (
        instance(deferred=1, details={"queues": queues}),
        instance("/etc/out", deferred=1, corrupt=1, details={"queues": queues}),
    )
    found = report(a=result(empty, full))["hosts"][0]["instances"]
    assert [part["size"] for part in found] == [
        {"sum": 100, "unknown": 0},
        {"sum": 100, "unknown": 1},
    ]
    assert [part["oldest"]["unknown"] for part in found] == [0, 1]


def test_the_oldest_message_says_where_it_is():
    def aged(age):
        return {
            "queues": {
                "deferred": {
                    "size": 1,
                    "oldest_age": age,
                    "oldest_arrival": "2026-11-22T12:00:00Z",
                    "ages": {"5": 0, "5+": 1},
                }
            }
        }

    found = report(
        a=result(instance(deferred=1, details=aged(60))),
        b=result(instance("/etc/out", deferred=1, details=aged(4711))),
    )
    oldest = found["totals"]["oldest"]
    assert (oldest["age"], oldest["host"], oldest["config_directory"], oldest["queue"]) == (
        4711,
        "b",
        "/etc/out",
        "deferred",
    )
    assert found["ages"]["buckets"][1]["counts"]["deferred"] == 2


def test_a_count_that_follows_failed_details_stands_beside_their_error():
    failed = {"failed": True, "errors": [error()], "msg": "timeout"}
    found = report(a=[failed, result(instance(deferred=70000))])
    host = found["hosts"][0]
    assert host["state"] == "partial" and host["instances"][0]["counts"]["deferred"] == 70000
    assert [said["kind"] for said in host["errors"]] == ["timeout"]


def test_an_instance_that_failed_is_a_row_of_unknowns_beside_the_others():
    found = report(
        a=[result(instance(deferred=1), failed=True, errors=[error("/etc/out")]), {"skipped": True}]
    )
    assert [
        (part["config_directory"], part["state"]) for part in found["hosts"][0]["instances"]
    ] == [("/etc/postfix", "ok"), ("/etc/out", "failed")]
    assert found["hosts"][0]["state"] == "failed"


@pytest.mark.parametrize(
    "what, kind",
    [
        ({"unreachable": True, "msg": "no route"}, "unreachable"),
        (
            {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "sudo: no", "rc": 1},
            "module_failed",
        ),
        ({}, "not_gathered"),
        ({"skipped": True}, "not_gathered"),
        ({"ansible_facts": {"postfix_queue": {"instances": [7]}}}, "unparsed_result"),
        ({"ansible_facts": "nonsense"}, "unparsed_result"),
        (["no", "dict"], "unparsed_result"),
    ],
)
def test_a_host_without_facts_has_a_cause_and_a_mend(what, kind):
    host = report(a=[what], b=result(instance(deferred=1)))["hosts"][0]
    assert host["state"] == "failed" and [said["kind"] for said in host["errors"]] == [kind]
    assert host["errors"][0]["message"] and host["errors"][0]["hint"]


@pytest.mark.parametrize("number", [-1, 1.5, "7", True, 2**64, None])
def test_what_is_no_number_of_messages_is_unknown(number):
    found = report(a=result(instance(deferred=number)))
    assert found["totals"]["queues"]["deferred"]["messages"] == {"sum": None, "unknown": 1}


def test_a_domain_that_an_instance_may_have_left_out_is_not_exact():
    first = instance(
        details=table("senders", "domain", [("a.example", 5), ("b.example", 2)], other=3)
    )
    second = instance(details=table("senders", "domain", [("a.example", 1), ("c.example", 1)]))
    found = report(a=result(first), b=result(second), c=result(instance()))["senders"]
    assert found["rows"] == [
        {"domain": "a.example", "count": 6, "exact": True},
        {"domain": "b.example", "count": 2, "exact": True},
        {"domain": "c.example", "count": 1, "exact": False},
    ]
    assert (found["other"], found["told"], found["unknown"]) == (3, 2, 1)


def test_a_count_that_the_host_itself_is_not_sure_of_is_not_exact():
    found = report(
        a=result(instance(details=table("reasons", "reason", [("full", 5)], uncertainty=2)))
    )
    assert found["reasons"]["rows"] == [
        {"reason": "full", "count": 5, "exact": False, "status": "4.0.0"}
    ]


def test_beyond_the_most_frequent_ones_of_the_fleet_all_are_summed():
    rows = [(f"d{int(position):02}.example", 1) for position in range(30)]
    found = report(a=result(instance(details=table("recipients", "domain", rows))))["recipients"]
    assert len(found["rows"]) == 20 and found["other"] == 10


def test_no_address_and_no_example_is_in_the_report():
    evil = error(
        **dict.fromkeys(("message", "stderr", "command", "hint"), "mail <alice@example.com>\n")
    )
    details = table("reasons", "reason", [("said alice@example.com", 1)]) | table(
        "senders", "domain", [("x@alice@example.com", 1)]
    )
    found = report(
        a=result(
            instance(details=details), failed=True, errors=[evil], warnings=["alice@example.com"]
        )
    )
    assert "alice" not in json.dumps(found)

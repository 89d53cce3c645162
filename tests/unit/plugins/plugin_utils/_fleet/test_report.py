# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import Number
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import combine_calls
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import (
    assemble,
    to_json,
)


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


def ranking(name, key, entries, other=0, approximate=False):
    entries = [
        {key: text, "count": count, "status": "4.0.0", "example": "alice@example.com"}
        for text, count in entries
    ]
    return {name: entries, name + "_other": other, "details_approximate": approximate}


def report(**results):
    calls = {host: found if isinstance(found, list) else [found] for host, found in results.items()}
    return assemble([combine_calls(host, found) for host, found in calls.items()], {})


def test_sums_are_those_of_what_is_known_and_say_how_much_is_not():
    found = report(
        a=result(instance(deferred=5, hold=1)),
        b=result(instance(deferred=2, corrupt=None)),
        c={"unreachable": True, "msg": "no route"},
    )
    assert found["totals"]["messages"] == Number(8, 2)
    assert found["totals"]["queues"]["deferred"]["messages"] == Number(7, 1)
    assert found["totals"]["queues"]["corrupt"]["messages"] == Number(0, 2)
    hosts = {state: count for state, count in found["totals"]["hosts"].items() if count}
    assert hosts == {
        "ok": 1,
        "partial": 1,
        "unreachable": 1,
        "all": 3,
        "with_errors": 1,
        "with_problems": 2,
    }


def test_nothing_known_is_no_zero():
    found = report(a={"unreachable": True, "msg": "no route"})
    assert found["totals"]["messages"] == Number(None, 1)
    assert found["totals"]["oldest"]["age"] == Number(None, 1)
    assert set(found["hosts"][0]["instances"][0]["counts"].values()) == {None}


def test_an_empty_queue_that_was_not_listed_has_no_size_and_no_age_to_be_known():
    entry = {
        "size": 100,
        "oldest_age": 60,
        "oldest_arrival": "2026-11-22T12:00:00Z",
        "ages": [{"under": 300, "count": 1}],
    }
    queues = {queue: entry if queue == "deferred" else None for queue in QUEUES}
    empty, full = (
        instance(deferred=1, details={"queues": queues}),
        instance("/etc/out", deferred=1, corrupt=1, details={"queues": queues}),
    )
    found = report(a=result(empty, full))["hosts"][0]["instances"]
    assert [part["size"] for part in found] == [
        Number(100, 0),
        Number(100, 1),
    ]
    assert [part["oldest"]["age"] for part in found] == [Number(60, 0), Number(60, 1)]


def test_the_oldest_message_says_where_it_is():
    def aged(age):
        return {
            "queues": {
                "deferred": {
                    "size": 1,
                    "oldest_age": age,
                    "oldest_arrival": "2026-11-22T12:00:00Z",
                    "ages": [{"under": 300, "count": 0}, {"under": None, "count": 1}],
                }
            }
        }

    found = report(
        a=result(instance(deferred=1, details=aged(60))),
        b=result(instance("/etc/out", deferred=1, details=aged(4711))),
    )
    oldest = found["totals"]["oldest"]
    assert (oldest["age"].known, oldest["host"], oldest["config_directory"], oldest["queue"]) == (
        4711,
        "b",
        "/etc/out",
        "deferred",
    )
    assert found["ages"]["buckets"][1]["counts"]["deferred"] == 2


def test_no_host_cuts_up_the_age_groups_of_the_others():
    def aged(*ages):
        groups = [{"under": under, "count": count} for under, count in ages]
        entry = {"size": 2, "oldest_age": 1, "oldest_arrival": None, "ages": groups}
        return result(instance(deferred=2, details={"queues": {"deferred": entry}}))

    found = report(a=aged((300, 2), (None, 0)), b=aged((299, 1), (1, 1)))
    assert [bucket["under"] for bucket in found["ages"]["buckets"]] == [300, None]
    assert [host["state"] for host in found["hosts"]] == ["ok", "failed"]


def test_a_count_that_follows_failed_details_stands_beside_their_error():
    failed = {"failed": True, "errors": [error()], "msg": "timeout"}
    found = report(a=[failed, result(instance(deferred=70000))])
    host = found["hosts"][0]
    assert host["state"] == "partial" and host["instances"][0]["counts"]["deferred"] == 70000
    assert [error.kind for error in host["errors"]] == ["timeout"]


def test_an_instance_that_failed_is_a_row_of_unknowns_beside_the_others():
    found = report(
        a=[result(instance(deferred=1), failed=True, errors=[error("/etc/out")]), {"skipped": True}]
    )
    assert [
        (part["config_directory"], part["state"]) for part in found["hosts"][0]["instances"]
    ] == [("/etc/postfix", "ok"), ("/etc/out", "failed")]
    assert found["hosts"][0]["state"] == "partial"


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
def test_a_host_without_facts_has_a_cause_and_a_hint(what, kind):
    host = report(a=[what], b=result(instance(deferred=1)))["hosts"][0]
    assert host["state"] == ("unreachable" if kind == "unreachable" else "failed")
    assert [error.kind for error in host["errors"]] == [kind]
    assert host["errors"][0].message and host["errors"][0].hint


def test_a_domain_that_an_instance_may_have_left_out_is_not_exact():
    first = instance(
        details=ranking("senders", "domain", [("a.example", 5), ("b.example", 2)], other=3)
    )
    second = instance(details=ranking("senders", "domain", [("a.example", 1), ("c.example", 1)]))
    found = report(a=result(first), b=result(second), c=result(instance()))["senders"]
    assert found["entries"] == [
        {"domain": "a.example", "count": 6, "exact": True},
        {"domain": "b.example", "count": 2, "exact": True},
        {"domain": "c.example", "count": 1, "exact": False},
    ]
    assert (found["other"], found["known"], found["unknown"]) == (3, 2, 1)


def test_a_count_that_the_host_itself_is_not_sure_of_is_not_exact():
    found = report(
        a=result(instance(details=ranking("reasons", "reason", [("full", 5)], approximate=True)))
    )
    assert found["reasons"]["entries"] == [
        {"reason": "full", "count": 5, "exact": False, "status": "4.0.0", "bounced": False}
    ]


def test_beyond_the_most_frequent_ones_of_the_fleet_all_are_summed():
    rows = [(f"d{int(position):02}.example", 1) for position in range(30)]
    found = report(a=result(instance(details=ranking("recipients", "domain", rows))))["recipients"]
    assert len(found["entries"]) == 20 and found["other"] == 10


def test_no_address_and_no_example_is_in_the_report():
    evil = error(
        **dict.fromkeys(("message", "stderr", "command", "hint"), "mail <alice@example.com>\n")
    )
    details = ranking("reasons", "reason", [("said alice@example.com", 1)]) | ranking(
        "senders", "domain", [("x@alice@example.com", 1)]
    )
    found = report(
        a=result(
            instance(details=details), failed=True, errors=[evil], warnings=["alice@example.com"]
        )
    )
    assert "alice" not in to_json(found)


def test_why_a_message_waits_and_why_it_bounced_are_two_reasons():
    reasons = [
        {"reason": "full", "count": 2, "status": None, "example": "", "bounced": bounced}
        for bounced in (True, False)
    ]
    found = report(a=result(instance(details={"reasons": reasons, "reasons_other": 0})))
    assert [(entry["reason"], entry["bounced"]) for entry in found["reasons"]["entries"]] == [
        ("full", False),
        ("full", True),
    ]


def test_json_names_the_parts_of_a_number():
    assert '"messages":{"known":5,"unknown":0},"size"' in to_json(
        report(a=result(instance(hold=5)))
    )

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the results tell of each host: sums, what is not known, and errors."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import (
    NONE,
    UNKNOWN,
    Failure,
    Fleet,
    Number,
)


@pytest.fixture
def fleet():
    return Fleet()


def known(*counts):
    return [UNKNOWN if count is None else Number(count, True) for count in counts]


def test_tells_nothing_where_nothing_was_counted(fleet):
    fleet.lose("mx1", "task", "no route", counting=False)
    assert fleet.tell() == ([], [])


def test_tells_the_numbers_of_a_host(fleet, instance, result):
    fleet.add("mx1", "task", result(instance([1, 2, 3, 4, 5, 6])))
    (host,), failures = fleet.tell()
    assert (host.name, list(host.sums.counts.values()), host.sums.total, host.instances) == (
        "mx1",
        known(1, 2, 3, 4, 5, 6),
        Number(21, True),
        [],
    )
    assert failures == []


def test_does_not_take_unknown_for_zero(fleet, instance, result):
    fleet.add("mx1", "task", result(instance([1, 0, 0, 4, 0, None])))
    fleet.add("mx2", "task", result(instance([None] * 6)))
    (mx1, mx2), dummy = fleet.tell()
    assert list(mx1.sums.counts.values()) == known(1, 0, 0, 4, 0, None)
    assert (mx1.sums.total, mx2.sums.total) == (Number(5, False), UNKNOWN)
    assert mx1.instances == mx2.instances == []


def test_tells_each_of_several_instances(fleet, instance, result):
    fleet.add(
        "mx1",
        "task",
        result(
            instance([0, 0, 0, 4, 0, 0]),
            instance([0, 0, 1, 5, 0, 0], "out", "/etc/out"),
            instance([0] * 6, None, "/etc/in"),
        ),
    )
    (host,), dummy = fleet.tell()
    assert host.sums.total == Number(10, True)
    assert [(row.label, row.total.known) for row in host.instances] == [
        ("/etc/postfix", 4),
        ("out", 6),
        ("/etc/in", 0),
    ]


def test_does_not_take_one_instance_for_the_host(fleet, instance, result, error):
    fleet.add(
        "mx1",
        "task",
        result(instance([0, 0, 0, 4, 0, 0]), errors=[error("timeout", "/etc/out")], lost=True),
        failed=True,
    )
    (host,), failures = fleet.tell()
    assert host.sums.counts["deferred"] == host.sums.total == Number(4, False)
    assert [(row.label, row.total) for row in host.instances] == [("/etc/postfix", Number(4, True))]
    assert failures == [Failure("mx1", "timeout", "/etc/out: the queue could not be listed")]


def test_keeps_the_numbers_of_a_host_beyond_a_limit(fleet, instance, result, error):
    beyond = error("limit_exceeded", "/etc/postfix", "limits: the count of deferred is 4, above 3")
    fleet.add("mx1", "task", result(instance([0, 0, 0, 4, 0, 0]), errors=[beyond]), failed=True)
    (host,), failures = fleet.tell()
    assert host.sums.total == Number(4, True)
    assert [failure.kind for failure in failures] == ["limit_exceeded"]


def test_has_no_numbers_of_a_host_that_failed(fleet, result, error):
    fleet.add("mx1", "task", result(errors=[error("not_installed")]), failed=True)
    fleet.add("mx2", "task", {"failed": True, "msg": "MODULE FAILURE"}, failed=True)
    fleet.lose("mx3", "task", "no route", counting=True)
    fleet.add("mx4", "task", {"censored": "hidden"})
    fleet.add("mx4", "task", {"censored": "hidden"})
    fleet.add("mx5", "task", {"unreachable": True, "msg": "no route"}, failed=True)
    hosts, failures = fleet.tell()
    assert [host.sums for host in hosts] == [None] * 5
    assert failures == [
        Failure("mx1", "not_installed", "the queue could not be listed"),
        Failure("mx2", "failed", "MODULE FAILURE"),
        Failure("mx3", "unreachable", "no route"),
        Failure("mx4", "no_log", "the result is hidden by no_log"),
        Failure("mx5", "unreachable", "no route"),
    ]


def test_lets_the_last_task_tell(fleet, instance, result, error):
    fleet.add("mx1", "first", result(errors=[error("timeout")]), failed=True)
    fleet.add("mx1", "second", result(instance([0, 0, 0, 4, 0, 0])))
    (host,), failures = fleet.tell()
    assert (host.sums.total, failures) == (Number(4, True), [])


def test_lets_all_items_of_a_loop_tell(fleet, instance, result, error):
    deferred, held = instance([0, 0, 0, 4, 0, 0]), instance([0, 0, 0, 4, 7, 0])
    deferred["counts"], held["counts"] = {"deferred": 4}, {"hold": 7}
    fleet.add("mx1", "task", result(deferred))
    fleet.add("mx1", "task", result(held))
    fleet.add("mx1", "task", result(errors=[error("timeout", "/etc/out")]), failed=True)
    (host,), failures = fleet.tell()
    assert (host.sums.counts, host.sums.total) == (
        {"deferred": Number(4, False), "hold": Number(7, False)},
        Number(11, False),
    )
    assert [failure.kind for failure in failures] == ["timeout"]


def test_misses_the_hosts_that_were_lost_before_they_could_be_counted(fleet, instance, result):
    fleet.lose("web1", "facts", "no route", counting=False)
    fleet.start_play()
    fleet.lose("mx2", "facts", "no route", counting=False)
    fleet.add("mx1", "task", result(instance([0, 0, 0, 4, 0, 0])))
    fleet.start_play()
    fleet.lose("mx1", "facts", "no route", counting=False)
    hosts, failures = fleet.tell()
    assert [(host.name, host.sums is None) for host in hosts] == [("mx1", False), ("mx2", True)]
    assert failures == [Failure("mx2", "unreachable", "no route")]


@pytest.mark.parametrize(
    "counts,ages,oldest",
    [
        ([1, 0, 0, 4, 0, 0], [9, None, None, 70, None, None], Number(70, True)),
        ([0] * 6, [None] * 6, NONE),
        ([0, 0, 0, 4, 0, 2], [None, None, None, 70, None, None], Number(70, False)),
    ],
)
def test_tells_the_oldest(fleet, instance, result, counts, ages, oldest):
    fleet.add("mx1", "task", result(instance(counts, ages=ages)))
    (host,), dummy = fleet.tell()
    assert host.sums.oldest == oldest


def test_does_not_know_the_oldest_where_a_queue_was_not_looked_into(fleet, instance, result):
    facts = instance([0, 0, 0, 4, 0, 2], ages=[None, None, None, 70, None, None])
    facts["queues"]["corrupt"] = None
    fleet.add("mx1", "task", result(facts))
    fleet.add("mx2", "task", result(instance([0, 0, 0, 4, 0, 0])))
    (mx1, mx2), dummy = fleet.tell()
    assert (mx1.sums.oldest, mx2.sums.oldest) == (Number(70, False), UNKNOWN)


@pytest.mark.parametrize(
    "returned",
    [
        {"ansible_facts": {"postfix_queue": "text"}},
        {"ansible_facts": {"postfix_queue": {"instances": None}}},
        {"ansible_facts": {"postfix_queue": {"counts": {}, "instances": [{}]}}},
        {"ansible_facts": {"postfix_queue": {"counts": {}, "instances": []}}},
        {"ansible_facts": ["list"]},
        {"errors": ["text"]},
        {"errors": 3},
    ],
)
def test_survives_what_no_module_returns(fleet, instance, result, returned):
    fleet.add("mx1", "task", returned)
    fleet.add("mx2", "task", result(instance([0, 0, 0, 4, 0, 0])))
    (mx1, mx2), failures = fleet.tell()
    assert mx1.sums is None
    assert mx2.sums.total == Number(4, True)
    assert [(failure.host, failure.kind) for failure in failures] == [("mx1", "bad_result")]


def test_survives_names_that_are_none(fleet, instance, result):
    fleet.add(
        "mx1", "task", result(instance([0, 0, 0, 4, 0, 0]) | {"name": {}, "queue_directory": []})
    )
    assert fleet.tell()[0][0].sums.total == Number(4, True)


@pytest.mark.parametrize("count", [-1, "4", True, 4.5])
def test_refuses_a_count_that_is_none(fleet, instance, result, count):
    facts = instance([0] * 6)
    facts["counts"]["deferred"] = count
    returned = result(instance([0] * 6))
    returned["ansible_facts"]["postfix_queue"]["instances"] = [facts]
    fleet.add("mx1", "task", returned)
    assert fleet.tell()[1][0].kind == "bad_result"

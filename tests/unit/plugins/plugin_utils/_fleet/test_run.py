# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the results of a run to the hosts: states, sums, what is unknown, and errors."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import sums
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import (
    NOTHING,
    UNKNOWN,
    Number,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.run import Run


@pytest.fixture
def run():
    return Run()


def nested(depth):
    found = []
    for dummy in range(depth):
        found = [found]
    return found


def total(host):
    return sums(host.instances, QUEUES).total


def exact(number):
    return Number(number, 0)


def errors(hosts):
    return [(host.name, error.kind, error.message) for host in hosts for error in host.errors]


def test_there_are_no_hosts_where_nothing_was_counted(run):
    run.lose("mx1", {"unreachable": True, "msg": "no route"})
    assert run.hosts() == []


def test_has_the_numbers_of_a_host(run, instance, result):
    run.add("mx1", "task", result(instance([1, 2, 3, 4, 5, 6])))
    (host,) = run.hosts()
    counts = sums(host.instances, QUEUES).counts
    assert (host.name, host.state, host.errors) == ("mx1", "ok", [])
    assert list(counts.values()) == [exact(number) for number in range(1, 7)]
    assert total(host) == exact(21)


def test_does_not_take_unknown_for_zero(run, instance, result):
    run.add("mx1", "task", result(instance([1, 0, 0, 4, 0, None])))
    run.add("mx2", "task", result(instance([None] * 6)))
    mx1, mx2 = run.hosts()
    assert (total(mx1), total(mx2)) == (Number(5, 1), UNKNOWN)
    assert (mx1.state, mx2.state) == ("partial", "partial")


def test_has_each_of_several_instances(run, instance, result):
    run.add(
        "mx1",
        "task",
        result(
            instance([0, 0, 0, 4, 0, 0]),
            instance([0, 0, 1, 5, 0, 0], "out", "/etc/out"),
            instance([0] * 6, None, "/etc/in"),
        ),
    )
    (host,) = run.hosts()
    assert total(host) == exact(10)
    assert [(row.label, row.total.known) for row in host.instances] == [
        ("/etc/postfix", 4),
        ("out", 6),
        ("/etc/in", 0),
    ]


def test_counts_an_instance_once_that_comes_twice(run, instance, result):
    run.add("mx1", "task", result(instance([0, 0, 0, 4, 0, 0]), instance([0, 0, 0, 4, 0, 0])))
    assert total(run.hosts()[0]) == exact(4)


def test_paths_that_are_alike_once_scrubbed_are_two_instances(run, instance, result, error):
    one, other = "/etc/a@example.com", "/etc/b@example.com"
    run.add("mx1", "task", result(instance([4] * 6, None, one), instance([5] * 6, None, other)))
    lost = result(instance([4] * 6, None, one), errors=[error("timeout", other)], lost=True)
    run.add("mx2", "task", lost, failed=True)
    mx1, mx2 = run.hosts()
    assert (total(mx1), total(mx2)) == (exact(54), Number(24, 1))


def test_does_not_take_one_instance_for_the_host(run, instance, result, error):
    run.add(
        "mx1",
        "task",
        result(instance([0, 0, 0, 4, 0, 0]), errors=[error("timeout", "/etc/out")], lost=True),
        failed=True,
    )
    (host,) = run.hosts()
    assert (host.state, total(host)) == ("partial", Number(4, 1))
    assert [(row.label, row.state) for row in host.instances] == [
        ("/etc/postfix", "ok"),
        ("/etc/out", "failed"),
    ]
    assert errors([host]) == [("mx1", "timeout", "the queue could not be listed")]


def test_keeps_the_numbers_of_a_host_beyond_a_limit(run, instance, result, error):
    beyond = error("limit_exceeded", "/etc/postfix", "limits: the count of deferred is 4, above 3")
    run.add("mx1", "task", result(instance([0, 0, 0, 4, 0, 0]), errors=[beyond]), failed=True)
    (host,) = run.hosts()
    assert (host.state, total(host)) == ("over_limit", exact(4))


@pytest.mark.parametrize("running,state", [(True, "ok"), (None, "ok"), (False, "stopped")])
def test_a_stopped_postfix_is_a_problem(run, instance, result, running, state):
    returned = result(instance([0] * 6, running=running))
    returned["warnings"] = ["Postfix is not running (/etc/postfix): start it"]
    run.add("mx1", "task", returned)
    (host,) = run.hosts()
    assert (host.state, total(host)) == (state, exact(0))
    # One that is stopped is said once.
    assert len(host.errors) + len(host.warnings) == 1


@pytest.mark.parametrize("kind", ["mail_system_down", "not_running"])
def test_a_stopped_postfix_that_cannot_be_counted_is_stopped_too(run, result, error, kind):
    run.add("mx1", "task", result(errors=[error(kind, "/etc/postfix")]), failed=True)
    (host,) = run.hosts()
    assert (host.state, total(host)) == ("stopped", UNKNOWN)
    assert [found.kind for found in host.errors] == [kind]


def test_has_no_numbers_of_a_host_that_failed(run, result, error):
    run.add("mx1", "task", result(errors=[error("not_installed")]), failed=True)
    run.add("mx2", "task", {"failed": True, "msg": "MODULE FAILURE"}, failed=True)
    run.add("mx3", "task", {"unreachable": True, "msg": "no route"})
    run.add("mx4", "task", {"censored": "hidden"})
    run.add("mx4", "task", {"censored": "hidden"})
    hosts = run.hosts()
    assert [total(host) for host in hosts] == [UNKNOWN] * 4
    assert [host.state for host in hosts] == ["failed", "failed", "unreachable", "failed"]
    assert errors(hosts) == [
        ("mx1", "not_installed", "the queue could not be listed"),
        ("mx2", "module_failed", "MODULE FAILURE"),
        ("mx3", "unreachable", "no route"),
        ("mx4", "no_log", "no_log hides the result"),
    ]


def test_the_last_task_counts(run, instance, result, error):
    run.add("mx1", "first", result(errors=[error("timeout")]), failed=True)
    run.add("mx1", "second", result(instance([0, 0, 0, 4, 0, 0])))
    (host,) = run.hosts()
    assert (total(host), host.errors) == (exact(4), [])


def test_all_items_of_a_loop_count(run, instance, result, error):
    deferred, held = instance([0, 0, 0, 4, 0, 0]), instance([0, 0, 0, 4, 7, 0])
    deferred["counts"], held["counts"] = {"deferred": 4}, {"hold": 7}
    run.add("mx1", "task", result(deferred))
    run.add("mx1", "task", result(held))
    run.add("mx1", "task", result(errors=[error("timeout", "/etc/out")]), failed=True)
    (host,) = run.hosts()
    found = sums(host.instances, ["deferred", "hold"])
    assert found.counts == {"deferred": Number(4, 1), "hold": Number(7, 1)}
    assert found.total == Number(11, 1)
    assert [error.kind for error in host.errors] == ["timeout"]


def test_lacks_the_hosts_that_were_lost_before_they_could_be_counted(run, instance, result):
    lost = {"unreachable": True, "msg": "no route"}
    run.lose("web1", lost)
    run.start_play()
    run.lose("mx2", lost)
    run.add("mx1", "task", result(instance([0, 0, 0, 4, 0, 0])))
    run.start_play()
    run.lose("mx1", lost)
    hosts = run.hosts()
    assert [(host.name, host.state) for host in hosts] == [("mx1", "ok"), ("mx2", "unreachable")]
    assert errors(hosts) == [("mx2", "unreachable", "no route")]


@pytest.mark.parametrize(
    "counts,ages,oldest",
    [
        ([1, 0, 0, 4, 0, 0], [9, None, None, 70, None, None], exact(70)),
        ([0] * 6, [None] * 6, NOTHING),
        ([0, 0, 0, 4, 0, 2], [None, None, None, 70, None, None], Number(70, 1)),
        ([0, 0, 0, 4, 0, 0], None, UNKNOWN),
    ],
)
def test_the_oldest(run, instance, result, counts, ages, oldest):
    run.add("mx1", "task", result(instance(counts, ages=ages)))
    assert run.hosts()[0].instances[0].oldest == oldest


def test_the_oldest_is_unknown_where_a_queue_was_not_looked_into(run, instance, result):
    facts = instance([0, 0, 0, 4, 0, 2], ages=[None, None, None, 70, None, None])
    facts["queues"]["corrupt"] = None
    run.add("mx1", "task", result(facts))
    assert run.hosts()[0].instances[0].oldest == Number(70, 1)


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
        {"warnings": 3},
        ["no", "dictionary"],
        {"failed": True, "msg": nested(100000)},
    ],
    ids=lambda returned: str(list(returned)),
)
def test_survives_what_no_module_returns(run, instance, result, returned):
    run.add("mx1", "task", returned)
    run.add("mx2", "task", result(instance([0, 0, 0, 4, 0, 0])))
    mx1, mx2 = run.hosts()
    assert (mx1.state, total(mx1), total(mx2)) == ("failed", UNKNOWN, exact(4))
    assert [error.kind for error in mx1.errors] == ["unparsed_result"]


def test_survives_names_that_are_none(run, instance, result):
    run.add(
        "mx1", "task", result(instance([0, 0, 0, 4, 0, 0]) | {"name": {}, "queue_directory": []})
    )
    assert total(run.hosts()[0]) == exact(4)


def test_no_host_fills_the_report(run, instance, error, result):
    many = [instance([0] * 6, config_directory=f"/etc/{number}") for number in range(1001)]
    run.add("mx1", "task", result(*many))
    run.add("mx2", "task", result(errors=[error("timeout", f"/etc/{n}") for n in range(5001)]))
    run.add("mx3", "task", result(instance([1] * 6)) | {"warnings": [str(n) for n in range(102)]})
    mx1, mx2, mx3 = run.hosts()
    assert [one.message for one in mx1.errors + mx2.errors] == [
        "the result is not understood: ValueError: it has 1,001 instances",
        "the result is not understood: ValueError: it has 5,001 errors",
    ]
    assert (len(mx3.warnings), mx3.warnings[-1]) == (101, "2 more warnings")


@pytest.mark.parametrize("count", [-1, "4", True, 4.5, float("nan"), 10**30, [4]])
def test_refuses_a_count_that_is_none(run, instance, result, count):
    returned = result(instance([0] * 6))
    returned["ansible_facts"]["postfix_queue"]["instances"][0]["counts"]["deferred"] = count
    run.add("mx1", "task", returned)
    (host,) = run.hosts()
    assert (total(host), [error.kind for error in host.errors]) == (UNKNOWN, ["unparsed_result"])

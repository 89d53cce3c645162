# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the results of a host mean, one by one and together."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import (
    Entry,
    Error,
    Instance,
    Queue,
    Ranking,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import (
    NOTHING,
    UNKNOWN,
    Number,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import (
    HINTS,
    Reading,
    combine,
    combine_calls,
    read,
)

HOSTILE = "mail\x1b a@example.com"
SHOWN = r"mail\x1b <address>"
EMPTY = Queue(Number(0, 0), Number(0, 0), NOTHING, None, ())


def uncounted(*errors, directory=None):
    return Instance(
        (directory, None), None, directory, None, None, None, None, {}, {}, False, list(errors)
    )


def only_error(result, failed=False):
    """The error of a result in which nothing was counted."""
    (instance,), warnings = read(result, failed)
    (found,) = instance.errors
    assert (instance, warnings) == (uncounted(found), [])
    return found


def facts(**changed):
    return {
        "name": "out",
        "config_directory": "/etc/out",
        "queue_directory": "/var/spool/out",
        "running": True,
        "running_why": None,
        "method": "postqueue",
        "counts": {"active": 0, "deferred": 3},
        **changed,
    }


def answer(*instances, **more):
    return {"ansible_facts": {"postfix_queue": {"instances": list(instances)}}, **more}


def test_all_of_an_instance_is_read():
    returned = facts(
        name=HOSTILE,
        config_directory="/etc/" + HOSTILE,
        queue_directory="/q/" + HOSTILE,
        running=None,
        running_why=HOSTILE,
        method=HOSTILE,
        counts={"deferred": 3, "hold": None, "active": 0, "bounce": 7},
        queues={
            "deferred": {
                "size": 100,
                "oldest_age": 60,
                "oldest_arrival": HOSTILE,
                "ages": [{"under": 300, "count": 3}, {"under": None, "count": 0}],
            },
            "hold": None,
        },
        senders=[{"domain": None, "count": 2}],
        senders_other=1,
        reasons=[{"reason": HOSTILE, "count": 3, "status": HOSTILE, "bounced": 1}],
        reasons_other=0,
        details_approximate=1,
    )
    (instance,), warnings = read(answer(returned, warnings=[HOSTILE]))
    assert warnings == [SHOWN]
    assert instance == Instance(
        key=("/etc/" + HOSTILE, "/q/" + HOSTILE),
        name=SHOWN,
        config_directory=r"/etc/mail\x1b <address>",
        queue_directory=r"/q/mail\x1b <address>",
        method=SHOWN,
        running=None,
        running_why=SHOWN,
        queues={
            "active": EMPTY,
            "deferred": Queue(
                Number(3, 0), Number(100, 0), Number(60, 0), SHOWN, ((300, 3), (None, 0))
            ),
            "hold": Queue(UNKNOWN, UNKNOWN, UNKNOWN, None, None),
        },
        rankings={
            "senders": Ranking((Entry(None, 2, None, False),), 1),
            "reasons": Ranking((Entry(SHOWN, 3, SHOWN, True),), 0),
        },
        approximate=True,
        errors=[],
    )
    assert list(instance.queues) == ["active", "deferred", "hold"]
    assert instance.approximate is True


def test_what_is_left_out_is_unknown():
    returned = facts()
    del returned["running"], returned["running_why"]
    (instance,), dummy = read(answer(returned))
    assert (instance.running, instance.running_why, instance.approximate) == (None, None, False)
    assert instance.queues == {
        "active": EMPTY,
        "deferred": Queue(Number(3, 0), UNKNOWN, UNKNOWN, None, None),
    }
    assert instance.rankings == {}


def test_an_empty_queue_into_which_somebody_looked():
    details = {"size": 5, "oldest_age": 7, "ages": [{"under": None, "count": 0}]}
    (instance,), dummy = read(answer(facts(counts={"hold": 0}, queues={"hold": details})))
    assert instance.queues["hold"] == Queue(
        Number(0, 0), Number(5, 0), Number(7, 0), None, ((None, 0),)
    )


ERROR = {
    "kind": HOSTILE,
    "message": "two\n  lines " + HOSTILE,
    "hint": HOSTILE,
    "command": HOSTILE,
    "rc": 3,
    "stderr": HOSTILE + "\nmore",
    "config_directory": "/etc/" + HOSTILE,
}


def test_all_of_an_error_is_read():
    (instance,), dummy = read({"errors": [ERROR], "failed": True, "msg": "it failed"})
    assert instance.key == ("/etc/" + HOSTILE, None)
    assert instance.config_directory == "/etc/" + SHOWN
    assert instance.errors == [
        Error(SHOWN, "two lines " + SHOWN, SHOWN, SHOWN, 3, SHOWN + "\nmore", "/etc/" + SHOWN)
    ]


def test_an_error_may_lack_all_but_kind_and_message():
    assert only_error({"errors": [{"kind": "timeout", "message": "late"}]}) == Error(
        "timeout", "late", "", None, None, "", None
    )


@pytest.mark.parametrize(
    ("code", "read_as"),
    [(0, 0), (-9, -9), (2**63 - 1, 2**63 - 1), (2**63, None), (-(2**63), None), ("1", None)],
)
def test_exit_codes(code, read_as):
    error = {"kind": "timeout", "message": "late", "rc": code}
    assert only_error({"errors": [error]}).rc == read_as


def test_a_long_stderr_loses_its_middle():
    error = {"kind": "timeout", "message": "late", "stderr": "x" * 2000}
    assert only_error({"errors": [error]}).stderr == "x" * 2000
    long = only_error({"errors": [dict(error, stderr="x" * 2001)]}).stderr
    assert " more characters) ... " in long
    stderr = "a\n" + "x" * 1998
    assert only_error({"failed": True, "module_stderr": stderr}).stderr == stderr
    longer = only_error({"failed": True, "module_stderr": stderr + "x"}).stderr
    assert " more characters) ... " in longer


@pytest.mark.parametrize(
    ("result", "failed", "kind", "message"),
    [
        ({}, False, "not_gathered", "the host has no result"),
        ({"changed": False}, False, "not_gathered", "the host has no result"),
        ({"censored": "x", "unreachable": True}, False, "no_log", "no_log hides the result"),
        ({"unreachable": True}, False, "unreachable", "the host does not answer"),
        ({"unreachable": True, "msg": "no\nroute"}, True, "unreachable", "no route"),
        ({}, True, "module_failed", "the module failed without a message"),
        ({"failed": True}, False, "module_failed", "the module failed without a message"),
        ({"msg": "Task failed: Module failed: b"}, True, "module_failed", "b"),
        (
            {"msg": "Task failed: b Task failed: c"},
            True,
            "module_failed",
            "b Task failed: c",
        ),
        ([], False, "unparsed_result", None),
    ],
)
def test_a_result_without_facts_has_a_cause(result, failed, kind, message):
    error = only_error(result, failed)
    assert error.kind == kind
    assert error.message == message or message is None
    assert error.hint == HINTS[kind]
    assert (error.command, error.rc, error.stderr, error.config_directory) == (None, None, "", None)


def test_what_a_module_that_failed_leaves():
    error = only_error({"failed": True, "rc": 5, "module_stderr": HOSTILE, "msg": "it failed"})
    assert (error.rc, error.stderr) == (5, SHOWN)


def test_an_unreachable_host_that_has_errors_is_unreachable_too():
    instances, dummy = read({"unreachable": True, "errors": [{"kind": "timeout", "message": "b"}]})
    assert [error.kind for one in instances for error in one.errors] == ["timeout", "unreachable"]


def test_a_failure_beside_facts_is_an_error_of_the_host():
    instances, dummy = read(answer(facts()), True)
    assert [[error.kind for error in one.errors] for one in instances] == [[], ["module_failed"]]


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (answer(), "ValueError: it has no instances"),
        (answer(facts(counts={})), "ValueError: an instance has no counts"),
        (answer(facts(counts={"bounce": 1})), "ValueError: an instance has no counts"),
        (answer(facts(running="x" * 90)), f"ValueError: running is {'x' * 90!r:.50}"),
        (answer(facts(counts={"hold": "x" * 90})), f"ValueError: a number is {'x' * 90!r:.50}"),
        (answer(facts(counts={"hold": True})), "ValueError: a number is True"),
        (answer(facts(counts={"hold": -1})), "ValueError: a number is -1"),
        (answer(facts(counts={"hold": 2**63})), f"ValueError: a number is {2**63}"),
        (
            answer(facts(queues={"deferred": {"ages": [{"under": "x" * 90, "count": 1}]}})),
            f"ValueError: an age group ends at {'x' * 90!r:.50}",
        ),
        (
            answer(facts(queues={"deferred": {"ages": [{"under": 300, "count": None}]}})),
            "ValueError: a number is None",
        ),
        (answer(facts(senders=[], senders_other=-1)), "ValueError: a number is -1"),
        (answer(facts(senders=[])), "KeyError: 'senders_other'"),
        (["list"], "AttributeError: 'list' object has no attribute 'get'"),
    ],
)
def test_what_is_not_understood_is_an_error_that_says_why(result, why):
    error = only_error(result)
    assert (error.kind, error.message) == (
        "unparsed_result",
        f"the result is not understood: {why}",
    )


def test_the_largest_numbers():
    counts = {"hold": 2**63 - 1}
    (instance,), dummy = read(answer(facts(counts=counts)))
    assert instance.queues["hold"].messages == Number(2**63 - 1, 0)


def test_as_much_as_a_host_may_have():
    many = [facts(config_directory=f"/etc/{number}") for number in range(1000)]
    errors = [
        {"kind": "timeout", "message": "b", "config_directory": f"/e/{number}"}
        for number in range(5000)
    ]
    warnings = [f"{number}" for number in range(100)]
    reading = read(answer(*many, errors=errors, warnings=warnings))
    assert (len(reading.instances), reading.warnings) == (6000, warnings)
    assert read(answer(facts(), warnings=[*warnings, "x"])).warnings == [
        *warnings,
        "1 more warnings",
    ]
    # A thousand more are said as people write numbers.
    assert read(answer(facts(), warnings=["x"] * 1100)).warnings[-1] == "1,000 more warnings"


def timeout(directory=None, message="late"):
    return {"kind": "timeout", "message": message, "config_directory": directory}


def test_errors_stand_at_their_instances():
    reading = read(
        answer(
            facts(),
            facts(config_directory="/etc/in"),
            errors=[
                timeout("/etc/in"),
                timeout("/etc/gone"),
                timeout(),
                timeout("/etc/in", "again"),
            ],
            failed=True,
        )
    )
    assert [(one.key, [error.message for error in one.errors]) for one in reading.instances] == [
        (("/etc/out", "/var/spool/out"), []),
        (("/etc/in", "/var/spool/out"), ["late", "again"]),
        (("/etc/gone", None), ["late"]),
        ((None, None), ["late"]),
    ]


NOT_RUNNING = "Postfix is not running (/etc/out): start it"


def test_a_postfix_that_does_not_run_is_an_error_of_its_instance():
    (instance,), warnings = read(
        answer(facts(running=False), errors=[timeout("/etc/out")], warnings=["a", NOT_RUNNING, "b"])
    )
    assert warnings == ["a", "b"]
    assert instance.errors[0] == Error(
        "not_running",
        "Postfix is not running",
        KINDS["not_running"],
        config_directory="/etc/out",
    )
    assert [error.kind for error in instance.errors] == ["not_running", "timeout"]


@pytest.mark.parametrize("kind", ["not_running", "mail_system_down"])
def test_a_postfix_that_does_not_run_is_said_once(kind):
    error = {"kind": kind, "message": "b", "config_directory": "/etc/out"}
    (instance,), dummy = read(answer(facts(running=False), errors=[error]))
    assert [error.kind for error in instance.errors] == [kind]


def test_a_warning_of_a_postfix_that_may_run_stays():
    assert read(answer(facts(running=None), warnings=[NOT_RUNNING])).warnings == [NOT_RUNNING]


def test_the_first_of_two_equal_instances_counts():
    (instance,), dummy = read(answer(facts(), facts(counts={"hold": 9})))
    assert list(instance.queues) == ["active", "deferred"]


def combined(*results):
    return combine("mx1", map(read, results))


def test_readings_of_one_instance_complete_each_other():
    first = facts(
        running=None,
        running_why="unreadable",
        counts={"deferred": None, "hold": 2},
        senders=[],
        senders_other=1,
        details_approximate=True,
    )
    second = facts(
        running=False,
        running_why="no master",
        counts={"active": 1, "deferred": 5, "hold": 7},
        senders=[],
        senders_other=8,
        recipients=[],
        recipients_other=4,
    )
    errors = [timeout("/etc/out")]
    host = combined(
        answer(first, errors=errors, warnings=["a", "b"]),
        answer(second, errors=errors, warnings=["b", "c"]),
    )
    (instance,) = host.instances
    assert (host.name, host.warnings) == ("mx1", ["a", "b", "c"])
    assert [(name, queue.messages.known) for name, queue in instance.queues.items()] == [
        ("active", 1),
        ("deferred", 5),
        ("hold", 2),
    ]
    assert (instance.running, instance.running_why) == (False, "no master")
    assert {name: table.other for name, table in instance.rankings.items()} == {
        "recipients": 4,
        "senders": 1,
    }
    assert instance.approximate is True
    assert [error.kind for error in instance.errors] == ["timeout", "not_running"]


def test_what_is_known_first_stays():
    (instance,) = combined(
        answer(facts(running_why="it answers")), answer(facts(running=False, running_why="no"))
    ).instances
    assert (instance.running, instance.running_why, instance.approximate) == (
        True,
        "it answers",
        False,
    )


def test_what_only_the_second_is_not_sure_of_is_not_sure():
    (instance,) = combined(answer(facts()), answer(facts(details_approximate=True))).instances
    assert instance.approximate is True


@pytest.mark.parametrize("order", [1, -1])
def test_an_instance_that_one_call_could_not_count_is_counted_by_another(order):
    calls = [
        {"errors": [timeout("/etc/out"), timeout("/etc/gone"), timeout()]},
        answer(facts()),
    ][::order]
    host = combined(*calls)
    assert sorted(
        (str(one.key[0]), bool(one.queues), [error.kind for error in one.errors])
        for one in host.instances
    ) == [
        ("/etc/gone", False, ["timeout"]),
        ("/etc/out", True, ["timeout"]),
        ("None", False, ["timeout"]),
    ]


def test_an_instance_without_a_directory_is_none_of_those_without():
    """What the host says of itself is not what it says of one instance."""
    nameless = facts(config_directory=None)
    host = combined(answer(nameless), {"errors": [timeout()]})
    assert [(bool(one.queues), len(one.errors)) for one in host.instances] == [
        (True, 0),
        (False, 1),
    ]


def test_a_name_is_shown_as_it_is():
    assert combine("mx\x1b", [Reading([], [])]).name == r"mx\x1b"


def test_a_later_call_counts_what_an_earlier_one_could_not():
    first = {"errors": [timeout("/etc/out")], "warnings": ["a"]}
    down = {"kind": "mail_system_down", "message": "down", "config_directory": "/etc/out"}
    later = answer(
        facts(), errors=[timeout("/etc/out", "later"), down, timeout("/etc/gone")], warnings=["b"]
    )
    host = combine_calls("mx1", [{}, {"skipped": True}, first, later])
    (instance,) = host.instances
    assert instance.queues["deferred"].messages == Number(3, 0)
    assert [error.message for error in instance.errors] == ["down", "late"]
    assert (host.name, host.warnings) == ("mx1", ["a"])


def test_errors_of_the_first_call_stay():
    host = combine_calls("mx1", [answer(facts(), errors=[timeout("/etc/out")], warnings=["a"])])
    assert ([error.kind for error in host.errors], host.warnings) == (["timeout"], ["a"])


@pytest.mark.parametrize("results", [[], [{}], [{"skipped": True}, {}]])
def test_calls_without_a_result(results):
    (error,) = combine_calls("mx1", results).errors
    assert error.kind == "not_gathered"


def test_a_call_that_is_no_result_is_not_left_out():
    kinds = [error.kind for error in combine_calls("mx1", [[], answer(facts())]).errors]
    assert kinds == ["unparsed_result"]
    assert combine_calls("mx1", [{"skipped": False, **answer(facts())}]).errors == []


def test_every_queue_is_read():
    counts = {queue: number for number, queue in enumerate(reversed(QUEUES), 1)}
    (instance,), dummy = read(answer(facts(counts=counts)))
    assert [queue.messages.known for queue in instance.queues.values()] == [6, 5, 4, 3, 2, 1]

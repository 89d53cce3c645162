# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of postfix_queue, as the module returns them, for the tests of table and report."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES, total

DAY = 86400


def instance(counts, name="-", config_directory="/etc/postfix", ages=None, running=True):
    """counts, ages (of the oldest message): in the order of QUEUES."""
    facts = {
        "name": name,
        "config_directory": config_directory,
        "queue_directory": config_directory.replace("/etc", "/var/spool", 1),
        "running": running,
        "running_why": None,
        "method": "find",
        "total": total(counts),
        "counts": dict(zip(QUEUES, counts)),
    }
    return (
        dict(facts, queues={queue: {"oldest_age": age} for queue, age in zip(QUEUES, ages)})
        if ages
        else facts
    )


def error(kind, config_directory=None, message="the queue could not be listed"):
    return {
        "kind": kind,
        "message": message,
        "hint": "Fix it.",
        "command": None,
        "rc": None,
        "stderr": "",
        "config_directory": config_directory,
    }


def result(*instances, errors=(), lost=False):
    """lost: whether an instance could not be counted."""
    returned = (
        {"errors": list(errors), "msg": "it failed", "failed": True}
        if errors
        else {"changed": False}
    )
    if instances:
        counts = {
            queue: None if lost else total([facts["counts"][queue] for facts in instances])
            for queue in instances[0]["counts"]
        }
        returned["ansible_facts"] = {
            "postfix_queue": {
                "total": total(counts.values()),
                "counts": counts,
                "instances": list(instances),
            }
        }
    return returned


def fleet_of(number):
    """A list of (host, event, result) of so many hosts."""
    if number == 1:
        return [("mx1", "ok", result(instance([1, 2, 2, 3, 1, 1])))]
    if number == 3:
        slow = [None, None, 30, 4 * DAY + 6 * 3600, 600, None]
        out = instance(
            [0, 0, 2, 1240, 3, None],
            "postfix-out",
            "/etc/postfix-out",
            [None, None, 59, 4711, 4800, None],
        )
        down = error("mail_system_down", "/etc/postfix-in")
        return [
            ("mx1.example.com", "ok", result(instance([0, 0, 1, 12, 1, 0], ages=slow))),
            (
                "mx2.example.com",
                "failed",
                result(
                    instance([1, 2, 0, 7, 0, 1], ages=[5, 6, None, 61, None, 7]),
                    out,
                    errors=[down],
                    lost=True,
                ),
            ),
            (
                "mx3.example.com",
                "unreachable",
                {
                    "unreachable": True,
                    "msg": "Task failed: Failed to connect to the host via ssh:\nssh: No route\r\n",
                },
            ),
        ]
    fleet = []
    for position in range(number):
        if position % 100 == 17:
            fleet.append(("unreachable", {"unreachable": True, "msg": "Connection timed out"}))
        elif position % 250 == 3:
            fleet.append(("failed", result(errors=[error("not_authorized", "/etc/postfix")])))
        else:
            fleet.append(
                (
                    "ok",
                    result(
                        instance(
                            [
                                0,
                                position % 3,
                                position % 5,
                                position**2 // 97 if position % 7 == 0 else 0,
                                0,
                                0,
                            ]
                        )
                    ),
                )
            )
    return [
        (f"mx{int(position):04}.dc{position % 3 + 1}.example.com", *event)
        for position, event in enumerate(fleet)
    ]


@pytest.fixture(name="instance")
def instance_fixture():
    return instance


@pytest.fixture(name="error")
def error_fixture():
    return error


@pytest.fixture(name="result")
def result_fixture():
    return result


@pytest.fixture(name="fleet_of")
def fleet_of_fixture():
    return fleet_of


@pytest.fixture
def expected(sample):
    """The table of fleet_of(number), lines of text."""
    return lambda number, room, form: sample(f"queue_table/{number}_{room}_{form}.txt").splitlines()

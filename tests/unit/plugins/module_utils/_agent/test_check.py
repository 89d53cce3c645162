# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pwd

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._agent.check import (
    run_check,
    user_to_take_on,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

COMMAND = "datadog-agent check postfix --json"
METRIC = {
    "metric": "postfix.queue.size",
    "points": [[1795349344, 7]],
    "tags": ["queue:active"],
    "type": "gauge",
}


def printed(error=""):
    return (
        json.dumps(
            [
                {
                    "aggregator": {"metrics": [METRIC]},
                    "runner": {"LastError": error, "LastWarnings": ["slow"], "TotalErrors": 0},
                }
            ]
        )
        + "\n"
    )


def run(recording, stdout, rc=0, stderr=""):
    return run_check(recording({COMMAND: (stdout, rc, stderr)}), "datadog-agent", "postfix")


def test_result(recording):
    metrics, warnings, errors = run(recording, "a line of text\n" + printed())
    assert metrics == [
        {"name": "postfix.queue.size", "value": 7.0, "tags": ["queue:active"], "type": "gauge"}
    ]
    assert (warnings, errors) == (["slow"], [])


def test_error_behind_exit_code_0(recording):
    metrics, warnings, errors = run(recording, printed('[{"message": "no sudo"}]'), 0, "said\n")
    assert len(metrics) == 1
    assert [error.as_dict() for error in errors] == [
        {
            "kind": "check_failed",
            "message": "the check postfix reports: no sudo",
            "hint": errors[0].hint,
            "command": COMMAND,
            "rc": 0,
            "stderr": "said",
        }
    ]


def test_exit_code_with_a_result(recording):
    metrics, warnings, errors = run(recording, "out\n" + printed("bad"), 1, "err\n")
    assert len(metrics) == 1
    assert [(error.kind, error.rc) for error in errors] == [
        ("check_failed", 1),
        ("command_failed", 1),
    ]
    assert errors[1].message == "the Agent ended with exit code 1: out / err"


def test_configuration_that_the_agent_does_not_load(recording):
    stdout = "\nError: invalid config for postfix: yaml: line 3: did not find expected key\n"
    metrics, warnings, errors = run(
        recording, stdout, 255, "1\n2\n3\n4\n5\nError: no valid check found\n"
    )
    assert metrics == []
    assert [(error.kind, error.rc) for error in errors] == [("command_failed", 255)]
    assert errors[0].message.endswith(
        "255: Error: invalid config for postfix: yaml: line 3: did not find expected key / Error:"
        " no valid check found"
    )


@pytest.mark.parametrize(
    "stdout, said", [("", ", and printed nothing"), ("1\n2\n3\n4\n5\n6\n\n", ": 2 / 3 / 4 / 5 / 6")]
)
def test_no_result(recording, stdout, said):
    metrics, warnings, errors = run(recording, stdout)
    assert [(error.kind, error.rc) for error in errors] == [("unparsed_check", 0)]
    assert errors[0].message.endswith(said)


@pytest.mark.parametrize(
    "stderr",
    [
        (
            "Error: unable to read authentication token file: open /etc/datadog-agent/auth_token:"
            " no such file or directory\n"
        ),
        (
            "Error: unable to load the IPC cert: open /etc/datadog-agent/ipc_cert.pem: no such file"
            " or directory\n"
        ),
        "Error: the Agent is still starting\n",
    ],
)
def test_agent_that_has_not_started_yet(recording, stderr):
    metrics, warnings, errors = run(recording, "", 255, stderr)
    assert [(error.kind, error.rc) for error in errors] == [("agent_starting", 255)]
    assert stderr.strip() in errors[0].message
    errors = run(
        recording, "", 255, stderr.replace("no such file or directory", "permission denied")
    )[2]
    assert [error.kind for error in errors] == [
        "command_failed" if "no such" in stderr else "agent_starting"
    ]


class Refusing:
    def __init__(self, kind):
        self.kind = kind

    def run(self, argv):
        raise HostError(self.kind, "datadog-agent was not found", command=argv)


@pytest.mark.parametrize(
    "kind, raised",
    [
        ("not_installed", "agent_not_installed"),
        ("timeout", "timeout"),
        ("command_failed", "unparsed_check"),
    ],
)
def test_agent_that_does_not_run(kind, raised):
    with pytest.raises(HostError) as caught:
        run_check(Refusing(kind), "datadog-agent", "postfix")
    assert caught.value.kind == raised
    assert caught.value.command == COMMAND.split()
    assert raised != "agent_not_installed" or "binary" in caught.value.hint


def test_path_that_leads_nowhere():
    with pytest.raises(HostError) as caught:
        run_check(Refusing("not_installed"), "/opt/absent", "postfix")
    assert (caught.value.kind, caught.value.message) == (
        "agent_not_installed",
        "there is no program /opt/absent",
    )


@pytest.fixture
def users(monkeypatch):
    """The user agent has uid 950; returns a function that sets who runs the task."""
    known = {"agent": 950, "root": 0, "toor": 0}
    monkeypatch.setattr(
        pwd,
        "getpwnam",
        lambda name: pwd.struct_passwd((name, "x", known[name], 1, "", "/", "/bin/sh")),
    )
    return lambda uid: monkeypatch.setattr(os, "geteuid", lambda: uid)


def test_who_runs_the_check(users):
    users(0)
    assert user_to_take_on("agent") == "agent"
    users(950)
    assert user_to_take_on("agent") is None


@pytest.mark.parametrize(
    "caller, name, said",
    [
        (0, "root", "proves nothing"),
        (0, "toor", "proves nothing"),
        (0, "nobody-here", "not a user on this host"),
        (1500, "agent", "uid 1500"),
    ],
)
def test_who_may_not(users, caller, name, said):
    users(caller)
    with pytest.raises(HostError) as caught:
        user_to_take_on(name)
    assert caught.value.kind == "bad_argument"
    assert caught.value.message.startswith(f"user: {name!r} is ")
    assert said in caught.value.message

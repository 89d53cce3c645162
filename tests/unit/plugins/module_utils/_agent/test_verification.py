# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._agent import verification
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

INSTANCE = {
    "config_directory": "/etc/postfix",
    "queue_directory": "/var/spool/postfix",
    "mail_owner": "postfix",
    "instance_tag": "postfix",
    "reported": ["active", "deferred"],
}
STEPS = {
    "config": {"path": "/etc/datadog-agent/conf.d/postfix.d/conf.yaml"},
    "sudo": {},
    "mailq": {},
    "log": {},
}
PLAN = {
    "method": "find",
    "instances": [INSTANCE],
    "logs": {"paths": ["/var/log/mail.log"], "journal": False},
    "agent": {
        "user": "dd-agent",
        "binary": "datadog-agent",
        "config_directory": "/etc/datadog-agent",
        "service": "datadog-agent.service",
    },
    "restart": {"wanted": True, "due": []},
    "steps": STEPS,
}
PROCESS = {
    "user": "dd-agent",
    "may_sudo": True,
    "no_new_privs": False,
    "own_mounts": False,
    "open_files": ["/var/log/mail.log"],
    "reads_journal": False,
}
AGENT = {"service": {"experiment": False}, "process": PROCESS, "restart_due": []}


def metrics(**sizes):
    return [
        {
            "name": "postfix.queue.size",
            "value": float(size),
            "tags": ["queue:" + queue, "instance:postfix", "env:x"],
        }
        for queue, size in sizes.items()
    ]


@pytest.fixture
def host(monkeypatch):
    """A host that is as planned, which a test changes: what each step would change, the Agent,
    counts before and after, and what the check says."""
    said = {
        "changes": {},
        "agent": AGENT,
        "counts": [{"active": 3, "deferred": 40}] * 20,
        "checks": [(metrics(active=3, deferred=40), [], [])] * 20,
        "logs": [{"path": "/var/log/mail.log", "readable": True, "why": None}],
    }

    def ensure(step):
        def answer(options, deadline, check_mode):
            assert check_mode
            if step == "log" and options.get("means") == "none":
                return {"changed": False, "logs": said["logs"], "diff": []}
            found = said["changes"].get(step)
            if isinstance(found, HostError):
                raise found
            return {"changed": found is not None, "diff": found or []}

        return answer

    monkeypatch.setattr(
        verification, "_ENSURE", {step: ensure(step) for step in verification._ENSURE}
    )
    monkeypatch.setattr(verification.access, "ensure", ensure("log"))
    monkeypatch.setattr(verification, "describe_agent", lambda *arguments: said["agent"])
    monkeypatch.setattr(
        verification, "_count", lambda plan, runner, deadline: [said["counts"].pop(0)]
    )
    monkeypatch.setattr(verification, "_counted", lambda plan, collector: [])
    monkeypatch.setattr(verification, "Runner", lambda deadline, run_as=None, mounts_of=None: None)
    monkeypatch.setattr(verification, "run_check", lambda *arguments: said["checks"].pop(0))
    monkeypatch.setattr(verification.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(verification, "_START", 0)
    return said


def prove(**changed):
    return verification.prove(dict(PLAN, **changed), Deadline(30))


def kinds(**changed):
    with pytest.raises(verification.Failures) as caught:
        prove(**changed)
    return [error.kind for error in caught.value.errors], " ".join(
        error.message for error in caught.value.errors
    )


def test_everything_is_proved(host):
    assert prove() == (
        (
            "1 instance, active 3=3 deferred 40=40, /var/log/mail.log readable and open in the"
            " Agent, Agent started after its configuration"
        ),
        [],
    )


@pytest.mark.parametrize(
    ("before", "after", "size", "right"),
    [(3, 5, 4, True), (5, 3, 4, True), (4, 4, 4, True), (3, 5, 6, False), (1, 1, 9999, False)],
)
def test_a_number_lies_between_the_counts(before, after, size, right):
    proved, faults = verification.judge(
        dict(PLAN, instances=[dict(INSTANCE, reported=["active"])]),
        metrics(active=size),
        [{"active": before}],
        [{"active": after}],
    )
    assert [fault.kind for fault in faults] == ([] if right else ["wrong_number"])
    assert right == proved.startswith("active 4")


def test_a_metric_of_another_instance_does_not_count():
    other = [dict(metric, tags=["queue:active", "instance:other"]) for metric in metrics(active=1)]
    dummy, (fault,) = verification.judge(
        dict(PLAN, instances=[dict(INSTANCE, reported=["active"])]),
        other,
        [{"active": 1}],
        [{"active": 1}],
    )
    assert "gives no postfix.queue.size for the queue active of /etc/postfix" in fault.message


def test_a_queue_that_moves_is_looked_at_again(host):
    host["checks"] = [
        (metrics(active=9, deferred=40), [], []),
        (metrics(active=3, deferred=40), [], []),
    ]
    assert "active 3=3" in prove()[0]


def test_a_wrong_number_is_found_in_three_rounds(host):
    host["checks"] = [(metrics(active=9, deferred=40), [], [])] * 3
    assert kinds() == (
        ["wrong_number"],
        "the check reports 9 for the queue active of /etc/postfix, which held 3",
    )


def diff(before, after, path="/etc/datadog-agent/conf.d/postfix.d/conf.yaml"):
    return [{"before_header": path, "after_header": path, "before": before, "after": after}]


def test_a_host_that_was_never_provisioned_is_told_so_first(host):
    host["changes"] = {"config": diff("", "a: 1\n"), "sudo": diff("", "rule\n", "/etc/sudoers.d/x")}
    assert kinds()[0] == ["not_provisioned"]


def test_each_step_that_is_not_as_planned_is_named_with_what_differs(host):
    host["changes"] = {
        "config": diff("a: 1\n", "a: 2\n"),
        "sudo": diff("rule\n", "other\n", "/etc/sudoers.d/x"),
    }
    found, message = kinds()
    assert found == ["not_as_planned"] * 2
    assert "-a: 1\n+a: 2" in message and "-rule\n+other" in message


def test_what_the_role_would_refuse_fails_first(host):
    host["changes"] = {
        "sudo": HostError("bad_policy", "zz sets requiretty"),
        "config": diff("a", "b"),
    }
    assert kinds()[0] == ["bad_policy"]


def test_a_missing_package_is_asked_for(host):
    host["changes"] = {"log": HostError("not_installed", "no setfacl"), "config": diff("", "a\n")}
    assert [list(found) for found in verification.compare(PLAN, Deadline(30))] == [
        ["config", "log"],
        ["acl"],
    ]


def test_a_log_that_cannot_be_read(host):
    host["logs"] = [{"path": "/var/log/mail.log", "readable": False, "why": "other::---"}]
    assert kinds() == (
        ["permission_denied"],
        "dd-agent cannot read /var/log/mail.log, so the Agent collects nothing: other::---",
    )


@pytest.mark.parametrize(
    ("agent", "kind", "said"),
    [
        ({"process": None}, "agent_not_running", "does not run"),
        ({"service": {"experiment": True}}, "agent_not_running", "datadog-agent-exp.service"),
        (
            {"process": dict(PROCESS, user="root")},
            "agent_restricted",
            "runs as root, not as dd-agent",
        ),
        (
            {"process": dict(PROCESS, may_sudo=False, no_new_privs=True)},
            "agent_restricted",
            "no_new_privs is set",
        ),
        (
            {"process": dict(PROCESS, may_sudo=False)},
            "agent_restricted",
            "its capabilities are bounded, or it has users of its own",
        ),
        (
            {"restart_due": ["lacks the group adm that its user has"]},
            "agent_outdated",
            "lacks the group adm",
        ),
        (
            {"process": dict(PROCESS, open_files=[])},
            "log_not_open",
            "does not hold /var/log/mail.log open",
        ),
    ],
)
def test_the_running_agent(host, agent, kind, said):
    host["agent"] = dict(AGENT, **agent)
    found, message = kinds()
    assert found == [kind] and said in message


def test_the_journal_is_open(host):
    host["logs"] = []
    logs = {"paths": [], "journal": True}
    assert kinds(logs=logs) == (
        ["log_not_open"],
        "the Agent does not hold the journal open, so it collects nothing from there",
    )
    host["agent"] = dict(AGENT, process=dict(PROCESS, reads_journal=True))
    assert "journal readable and open in the Agent" in prove(logs=logs)[0]


def test_sudo_does_not_matter_to_postqueue(host, monkeypatch):
    monkeypatch.setattr(verification, "_untrue", lambda *arguments: ["12 for 7"])
    host["agent"] = dict(AGENT, process=dict(PROCESS, may_sudo=False, no_new_privs=True))
    assert prove(method="postqueue")[1] == ["12 for 7"]


def test_a_restart_that_is_not_wanted_is_a_warning(host):
    host["agent"] = dict(AGENT, restart_due=["started before"])
    proved, warnings = prove(restart={"wanted": False})
    assert (
        proved == "1 instance, active 3=3 deferred 40=40"
        and "datadog_postfix_restart is false" in warnings[0]
    )


def test_an_agent_that_starts_gets_its_time(host, monkeypatch):
    monkeypatch.setattr(verification, "_START", 30)
    host["checks"].insert(0, ([], [], [HostError("agent_starting", "no auth_token")]))
    assert prove()[0].startswith("1 instance")


def test_a_check_that_fails(host):
    host["checks"] = [([], [], [HostError("check_failed", "the check postfix says: boom")])]
    assert kinds() == (["check_failed"], "the check postfix says: boom")

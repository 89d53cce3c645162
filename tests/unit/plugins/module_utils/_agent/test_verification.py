# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._agent import verification
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS, HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host

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
    """A host that is as planned, which a test changes: what each step would change, the Agent (of
    several answers, each is given once), counts before and after, and what the check says."""
    said = {
        "slept": [],
        "changes": {},
        "agent": AGENT,
        "counts": [{"active": 3, "deferred": 40}] * 20,
        "checks": [(metrics(active=3, deferred=40), [], [])] * 20,
        "logs": [{"path": "/var/log/mail.log", "readable": True, "why": None}],
    }

    def ensure(step):
        def answer(options, deadline, check_mode):
            assert check_mode and isinstance(deadline, Deadline)
            if step == "log" and options.get("means") == "none":
                assert options["user"] == "dd-agent"
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

    def runner(deadline, **identity):
        assert isinstance(deadline, Deadline)
        return identity

    def describe_agent(runner, host, agent):
        # root looks at the Agent.
        assert (runner, type(host), agent) == ({}, Host, PLAN["agent"])
        return said["agent"].pop(0) if isinstance(said["agent"], list) else said["agent"]

    def count(plan, runner, deadline):
        assert isinstance(deadline, Deadline)
        return [said["counts"].pop(0)]

    monkeypatch.setattr(verification, "describe_agent", describe_agent)
    monkeypatch.setattr(verification, "_count", count)
    monkeypatch.setattr(verification, "_counted", lambda plan, collector: [])
    monkeypatch.setattr(verification, "Runner", runner)
    monkeypatch.setattr(verification, "run_check", lambda *arguments: said["checks"].pop(0))
    monkeypatch.setattr(verification.time, "sleep", said["slept"].append)
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


def errors(**changed):
    with pytest.raises(verification.Failures) as caught:
        prove(**changed)
    return [(error.kind, error.message, error.hint) for error in caught.value.errors]


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
    other = diff("a", "b", "/etc/datadog-agent/datadog.yaml")
    host["changes"] = {
        "config": other + diff("", "a: 1\n"),
        "sudo": diff("", "rule\n", "/etc/sudoers.d/x"),
    }
    assert errors() == [
        (
            "not_provisioned",
            "this host was never provisioned: the check has no configuration",
            "Run the role, or 'ansible-playbook mailops.postfix.provision -e target=HOST'.",
        )
    ]


def test_another_file_that_is_empty_does_not_mean_that(host):
    host["changes"] = {"config": diff("", "a: 1\n", "/etc/datadog-agent/datadog.yaml")}
    assert kinds()[0] == ["not_as_planned"]


def test_each_step_that_is_not_as_planned_is_named_with_what_differs(host):
    path = "/etc/datadog-agent/conf.d/postfix.d/conf.yaml"
    host["changes"] = {
        "config": diff("a: 1\nb: 2\n", "a: 2\nb: 2\n") + diff("c\n", "", "/etc/y"),
        "sudo": diff("rule\n", "other\n", "/etc/sudoers.d/x")[0],
        "mailq": {"before": "no\n", "after": "yes\n"},
        "log": diff("".join(f"{number}\n" for number in range(30)), "", "/var/log/mail.log"),
    }
    shown = [
        f"--- {path}\n+++ planned\n-a: 1\n+a: 2\n--- /etc/y\n+++ planned\n-c",
        "--- /etc/sudoers.d/x\n+++ planned\n-rule\n+other",
        "--- present\n+++ planned\n-no\n+yes",
        "\n".join(["--- /var/log/mail.log", "+++ planned", *(f"-{n}" for n in range(18))]),
    ]
    whats = [
        "the check's configuration or log collection is not as the role sets it",
        "the sudoers file is not as the role writes it",
        "access to the queue is not as the role grants it",
        "access to the log is not as the role grants it",
    ]
    assert errors() == [
        ("not_as_planned", f"{what}:\n{lines}", KINDS["not_as_planned"])
        for what, lines in zip(whats, shown)
    ]


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
    host["changes"].pop("config")
    assert kinds() == (["not_as_planned"], "access to the log is not as the role grants it:")


def test_a_log_that_cannot_be_read(host):
    host["logs"] = [
        {"path": "/var/log/mail.log", "readable": False, "why": "other::---"},
        {"path": "/var/log/mail.err", "readable": True, "why": None},
        {"path": None, "readable": False, "why": "no group"},
    ]
    hint = (
        "Run the role again; with datadog_postfix_log_access=none, give the user access yourself."
    )
    assert errors() == [
        (
            "permission_denied",
            "dd-agent cannot read /var/log/mail.log, so the Agent collects nothing: other::---",
            hint,
        ),
        (
            "permission_denied",
            "dd-agent cannot read the journal, so the Agent collects nothing: no group",
            hint,
        ),
    ]


def test_without_a_log_no_access_is_looked_at(host):
    host["logs"] = [{"path": "/var/log/mail.log", "readable": False, "why": "other::---"}]
    assert prove(logs={"paths": [], "journal": False})[0] == (
        "1 instance, active 3=3 deferred 40=40, Agent started after its configuration"
    )


NO_SUDO = (
    "Remove NoNewPrivileges=, CapabilityBoundingSet=, PrivateUsers= and the like from the unit"
    " ('systemctl cat datadog-agent.service'), or use method=postqueue."
)


@pytest.mark.parametrize(
    ("agent", "kind", "message", "hint"),
    [
        (
            {"process": None},
            "agent_not_running",
            "the Agent is configured but does not run, so it reports nothing",
            KINDS["agent_not_running"],
        ),
        (
            {"process": None, "service": None},
            "agent_not_running",
            "the Agent is configured but does not run, so it reports nothing",
            KINDS["agent_not_running"],
        ),
        (
            {"service": {"experiment": True}},
            "agent_not_running",
            "a remotely managed experiment (datadog-agent-exp.service) runs in place of the Agent",
            "Wait until it ends, or stop it in Fleet Automation, then verify again.",
        ),
        (
            {"process": dict(PROCESS, user="root")},
            "agent_restricted",
            "the Agent runs as root, not as dd-agent",
            "Name that user in datadog_postfix_agent_user, or correct the unit.",
        ),
        (
            {"process": dict(PROCESS, may_sudo=False, no_new_privs=True)},
            "agent_restricted",
            "the running Agent may not use sudo (no_new_privs is set), so its check cannot count",
            NO_SUDO,
        ),
        (
            {"process": dict(PROCESS, may_sudo=False)},
            "agent_restricted",
            "the running Agent may not use sudo (its capabilities are bounded, or it has users of"
            " its own), so its check cannot count",
            NO_SUDO,
        ),
        (
            {"restart_due": ["lacks the group adm that its user has"]},
            "agent_outdated",
            "the running Agent is not up to date: lacks the group adm that its user has",
            KINDS["agent_outdated"],
        ),
        (
            {"process": dict(PROCESS, open_files=[])},
            "log_not_open",
            "the Agent does not hold /var/log/mail.log open, so it collects nothing from there",
            KINDS["log_not_open"],
        ),
        (
            {"process": dict(PROCESS, open_files=None)},
            "log_not_open",
            "the Agent does not hold /var/log/mail.log open, so it collects nothing from there",
            KINDS["log_not_open"],
        ),
    ],
)
def test_the_running_agent(host, agent, kind, message, hint):
    host["agent"] = dict(AGENT, **agent)
    assert errors() == [(kind, message, hint)]


def test_all_that_is_wrong_with_the_agent_is_named(host):
    process = dict(PROCESS, user="root", may_sudo=False)
    host["agent"] = dict(AGENT, process=process, restart_due=["one", "two"])
    assert kinds()[0] == ["agent_restricted"] * 2 + ["agent_outdated"] * 2


def test_a_restart_whose_need_is_unknown_is_none(host):
    host["agent"] = dict(AGENT, restart_due=None)
    assert "Agent started after its configuration" in prove()[0]


@pytest.mark.parametrize(("own_mounts", "mounts_of"), [(True, 7), (False, None)])
def test_the_check_sees_what_the_agent_sees(host, monkeypatch, own_mounts, mounts_of):
    runners = []

    def check(runner, *arguments):
        runners.append(runner)
        return host["checks"].pop(0)

    monkeypatch.setattr(verification, "run_check", check)
    host["agent"] = dict(AGENT, process=dict(PROCESS, pid=7, own_mounts=own_mounts))
    prove()
    assert runners == [{"run_as": "dd-agent", "mounts_of": mounts_of}]


def test_an_agent_that_opens_its_log_late(host, monkeypatch):
    monkeypatch.setattr(verification, "_START", 30)
    host["agent"] = [
        dict(AGENT, process=dict(PROCESS, open_files=[])),
        dict(AGENT, process=None),
        AGENT,
    ]
    assert "/var/log/mail.log readable and open in the Agent" in prove()[0]
    assert (host["agent"], host["slept"]) == ([], [1, 1])


def test_each_log_that_is_not_open_is_named(host):
    host["agent"] = dict(AGENT, process=dict(PROCESS, open_files=["/var/log/mail.info"]))
    paths = ["/var/log/mail.log", "/var/log/mail.info", "/var/log/mail.err"]
    assert kinds(logs={"paths": paths, "journal": True}) == (
        ["log_not_open"],
        "the Agent does not hold /var/log/mail.log, /var/log/mail.err, the journal open, so it"
        " collects nothing from there",
    )


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
    assert prove(restart={"wanted": False}) == (
        "1 instance, active 3=3 deferred 40=40",
        [
            "The Agent still runs with its old configuration, because datadog_postfix_restart is"
            " false. Restart it."
        ],
    )


def test_an_agent_that_starts_gets_its_time(host, monkeypatch):
    monkeypatch.setattr(verification, "_START", 30)
    host["checks"].insert(0, ([], [], [HostError("agent_starting", "no auth_token")]))
    assert prove()[0].startswith("1 instance")
    assert host["slept"] == [1]


def test_an_agent_that_does_not_start_in_time(host):
    error = HostError("agent_starting", "no auth_token")
    host["checks"] = [([], [], [error])]
    assert kinds() == (["agent_starting"], "no auth_token")


def test_a_check_that_fails(host):
    host["checks"] = [([], [], [HostError("check_failed", "the check postfix says: boom")])]
    assert kinds() == (["check_failed"], "the check postfix says: boom")

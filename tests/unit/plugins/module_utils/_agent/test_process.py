# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Agent's service and process, by recorded output and a made-up /proc."""

from __future__ import annotations

import os
import subprocess

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._agent import process as agent_process
from ansible_collections.mailops.postfix.plugins.module_utils._agent.process import (
    Processes,
    Service,
    describe_launchd,
    describe_open_files,
    describe_process,
    describe_systemd,
    is_core_agent,
    restart_reasons,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import User

SHOW = (
    "env TZ=UTC systemctl show"
    " --property=Id,LoadState,ActiveState,SubState,MainPID,ExecMainStartTimestamp,Group"
    ",SupplementaryGroups"
)
SHOW += " -- datadog-agent.service datadog-agent-exp.service"
UNIT = """MainPID=%d
ExecMainStartTimestamp=%s
Group=
SupplementaryGroups=
Id=%s.service
LoadState=%s
ActiveState=%s
SubState=running
"""
EXPERIMENT = UNIT % (0, "", "datadog-agent-exp", "not-found", "inactive")
RUNNING = UNIT % (20, "Tue 2026-11-24 10:29:32 UTC", "datadog-agent", "loaded", "active")
STOPPED = RUNNING.replace("ActiveState=active", "ActiveState=inactive")
STARTED = 1795516172.0
AGENT = "/opt/datadog-agent/bin/agent/agent"


@pytest.fixture
def proc(tmp_path):
    """Adds processes to a made-up /proc that was booted at second 1,000,000."""
    (tmp_path / "stat").write_text("cpu 1 2\nbtime 1000000\n")

    def add(pid, command, service="datadog-agent.service", uid=54321, ticks=100, **status):
        fields = dict(
            {
                "Uid": "\t".join([str(uid)] * 4),
                "Gid": "54321\t54321\t54321\t54321",
                "Groups": "54321 0",
            },
            NoNewPrivs="0",
            CapBnd="c0",
        )
        directory = tmp_path / str(pid)
        (directory / "fd").mkdir(parents=True)
        (directory / "cmdline").write_text("\0".join(command.split()) + "\0")
        (directory / "cgroup").write_text(f"0::/system.slice/{service}\n")
        (directory / "status").write_text(
            "".join("{}:\t{}\n".format(*field) for field in dict(fields, **status).items())
        )
        (directory / "stat").write_text(f"{pid} (a) b) S 1 {' '.join(['0'] * 17)} {ticks} 0\n")
        return directory

    add.processes = Processes(str(tmp_path))
    return add


def service(recording, *units, rc=0, stderr=""):
    return describe_systemd(recording({SHOW: ("\n".join(units), rc, stderr)}), "datadog-agent")


@pytest.mark.parametrize(
    "unit, experiment, state, masked, runs",
    [
        (RUNNING, EXPERIMENT, "active", False, ["datadog-agent.service"]),
        (
            RUNNING.replace("ActiveState=active", "ActiveState=failed"),
            EXPERIMENT,
            "failed",
            False,
            [],
        ),
        (
            RUNNING.replace("=loaded", "=masked"),
            EXPERIMENT,
            "active",
            True,
            ["datadog-agent.service"],
        ),
        (
            STOPPED,
            RUNNING.replace("agent.s", "agent-exp.s"),
            "inactive",
            False,
            ["datadog-agent-exp.service"],
        ),
    ],
)
def test_service(recording, unit, experiment, state, masked, runs):
    found = service(recording, unit, experiment)
    wanted = {
        "name": "datadog-agent.service",
        "state": state,
        "sub_state": "running",
        "masked": masked,
        "experiment": "exp" in "".join(runs),
    }
    assert found.facts == wanted
    assert [one["Id"] for one in found.units] == runs


def test_no_service(recording):
    found = service(recording, UNIT % (0, "", "datadog-agent", "not-found", "inactive"), EXPERIMENT)
    assert (found.facts, found.units) == (None, [])


@pytest.mark.parametrize(
    "printed, rc, stderr",
    [(RUNNING, 0, ""), ("odd\n", 0, ""), ("", 1, "Failed to connect to bus\n")],
)
def test_systemd_that_says_nothing(recording, printed, rc, stderr):
    with pytest.raises(HostError) as caught:
        service(recording, printed, rc=rc, stderr=stderr)
    assert caught.value.kind == "command_failed"
    assert stderr.strip() in caught.value.message


def test_launchd(recording):
    argv = "launchctl print system/com.datadoghq.agent"
    printed = "system/com.datadoghq.agent = {\n\tstate = running\n\tpid = 77\n}\n"
    assert (
        describe_launchd(recording({argv: (printed,)}), "com.datadoghq.agent").facts["state"]
        == "active"
    )
    assert (
        describe_launchd(
            recording({argv: ("", 113, "Could not find service")}), "com.datadoghq.agent"
        ).facts
        is None
    )


@pytest.mark.parametrize(
    "command, is_core",
    [
        (AGENT + " run -p /opt/datadog-agent/run/agent.pid", True),
        (f"/usr/bin/python3 -I {AGENT} run", True),
        ("datadog-agent run", True),
        (AGENT + " check postfix", False),
        ("/opt/datadog-agent/embedded/bin/trace-agent run", False),
        ("/opt/datadog-agent/embedded/bin/process-agent --cfgpath x", False),
        ("/usr/bin/vi notes about the agent run", False),
        ("", False),
    ],
)
def test_command_lines(command, is_core):
    assert is_core_agent(command.split()) is is_core


def test_main_process(recording, proc):
    proc(20, AGENT + " run")
    proc(21, "/opt/datadog-agent/embedded/bin/trace-agent run")
    # Whoever calls a process so does not become the Agent.
    proc(10, AGENT + " run", ticks=1)
    proc(11, AGENT + " run", "session-1.scope", ticks=1)
    process, unit = describe_process(
        proc.processes, service(recording, RUNNING, EXPERIMENT), None, Deadline(30)
    )
    assert process == {
        "pid": 20,
        "user": "54321",
        "uid": 54321,
        "started": STARTED,
        "groups": ["54321", "root"],
        "no_new_privs": False,
        "own_mounts": False,
        "may_sudo": True,
    }
    assert unit["Id"] == "datadog-agent.service"


def test_child_of_a_process_manager(recording, proc):
    proc(20, "/opt/datadog-agent/bin/manager", uid=0)
    proc(30, AGENT + " run", ticks=500)
    process = describe_process(
        proc.processes, service(recording, RUNNING, EXPERIMENT), None, Deadline(30)
    )[0]
    assert (process["pid"], process["started"]) == (30, 1000000 + 500 / os.sysconf("SC_CLK_TCK"))


def test_service_that_has_just_been_started(recording, proc):
    """Between fork and exec the command line is systemd's."""
    directory = proc(20, "(agent)")
    exec_later = f"sleep 0.5; printf 'agent\\0run\\0' >{directory}/cmdline"
    with subprocess.Popen(["sh", "-c", exec_later]):
        assert (
            describe_process(
                proc.processes, service(recording, RUNNING, EXPERIMENT), None, Deadline(30)
            )[0]["pid"]
            == 20
        )


def test_without_systemd(recording, proc):
    proc(30, AGENT + " run", "", uid=0)
    proc(40, AGENT + " run", "")
    assert describe_process(proc.processes, Service(None, []), 54321, Deadline(30))[0]["pid"] == 40
    assert describe_process(proc.processes, Service(None, []), 54322, Deadline(30)) is None


def test_service_without_the_agent(recording, proc, monkeypatch):
    monkeypatch.setattr(agent_process, "_START", 0)
    proc(20, "/opt/datadog-agent/bin/manager")
    assert (
        describe_process(
            proc.processes, service(recording, RUNNING, EXPERIMENT), None, Deadline(30)
        )
        is None
    )


@pytest.mark.parametrize(
    "status, may_sudo",
    [
        ({}, True),
        ({"NoNewPrivs": "1"}, False),
        ({"CapBnd": "0000000000000080"}, False),
        ({"CapBnd": "0000000000000040"}, False),
        ({"CapBnd": "0"}, False),
    ],
)
def test_whether_sudo_can_work(recording, proc, status, may_sudo):
    proc(20, AGENT + " run", **status)
    process = describe_process(
        proc.processes, service(recording, RUNNING, EXPERIMENT), None, Deadline(30)
    )[0]
    assert process["may_sudo"] is may_sudo
    assert process["no_new_privs"] is (status.get("NoNewPrivs") == "1")


def test_no_proc(tmp_path):
    with pytest.raises(HostError) as caught:
        describe_process(Processes(str(tmp_path / "absent")), Service(None, []), 1, Deadline(30))
    assert "cannot be looked at" in caught.value.message


def test_open_files(proc, tmp_path):
    directory = proc(20, AGENT + " run") / "fd"
    for number, name in enumerate(("mail.log", "system.journal", "gone")):
        (tmp_path / name).touch()
        (directory / str(number)).symlink_to(tmp_path / name)
    (tmp_path / "gone").unlink()
    (directory / "8").symlink_to("/dev/null")
    (directory / "9").symlink_to("socket:[1]")
    found = describe_open_files(proc.processes, {"pid": 20, "uid": 54321}, Deadline(30))
    assert found == {
        "open_files": [str(tmp_path / "mail.log"), str(tmp_path / "system.journal")],
        "reads_journal": True,
        "left_out": 0,
    }


def test_more_open_files_than_are_shown(proc, tmp_path):
    directory = proc(20, AGENT + " run") / "fd"
    for number in range(1003):
        (tmp_path / f"log{number}").touch()
        (directory / str(number)).symlink_to(tmp_path / f"log{number}")
    found = describe_open_files(proc.processes, {"pid": 20, "uid": 54321}, Deadline(30))
    assert (len(found["open_files"]), found["left_out"], found["reads_journal"]) == (1000, 3, False)


PROCESS = {"started": STARTED, "groups": ["adm", "dd-agent", "extra"]}


@pytest.mark.parametrize(
    "has, unit, changed, reasons",
    [
        (["adm", "dd-agent", "extra"], {}, None, []),
        (["adm", "dd-agent", "extra"], {}, (STARTED + 0.9, "/x"), []),
        (
            ["adm", "dd-agent", "extra"],
            {},
            (STARTED + 1, "/x"),
            ["started at 2026-11-24T10:29:32Z before /x changed at 2026-11-24T10:29:33Z"],
        ),
        (
            ["adm", "dd-agent", "extra", "more"],
            {},
            None,
            ["lacks the group more that its user has"],
        ),
        (["dd-agent", "extra"], {}, None, ["has the group adm that its user does not have"]),
        (["dd-agent"], {"SupplementaryGroups": "adm extra", "Group": ""}, None, []),
        (["adm", "own"], {"SupplementaryGroups": "extra", "Group": "dd-agent"}, None, []),
    ],
)
def test_restart(has, unit, changed, reasons):
    assert (
        restart_reasons(PROCESS, User("dd-agent", 997, has[-1], has, "/"), unit, changed) == reasons
    )

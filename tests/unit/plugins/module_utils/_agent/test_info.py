# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import getpass
import grp
import os
import time

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._agent import (
    process as agent_process,
)
from ansible_collections.mailops.postfix.plugins.module_utils._agent.info import describe_agent
from ansible_collections.mailops.postfix.plugins.module_utils._agent.process import Processes
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host, User

SHOW = " ".join(
    commands.systemctl_show_utc(
        agent_process._PROPERTIES, ["datadog-agent.service", "datadog-agent-exp.service"]
    )
)
UNITS = """Id=datadog-agent.service
LoadState=loaded
ActiveState=active
SubState=running
MainPID=20
ExecMainStartTimestamp=%s

Id=datadog-agent-exp.service
LoadState=not-found
ActiveState=inactive
"""


class AgentHost(Host):
    """A host with systemd. The Agent's user is the one who runs the tests, and has one group
    more."""

    def user(self, name):
        entry = super().user(name)
        return entry and entry._replace(groups=sorted([*entry.groups, "logs"]))

    def has_systemd(self):
        return True


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "conf.d" / "postfix.d").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def proc(tmp_path_factory):
    """A made-up /proc with the Agent, and a file that it holds open."""
    proc = tmp_path_factory.mktemp("proc")
    (proc / "20" / "fd").mkdir(parents=True)
    (proc / "20" / "cmdline").write_text("/opt/datadog-agent/bin/agent/agent\0run\0")
    (proc / "20" / "cgroup").write_text("0::/system.slice/datadog-agent.service\n")
    (proc / "20" / "stat").write_text(f"20 (agent) S {' '.join(['1'] * 30)}\n")
    ids = (
        "\t".join([str(os.getuid())] * 4),
        "\t".join([str(os.getgid())] * 4),
        " ".join(map(str, os.getgrouplist(getpass.getuser(), os.getgid()))),
    )
    (proc / "20" / "status").write_text(
        "Uid:\t{}\nGid:\t{}\nGroups:\t{}\nNoNewPrivs:\t0\nCapBnd:\tc0\n".format(*ids)
    )
    (proc / "mail.log").touch()
    (proc / "20" / "fd" / "3").symlink_to(proc / "mail.log")
    return proc


@pytest.fixture
def describe(recording, directory, proc):
    def run(user=None, programs=("datadog-agent",), deadline=None, started=0, units=UNITS):
        begun = time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + started))
        plays = {SHOW: (units % begun if "%s" in units else units,)}
        runner = recording(plays, deadline, programs=programs)
        options = {
            "user": user or getpass.getuser(),
            "binary": "",
            "config_directory": str(directory),
        }
        described = describe_agent(runner, AgentHost(), options, Processes(str(proc)))
        return described, [(flaw["what"], flaw["why"]) for flaw in described["unknown"]]

    return run


def test_everything_is_known(describe, directory, proc):
    (directory / "datadog.yaml").write_text("logs_enabled: true\n")
    (directory / "environment").write_text("DD_LOGS_ENABLED=false\n")
    (directory / "conf.d" / "postfix.d" / "conf.yaml").touch()
    described, unknown = describe(started=-0.1)
    own = User(
        getpass.getuser(),
        os.getuid(),
        grp.getgrgid(os.getgid()).gr_name,
        [],
        os.path.expanduser("~"),
    )
    groups = sorted(grp.getgrgid(gid).gr_name for gid in os.getgrouplist(own.name, os.getgid()))
    assert described["process"].pop("started") > 0
    assert described == {
        "installed": True,
        "binary": "/usr/bin/datadog-agent",
        "user": dict(own._asdict(), groups=sorted([*groups, "logs"])),
        "config_directory": str(directory),
        "config_directory_exists": True,
        "confd_path": str(directory / "conf.d"),
        "postfix_configurations": [str(directory / "conf.d" / "postfix.d" / "conf.yaml")],
        "logs_enabled": {"file": True, "environment": False},
        "service_manager": "systemd",
        "service": {
            "name": "datadog-agent.service",
            "state": "active",
            "sub_state": "running",
            "masked": False,
            "experiment": False,
        },
        "process": {
            "pid": 20,
            "user": own.name,
            "uid": own.uid,
            "groups": groups,
            "no_new_privs": False,
            "own_mounts": False,
            "may_sudo": True,
            "open_files": [str(proc / "mail.log")],
            "reads_journal": False,
        },
        "restart_due": described["restart_due"],
        "unknown": [],
    }
    assert described["restart_due"][-1] == "lacks the group logs that its user has"


def test_nothing_is_there(describe, directory):
    (directory / "conf.d" / "postfix.d").rmdir()
    (directory / "conf.d").rmdir()
    directory.rmdir()
    units = (
        UNITS.replace("loaded", "not-found")
        .replace("=active", "=inactive")
        .replace("MainPID=20", "MainPID=0")
    )
    described, unknown = describe(user="nobody-here", programs=(), units=units)
    assert unknown == []
    assert described == {
        "installed": False,
        "binary": None,
        "user": None,
        "config_directory": str(directory),
        "config_directory_exists": False,
        "confd_path": str(directory / "conf.d"),
        "postfix_configurations": [],
        "logs_enabled": {"file": None, "environment": None},
        "service_manager": "systemd",
        "service": None,
        "process": None,
        "restart_due": None,
        "unknown": [],
    }


def test_files_that_the_agent_loads(describe, directory):
    folder = directory / "conf.d" / "postfix.d"
    loaded = [
        folder / ".hidden.yaml",
        folder / "a.yml",
        folder / "conf.yaml",
        directory / "conf.d" / "postfix.yaml",
        directory / "conf.d" / "postfix.yml",
    ]
    skipped = [
        folder / "conf.yaml.example",
        folder / "conf.yaml.default",
        folder / "b.YAML",
        directory / "conf.d" / "other.yaml",
        directory / "postfix.yaml",
    ]
    for path in loaded + skipped:
        path.touch()
    (folder / "dir.yaml").mkdir()
    assert describe()[0]["postfix_configurations"] == sorted(str(path) for path in loaded)


def test_conf_d_elsewhere(describe, directory):
    (directory / "datadog.yaml").write_text("confd_path: /nowhere/conf.d/\n")
    described, unknown = describe()
    assert (described["confd_path"], described["postfix_configurations"], unknown) == (
        "/nowhere/conf.d",
        [],
        [],
    )


@pytest.mark.parametrize(
    "plant", [lambda path: path.symlink_to("/dev/zero"), lambda path: os.mkfifo(str(path))]
)
def test_what_is_planted_is_named_and_not_read(describe, directory, plant):
    paths = [
        directory / "datadog.yaml",
        directory / "environment",
        directory / "conf.d" / "postfix.d" / "conf.yaml",
    ]
    for path in paths:
        plant(path)
    described, unknown = describe(deadline=Deadline(60))
    for what, path in (("logs_enabled.file", paths[0]), ("logs_enabled.environment", paths[1])):
        assert [why.split(" is a ")[0] for name, why in unknown if name == what] == [str(path)]
    # Where conf.d is cannot be read either.
    assert described["confd_path"] is described["postfix_configurations"] is None
    paths[0].unlink()
    paths[1].unlink()
    described, unknown = describe()
    assert described["postfix_configurations"] == []
    assert [(what, why.split(" is a ")[0]) for what, why in unknown] == [
        ("postfix_configurations", str(paths[2]))
    ]


def test_link_to_a_directory_is_not_followed(describe, directory):
    folder = directory / "conf.d" / "postfix.d"
    folder.rmdir()
    (directory / "elsewhere").mkdir()
    folder.symlink_to(directory / "elsewhere")
    described, unknown = describe()
    assert described["postfix_configurations"] is described["restart_due"] is None
    assert [what for what, dummy in unknown] == ["postfix_configurations", "restart_due"]


def test_setting_that_is_not_plain(describe, directory):
    (directory / "datadog.yaml").write_text("{logs_enabled: true}\n")
    described, unknown = describe()
    assert described["logs_enabled"]["file"] is None
    assert unknown == [
        (
            "logs_enabled.file",
            f"{directory}/datadog.yaml: line 1: the form of this document is not understood",
        )
    ]


@pytest.mark.parametrize("started, due", [(-100, True), (100, False)])
def test_restart_that_is_due(describe, directory, started, due):
    (directory / "conf.d" / "postfix.d" / "conf.yaml").touch()
    reasons = describe(started=started)[0]["restart_due"]
    assert (
        any(
            f"before {directory}/conf.d/postfix.d/conf.yaml changed" in reason for reason in reasons
        )
        is due
    )


def test_service_whose_agent_is_not_there(describe, proc, monkeypatch):
    monkeypatch.setattr(agent_process, "_START", 0)
    (proc / "20" / "cmdline").write_text("/opt/datadog-agent/bin/manager\0")
    described, unknown = describe()
    assert described["process"] is described["restart_due"] is None
    assert [what for what, dummy in unknown] == ["process"]

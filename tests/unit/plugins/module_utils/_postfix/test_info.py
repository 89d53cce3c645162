# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Running
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import info
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.info import (
    describe,
    is_installed,
)

PARAMETERS = {
    "queue_directory": "/var/spool/postfix",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "authorized_mailq_users": "static:anyone",
    "alternate_config_directories": "",
    "multi_instance_directories": "",
    "hash_queue_names": "deferred, defer",
    "mail_version": "3.10.13",
    "enable_long_queue_ids": "yes",
    "hash_queue_depth": "1",
    "syslog_facility": "mail",
    "syslog_name": "postfix",
    "maillog_file": "",
    "multi_instance_wrapper": "",
}
UNIT = """\
ExecStart={{ path={program} ; argv[]={command} ; ignore_errors=no ; pid=0 }}
Environment={environment}
Id={name}
LoadState=loaded
ActiveState={state}
"""
POSTFIX = UNIT.format(
    program="postfix",
    command="postfix start",
    environment="MAIL_CONFIG=/etc/postfix",
    name="postfix.service",
    state="active",
)
OWN = "/var/log/postfix.log"
RUNNING = Running(True, "lock_table", 224, None)


class FakeHost:
    """files: text by path."""

    def __init__(self, files=None, running=RUNNING, systemd=True):
        self._files = dict(
            {"/proc/224/cgroup": "0::/system.slice/postfix.service\n"}, **(files or {})
        )
        self._running = running
        self._systemd = systemd

    def mode(self, path):
        return "0640" if path in self._files else None

    def has_systemd(self):
        return self._systemd

    def cgroup_of(self, pid):
        return self._files.get(f"/proc/{pid}/cgroup", "")

    def find_master(self, queue_directory):
        return self._running


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """How root finds the log is tested by itself."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.fixture
def answer(recording):
    """What is described of hosts with one instance, by default."""

    def run(host, units=POSTFIX, listed="- - y /etc/postfix\n", **parameters):
        plays = {"postmulti -l": (listed,)}
        for line in listed.splitlines():
            directory = line.split()[3]
            values = dict(PARAMETERS, **parameters)
            names = list(values)
            text = "".join(
                f"{name} ={' ' + values[name] if values[name] else ''}\n"
                for name in names
                if values[name] is not None
            )
            plays[" ".join(asked(directory))] = (text, 0, "")
        runner = recording(plays)
        start = runner.start

        def start_any(argv):
            if argv[0] == "systemctl":
                plays[" ".join(argv)] = (
                    (units, 0, "")
                    if units is not None
                    else ("", 1, "Failed to connect to bus: No such file or directory\n")
                )
            return start(argv)

        runner.start = start_any
        return describe(runner, host)

    return run


def asked(directory):
    return commands.postconf_parameters(
        info._STRINGS + info._LISTS + info._OTHERS + info._NEWER, directory
    )


def one(answered):
    instances, unknown = answered
    assert len(instances) == 1
    return instances[0], [
        (flaw["what"], flaw["why"]) for flaw in unknown if not flaw["why"].startswith("only root")
    ]


def test_everything_is_known(answer):
    instance, unknown = one(answer(FakeHost({OWN: ""}), maillog_file=OWN))
    assert unknown == []
    assert instance == {
        "name": "-",
        "group": "-",
        "enabled": True,
        "config_directory": "/etc/postfix",
        "queue_directory": "/var/spool/postfix",
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "version": "3.10.13",
        "authorized_mailq_users": ["static:anyone"],
        "alternate_config_directories": [],
        "multi_instance_directories": [],
        "enable_long_queue_ids": True,
        "hash_queue_names": ["deferred", "defer"],
        "hash_queue_depth": 1,
        "running": True,
        "running_by": "lock_table",
        "unit": "postfix.service",
        "log": {
            "destination": "maillog_file",
            "files": [{"path": OWN, "mode": "0640", "timestamps": "traditional"}],
            "unit": None,
            "syslog_facility": "mail",
            "syslog_name": "postfix",
        },
    }


def test_no_postfix():
    class Nothing:
        def run(self, argv):
            raise HostError("not_installed", "postconf was not found", command=argv)

    assert is_installed(Nothing()) is False


def test_standard_output_has_no_mode(answer):
    instance, unknown = one(answer(FakeHost({"/dev/stdout": ""}), maillog_file="/dev/stdout"))
    assert instance["log"]["files"] == [
        {"path": "/dev/stdout", "mode": None, "timestamps": "traditional"}
    ]


def test_only_root_is_told_where_a_daemon_writes(answer):
    instances, unknown = answer(FakeHost())
    assert instances[0]["log"] == {
        "destination": None,
        "files": None,
        "unit": None,
        "syslog_facility": "mail",
        "syslog_name": "postfix",
    }
    assert [(flaw["config_directory"], flaw["what"]) for flaw in unknown] == [
        ("/etc/postfix", "log")
    ]
    assert "run as root" in unknown[0]["why"]


def test_systemd_does_not_answer(answer):
    instance, unknown = one(answer(FakeHost(), None))
    assert instance["unit"] == "postfix.service"
    assert [what for what, dummy in unknown] == ["systemd"]


def test_without_systemd(answer):
    instance, unknown = one(answer(FakeHost(systemd=False)))
    assert instance["unit"] is None
    assert unknown == [("unit", "this host does not run systemd")]


def test_stopped_instance_has_the_unit_that_would_start_it(answer):
    host = FakeHost(running=Running(False, "no_pid_file", None, None))
    instance, unknown = one(answer(host))
    assert (instance["running"], instance["running_by"], instance["unit"]) == (
        False,
        "no_pid_file",
        "postfix.service",
    )
    assert unknown == []


def test_master_outside_of_postfixs_units(answer):
    instance, unknown = one(
        answer(FakeHost({"/proc/224/cgroup": "0::/system.slice/ssh.service\n"}))
    )
    assert instance["unit"] is None
    assert [what for what, dummy in unknown] == ["unit"]
    assert "ssh.service" in unknown[0][1]


def test_running_is_not_known(answer):
    host = FakeHost(running=Running(None, None, None, "closed"))
    instance, unknown = one(answer(host))
    assert instance["running"] is None
    assert unknown == [("running", "closed")]


def test_before_3_4_there_is_no_file_of_its_own(answer):
    assert one(answer(FakeHost(), maillog_file=None))[0]["log"]["destination"] is None


def test_instance_that_cannot_be_read_leaves_the_others_alone(recording):
    plays = {
        "postmulti -l": ("- - y /etc/postfix\nout mta n /etc/postfix-out\n",),
        " ".join(asked("/etc/postfix")): (
            "".join("{} = {}\n".format(*item) for item in PARAMETERS.items()),
        ),
        " ".join(asked("/etc/postfix-out")): (
            "",
            1,
            "postconf: fatal: open /etc/postfix-out/main.cf: Permission denied\n",
        ),
    }
    instances, unknown = describe(recording(plays), FakeHost(systemd=False))
    assert [instance["name"] for instance in instances] == ["-", "out"]
    assert instances[0]["queue_directory"] == "/var/spool/postfix"
    closed = instances[1]
    assert closed["group"] == "mta"
    assert [
        closed[name]
        for name in ("queue_directory", "version", "running", "running_by", "unit", "log")
    ] == [None] * 6
    assert {flaw["what"] for flaw in unknown if flaw["config_directory"] == "/etc/postfix-out"} == {
        "parameters",
        "running",
        "log",
    }
    assert "Permission denied" in unknown[0]["why"]


def test_one_closed_main_cf_stops_postmulti_only(recording):
    refusal = ("", 1, "postmulti: fatal: open /etc/postfix-out/main.cf: Permission denied\n")
    names = "multi_instance_name multi_instance_group multi_instance_enable"
    plays = {
        "postmulti -l": refusal,
        "postconf -x config_directory multi_instance_directories": (
            "config_directory = /etc/postfix\nmulti_instance_directories = /etc/postfix-out\n",
        ),
        "postconf -c /etc/postfix -x " + names: (
            "multi_instance_name =\nmulti_instance_group =\nmulti_instance_enable = yes\n",
        ),
        "postconf -c /etc/postfix-out -x " + names: refusal,
        " ".join(asked("/etc/postfix")): (
            "".join("{} = {}\n".format(*item) for item in PARAMETERS.items()),
        ),
        " ".join(asked("/etc/postfix-out")): refusal,
    }
    instances, unknown = describe(recording(plays), FakeHost(systemd=False))
    assert [(one["name"], one["group"], one["enabled"], one["version"]) for one in instances] == [
        ("-", "-", True, "3.10.13"),
        (None, None, None, None),
    ]
    assert ("/etc/postfix-out", "parameters") in [
        (flaw["config_directory"], flaw["what"]) for flaw in unknown
    ]


def test_instances_cannot_be_listed(recording):
    refusal = ("", 1, "postmulti: fatal: open /etc/postfix/main.cf: Permission denied\n")
    plays = {
        "postmulti -l": refusal,
        "postconf -x config_directory multi_instance_directories": refusal,
    }
    instances, unknown = describe(recording(plays), FakeHost())
    assert instances is None
    assert [(flaw["config_directory"], flaw["what"]) for flaw in unknown] == [(None, "instances")]


NAMES = "multi_instance_name multi_instance_group multi_instance_enable"
BARE_NAMES = ("multi_instance_name = bare\nmulti_instance_group =\nmulti_instance_enable = yes\n",)


def settings(**changed):
    return ("".join("{} = {}\n".format(*item) for item in dict(PARAMETERS, **changed).items()),)


def test_named_directories_in_their_order(recording):
    plays = {
        "postmulti -l": (
            "- - y /etc/postfix\nout mta y /etc/postfix-out\noff - n /etc/postfix-off\n",
        ),
        "postconf -c /etc/postfix-bare -x " + NAMES: BARE_NAMES,
        " ".join(asked("/etc/postfix-bare")): settings(queue_directory="/var/spool/bare"),
        " ".join(asked("/etc/postfix-out")): settings(queue_directory="/var/spool/out"),
        " ".join(asked("/etc/postfix")): settings(),
    }
    instances, unknown = describe(
        recording(plays), FakeHost(systemd=False), ["/etc/postfix-bare", "/etc/postfix-out"]
    )
    assert [
        (one["name"], one["group"], one["enabled"], one["queue_directory"]) for one in instances
    ] == [
        ("bare", "-", False, "/var/spool/bare"),
        ("out", "mta", True, "/var/spool/out"),
    ]
    assert {flaw["config_directory"] for flaw in unknown} == {
        "/etc/postfix-bare",
        "/etc/postfix-out",
    }


BARE_UNIT = {"name": "postfix@bare.service", "state": "inactive"}
POSTMULTI = UNIT.format(
    program="postmulti", command="postmulti -i bare -p start", environment="", **BARE_UNIT
)
MAIL_CONFIG = UNIT.format(
    program="postfix",
    command="postfix start",
    environment="MAIL_CONFIG=/etc/postfix-bare",
    **BARE_UNIT,
)


@pytest.mark.parametrize("unit, found", [(POSTMULTI, None), (MAIL_CONFIG, "postfix@bare.service")])
def test_postmulti_cannot_start_what_it_does_not_list(recording, monkeypatch, unit, found):
    plays = {
        "postmulti -l": ("- - y /etc/postfix\n",),
        "postconf -c /etc/postfix-bare -x " + NAMES: BARE_NAMES,
        " ".join(asked("/etc/postfix-bare")): settings(),
        " ".join(asked("/etc/postfix")): settings(),
    }
    runner = recording(plays)
    run = runner.run
    monkeypatch.setattr(
        runner,
        "run",
        lambda argv: (0, unit.splitlines(), "", argv) if argv[0] == "systemctl" else run(argv),
    )
    instances, unknown = describe(
        runner, FakeHost(running=Running(False, "no_pid_file", None, None)), ["/etc/postfix-bare"]
    )
    assert instances[0]["unit"] == found
    assert (
        ("unit", "no unit starts this instance")
        in [(flaw["what"], flaw["why"]) for flaw in unknown]
    ) == (found is None)


def test_named_directory_where_instances_cannot_be_listed(recording):
    refusal = ("", 1, "postmulti: fatal: open /etc/postfix/main.cf: Permission denied\n")
    plays = {
        "postmulti -l": refusal,
        "postconf -x config_directory multi_instance_directories": refusal,
        "postconf -c /etc/postfix-bare -x " + NAMES: BARE_NAMES,
        " ".join(asked("/etc/postfix-bare")): settings(),
    }
    instances, unknown = describe(recording(plays), FakeHost(systemd=False), ["/etc/postfix-bare"])
    assert [(one["name"], one["enabled"], one["version"]) for one in instances] == [
        ("bare", None, "3.10.13")
    ]
    assert (None, "enabled") in [(flaw["config_directory"], flaw["what"]) for flaw in unknown]


def test_named_directory_without_a_main_cf(recording):
    refusal = ("", 1, "postconf: fatal: open /etc/absent/main.cf: No such file or directory\n")
    plays = {
        "postmulti -l": ("- - y /etc/postfix\n",),
        "postconf -c /etc/absent -x " + NAMES: refusal,
        " ".join(asked("/etc/absent")): refusal,
        " ".join(asked("/etc/postfix")): settings(),
    }
    instances, unknown = describe(recording(plays), FakeHost(systemd=False), ["/etc/absent"])
    assert (instances[0]["config_directory"], instances[0]["name"], instances[0]["version"]) == (
        "/etc/absent",
        None,
        None,
    )
    assert ("/etc/absent", "parameters") in [
        (flaw["config_directory"], flaw["what"]) for flaw in unknown
    ]

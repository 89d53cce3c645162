# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fnmatch

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils import commands
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.host import Running
from ansible_collections.mailops.postfix.plugins.module_utils.info import describe, is_installed

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
RSYSLOG = 'module(load="imuxsock")\n$IncludeConfig /etc/rsyslog.d/*.conf\nmail.* -/var/log/mail.log\n'
UNIT = """\
ExecStart={{ path={program} ; argv[]={command} ; ignore_errors=no ; pid=0 }}
Environment={environment}
Id={name}
LoadState=loaded
ActiveState={state}
"""
POSTFIX = UNIT.format(program="postfix", command="postfix start", environment="MAIL_CONFIG=/etc/postfix", name="postfix.service", state="active")
NOT_ACTIVE = UNIT.format(program="x", command="x", environment="", name="rsyslog.service", state="inactive")
ACTIVE = NOT_ACTIVE.replace("inactive", "active")
RUNNING = Running(True, "lock_table", 224, None)


class FakeHost:
    """files: text by path, or None for what may not be read."""

    def __init__(self, files=None, running=RUNNING, systemd=True):
        self._files = dict({"/proc/224/cgroup": "0::/system.slice/postfix.service\n"}, **(files or {}))
        self._running = running
        self._systemd = systemd

    def read(self, path):
        if path not in self._files:
            raise QueueError("command_failed", "%s cannot be read: No such file or directory" % path)
        if self._files[path] is None:
            raise QueueError("permission_denied", "%s cannot be read" % path)
        return self._files[path]

    def names(self, pattern):
        return sorted(fnmatch.filter(self._files, pattern))

    def is_directory(self, path):
        return False

    def mode(self, path):
        return "0640" if path in self._files else None

    def has_systemd(self):
        return self._systemd

    def cgroup_of(self, pid):
        return self._files.get("/proc/%d/cgroup" % pid, "")

    def program_of(self, pid):
        return self._files.get("/proc/%d/comm" % pid, "")

    def find_master(self, queue_directory):
        return self._running


@pytest.fixture
def answer(recording):
    """What is described of hosts with one instance, by default."""

    def run(host, units=POSTFIX + "\n" + ACTIVE, listed="- - y /etc/postfix\n", **parameters):
        plays = {"postmulti -l": (listed,)}
        for line in listed.splitlines():
            directory = line.split()[3]
            values = dict(PARAMETERS, **parameters)
            names = list(values)
            text = "".join("%s =%s\n" % (name, " " + values[name] if values[name] else "") for name in names if values[name] is not None)
            plays[" ".join(asked(directory))] = (text, 0, "")
        runner = recording(plays)
        start = runner.start

        def start_any(argv):
            if argv[0] == "systemctl":
                plays[" ".join(argv)] = (units, 0, "") if units is not None else ("", 1, "Failed to connect to bus: No such file or directory\n")
            return start(argv)

        runner.start = start_any
        return describe(runner, host)

    return run


def asked(directory):
    from ansible_collections.mailops.postfix.plugins.module_utils import info

    return commands.postconf_parameters(info._STRINGS + info._LISTS + info._OTHERS + info._NEWER, directory)


def one(answered):
    instances, unknown = answered
    assert len(instances) == 1
    return instances[0], [(flaw["what"], flaw["why"]) for flaw in unknown]


def test_everything_is_known(answer):
    host = FakeHost({"/etc/rsyslog.conf": RSYSLOG, "/var/log/mail.log": "", "/etc/systemd/journald.conf": "#ForwardToSyslog=yes\n"})
    instance, unknown = one(answer(host))
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
            "destination": "rsyslog",
            "files": [{"path": "/var/log/mail.log", "mode": "0640", "timestamps": "rfc3339"}],
            "unit": None,
            "syslog_facility": "mail",
            "syslog_name": "postfix",
        },
    }


def test_no_postfix():
    class Nothing:
        def run(self, argv):
            raise QueueError("not_installed", "postconf was not found", command=argv)

    assert is_installed(Nothing()) is False


def test_own_file(answer):
    instance, unknown = one(answer(FakeHost({"/var/log/postfix.log": ""}), maillog_file="/var/log/postfix.log"))
    assert instance["log"]["destination"] == "maillog_file"
    assert instance["log"]["files"] == [{"path": "/var/log/postfix.log", "mode": "0640", "timestamps": "traditional"}]
    assert unknown == []


def test_standard_output_has_no_mode(answer):
    instance, unknown = one(answer(FakeHost({"/dev/stdout": ""}), maillog_file="/dev/stdout"))
    assert instance["log"]["files"] == [{"path": "/dev/stdout", "mode": None, "timestamps": "traditional"}]


@pytest.mark.parametrize(
    "units, files",
    [
        (POSTFIX + "\n" + NOT_ACTIVE, {"/etc/rsyslog.conf": RSYSLOG}),
        (POSTFIX + "\n" + ACTIVE, {"/etc/rsyslog.conf": RSYSLOG.replace("mail.*", "auth.*"), "/etc/systemd/journald.conf": "#ForwardToSyslog=yes\n"}),
        (POSTFIX + "\n" + ACTIVE, {"/etc/rsyslog.conf": RSYSLOG, "/etc/systemd/journald.conf": "ForwardToSyslog=no\n"}),
        (POSTFIX + "\n" + ACTIVE, {"/etc/rsyslog.conf": "mail.* /var/log/mail.log\n"}),
    ],
)
def test_journald_has_what_no_daemon_gets(answer, units, files):
    instance, unknown = one(answer(FakeHost(files), units))
    assert instance["log"]["destination"] == "journald"
    assert instance["log"]["files"] == []
    assert instance["log"]["unit"] == "postfix.service"
    assert unknown == []


def test_includes_are_read_in_order(answer):
    files = {
        "/etc/rsyslog.conf": RSYSLOG,
        "/etc/rsyslog.d/20.conf": ':programname, isequal, "postfix" /var/log/second\n& stop\n',
        "/etc/rsyslog.d/10.conf": "include(file='/etc/more')\n",
        "/etc/more": "mail.* /var/log/first\n",
        "/etc/systemd/journald.conf": "ForwardToSyslog=yes\n",
    }
    instance, unknown = one(answer(FakeHost(files)))
    assert [file["path"] for file in instance["log"]["files"]] == ["/var/log/first", "/var/log/second"]
    assert unknown == []


@pytest.mark.parametrize(
    "files, why",
    [
        ({"/etc/rsyslog.conf": None}, "rsyslog: /etc/rsyslog.conf cannot be read"),
        ({"/etc/rsyslog.conf": "include(file='/etc/rsyslog.conf')\n"}, "files include each other"),
        ({"/etc/rsyslog.conf": RSYSLOG, "/etc/rsyslog.d/a.conf": "!postfix\n"}, "/etc/rsyslog.d/a.conf: line 1"),
        ({"/etc/rsyslog.conf": RSYSLOG, "/etc/rsyslog.d/a.conf": "if $hostname == 'x' then stop\n"}, "may drop messages"),
    ],
)
def test_configuration_that_tells_nothing(answer, files, why):
    instance, unknown = one(answer(FakeHost(files)))
    assert instance["log"]["destination"] == "rsyslog"
    assert instance["log"]["files"] is None
    assert [what for what, dummy in unknown] == ["log.files"]
    assert why in unknown[0][1]


def test_two_daemons_decide_nothing(answer):
    units = "\n".join([POSTFIX, ACTIVE, ACTIVE.replace("rsyslog", "syslog-ng")])
    instance, unknown = one(answer(FakeHost(), units))
    assert instance["log"]["destination"] is None
    assert unknown == [("log", "rsyslog and syslog-ng both run")]


def test_another_configuration_file(answer):
    units = POSTFIX + "\n" + ACTIVE.replace("argv[]=x", "argv[]=/usr/sbin/rsyslogd -n -f /etc/other.conf")
    host = FakeHost({"/etc/other.conf": RSYSLOG, "/etc/systemd/journald.conf": "ForwardToSyslog=yes\n"})
    assert one(answer(host, units))[0]["log"]["files"][0]["path"] == "/var/log/mail.log"


def test_systemd_does_not_answer(answer):
    instance, unknown = one(answer(FakeHost(), None))
    assert instance["unit"] == "postfix.service"
    assert instance["log"]["destination"] is None
    assert [what for what, dummy in unknown] == ["systemd", "log"]


def test_without_systemd(answer):
    host = FakeHost({"/run/rsyslogd.pid": "7\n", "/proc/7/comm": "rsyslogd", "/etc/rsyslog.conf": RSYSLOG}, systemd=False)
    instance, unknown = one(answer(host))
    assert instance["unit"] is None
    assert instance["log"]["destination"] == "rsyslog"
    assert unknown == [("unit", "this host does not run under systemd")]
    instance, unknown = one(answer(FakeHost(systemd=False)))
    assert instance["log"]["destination"] is None
    assert ("log", "no syslog daemon runs, and there is no journald") in unknown


def test_stale_pid_file_of_a_daemon(answer):
    host = FakeHost({"/run/rsyslogd.pid": "7\n", "/proc/7/comm": "sleep", "/etc/rsyslog.conf": RSYSLOG})
    assert one(answer(host, POSTFIX + "\n" + NOT_ACTIVE))[0]["log"]["destination"] == "journald"


def test_stopped_instance_has_the_unit_that_would_start_it(answer):
    host = FakeHost(running=Running(False, "no_pid_file", None, None))
    instance, unknown = one(answer(host, POSTFIX + "\n" + NOT_ACTIVE))
    assert (instance["running"], instance["running_by"], instance["unit"]) == (False, "no_pid_file", "postfix.service")
    assert unknown == []


def test_master_outside_of_postfixs_units(answer):
    instance, unknown = one(answer(FakeHost({"/proc/224/cgroup": "0::/system.slice/ssh.service\n"}), POSTFIX + "\n" + NOT_ACTIVE))
    assert instance["unit"] is None
    assert [what for what, dummy in unknown] == ["unit", "log.unit"]
    assert "ssh.service" in unknown[0][1]


def test_running_is_not_known(answer):
    host = FakeHost(running=Running(None, None, None, "closed"))
    instance, unknown = one(answer(host, POSTFIX + "\n" + NOT_ACTIVE))
    assert instance["running"] is None
    assert unknown == [("running", "closed")]


def test_before_3_4_there_is_no_file_of_its_own(answer):
    assert one(answer(FakeHost(), POSTFIX + "\n" + NOT_ACTIVE, maillog_file=None))[0]["log"]["destination"] == "journald"


def test_instance_that_cannot_be_read_leaves_the_others_alone(recording):
    plays = {
        "postmulti -l": ("- - y /etc/postfix\nout mta n /etc/postfix-out\n",),
        " ".join(asked("/etc/postfix")): ("".join("%s = %s\n" % item for item in PARAMETERS.items()),),
        " ".join(asked("/etc/postfix-out")): ("", 1, "postconf: fatal: open /etc/postfix-out/main.cf: Permission denied\n"),
    }
    instances, unknown = describe(recording(plays), FakeHost({"/etc/rsyslog.conf": RSYSLOG}, systemd=False))
    assert [instance["name"] for instance in instances] == ["-", "out"]
    assert instances[0]["queue_directory"] == "/var/spool/postfix"
    closed = instances[1]
    assert closed["group"] == "mta"
    assert [closed[name] for name in ("queue_directory", "version", "running", "running_by", "unit", "log")] == [None] * 6
    assert {flaw["what"] for flaw in unknown if flaw["config_directory"] == "/etc/postfix-out"} == {"parameters", "running", "log"}
    assert "Permission denied" in unknown[0]["why"]


def test_one_closed_main_cf_stops_postmulti_only(recording):
    refusal = ("", 1, "postmulti: fatal: open /etc/postfix-out/main.cf: Permission denied\n")
    names = "multi_instance_name multi_instance_group multi_instance_enable"
    plays = {
        "postmulti -l": refusal,
        "postconf -x config_directory multi_instance_directories": ("config_directory = /etc/postfix\nmulti_instance_directories = /etc/postfix-out\n",),
        "postconf -c /etc/postfix -x " + names: ("multi_instance_name =\nmulti_instance_group =\nmulti_instance_enable = yes\n",),
        "postconf -c /etc/postfix-out -x " + names: refusal,
        " ".join(asked("/etc/postfix")): ("".join("%s = %s\n" % item for item in PARAMETERS.items()),),
        " ".join(asked("/etc/postfix-out")): refusal,
    }
    instances, unknown = describe(recording(plays), FakeHost({"/run/rsyslogd.pid": "x"}, systemd=False))
    assert [(one["name"], one["group"], one["enabled"], one["version"]) for one in instances] == [("-", "-", True, "3.10.13"), (None, None, None, None)]
    assert ("/etc/postfix-out", "parameters") in [(flaw["config_directory"], flaw["what"]) for flaw in unknown]


def test_instances_cannot_be_listed(recording):
    refusal = ("", 1, "postmulti: fatal: open /etc/postfix/main.cf: Permission denied\n")
    plays = {"postmulti -l": refusal, "postconf -x config_directory multi_instance_directories": refusal}
    instances, unknown = describe(recording(plays), FakeHost())
    assert instances is None
    assert [(flaw["config_directory"], flaw["what"]) for flaw in unknown] == [(None, "instances")]


NAMES = "multi_instance_name multi_instance_group multi_instance_enable"
BARE_NAMES = ("multi_instance_name = bare\nmulti_instance_group =\nmulti_instance_enable = yes\n",)


def settings(**changed):
    return ("".join("%s = %s\n" % item for item in dict(PARAMETERS, **changed).items()),)


def test_named_directories_in_their_order(recording):
    plays = {
        "postmulti -l": ("- - y /etc/postfix\nout mta y /etc/postfix-out\noff - n /etc/postfix-off\n",),
        "postconf -c /etc/postfix-bare -x " + NAMES: BARE_NAMES,
        " ".join(asked("/etc/postfix-bare")): settings(queue_directory="/var/spool/bare"),
        " ".join(asked("/etc/postfix-out")): settings(queue_directory="/var/spool/out"),
        " ".join(asked("/etc/postfix")): settings(),
    }
    instances, unknown = describe(recording(plays), FakeHost({"/run/rsyslogd.pid": "x"}, systemd=False), ["/etc/postfix-bare", "/etc/postfix-out"])
    assert [(one["name"], one["group"], one["enabled"], one["queue_directory"]) for one in instances] == [
        ("bare", "-", False, "/var/spool/bare"),
        ("out", "mta", True, "/var/spool/out"),
    ]
    assert {flaw["config_directory"] for flaw in unknown} == {"/etc/postfix-bare", "/etc/postfix-out"}


BARE_UNIT = {"name": "postfix@bare.service", "state": "inactive"}
POSTMULTI = UNIT.format(program="postmulti", command="postmulti -i bare -p start", environment="", **BARE_UNIT)
MAIL_CONFIG = UNIT.format(program="postfix", command="postfix start", environment="MAIL_CONFIG=/etc/postfix-bare", **BARE_UNIT)


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
    monkeypatch.setattr(runner, "run", lambda argv: (0, unit.splitlines(), "", argv) if argv[0] == "systemctl" else run(argv))
    instances, unknown = describe(runner, FakeHost(running=Running(False, "no_pid_file", None, None)), ["/etc/postfix-bare"])
    assert instances[0]["unit"] == found
    assert (("unit", "no unit starts this instance") in [(flaw["what"], flaw["why"]) for flaw in unknown]) == (found is None)


def test_named_directory_where_instances_cannot_be_listed(recording):
    refusal = ("", 1, "postmulti: fatal: open /etc/postfix/main.cf: Permission denied\n")
    plays = {
        "postmulti -l": refusal,
        "postconf -x config_directory multi_instance_directories": refusal,
        "postconf -c /etc/postfix-bare -x " + NAMES: BARE_NAMES,
        " ".join(asked("/etc/postfix-bare")): settings(),
    }
    instances, unknown = describe(recording(plays), FakeHost({"/run/rsyslogd.pid": "x"}, systemd=False), ["/etc/postfix-bare"])
    assert [(one["name"], one["enabled"], one["version"]) for one in instances] == [("bare", None, "3.10.13")]
    assert (None, "enabled") in [(flaw["config_directory"], flaw["what"]) for flaw in unknown]


def test_named_directory_without_a_main_cf(recording):
    refusal = ("", 1, "postconf: fatal: open /etc/absent/main.cf: No such file or directory\n")
    plays = {
        "postmulti -l": ("- - y /etc/postfix\n",),
        "postconf -c /etc/absent -x " + NAMES: refusal,
        " ".join(asked("/etc/absent")): refusal,
        " ".join(asked("/etc/postfix")): settings(),
    }
    instances, unknown = describe(recording(plays), FakeHost({"/run/rsyslogd.pid": "x"}, systemd=False), ["/etc/absent"])
    assert (instances[0]["config_directory"], instances[0]["name"], instances[0]["version"]) == ("/etc/absent", None, None)
    assert ("/etc/absent", "parameters") in [(flaw["config_directory"], flaw["what"]) for flaw in unknown]

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import os

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import (
    Host,
    Lock,
    LocksError,
    parse_locks,
)

LOCKS = """\
26: FLOCK  ADVISORY  WRITE 224 00:59:1672041 0 EOF
26: -> FLOCK  ADVISORY  WRITE 225 00:59:1672041 0 EOF
27: POSIX  ADVISORY  READ 36 fd:1f:99 128 128
60: OFDLCK ADVISORY  READ -1 00:06:3 0 EOF
"""


def test_locks():
    assert parse_locks(LOCKS) == [
        Lock(224, (0, 0x59), 1672041),
        Lock(36, (0xFD, 0x1F), 99),
        Lock(-1, (0, 6), 3),
    ]


@hypothesis.given(strategies.text())
def test_no_table_raises_anything_else(text):
    try:
        parse_locks(text)
    except LocksError:
        pass


@pytest.fixture
def queue_directory(tmp_path):
    (tmp_path / "pid").mkdir()
    (tmp_path / "pid" / "master.pid").write_text("     4711\n")
    return tmp_path


@pytest.fixture
def table(tmp_path):
    """A Host with a table of locks; {device} and {inode} are those of the pid file."""

    def make(line):
        status = os.stat(str(tmp_path / "pid" / "master.pid"))
        device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
        (tmp_path / "locks").write_text(line.format(device=device, inode=status.st_ino))
        (tmp_path / "self").mkdir(exist_ok=True)
        return Host(proc=str(tmp_path))

    return make


def test_master_that_holds_its_lock(queue_directory, table):
    host = table("1: FLOCK  ADVISORY  WRITE 224 {device}:{inode} 0 EOF\n")
    assert host.find_master(str(queue_directory)) == (True, "lock_table", 224, None)


@pytest.fixture
def process_with(tmp_path):
    """Makes the process that the pid file names, with this file open."""

    def make(path):
        (tmp_path / "4711" / "fd").mkdir(parents=True)
        (tmp_path / "4711" / "fd" / "0").symlink_to("/nowhere")
        (tmp_path / "4711" / "fd" / "3").symlink_to(path)

    return make


# The table can lack the lock, or name the device otherwise, as btrfs does.
UNDECIDED = ["", "1: FLOCK  ADVISORY  WRITE 224 77:77:{inode} 0 EOF\n", "garbage\n"]


@pytest.mark.parametrize("line", UNDECIDED)
def test_pid_file_that_was_left_behind(queue_directory, table, process_with, line):
    host = table(line)
    assert host.find_master(str(queue_directory)) == (False, "open_file", None, None)
    process_with(queue_directory / "another")
    assert host.find_master(str(queue_directory)) == (False, "open_file", None, None)


def test_pid_file_without_a_number(queue_directory, table):
    host = table("")
    (queue_directory / "pid" / "master.pid").write_text("")
    assert host.find_master(str(queue_directory)) == (False, "open_file", None, None)


def test_instance_that_never_ran(tmp_path):
    assert Host().find_master(str(tmp_path)) == (False, "no_pid_file", None, None)
    assert Host().find_master(str(tmp_path / "absent")) == (False, "no_pid_file", None, None)


@pytest.mark.parametrize("line", UNDECIDED)
def test_master_whose_lock_the_table_does_not_show(queue_directory, table, process_with, line):
    host = table(line)
    process_with(queue_directory / "pid" / "master.pid")
    assert host.find_master(str(queue_directory)) == (True, "open_file", 4711, None)


def test_lock_that_a_read_of_the_table_skips(queue_directory, table, monkeypatch):
    """As it happens to users other than root, where other processes take and release locks."""
    others = "".join(
        f"{number}: POSIX  ADVISORY  WRITE 99 77:77:{number} 0 EOF\n" for number in range(1, 99)
    )
    host = table("99: FLOCK  ADVISORY  WRITE 224 {device}:{inode} 0 EOF\n")
    whole = others + host.read(str(queue_directory / "locks"))
    tables = [others, others, whole]
    monkeypatch.setattr(host, "read", lambda path: tables.pop(0))
    assert host.find_master(str(queue_directory)) == (True, "lock_table", 224, None)


def test_short_table_is_read_once(queue_directory, table, monkeypatch):
    host = table("")
    read, paths = host.read, []
    monkeypatch.setattr(host, "read", lambda path: paths.append(path) or read(path))
    assert host.find_master(str(queue_directory)).running is False
    assert paths.count(str(queue_directory / "locks")) == 1


def test_pid_file_that_is_a_pipe(queue_directory, table):
    host = table("")
    path = queue_directory / "pid" / "master.pid"
    path.unlink()
    os.mkfifo(str(path))
    found = host.find_master(str(queue_directory))
    assert (found.running, found.why) == (None, f"{path} is not a regular file")


def test_system_without_proc(queue_directory):
    """As FreeBSD and macOS: nothing shows that no master runs."""
    found = Host(proc=str(queue_directory / "absent")).find_master(str(queue_directory))
    assert (found.running, found.why) == (
        None,
        f"{queue_directory}/pid/master.pid: there is no {queue_directory}/absent to see it in",
    )


def test_looking_takes_no_lock(queue_directory, table, monkeypatch):
    host = table("garbage\n")
    for name in ("flock", "lockf", "fcntl"):
        monkeypatch.setattr(fcntl, name, refusing)
    assert host.find_master(str(queue_directory)).running is False


def refusing(path, *dummy):
    raise PermissionError(13, "Permission denied", path)


@pytest.mark.parametrize(
    "line, running, by",
    [
        ("", False, "lock_table"),
        ("1: FLOCK  ADVISORY  WRITE 224 77:77:{inode} 0 EOF\n", None, None),
        ("garbage\n", None, None),
    ],
)
def test_file_that_may_not_be_read(queue_directory, table, monkeypatch, line, running, by):
    host = table(line)
    read = host.read

    def read_locks(path):
        if path.endswith("master.pid"):
            raise HostError("permission_denied", f"{path} cannot be read")
        return read(path)

    monkeypatch.setattr(host, "read", read_locks)
    found = host.find_master(str(queue_directory))
    assert (found.running, found.by) == (running, by)
    assert (found.why is None) == (running is not None)


def test_directory_that_is_closed(queue_directory, monkeypatch):
    monkeypatch.setattr(os, "stat", refusing)
    found = Host().find_master(str(queue_directory))
    monkeypatch.undo()
    assert (found.running, found.by) == (None, None)
    assert found.why is not None and "Permission denied" in found.why


def test_modes_and_files(tmp_path, monkeypatch):
    (tmp_path / "b").write_text("text")
    (tmp_path / "b").chmod(0o640)
    host = Host()
    assert host.read(str(tmp_path / "b")) == "text"
    assert host.mode(str(tmp_path / "b")) == "0640"
    assert host.mode(str(tmp_path / "absent")) is None
    with pytest.raises(HostError) as caught:
        host.read(str(tmp_path / "absent"))
    assert caught.value.kind == "command_failed"
    monkeypatch.setattr(os, "stat", refusing)
    with pytest.raises(HostError) as caught:
        host.mode(str(tmp_path / "b"))
    monkeypatch.undo()
    assert caught.value.kind == "permission_denied"


READS, WRITES, APPENDS, BOTH = "02100000", "0100001", "02102001", "02100002"


@pytest.fixture
def process(tmp_path):
    """Makes a process in a directory that stands for /proc. files: flags by path, in the order in
    which they were opened."""

    def make(pid, name, files, uid=0, cgroup="0::/\n"):
        for part in ("fd", "fdinfo"):
            (tmp_path / str(pid) / part).mkdir(parents=True)
        (tmp_path / str(pid) / "status").write_text(
            f"Name:\t{name}\nUmask:\t0022\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t0\t0\t0\t0\n"
        )
        (tmp_path / str(pid) / "cgroup").write_text(cgroup)
        for number, (path, flags) in enumerate(files.items(), 8):
            (tmp_path / str(pid) / "fd" / str(number)).symlink_to(path)
            (tmp_path / str(pid) / "fdinfo" / str(number)).write_text(
                f"pos:\t0\nflags:\t{flags}\nmnt_id:\t15\nino:\t9\n"
            )
        return Host(proc=str(tmp_path))

    return make


@pytest.fixture
def logs(tmp_path):
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).touch()
    return [str(tmp_path / name) for name in ("a", "b", "c", "d")]


def test_files_that_a_daemon_writes(process, logs, tmp_path):
    a, b, c, d = logs
    (tmp_path / "link").symlink_to(c)
    os.mkfifo(str(tmp_path / "pipe"))
    # Two digits come after one; what is only read, no regular file, gone or another file under this
    # path does not count.
    others = {
        str(tmp_path / "pipe"): WRITES,
        "/dev/null": BOTH,
        c + " (deleted)": APPENDS,
        str(tmp_path / "link"): APPENDS,
        "socket:[7]": BOTH,
    }
    host = process(
        7, "rsyslogd", dict([(d, WRITES), (c, READS), (b, APPENDS), (a, BOTH)], **others)
    )
    daemons, held = host.syslog_files()
    assert daemons == ["rsyslogd"]
    assert [(file.program, file.path) for file in held] == [
        ("rsyslogd", d),
        ("rsyslogd", b),
        ("rsyslogd", a),
    ]


@pytest.mark.parametrize(
    "name, uid, cgroup, known",
    [
        ("syslogd", 0, "0::/\n", True),
        ("syslog-ng", 0, "0::/\n", True),
        ("busybox", 0, "0::/\n", True),
        ("systemd-journal", 0, "0::/\n", False),
        ("rsyslogd", 104, "0::/system.slice/rsyslog.service\n", True),
        ("rsyslogd", 104, "1:name=systemd:/system.slice/rsyslog.service\n", True),
        (
            "rsyslogd",
            1000,
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/rsyslog.service\n",
            False,
        ),
        ("rsyslogd", 33, "0::/system.slice/apache2.service\n", False),
        (
            "rsyslogd",
            33,
            "5:cpu:/system.slice/rsyslog.service\n0::/system.slice/apache2.service\n",
            False,
        ),
        ("rsyslogd\\nx", 0, "0::/\n", True),
        ("cat", 0, "0::/\n", False),
    ],
)
def test_only_daemons_that_root_started(process, logs, name, uid, cgroup, known):
    daemons, held = process(7, name, {logs[0]: APPENDS}, uid, cgroup).syslog_files()
    assert bool(daemons) == bool(held) == known


def test_processes_that_end(process, logs, tmp_path):
    process(7, "syslogd", {logs[0]: APPENDS})
    (tmp_path / "7" / "fdinfo" / "8").unlink()
    (tmp_path / "8").mkdir()
    host = process(9, "syslog-ng", {})
    (tmp_path / "9" / "fd").rmdir()
    assert host.syslog_files() == (["syslog-ng", "syslogd"], [])
    assert host.cgroup_of(8) == ""


def test_file_that_need_not_be_there(tmp_path):
    (tmp_path / "a").write_text("text")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert Host().read_if_any(str(tmp_path / "a")) == "text"
    assert Host().read_if_any(str(tmp_path / "absent")) is None
    with pytest.raises(HostError) as caught:
        Host().read_if_any(str(tmp_path / "loop"))
    assert caught.value.kind == "command_failed"


def test_files_in_a_directory(tmp_path, monkeypatch):
    for name in ("b", ".a"):
        (tmp_path / name).touch()
    (tmp_path / "directory").mkdir()
    host = Host()
    assert host.files_in(str(tmp_path)) == [".a", "b"]
    assert host.files_in(str(tmp_path / "absent")) == []
    with pytest.raises(HostError) as caught:
        host.files_in(str(tmp_path / "b"))
    assert caught.value.kind == "command_failed"
    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(HostError) as caught:
        host.files_in(str(tmp_path))
    monkeypatch.undo()
    assert caught.value.kind == "permission_denied"


def test_users(monkeypatch):
    root = Host().user("root")
    assert (root.name, root.uid) == ("root", 0)
    assert root.group in root.groups
    assert Host().user("nobody-here") is None
    monkeypatch.setattr(os, "getgrouplist", lambda name, gid: [gid, 4294967000])
    assert "4294967000" in Host().user("root").groups

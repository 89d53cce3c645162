# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import os

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.host import Host, Lock, LocksError, parse_locks

LOCKS = """\
26: FLOCK  ADVISORY  WRITE 224 00:59:1672041 0 EOF
26: -> FLOCK  ADVISORY  WRITE 225 00:59:1672041 0 EOF
27: POSIX  ADVISORY  READ 36 fd:1f:99 128 128
60: OFDLCK ADVISORY  READ -1 00:06:3 0 EOF
"""


def test_locks():
    assert parse_locks(LOCKS) == [Lock(224, (0, 0x59), 1672041), Lock(36, (0xFD, 0x1F), 99), Lock(-1, (0, 6), 3)]


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
        device = "%02x:%02x" % (os.major(status.st_dev), os.minor(status.st_dev))
        (tmp_path / "locks").write_text(line.format(device=device, inode=status.st_ino))
        return Host(proc=str(tmp_path))

    return make


def test_master_that_holds_its_lock(queue_directory, table):
    host = table("1: FLOCK  ADVISORY  WRITE 224 {device}:{inode} 0 EOF\n")
    assert host.find_master(str(queue_directory)) == (True, "lock_table", 224, None)


def test_pid_file_that_was_left_behind(queue_directory, table):
    assert table("").find_master(str(queue_directory)) == (False, "lock", None, None)


def test_instance_that_never_ran(tmp_path):
    assert Host().find_master(str(tmp_path)) == (False, "no_pid_file", None, None)
    assert Host().find_master(str(tmp_path / "absent")) == (False, "no_pid_file", None, None)


@pytest.mark.parametrize("line", ["", "1: FLOCK  ADVISORY  WRITE 224 77:77:{inode} 0 EOF\n", "garbage\n"])
def test_lock_that_the_table_does_not_show(queue_directory, table, line):
    host = table(line)
    with open(str(queue_directory / "pid" / "master.pid"), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert host.find_master(str(queue_directory)) == (True, "lock", 4711, None)


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
def test_file_that_may_not_be_opened(queue_directory, table, monkeypatch, line, running, by):
    host = table(line)
    text = (queue_directory / "locks").read_text()
    monkeypatch.setattr(host, "read", lambda path: text)
    monkeypatch.setattr("builtins.open", refusing)
    found = host.find_master(str(queue_directory))
    monkeypatch.undo()
    assert (found.running, found.by) == (running, by)
    assert (found.why is None) == (running is not None)


def test_directory_that_is_closed(queue_directory, monkeypatch):
    monkeypatch.setattr(os, "stat", refusing)
    found = Host().find_master(str(queue_directory))
    monkeypatch.undo()
    assert (found.running, found.by) == (None, None)
    assert "Permission denied" in found.why


def test_modes_and_files(tmp_path, monkeypatch):
    (tmp_path / "b").write_text("text")
    (tmp_path / "a").touch()
    (tmp_path / "b").chmod(0o640)
    host = Host()
    assert host.read(str(tmp_path / "b")) == "text"
    assert host.mode(str(tmp_path / "b")) == "0640"
    assert host.mode(str(tmp_path / "absent")) is None
    assert host.names(str(tmp_path / "*")) == [str(tmp_path / "a"), str(tmp_path / "b")]
    with pytest.raises(QueueError) as caught:
        host.read(str(tmp_path / "absent"))
    assert caught.value.kind == "command_failed"
    monkeypatch.setattr(os, "stat", refusing)
    with pytest.raises(QueueError) as caught:
        host.mode(str(tmp_path / "b"))
    monkeypatch.undo()
    assert caught.value.kind == "permission_denied"


def test_processes(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "comm").write_text("rsyslogd\n")
    host = Host(proc=str(tmp_path))
    assert host.program_of(7) == "rsyslogd"
    assert host.program_of(8) == ""
    assert host.cgroup_of(7) == ""


def test_file_that_need_not_be_there(tmp_path):
    (tmp_path / "a").write_text("text")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert Host().read_if_any(str(tmp_path / "a")) == "text"
    assert Host().read_if_any(str(tmp_path / "absent")) is None
    with pytest.raises(QueueError) as caught:
        Host().read_if_any(str(tmp_path / "loop"))
    assert caught.value.kind == "command_failed"


def test_files_in_a_directory(tmp_path, monkeypatch):
    for name in ("b", ".a"):
        (tmp_path / name).touch()
    (tmp_path / "directory").mkdir()
    host = Host()
    assert host.files_in(str(tmp_path)) == [".a", "b"]
    assert host.files_in(str(tmp_path / "absent")) == []
    with pytest.raises(QueueError) as caught:
        host.files_in(str(tmp_path / "b"))
    assert caught.value.kind == "command_failed"
    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(QueueError) as caught:
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

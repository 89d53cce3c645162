# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts of the host that need no command: files, users, processes and their locks."""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from typing import Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

_LOCK = re.compile(
    r"\d+: (?:FLOCK|POSIX|OFDLCK|LEASE|ACCESS|DELEG)\s+\S+\s+\S+\s+(-?\d+)"
    r" ([0-9a-f]+):([0-9a-f]+):(\d+) \d+ \S+$"
)
# Characters; a piece of the table is a page of at least 4096 bytes, less an incomplete line.
LOCK_PIECE = 2048
LOCK_READS = 10
_WAITING = re.compile(r"\d+:\s+->")
# Any user can give a process such a name. Only those of root are trusted, and those that systemd
# runs as a system service (Ubuntu's rsyslogd does not run as root).
_SYSLOG = re.compile(r"Name:\t(\S*syslog\S*|busybox)\n")
_ROOTS = re.compile(r"^Uid:(?:\t0){4}$", re.MULTILINE)
_SYSLOG_UNIT = re.compile(
    r"^(?:0:|\d+:name=systemd):/system\.slice/[^/\n]*syslog[^/\n]*\.service$", re.MULTILINE
)
_FLAGS = re.compile(r"^flags:\t([0-7]+)$", re.MULTILINE)


class OpenFile(NamedTuple):
    """A file that a process holds open for writing. program: the name of the process."""

    program: str
    path: str
    status: os.stat_result


class Lock(NamedTuple):
    """A lock of the kernel's table. device: (major, minor)."""

    pid: int
    device: tuple[int, int]
    inode: int


class User(NamedTuple):
    """A user. group: the primary one; groups: all of them. A group without a name is its number."""

    name: str
    uid: int
    group: str
    groups: list[str]
    home: str


class Running(NamedTuple):
    """Whether a Postfix master runs. running: None if unknown, and why then says why; by: how it
    was found out; pid: the master's, None if unknown."""

    running: bool | None
    by: str | None
    pid: int | None
    why: str | None


class LocksError(ValueError):
    """Text that is no table of locks."""


def parse_locks(text: str) -> list[Lock]:
    """The locks held according to C(/proc/locks). Raises LocksError."""
    locks = []
    for line in text.splitlines():
        match = _LOCK.match(line)
        if match:
            pid, major, minor, inode = match.groups()
            locks.append(Lock(int(pid), (int(major, 16), int(minor, 16)), int(inode)))
        elif line.strip() and not _WAITING.match(line):
            raise LocksError(f"not a lock: {line[:200]!r}")
    return locks


class Host:
    """The host's files, users and processes."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc

    def read(self, path: str) -> str:
        """The text of a file. Raises HostError (permission_denied, command_failed)."""
        try:
            with open(path, "rb") as file:
                return file.read().decode("utf-8", "replace")
        except PermissionError:
            raise HostError(
                "permission_denied", f"{path} cannot be read", hint="Run as root (become: true)."
            ) from None
        except OSError as error:
            raise HostError(
                "command_failed",
                f"{path} cannot be read: {error.strerror}",
                hint="Check this file.",
            ) from None

    def read_if_any(self, path: str) -> str | None:
        """The text of a file; None if it does not exist. Raises HostError (permission_denied,
        command_failed)."""
        try:
            os.lstat(path)
        except FileNotFoundError:
            return None
        except OSError:
            pass  # read reports the cause
        return self.read(path)

    def files_in(self, directory: str) -> list[str]:
        """The names of the files in a directory, sorted; empty if it does not exist. Raises
        HostError (permission_denied, command_failed)."""
        try:
            with os.scandir(directory) as entries:
                return sorted(entry.name for entry in entries if entry.is_file())
        except FileNotFoundError:
            return []
        except PermissionError:
            raise HostError(
                "permission_denied",
                f"{directory} cannot be listed",
                hint="Run as root (become: true).",
            ) from None
        except OSError as error:
            raise HostError(
                "command_failed",
                f"{directory} cannot be listed: {error.strerror}",
                hint="Check this directory.",
            ) from None

    def is_link(self, path: str) -> bool:
        return os.path.islink(path)

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def user(self, name: str) -> User | None:
        """The user with this name; None if there is none."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        groups = [group_name(gid) for gid in os.getgrouplist(name, entry.pw_gid)]
        return User(name, entry.pw_uid, group_name(entry.pw_gid), sorted(set(groups)), entry.pw_dir)

    def real_path(self, path: str) -> str:
        """The path without symbolic links, as far as they can be read."""
        return os.path.realpath(path)

    def status(self, path: str) -> os.stat_result:
        """The status of a file, links followed. Raises OSError."""
        return os.stat(path)

    def mode(self, path: str) -> str | None:
        """A file's mode, such as C(0640); None if it does not exist. Raises HostError
        (permission_denied)."""
        try:
            return f"{stat.S_IMODE(os.stat(path).st_mode):04o}"
        except PermissionError:
            raise HostError(
                "permission_denied",
                f"this user cannot enter the directory of {path}",
                hint="Run as root (become: true).",
            ) from None
        except OSError:
            return None

    def has_systemd(self) -> bool:
        """Whether systemd is the init system; see sd_booted(3)."""
        return os.path.isdir("/run/systemd/system")

    def is_directory(self, path: str) -> bool:
        return os.path.isdir(path)

    def cgroup_of(self, pid: int) -> str:
        """The text of a process's cgroup file; empty if it cannot be read."""
        return self._of_process(pid, "cgroup")

    def syslog_files(self) -> tuple[list[str], list[OpenFile]]:
        """The names of the running syslog daemons, and the files that they write, each path once,
        in the order in which a daemon opened them. Only root sees all of them."""
        daemons: list[str] = []
        found: dict[str, OpenFile] = {}
        for pid in sorted(int(name) for name in os.listdir(self._proc) if name.isdigit()):
            status = self._of_process(pid, "status")
            name = _SYSLOG.match(status)
            if name and (_ROOTS.search(status) or _SYSLOG_UNIT.search(self.cgroup_of(pid))):
                daemons.append(name.group(1))
                for path, file_status in self._written_by(pid):
                    found.setdefault(path, OpenFile(name.group(1), path, file_status))
        return sorted(set(daemons)), list(found.values())

    def _written_by(self, pid: int) -> Iterator[tuple[str, os.stat_result]]:
        """The path and status of each regular file that a process holds open for writing."""
        directory = f"{self._proc}/{pid}/"
        try:
            names = sorted(os.listdir(directory + "fd"), key=int)
        except OSError:
            return
        for name in names:
            try:
                path = os.readlink(directory + "fd/" + name)
                status = os.stat(directory + "fd/" + name)
                flags = _FLAGS.search(self.read(directory + "fdinfo/" + name))
                # In a container the same path may be another file, a deleted file has no path any
                # more, and JSON cannot hold a path that is not text.
                if (
                    stat.S_ISREG(status.st_mode)
                    and flags
                    and int(flags.group(1), 8) & (os.O_WRONLY | os.O_RDWR)
                    and path.isprintable()
                    and os.path.samestat(status, os.lstat(path))
                ):
                    yield path, status
            except (OSError, HostError):
                continue

    def _of_process(self, pid: int, name: str) -> str:
        try:
            return self.read(f"{self._proc}/{pid}/{name}")
        except HostError:
            return ""

    def find_master(self, queue_directory: str) -> Running:
        """Whether a Postfix master runs with this queue directory.

        The master locks its pid file while it lives, so a stale file does not count. Every user
        can read the kernel's table of locks; only root can open the file."""
        path = os.path.join(queue_directory, "pid", "master.pid")
        try:
            status = self.status(path)
        except FileNotFoundError:
            return Running(False, "no_pid_file", None, None)
        except OSError as error:
            return Running(None, None, None, f"{path}: {error.strerror}")
        if not stat.S_ISREG(status.st_mode):
            # Reading a FIFO would wait for a writer, without a time limit.
            return Running(None, None, None, f"{path} is not a regular file")
        locks = self.locks_on(path, status.st_ino)
        for lock in locks or []:
            if lock.device == (os.major(status.st_dev), os.minor(status.st_dev)):
                return Running(True, "lock_table", lock.pid if lock.pid > 0 else None, None)
        return self.holder(path, status, locks)

    def locks_on(self, path: str, inode: int) -> list[Lock] | None:
        """The locks on inodes of this number, which is that of the file; None without a table.

        The kernel hands out a long table in pieces, and skips a lock if one before it is released
        between two of them. So a lock is only missing if it is in none of several reads."""
        locks: list[Lock] = []
        for dummy in range(LOCK_READS):
            try:
                table = self.read(f"{self._proc}/locks")
                locks = [lock for lock in parse_locks(table) if lock.inode == inode]
            except (HostError, LocksError):
                return None
            if locks or len(table) < LOCK_PIECE:
                break
        return locks

    def holder(self, path: str, status: os.stat_result, locks: list[Lock] | None) -> Running:
        """Decide by whether the process named in the pid file has that file open, where the table
        of locks does not. Trying the lock would make a master fail that starts at that moment.

        locks: those on inodes of the same number whose device seems to be another; None without a
        table."""
        if locks is None and not os.path.exists(f"{self._proc}/self"):
            return Running(None, None, None, f"{path}: there is no {self._proc} to see it in")
        try:
            pid = int(self.read(path))
            if self._has_open(pid, status):
                return Running(True, "open_file", pid, None)
        except (FileNotFoundError, ValueError):
            pass  # no such process, or no number
        except (HostError, OSError) as error:
            if locks != []:
                why = f"{path}: the kernel's table of locks does not decide, and {error}"
                return Running(None, None, None, why)
            return Running(False, "lock_table", None, None)
        return Running(False, "open_file", None, None)

    def _has_open(self, pid: int, status: os.stat_result) -> bool:
        """Whether a process has this file open. Raises OSError."""
        directory = f"{self._proc}/{pid}/fd/"
        for name in os.listdir(directory):
            try:
                if os.path.samestat(os.stat(directory + name), status):
                    return True
            except FileNotFoundError:
                continue  # closed by now
        return False


def group_name(gid: int) -> str:
    """The name of a group, or its number if it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the host itself tells, without a command: files, users, and who holds a lock."""

from __future__ import annotations

import collections
import grp
import os
import pwd
import re
import stat

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

_LOCK = re.compile(
    r"\d+: (?:FLOCK|POSIX|OFDLCK|LEASE|ACCESS|DELEG)\s+\S+\s+\S+\s+(-?\d+)"
    r" ([0-9a-f]+):([0-9a-f]+):(\d+) \d+ \S+$"
)
_WAITING = re.compile(r"\d+:\s+->")
# Any user may give a process such a name. Root's are trusted, and those that systemd keeps in a
# service of the system (Ubuntu's rsyslogd is not root's).
_SYSLOG = re.compile(r"Name:\t(\S*syslog\S*|busybox)\n")
_ROOTS = re.compile(r"^Uid:(?:\t0){4}$", re.MULTILINE)
_SYSLOG_UNIT = re.compile(
    r"^(?:0:|\d+:name=systemd):/system\.slice/[^/\n]*syslog[^/\n]*\.service$", re.MULTILINE
)
_FLAGS = re.compile(r"^flags:\t([0-7]+)$", re.MULTILINE)

# program: the name of the process that holds a file open for writing; path, status: the file's.
Held = collections.namedtuple("Held", "program path status")

Lock = collections.namedtuple("Lock", "pid device inode")

# group: the primary one; groups: all, the primary one included. A group without a name is its
# number.
User = collections.namedtuple("User", "name uid group groups home")

# running: bool, or None with why; by: how it was decided; pid: the master's, None where it is not
# known.
Running = collections.namedtuple("Running", "running by pid why")


class LocksError(ValueError):
    """Text that is not the kernel's table of locks."""


def parse_locks(text):
    """Each Lock (list) that is held, in C(/proc/locks); a lock's device is (major, minor). Raises
    LocksError."""
    locks = []
    for line in text.splitlines():
        said = _LOCK.match(line)
        if said:
            locks.append(
                Lock(
                    int(said.group(1)),
                    (int(said.group(2), 16), int(said.group(3), 16)),
                    int(said.group(4)),
                )
            )
        elif line.strip() and not _WAITING.match(line):
            raise LocksError(f"not a lock: {line[:200]!r}")
    return locks


class Host:
    """The host's files."""

    def __init__(self, proc="/proc"):
        self._proc = proc

    def read(self, path):
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
                hint="Look at this file.",
            ) from None

    def read_if_any(self, path):
        """The text of a file, or None where there is none. Raises HostError (permission_denied,
        command_failed)."""
        try:
            os.lstat(path)
        except FileNotFoundError:
            return None
        except OSError:
            pass  # reading it names the cause
        return self.read(path)

    def files_in(self, directory):
        """The names of the files in a directory, sorted; none where it does not exist. Raises
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
                hint="Look at this directory.",
            ) from None

    def is_link(self, path):
        return os.path.islink(path)

    def exists(self, path):
        return os.path.lexists(path)

    def user(self, name):
        """A User, or None where there is none of this name."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        groups = [_group_name(gid) for gid in os.getgrouplist(name, entry.pw_gid)]
        return User(
            name, entry.pw_uid, _group_name(entry.pw_gid), sorted(set(groups)), entry.pw_dir
        )

    def mode(self, path):
        """A file's mode as in C(0640), or None where it does not exist. Raises HostError
        (permission_denied)."""
        try:
            return f"{stat.S_IMODE(os.stat(path).st_mode):04o}"
        except PermissionError:
            raise HostError(
                "permission_denied",
                f"the directory of {path} is closed to this user",
                hint="Run as root (become: true).",
            ) from None
        except OSError:
            return None

    def has_systemd(self):
        """Whether systemd is the init; see sd_booted(3)."""
        return os.path.isdir("/run/systemd/system")

    def is_directory(self, path):
        return os.path.isdir(path)

    def cgroup_of(self, pid):
        """The text of a process's cgroup file; an empty one where it cannot be read."""
        return self._of_process(pid, "cgroup")

    def syslog_files(self):
        """The syslog daemons that run (list of str), and each Held (list), a path once, in the
        order in which a daemon opened them. For root."""
        daemons, held = [], {}
        for pid in sorted(int(name) for name in os.listdir(self._proc) if name.isdigit()):
            status = self._of_process(pid, "status")
            name = _SYSLOG.match(status)
            if name and (_ROOTS.search(status) or _SYSLOG_UNIT.search(self.cgroup_of(pid))):
                daemons.append(name.group(1))
                for path, found in self._written_by(pid):
                    held.setdefault(path, Held(name.group(1), path, found))
        return sorted(set(daemons)), list(held.values())

    def _written_by(self, pid):
        """The path and status of each regular file that a process holds open for writing."""
        directory = f"{self._proc}/{pid}/"
        try:
            names = sorted(os.listdir(directory + "fd"), key=int)
        except OSError:
            return
        for name in names:
            try:
                path, found = (
                    os.readlink(directory + "fd/" + name),
                    os.stat(directory + "fd/" + name),
                )
                flags = int(_FLAGS.search(self.read(directory + "fdinfo/" + name)).group(1), 8)
                # A container has files of its own under the same paths; a deleted file has none,
                # and a name that is no text cannot be returned.
                if (
                    stat.S_ISREG(found.st_mode)
                    and flags & (os.O_WRONLY | os.O_RDWR)
                    and path.isprintable()
                    and os.path.samestat(found, os.lstat(path))
                ):
                    yield path, found
            except (OSError, HostError, AttributeError):
                continue

    def _of_process(self, pid, name):
        try:
            return self.read(f"{self._proc}/{pid}/{name}")
        except HostError:
            return ""

    def find_master(self, queue_directory):
        """Whether a Postfix master runs with this queue directory, as a Running.

        The master holds a lock on its pid file as long as it lives, so a file that was left behind
        does not count. The kernel shows its locks to everybody; the file itself is root's."""
        path = os.path.join(queue_directory, "pid", "master.pid")
        try:
            status = os.stat(path)
        except FileNotFoundError:
            return Running(False, "no_pid_file", None, None)
        except OSError as error:
            return Running(None, None, None, f"{path}: {error.strerror}")
        try:
            locks = [
                lock
                for lock in parse_locks(self.read(f"{self._proc}/locks"))
                if lock.inode == status.st_ino
            ]
        except (HostError, LocksError):
            locks = None
        for lock in locks or []:
            if lock.device == (os.major(status.st_dev), os.minor(status.st_dev)):
                return Running(True, "lock_table", lock.pid if lock.pid > 0 else None, None)
        return self._holder(path, status, locks)

    def _holder(self, path, status, locks):
        """Decides where the table of locks does not, by whether the process that the pid file names
        has it open. To try the lock would make a master fail that starts at that moment.

        locks: those on files of the same number, on other devices or on devices that the table
        names otherwise; None without a table."""
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

    def _has_open(self, pid, status):
        """Whether a process has this file open. Raises OSError."""
        directory = f"{self._proc}/{pid}/fd/"
        for name in os.listdir(directory):
            try:
                if os.path.samestat(os.stat(directory + name), status):
                    return True
            except FileNotFoundError:
                continue  # closed by now
        return False


def _group_name(gid):
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)

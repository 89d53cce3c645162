# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of a host from its answer, made by the module's own functions, which here read what was
recorded instead of the host."""

from __future__ import annotations

import errno
import os
import re
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import (
    HostError,
    os_error,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import (
    Deadline,
    Process,
    Runner,
    not_found,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import (
    Host,
    Lock,
    LocksError,
    Running,
    parse_locks,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.collectors import (
    Files,
    FindCollector,
    PostqueueCollector,
    judge_listing,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import Details
from ansible_collections.mailops.postfix.plugins.module_utils._queue.gathering import (
    Collectors,
    Request,
    gather,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather.answer import Answer, Run

_LISTED = re.compile(r"(?P<queue>[a-z]+) (?P<count>\d+)\Z")
_FOUND = re.compile(r"\s*(?P<count>\d+) (?P<type>\w) (?P<depth>\d+) (?P<directory>/.*)\Z")
_STATUS = re.compile(r"(?P<mode>[0-9a-f]+) (?P<inode>\d+) (?P<device>\d+)\n\Z")
# What stat(1) says of a file that is not there, or that the user may not reach.
_REASONS = {"No such file or directory": errno.ENOENT, "Permission denied": errno.EACCES}
# A shell's own exit codes: from here on for a signal or a program that could not be started, and
# for what is no shell script, as which it runs a program that the kernel does not know.
_NO_EXIT_CODE = 126
_NO_SCRIPT = 2


class UnseenError(Exception):
    """Something that the script did not see as the module would. The text says what."""


def facts(
    answer: Answer, directories: list[str] | None, request: Request, timeout: int
) -> tuple[dict[str, Any] | None, list[str], list[dict[str, Any]]]:
    """Facts, warnings and errors, as gather returns them on the host. Raises UnseenError."""
    if answer.cannot:
        raise UnseenError(answer.cannot)
    if answer.state == "died":
        raise UnseenError("something ended the script")
    runner = RecordedRunner(answer, timeout)
    collectors = Collectors(RecordedFind, RecordedPostqueue)
    return gather(runner, RecordedHost(answer), directories, request, collectors)


class RecordedRunner(Runner):
    """Plays the commands that ran on the host."""

    def __init__(self, answer: Answer, timeout: int) -> None:
        self.answer = answer
        self.deadline = Deadline(timeout)

    def find(self, name: str) -> str | None:
        return self.answer.located.get(name)

    def start(self, argv: list[str], stdin: bytes | None = None) -> Process:
        raise UnseenError(f"the script does not run {' '.join(argv)}")

    def run(
        self, argv: list[str], stdin: bytes | None = None
    ) -> tuple[int, list[str], str, list[str]]:
        found, rc, argv = self.recorded(argv)
        lines = found.stdout.split("\n")
        if not lines[-1]:
            del lines[-1]
        return rc, lines, found.stderr, argv

    def recorded(self, argv: list[str], doing: str | None = None) -> tuple[Run, int, list[str]]:
        """How a command ran, its exit code, and the command with the program's path. doing: what
        the message about a late one says.

        Raises HostError (timeout, not_installed) and UnseenError."""
        found = self.answer.runs.get(" ".join(argv))
        if found is None or found.rc is None:
            if self.answer.state != "late":
                raise UnseenError(f"the script did not run {argv[0]}")
            raise self._late(argv, found, doing)
        if found.program is None:
            raise not_found(argv, self.answer.path)
        rc = int(found.rc) if found.rc.isdecimal() else _NO_EXIT_CODE
        if rc >= _NO_EXIT_CODE or rc == _NO_SCRIPT:
            raise UnseenError(f"{argv[0]} did not run to its end")
        return found, rc, [found.program, *argv[1:]]

    def _late(self, argv: list[str], found: Run | None, doing: str | None) -> HostError:
        if doing:
            return self.deadline.error(doing)
        if found and found.program:
            argv = [found.program, *argv[1:]]
            return self.deadline.error(" ".join(argv), argv)
        program = self.find(argv[0])
        return self.deadline.error(program) if program else not_found(argv, self.answer.path)


class RecordedHost(Host):
    """Plays what the script saw of files and locks."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def real_path(self, path: str) -> str:
        # The script looks only where there are several.
        return self._answer.real.get(path, path)

    def status(self, path: str) -> os.stat_result:
        found = self._answer.runs.get(" ".join(commands.stat_file(path)))
        said = _STATUS.match(found.stdout) if found else None
        if found and said and found.rc == "0":
            device = int(said.group("device"))
            major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
            minor = (device & 0xFF) | (device >> 12 & ~0xFF)
            mode, inode = int(said.group("mode"), 16), int(said.group("inode"))
            return os.stat_result((mode, inode, os.makedev(major, minor), *[0] * 7))
        number = _REASONS.get(found.stderr.rstrip("\n").rpartition(": ")[2]) if found else None
        if number is None:
            raise UnseenError("the master's pid file cannot be seen")
        raise OSError(number, os.strerror(number), path)

    def locks_on(self, path: str, inode: int) -> list[Lock] | None:
        """The locks on inodes of this number; path: the file."""
        found = self._answer.locks.get(path)
        if found is None:
            raise UnseenError("the table of locks was not seen")
        lines, dummy, size = found.table.rpartition("size ")
        if not size.isdecimal():
            raise UnseenError("the table of locks was not seen")
        try:
            return [lock for lock in parse_locks(lines) if lock.inode == inode]
        except LocksError:
            raise UnseenError("the table of locks has lines of another kind") from None

    def holder(self, path: str, status: os.stat_result, locks: list[Lock] | None) -> Running:
        """Decides where no lock does."""
        found = self._answer.locks[path].holder
        if locks or found not in ("gone", "closed"):
            raise UnseenError("the locks do not show whether a master runs")
        return Running(False, "open_file" if found == "gone" else "lock_table", None, None)


class RecordedFind(FindCollector):
    """Plays the counting of files."""

    _runner: RecordedRunner

    def walk(self, directories: dict[str, str], now: float | None) -> dict[str, Files]:
        for directory in directories.values():
            if directory in self._runner.answer.closed:
                raise os_error(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), directory)
        argv = commands.find_queues(directories.values())
        doing = f"counting in {self._queue_directory}"
        found, rc, dummy = self._runner.recorded(argv, doing)
        if rc != 0 or found.stderr:
            raise UnseenError("find complained")
        *lines, end = found.stdout.splitlines() or [""]
        if end != "ended":
            raise UnseenError("something ended the counting")
        counts = dict.fromkeys(directories.values(), 0)
        for line in lines:
            said = _FOUND.match(line)
            if not said or said.group("directory") not in counts:
                raise UnseenError("find printed something else")
            if said.group("depth") == "0":
                raise UnseenError("a queue was replaced while it was counted")
            if said.group("type") == "f":
                counts[said.group("directory")] += int(said.group("count"))
        return {
            queue: Files(counts[directory], None, []) for queue, directory in directories.items()
        }


class RecordedPostqueue(PostqueueCollector):
    """Plays the counting of a listing."""

    _runner: RecordedRunner

    def count_json(self, warnings: list[str], details: Details | None) -> dict[str, int]:
        argv = commands.postqueue_json(self._config_directory)
        found, rc, argv = self._runner.recorded(argv)
        counts = _listed(found.stdout)
        warnings += judge_listing(argv, rc, found.stderr, sum(counts.values()))
        return counts


def _listed(text: str) -> dict[str, int]:
    """The messages by queue that the script counted in a listing. Raises UnseenError if it saw
    anything else."""
    counts = {}
    for line in text.splitlines():
        said = _LISTED.match(line)
        if not said:
            raise UnseenError("the counting printed something else")
        counts[said.group("queue")] = int(said.group("count"))
    if counts.pop("odd", None) != 0 or set(counts) - set(LISTED_QUEUES):
        raise UnseenError("the listing has lines of another kind")
    return {queue: counts.get(queue, 0) for queue in LISTED_QUEUES}

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find where an instance's log goes, by evidence: write a line as Postfix writes them, and look for
it in the files that syslog daemons write.

Lines that are already there prove less. They may be old, any user of the host can write such lines
to any facility (logger(1)), and a daemon that has just been restarted does not open a file before
it writes to it. They decide only in check mode, where no line is written."""

from __future__ import annotations

import collections
import os
import re
import secrets
import stat
import time
from typing import Any, Iterable, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import cause_of
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import (
    Host,
    OpenFile,
)

# Seconds: until a line arrives at all, until it has arrived at every file, and between two looks.
_FIRST_ARRIVAL, _ALL_ARRIVALS, _PAUSE = 3.0, 0.2, 0.05
# The number of lines of a file that are compared with those of others.
_WINDOW = 2000
# How often files are read in check mode until they agree; a line may arrive between two reads.
_READS = 5
_MESSAGE = "mailops.postfix.postfix_info looks for this log: %s\n"
_TIMES = {
    "traditional": rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ",
    "rfc3339": rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ",
}
# Between time and tag stand the host and, with busybox, facility and level.
_HEADER = rb"(?:%s)(?:\S*[^\s:] ){0,2}" % b"|".join(_TIMES.values())
_TAG = rb"%s/[^\s\[\]:]+\[\d+\]:"
_PROBLEM = rb"(?! (?:warning|error|fatal|panic): )"
# Programs of Postfix of which at least one has logged wherever it has run.
_PROGRAMS = ("master", "postfix-script", "qmgr", "pickup", "cleanup", "smtpd", "smtp", "postlog")
_NOTHING = {"destination": None, "files": None, "unit": None}
_NOT_ROOT = "only root sees which files a syslog daemon writes; run as root (become: true)"
_WRITE_ONE = "run without check mode, which writes a line and looks for it"


class Evidence(NamedTuple):
    """What a file shows of an instance. timestamps: a key of _TIMES, or None; texts: each of the
    last lines from the tag on, None for a line of another program."""

    timestamps: str | None
    texts: list[bytes | None]


class _Found(NamedTuple):
    """A file with lines of an instance."""

    file: OpenFile
    status: os.stat_result
    evidence: Evidence


def examine(
    content: bytes, syslog_name: str, others: Iterable[str] = (), mark: bytes | None = None
) -> Evidence | None:
    """What the last lines of a file show of an instance, up to the line with the mark, or without a
    mark up to the instance's newest line at level info; None if there is no such line.

    others: the syslog names of the host's other instances."""
    lines = [] if mark and mark not in content else content.splitlines()
    informs = re.compile(_HEADER + _TAG % re.escape(syslog_name.encode()) + _PROBLEM)
    last = next(
        (
            index
            for index in reversed(range(len(lines)))
            if (mark in lines[index] if mark else informs.match(lines[index]))
        ),
        None,
    )
    if last is None:
        return None
    # Files are read one after the other; later lines do not count, so that files with the same
    # lines give the same evidence.
    window = lines[max(0, last + 1 - _WINDOW) : last + 1]
    names = b"|".join(re.escape(name.encode()) for name in [syslog_name, *others])
    timestamps = next(
        (name for name, pattern in _TIMES.items() if re.match(pattern, lines[last])), None
    )
    tagged = re.compile(
        (_HEADER if timestamps else rb"(?:.*?\s)?") + rb"(%s.*)" % (_TAG % (b"(?:%s)" % names))
    )
    texts = [found and found.group(1) for found in map(tagged.match, window)]
    return Evidence(timestamps, texts)


def agree(one: Evidence, other: Evidence, syslog_name: str) -> bool:
    """Whether the other file has every line of this instance that one has, from the oldest line
    that both have. If not, it gets only some of them, or none any more."""
    there = set(other.texts)
    shared = [
        text in there
        for text in one.texts
        if text and text.startswith(b"%s/" % syslog_name.encode())
    ]
    return any(shared) and all(shared[shared.index(True) :])


def others_in(evidence: list[Evidence]) -> list[tuple[int, float]]:
    """How much of each file is of other programs: the number of such lines since the oldest line of
    Postfix that all files have, and the share of such lines in the file."""
    once = [
        {text for text, count in collections.Counter(one.texts).items() if text and count == 1}
        for one in evidence
    ]
    common = set.intersection(*once)
    counted = []
    for one in evidence:
        start = next(
            (index for index, text in enumerate(one.texts) if text in common), len(one.texts)
        )
        counted.append((one.texts[start:].count(None), one.texts.count(None) / len(one.texts)))
    return counted


class LogFinder:
    """Finds the logs of the instances of one host. In check mode it writes nothing."""

    def __init__(self, runner: Runner, host: Host, check_mode: bool) -> None:
        self._runner = runner
        self._host = host
        self._writes = not check_mode and os.geteuid() == 0
        self._names: list[str] = []
        self._marks: dict[str, bytes | HostError] = {}
        self._written = 0.0

    def write(self, settings: dict[str, dict[str, str] | None]) -> None:
        """Write a line to the log of each instance that logs to syslog. settings: parameters, or
        None if unknown, by configuration directory."""
        self._names = sorted({values["syslog_name"] for values in settings.values() if values})
        for directory, values in settings.items():
            if self._writes and values and not values.get("maillog_file"):
                try:
                    self._marks[directory] = self._mark(directory, values["syslog_name"])
                except HostError as error:
                    self._marks[directory] = error

    def _mark(self, directory: str, syslog_name: str) -> bytes:
        # Every user can see arguments, but nobody sees the mark on standard input before it is in
        # the log.
        mark = secrets.token_hex(16)
        argv = commands.postlog(directory, f"{syslog_name}/postlog")
        rc, dummy, stderr, argv = self._runner.run(argv, (_MESSAGE % mark).encode())
        if rc:
            raise HostError("command_failed", f"postlog: {cause_of(stderr, rc)}")
        self._written = time.monotonic()
        return mark.encode()

    def find(
        self,
        directory: str,
        values: dict[str, str],
        unit: str | None,
        unknown: list[tuple[str, str]],
    ) -> dict[str, Any]:
        """The log (destination, files, unit) of the instance with this configuration directory,
        these parameters and this unit; appends (what, why) to unknown."""
        if values.get("maillog_file"):
            return self._maillog_file(values["maillog_file"], unknown)
        if os.geteuid() != 0:
            unknown.append(("log", _NOT_ROOT))
            return dict(_NOTHING)
        try:
            mark = self._marks.get(directory)
            if isinstance(mark, HostError):
                raise mark
            if mark:
                return self._marked(directory, values["syslog_name"], mark, unit, unknown)
            return self._unmarked(values["syslog_name"], unit, unknown)
        except HostError as error:
            unknown.append(("log", error.message))
            return dict(_NOTHING)

    def _maillog_file(self, path: str, unknown: list[tuple[str, str]]) -> dict[str, Any]:
        # postlogd(8) always writes traditional times. /dev/stdout is that of the master.
        mode = None
        try:
            mode = self._host.mode(path) if not path.startswith("/dev/") else None
        except HostError as error:
            unknown.append(("log.files.mode", error.message))
        return {
            "destination": "maillog_file",
            "files": [{"path": path, "mode": mode, "timestamps": "traditional"}],
            "unit": None,
        }

    def _marked(
        self,
        directory: str,
        name: str,
        mark: bytes,
        unit: str | None,
        unknown: list[tuple[str, str]],
    ) -> dict[str, Any]:
        while True:
            daemons, found = self._look(name, mark)
            if found:
                time.sleep(max(_PAUSE, self._written + _ALL_ARRIVALS - time.monotonic()))
                dummy, again = self._look(name, mark)
                if {one.file.path for one in found} <= {one.file.path for one in again}:
                    return _chosen(again, unknown)
                # A file was rotated in between, so the line is no longer where the daemon writes.
                mark = self._mark(directory, name)
                continue
            late = time.monotonic() > self._written + _FIRST_ARRIVAL
            # A daemon may read from the journal, so wait for it.
            if (late or not daemons) and any(
                mark.decode() in line for line in self._journal(name, ["postlog"])
            ):
                return _journald(unit, unknown)
            if late:
                where = (
                    f"no file that {' or '.join(daemons)} writes"
                    if daemons
                    else "no file, because no syslog daemon runs"
                )
                raise HostError(
                    "command_failed",
                    f"the line that was written with postlog is in {where}, and not in the journal",
                )
            time.sleep(_PAUSE)

    def _unmarked(
        self, name: str, unit: str | None, unknown: list[tuple[str, str]]
    ) -> dict[str, Any]:
        for dummy in range(_READS):
            daemons, found = self._look(name)
            if all(agree(one.evidence, other.evidence, name) for one in found for other in found):
                break
            time.sleep(_PAUSE)
        else:
            paths = " and ".join(one.file.path for one in found)
            raise HostError(
                "command_failed", f"{paths} have different lines of this instance; {_WRITE_ONE}"
            )
        if found:
            return _chosen(found, unknown)
        if not daemons and any(self._journal(name, _PROGRAMS)):
            return _journald(unit, unknown)
        where = (
            f"a file that {' or '.join(daemons)} writes"
            if daemons
            else "the journal, and no syslog daemon runs"
        )
        raise HostError("command_failed", f"no line of this instance yet in {where}; {_WRITE_ONE}")

    def _look(self, syslog_name: str, mark: bytes | None = None) -> tuple[list[str], list[_Found]]:
        """The names of the syslog daemons, and the files that have the line."""
        daemons, held = self._host.syslog_files()
        found = []
        for file in held:
            self._runner.deadline.check(f"looking for the log in {file.path}")
            try:
                content, status = files.tail(file.path)
            except (HostError, OSError):
                continue  # moved or replaced since
            if os.path.samestat(status, file.status):
                evidence = examine(content, syslog_name, self._names, mark)
                if evidence:
                    found.append(_Found(file, status, evidence))
        return daemons, found

    def _journal(self, syslog_name: str, programs: Iterable[str]) -> list[str]:
        if not self._host.has_systemd():
            return []
        return self._runner.run(
            commands.journal_of(f"{syslog_name}/{program}" for program in programs)
        )[1]


def _chosen(found: list[_Found], unknown: list[tuple[str, str]]) -> dict[str, Any]:
    # The sort is stable: of equals, the file that the daemon opened first comes first.
    ranks = others_in([one.evidence for one in found])
    found = [found[index] for index in sorted(range(len(found)), key=ranks.__getitem__)]
    for one in found:
        if one.evidence.timestamps is None:
            unknown.append(
                (
                    "log.files.timestamps",
                    f"the lines of {one.file.path} begin with neither a traditional nor an RFC 3339"
                    " time",
                )
            )
    return {
        "destination": found[0].file.program,
        "files": [
            {
                "path": one.file.path,
                "mode": f"{stat.S_IMODE(one.status.st_mode):04o}",
                "timestamps": one.evidence.timestamps,
            }
            for one in found
        ],
        "unit": None,
    }


def _journald(unit: str | None, unknown: list[tuple[str, str]]) -> dict[str, Any]:
    if unit is None:
        unknown.append(("log.unit", "the unit is not known"))
    return {"destination": "journald", "files": [], "unit": unit}

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds where an instance's log goes, by evidence: a line is written as Postfix writes them, and
looked for where syslog daemons write.

Lines that are already there prove less. They may be old, anybody on the host can write such lines
to any facility (logger(1)), and a daemon that was just restarted does not hold a file open before
it writes to it. They decide only in check mode, where no line is written."""

from __future__ import annotations

import collections
import os
import re
import secrets
import stat
import time
from typing import Iterable

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import reason_of

# Seconds: for a line to arrive at all, and then at the other files.
_WAIT, _SETTLE, _PAUSE = 3.0, 0.2, 0.05
# Lines of a file that are compared with those of others.
_WINDOW = 2000
# So many times files are read in check mode until they agree; a line may arrive between two reads.
_READS = 5
_MESSAGE = "mailops.postfix.postfix_info looks for this log: %s\n"
_TIMES = {
    "traditional": rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ",
    "rfc3339": rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ",
}
# What stands between time and tag: the host, and with busybox facility and level.
_HEADER = rb"(?:%s)(?:\S*[^\s:] ){0,2}" % b"|".join(_TIMES.values())
_TAG = rb"%s/[^\s\[\]:]+\[\d+\]:"
_PROBLEM = rb"(?! (?:warning|error|fatal|panic): )"
# What Postfix has logged under in the journal wherever it ran.
_PROGRAMS = ("master", "postfix-script", "qmgr", "pickup", "cleanup", "smtpd", "smtp", "postlog")
_NOTHING = {"destination": None, "files": None, "unit": None}
_NOT_ROOT = "only root sees which files a syslog daemon writes; run as root (become: true)"

# timestamps: as in _TIMES or None; texts: of the last lines (list), from the tag on for those of
# Postfix (bytes), else None.
Evidence = collections.namedtuple("Evidence", "timestamps texts")


def examine(
    content: bytes, syslog_name: str, others: Iterable[str] = (), mark: bytes | None = None
) -> Evidence | None:
    """What a file's last lines show of an instance: up to the line with the mark, or without one up
    to its newest line at level info.

    others: the syslog names of the host's other instances. None where there is no such line.
    """
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
    # Files that have the same lines must look the same although one is read after the other:
    # nothing after that line counts.
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
    """Whether the other file has all lines of this instance that one has, since the oldest that
    both have. Else it gets only some, or none any more."""
    there = set(other.texts)
    shared = [
        text in there
        for text in one.texts
        if text and text.startswith(b"%s/" % syslog_name.encode())
    ]
    return any(shared) and all(shared[shared.index(True) :])


def others_in(evidence: list[Evidence]) -> list[tuple[int, float]]:
    """How much each file has of other programs: the number of lines since the oldest line of
    Postfix that all have, and their share of all."""
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
    """Finds the log of each instance of one host. In check mode nothing is written."""

    def __init__(self, runner, host, check_mode: bool) -> None:
        self._runner = runner
        self._host = host
        self._writes = not check_mode and os.geteuid() == 0
        self._names = []
        self._marks = {}
        self._written = 0.0

    def write(self, settings: dict) -> None:
        """Writes a line to the log of each instance whose file Postfix does not write itself.
        settings: parameters or None, by configuration directory."""
        self._names = sorted({values["syslog_name"] for values in settings.values() if values})
        for directory, values in settings.items():
            if self._writes and values and not values.get("maillog_file"):
                # Nobody else knows the mark before it is in the log: arguments can be seen by
                # everybody.
                mark = secrets.token_hex(16)
                try:
                    argv = commands.postlog(directory, f"{values['syslog_name']}/postlog")
                    rc, dummy, stderr, argv = self._runner.run(argv, (_MESSAGE % mark).encode())
                    error = (
                        HostError("command_failed", f"postlog: {reason_of(stderr, rc)}")
                        if rc
                        else None
                    )
                except HostError as raised:
                    error = raised
                self._marks[directory] = error or mark.encode()
        self._written = time.monotonic()

    def find(self, directory: str, values: dict, unit: str | None, unknown: list) -> dict:
        """The log of the instance with this configuration directory, these parameters and this
        unit; appends (what, why) to unknown."""
        if values.get("maillog_file"):
            return self._own_file(values["maillog_file"], unknown)
        if os.geteuid() != 0:
            unknown.append(("log", _NOT_ROOT))
            return dict(_NOTHING)
        try:
            mark = self._marks.get(directory)
            if isinstance(mark, HostError):
                raise mark
            return (
                self._marked(values, mark, unit, unknown)
                if mark
                else self._unmarked(values, unit, unknown)
            )
        except HostError as error:
            unknown.append(("log", error.message))
            return dict(_NOTHING)

    def _own_file(self, path, unknown):
        # postlogd(8) always writes traditional times. /dev/stdout is what the master was started
        # with.
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

    def _marked(self, values, mark, unit, unknown):
        name = values["syslog_name"]
        while True:
            daemons, found = self._look(name, mark)
            if found:
                time.sleep(max(_PAUSE, self._written + _SETTLE - time.monotonic()))
                return _chosen(self._look(name, mark)[1] or found, unknown)
            late = time.monotonic() > self._written + _WAIT
            # A daemon may take what is in the journal from there.
            if (late or not daemons) and any(
                mark.decode() in line for line in self._journal(name, ["postlog"])
            ):
                return _journald(unit, unknown)
            if late:
                where = (
                    f"no file that {' or '.join(daemons)} holds open"
                    if daemons
                    else "no file, as no syslog daemon runs"
                )
                raise HostError(
                    "command_failed",
                    f"the line that was written with postlog is in {where}, and not in the journal",
                )
            time.sleep(_PAUSE)

    def _unmarked(self, values, unit, unknown):
        name = values["syslog_name"]
        for dummy in range(_READS):
            daemons, found = self._look(name)
            if all(agree(one[2], other[2], name) for one in found for other in found):
                break
            time.sleep(_PAUSE)
        else:
            raise HostError(
                "command_failed",
                f"{_paths(found)} have different lines of this instance; without check mode one is"
                " written and looked for",
            )
        if found:
            return _chosen(found, unknown)
        if not daemons and any(self._journal(name, _PROGRAMS)):
            return _journald(unit, unknown)
        where = (
            f"a file that {' or '.join(daemons)} holds open"
            if daemons
            else "the journal, and no syslog daemon runs"
        )
        raise HostError(
            "command_failed",
            f"no line of this instance yet in {where}; without check mode one is written and"
            " looked for",
        )

    def _look(self, syslog_name, mark=None):
        """The syslog daemons (list of str), and (Held, status, Evidence) of each file that has the
        line."""
        daemons, held = self._host.syslog_files()
        found = []
        for file in held:
            self._runner.deadline.check(f"looking for the log in {file.path}")
            try:
                content, status = files.tail(file.path)
            except (HostError, OSError):
                continue  # moved or replaced since
            evidence = (
                examine(content, syslog_name, self._names, mark)
                if os.path.samestat(status, file.status)
                else None
            )
            if evidence:
                found.append((file, status, evidence))
        return daemons, found

    def _journal(self, syslog_name, programs):
        if not self._host.has_systemd():
            return []
        return self._runner.run(
            commands.journal_of(f"{syslog_name}/{program}" for program in programs)
        )[1]


def _chosen(found, unknown):
    # Where nothing else decides, the order in which the daemon opened them.
    ranks = others_in([evidence for dummy, dummy, evidence in found])
    found = [found[index] for index in sorted(range(len(found)), key=ranks.__getitem__)]
    listed = []
    for file, status, evidence in found:
        listed.append(
            {
                "path": file.path,
                "mode": f"{stat.S_IMODE(status.st_mode):04o}",
                "timestamps": evidence.timestamps,
            }
        )
        if evidence.timestamps is None:
            unknown.append(
                (
                    "log.files.timestamps",
                    (
                        f"the lines of {file.path} begin with neither a traditional nor an RFC 3339"
                        " time"
                    ),
                )
            )
    return {"destination": found[0][0].program, "files": listed, "unit": None}


def _journald(unit, unknown):
    if unit is None:
        unknown.append(("log.unit", "the unit is not known"))
    return {"destination": "journald", "files": [], "unit": unit}


def _paths(found):
    return " and ".join(file.path for file, dummy, dummy in found)

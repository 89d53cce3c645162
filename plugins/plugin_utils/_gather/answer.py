# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host answered: the text between the marks of work.sh in, data out."""

from __future__ import annotations

from typing import NamedTuple


class Run(NamedTuple):
    """A command that ran. program: its path, None if there is none; rc: None if it did not end, a
    word if it is no exit code."""

    program: str | None
    rc: str | None
    stderr: str
    stdout: str


class Locks(NamedTuple):
    """The kernel's locks on a file. table: lines of the table; holder: V(gone), V(closed), V(odd)
    or V(unseen), as work.sh saw the process that the file names."""

    table: str
    holder: str


class Answer(NamedTuple):
    """path: where programs were looked for; located: paths of programs by name; runs: by command
    line; closed: queues that the user may not read; real: paths without links; locks: by the
    master's pid file; cannot: why the module has to be asked, or None; state: V(done), V(late) or
    V(died)."""

    path: str
    located: dict[str, str]
    runs: dict[str, Run]
    closed: set[str]
    real: dict[str, str]
    locks: dict[str, Locks]
    cannot: str | None
    state: str


class AnswerError(ValueError):
    """Text that work.sh does not print."""


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def line(self) -> str:
        """The next line. Raises AnswerError at the end, and where it is not UTF-8."""
        if self._at >= len(self._body):
            raise AnswerError("the answer ends too early")
        block, dummy, dummy2 = self._body[self._at :].partition(b"\n")
        self._at += len(block) + 1
        try:
            return block.decode("utf-8")
        except UnicodeDecodeError:
            # Two such paths must not become one.
            raise AnswerError("a path is not UTF-8") from None

    def value(self, name: str) -> str:
        """The rest of the next line, which begins with this name. Raises AnswerError."""
        found, dummy, value = self.line().partition(" ")
        if found != name:
            raise AnswerError(f"{found!r} instead of {name!r}")
        return value

    def block(self, length: str) -> str:
        """So many bytes, which a newline ends. Raises AnswerError."""
        if not length.isdecimal():
            raise AnswerError(f"not a length: {length!r}")
        end = self._at + int(length)
        if self._body[end : end + 1] != b"\n":
            raise AnswerError("a text is longer or shorter than it should be")
        block = self._body[self._at : end]
        self._at = end + 1
        return _decoded(block)


def parse(body: bytes) -> Answer:
    """The answer. Raises AnswerError. If the host was late, it ends where the host was stopped."""
    body, dummy, state = body.rpartition(b"\nstate ")
    answer = Answer("", {}, {}, set(), {}, {}, None, state.decode("ascii", "replace"))
    if answer.state not in ("done", "late", "died"):
        raise AnswerError(f"not a state: {answer.state!r}")
    reader = _Reader(body + b"\nend")
    try:
        while True:
            word, dummy2, rest = reader.line().partition(" ")
            if word == "end":
                return answer
            answer = _added(answer, word, rest, reader)
    except AnswerError:
        if answer.state == "done":
            raise
        return answer


def _added(answer: Answer, word: str, rest: str, reader: _Reader) -> Answer:
    if word == "run":
        answer.runs[rest] = Run(None, None, "", "")
        _read_run(answer.runs, rest, reader)
    elif word == "located":
        program, dummy, path = rest.partition(" ")
        answer.located[program] = path
    elif word == "closed":
        answer.closed.add(rest)
    elif word == "real":
        answer.real[rest] = reader.line()
    elif word == "locks":
        table, file, holder = reader.block(rest), reader.value("file"), reader.value("holder")
        answer.locks[file] = Locks(table, holder)
    elif word == "path":
        return answer._replace(path=rest)
    elif word == "cannot":
        return answer._replace(cannot=rest)
    elif word:
        raise AnswerError(f"not a part of an answer: {word[:200]!r}")
    return answer


def _read_run(runs: dict[str, Run], command: str, reader: _Reader) -> None:
    line = reader.line()
    if line == "absent":
        runs[command] = Run(None, "absent", "", "")
        return
    word, dummy, program = line.partition(" ")
    if word != "program":
        raise AnswerError(f"{word!r} instead of 'program'")
    runs[command] = Run(program, None, "", "")
    rc = reader.value("rc")
    stderr = reader.block(reader.value("err"))
    stdout = reader.block(reader.value("out"))
    runs[command] = Run(program, rc, stderr, stdout)


def _decoded(block: bytes) -> str:
    # As the module decodes what commands print.
    return block.decode("utf-8", "replace")

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines are as rsyslogd, syslog-ng and the syslogd of inetutils and busybox wrote them."""

from __future__ import annotations

import os

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils._host import files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import OpenFile
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import logs
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.logs import (
    LogFinder,
    agree,
    examine,
    others_in,
)

RFC3339 = b"2026-11-24T10:29:36.428201+00:00 debian12 "
INETUTILS = b"Nov 24 10:30:26 debian11 "
BUSYBOX = b"Nov  2 10:37:34 debian11 mail.info "
MASTER = b"postfix/master[206]: daemon started -- version 3.7.11, configuration /etc/postfix\n"
SUBMISSION = b"postfix/submission/smtpd[31]: connect from localhost[127.0.0.1]\n"
OUT = b"postfix-out/qmgr[9]: 4jXSXw5BZYzL7yD: removed\n"
CRON = b"CRON[77]: (root) CMD (true)\n"
FATAL = b"postfix/qmgr[9]: fatal: open queue\n"


@pytest.mark.parametrize(
    "line, timestamps",
    [
        (RFC3339 + MASTER, "rfc3339"),
        (b"2026-11-24T10:29:36Z host " + MASTER, "rfc3339"),
        (INETUTILS + SUBMISSION, "traditional"),
        (BUSYBOX + MASTER, "traditional"),
        (RFC3339 + FATAL, None),
        (RFC3339 + OUT, None),
        (RFC3339 + b"sudo: op : COMMAND=/bin/grep " + MASTER, None),
        (RFC3339 + b"logger[7]: " + MASTER, None),
        (b"1795349344 " + MASTER, None),
        (b"", None),
    ],
)
def test_lines_at_level_info(line, timestamps):
    found = examine(RFC3339 + CRON + line + RFC3339 + CRON, "postfix")
    assert (found and found.timestamps) == timestamps
    assert found is None or found.texts == [None, line[line.index(b"postfix/") : -1]]


@pytest.mark.parametrize(
    "header, timestamps",
    [(RFC3339, "rfc3339"), (INETUTILS, "traditional"), (b"1795349344 ", None), (b"<22>1 ", None)],
)
def test_line_with_the_mark(header, timestamps):
    content = header + MASTER + header + b"postfix/postlog[7]: looks: 4f\n" + RFC3339 + OUT
    assert examine(content, "postfix", mark=b"4f").timestamps == timestamps
    assert examine(content, "postfix", mark=b"4e") is None


def test_name_is_no_pattern():
    assert examine(RFC3339 + b"axb/smtp[1]: x\n", "a.b") is None
    assert examine(RFC3339 + b"a.b/smtp[1]: x\n", "a.b").texts == [b"a.b/smtp[1]: x"]


@hypothesis.given(strategies.binary(), strategies.text())
def test_nothing_raises(content, name):
    examine(content, name)
    examine(content, name, [name], b"x")


def evidence(*lines):
    return examine(b"".join(RFC3339 + line for line in lines), "postfix", ["postfix-out"])


def test_files_that_agree():
    whole = evidence(CRON, MASTER, FATAL, SUBMISSION)
    assert agree(whole, evidence(MASTER, FATAL, SUBMISSION), "postfix")
    # A file that began later, and one that has another instance's lines as well.
    assert agree(whole, evidence(SUBMISSION), "postfix")
    assert agree(evidence(OUT, MASTER, FATAL, SUBMISSION), whole, "postfix")


def test_files_that_do_not_agree():
    whole = evidence(MASTER, FATAL, SUBMISSION)
    assert not agree(whole, evidence(MASTER), "postfix")
    assert not agree(whole, evidence(MASTER, SUBMISSION), "postfix")
    assert not agree(whole, evidence(b"postfix/smtp[1]: x\n"), "postfix")


def test_least_of_other_programs_since_the_oldest_common_line():
    syslog = evidence(SUBMISSION, CRON, OUT, CRON, MASTER)
    # What stands before that line may be older than the other file.
    mail = evidence(CRON, CRON, CRON, CRON, OUT, MASTER)
    assert [count for count, dummy in others_in([syslog, mail])] == [1, 0]


def test_share_decides_where_nothing_stands_between():
    syslog, mail = evidence(CRON, MASTER), evidence(MASTER)
    assert others_in([syslog, mail]) == [(0, 0.5), (0, 0.0)]


class Writer:
    """A host with a syslog daemon and a journal, and the runner that writes to them. takes: the
    files that get a line; late: at which look."""

    class deadline:
        check = staticmethod(lambda doing: None)

    def __init__(self, files, takes=(), journal=b"", late=1, failure=(0, "")):
        self.files, self.takes, self.journal, self.late, self.failure = (
            files,
            takes,
            journal,
            late,
            failure,
        )
        self.stdins, self.pending, self.looks = [], b"", 0

    def run(self, argv, stdin=None):
        if argv[0] == "journalctl":
            return 0, self.journal.decode().splitlines(), "", argv
        assert argv[:3] == ["postlog", "-c", "/etc/postfix"] and argv[-1] == "postfix/postlog"
        self.stdins.append(stdin)
        self.pending = RFC3339 + b"postfix/postlog[7]: " + stdin
        self.journal += stdin
        return self.failure[0], [], self.failure[1], argv

    def syslog_files(self):
        self.looks += 1
        if self.looks == self.late:
            for path in self.takes:
                with open(path, "ab") as file:
                    file.write(self.pending)
        return (
            (["syslogd"], [OpenFile("syslogd", path, os.stat(path)) for path in self.files])
            if self.files
            else ([], [])
        )

    def has_systemd(self):
        return True

    def mode(self, path):
        return "0600"


class Silent(Writer):
    def run(self, argv, stdin=None):
        return 0, [], "", argv


@pytest.fixture
def find(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(logs, "_FIRST_ARRIVAL", 0.3)

    def run(host, check_mode=False, unit="postfix.service", **values):
        values = dict({"syslog_name": "postfix", "maillog_file": ""}, **values)
        finder, unknown = LogFinder(host, host, check_mode), []
        finder.write({"/etc/postfix": values})
        return finder.find("/etc/postfix", values, unit, unknown), unknown

    return run


@pytest.fixture
def written(tmp_path):
    def make(**contents):
        for name, content in contents.items():
            (tmp_path / name).write_bytes(content)
            (tmp_path / name).chmod(0o640)
        return [str(tmp_path / name) for name in contents]

    return make


@pytest.mark.parametrize("late", [1, 3])
def test_line_is_written_and_found(find, written, late):
    paths = written(syslog=RFC3339 + CRON, user=RFC3339 + MASTER, mail=b"")
    host = Writer(paths, [paths[0], paths[2]], late=late)
    log, unknown = find(host)
    assert log == {
        "destination": "syslogd",
        "files": [
            {"path": path, "mode": "0640", "timestamps": "rfc3339"} for path in (paths[2], paths[0])
        ],
        "unit": None,
    }
    assert unknown == []
    assert len(host.stdins) == 1


@pytest.mark.parametrize("renamed_before_look", [1, 2])
def test_file_that_is_rotated_while_it_is_looked_for(find, written, renamed_before_look):
    """The daemon opens the new file one look after the old one was renamed."""
    (path,) = written(mail=b"")

    class Rotated(Writer):
        def syslog_files(self):
            if self.looks + 1 == renamed_before_look:
                os.rename(path, path + ".1")
                written(mail=b"")
                self.files = self.takes = [path + ".1"]
            elif self.looks == renamed_before_look:
                self.files = self.takes = [path]
                self.late = self.looks + 2  # the line that is written then
            return super().syslog_files()

    log, unknown = find(Rotated([path], [path]))
    assert [file["path"] for file in log["files"]] == [path]
    assert unknown == []


def test_times_that_are_not_known(find, written):
    paths = written(mail=b"")
    host = Writer(paths, paths)
    host.run = lambda argv, stdin=None, run=host.run: (
        run(argv, stdin),
        setattr(host, "pending", b"@7 " + stdin),
    )[0]
    log, unknown = find(host)
    assert log["files"][0]["timestamps"] is None
    assert [what for what, dummy in unknown] == ["log.files.timestamps"]


@pytest.mark.parametrize("contents", [{}, {"syslog": RFC3339 + MASTER}])
def test_line_that_only_the_journal_has(find, written, contents):
    assert find(Writer(written(**contents))) == (
        {"destination": "journald", "files": [], "unit": "postfix.service"},
        [],
    )
    assert find(Writer(written(**contents)), unit=None) == (
        {"destination": "journald", "files": [], "unit": None},
        [("log.unit", "the unit is not known")],
    )


@pytest.mark.parametrize(
    "contents, why",
    [
        ({}, "no syslog daemon runs"),
        ({"syslog": RFC3339 + MASTER}, "no file that syslogd writes"),
    ],
)
def test_line_that_nothing_has(find, written, contents, why):
    log, unknown = find(Silent(written(**contents)))
    assert log == {"destination": None, "files": None, "unit": None}
    assert why in unknown[0][1]


def test_postlog_fails(find, written):
    log, unknown = find(
        Writer(written(mail=b""), failure=(1, "postlog: fatal: unknown syslog_facility: x\n"))
    )
    assert log["destination"] is None
    assert "unknown syslog_facility" in unknown[0][1]


def test_check_mode_looks_at_what_is_there(find, written):
    paths = written(
        syslog=RFC3339 + CRON + RFC3339 + MASTER,
        mail=RFC3339 + MASTER,
        err=RFC3339 + FATAL,
        auth=RFC3339 + b"sudo: " + MASTER,
    )
    host = Writer(paths)
    log, unknown = find(host, check_mode=True)
    assert ([file["path"] for file in log["files"]], unknown, host.stdins) == (
        [paths[1], paths[0]],
        [],
        [],
    )


@pytest.mark.parametrize(
    "contents, journal, destination, why",
    [
        (
            {"mail": b""},
            MASTER,
            None,
            "no line of this instance yet in a file that syslogd writes",
        ),
        (
            {"old": RFC3339 + SUBMISSION, "new": RFC3339 + MASTER},
            b"",
            None,
            "have different lines of this instance",
        ),
        ({}, b"", None, "no line of this instance yet in the journal"),
        ({}, MASTER, "journald", None),
    ],
)
def test_check_mode_where_lines_do_not_decide(find, written, contents, journal, destination, why):
    host = Writer(written(**contents), journal=journal)
    log, unknown = find(host, check_mode=True)
    assert (log["destination"], host.stdins) == (destination, [])
    assert not unknown if why is None else why in unknown[0][1]


def test_own_file_needs_no_line(find):
    host = Writer([])
    log, unknown = find(host, maillog_file="/var/log/postfix.log")
    assert log == {
        "destination": "maillog_file",
        "files": [{"path": "/var/log/postfix.log", "mode": "0600", "timestamps": "traditional"}],
        "unit": None,
    }
    assert find(host, maillog_file="/dev/stdout")[0]["files"][0]["mode"] is None
    assert (unknown, host.stdins) == ([], [])


def test_file_that_was_replaced_is_not_read(find, written, tmp_path):
    paths = written(mail=RFC3339 + MASTER, other=b"")
    host = Writer(paths[:1])
    host.syslog_files = lambda: (["syslogd"], [OpenFile("syslogd", paths[0], os.stat(paths[1]))])
    assert find(host, check_mode=True)[0]["destination"] is None
    (tmp_path / "mail").unlink()
    (tmp_path / "mail").symlink_to(paths[1])
    assert find(host, check_mode=True)[0]["destination"] is None


def test_whole_lines_at_the_end_of_a_file(written):
    path = written(mail=b"first\nsecond\nthird\n")[0]
    assert files.tail(path)[0] == b"first\nsecond\nthird\n"
    assert files.tail(path, 9) == (b"third\n", os.stat(path))


def test_time_is_up(find, written):
    class Late(Writer):
        class deadline:
            @staticmethod
            def check(doing):
                raise HostError("timeout", doing)

    log, unknown = find(Late(written(mail=b"")))
    assert log["destination"] is None
    assert "looking for the log in" in unknown[0][1]

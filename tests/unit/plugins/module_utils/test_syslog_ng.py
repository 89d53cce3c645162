# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils import syslog_ng
from ansible_collections.mailops.postfix.plugins.module_utils.syslog import LogFile, Message, SyslogError

MAIL = Message("mail", "postfix")
SOURCE = "source s { system(); internal(); };\ndestination d { file(\"/f\"); };\ndestination e { file(\"/g\"); };\n"


def found(text, message=MAIL):
    return syslog_ng.destinations(syslog_ng.parse(SOURCE + text), message)


def paths(text, message=MAIL):
    answer = found(text, message)
    assert answer.unsure == []
    return [file.path for file in answer.files]


def test_what_debian_ships(sample):
    nodes = syslog_ng.parse(sample("syslog_ng_trixie.conf"))
    assert [node.pattern for node in nodes if isinstance(node, syslog_ng.Include)] == ["scl.conf", "/etc/syslog-ng/conf.d/*.conf"]
    answer = syslog_ng.destinations([node for node in nodes if not isinstance(node, syslog_ng.Include)], MAIL)
    assert answer.files == [LogFile("/var/log/mail.log", "traditional", True)]
    assert (answer.unsure, answer.sources) == ([], ["system"])


@pytest.mark.parametrize(
    "condition, reached",
    [
        ("facility(mail)", True),
        ("facility(auth, mail)", True),
        ("facility(kern..daemon)", True),
        ("facility(local0 .. local7)", False),
        ("level(info)", True),
        ("level(notice..emerg)", False),
        ("level(info..emerg) and facility(mail)", True),
        ("not facility(mail)", False),
        ("not (facility(auth) or level(debug))", True),
        ("facility(auth) or facility(mail) and level(info)", True),
        ('program("postfix")', True),
        ('program("^postfix/")', True),
        ("program(sshd)", None),
        ("program('^sshd')", False),
        ("filter(f_mail)", True),
        ("filter(f_mail) and not filter(f_mail)", False),
    ],
)
def test_filters(condition, reached):
    answer = found("filter f_mail { facility(mail); };\nfilter f { %s; };\nlog { source(s); filter(f); destination(d); };\n" % condition)
    assert [file.path for file in answer.files] == (["/f"] if reached else [])
    assert answer.unsure == []


@pytest.mark.parametrize(
    "text, files",
    [
        ("log { source(s); destination(d); };", ["/f"]),
        ("log { source(s); destination(d); }; log { source(s); destination(e); };", ["/f", "/g"]),
        ("log { source(s); destination(d); flags(final); }; log { source(s); destination(e); };", ["/f"]),
        ("log { source(s); destination(d); flags(fallback); }; log { source(s); destination(e); };", ["/g"]),
        ("log { destination(d); flags(catchall); };", ["/f"]),
        ("source net { tcp(port(514)); }; log { source(net); destination(d); };", []),
        ("log { source { system(); }; filter { facility(mail); }; destination { file('/h'); }; };", ["/h"]),
        ("log { source(s); destination(d) }", ["/f"]),
        ("destination n { tcp('h' port(514)); }; log { source(s); destination(n); destination(d); };", ["/f"]),
    ],
)
def test_log_paths(text, files):
    assert paths(text) == files


@pytest.mark.parametrize(
    "options, arguments, style",
    [
        ("", "", "traditional"),
        ("options { ts_format(iso); };", "", "rfc3339"),
        ("options { ts-format(rfc3339); };", " ts-format(bsd)", "traditional"),
        ("", " ts_format('iso')", "rfc3339"),
        ("", " template('$ISODATE $HOST $MSGHDR$MSG\\n')", "rfc3339"),
        ("options { ts_format(iso); };", ' template("${DATE} $HOST $MSG\\n")', "rfc3339"),
        ("", ' template("$UNIXTIME $MSG\\n")', None),
        ("", " template(t_own)", None),
        ("options { ts_format(full); };", "", None),
    ],
)
def test_timestamps(options, arguments, style):
    text = '%s destination h { file("/h"%s); }; log { source(s); destination(h); };' % (options, arguments)
    assert found(text).files == [LogFile("/h", style, False)]


@pytest.mark.parametrize(
    "text",
    [
        "destination h { file('/var/log/$HOST.log'); }; log { source(s); destination(h); };",
        "log { source(s); filter { host('a'); }; destination(d); };",
        "log { source(s); if (facility(mail)) { destination(d); }; destination(e); };",
    ],
)
def test_doubt_is_told(text):
    answer = found(text)
    assert answer.files == []
    assert answer.unsure


@pytest.mark.parametrize(
    "text",
    ["log { source(nowhere); destination(d); };", "log { source(s); destination(d);", "oops", "}", "log { source(s); filter(f); };", "a(" * 5000,
     "filter f { filter(f); }; log { source(s); filter(f); destination(d); };"],
)  # fmt: skip
def test_what_is_not_understood_is_an_error(text):
    with pytest.raises(SyslogError):
        found(text)


PIECES = strategies.sampled_from(
    ["log", "source", "destination", "filter", "options", " ", "{", "}", "(", ")", ";", "s", "d", "f", "facility(mail)", "level(info..emerg)", "and ", "or ",
     "not ", "file('/f')", "flags(final)", "'x'", '"y"', "..", ",", "#", "\n", "@include 'x'\n", "program(", "filter(f)", "ts-format(iso)"]
)  # fmt: skip


@hypothesis.given(strategies.one_of(strategies.text(), strategies.lists(PIECES, max_size=30).map("".join)))
def test_no_text_raises_anything_else(text):
    try:
        found(text)
    except SyslogError:
        pass
    try:
        nodes = syslog_ng.parse(text)
        syslog_ng.destinations([node for node in nodes if not isinstance(node, syslog_ng.Include)], MAIL)
    except SyslogError:
        pass

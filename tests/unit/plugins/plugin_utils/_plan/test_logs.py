# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import re2

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.logs import RULES
from ansible_collections.mailops.postfix.tests.injection.places import (
    conf_yaml,
    host,
    instance,
    plan,
)

# What stands before a message: rsyslog with traditional and with RFC 3339 times, Postfix's own
# file, and nothing in the journal.
STARTS = [
    "Nov 22 16:54:10 debian11 postfix/%s[682]: ",
    "Nov  2 16:54:10 debian11 postfix-out/%s[682]: ",
    "2026-11-22T16:45:55.047129+00:00 debian13 postfix/%s[473]: ",
    "",
]
DEFERRED = (
    'DDE2E1CA8AC: to=<"John * Doe!"@example.net>, relay=127.0.0.1[127.0.0.1]:10026, delay=0.03,'
    " delays=0.01/0.01/0.01/0, dsn=4.3.2, status=deferred (host 127.0.0.1[127.0.0.1] said: 450"
    " 4.3.2 <John * Doe!@example.net>: Recipient address rejected: Try again later (in reply to"
    " RCPT TO command))"
)
REJECT = (
    "NOQUEUE: reject: RCPT from mail.example.com[192.0.2.1]: 450 4.3.2 <shooting*star@example.net>:"
    ' Recipient address rejected: Try again later; from=<"quoted sender"@example.org>'
    " to=<shooting*star@example.net> proto=ESMTP helo=<mail.example.com>"
)
SENT = (
    "C222E1CC2E3: to=<root@debian13.localdomain>, orig_to=<root>, relay=local, delay=0.07,"
    " delays=0.05/0.02/0/0, dsn=2.0.0, status=sent (delivered to mailbox)"
)


def apply(name, line):
    """The line after a rule, None where it is dropped; as the Agent does it, whose placeholders
    name groups in another way."""
    rule = RULES[name]
    pattern = re2.compile(rule["pattern"])
    if rule["type"] == "exclude_at_match":
        return None if pattern.search(line) else line
    return pattern.sub(
        lambda match: (
            "".join(match.group(number + 1) or "" for number in range(pattern.groups))
            + rule["replace_placeholder"].rpartition("}")[2]
        ),
        line,
    )


def test_rules_are_whole():
    for name, rule in RULES.items():
        assert rule["name"] == name and re2.compile(rule["pattern"])
        if rule["type"] == "mask_sequences":
            groups = re2.compile(rule["pattern"]).groups
            assert rule["replace_placeholder"].startswith(
                "".join(f"${{{number}}}[" for number in range(1, groups + 1)).replace("[$", "$")
            )


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    ("program", "message", "masked"),
    [
        (
            "qmgr",
            "7E2061D24C5: from=<star*sender@example.com>, size=606, nrcpt=1 (queue active)",
            "7E2061D24C5: from=<[address]>, size=606, nrcpt=1 (queue active)",
        ),
        (
            "qmgr",
            "7F4641D24C8: from=<>, size=1074, nrcpt=1 (queue active)",
            "7F4641D24C8: from=<>, size=1074, nrcpt=1 (queue active)",
        ),
        ("qmgr", "4jXSXw5BZYzL7yD: removed", "4jXSXw5BZYzL7yD: removed"),
        ("pickup", "A1B2C3D4E5: uid=1000 from=<jane>", "A1B2C3D4E5: uid=1000 from=<[address]>"),
        (
            "local",
            SENT,
            (
                "C222E1CC2E3: to=<[address]>, orig_to=<[address]>, relay=local, delay=0.07,"
                " delays=0.05/0.02/0/0, dsn=2.0.0, status=sent (delivered to mailbox)"
            ),
        ),
        (
            "smtp",
            DEFERRED,
            (
                "DDE2E1CA8AC: to=<[address]>, relay=127.0.0.1[127.0.0.1]:10026, delay=0.03,"
                " delays=0.01/0.01/0.01/0, dsn=4.3.2, status=deferred (host 127.0.0.1[127.0.0.1]"
                " said: 450 4.3.2 <[address]>: Recipient address rejected: Try again later (in"
                " reply to RCPT TO command))"
            ),
        ),
        (
            "smtpd",
            REJECT,
            (
                "NOQUEUE: reject: RCPT from mail.example.com[192.0.2.1]: 450 4.3.2 <[address]>:"
                " Recipient address rejected: Try again later; from=<[address]> to=<[address]>"
                " proto=ESMTP helo=<mail.example.com>"
            ),
        ),
        (
            "error",
            (
                "9FC9C1D21C1: to=<用户@例子.example>, relay=none, dsn=4.7.1, status=deferred"
                " (Greylisted * see the postmaster's page!)"
            ),
            (
                "9FC9C1D21C1: to=<[address]>, relay=none, dsn=4.7.1, status=deferred (Greylisted *"
                " see the postmaster's page!)"
            ),
        ),
        (
            "smtp",
            "AB12: status=bounced (said: 550 no user jürgen.o'neil+x@bücher.example, ask a@b)",
            "AB12: status=bounced (said: 550 no user [address], ask [address])",
        ),
        (
            "smtpd",
            (
                "7D34A1D24BF: client=unknown[2001:db8::1], sasl_method=PLAIN,"
                " sasl_username=jane@example.com, sasl_sender=bob"
            ),
            (
                "7D34A1D24BF: client=unknown[2001:db8::1], sasl_method=PLAIN,"
                " sasl_username=[address], sasl_sender=[address]"
            ),
        ),
        (
            "cleanup",
            "7D34A1D24BF: message-id=<20261122171115.7D34A1D24BF@debian12.localdomain>",
            "7D34A1D24BF: message-id=<[address]>",
        ),
    ],
)
def test_mask_addresses(start, program, message, masked):
    start = start % program if start else ""
    assert apply("mask_addresses", start + message) == start + masked


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    ("program", "message", "masked"),
    [
        ("smtpd", "connect from mail.example.com[192.0.2.1]", "connect from [client]"),
        (
            "smtpd",
            "disconnect from unknown[2001:db8::1] ehlo=1 quit=1 commands=2",
            "disconnect from [client] ehlo=1 quit=1 commands=2",
        ),
        (
            "postscreen",
            "CONNECT from [192.0.2.1]:40374 to [198.51.100.7]:25",
            "CONNECT from [client]:40374 to [client]:25",
        ),
        (
            "smtpd",
            (
                "warning: hostname mx.example.com does not resolve to address 192.0.2.1: Name or"
                " service not known"
            ),
            (
                "warning: hostname mx.example.com does not resolve to address [client]: Name or"
                " service not known"
            ),
        ),
        ("local", SENT, SENT),
        (
            "smtpd",
            REJECT,
            (
                "NOQUEUE: reject: RCPT from [client]: 450 4.3.2 <shooting*star@example.net>:"
                ' Recipient address rejected: Try again later; from=<"quoted sender"@example.org>'
                " to=<shooting*star@example.net> proto=ESMTP helo=<[client]>"
            ),
        ),
        ("smtp", DEFERRED, DEFERRED.replace("127.0.0.1[127.0.0.1]", "[client]")),
        (
            "lmtp",
            "AB12: to=<a@b>, relay=host.example.com[private/dovecot-lmtp], dsn=2.0.0, status=sent",
            None,
        ),
        ("master", "daemon started -- version 3.10.13, configuration /etc/postfix", None),
    ],
)
def test_mask_clients(start, program, message, masked):
    start = start % program if start else ""
    assert apply("mask_clients", start + message) == start + (masked or message)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("smtpd", "connect from localhost[127.0.0.1]"),
        (
            "smtpd",
            (
                "disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=0/1 data=0/1 rset=1 quit=1"
                " commands=4/6"
            ),
        ),
        ("smtpd", "lost connection after RSET from localhost[127.0.0.1]"),
        ("smtpd", "lost connection after END-OF-MESSAGE from localhost[127.0.0.1]"),
        ("smtpd", "lost connection after DATA (1234 bytes) from localhost[127.0.0.1]"),
        ("postscreen", "CONNECT from [192.0.2.1]:40374 to [198.51.100.7]:25"),
        ("postscreen", "DISCONNECT [192.0.2.1]:40374"),
    ],
)
def test_drop_connections(start, program, message):
    assert apply("drop_connections", (start % program if start else "") + message) is None


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("smtpd", REJECT),
        ("smtp", DEFERRED),
        ("local", SENT),
        ("smtpd", "7D34A1D24BF: client=localhost[127.0.0.1]"),
        (
            "smtpd",
            "warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: authentication failure",
        ),
        (
            "smtp",
            (
                "AB12: to=<a@b>, status=deferred (lost connection with mx.example.com[192.0.2.1]"
                " while receiving the initial server greeting)"
            ),
        ),
        ("postscreen", "PREGREET 11 after 0 from [192.0.2.1]:40374: EHLO x"),
        # What others say does not hide a line.
        (
            "smtp",
            "AB12: to=<a@b>, status=bounced (host mx[192.0.2.1] said: 550 no: connect from you)",
        ),
        (
            "qmgr",
            'AB12: from=<"[12]: connect from "@example.com>, size=606, nrcpt=1 (queue active)',
        ),
    ],
)
def test_lines_that_stay(start, program, message):
    line = (start % program if start else "") + message
    assert apply("drop_connections", line) == line


def log(destination="rsyslogd", path="/var/log/mail.log", timestamps="traditional", **changed):
    files = (
        []
        if destination == "journald"
        else [{"path": path, "mode": "0640", "timestamps": timestamps}]
    )
    return {**instance()["log"], "destination": destination, "files": files, **changed}


OWN = "/var/log/postfix/mail.log"


def access(found):
    """The arguments of log_access in a plan."""
    return {
        name: found["steps"]["log"].get(name)
        for name in ("paths", "journal", "maillog_file_of", "means", "state")
    }


def test_own_file_of_postfix():
    found = plan(host(instance(log=log("maillog_file", OWN))))
    assert found["logs"] == {"paths": [OWN], "journal": False}
    assert access(found) == {
        "paths": [],
        "journal": False,
        "maillog_file_of": ["/etc/postfix"],
        "means": "auto",
        "state": "present",
    }


def test_own_file_beside_that_of_syslog_and_the_journal():
    found = plan(
        host(
            instance(log=log("maillog_file", OWN)),
            instance("postfix-out", log=log()),
            instance("postfix-in", log=log("journald")),
        )
    )
    assert access(found) == {
        "paths": ["/var/log/mail.log"],
        "journal": True,
        "maillog_file_of": ["/etc/postfix"],
        "means": "auto",
        "state": "present",
    }


@pytest.mark.parametrize("means", ["acl", "group", "directory"])
def test_means_that_is_asked_for(means):
    assert access(plan(host(instance(log=log())), log_access=means))["means"] == means


def test_access_that_is_left_alone():
    for found in (
        plan(host(instance(log=log())), log_access="none"),
        plan(host(instance(log=log())), agent={"service_manager": "launchd"}),
    ):
        assert found["steps"]["log"]["state"] == "absent" and found["logs"]["paths"] == [
            "/var/log/mail.log"
        ]


def test_journal_has_one_entry(read):
    found = plan(
        host(
            instance(log=log("journald")),
            instance("postfix-out", log=log("journald")),
            instance("postfix-in"),
        )
    )
    (journald,) = [entry for entry in read(conf_yaml(found))["logs"] if entry["type"] == "journald"]
    assert (
        journald["include_units"] == ["postfix@-.service", "postfix@postfix-out.service"]
        and journald["config_id"] == "postfix"
    )
    assert found["logs"]["journal"] is True and found["logs"]["paths"] == ["/var/log/mail.log"]
    assert len(found["warnings"]) == 1 and found["warnings"][0].startswith(
        "journald: Datadog's Postfix pipeline parses only lines"
    )


@pytest.mark.parametrize("timestamps", ["rfc3339", None])
def test_times_that_are_not_parsed(timestamps):
    (warning,) = plan(host(instance(log=log(timestamps=timestamps))))["warnings"]
    assert warning.startswith("/var/log/mail.log: ") and "RSYSLOG_TraditionalFileFormat" in warning
    # A file that is named is known, too, where it is one of those.
    assert plan(host(instance(log=log(timestamps=timestamps))), log_paths=["/var/log/mail.log"])[
        "warnings"
    ] == [warning]
    # The collection's own pipeline parses it.
    assert "mailops.postfix.datadog_assets" in warning
    described = host(instance(log=log(timestamps=timestamps)))
    assert plan(described, assets={"wanted": ["log_pipeline"]})["warnings"] == []
    assert (
        plan(host(instance(log=log(timestamps=timestamps))), log_paths=["/var/log/other"])[
            "warnings"
        ]
        == []
    )


def test_given_places(read):
    assert plan(log_paths=["/a", "/b", "/a"])["logs"]["paths"] == ["/a", "/b"]
    assert read(conf_yaml(plan(log_type="journald")))["logs"][0]["include_units"] == [
        "postfix@-.service"
    ]
    units = plan(log_units=["postfix.service"])
    assert units["logs"] == {"paths": [], "journal": True} and read(conf_yaml(units))["logs"][0][
        "include_units"
    ] == ["postfix.service"]


UNKNOWN = [
    {
        "config_directory": "/etc/postfix",
        "what": "log.files",
        "why": "/etc/rsyslog.conf: Permission denied",
    }
]


@pytest.mark.parametrize(
    ("changed", "options", "said"),
    [
        (
            {"log": log(files=None)},
            {},
            (
                "(/etc/rsyslog.conf: Permission denied). Give datadog_postfix_log_paths or"
                " datadog_postfix_log_units, or set"
            ),
        ),
        (
            {"log": None},
            {"log_type": "file"},
            (
                "(/etc/rsyslog.conf: Permission denied). Give datadog_postfix_log_paths, or set"
                " datadog_postfix_logs=false."
            ),
        ),
        (
            {"log": log("journald"), "unit": None},
            {},
            "Give datadog_postfix_log_units, or set datadog_postfix_logs=false.",
        ),
        (
            {"log": log("maillog_file", "/dev/stdout")},
            {},
            (
                "log of /etc/postfix: '/dev/stdout' cannot be read as a file. Set maillog_file to a"
                " file"
            ),
        ),
        (
            {},
            {"log_paths": ["/a"], "log_units": ["a.service"]},
            "is given together with datadog_postfix_log_paths. Give only one of them.",
        ),
        (
            {},
            {"log_paths": ["/a"], "log_type": "journald"},
            "datadog_postfix_log_type: 'journald' does not fit datadog_postfix_log_paths.",
        ),
        (
            {},
            {"log_units": ["a.service"], "log_type": "file"},
            "datadog_postfix_log_type: 'file' does not fit datadog_postfix_log_units.",
        ),
        (
            {},
            {"log_units": ["postfix"]},
            "datadog_postfix_log_units[0]: 'postfix' is not the name of a systemd unit.",
        ),
        (
            {},
            {"log_extra": {"path": "/a"}},
            "datadog_postfix_log_extra: 'path' cannot be given here.",
        ),
        (
            {},
            {"log_extra": {"log_processing_rules": [{"type": "multi_line"}]}},
            "datadog_postfix_log_extra.log_processing_rules: [{'type': 'multi_line'}] is not",
        ),
        (
            {},
            {"log_rules": ["mask_all"]},
            "datadog_postfix_log_rules[0]: 'mask_all' is not known. Choose one of",
        ),
    ],
)
def test_logs_that_cannot_be_collected(changed, options, said):
    (problem,) = plan(host(instance(**changed), unknown=UNKNOWN), **options)["problems"]
    assert said in problem
    # Nothing of it matters where no log is wanted.
    assert plan(host(instance(**changed), unknown=UNKNOWN), logs=False, **options)["problems"] == []


@pytest.mark.parametrize("where", ["datadog_yaml", "environment", "none"])
def test_environment_that_says_no(where):
    problems = plan(
        agent={"logs_enabled": {"file": True, "environment": False}}, logs_enabled_in=where
    )["problems"]
    assert [problem.partition(",")[0] for problem in problems] == (
        []
        if where == "environment"
        else ["DD_LOGS_ENABLED is false in the Agent's environment file"]
    )


@pytest.mark.parametrize("what", ["file", "environment"])
@pytest.mark.parametrize("where", ["datadog_yaml", "environment", "none"])
def test_switch_that_is_not_understood(what, where):
    problems = plan(
        agent={"unknown": [{"what": "logs_enabled." + what, "why": "two lines set it."}]},
        logs_enabled_in=where,
    )["problems"]
    assert [problem.partition(".")[0] for problem in problems] == (
        ["Cannot see whether logs are enabled: two lines set it"]
        if (what, where) in (("file", "datadog_yaml"), ("environment", "environment"))
        else []
    )

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules by which Datadog's grok parser reads Postfix's log.

Only what RE2 and Java's expressions both understand is used, as Datadog does not say which of them
runs; in Java, a bracket in a class needs a backslash. Rules match a whole text, and the first that
matches is used. Blanks are written as such: in bodies for the API, a backslash and s would have to
be %{space}."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A rule with lines that it takes."""

    name: str
    pattern: str
    samples: tuple[str, ...] = ()


class Parser(NamedTuple):
    """A grok parser of the pipeline: what it is for, the attribute that it reads, its rules, at
    most ten, and the helper rules that these use."""

    name: str
    source: str
    rules: tuple[Rule, ...]
    helpers: tuple[Rule, ...] = ()


# An address between angle brackets. A quoted one can have any character in it, brackets and commas
# included, so it ends where the rest of the line fits.
_ADDRESS = '%{regex(".*?")'


def _peer(name: str, place: str) -> str:
    """The other side, NAME[ADDRESS] with or without a port, or what datadog_postfix_log_rules has
    made of it."""
    return (
        rf'(?:\[client\]|(?:%{{regex("[^ \[]+"):{name}}})?'
        rf'\[(?:unknown|%{{regex("[0-9A-Fa-f:.]+"):{place}.ip}})\])'
        rf"(?::%{{integer:{place}.port}})?"
    )


# Short queue IDs are upper-case hexadecimal, long ones have no vowels.
_QUEUE_ID = '%{regex("[0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}"):postfix.queue_id}'
_PROGRAM = r'(?:%{regex("[^ \[]+"):postfix.syslog_name}/)?%{regex("[^ /\[]+"):postfix.program}'


def parsers(timezone: str) -> list[Parser]:
    """The parsers in their order. timezone: of times without one, a name of the TZ database."""
    return [_prefix(timezone), _JOURNAL, _TEXT]


def _prefix(timezone: str) -> Parser:
    dates = [f'%{{date("{form}","{timezone}"):date}}' for form in _RFC3164]
    return Parser(
        "Time, host and program",
        "message",
        (
            Rule(
                "rfc3164",
                r"%{rfc3164_date} %{notSpace:syslog.hostname} %{sender}: %{data:postfix.text}",
                (
                    "Nov 22 13:23:06 mx1 postfix/qmgr[402]: 4F2C91A0B3: removed",
                    "Nov  2 03:23:06 mx1 postfix-out/smtp[7001]: 4F2C91A0B3: removed",
                ),
            ),
            Rule(
                "rfc3339",
                r"%{rfc3339_date} %{notSpace:syslog.hostname} %{sender}: %{data:postfix.text}",
                (
                    "2026-11-22T13:23:06.123456+00:00 mx1 postfix/submission/smtpd[402]: connect"
                    " from mail.example.com[192.0.2.1]",
                    "2026-11-22T13:23:06+01:00 mx1 postfix/qmgr[402]: 4F2C91A0B3: removed",
                ),
            ),
            Rule(
                "journal",
                "%{data:postfix.text}",
                ("4jXSXw5BZYzL7yD: removed",),
            ),
        ),
        (
            Rule("rfc3164_date", f"(?:{'|'.join(dates)})"),
            Rule(
                "rfc3339_date",
                f"(?:{'|'.join(f'%{{date({chr(34)}{form}{chr(34)}):date}}' for form in _RFC3339)})",
            ),
            Rule("sender", _PROGRAM + r"(?:\[%{integer:postfix.pid}\])?"),
        ),
    )


_RFC3164 = ("MMM dd HH:mm:ss", "MMM  d HH:mm:ss")
# rsyslog writes microseconds, syslog-ng milliseconds or none.
_RFC3339 = (
    "yyyy-MM-dd'T'HH:mm:ss.SSSSSSZZ",
    "yyyy-MM-dd'T'HH:mm:ss.SSSZZ",
    "yyyy-MM-dd'T'HH:mm:ssZZ",
)

# The Agent passes the fields of the journal on; the message does not have the program's name.
_JOURNAL = Parser(
    "Program, from the journal",
    "journald.SYSLOG_IDENTIFIER",
    (Rule("program", _PROGRAM, ("postfix/qmgr", "postfix-out/submission/smtpd")),),
)

_TEXT = Parser(
    "Message",
    "postfix.text",
    (
        Rule(
            "delivery",
            rf"%{{queue_id}}: to=<{_ADDRESS}:postfix.to}}>,"
            rf"(?: orig_to=<{_ADDRESS}:postfix.orig_to}}>,)?"
            r' relay=%{regex("[^,]+"):postfix.relay}, (?:[a-z_]+=[^, ]+, )*'
            r"delay=%{number:postfix.delay},"
            r" delays=%{number:postfix.delays.before_queue_manager}"
            r"/%{number:postfix.delays.queue_manager}/%{number:postfix.delays.connection}"
            r"/%{number:postfix.delays.transmission}, (?:[a-z_]+=[^, ]+, )*"
            r'dsn=%{regex("[0-9.]+"):postfix.dsn}, (?:[a-z_]+=[^, ]+, )*'
            r'status=%{regex("[A-Za-z-]+"):postfix.status}(?: \(%{data:postfix.reason}\))?',
            (
                "4F2C91A0B3: to=<user@example.com>, relay=mail.example.com[192.0.2.1]:25,"
                " delay=5.3, delays=5.1/0.02/0.02/0.2, dsn=2.0.0, status=sent (250 2.0.0 Ok:"
                " queued as 12)",
                "4F2C91A0B3: to=<root@example.com>, orig_to=<root>, relay=none, delay=0.01,"
                " delays=0.01/0/0/0, dsn=4.4.1, status=deferred (connect to"
                " mail.example.com[192.0.2.1]:25: Connection refused)",
            ),
        ),
        Rule(
            "queued",
            rf"%{{queue_id}}: from=<{_ADDRESS}:postfix.from}}>, (?:size=%{{integer:postfix.size}},"
            r" nrcpt=%{integer:postfix.nrcpt} \(queue %{word:postfix.queue}\)"
            r'|status=%{regex("[A-Za-z-]+"):postfix.status}, %{data:postfix.reason})',
            (
                "4F2C91A0B3: from=<user@example.com>, size=1234, nrcpt=1 (queue active)",
                "4F2C91A0B3: from=<user@example.com>, status=expired, returned to sender",
            ),
        ),
        Rule(
            "client",
            r"%{queue_id}: client=%{client}"
            r'(?:, sasl_method=%{regex("[^ ,]+"):postfix.sasl.method})?'
            r'(?:, sasl_username=%{regex("[^ ,]+"):postfix.sasl.username})?'
            r"(?:, %{data:postfix.detail})?",
            (
                "4F2C91A0B3: client=mail.example.com[2001:db8::1]",
                "4F2C91A0B3: client=unknown[192.0.2.1], sasl_method=PLAIN, sasl_username=alice",
            ),
        ),
        Rule(
            "submitted",
            rf"%{{queue_id}}: (?:uid=%{{integer:postfix.uid}} from=<{_ADDRESS}:postfix.from}}>"
            r"(?: orig_id=%{word:postfix.orig_queue_id})?"
            r"|(?:resent-)?message-id=%{data:postfix.message_id})",
            (
                "4F2C91A0B3: uid=1500 from=<operator>",
                "4F2C91A0B3: message-id=<20261122132306.4F2C91A0B3@mx1.example.com>",
            ),
        ),
        Rule(
            "reject",
            r"(?:NOQUEUE|%{queue_id}):"
            r' %{regex("(?:milter-)?[a-z]+(?:_warning)?"):postfix.action}:'
            r' %{regex("[A-Z][A-Z-]*"):postfix.reject.stage} from %{client}:'
            r' (?:%{integer:postfix.reject.code} )?(?:%{regex("[245][.][0-9.]+"):postfix.dsn} )?'
            # The address that is refused, which makes every reason another, is in what follows.
            r"(?:<[^>]*>: )?%{data:postfix.reason};"
            rf"(?: from=<{_ADDRESS}:postfix.from}}>,?)?(?: to=<{_ADDRESS}:postfix.to}}>,?)?"
            r"(?: proto=%{word:postfix.protocol},?)?"
            r'(?: helo=<%{regex("[^>]*"):postfix.helo}>)?',
            (
                "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 454 4.7.1 <user@example.net>:"
                " Relay access denied; from=<a@example.com> to=<user@example.net> proto=ESMTP"
                " helo=<mail.example.com>",
                "4F2C91A0B3: milter-reject: END-OF-MESSAGE from mail.example.com[192.0.2.1]:"
                " 5.7.1 Spam; from=<a@example.com> to=<user@example.net> proto=ESMTP"
                " helo=<mail.example.com>",
            ),
        ),
        Rule(
            "content",
            r'%{queue_id}: %{regex("(?:milter-)?[a-z]+"):postfix.action}:'
            r' %{regex("(?:mime-|nested-)?header|body|content"):postfix.reject.stage}'
            r" %{data:postfix.reason}",
            (
                "4F2C91A0B3: reject: header Subject: cheap from mail.example.com[192.0.2.1];"
                " from=<a@example.com> to=<user@example.net> proto=ESMTP helo=<mail>: 5.7.1 No",
                "4F2C91A0B3: warning: body cheap from local; from=<a@example.com>",
            ),
        ),
        Rule(
            "tls",
            r'%{regex("Anonymous|Untrusted|Trusted|Verified"):postfix.tls.trust} TLS connection'
            r' (?:established|reused) (?:%{regex("from"):postfix.tls.direction} %{client}'
            r'|%{regex("to"):postfix.tls.direction} %{server})'
            r"(?: to %{notSpace:postfix.tls.sni})?: %{notSpace:postfix.tls.protocol} with cipher"
            r" %{notSpace:postfix.tls.cipher} \(%{integer:postfix.tls.bits}/[0-9]+ bits\)"
            r"(?: %{data:postfix.tls.detail})?",
            (
                "Anonymous TLS connection established from mail.example.com[192.0.2.1]: TLSv1.3"
                " with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519",
                "Untrusted TLS connection established to mail.example.com[192.0.2.1]:25: TLSv1.2"
                " with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)",
            ),
        ),
        Rule(
            "severity",
            r'%{regex("fatal|panic|error|warning"):postfix.severity}:'
            r" (?:%{client}: |%{queue_id}: )?"
            r'%{regex(".*?"):error.message}'
            r'(?:, sasl_username=%{regex("[^ ,]+"):postfix.sasl.username})?',
            (
                "fatal: open /etc/postfix/main.cf: Permission denied",
                "warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: authentication"
                " failure, sasl_username=alice",
            ),
        ),
        Rule(
            "connection",
            r"(?:(?:NOQUEUE|%{queue_id}): )?"
            r'%{regex("[A-Za-z][A-Za-z0-9_ ().-]*?"):postfix.event}'
            r" (?:(?:from )?%{client}|(?:to|for) %{server})"
            r"(?::? %{data:postfix.detail})?",
            (
                "disconnect from mail.example.com[192.0.2.1] ehlo=1 mail=1 rcpt=0/1 quit=1"
                " commands=3/4",
                "connect to mail.example.com[192.0.2.1]:25: Connection refused",
                "lost connection after DATA (48 bytes) from unknown[192.0.2.1]",
            ),
        ),
        Rule(
            "message",
            "%{queue_id}: %{data:postfix.event}",
            (
                "4F2C91A0B3: removed",
                "4F2C91A0B3: sender non-delivery notification: 5A1B2C3D4E",
            ),
        ),
    ),
    (
        Rule("queue_id", _QUEUE_ID),
        Rule("client", _peer("postfix.client", "network.client")),
        Rule("server", _peer("postfix.server", "network.destination")),
    ),
)

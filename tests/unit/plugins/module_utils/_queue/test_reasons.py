# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.addresses import (
    domain_of,
    sender_domain,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.reasons import (
    enhanced_status,
    fold_reason,
)


@pytest.fixture(autouse=True)
def nothing_was_folded_before():
    fold_reason.cache_clear()


# Each group is one cause, in the words of different messages.
CAUSES = {
    "connect to <host>: Connection timed out": [
        "connect to mx.example.org[192.0.2.25]:25: Connection timed out",
        "connect to mx2.mail.example.com[2001:db8::19]:25: Connection timed out",
    ],
    "host <host> said: 421-4.7.0 Try again later, closing connection! (in reply to end of DATA command)": [  # noqa: E501 # one text
        (
            "host gmail-smtp-in.example.org[192.0.2.26] said: 421-4.7.0 Try again later, closing"
            " connection! (in reply to end of DATA command)"
        ),
        (
            "host mx[192.0.2.27] said: 421-4.7.0 Try again later, closing connection! (in reply to"
            " end of DATA command)"
        ),
    ],
    "host <host> said: 451 4.7.1 <address>: Recipient address rejected: Greylisted for <number> seconds (in reply to RCPT TO command)": [  # noqa: E501 # one text
        (
            "host mx.example.org[192.0.2.26] said: 451 4.7.1 <bob@example.org>: Recipient address"
            " rejected: Greylisted for 299 seconds (in reply to RCPT TO command)"
        ),
        (
            "host a.example.net[198.51.100.1] said: 451 4.7.1 <j.o'x+y@b.example.net>: Recipient"
            " address rejected: Greylisted for 3 seconds (in reply to RCPT TO command)"
        ),
        (
            "host a.example.net[198.51.100.1] said: 451 4.7.1 <John * Doe!@example.net>: Recipient"
            " address rejected: Greylisted for 3 seconds (in reply to RCPT TO command)"
        ),
    ],
    "Host or domain name not found. Name service error for name=<host> type=MX: Host not found, try again": [  # noqa: E501 # one text
        (
            "Host or domain name not found. Name service error for name=far.example.org type=MX:"
            " Host not found, try again"
        ),
        (
            "Host or domain name not found. Name service error for name=example.com type=MX: Host"
            " not found, try again"
        ),
    ],
    "host <host> said: 452 4.2.2 The email account is over quota. <url> <id> - gsmtp": [
        (
            "host gmail-smtp-in.example.org[192.0.2.26] said: 452 4.2.2 The email account is over"
            " quota. https://support.example.org/?p=1 d9443c01a7336-2a1b5c - gsmtp"
        ),
        (
            "host mx.example.org[192.0.2.26] said: 452 4.2.2 The email account is over quota."
            " https://support.example.org/?p=22 5b1f17b1804b1-4773fd - gsmtp"
        ),
    ],
    "temporary failure, queued as <id> at <time>": [
        "temporary failure, queued as 4jXSXw5BZYzL7yD at Sun, 22 Nov 2026 12:08:37 +0000",
        "temporary failure, queued as E4B2224C07E at 2026-11-22T12:08:37Z",
        "temporary failure, queued as E4B2224C07E at Sun Nov 22 12:08:37",
        "temporary failure, queued as E4B2224C07E at Nov  2 12:08:37",
    ],
    "delivery temporarily suspended: lost connection with <host> while receiving the initial server greeting": [  # noqa: E501 # one text
        (
            "delivery temporarily suspended: lost connection with mx.example.org[192.0.2.25] while"
            " receiving the initial server greeting"
        ),
    ],
    "client <host> blocked": [
        "client 192.0.2.1 blocked",
        "client [192.0.2.100] blocked",
        "client 2001:db8::1 blocked",
    ],
    "mailbox * is over quota!": ["mailbox * is over quota!"],
}


@pytest.mark.parametrize(
    "folded, reason", [(folded, reason) for folded, reasons in CAUSES.items() for reason in reasons]
)
def test_one_cause_is_one_row(folded, reason):
    assert fold_reason(reason) == folded


@pytest.mark.parametrize(
    "reason, status",
    [
        ("host mx.example.org[192.0.2.26] said: 421-4.7.0 Try again later", "4.7.0"),
        ("4.2.2 mailbox full", "4.2.2"),
        ("host mx.example.org[4.7.1.26] said: 450 4.1.8 sender rejected", "4.1.8"),
        ("mailbox * is over quota!", None),
        ("connect to mx.example.org[5.1.1.1]:25: Connection refused", None),
    ],
)
def test_enhanced_status(reason, status):
    assert enhanced_status(reason) == status


def test_different_codes_are_different_causes():
    assert fold_reason("host a.example.org[192.0.2.1] said: 450 4.2.0 x") != fold_reason(
        "host a.example.org[192.0.2.1] said: 451 4.3.0 x"
    )


@pytest.mark.parametrize(
    "address, domain",
    [
        ("alice@example.com", "example.com"),
        ("Alice@EXAMPLE.Com", "example.com"),
        ("alice@example.com.", "example.com"),
        ('"a@b"@example.com', "example.com"),
        ('"a@b"', None),
        ("root", None),
        ("", None),
        ("user@[192.0.2.1]", "[192.0.2.1]"),
        ("user@[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]"),
        ("j\u00fcrgen@B\u00dcCHER.example", "b\u00fccher.example"),
        ("x@" + "y" * 1000, "y" * 255),
    ],
)
def test_domain(address, domain):
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    "sender, domain",
    [
        ("MAILER-DAEMON", "<>"),
        ("", "<>"),
        ("MAILER-DAEMON@example.com", "example.com"),
        ("root", None),
    ],
)
def test_sender_domain(sender, domain):
    assert sender_domain(sender) == domain

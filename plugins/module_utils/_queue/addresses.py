# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains of envelope addresses: text in, text out."""

from __future__ import annotations

# No domain name is longer (RFC 1035). Longer ones are cut, so that hostile addresses take no more
# memory than others.
_LONGEST = 255


def domain_of(address: str) -> str | None:
    """The domain in lower case without a final dot, an address literal with its brackets, or None
    for an address without a domain.

    The last C(@) counts: a quoted local part may hold others (RFC 5321, 4.1.2).
    """
    dummy, at, domain = address.rpartition("@")
    if not at or domain.endswith('"'):
        return None
    return domain[:_LONGEST].lower().rstrip(".")


def sender_domain(sender: str) -> str | None:
    """The domain of a sender in a listing; V(<>) for the null sender, which is listed as
    C(MAILER-DAEMON)."""
    return "<>" if sender in ("MAILER-DAEMON", "") else domain_of(sender)

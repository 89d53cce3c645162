# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domain of an envelope address: text in, text out."""

from __future__ import annotations

# RFC 1035: no domain name is longer. What claims to be is cut, so that hostile addresses take no
# more memory than others.
_LONGEST = 255


def domain_of(address: str):
    """The domain, in lower case and without a final dot; an address literal with its brackets; None
    where there is no domain.

    The last C(@) counts: a quoted local part may hold others (RFC 5321, 4.1.2).
    """
    dummy, at, domain = address.rpartition("@")
    if not at or domain.endswith('"'):
        return None
    return domain[:_LONGEST].lower().rstrip(".")


def sender_domain(sender: str):
    """The domain of a sender in a listing, where the null sender is C(MAILER-DAEMON); that one is
    named V(<>)."""
    return "<>" if sender in ("MAILER-DAEMON", "") else domain_of(sender)

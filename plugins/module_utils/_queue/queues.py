# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message queues of Postfix (qmgr(8)); bounce, defer and trace hold logs about messages, not
messages."""

from __future__ import annotations

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")

# showq(8) never lists corrupt.
LISTED_QUEUES = QUEUES[:5]


def total(counts):
    """The sum of the counts (iterable of int or None), or None where one of them is not known."""
    counts = list(counts)
    return None if None in counts else sum(counts)

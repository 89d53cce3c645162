# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message queues of Postfix (qmgr(8)); bounce, defer and trace hold logs about messages, not
messages."""

from __future__ import annotations

from typing import Iterable

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")

# showq(8) never lists corrupt.
LISTED_QUEUES = QUEUES[:5]


def total(counts: Iterable[int | None]) -> int | None:
    """The sum of the counts, or None if one of them is None, that is, unknown."""
    known = 0
    for count in counts:
        if count is None:
            return None
        known += count
    return known

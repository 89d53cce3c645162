# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of queue files: text in, data out. Source: src/global/mail_queue.h."""

from __future__ import annotations

import re

# Digits and consonants; z separates the time from the inode.
_DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_LONG = re.compile(rf"(?P<seconds>[{_DIGITS}]{{6,7}})[{_DIGITS}]{{4}}z[{_DIGITS[:-1]}]+\Z")
_TEMPORARY = re.compile(r"[0-9]+\.[0-9]+\Z")


def arrival_time(queue_id: str) -> int | None:
    """The arrival time in seconds since 1970 that a long queue ID contains; None for any other
    name."""
    said = _LONG.match(queue_id)
    if not said:
        return None
    seconds = 0
    for digit in said.group("seconds"):
        seconds = seconds * 52 + _VALUES[digit]
    return seconds


def is_temporary(name: str) -> bool:
    """Whether this is the name of a file that is not a message yet (MICROSECONDS.PID), which
    Postfix renames when it is."""
    return bool(_TEMPORARY.match(name))

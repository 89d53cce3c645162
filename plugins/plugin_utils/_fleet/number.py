# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers that may be unknown, and how an age is shown."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable


class Number(typing.NamedTuple):
    """A number that may be unknown.

    known: what is known of it, None for nothing; unknown: how many of its parts are not known
    completely, 0 where the number is exact."""

    known: int | None
    unknown: int

    @property
    def at_least(self) -> int | None:
        """What may be shown. "At least 0" says nothing, so that is unknown."""
        return self.known if self.known or not self.unknown else None


UNKNOWN = Number(None, 1)
# The sum or the largest of no numbers, as the age of the oldest message in an empty queue.
NOTHING = Number(None, 0)


def add(numbers: Iterable[Number]) -> Number:
    return _combine(sum, numbers)


def largest(numbers: Iterable[Number]) -> Number:
    return _combine(max, numbers)


def _combine(how: Callable[[list[int]], int], numbers: Iterable[Number]) -> Number:
    numbers = list(numbers)
    known = [number.known for number in numbers if number.known is not None]
    return Number(how(known) if known else None, sum(1 for number in numbers if number.unknown))


def age(seconds: int) -> str:
    """Seconds in their two largest units, the second one only where it is not 0."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    first = next((position for position, (value, dummy) in enumerate(parts) if value), 3)
    shown = [f"{value:,}{unit}" for value, unit in parts[first : first + 2] if value]
    return " ".join(shown) or "0s"

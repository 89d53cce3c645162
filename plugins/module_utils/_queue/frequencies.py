# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often each of many values occurs, in bounded memory."""

from __future__ import annotations

import heapq
from typing import Generic, Hashable, TypeVar

Value = TypeVar("Value", bound=Hashable)


class Frequencies(Generic[Value]):
    """Counts exactly up to C(capacity) different values. Beyond that the rarest are forgotten
    (lossy counting, Manku and Motwani 2002).

    C(total): number of values added; C(uncertainty): a count is low by at most this, 0 while
    nothing was forgotten."""

    def __init__(self, capacity: int = 20000) -> None:
        self.total = 0
        self.uncertainty = 0
        self._capacity = capacity
        self._counts: dict[Value, int] = {}
        self._examples: dict[Value, str] = {}

    def add(self, value: Value, example: str | None = None) -> None:
        """Counts a value; keeps the example that is given with its first occurrence."""
        self.total += 1
        if value in self._counts:
            self._counts[value] += 1
            return
        self._counts[value] = 1
        if example is not None:
            self._examples[value] = example
        if len(self._counts) > self._capacity:
            self._forget()

    def most_common(self, number: int) -> tuple[list[tuple[Value, int, str | None]], int]:
        """The most frequent values as (value, count, example), and the sum of all other counts."""
        # Equal counts in the order of their texts, so that two runs agree.
        rows = heapq.nsmallest(
            number, self._counts.items(), key=lambda row: (-row[1], str(row[0] or ""))
        )
        return [(value, count, self._examples.get(value)) for value, count in rows], (
            self.total - sum(count for dummy, count in rows)
        )

    def _forget(self) -> None:
        threshold = sorted(self._counts.values())[len(self._counts) // 2]
        self._counts = {value: count for value, count in self._counts.items() if count > threshold}
        self._examples = {
            value: example for value, example in self._examples.items() if value in self._counts
        }
        self.uncertainty += threshold

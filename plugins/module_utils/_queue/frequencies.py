# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts how often each of many texts occurs, in bounded memory."""

from __future__ import annotations

import heapq


class Frequencies:
    """Counts exactly up to a number of different texts; beyond, the rarest are forgotten (lossy
    counting, Manku and Motwani 2002).

    C(total): how many texts were added; C(uncertainty): a count is low by at most this, 0 while
    nothing was forgotten."""

    def __init__(self, capacity=20000):
        self.total = 0
        self.uncertainty = 0
        self._capacity = capacity
        self._counts = {}
        self._examples = {}

    def add(self, text, example=None):
        """Counts a text (None or str); the example of its first time is kept."""
        self.total += 1
        if text in self._counts:
            self._counts[text] += 1
            return
        self._counts[text] = 1
        if example is not None:
            self._examples[text] = example
        if len(self._counts) > self._capacity:
            self._forget()

    def most_common(self, number):
        """The most frequent texts as a list of (text, count, example), and the sum of all
        others."""
        # Equal counts in the order of the texts, so that two runs agree.
        rows = heapq.nsmallest(
            number, self._counts.items(), key=lambda row: (-row[1], row[0] or "")
        )
        return [(text, count, self._examples.get(text)) for text, count in rows], self.total - sum(
            count for dummy, count in rows
        )

    def _forget(self):
        threshold = sorted(self._counts.values())[len(self._counts) // 2]
        self._counts = {text: count for text, count in self._counts.items() if count > threshold}
        self._examples = {
            text: example for text, example in self._examples.items() if text in self._counts
        }
        self.uncertainty += threshold

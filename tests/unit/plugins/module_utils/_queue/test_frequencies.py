# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frequencies that are exact up to a number of values."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._queue.frequencies import Frequencies


def counted(values, capacity):
    table = Frequencies(capacity)
    for position, value in enumerate(values):
        table.add(value, f"{value}{position}")
    return table


def test_counts_are_exact_up_to_the_capacity():
    table = counted("abcbcc", 3)
    assert table.most_common(9) == ([("c", 3, "c2"), ("b", 2, "b1"), ("a", 1, "a0")], 0)
    assert (table.total, table.uncertainty) == (6, 0)


def test_the_sum_of_the_rest():
    assert counted("abcbcc", 3).most_common(1) == ([("c", 3, "c2")], 3)
    assert counted("abcbcc", 3).most_common(0) == ([], 6)


def test_equal_counts_stand_in_the_order_of_their_texts():
    table = counted(["b", None, "1"], 3)
    assert [value for value, dummy, example in table.most_common(3)[0]] == [None, "1", "b"]


def test_beyond_the_capacity_the_rarest_are_forgotten():
    table = counted("aaabbcd", 3)
    # The median of 3, 2, 1 and 1 is 2: a count is low by at most that.
    assert table.uncertainty == 2
    assert table.most_common(9) == ([("a", 3, "a0")], 4)
    # Another that comes again begins anew, with another example.
    table.add("b", "late")
    assert table.most_common(9) == ([("a", 3, "a0"), ("b", 1, "late")], 4)
    for value in "cde":
        table.add(value)
    # The median of 3, 1, 1 and 1 is 1.
    assert table.uncertainty == 3
    assert table.most_common(9) == ([("a", 3, "a0"), ("e", 1, None)], 7)


def test_a_value_without_an_example():
    table = Frequencies()
    table.add("a")
    table.add("a", "late")
    assert table.most_common(1) == ([("a", 2, None)], 0)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sums, the largest and ages of numbers that may be unknown."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import (
    NOTHING,
    UNKNOWN,
    Number,
    add,
    age,
    largest,
)


@pytest.mark.parametrize(
    ("numbers", "total", "most"),
    [
        ([], NOTHING, NOTHING),
        ([NOTHING, NOTHING], NOTHING, NOTHING),
        ([UNKNOWN, UNKNOWN], Number(None, 2), Number(None, 2)),
        ([Number(3, 0), Number(4, 0)], Number(7, 0), Number(4, 0)),
        ([Number(3, 2), UNKNOWN, Number(0, 0)], Number(3, 2), Number(3, 2)),
    ],
)
def test_what_is_unknown_is_counted(numbers, total, most):
    assert (add(iter(numbers)), largest(iter(numbers))) == (total, most)


@pytest.mark.parametrize(
    ("number", "shown"),
    [(Number(0, 0), 0), (Number(3, 1), 3), (Number(0, 1), None), (UNKNOWN, None), (NOTHING, None)],
)
def test_at_least_nothing_is_unknown(number, shown):
    assert number.at_least == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (1, "1s"),
        (59, "59s"),
        (60, "1m"),
        (61, "1m 1s"),
        (3599, "59m 59s"),
        (3600, "1h"),
        (3601, "1h"),
        (3660, "1h 1m"),
        (86399, "23h 59m"),
        (86400, "1d"),
        (86460, "1d"),
        (90000, "1d 1h"),
        (1000 * 86400, "1,000d"),
    ],
)
def test_an_age_has_its_two_largest_units(seconds, shown):
    assert age(seconds) == shown

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text for terminals: wide characters counted, long texts shortened and wrapped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.scrub import escape
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.terminal_text import (
    shorten,
    width,
    wrap,
)


@pytest.mark.parametrize(
    "text,columns", [("", 0), ("mx1", 3), ("郵便", 4), ("cafe\u0301", 4), ("ｆ", 2), ("…", 1)]
)
def test_counts_columns(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize(
    "text,room,shortened",
    [
        ("mx1", 3, "mx1"),
        ("mx1.example.com", 9, "mx1.….com"),
        ("郵便郵便", 5, "郵…便"),
        ("mx1", 1, "…"),
        ("mx1", 0, ""),
    ],
)
def test_shortens(text, room, shortened):
    assert shorten(text, room, "…") == shortened


@pytest.mark.parametrize(
    "text,room,lines",
    [
        ("", 5, [""]),
        ("a b c", None, ["a b c"]),
        ("no route to host", 8, ["no route", "to host"]),
        ("a verylongword b", 6, ["a", "verylo", "ngword", "b"]),
        ("郵便", 1, ["郵", "便"]),
    ],
)
def test_wraps(text, room, lines):
    assert wrap(text, room) == lines


@given(st.text(), st.integers(2, 30), st.sampled_from(["…", "..."]))
def test_never_takes_more_room(text, room, ellipsis):
    shown = escape(text)
    assert width(shorten(shown, room, ellipsis)) <= room
    assert all(width(line) <= room for line in wrap(shown, room))
    assert "".join(wrap(shown, room)).replace(" ", "") == "".join(shown.split()).replace(" ", "")

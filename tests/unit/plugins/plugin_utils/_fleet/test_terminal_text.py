# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text for terminals: hostile characters shown, wide ones counted, long ones shortened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.terminal_text import (
    cut,
    shorten,
    visible,
    width,
)


@pytest.mark.parametrize(
    "text,shown,in_ascii",
    [
        ("mx1.example.com", "mx1.example.com", "mx1.example.com"),
        ("a\x1b[31mb\r\n", "a\\x1b[31mb\\r\\n", "a\\x1b[31mb\\r\\n"),
        ("\u202egro", "\\u202egro", "\\u202egro"),
        ("郵便ä", "郵便ä", "\\u90f5\\u4fbf\\xe4"),
        ("\ud800", "\\ud800", "\\ud800"),
    ],
)
def test_shows_what_is_hostile(text, shown, in_ascii):
    assert (visible(text, False), visible(text, True)) == (shown, in_ascii)


@pytest.mark.parametrize(
    "text,columns", [("", 0), ("mx1", 3), ("郵便", 4), ("cafe\u0301", 4), ("ｆ", 2), ("…", 1)]
)
def test_counts_columns(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize(
    "text,room,shortened,ended",
    [
        ("mx1", 3, "mx1", "mx1"),
        ("mx1.example.com", 9, "mx1.….com", "mx1.exam…"),
        ("郵便郵便", 5, "郵…便", "郵便…"),
        ("mx1", 1, "…", "…"),
        ("mx1", 0, "", ""),
    ],
)
def test_shortens(text, room, shortened, ended):
    assert (shorten(text, room, "…"), cut(text, room, "…")) == (shortened, ended)


@given(st.text(), st.integers(0, 30), st.sampled_from(["…", "..."]))
def test_never_takes_more_room(text, room, ellipsis):
    for ascii_only in (False, True):
        shown = visible(text, ascii_only)
        assert width(shorten(shown, room, ellipsis)) <= room
        assert width(cut(shown, room, ellipsis)) <= room

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.scrub import escape, scrub


@pytest.mark.parametrize(
    "text, shown",
    [
        ("for alice@example.com only", "for <address> only"),
        ("<bob+list=x@example.org>: greylisted", "<<address>>: greylisted"),
        ('"John * Doe!"@example.net waits', "<address> waits"),
        ("root@[192.0.2.1]:25", "<address>:25"),
        ("j\u00fcrgen@b\u00fccher.example", "<address>"),
        ("bounce-bob=example.org@lists.example.com", "<address>"),
        ("no address here: a @ b", "no address here: a @ b"),
        ("mx1.example.com", "mx1.example.com"),
    ],
)
def test_addresses_are_left_out(text, shown):
    assert scrub(text) == shown


def test_characters_that_are_not_seen_or_reorder_text_are_shown():
    assert (
        scrub("a\u202egnp.exe\u2066\u200b\x00\x1b[31m\ud800\u2028b")
        == "a\\u202egnp.exe\\u2066\\u200b\\x00\\x1b[31m\\ud800\\u2028b"
    )


def test_ends_of_lines_stay_only_where_lines_are_wanted():
    assert scrub("a\n\tb\r") == "a\\n\\tb\\r"
    assert scrub("a\n\tb\r", lines=True) == "a\n\tb\\r"


def test_the_middle_of_a_long_text_goes():
    assert scrub("x" * 25, longest=21) == "x" * 14 + " ... (4 more characters) ... " + "x" * 7
    assert scrub(f"begin {'x' * 500} end", longest=20) == "begin ... (502 more characters) ... end"


def test_an_address_is_not_cut_into_one_that_is_shown():
    for longest in range(12, 40):
        shown = scrub("to alice@example.com from bob@example.com", longest)
        assert "alice" not in shown and "bob" not in shown


@given(st.text(), st.booleans())
def test_what_is_escaped_is_seen(text, ascii_only):
    shown = escape(text, ascii_only)
    assert shown.isascii() or not ascii_only
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl"}

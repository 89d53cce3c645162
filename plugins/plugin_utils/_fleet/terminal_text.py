# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text as a terminal shows it: how wide it is, what must not reach the terminal as it is, and how
to shorten it."""

from __future__ import annotations

import unicodedata

# Control characters, among them escape sequences, and what turns the direction of text round or
# hides in it.
_HOSTILE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text, ascii_only):
    """The text with what is hostile, or not ASCII where that is asked for, as backslash escapes."""
    return "".join(
        _escape(character) if _is_hostile(character, ascii_only) else character
        for character in text
    )


def _is_hostile(character, ascii_only):
    return ascii_only and character > "~" or unicodedata.category(character) in _HOSTILE


def _escape(character):
    return character.encode("unicode_escape").decode("ascii")


def width(text):
    """How many columns the visible text takes."""
    return sum(map(_width, text))


def _width(character):
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text, room, ellipsis):
    """The text in at most so many columns; what goes is the middle, since names differ at both
    ends."""
    if width(text) <= room:
        return text
    kept = max(0, room - width(ellipsis))
    tail = _head(text[::-1], kept // 2)[::-1]
    return _head(_head(text, kept - width(tail)) + ellipsis + tail, room)


def cut(text, room, ellipsis):
    """The text in at most so many columns; what goes is the end."""
    return (
        text
        if width(text) <= room
        else _head(_head(text, max(0, room - width(ellipsis))) + ellipsis, room)
    )


def _head(text, room):
    for position, character in enumerate(text):
        room -= _width(character)
        if room < 0:
            return text[:position]
    return text

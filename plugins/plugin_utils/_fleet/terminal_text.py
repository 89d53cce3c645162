# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text in columns of a terminal: how wide it is, and how to shorten and wrap it."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """How many columns the text takes."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def shorten(text: str, room: int, ellipsis: str) -> str:
    """The text in at most so many columns; the middle goes, because names differ at both ends, and
    messages end with the cause."""
    if width(text) <= room:
        return text
    kept = max(0, room - width(ellipsis))
    tail = _head(text[::-1], kept // 2)[::-1]
    return _head(_head(text, kept - width(tail)) + ellipsis + tail, room)


def wrap(text: str, room: int | None) -> list[str]:
    """The text in lines of at most so many columns, at least one; None for one line."""
    if room is None:
        return [text]
    lines = [""]
    for word in text.split():
        space = " " if lines[-1] else ""
        if width(lines[-1] + space + word) <= room:
            lines[-1] += space + word
            continue
        if lines[-1]:
            lines.append("")
        while width(word) > room:
            # A character that is wider than the room stands on a line of its own.
            lines[-1] = _head(word, room) or word[0]
            word = word[len(lines[-1]) :]
            if word:
                lines.append("")
        lines[-1] = word or lines[-1]
    return lines


def fit_lines(text: str, room: int, most: int, ellipsis: str) -> list[str]:
    """The text in at most so many lines; the middle goes."""
    columns = room * most
    lines = wrap(shorten(text, columns, ellipsis), room)
    while len(lines) > most:
        # Lines that end with a word are not full.
        columns -= max(1, room // 8)
        lines = wrap(shorten(text, columns, ellipsis), room)
    return lines


def _head(text: str, room: int) -> str:
    for position, character in enumerate(text):
        room -= _width(character)
        if room < 0:
            return text[:position]
    return text

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make text from hosts and queues fit to be shown, in a terminal, a page or a spreadsheet."""

from __future__ import annotations

import re
import unicodedata

# The local part may be a quoted string with blanks (RFC 5321, 4.1.2), the domain an address
# literal.
_ADDRESS = re.compile(r"""(?:"[^"\n]*"|[^\s"<>()\[\],;:]+)@(?:\[[^\s\]]*\]?|[^\s"<>()\[\],;:=]+)""")

# Control characters, escape sequences among them; format characters (text direction, zero width);
# surrogates, unassigned ones, separators of lines and paragraphs.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def scrub(text: object, longest: int = 500, lines: bool = False) -> str:
    """The text without addresses, and escaped.

    longest: cut the middle of what has more characters, and say how many; an error ends with its
    cause. lines: keep ends of lines and tabs."""
    text = str(text)
    if len(text) <= longest:
        return _clean(text, lines)
    head, tail = text[: longest * 2 // 3], text[-(longest // 3) :]
    # No part of a word, which may be one of an address.
    head, tail = head.rpartition(" ")[0] or head, tail.partition(" ")[2] or tail
    more = len(text) - len(head) - len(tail)
    return f"{_clean(head, lines)} ... ({more} more characters) ... {_clean(tail, lines)}"


def _clean(text: str, lines: bool) -> str:
    if "@" in text:
        text = _ADDRESS.sub("<address>", text)
    return escape(text, keep="\n\t" if lines else "")


def escape(text: str, ascii_only: bool = False, keep: str = "") -> str:
    """The text with C(\\x1b) for each character that is not seen or that reorders what is around
    it, or for each that is not ASCII; keep: characters that stay as they are."""
    if text.isprintable() and (not ascii_only or text.isascii()):
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if character not in keep
        and (ascii_only and character > "~" or unicodedata.category(character) in _UNSEEN)
        else character
        for character in text
    )

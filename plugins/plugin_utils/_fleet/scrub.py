# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from hosts and queues, made fit to be shown: text in, text out."""

from __future__ import annotations

import re
import unicodedata

# The local part may be a quoted string with blanks (RFC 5321, 4.1.2), the domain an address
# literal.
_ADDRESS = re.compile(r"""(?:"[^"\n]*"|[^\s"<>()\[\],;:]+)@(?:\[[^\s\]]*\]?|[^\s"<>()\[\],;:=]+)""")

# Control characters, format characters (text direction, zero width), surrogates, unassigned ones,
# separators of lines and paragraphs.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def scrub(text, longest=500, lines=False):
    """The text without addresses, and with characters that are not seen or that reorder what is
    around them as C(\\u202e).

    longest: cut after so many characters, and say how many more there were; lines: leave ends of
    lines and tabs as they are."""
    text = str(text)
    more = len(text) - longest
    text = text[:longest]
    if "@" in text:
        text = _ADDRESS.sub("<address>", text)
    if not text.isprintable():
        text = "".join(_shown(character, lines) for character in text)
    return f"{text} ... ({more} characters more)" if more > 0 else text


def _shown(character, lines):
    if unicodedata.category(character) not in _UNSEEN or (lines and character in "\n\t"):
        return character
    return f"\\u{ord(character):04x}"

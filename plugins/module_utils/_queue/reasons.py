# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deferral and bounce reasons, folded so that one cause is one text: text in, text out."""

from __future__ import annotations

import functools
import re

# A remote server can make them as long as it likes; the cause stands at the beginning.
_LONGEST = 500

# 4.7.0 as in "421-4.7.0 Try again later" (RFC 3463), not a part of an IP address.
_STATUS = re.compile(r"(?<![\w.])[45]\.\d{1,3}\.\d{1,3}(?![\w.]*\d)")

# What differs between messages with the same cause, tried in this order. A match begins where a
# word begins, and not with a plain word other than the name of a day or month, so that most of a
# text is skipped at once.
_VARIABLE = re.compile(
    r"(?<![\w.@+-])(?:(?=Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|(?![A-Za-z]+(?:[\s;!?')]|[:,]\s|\Z)))(?:"
    r"(?P<url>https?://[^\s()<>]+)"
    r"|(?P<keep>(?:[45]\d\d[- ])?[45]\.\d{1,3}\.\d{1,3}(?![\w.]*\d)|(?:(?<=said:"
    r" )|^)[45]\d\d(?=[- ]))"
    r"|(?P<time>(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:\d{1,2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]{2}"
    r" [ \d]\d|\d{4}-\d\d-\d\d)[ T]"
    r"\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d)?|\d\d:\d\d:\d\d)"
    r"|(?P<address><[^<>]*@[^\s<>]+>|[^\s<>()\[\]@,;:=]+@(?:[\w.-]+|\[[^\s\]]+\]))"
    r"|(?P<host>[\w.-]+\[[\da-fA-F.:]*(?:IPv6:[\da-fA-F.:]+)?\](?::\d+)?)"
    r"|(?P<ip>\[?(?:IPv6:)?(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F]{1,4}(?::[\da-fA-F]{0,4}){2,7})\]?(?::\d+)?)"
    r"|(?P<name>(?:[\w-]+\.)+[^\W\d]{2,}\.?(?![\w.-]))"
    r"|(?P<id>(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[\w.-]{8,})"
    r"|(?P<number>\d+)"
    r")"
)


def _replace(said: re.Match[str]) -> str:
    kind = said.lastgroup or ""
    if kind == "keep":
        return said.group()
    # A name, an IP address or both: which of them depends on when the connection failed.
    return "<{}>".format({"name": "host", "ip": "host"}.get(kind, kind))


# Many messages wait for the same reason, so most of them are folded once.
@functools.lru_cache(maxsize=4096)
def fold_reason(reason: str) -> str:
    """The reason, at most 500 characters of it, with addresses, host names, IP addresses, queue
    IDs, times and numbers replaced by what they are, as in C(<host>)."""
    return _VARIABLE.sub(_replace, reason[:_LONGEST])


def enhanced_status(reason: str) -> str | None:
    """The enhanced status code of a reason (RFC 3463), or None."""
    said = _STATUS.search(reason[:_LONGEST])
    return said.group() if said else None

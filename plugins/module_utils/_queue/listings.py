# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers of queue listings by postqueue: lines in, messages out, one at a time.

Formats: postqueue(1); src/postqueue/showq_json.c and showq_compat.c; queue IDs:
src/global/mail_queue.h."""

from __future__ import annotations

import json
import re
from typing import Any, Iterable, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import LISTED_QUEUES

# strict=False accepts control characters in strings. One decoder, because json.loads would make a
# new one for each message.
_DECODER = json.JSONDecoder(strict=False)

# Before 3.7.11 newlines inside strings are printed raw, so a message may take several lines. The
# number is limited, so that garbage does not pile up.
_MOST_LINES = 64

_HEADER = re.compile(r"-+Queue ID-+ +-+Size-+ +-+Arrival Time-+ +-+Sender/Recipient-+$")
_SHORT_ID = r"[0-9A-F]{6,}"
_LONG_ID = r"[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{12,}"
_MESSAGE = re.compile(
    r"(?:" + _SHORT_ID + r"|" + _LONG_ID + r")(?P<marker>[*!]?)#? +(?P<size>\d+) "
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d"
    r" \d\d:\d\d:\d\d(?: |$)"
)
_TRAILER = re.compile(r"-- (?P<kbytes>\d+) Kbytes in (?P<messages>\d+) Requests?\.$")
_EMPTY = "Mail queue is empty"
_MARKERS = {"*": "active", "!": "hold", "": None}


class PlainMessage(NamedTuple):
    """A message in a listing by C(postqueue -p). queue: V(active), V(hold), or None for maildrop,
    incoming or deferred, which the listing does not distinguish; size: in bytes."""

    queue: str | None
    size: int


class ListingError(ValueError):
    """A listing that is incomplete, or that postqueue does not print."""


class CutShort(ListingError):
    """A listing that ends too early."""


def parse_json_listing(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yields the message objects of a listing by C(postqueue -j).

    Raises ListingError for anything else, and CutShort for a listing that ends inside a message."""
    pending: list[str] = []
    for line in lines:
        pending.append(line)
        try:
            message = _DECODER.decode("\n".join(pending))
        except ValueError:
            if len(pending) == _MOST_LINES:
                raise ListingError(f"not a message in JSON: {_shown(pending[0])}") from None
            continue
        if not isinstance(message, dict) or message.get("queue_name") not in LISTED_QUEUES:
            raise ListingError(f"not a message of a known queue: {_shown(line)}")
        pending = []
        yield message
    if pending:
        raise CutShort(f"the listing ends inside a message: {_shown(pending[0])}")


def parse_plain_listing(lines: Iterable[str]) -> Iterator[PlainMessage]:
    """Yields each message of a listing by C(postqueue -p).

    Raises ListingError for a line out of place, and CutShort if the closing line is missing or does
    not agree with the messages before it."""
    lines = iter(lines)
    first = next(lines, None)
    if first == _EMPTY:
        _expect_end(lines)
        return
    if first is None or not _HEADER.match(first):
        raise (CutShort if first is None else ListingError)(
            f"the header line is missing: {_shown(first or '')}"
        )
    messages = size = 0
    within = False
    for line in lines:
        if within and line.startswith((" ", "(")):
            continue
        if not line:
            within = False
            continue
        said = _MESSAGE.match(line)
        if said and not within:
            within = True
            messages += 1
            size += int(said.group("size"))
            yield PlainMessage(_MARKERS[said.group("marker")], int(said.group("size")))
            continue
        closing = _TRAILER.match(line)
        if not closing or within:
            raise ListingError(f"a line out of place: {_shown(line)}")
        if (int(closing.group("messages")), int(closing.group("kbytes"))) != (
            messages,
            size // 1024,
        ):
            raise CutShort(
                f"the closing line says {line!r}, but {messages} messages with {size // 1024}"
                " Kbytes were listed"
            )
        _expect_end(lines)
        return
    raise CutShort(f"the closing line is missing after {messages} messages")


def _expect_end(lines: Iterator[str]) -> None:
    for line in lines:
        raise ListingError(f"a line after the end: {_shown(line)}")


def _shown(line: str) -> str:
    return repr(line[:200])

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts about the messages of one instance beyond their number: messages in, facts out."""

from __future__ import annotations

import bisect
import time
from typing import Any, Callable, Collection, Iterable, Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._queue.addresses import (
    domain_of,
    sender_domain,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.frequencies import (
    Frequencies,
    Value,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.listings import ListingError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queue_ids import (
    arrival_time,
    is_temporary,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.reasons import (
    enhanced_status,
    fold_reason,
)

DETAILS = ("size", "age", "domains", "reasons")

# Upper ends in seconds of the buckets that qshape(1) shows by default; a message as old as an end
# is in the next one.
AGE_BUCKETS = tuple(minutes * 60 for minutes in (5, 10, 20, 40, 80, 160, 320, 640, 1280))

_SHOWN_EXAMPLE = 500
# More bytes or seconds than any message has, and few enough for time.gmtime.
_MOST = 2**48


class Ages:
    """The ages of the messages in a queue at one moment.

    C(oldest): arrival time of the oldest in seconds since 1970, or None; C(counts): number of
    messages in each bucket of AGE_BUCKETS, and of those older than all."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.oldest: int | None = None
        self.counts = [0] * (len(AGE_BUCKETS) + 1)

    def add(self, arrival: int) -> None:
        """Adds a message by its arrival time."""
        if self.oldest is None or arrival < self.oldest:
            self.oldest = arrival
        self.counts[bisect.bisect(AGE_BUCKETS, self.now - arrival)] += 1

    def add_file(self, name: str) -> bool:
        """Adds a message by the name of its file; returns False if the name does not contain an
        arrival time. A temporary file is no message yet."""
        arrival = arrival_time(name)
        if arrival is None:
            return is_temporary(name)
        self.add(arrival)
        return True

    @property
    def age(self) -> int | None:
        """Age of the oldest in seconds."""
        # If the clock was set back, a message can be from the future.
        return None if self.oldest is None else max(0, int(self.now - self.oldest))

    def facts(self) -> dict[str, Any]:
        """The facts that the module returns."""
        arrival = (
            None
            if self.oldest is None
            else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.oldest))
        )
        return {
            "oldest_arrival": arrival,
            "oldest_age": self.age,
            "ages": [
                {"under": end, "count": count}
                for end, count in zip((*AGE_BUCKETS, None), self.counts)
            ],
        }


class Details:
    """Gathers details, message by message, in bounded memory.

    wanted: of DETAILS; queues: names of the queues that count; top: how many domains and reasons
    are shown; now: seconds since 1970. C(sizes) and C(ages): bytes (int) and Ages, by queue."""

    def __init__(
        self,
        wanted: Collection[str],
        queues: Iterable[str],
        top: int,
        now: float | None = None,
    ) -> None:
        self.wanted = wanted
        self.now = time.time() if now is None else now
        self.sizes = dict.fromkeys(queues, 0)
        self.ages = {queue: Ages(self.now) for queue in self.sizes}
        self._top = top
        self._senders: Frequencies[str | None] = Frequencies()
        self._recipients: Frequencies[str | None] = Frequencies()
        # A reason, and whether it is why the message bounced.
        self._reasons: Frequencies[tuple[str, bool]] = Frequencies()

    def watch(self, messages: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yields the messages of a JSON listing again, having added each. Raises ListingError for
        one that lacks what is wanted."""
        for message in messages:
            if message["queue_name"] in self.sizes:
                try:
                    self._add(message)
                except (KeyError, TypeError, AttributeError, ValueError):
                    raise ListingError(f"not a complete message: {message!r:.200}") from None
            yield message

    def facts(
        self, asked: Collection[str], exceeded: Collection[str], seen: Collection[str]
    ) -> dict[str, Any]:
        """The facts that the module returns. asked: the details to show, of wanted; exceeded: the
        queues of which size and age are shown in any case; seen: the queues that were looked
        into."""
        facts: dict[str, Any] = {}
        queues = {
            queue: self._of_queue(queue, self.wanted if queue in exceeded else asked)
            if queue in seen
            else None
            for queue in self.sizes
            if queue in exceeded or {"size", "age"} & set(asked)
        }
        if queues:
            facts["queues"] = queues
        if "domains" in asked:
            facts.update(self._of_table("senders", self._senders, _domain))
            facts.update(self._of_table("recipients", self._recipients, _domain))
        if "reasons" in asked:
            facts.update(self._of_table("reasons", self._reasons, _reason))
        if facts:
            tables = (self._senders, self._recipients, self._reasons)
            facts["details_approximate"] = any(table.uncertainty for table in tables)
        return facts

    def _of_queue(self, queue: str, shown: Collection[str]) -> dict[str, Any]:
        facts: dict[str, Any] = {"size": self.sizes[queue]} if "size" in shown else {}
        return dict(facts, **self.ages[queue].facts()) if "age" in shown else facts

    def _of_table(
        self,
        name: str,
        table: Frequencies[Value],
        row: Callable[[Value, int, str | None], dict[str, Any]],
    ) -> dict[str, Any]:
        rows, other = table.most_common(self._top)
        return {name: [row(*columns) for columns in rows], name + "_other": other}

    def _add(self, message: dict[str, Any]) -> None:
        queue = message["queue_name"]
        if "size" in self.wanted:
            self.sizes[queue] += _number(message["message_size"])
        if "age" in self.wanted:
            self.ages[queue].add(_number(message["arrival_time"]))
        if "domains" in self.wanted:
            self._senders.add(sender_domain(message["sender"]))
            for recipient in message["recipients"]:
                self._recipients.add(domain_of(recipient["address"]))
        if "reasons" in self.wanted:
            for recipient in message["recipients"]:
                # From Postfix 3.11, a recipient whose bounce is pending has this one instead.
                bounced = "bounce_reason" in recipient
                reason = recipient.get("bounce_reason" if bounced else "delay_reason")
                if reason is not None:
                    self._reasons.add((fold_reason(reason), bounced), reason[:_SHOWN_EXAMPLE])


def _domain(domain: str | None, count: int, dummy: str | None) -> dict[str, Any]:
    return {"domain": domain, "count": count}


def _reason(key: tuple[str, bool], count: int, example: str | None) -> dict[str, Any]:
    reason, bounced = key
    return {
        "reason": reason,
        # Folding keeps the status code, so that of the example is that of all.
        "status": enhanced_status(example or ""),
        "bounced": bounced,
        "count": count,
        "example": example,
    }


def _number(value: Any) -> int:
    """A number of bytes or seconds from a listing. Raises ValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise ValueError
    return value

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the queues of one instance beyond the number of messages: messages in, facts out."""

from __future__ import annotations

import bisect
import time

from ansible_collections.mailops.postfix.plugins.module_utils._queue.addresses import (
    domain_of,
    sender_domain,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.frequencies import Frequencies
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

# Upper ends in minutes of the buckets that qshape(1) shows by default; a message as old as an end
# is in the next one.
AGE_BUCKETS = (5, 10, 20, 40, 80, 160, 320, 640, 1280)

_SHOWN_EXAMPLE = 500
# More bytes or seconds than any message has; time.gmtime takes them still.
_MOST = 2**48


class _Queue:
    def __init__(self):
        self.size = 0
        self.oldest = None
        self.ages = [0] * (len(AGE_BUCKETS) + 1)


class Details:
    """Gathers details, message by message; memory does not grow with their number.

    wanted: of DETAILS; queues: names of the queues that count; top: how many domains and reasons
    are shown; now: seconds since 1970."""

    def __init__(self, wanted, queues, top=10, now=None):
        self.wanted = wanted
        self.unreadable = None
        self._top = top
        self._now = time.time() if now is None else now
        self._queues = {queue: _Queue() for queue in queues}
        self._tables = {
            name: Frequencies() for name in ("senders", "recipients") if "domains" in wanted
        }
        if "reasons" in wanted:
            self._tables["reasons"] = Frequencies()

    def watch(self, messages):
        """Yields the messages of a listing again, having added each. Raises ListingError for one
        that lacks what is wanted."""
        for message in messages:
            if message["queue_name"] in self._queues:
                try:
                    self._add(message)
                except (KeyError, TypeError, AttributeError, ValueError):
                    raise ListingError(f"not a whole message: {message!r:.200}") from None
            yield message

    def add_file(self, queue, name):
        """Adds the age of a file, from its name; C(unreadable) is then the first name that does not
        tell one, if any."""
        arrival = arrival_time(name)
        if arrival is not None:
            self._add_arrival(self._queues[queue], arrival)
        elif not is_temporary(name):
            self.unreadable = self.unreadable or name

    def facts(self, listed):
        """The facts (dict). listed: the queues that could be looked into; others are None."""
        facts = {}
        if "size" in self.wanted or "age" in self.wanted:
            facts["queues"] = {
                name: self._queue_facts(queue) if name in listed else None
                for name, queue in self._queues.items()
            }
        for name, table in self._tables.items():
            rows, other = table.most_common(self._top)
            facts[name] = [_row(name, *row) for row in rows]
            facts[name + "_other"] = other
            facts[name + "_uncertainty"] = table.uncertainty
        return facts

    def _add(self, message):
        queue = self._queues[message["queue_name"]]
        if "size" in self.wanted:
            queue.size += _number(message["message_size"])
        if "age" in self.wanted:
            self._add_arrival(queue, _number(message["arrival_time"]))
        if "domains" in self.wanted:
            self._tables["senders"].add(sender_domain(message["sender"]))
            add = self._tables["recipients"].add
            for recipient in message["recipients"]:
                add(domain_of(recipient["address"]))
        if "reasons" in self.wanted:
            for recipient in message["recipients"]:
                if "delay_reason" in recipient:
                    reason = recipient["delay_reason"]
                    self._tables["reasons"].add(fold_reason(reason), reason[:_SHOWN_EXAMPLE])

    def _add_arrival(self, queue, arrival):
        if queue.oldest is None or arrival < queue.oldest:
            queue.oldest = arrival
        minutes = (self._now - arrival) / 60
        queue.ages[bisect.bisect(AGE_BUCKETS, minutes)] += 1

    def _queue_facts(self, queue):
        facts = {}
        if "size" in self.wanted:
            facts["size"] = queue.size
        if "age" in self.wanted:
            oldest = queue.oldest
            facts["oldest_arrival"] = (
                None if oldest is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(oldest))
            )
            # A clock that was set back makes no message younger than new.
            facts["oldest_age"] = None if oldest is None else max(0, int(self._now - oldest))
            facts["ages"] = dict(
                zip([f"{end}" for end in AGE_BUCKETS] + [f"{AGE_BUCKETS[-1]}+"], queue.ages)
            )
        return facts


def _row(table, text, count, example):
    if table == "reasons":
        # The status code is no variable part, so that of the example is that of all.
        return {
            "reason": text,
            "status": enhanced_status(example),
            "count": count,
            "example": example,
        }
    return {"domain": text, "count": count}


def _number(value):
    """A count of bytes or seconds from a listing. Raises ValueError where it is none."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise ValueError("not a number of bytes or seconds")
    return value

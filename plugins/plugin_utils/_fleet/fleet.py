# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet: from the results of postfix_queue, host by host, to what is known of each and what is
not."""

from __future__ import annotations

import collections

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES

# known: what is known of a number (int), None for nothing; complete: whether that is all of it.
Number = collections.namedtuple("Number", "known complete")
UNKNOWN = Number(None, False)
NONE = Number(None, True)

# label: of a host or of an instance; counts: dict of queue to Number; oldest: Number, NONE where
# nothing waits.
Row = collections.namedtuple("Row", "label counts total oldest")

# sums: Row, None where nothing could be counted; instances: list of Row, empty where they tell no
# more than the sums.
Host = collections.namedtuple("Host", "name sums instances")

Failure = collections.namedtuple("Failure", "host kind message")


def add(numbers):
    return _combine(sum, numbers)


def oldest(numbers):
    return _combine(max, numbers)


def _combine(how, numbers):
    numbers = list(numbers)
    known = [number.known for number in numbers if number.known is not None]
    return Number(how(known) if known else None, all(number.complete for number in numbers))


def add_rows(label, rows, queues):
    """The Row of the sums; a queue that one of them was not asked for is not known of it."""
    rows = list(rows)
    return Row(
        label,
        {queue: add(row.counts.get(queue, UNKNOWN) for row in rows) for queue in queues},
        add(row.total for row in rows),
        oldest(row.oldest for row in rows),
    )


class Fleet:
    """Collects results as they come. Of several tasks, the last that counted on a host tells; of a
    task's loop, all of its items."""

    def __init__(self):
        self._answers = {}
        self._lost = {}
        self._counting = False

    def start_play(self):
        """Hosts that were unreachable before they could be counted belong to the fleet, but only
        where their play counts."""
        if self._counting:
            for host, failure in self._lost.items():
                self._answers.setdefault(host, (None, [failure]))
        self._lost = {}
        self._counting = False

    def add(self, host, task, result, failed=False):
        """host and task: str; result: dict, as the module returned it."""
        self._counting = True
        known_task, answers = self._answers.get(host, (None, []))
        self._answers[host] = (
            task,
            (
                [*answers, _read(host, result, failed)]
                if known_task == task
                else [_read(host, result, failed)]
            ),
        )

    def lose(self, host, task, message, counting):
        """counting: whether the task would have counted."""
        failure = ({}, [Failure(host, "unreachable", message)])
        if counting:
            self._counting = True
            self._answers[host] = (task, [failure])
        else:
            self._lost[host] = failure

    def tell(self):
        """Returns a list of Host and a list of Failure, empty lists where nothing was counted."""
        self.start_play()
        hosts = [_host(name, answers) for name, (dummy, answers) in self._answers.items()]
        failures = [
            failure
            for dummy, answers in self._answers.values()
            for dummy, failures in answers
            for failure in failures
        ]
        return hosts, list(dict.fromkeys(failures))


def _read(host, result, failed):
    """What one result tells: the facts that matter, empty without any, and a list of Failure. Hosts
    may send anything."""
    if "censored" in result:
        return {}, [Failure(host, "no_log", "the result is hidden by no_log")]
    try:
        errors = [
            Failure(host, str(error["kind"]), _message(error))
            for error in result.get("errors") or []
        ]
        facts = result.get("ansible_facts", {}).get("postfix_queue")
        rows = (
            [(_key(instance), _instance_row(instance)) for instance in facts["instances"]]
            if facts
            else []
        )
        if facts and not rows:
            raise ValueError("it has no instances")
        lacking = (
            {queue for queue, count in facts["counts"].items() if count is None} if facts else set()
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return {}, [
            Failure(
                host, "bad_result", f"the result is not understood: {type(error).__name__}: {error}"
            )
        ]
    if not errors and (failed or not facts):
        errors = [
            Failure(
                host,
                "unreachable" if result.get("unreachable") else "failed",
                str(result.get("msg", "")),
            )
        ]
    return {"rows": rows, "lacking": lacking} if facts else {}, errors


def _message(error):
    where = error.get("config_directory")
    return f"{(f'{where}: ' if where else '')}{error['message']}"


def _key(instance):
    return str(instance["config_directory"]), str(instance["queue_directory"])


def _instance_row(instance):
    counts = {
        queue: _count(instance["counts"][queue]) for queue in QUEUES if queue in instance["counts"]
    }
    name = instance["name"]
    label = (
        name
        if name and name != "-"
        else instance["config_directory"] or instance["queue_directory"]
    )
    looked_into = instance.get("queues") or {}
    ages = (_oldest_in(looked_into.get(queue), count) for queue, count in counts.items())
    return Row(str(label), counts, add(counts.values()), oldest(ages))


def _count(value):
    if value is None:
        return UNKNOWN
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"a count is {value!r}")
    return Number(value, True)


def _oldest_in(looked_into, count):
    if count == Number(0, True):
        return NONE
    # Without details, and for messages that the listing did not tell, ages are not known.
    return _count(looked_into.get("oldest_age") if looked_into else None)


def _host(name, answers):
    told = [facts for facts, dummy in answers if facts]
    if not told:
        return Host(name, None, [])
    instances = {}
    for facts in told:
        for key, row in facts["rows"]:
            instances[key] = _merge(instances[key], row) if key in instances else row
    rows = list(instances.values())
    queues = [queue for queue in QUEUES if any(queue in row.counts for row in rows)]
    sums = add_rows(name, rows, queues)
    # Facts that lack a number whose parts are all known lack an instance, and so does a task that
    # failed without facts.
    lacking = (
        set(queues)
        if len(told) < len(answers)
        else set().union(*(facts["lacking"] for facts in told))
    )
    if any(sums.counts[queue].complete for queue in lacking & set(queues)):
        counts = {
            queue: Number(count.known, count.complete and queue not in lacking)
            for queue, count in sums.counts.items()
        }
        return Host(
            name,
            Row(name, counts, Number(sums.total.known, False), Number(sums.oldest.known, False)),
            rows,
        )
    return Host(name, sums, rows if len(rows) > 1 else [])


def _merge(row, later):
    counts = {**row.counts, **later.counts}
    return Row(later.label, counts, add(counts.values()), oldest([row.oldest, later.oldest]))

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a fleet: the model in, one dictionary out, with the sums of the fleet. JSON, CSV
and the page are made of it."""

from __future__ import annotations

import collections
import json
import typing
from collections.abc import Iterable, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import (
    RANKINGS,
    SEVERITY,
    Host,
    Instance,
    Ranking,
    instances_of,
    natural,
    problems,
    queues_of,
    sums,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import (
    UNKNOWN,
    add,
    largest,
)

Report = dict[str, typing.Any]

# How many domains and reasons of the whole fleet are shown.
TOP = 20


def assemble(hosts: Iterable[Host], gathered: dict[str, str]) -> Report:
    """gathered: when and with what, taken over as it is. Numbers that may be unknown are Number."""
    hosts = sorted(hosts, key=lambda host: natural(host.name))
    queues = queues_of(hosts) or list(QUEUES)
    instances = instances_of(hosts)
    states = collections.Counter(host.state for host in hosts)
    fleet = sums(instances, queues)
    return {
        "gathered": gathered,
        "totals": {
            "hosts": {
                **{state: states[state] for state in SEVERITY},
                "all": len(hosts),
                "with_errors": sum(1 for host in hosts if host.errors),
                "with_problems": sum(1 for host in hosts if host.has_problem),
            },
            "instances": len(instances),
            "methods": dict(
                collections.Counter(
                    instance.method for instance in instances if instance.method is not None
                )
            ),
            "messages": fleet.total,
            "size": fleet.size,
            "oldest": {"age": fleet.oldest, **_oldest_message(hosts)},
            "queues": {queue: _queue_of_fleet(queue, instances) for queue in queues},
        },
        "ages": _ages_of_fleet(instances, queues),
        **{ranking: _ranking_of_fleet(ranking, instances) for ranking in RANKINGS},
        "problems": problems(hosts),
        "hosts": [_host(host, queues) for host in hosts],
    }


def to_json(report: Report) -> str:
    return json.dumps(plain(report), separators=(",", ":")) + "\n"


def plain(value: typing.Any) -> typing.Any:
    """What JSON can hold; a named tuple becomes an object."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _host(host: Host, queues: Sequence[str]) -> Report:
    return {
        "host": host.name,
        "state": host.state,
        "instances": [_instance(instance, queues) for instance in host.instances],
        "errors": host.errors,
        "warnings": host.warnings,
    }


def _instance(instance: Instance, queues: Sequence[str]) -> Report:
    dummy, queue = _oldest_in(instance)
    return {
        "label": instance.label,
        "name": instance.name,
        "config_directory": instance.config_directory,
        "queue_directory": instance.queue_directory,
        "state": instance.state,
        "running": instance.running,
        "running_why": instance.running_why,
        "method": instance.method,
        "total": instance.total,
        "counts": {
            queue: instance.queues[queue].messages.known if queue in instance.queues else None
            for queue in queues
        },
        "size": instance.size,
        "oldest": {
            "age": instance.oldest,
            "arrival": instance.queues[queue].arrival if queue else None,
            "queue": queue,
        },
        "queues": {
            queue: {
                "size": facts.size.known,
                "oldest_age": facts.oldest.known,
                "oldest_arrival": facts.arrival,
                "ages": [{"under": under, "count": count} for under, count in facts.ages]
                if facts.ages is not None
                else None,
            }
            for queue, facts in instance.queues.items()
        },
        **{ranking: _ranking(ranking, instance) for ranking in RANKINGS},
        "details_approximate": instance.approximate,
        "errors": instance.errors,
    }


def _ranking(name: str, instance: Instance) -> Report | None:
    ranking = instance.rankings.get(name)
    if ranking is None:
        return None
    entries = [
        _entry(name, entry.text, entry.times, entry.status, entry.bounced)
        for entry in ranking.entries
    ]
    return {"entries": entries, "other": ranking.other}


def _entry(ranking: str, text: str | None, times: int, status: str | None, bounced: bool) -> Report:
    entry: Report = {RANKINGS[ranking]: text, "count": times}
    return {**entry, "status": status, "bounced": bounced} if ranking == "reasons" else entry


def _oldest_in(instance: Instance) -> tuple[int, str | None]:
    """The age of the oldest message that is known, and its queue; -1 and None without one."""
    ages = {
        queue: facts.oldest.known
        for queue, facts in instance.queues.items()
        if facts.oldest.known is not None
    }
    queue = max(ages, key=lambda queue: ages[queue], default=None)
    return (-1, None) if queue is None else (ages[queue], queue)


def _oldest_message(hosts: Sequence[Host]) -> Report:
    """Where the oldest message of the fleet is, None where no age is known."""
    found: Report = dict.fromkeys(("arrival", "queue", "host", "config_directory"))
    oldest = -1
    for host in hosts:
        for instance in host.instances:
            age, queue = _oldest_in(instance)
            if queue is not None and age > oldest:
                oldest = age
                found.update(
                    arrival=instance.queues[queue].arrival,
                    queue=queue,
                    host=host.name,
                    config_directory=instance.config_directory,
                )
    return found


def _queue_of_fleet(queue: str, instances: Sequence[Instance]) -> Report:
    facts = [instance.queues.get(queue) for instance in instances]
    return {
        "messages": add(part.messages if part else UNKNOWN for part in facts),
        "size": add(part.size if part else UNKNOWN for part in facts),
        "oldest": largest(part.oldest if part else UNKNOWN for part in facts),
    }


def _ages_of_fleet(instances: Sequence[Instance], queues: Sequence[str]) -> Report:
    """The buckets of all instances, the youngest first; unknown: how many instances lack some."""
    buckets: dict[int | None, dict[str, int]] = {}
    for instance in instances:
        for queue, facts in instance.queues.items():
            for under, count in facts.ages or ():
                buckets.setdefault(under, dict.fromkeys(queues, 0))[queue] += count
    unknown = [
        instance
        for instance in instances
        if not instance.queues or any(facts.ages is None for facts in instance.queues.values())
    ]
    return {
        "buckets": [
            {"under": under, "counts": counts}
            for under, counts in sorted(
                buckets.items(), key=lambda item: (item[0] is None, item[0] or 0)
            )
        ],
        "unknown": len(unknown),
    }


def _ranking_of_fleet(name: str, instances: Sequence[Instance]) -> Report:
    """The most frequent ones of the fleet; of equally frequent ones in the order of their text, so
    that it does not change from run to run.

    exact is False where an instance may have more of it: it shows only its own most frequent ones,
    or its rankings are approximate."""
    known = [instance for instance in instances if name in instance.rankings]
    rankings: list[tuple[Ranking, bool]] = [
        (instance.rankings[name], instance.approximate) for instance in known
    ]
    counts: collections.Counter[tuple[str | None, bool]] = collections.Counter()
    listed_in_part: collections.Counter[tuple[str | None, bool]] = collections.Counter()
    status: dict[tuple[str | None, bool], str | None] = {}
    approximate = set()
    for ranking, is_approximate in rankings:
        for entry in ranking.entries:
            key = (entry.text, entry.bounced)
            counts[key] += entry.times
            status.setdefault(key, entry.status)
            if ranking.other:
                listed_in_part[key] += 1
            if is_approximate:
                approximate.add(key)
    in_part = sum(1 for ranking, dummy in rankings if ranking.other)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0][0] or "", item[0][1]))
    entries = [
        {
            **_entry(name, key[0], count, status[key], key[1]),
            "exact": listed_in_part[key] == in_part and key not in approximate,
        }
        for key, count in ranked[:TOP]
    ]
    other = sum(ranking.other for ranking, dummy in rankings)
    return {
        "entries": entries,
        "other": other + sum(count for dummy, count in ranked[TOP:]),
        "known": len(known),
        "unknown": len(instances) - len(known),
    }

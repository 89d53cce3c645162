# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model of a fleet: hosts with their instances, queues and errors. The table and the report are
views of it."""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing
from collections.abc import Iterable, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import (
    UNKNOWN,
    Number,
    add,
    largest,
)

# The states of an instance or a host, the worst last, each as it is shown.
STATES = {
    "ok": "ok",
    "over_limit": "over a limit",
    "partial": "counted in part",
    "stopped": "stopped",
    "failed": "failed",
    "unreachable": "unreachable",
}
SEVERITY = tuple(STATES)

# Kinds of errors that say that Postfix does not run.
STOPPED = ("not_running", "mail_system_down")

# The rankings of an instance, each with the key of its entries' text.
RANKINGS = {"senders": "domain", "recipients": "domain", "reasons": "reason"}


class Error(typing.NamedTuple):
    """An error as the modules return it, with its texts scrubbed."""

    kind: str
    message: str
    hint: str
    command: str | None = None
    rc: int | None = None
    stderr: str = ""
    config_directory: str | None = None


class Queue(typing.NamedTuple):
    """A queue of an instance. Sizes are in bytes, ages in seconds; arrival is that of the oldest
    message (UTC, ISO 8601). ages are pairs (seconds, messages): so many are younger, and not in the
    pair before; seconds is None in the last pair, ages where they are not known."""

    messages: Number
    size: Number
    oldest: Number
    arrival: str | None
    ages: tuple[tuple[int | None, int], ...] | None


class Entry(typing.NamedTuple):
    """How often a text of a ranking occurs; status and bounced are those of a reason."""

    text: str | None
    times: int
    status: str | None
    bounced: bool


class Ranking(typing.NamedTuple):
    """The most frequent domains or reasons of an instance; other is the sum of all others."""

    entries: tuple[Entry, ...]
    other: int


class Sums(typing.NamedTuple):
    """What several instances have together: messages by queue and in all, size in bytes, age of the
    oldest message in seconds."""

    counts: dict[str, Number]
    total: Number
    size: Number
    oldest: Number


@dataclasses.dataclass
class Instance:
    """An instance, or in its place the errors of one that could not be counted: it has no queues
    then, and often no names.

    key: configuration and queue directory, to identify the instance on its host; approximate:
    whether the rankings may lack rare entries."""

    key: tuple[str | None, str | None]
    name: str | None
    config_directory: str | None
    queue_directory: str | None
    method: str | None
    running: bool | None
    running_why: str | None
    queues: dict[str, Queue]
    rankings: dict[str, Ranking]
    approximate: bool
    errors: list[Error]

    @property
    def label(self) -> str:
        name = self.name if self.name != "-" else None
        return name or self.config_directory or self.queue_directory or "unknown"

    @property
    def total(self) -> Number:
        return add(queue.messages for queue in self.queues.values()) if self.queues else UNKNOWN

    @property
    def size(self) -> Number:
        return add(queue.size for queue in self.queues.values()) if self.queues else UNKNOWN

    @property
    def oldest(self) -> Number:
        return largest(queue.oldest for queue in self.queues.values()) if self.queues else UNKNOWN

    @property
    def state(self) -> str:
        kinds = {error.kind for error in self.errors}
        if self.running is False or kinds.intersection(STOPPED):
            return "stopped"
        if not self.queues:
            return "unreachable" if "unreachable" in kinds else "failed"
        if self.total.unknown or kinds - {"limit_exceeded"}:
            return "partial"
        return "over_limit" if kinds else "ok"


@dataclasses.dataclass
class Host:
    name: str
    instances: list[Instance]
    warnings: list[str]

    @property
    def errors(self) -> list[Error]:
        errors = itertools.chain.from_iterable(instance.errors for instance in self.instances)
        return list(dict.fromkeys(errors))

    @property
    def state(self) -> str:
        states = {instance.state for instance in self.instances}
        if "stopped" in states:
            return "stopped"
        if self.counted and states.intersection(("failed", "unreachable")):
            return "partial"
        return max(states, key=SEVERITY.index)

    @property
    def counted(self) -> bool:
        return any(instance.queues for instance in self.instances)

    @property
    def has_problem(self) -> bool:
        return self.state != "ok" or bool(self.warnings)


def queues_of(hosts: Iterable[Host]) -> list[str]:
    """The queues that any instance was asked for."""
    asked = {queue for host in hosts for instance in host.instances for queue in instance.queues}
    return [queue for queue in QUEUES if queue in asked]


def instances_of(hosts: Iterable[Host]) -> list[Instance]:
    return [instance for host in hosts for instance in host.instances]


def sums(instances: Sequence[Instance], queues: Iterable[str]) -> Sums:
    """A queue that an instance was not asked for is unknown."""
    return Sums(
        {
            queue: add(
                instance.queues[queue].messages if queue in instance.queues else UNKNOWN
                for instance in instances
            )
            for queue in queues
        },
        add(instance.total for instance in instances),
        add(instance.size for instance in instances),
        largest(instance.oldest for instance in instances),
    )


def natural(name: str) -> list[typing.Any]:
    """A key that sorts mx9 before mx10."""
    parts: list[typing.Any] = re.split("([0-9]+)", name)
    parts[1::2] = map(int, parts[1::2])
    return parts


class Problem(typing.NamedTuple):
    """The errors of one kind with one hint; each is the name of the host and the error."""

    kind: str
    hint: str
    errors: list[tuple[str, Error]]


def problems(hosts: Iterable[Host]) -> list[Problem]:
    """What is wrong in the fleet, the most frequent first."""
    found: dict[tuple[str, str], Problem] = {}
    for host in hosts:
        for error in host.errors:
            problem = found.setdefault(
                (error.kind, error.hint), Problem(error.kind, error.hint, [])
            )
            problem.errors.append((host.name, error))
    return sorted(found.values(), key=lambda problem: -len(problem.errors))

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queue facts of a host: which instances, which collector, what of the details, and which
limits are exceeded."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instances import (
    describe_instance,
    list_instances,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.collectors import (
    Collector,
    FindCollector,
    PostqueueCollector,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import Details
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import total


class Request(NamedTuple):
    """The module's options, checked.

    queues: those to count, in the order of QUEUES; named: whether they were named in the options;
    details: those that are asked for; limits: by queue the bounds of count, age and size."""

    method: str
    queues: list[str]
    named: bool
    queue_directory: str | None
    sudo_user: str | None
    details: frozenset[str]
    top: int
    limits: dict[str, dict[str, int]]
    require_running: bool


class Collectors(NamedTuple):
    """The ways to count; other classes than these read another source than the host."""

    find: type[FindCollector] = FindCollector
    postqueue: type[PostqueueCollector] = PostqueueCollector


_OF_HOST = Collectors()


class _Target(NamedTuple):
    """An instance to count. config_directory names it in commands, None for the default instance;
    shown names it in messages, None for a queue_directory."""

    config_directory: str | None
    shown: str | None


class _Counted(NamedTuple):
    collector: Collector
    counts: dict[str, int | None]
    warnings: list[str]


class _Detailed(NamedTuple):
    counted: _Counted
    details: Details


Answer = TypeVar("Answer")

_LIMIT_HINTS = {
    "count": "Use method=find as root or with sudo_user, or remove this limit.",
    "age": (
        "Remove this limit. postqueue does not list this queue, and find shows ages only where all"
        " queue IDs are long (postconf enable_long_queue_ids)."
    ),
    "size": "Remove this limit. postqueue does not list this queue, and find shows no sizes.",
}

_STOPPED = HostError("not_running", "Postfix is not running")


def gather(
    runner: Runner,
    host: Host,
    directories: list[str] | None,
    request: Request,
    collectors: Collectors = _OF_HOST,
) -> tuple[dict[str, Any] | None, list[str], list[dict[str, Any]]]:
    """The facts that the module returns (None if no instance could be counted), warnings, and
    errors as HostError.as_dict has them, with config_directory.

    directories: configuration directories, or None for every enabled instance. The failure of one
    instance does not affect the others."""
    facts: list[dict[str, Any]] = []
    warnings: list[str] = []
    errors: list[dict[str, Any]] = []
    try:
        targets = _targets(runner, host, directories, request)
    except HostError as error:
        return None, warnings, [_as_dict(error, None)]
    for target in targets:
        try:
            found, instance_warnings, faults = _gather_instance(
                runner, host, target, request, collectors
            )
        except HostError as error:
            errors.append(_as_dict(error, target.shown))
            continue
        facts.append(found)
        warnings += instance_warnings
        errors += [_as_dict(fault, target.shown) for fault in faults]
    if not facts:
        return None, warnings, errors
    complete = len(facts) == len(targets)
    counts = {
        queue: total(found["counts"][queue] for found in facts) if complete else None
        for queue in request.queues
    }
    return {"total": total(counts.values()), "counts": counts, "instances": facts}, warnings, errors


def _as_dict(error: HostError, config_directory: str | None) -> dict[str, Any]:
    return dict(error.as_dict(), config_directory=config_directory)


def _targets(
    runner: Runner, host: Host, directories: list[str] | None, request: Request
) -> list[_Target]:
    if request.queue_directory:
        return [_Target(None, None)]
    if directories is not None:
        once: dict[str, _Target] = {}
        for directory in directories:
            once.setdefault(host.real_path(directory), _Target(directory, directory))
        return list(once.values())
    listed = list_instances(runner, host.real_path)
    # The default instance comes first and needs no -c. Whether one is enabled is not known if its
    # main.cf cannot be read; the error for that comes later.
    targets = [
        _Target(instance.config_directory if position else None, instance.config_directory)
        for position, instance in enumerate(listed)
        if instance.enabled is not False
    ]
    if not targets:
        shown = ", ".join(instance.config_directory for instance in listed)
        raise HostError(
            "bad_config",
            f"none of the instances is enabled: {shown}",
            hint="List instances in config_directory.",
        )
    return targets


def _gather_instance(
    runner: Runner, host: Host, target: _Target, request: Request, collectors: Collectors
) -> tuple[dict[str, Any], list[str], list[HostError]]:
    """The facts of one instance, warnings, and errors that leave the facts true."""
    if request.queue_directory:
        directory = request.queue_directory
        names: dict[str, str | None] = {"name": None, "config_directory": None}
    else:
        name, config_directory, directory = describe_instance(runner, target.config_directory)
        names = {"name": name, "config_directory": config_directory}
    find = collectors.find(runner, directory, request.sudo_user)
    postqueue = collectors.postqueue(runner, target.config_directory)
    counted, detailed = _collect(find, postqueue, request)
    unknown = [queue for queue in request.queues if counted.counts[queue] is None]
    if unknown and request.named:
        raise HostError(
            "unknowable", f"method {counted.collector.method} does not see {', '.join(unknown)}"
        )
    facts = dict(
        names,
        queue_directory=directory,
        **_running(host, request, directory),
        method=counted.collector.method,
        total=total(counted.counts.values()),
        counts=counted.counts,
    )
    warnings = list(counted.warnings)
    exceeded, faults = _check_limits(counted.counts, detailed, request.limits)
    if detailed:
        source = detailed.counted.collector
        details = detailed.details.facts(request.details, exceeded, source.queues)
        if details:
            facts.update(details, details_method=source.method)
        if detailed.counted is not counted:
            warnings += detailed.counted.warnings
    if facts["running"] is False:
        # postqueue says the same to root.
        warnings = [warning for warning in warnings if "Mail system is down" not in warning]
        if not request.require_running:
            warnings.append(
                f"{_STOPPED.message} ({target.shown}): its queues were counted, but no message"
                f" leaves them. {_STOPPED.hint}"
            )
    return facts, warnings, faults + _check_running(facts, request)


def _running(host: Host, request: Request, queue_directory: str) -> dict[str, Any]:
    if request.queue_directory:
        return {"running": None, "running_why": "queue_directory is counted without Postfix"}
    found = host.find_master(queue_directory)
    return {"running": found.running, "running_why": found.why}


def _check_running(facts: dict[str, Any], request: Request) -> list[HostError]:
    if not request.require_running or facts["running"]:
        return []
    if facts["running"] is None:
        message = f"require_running: whether Postfix runs is not known: {facts['running_why']}"
        return [HostError("unknowable", message, hint="Run as root (become: true).")]
    return [_STOPPED]


def _collect(
    find: FindCollector, postqueue: PostqueueCollector, request: Request
) -> tuple[_Counted, _Detailed | None]:
    """The counts, and the details if any are needed, each from the first collector that can give
    them."""
    if request.queue_directory:
        candidates: list[Collector] = [find]
        detailers: list[Collector] = [find]
    else:
        candidates = [find, postqueue]
        if request.method == "postqueue":
            candidates = [postqueue]
        elif request.method == "find" or request.sudo_user:
            candidates = [find]
        detailers = list(dict.fromkeys([*candidates, postqueue]))
    wanted = request.details.union(*request.limits.values()) - {"count"}
    detailed = None

    def detail(collector: Collector) -> _Detailed:
        details = Details(wanted, request.queues, request.top)
        counts, warnings = collector.collect(request.queues, details)
        return _Detailed(_Counted(collector, counts, warnings), details)

    def count(collector: Collector) -> _Counted:
        if detailed and detailed.counted.collector is collector:
            return detailed.counted
        return _Counted(collector, *collector.collect(request.queues))

    if wanted:
        detailed = _first([one for one in detailers if one.details >= wanted], detail)
    return _first(candidates, count), detailed


def _first(collectors: list[Collector], ask: Callable[[Collector], Answer]) -> Answer:
    """The answer of the first collector that is allowed and able to answer."""
    for collector in collectors[:-1]:
        try:
            return ask(collector)
        except HostError as error:
            if error.kind not in ("permission_denied", "unknowable"):
                raise
    return ask(collectors[-1])


def _check_limits(
    counts: dict[str, int | None],
    detailed: _Detailed | None,
    limits: dict[str, dict[str, int]],
) -> tuple[list[str], list[HostError]]:
    """The queues that exceed a limit on size or age, and an error for each limit that is exceeded
    or cannot be evaluated."""
    exceeded = []
    errors = []
    for queue, bounds in limits.items():
        values = {"count": counts[queue]}
        if detailed and queue in detailed.counted.collector.queues:
            # An empty queue has no oldest message, so none that is too old.
            age = detailed.details.ages[queue].age or 0
            values.update(size=detailed.details.sizes[queue], age=age)
        for what, bound in bounds.items():
            value = values.get(what)
            if value is None:
                errors.append(
                    HostError(
                        "unknowable",
                        f"limits: the {what} of {queue} is not known",
                        hint=_LIMIT_HINTS[what],
                    )
                )
            elif value > bound:
                message = f"limits: the {what} of {queue} is {value}, above {bound}"
                errors.append(HostError("limit_exceeded", message))
                if what != "count":
                    exceeded.append(queue)
    return exceeded, errors

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queue facts of a host: which instances, which collector, what of the details, and which
limits are exceeded."""

from __future__ import annotations

import collections

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instances import (
    Instance,
    describe_instance,
    list_instances,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.collectors import (
    FindCollector,
    PostqueueCollector,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import Details
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import total

# method, queue_directory, sudo_user, run_as and top as the module's options; queues: those to
# count, in the order of QUEUES; named: whether they were asked for by name; details: set; limits:
# dict of queue to dict of count, age and size.
Request = collections.namedtuple(
    "Request", "method queues named queue_directory sudo_user run_as details top limits"
)

# What makes an instance: config_directory names it in commands, None for the default instance;
# shown names it in errors.
_Target = collections.namedtuple("_Target", "config_directory shown")


def gather(runner, directories, request):
    """Returns the facts (dict, None where there are none at all), warnings (list of str) and errors
    (list of dict).

    directories: configuration directories (list of str), or None for every enabled instance. One
    instance's failure leaves the others."""
    facts, warnings, errors = [], [], []
    try:
        targets = _targets(runner, directories, request)
    except HostError as error:
        return None, warnings, [_as_dict(error, None)]
    for target in targets:
        try:
            found, said = _gather_instance(runner, target, request)
        except HostError as error:
            errors.append(_as_dict(error, target.shown))
            continue
        facts.append(found)
        warnings += said
        errors += [_as_dict(error, target.shown) for error in _check_limits(found, request.limits)]
    if not facts:
        return None, warnings, errors
    complete = len(facts) == len(targets)
    counts = {
        queue: total([found["counts"][queue] for found in facts]) if complete else None
        for queue in request.queues
    }
    return {"total": total(counts.values()), "counts": counts, "instances": facts}, warnings, errors


def _as_dict(error, config_directory):
    return dict(error.as_dict(), config_directory=config_directory)


def _targets(runner, directories, request):
    if request.queue_directory:
        return [_Target(None, None)]
    if directories is not None:
        return [_Target(directory, directory) for directory in directories]
    listed = list_instances(runner)
    # The default instance comes first, and needs no -c. Whether one whose main.cf cannot be read is
    # enabled is not known; its error comes later.
    targets = [
        _Target(instance.config_directory if position else None, instance.config_directory)
        for position, instance in enumerate(listed)
        if instance.enabled is not False
    ]
    if not targets:
        message = (
            "no instance is enabled, of"
            f" {', '.join(instance.config_directory for instance in listed)}"
        )
        raise HostError("bad_config", message, hint="Name instances in config_directory.")
    return targets


def _gather_instance(runner, target, request):
    """The facts of one instance (dict) and warnings."""
    if request.queue_directory:
        instance = Instance(None, None, request.queue_directory)
    else:
        instance = describe_instance(runner, target.config_directory)
    find = FindCollector(
        runner, instance.queue_directory, request.sudo_user, as_command=request.run_as is not None
    )
    postqueue = PostqueueCollector(runner, target.config_directory)
    collector, counts, details, warnings = _collect(_candidates(find, postqueue, request), request)

    unknown = [queue for queue in request.queues if counts[queue] is None]
    if unknown and request.named:
        raise HostError("unknowable", f"method {collector.method} cannot see {', '.join(unknown)}")
    facts = dict(
        instance._asdict(), method=collector.method, total=total(counts.values()), counts=counts
    )
    if request.details:
        if details is None or details.unreadable:
            if request.queue_directory:
                message = f"the names of the files do not tell the age: {details.unreadable}"
                raise HostError(
                    "unknowable",
                    message,
                    hint=(
                        "Long queue IDs do (postconf enable_long_queue_ids); else count without"
                        " queue_directory."
                    ),
                )
            collector, dummy, details, more = _collect([postqueue], request)
            warnings += more
        facts["details_method"] = collector.method
        facts.update(details.facts(collector.sees))
    return facts, warnings


def _candidates(find, postqueue, request):
    """The collectors to try, in order."""
    if request.method == "postqueue":
        return [postqueue]
    if request.method == "find" or request.queue_directory or request.sudo_user:
        return [find]
    return [find, postqueue]


def _collect(candidates, request):
    """Returns the first collector that may look, its counts, the Details that it filled (None where
    it cannot), and warnings."""
    candidates = list(candidates)
    while True:
        collector = candidates.pop(0)
        details = (
            Details(request.details, request.queues, request.top)
            if request.details and collector.tells >= request.details
            else None
        )
        try:
            counts, warnings = collector.collect(request.queues, details)
            return collector, counts, details, warnings
        except HostError as error:
            if error.kind != "permission_denied" or not candidates:
                raise


def _check_limits(facts, limits):
    """A HostError for each limit that is exceeded, or that cannot be told."""
    for queue, bounds in limits.items():
        looked_into = facts["queues"].get(queue) if "queues" in facts else None
        values = {"count": facts["counts"][queue]}
        if looked_into:
            # An empty queue has no oldest message, so none that is too old.
            values.update(size=looked_into.get("size"), age=looked_into.get("oldest_age") or 0)
        for what, bound in bounds.items():
            value = values.get(what)
            if value is None:
                yield HostError("unknowable", f"limits: the {what} of {queue} cannot be told")
            elif value > bound:
                yield HostError(
                    "limit_exceeded", f"limits: the {what} of {queue} is {value}, above {bound}"
                )

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the results of postfix_queue to the model of the fleet. Hosts may send anything; a result
that is not understood is an error of its host."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import AGE_BUCKETS
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import (
    RANKINGS,
    STOPPED,
    Entry,
    Error,
    Host,
    Instance,
    Queue,
    Ranking,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import (
    NOTHING,
    UNKNOWN,
    Number,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.scrub import escape, scrub

_LONGEST_STDERR = 2000
# No count of messages, bytes or seconds is larger.
_MOST = 2**63
# No host has more, and one that says so must not fill the page of the fleet.
_MOST_INSTANCES, _MOST_ERRORS = 1000, 5000
_SHOWN_WARNINGS = 100

# What Ansible writes before the cause.
_PREFIXES = re.compile(
    r"^(?:(?:Task|Module|Action) failed: |Failed to connect to the host via \w+: "
    r'|Data could not be sent to remote host "[^"]*"\. '
    r"Make sure this host can be reached over \w+: )+"
)

# As the module says it, in a warning that is an error here.
_NOT_RUNNING = "Postfix is not running"

HINTS = {
    "unreachable": (
        "Check that the host is up and accepts the login: 'ansible HOST -m ansible.builtin.ping'"
        " with the same inventory and user."
    ),
    "module_failed": (
        "Run 'ansible HOST -m mailops.postfix.postfix_queue -vvv' with the same inventory and user,"
        " and read its output."
    ),
    "no_log": "Remove no_log from the task; the result has no secrets.",
    "not_gathered": "Look for this host in the output of the run, and run again with --limit.",
    "unparsed_result": (
        "Run 'ansible HOST -m mailops.postfix.postfix_queue -vvv', and check what answers on this"
        " host as Python."
    ),
}


class Reading(typing.NamedTuple):
    """What one result says: instances, errors in place of those that could not be counted, and
    warnings."""

    instances: list[Instance]
    warnings: list[str]


def read(result: typing.Any, failed: bool = False) -> Reading:
    """result: as the module or Ansible returned it; failed: whether Ansible says so."""
    try:
        return _read(result, failed)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        cause = f"the result is not understood: {type(error).__name__}: {error}"
        return Reading([_uncounted(None, [_error("unparsed_result", cause)])], [])


def combine(name: str, readings: Iterable[Reading]) -> Host:
    """The host from the readings of its calls or of a loop's items. What is known of an instance
    from an earlier one stays, a later one completes it."""
    found: dict[tuple[str | None, str | None], Instance] = {}
    warnings: list[str] = []
    for reading in readings:
        warnings += reading.warnings
        for instance in reading.instances:
            known = found.setdefault(instance.key, instance)
            if known is not instance:
                _complete(known, instance)
    # An instance that one reading could not count, another may have counted.
    counted = {instance.key[0]: instance for instance in found.values() if instance.queues}
    for key, instance in list(found.items()):
        if not instance.queues and key[0] is not None and key[0] in counted:
            _complete(counted[key[0]], found.pop(key))
    return Host(escape(name), list(found.values()), list(dict.fromkeys(warnings)))


def combine_calls(name: str, results: Sequence[typing.Any]) -> Host:
    """The host from the results of its calls, of which a later one counts what an earlier one could
    not: it has no errors of its own."""
    done = [result for result in results if not _is_empty(result)] or [{}]
    first, *later = map(read, done)
    for reading in later:
        reading.warnings.clear()
        reading.instances[:] = [instance for instance in reading.instances if instance.queues]
        for instance in reading.instances:
            instance.errors = [error for error in instance.errors if error.kind in STOPPED]
    return combine(name, [first, *later])


def _is_empty(result: typing.Any) -> bool:
    return isinstance(result, Mapping) and (not result or bool(result.get("skipped")))


def _complete(instance: Instance, other: Instance) -> None:
    for queue, facts in other.queues.items():
        if queue not in instance.queues or instance.queues[queue].messages.known is None:
            instance.queues[queue] = facts
    instance.queues = {
        queue: instance.queues[queue] for queue in QUEUES if queue in instance.queues
    }
    if instance.running is None:
        instance.running, instance.running_why = other.running, other.running_why
    instance.rankings = {**other.rankings, **instance.rankings}
    instance.approximate = instance.approximate or other.approximate
    instance.errors = list(dict.fromkeys([*instance.errors, *other.errors]))


def _read(result: typing.Any, failed: bool) -> Reading:
    warnings = _warnings(result.get("warnings") or [])
    errors = [
        (_path(error.get("config_directory")), _returned_error(error))
        for error in _at_most(_MOST_ERRORS, "errors", result.get("errors") or [])
    ]
    facts = (result.get("ansible_facts") or {}).get("postfix_queue")
    own = _error_of_ansible(result, failed, bool(errors), facts is not None)
    if own:
        errors.append((None, own))
    instances = _instances(facts, errors)
    if any(instance.running is False for instance in instances):
        warnings = [warning for warning in warnings if not warning.startswith(_NOT_RUNNING)]
    return Reading(instances, warnings)


def _at_most(most: int, what: str, values: typing.Any) -> typing.Any:
    if len(values) > most:
        raise ValueError(f"it has {len(values):,} {what}")
    return values


def _warnings(returned: typing.Any) -> list[str]:
    warnings = [scrub(warning) for warning in returned[:_SHOWN_WARNINGS]]
    more = len(returned) - len(warnings)
    return [*warnings, f"{more:,} more warnings"] if more else warnings


def _error_of_ansible(
    result: Mapping[str, typing.Any], failed: bool, has_errors: bool, has_facts: bool
) -> Error | None:
    """The error of a result that the module itself does not explain, if it is one."""
    cause = result.get("msg") or ""
    if "censored" in result:
        return _error("no_log", "no_log hides the result")
    if result.get("unreachable"):
        return _error("unreachable", cause or "the host does not answer")
    if has_errors:
        return None
    if failed or result.get("failed"):
        return _error(
            "module_failed",
            cause or "the module failed without a message",
            rc=_code(result.get("rc")),
            stderr=result.get("module_stderr") or "",
        )
    return None if has_facts else _error("not_gathered", "the host has no result")


def _instances(facts: typing.Any, errors: list[tuple[str | None, Error]]) -> list[Instance]:
    """Every instance of the facts, once, with its errors; then the instances with errors only.

    errors: each with its configuration directory, unscrubbed."""
    found: dict[tuple[str | None, str | None], Instance] = {}
    returned_ones = facts["instances"] if facts is not None else []
    for returned in _at_most(_MOST_INSTANCES, "instances", returned_ones):
        instance = _instance(returned)
        found.setdefault(instance.key, instance)
    if facts is not None and not found:
        raise ValueError("it has no instances")
    by_directory: dict[str | None, list[Error]] = {}
    for directory, error in errors:
        by_directory.setdefault(directory, []).append(error)
    for instance in found.values():
        instance.errors = by_directory.pop(instance.key[0], [])
        kinds = {error.kind for error in instance.errors}
        if instance.running is False and not kinds.intersection(STOPPED):
            stopped = _error("not_running", _NOT_RUNNING)
            instance.errors.insert(0, stopped._replace(config_directory=instance.config_directory))
    return [*found.values(), *(_uncounted(key, errors) for key, errors in by_directory.items())]


def _uncounted(directory: str | None, errors: list[Error]) -> Instance:
    return Instance(
        (directory, None), None, _text(directory), None, None, None, None, {}, {}, False, errors
    )


def _error(kind: str, cause: typing.Any, rc: int | None = None, stderr: typing.Any = "") -> Error:
    message = _PREFIXES.sub("", _one_line(cause))
    return Error(
        kind,
        scrub(message),
        (HINTS.get(kind) or KINDS[kind]),
        rc=rc,
        stderr=scrub(stderr, _LONGEST_STDERR, lines=True),
    )


def _one_line(text: typing.Any) -> str:
    return " ".join(str(text).split())


def _returned_error(error: typing.Any) -> Error:
    return Error(
        scrub(error["kind"]),
        scrub(_one_line(error["message"])),
        scrub(error.get("hint") or ""),
        _text(error.get("command")),
        _code(error.get("rc")),
        scrub(error.get("stderr") or "", _LONGEST_STDERR, lines=True),
        _text(error.get("config_directory")),
    )


def _instance(facts: typing.Any) -> Instance:
    running = facts.get("running")
    if running is not None and not isinstance(running, bool):
        raise ValueError(f"running is {running!r:.50}")
    details = facts.get("queues") or {}
    queues = {
        queue: _queue(facts["counts"][queue], details.get(queue))
        for queue in QUEUES
        if queue in facts["counts"]
    }
    if not queues:
        raise ValueError("an instance has no counts")
    return Instance(
        (_path(facts["config_directory"]), _path(facts["queue_directory"])),
        _text(facts["name"]),
        _text(facts["config_directory"]),
        _text(facts["queue_directory"]),
        _text(facts["method"]),
        running,
        _text(facts.get("running_why")),
        queues,
        {
            ranking: _ranking(facts[ranking], key, facts[ranking + "_other"])
            for ranking, key in RANKINGS.items()
            if ranking in facts
        },
        bool(facts.get("details_approximate")),
        [],
    )


def _queue(count: typing.Any, details: typing.Any) -> Queue:
    """An empty queue has no size and no age even where nobody looked into it. A message that was
    counted but not listed has an age, which is not known."""
    messages = _number(count)
    empty = messages == Number(0, 0)
    details = details or {}
    size, oldest, ages = details.get("size"), details.get("oldest_age"), details.get("ages")
    return Queue(
        messages,
        Number(0, 0) if empty and size is None else _number(size),
        NOTHING if empty and oldest is None else _number(oldest),
        _text(details.get("oldest_arrival")),
        tuple(map(_bucket, ages)) if ages is not None else () if empty else None,
    )


def _bucket(bucket: typing.Any) -> tuple[int | None, int]:
    """Other ends than the module's would cut up the groups of the whole fleet."""
    under = bucket["under"]
    if under not in (*AGE_BUCKETS, None):
        raise ValueError(f"an age group ends at {under!r:.50}")
    return under, _whole(bucket["count"])


def _ranking(entries: typing.Any, key: str, other: typing.Any) -> Ranking:
    return Ranking(
        tuple(
            Entry(
                _text(entry[key]),
                _whole(entry["count"]),
                _text(entry.get("status")),
                bool(entry.get("bounced")),
            )
            for entry in entries
        ),
        _whole(other),
    )


def _number(value: typing.Any) -> Number:
    return UNKNOWN if value is None else Number(_whole(value), 0)


def _whole(value: typing.Any) -> int:
    """A number of messages, bytes or seconds. Raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST:
        raise ValueError(f"a number is {value!r:.50}")
    return value


def _code(value: typing.Any) -> int | None:
    return value if isinstance(value, int) and abs(value) < _MOST else None


def _text(value: typing.Any) -> str | None:
    return None if value is None else scrub(value)


def _path(value: typing.Any) -> str | None:
    """A path to compare by, unscrubbed: what is scrubbed may be equal where the paths are not."""
    return None if value is None else str(value)

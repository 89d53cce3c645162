# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet's queues: the results of postfix_queue by host in, one structure out, fit for JSON and
with all texts scrubbed.

What is not known is None. A sum is a dict of sum (of the parts that are known, None where none is)
and unknown (how many parts are not)."""

from __future__ import annotations

import collections

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.scrub import scrub

# How many domains and reasons of the whole fleet are told.
TOP = 20

_LONGEST_STDERR = 2000
# A larger number is none of messages, bytes or seconds.
_MOST = 2**63
_TABLES = {"senders": "domain", "recipients": "domain", "reasons": "reason"}
_SEVERITY = ("ok", "partial", "failed")


def assemble(results, gathered):
    """The report (dict) from the results of each host.

    results: dict of host to the results (list of dict) of its calls of postfix_queue: a later one
    counts where those before it could not, as when a count without details follows. gathered: when
    and with what, taken over as it is."""
    hosts = [_host(name, results[name]) for name in sorted(results)]
    rows = [(host, instance) for host in hosts for instance in host["instances"]]
    instances = [instance for dummy, instance in rows]
    states = collections.Counter(host["state"] for host in hosts)
    return {
        "gathered": gathered,
        "totals": {
            "hosts": dict({state: states[state] for state in _SEVERITY}, all=len(hosts)),
            # A host that could not even list its instances stands for one that is not known.
            "instances": {
                state: sum(1 for instance in instances if instance["state"] == state)
                for state in _SEVERITY
            },
            "methods": dict(
                collections.Counter(
                    instance["method"] for instance in instances if instance["method"]
                )
            ),
            "messages": _sum_of_sums(instance["total"] for instance in instances),
            "size": _sum_of_sums(instance["size"] for instance in instances),
            "oldest": _oldest_of(rows),
            "queues": {queue: _queue_of_fleet(queue, rows) for queue in QUEUES},
        },
        "ages": _ages_of_fleet(instances),
        **{table: _most_frequent(table, instances) for table in _TABLES},
        "hosts": hosts,
    }


def _host(name, results):
    facts, errors, warnings = [], [], []
    for position, result in enumerate(results):
        try:
            found, said, warned = _read(result)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            found, warned = [], []
            said = [
                _error(
                    "unparsed_result",
                    "the result is not what postfix_queue returns",
                    "Look for what else answers on this host as Python.",
                )
            ]
        known = {instance["config_directory"] for instance in facts}
        facts += [instance for instance in found if instance["config_directory"] not in known]
        # What a later call says of the same instance is known from the first.
        if position == 0:
            errors, warnings = said, warned
    failed = {error["config_directory"] for error in errors}
    for instance in facts:
        instance["state"] = "partial" if instance["config_directory"] in failed else "ok"
    known = {instance["config_directory"] for instance in facts}
    facts += [
        _unknown_instance(directory)
        for directory in dict.fromkeys(error["config_directory"] for error in errors)
        if directory not in known
    ]
    return {
        "host": scrub(name),
        "state": max((instance["state"] for instance in facts), key=_SEVERITY.index, default="ok"),
        "instances": facts,
        "errors": errors,
        "warnings": warnings,
    }


def _read(result):
    """The instances, errors and warnings (lists) of one result."""
    warnings = [scrub(warning) for warning in result.get("warnings") or []]
    if result.get("unreachable"):
        hint = (
            "See that the host is up and lets you in: 'ansible HOST -m ansible.builtin.ping' with"
            " the same inventory and user."
        )
        return [], [_error("unreachable", result.get("msg") or "unreachable", hint)], warnings
    found = [
        _instance(facts)
        for facts in result.get("ansible_facts", {}).get("postfix_queue", {}).get("instances", [])
    ]
    errors = [_scrubbed_error(error) for error in result.get("errors") or []]
    if not errors and result.get("failed"):
        hint = (
            "Run 'ansible HOST -m mailops.postfix.postfix_queue -vvv' with the same inventory and"
            " user, and look at what it prints."
        )
        stderr = result.get("module_stderr") or ""
        errors = [
            _error(
                "module_failed",
                result.get("msg") or "the module failed without a message",
                hint,
                rc=result.get("rc"),
                stderr=stderr,
            )
        ]
    if not errors and not found:
        hint = (
            "Look in the run's output for what happened to this host, and run the playbook again"
            " for it, with --limit."
        )
        errors = [_error("not_gathered", "there is no result of this host", hint)]
    return found, errors, warnings


def _error(kind, message, hint, command=None, rc=None, stderr="", config_directory=None):
    return {
        "kind": scrub(kind),
        "message": scrub(message),
        "hint": scrub(hint),
        "command": _text(command),
        "rc": rc if isinstance(rc, int) and abs(rc) < _MOST else None,
        "stderr": scrub(stderr, _LONGEST_STDERR, lines=True),
        "config_directory": _text(config_directory),
    }


def _scrubbed_error(error):
    return _error(
        error["kind"],
        error["message"],
        error["hint"],
        error["command"],
        error["rc"],
        error["stderr"],
        error["config_directory"],
    )


def _unknown_instance(config_directory):
    nothing = {"sum": None, "unknown": len(QUEUES)}
    return {
        "name": None,
        "config_directory": config_directory,
        "queue_directory": None,
        "state": "failed",
        "method": None,
        "total": nothing,
        "counts": dict.fromkeys(QUEUES),
        "size": nothing,
        "oldest": dict(_NO_AGE, unknown=len(QUEUES)),
        "queues": dict.fromkeys(QUEUES),
        **dict.fromkeys(_TABLES),
    }


_NO_AGE = {"age": None, "arrival": None, "queue": None}


def _instance(facts):
    counts = {queue: _number(facts["counts"].get(queue)) for queue in QUEUES}
    queues = {queue: _queue(facts.get("queues", {}).get(queue), counts[queue]) for queue in QUEUES}
    told = [
        dict(entry, queue=queue)
        for queue, entry in queues.items()
        if entry and entry["age"] is not None
    ]
    oldest = max(told, key=lambda entry: entry["age"], default=_NO_AGE)
    return {
        "name": _text(facts["name"]),
        "config_directory": _text(facts["config_directory"]),
        "queue_directory": _text(facts["queue_directory"]),
        "state": None,
        "method": _text(facts["method"]),
        "total": _sum(counts.values()),
        "counts": counts,
        "size": _sum(entry and entry["size"] for entry in queues.values()),
        "oldest": dict(
            {key: oldest[key] for key in _NO_AGE},
            unknown=sum(1 for entry in queues.values() if not entry or entry["ages"] is None),
        ),
        "queues": queues,
        **{table: _table(table, facts) for table in _TABLES},
    }


def _queue(entry, count):
    """Size and age of a queue: None where it could not be looked into, unless there is nothing in
    it to look at."""
    if entry is None:
        return {"size": 0, "age": None, "arrival": None, "ages": {}} if count == 0 else None
    ages = entry.get("ages")
    return {
        "size": _number(entry.get("size")),
        "age": _number(entry.get("oldest_age")),
        "arrival": _text(entry.get("oldest_arrival")),
        "ages": (
            None if ages is None else {scrub(end): _number(number) for end, number in ages.items()}
        ),
    }


def _table(table, facts):
    if table not in facts:
        return None
    key = _TABLES[table]
    rows = []
    for row in facts[table]:
        rows.append({key: _text(row[key]), "count": _number(row["count"])})
        if table == "reasons":
            rows[-1]["status"] = _text(row["status"])
    return {
        "rows": rows,
        "other": _number(facts[table + "_other"]),
        "uncertainty": _number(facts[table + "_uncertainty"]),
    }


def _text(value):
    return None if value is None else scrub(value)


def _number(value):
    """A count of messages, bytes or seconds; None for whatever else a host may send."""
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST
        else None
    )


def _sum(values):
    values = list(values)
    known = [value for value in values if value is not None]
    return {"sum": sum(known) if known or not values else None, "unknown": len(values) - len(known)}


def _sum_of_sums(sums):
    """The unknown parts are those that are not wholly known."""
    sums = list(sums)
    known = [part["sum"] for part in sums if part["sum"] is not None]
    return {
        "sum": sum(known) if known or not sums else None,
        "unknown": sum(1 for part in sums if part["unknown"]),
    }


def _queue_of_fleet(queue, rows):
    entries = [instance["queues"][queue] for dummy, instance in rows]
    return {
        "messages": _sum(instance["counts"][queue] for dummy, instance in rows),
        "size": _sum(entry and entry["size"] for entry in entries),
        "oldest": max(
            (entry["age"] for entry in entries if entry and entry["age"] is not None), default=None
        ),
        "oldest_unknown": sum(1 for entry in entries if not entry or entry["ages"] is None),
    }


def _oldest_of(rows):
    unknown = sum(1 for dummy, instance in rows if instance["oldest"]["unknown"])
    told = [(host, instance) for host, instance in rows if instance["oldest"]["age"] is not None]
    if not told:
        return dict(_NO_AGE, host=None, config_directory=None, unknown=unknown)
    host, instance = max(told, key=lambda row: row[1]["oldest"]["age"])
    return dict(
        instance["oldest"],
        host=host["host"],
        config_directory=instance["config_directory"],
        unknown=unknown,
    )


def _ages_of_fleet(instances):
    buckets = {}
    for instance in instances:
        for queue, entry in instance["queues"].items():
            for end, number in (entry and entry["ages"] or {}).items():
                counts = buckets.setdefault(end, dict.fromkeys(QUEUES, 0))
                counts[queue] += number or 0
    return {
        "buckets": [{"under_minutes": end, "counts": counts} for end, counts in buckets.items()],
        "unknown": sum(1 for instance in instances if instance["oldest"]["unknown"]),
    }


def _most_frequent(table, instances):
    """The fleet's rows of a table. Where an instance does not tell all of its rows, one that it
    leaves out may have some there too: not exact."""
    key = _TABLES[table]
    told = [instance[table] for instance in instances if instance[table] is not None]
    counts, listing_partly, uncertain = collections.Counter(), collections.Counter(), set()
    status = {}
    for rows in told:
        for row in rows["rows"]:
            counts[row[key]] += row["count"] or 0
            status.setdefault(row[key], row.get("status"))
            if rows["other"]:
                listing_partly[row[key]] += 1
            if rows["uncertainty"]:
                uncertain.add(row[key])
    partly = sum(1 for rows in told if rows["other"])
    # The most frequent first; of equally frequent ones the order is that of the text, so that it
    # does not change from run to run.
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0] or ""))
    shown = [
        {
            key: text,
            "count": count,
            "exact": listing_partly[text] == partly and text not in uncertain,
        }
        for text, count in ranked[:TOP]
    ]
    if table == "reasons":
        shown = [dict(row, status=status[row[key]]) for row in shown]
    other = sum(rows["other"] or 0 for rows in told) + sum(count for dummy, count in ranked[TOP:])
    return {"rows": shown, "other": other, "told": len(told), "unknown": len(instances) - len(told)}

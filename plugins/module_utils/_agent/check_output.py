# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parser of what C(datadog-agent check NAME --json) prints: text in, data out.

Format: the Agent's pkg/cli/subcommands/check/command.go, and pkg/metrics/series.go for a metric.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, NamedTuple


class CheckOutput(NamedTuple):
    """metrics: list of dict (name, value: float, tags, type); warnings, errors: in the check's own
    words; text: the lines before the JSON."""

    metrics: list[dict[str, Any]]
    warnings: list[str]
    errors: list[str]
    text: list[str]


_ATTEMPTS = 100


class CheckOutputError(ValueError):
    """Output that is not a check's result."""


def parse_check(lines: Iterable[str]) -> CheckOutput:
    """The CheckOutput of all instances of a check together. Raises CheckOutputError."""
    lines = list(lines)
    position, items = _find_items(lines)
    metrics: list[dict[str, Any]] = []
    warnings: list[str] = []
    errors: list[str] = []
    for item in items:
        metrics += _metrics(item)
        runner = item.get("runner")
        if not isinstance(runner, dict):
            raise CheckOutputError("an instance without 'runner', which would list its errors")
        warnings += _messages(runner.get("LastWarnings"))
        said = _messages(runner.get("LastError"))
        if runner.get("TotalErrors") and not said:
            said = [f"{runner['TotalErrors']} errors, without a message"]
        errors += said
    return CheckOutput(metrics, warnings, errors, lines[:position])


def _find_items(lines: list[str]) -> tuple[int, list[dict[str, Any]]]:
    """The line on which the array begins, and its items; any text may come before it, lines with a
    bracket included."""
    decoder = json.JSONDecoder()
    text = "\n".join(lines)
    attempts = offset = 0
    for position, line in enumerate(lines):
        # Bounded, because whoever owns the check's configuration can print what takes long to
        # parse.
        if line.startswith("[") and attempts < _ATTEMPTS:
            attempts += 1
            try:
                items = decoder.raw_decode(text, offset)[0]
            except (RecursionError, ValueError):
                items = None
            if items and all(isinstance(item, dict) for item in items):
                return position, items
        offset += len(line) + 1
    raise CheckOutputError("there is no whole JSON array of instances in it")


def _metrics(item: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        # An instance without a metric has null here.
        return [_metric(metric) for metric in item["aggregator"].get("metrics") or []]
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise CheckOutputError(
            f"a metric is not understood: {type(error).__name__}: {error}"
        ) from None


def _metric(metric: dict[str, Any]) -> dict[str, Any]:
    value = metric["points"][-1][1]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CheckOutputError(f"the value of {metric['metric']} is not a number: {value!r}")
    # The Agent's values are all floating-point, and whole ones lose their fraction in its JSON.
    return {
        "name": metric["metric"],
        "value": float(value),
        "tags": list(metric.get("tags") or []),
        "type": metric["type"],
    }


def _messages(said: Any) -> list[str]:
    """The messages (list of str) in what is a text, the JSON of an object with a message, or a list
    of these."""
    if not said:
        return []
    if isinstance(said, list):
        return [message for part in said for message in _messages(part)]
    if isinstance(said, dict):
        return _messages(said.get("message")) or [json.dumps(said)]
    if not isinstance(said, str):
        return [json.dumps(said)]
    try:
        inner = json.loads(said)
    except ValueError:
        return [said.strip()] if said.strip() else []
    return _messages(inner) if isinstance(inner, (list, dict)) else [said.strip()]

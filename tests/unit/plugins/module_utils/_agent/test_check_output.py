# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils._agent.check_output import (
    CheckOutputError,
    parse_check,
)

TWO = "Multiple check instances found, running each of them"


def metric(queue, *values):
    points = [[1795349344 + number, value] for number, value in enumerate(values)]
    return {
        "metric": "postfix.queue.size",
        "points": points,
        "tags": ["queue:" + queue],
        "host": "mx",
        "type": "gauge",
        "interval": 0,
    }


def instance(*metrics, error="", warnings=(), total_errors=None):
    runner = {
        "LastError": error,
        "LastWarnings": list(warnings),
        "TotalErrors": bool(error) if total_errors is None else total_errors,
    }
    return {"aggregator": {"metrics": list(metrics)}, "runner": runner, "inventories": None}


def printed(*instances, before=()):
    return list(before) + json.dumps(instances, indent=2).split("\n")


def test_metrics_of_all_instances_after_a_line_of_text():
    output = parse_check(
        printed(
            instance(metric("active", 3.0)),
            instance(metric("deferred", 5, 7)),
            before=[TWO, "[agent] a line with a bracket", "[1] too"],
        )
    )
    assert output.metrics == [
        {"name": "postfix.queue.size", "value": 3.0, "tags": ["queue:active"], "type": "gauge"},
        {"name": "postfix.queue.size", "value": 7.0, "tags": ["queue:deferred"], "type": "gauge"},
    ]
    assert isinstance(output.metrics[1]["value"], float)
    assert (output.warnings, output.errors) == ([], [])
    assert output.text == [TWO, "[agent] a line with a bracket", "[1] too"]


def test_instance_without_metrics_or_tags():
    bare = dict(metric("active", 1), tags=None)
    assert (
        parse_check(printed(dict(instance(), aggregator={}), instance(bare))).metrics[0]["tags"]
        == []
    )
    assert parse_check(printed(dict(instance(), aggregator={"metrics": None}))).metrics == []


@pytest.mark.parametrize(
    "error, messages",
    [
        (
            json.dumps(
                [
                    {"message": "no sudo", "traceback": "Traceback ..."},
                    {"message": "no queue", "traceback": ""},
                ]
            ),
            ["no sudo", "no queue"],
        ),
        ("plain text\n", ["plain text"]),
        ("[not JSON", ["[not JSON"]),
        (json.dumps({"code": 7}), ['{"code": 7}']),
        ('"7"', ['"7"']),
    ],
)
def test_errors_of_the_check(error, messages):
    assert parse_check(printed(instance(metric("active", 1), error=error))).errors == messages


@pytest.mark.parametrize("error", ["", " \n"])
def test_counted_errors_are_errors(error):
    output = parse_check(printed(instance(error=error, total_errors=2)))
    assert output.errors == ["2 errors, without a message"]


def test_each_instance_has_its_errors_and_warnings():
    output = parse_check(
        printed(
            instance(error="one", warnings=["slow"]),
            instance(metric("active", 1)),
            instance(error="two", warnings=["old"]),
        )
    )
    assert (output.errors, len(output.metrics)) == (["one", "two"], 1)
    assert output.warnings == ["slow", "old"]


def test_warnings():
    said = ["slow", json.dumps({"message": "old", "traceback": ""}), {"message": "odd"}, 7]
    assert parse_check(printed(instance(warnings=said))).warnings == ["slow", "old", "odd", "7"]
    silent = instance()
    silent["runner"]["LastWarnings"] = None
    assert parse_check(printed(silent)).warnings == []


NO_ARRAY = "there is no whole JSON array of instances in it"
NO_RUNNER = "an instance without 'runner', which would list its errors"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], NO_ARRAY),
        (["null"], NO_ARRAY),
        (["[]"], NO_ARRAY),
        (["Error: no valid check found"], NO_ARRAY),
        (printed(instance(metric("active", 1)))[:-1], NO_ARRAY),
        ([" " + json.dumps([instance()])], NO_ARRAY),
        (printed({"aggregator": {"metrics": []}}), NO_RUNNER),
        (printed({"runner": {}}), "a metric is not understood: KeyError: 'aggregator'"),
        (
            printed(instance(dict(metric("active"), points=[]))),
            "a metric is not understood: IndexError: list index out of range",
        ),
        (
            printed(instance(metric("active", None))),
            "the value of postfix.queue.size is not a number: None",
        ),
        (
            printed(instance(metric("active", True))),
            "the value of postfix.queue.size is not a number: True",
        ),
        (
            printed(instance(metric("active", 10**400))),
            "a metric is not understood: OverflowError: int too large to convert to float",
        ),
        (
            printed(instance(metric("active", "7"))),
            "the value of postfix.queue.size is not a number: '7'",
        ),
        (printed(instance({"metric": "x"})), "a metric is not understood: KeyError: 'points'"),
    ],
)
def test_no_result_of_a_check(lines, said):
    with pytest.raises(CheckOutputError) as caught:
        parse_check(lines)
    assert str(caught.value) == said


def test_a_hundred_brackets_are_tried():
    result = printed(instance(error="one"))
    assert parse_check(["["] * 99 + result).errors == ["one"]
    with pytest.raises(CheckOutputError):
        parse_check(["["] * 100 + result)


KEYS = strategies.sampled_from(
    [
        "aggregator",
        "runner",
        "metrics",
        "points",
        "tags",
        "LastError",
        "LastWarnings",
        "TotalErrors",
    ]
)
SCALARS = strategies.none() | strategies.booleans() | strategies.integers() | strategies.text()


@hypothesis.given(
    strategies.recursive(
        SCALARS, lambda inner: strategies.lists(inner) | strategies.dictionaries(KEYS, inner)
    )
)
def test_no_output_raises_anything_else(value):
    try:
        parse_check(printed(value))
    except CheckOutputError:
        pass


@pytest.mark.parametrize("lines", [["["] * 200000, ["[" * 200000], ["[{}]"] * 2000])
def test_brackets_without_an_end_take_no_time(lines):
    with pytest.raises(CheckOutputError):
        parse_check(lines)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a definition says is compared, and nothing else."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._datadog.compare import (
    as_defined,
    as_text,
    differing,
    equal,
)

KEYS = st.sampled_from(["title", "widgets", "tags", "q", "options"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text("ab {}", max_size=4)
DEFINITIONS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def as_account_keeps(value):
    """With ids and defaults, with tags in another order, and with numbers as floats."""
    if isinstance(value, dict):
        kept = {key: as_account_keeps(item) for key, item in value.items()}
        if isinstance(kept.get("tags"), list):
            kept["tags"] = kept["tags"][::-1]
        return {**kept, "id": 7, "autoscale": True}
    if isinstance(value, list):
        return [as_account_keeps(item) for item in value]
    if isinstance(value, str):
        return value.strip()
    return value


def of_texts(definition):
    """tags are a list of texts."""
    if isinstance(definition, dict):
        return {
            key: ["b:2", "a:1", "c"] if key == "tags" else of_texts(item)
            for key, item in definition.items()
        }
    if isinstance(definition, list):
        return [of_texts(item) for item in definition]
    return definition


def leaves(value, path=()):
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves(item, (*path, key))
    else:
        yield path


@given(DEFINITIONS)
def test_what_the_account_adds_changes_nothing(definition):
    definition = of_texts(definition)
    assert equal(as_account_keeps(definition), definition)


@given(DEFINITIONS, st.data())
def test_every_change_by_hand_is_seen(definition, data):
    definition = of_texts({"definition": definition})
    paths = list(leaves(definition))
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    edited = as_account_keeps(definition)
    place = edited
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "by hand"
    assert not equal(edited, definition)
    assert "by hand" in as_text(as_defined(edited, definition))


@given(st.lists(DEFINITIONS, min_size=1, max_size=4), st.data())
def test_an_item_added_or_removed_is_seen(items, data):
    definition = {"widgets": [{"title": "ours", "q": of_texts(item)} for item in items]}
    position = data.draw(st.integers(0, len(items) - 1))
    added, removed = (as_account_keeps(copy.deepcopy(definition)) for dummy in range(2))
    added["widgets"].insert(position, {"id": 8, "title": "by hand"})
    del removed["widgets"][position]
    assert not equal(added, definition) and not equal(removed, definition)
    assert "by hand" in as_text(as_defined(added, definition))


@pytest.mark.parametrize(
    ("has", "wanted", "same"),
    [
        ({"critical": 500.0}, {"critical": 500}, True),
        ({"critical": 500.5}, {"critical": 500}, False),
        ({"is_enabled": True}, {"is_enabled": 1}, False),
        ({"priority": None}, {"priority": None}, True),
        ({}, {"priority": None}, True),
        ({"priority": 3}, {"priority": None}, False),
        ({}, {"priority": 3}, False),
        ({"message": "a\nb"}, {"message": "a\nb\n"}, True),
        ({"type": "query alert"}, {"type": "metric alert"}, True),
        ({"type": "log alert"}, {"type": "query alert"}, False),
        ({"tags": ["b", "a"]}, {"tags": ["a", "b"]}, True),
        ({"tags": ["a", "b", "c"]}, {"tags": ["a", "b"]}, False),
        ({"sources": ["b", "a"]}, {"sources": ["a", "b"]}, False),
        ({"widgets": {}}, {"widgets": []}, False),
    ],
)
def test_pairs(has, wanted, same):
    assert equal(has, wanted) is same


def test_the_text_has_what_a_reader_looks_for():
    assert json.loads(as_text({"title": "Größe"})) == {"title": "Größe"}
    assert "Größe" in as_text({"title": "Größe"})


def test_one_widget_inserted_at_the_top_is_one_change_of_the_text():
    widgets = [{"definition": {"content": str(number)}} for number in range(3)]
    has = [{"id": 1, "definition": {"content": "by hand"}}, *as_account_keeps(widgets)]
    assert as_defined(has, widgets) == [{"definition": {"content": "by hand"}}, *widgets]


def test_a_changed_line_of_a_text_is_one_line_of_the_diff():
    before, after = (
        as_text({"message": f"Look:\n  {step}\nThen go.\n"}).splitlines() for step in ("a", "b")
    )
    assert [pair for pair in zip(before, after) if pair[0] != pair[1]] == [
        ('    "  a",', '    "  b",')
    ]
    # They look alike, and are not.
    assert not equal({"message": "a\nb"}, {"message": ["a", "b"]})


def test_names_what_differs():
    wanted = {
        "name": "a",
        "priority": None,
        "options": {"thresholds": {"critical": 5, "warning": 3}, "notify_no_data": True},
        "tags": ["a", "b"],
    }
    has = {
        "name": "a ",
        "options": {"thresholds": {"critical": 5.0, "warning": 4}, "notify_no_data": 1},
        "tags": ["b"],
    }
    assert list(differing(wanted, wanted)) == []
    assert list(differing(has, wanted)) == [
        "options.thresholds.warning",
        "options.notify_no_data",
        "tags",
    ]
    assert list(differing({}, {"name": "a"})) == ["name"]

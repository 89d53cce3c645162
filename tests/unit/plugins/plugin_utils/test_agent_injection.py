# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No text, wherever it comes in, opens a sudo rule or changes the type of anything in conf.yaml: it
is refused by name, or it stays a text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.tests.injection.places import (
    HOSTILE,
    OPTIONS,
    PLACES,
    agent_user,
    conf_yaml,
    plan,
)

QUEUES = {"maildrop", "incoming", "active", "deferred", "hold", "corrupt"}


def check_types(conf):
    assert list(conf["init_config"]) == ["postfix_user"] and isinstance(
        conf["init_config"]["postfix_user"], str
    )
    for entry in conf["instances"]:
        assert all(
            isinstance(entry[key], str) for key in ("directory", "config_directory", "service")
        )
        assert set(entry["queues"]) <= QUEUES and entry["queues"]
        assert all(isinstance(tag, str) for tag in entry["tags"])
        assert (
            repr(entry["min_collection_interval"]).isdigit()
            and entry["min_collection_interval"] > 0
        )
    for entry in conf["logs"]:
        assert entry["source"] == "postfix" and isinstance(entry["service"], str)
        assert (
            isinstance(entry["path"], str)
            if entry["type"] == "file"
            else all(isinstance(unit, str) for unit in entry["include_units"])
        )


def check(place, value, read, rules):
    """Whether the value was taken."""
    make, where = PLACES[place]
    found = make(value)
    user = agent_user(place, value)
    if found["problems"]:
        # In a dictionary the problem is with a key, and a host whose instance has no unit is
        # another matter.
        starts = [
            f"{place}{key}: {repr(value)[:-1]}" for key in ("", ".key[0]", ".key.a", "." + value)
        ]
        if (place, value) == ("unit of /etc/postfix", ""):
            starts = ["The log of /etc/postfix was not found"]
        assert any(problem.startswith(tuple(starts)) for problem in found["problems"]), found[
            "problems"
        ]
        assert conf_yaml(found) is None
        return False
    conf = read(conf_yaml(found))
    if where:
        assert where(conf) == value
    if conf["init_config"] == {"postqueue": True}:
        assert (place, value) == ("datadog_postfix_method", "postqueue")
        return True
    check_types(conf)
    run_as = value if place.startswith("mail_owner") else "postfix"
    wanted = [
        (entry["directory"], queue) for entry in conf["instances"] for queue in entry["queues"]
    ]
    assert rules(found) == [(user, run_as, "find {}/{} -type f".format(*part)) for part in wanted]
    return True


def test_table():
    assert len(set(HOSTILE)) == len(HOSTILE) >= 100


@pytest.mark.parametrize("place", PLACES)
def test_hostile_values(place, read, rules):
    taken = [value for value in HOSTILE if check(place, value, read, rules)]
    # Free texts stay texts; everything else has few values, none of which is in the table.
    free = any(part in place for part in ("tags", "service", "extra", "instance_name"))
    assert len(taken) > len(HOSTILE) / 2 if free else len(taken) < len(HOSTILE) / 5


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(list(PLACES)),
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(HOSTILE).flatmap(lambda part: st.text(max_size=5).map(part.__add__)),
    ),
)
def test_any_text_anywhere(read, rules, place, value):
    check(place, value, read, rules)


@pytest.mark.parametrize("value", [None, True, 7, 1.5, [], ["a"], {}, {"env": "prod"}])
@pytest.mark.parametrize(
    "place", [place for place in PLACES if place.startswith("datadog_postfix_")]
)
def test_other_types(place, value, read):
    make, where = PLACES[place]
    if place == "datadog_postfix_instance_extra" and isinstance(value, (list, dict)):
        value = str(value)
    found = make(value)
    if found["problems"]:
        assert any(problem.startswith(place) for problem in found["problems"])
    elif where:
        conf = read(conf_yaml(found))
        check_types(conf)
        # In a dictionary of the user's, types are the user's; everywhere else a number in the place
        # of a text is taken for one.
        assert where(conf) == (value if "extra" in place else str(value))
    else:
        assert (place.rpartition("_")[2], value) == ("interval", 7)


@pytest.mark.parametrize(
    "option", [name for name, value in OPTIONS.items() if isinstance(value, (list, dict))]
)
@pytest.mark.parametrize("value", [None, True, 7, "text", "{{ 7*7 }}"])
def test_no_list_or_dictionary(option, value):
    problems = plan(**{option: value})["problems"]
    assert [
        problem
        for problem in problems
        if problem.startswith(f"datadog_postfix_{option}: {value!r} is not a ")
    ] == problems and problems


# A path, a table or a user is what the option is for; these are such, and Postfix takes them for
# nothing else.
@pytest.mark.parametrize("value", HOSTILE)
def test_authorized_mailq_users(value):
    if not plan(method="postqueue", authorized_mailq_users=[value])["problems"]:
        assert not set(value) & set(" \t\n\r,${}\"'\\#;") and value.isascii()


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb"])
def test_bytes_that_are_not_utf_8(text):
    problems = plan(tags=[text], instance_extra={"key": text, text: 1})["problems"]
    assert [problem.partition(":")[0] for problem in problems] == [
        "datadog_postfix_instance_extra.key",
        "datadog_postfix_instance_extra",
        "datadog_postfix_tags[0]",
    ]


nested = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(nested)
def test_any_data_of_the_user_stays_as_it_is(read, data):
    conf = read(conf_yaml(plan(instance_extra={"key": data}, log_extra={"key": data})))
    assert repr(conf["instances"][0]["key"]) == repr(conf["logs"][0]["key"]) == repr(data)

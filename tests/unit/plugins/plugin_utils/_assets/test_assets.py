# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The definitions are what Datadog's API takes, and say what the options say."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.mailops.postfix.plugins.filter.datadog_assets import datadog_assets
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.options import (
    CHOICES,
    KINDS,
    MONITORS,
    PARTS,
)

PATHS = {
    "dashboard": "/api/v1/dashboard",
    "monitor": "/api/v1/monitor",
    "log_pipeline": "/api/v1/logs/config/pipelines",
}
OPTIONS = [
    {},
    {
        "scope": ["env:prod", "dc:north-1"],
        "deferred_threshold": 1,
        "growth_threshold": 5,
        "active_limit": 100,
        "active_threshold": 99,
        "hold_threshold": 7,
        "recovery_percent": 50,
        "recipients": ["@mail-team@example.com", "@pagerduty"],
        "tags": ["team:mail"],
        "priorities": dict.fromkeys(MONITORS, 5),
        "log_timezone": "Europe/Berlin",
    },
]


def definitions(ids=None, **options):
    return {asset["name"]: asset["definition"] for asset in datadog_assets(options, ids)}


def widgets(dashboard):
    for group in dashboard["widgets"]:
        for widget in group["definition"]["widgets"]:
            yield group, widget


@pytest.mark.parametrize("options", OPTIONS)
def test_the_account_takes_every_definition(datadog, options):
    """Its stand-in is strict: models of the official client, and a grammar of queries."""
    ids = {}
    for asset in datadog_assets(options):
        if asset["name"] == "silent_zero":
            (asset,) = [one for one in datadog_assets(options, ids) if one["name"] == "silent_zero"]
        answer = datadog.ask("POST", PATHS[asset["kind"]], asset["definition"])
        assert "id" in answer, answer
        ids[asset["name"]] = answer["id"]
    assert list(ids) == list(KINDS)


def test_a_monitor_made_of_others_has_their_ids():
    assert definitions()["silent_zero"]["query"] == "${silent_zero_sizes} && ${silent_zero_log}"
    ids = {"silent_zero_sizes": "7", "silent_zero_log": None, "deferred": "9"}
    assert definitions(ids)["silent_zero"]["query"] == "7 && ${silent_zero_log}"


@pytest.mark.parametrize("scope", [[], ["env:prod", "dc:1"]])
def test_thresholds_and_scope_are_in_the_queries(scope):
    found = definitions(
        scope=scope,
        deferred_threshold=10,
        growth_threshold=20,
        active_threshold=30,
        hold_threshold=40,
        fatal_threshold=50,
        recovery_percent=50,
    )
    for name, threshold in (
        ("deferred", 10),
        ("deferred_growth", 20),
        ("active", 30),
        ("hold", 40),
    ):
        monitor = found[name]
        assert monitor["query"].endswith(f" > {threshold}")
        assert monitor["options"]["thresholds"] == {
            "critical": threshold,
            "critical_recovery": threshold / 2,
        }
    fatal = found["log_fatal"]
    assert fatal["query"].endswith(" > 50") and fatal["options"]["thresholds"] == {"critical": 50}
    for name in MONITORS:
        query = found[name]["query"]
        assert all(tag in query for tag in scope) or name == "silent_zero", query
    # Nothing is below none.
    assert definitions()["hold"]["options"]["thresholds"] == {"critical": 0}


def test_every_message_says_what_to_do_and_wakes_the_recipients():
    for name, kind in KINDS.items():
        if kind != "monitor":
            continue
        monitor = definitions(recipients=["@a@example.com", "@b"], tags=["team:mail"])[name]
        message, quiet = monitor["message"], definitions()[name]["message"]
        assert monitor["tags"] == ["service:postfix", "team:mail"]
        assert "@" not in quiet
        if name in PARTS:
            assert message == quiet and "priority" not in monitor
            continue
        assert message.endswith("\n\n@a@example.com @b")
        state = "no_data" if name == "check_no_data" else "alert"
        lines = message.splitlines()
        assert lines[0] == f"{{{{#is_{state}}}}}" and lines[2].startswith("1. ")
        # A command, in quotation marks.
        assert "'" in message and "recovery}}" in message
        assert monitor["priority"] in range(1, 6)


def test_commands_of_a_message_are_ready_to_run():
    for name in MONITORS:
        message = definitions()[name]["message"]
        steps = [line for line in message.splitlines() if line[0].isdigit()]
        for step in steps:
            assert step.count("'") >= 2 or "resolve this monitor" in step, step
            for command in re.findall(r"'((?:post|qshape)[^']*)'", step):
                of_one = command.startswith("postmulti -p ") or " -c CONFIG " in command
                assert of_one, command
                if not command.startswith(("postqueue", "postconf")):
                    assert "as root" in step.lower(), step
        assert ("CONFIG is the instance's" in message) == ("CONFIG" in "".join(steps))
        assert ("is Datadog's name of the host" in message) == ("ansible" in "".join(steps))


def test_every_threshold_has_its_words():
    for name in MONITORS:
        monitor = definitions()[name]
        if "warning" in monitor["options"].get("thresholds", {}):
            assert "{{#is_warning}}" in monitor["message"]


def test_a_host_that_is_down_notifies_once_an_instance():
    assert definitions()["check_no_data"]["query"].endswith(" by {host,instance} < 0")


def test_a_new_host_is_waited_for():
    """60 is Datadog's own default. Other monitors wait until the Agent has reported for a while."""
    for monitor in definitions().values():
        if monitor.get("type") == "log alert":
            assert monitor["options"]["new_group_delay"] == 60


def test_priorities_are_by_monitor():
    found = definitions(priorities={"hold": 5, "deferred": None})
    assert (found["hold"]["priority"], found["deferred"]["priority"]) == (5, 3)


def test_the_dashboard_fits_the_grid():
    dashboard = definitions()["dashboard"]
    assert [one["name"] for one in dashboard["template_variables"]] == [
        "env",
        "host",
        "instance",
        "queue",
    ]
    bottom = 0
    for group in dashboard["widgets"]:
        assert group["layout"] | {"height": 0} == {"x": 0, "y": bottom, "width": 12, "height": 0}
        bottom += group["layout"]["height"]
    places = {}
    for group, widget in widgets(dashboard):
        layout = widget["layout"]
        assert layout["x"] + layout["width"] <= 12
        assert layout["y"] + layout["height"] < group["layout"]["height"]
        cells = places.setdefault(group["definition"]["title"], set())
        covered = {
            (x, y)
            for x in range(layout["x"], layout["x"] + layout["width"])
            for y in range(layout["y"], layout["y"] + layout["height"])
        }
        assert not cells & covered
        cells |= covered


def test_the_dashboard_shows_the_limits():
    dashboard = definitions(active_limit=50000, deferred_threshold=123)["dashboard"]
    by_title = {
        widget["definition"].get("title"): widget["definition"]
        for dummy, widget in widgets(dashboard)
    }
    assert by_title["Active against its limit"]["markers"][0]["value"] == "y = 50000"
    (form,) = by_title["Deferred"]["requests"][0]["conditional_formats"]
    assert (form["comparator"], form["value"]) == (">", 123)


def test_what_is_compared_and_listed_is_said():
    """Without these formulas a change widget has nothing to compare with, and a list has no end."""
    found = {"change": [], "toplist": [], "note": []}
    for dummy, widget in widgets(definitions()["dashboard"]):
        found.setdefault(widget["definition"]["type"], []).append(widget["definition"])
    assert [one["requests"][0]["formulas"] for one in found["change"]] == [
        [{"formula": f"{before}(query1)"}, {"formula": "query1"}]
        for before in ("hour_before", "day_before")
    ]
    for one in found["toplist"]:
        (formula,) = one["requests"][0]["formulas"]
        assert formula["limit"] == {"count": 10, "order": "desc"}
    # A copy would have the line by which the dashboard is found.
    (note,) = found["note"]
    assert "After cloning this dashboard, remove the last line" in note["content"]


def test_only_what_is_wanted_is_wanted():
    wanted = [
        asset["name"]
        for asset in datadog_assets({"wanted": ["silent_zero", "dashboard"]})
        if asset["wanted"]
    ]
    assert wanted == ["dashboard", "silent_zero_sizes", "silent_zero_log", "silent_zero"]
    assert all(asset["wanted"] for asset in datadog_assets({}))
    assert not any(asset["wanted"] for asset in datadog_assets({"wanted": []}))
    assert {PARTS.get(name, name) for name in KINDS} == set(CHOICES)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"deferred": 5}, "datadog_assets_deferred: 5 is not an option"),
        (
            {"deferred_threshold": "many"},
            "datadog_assets_deferred_threshold: 'many' is not a whole",
        ),
        ({"hold_threshold": -1}, "datadog_assets_hold_threshold: -1 is not a whole number of 0"),
        (
            {"active_threshold": 20000},
            "active_threshold: 20000 is not below datadog_assets_active_limit",
        ),
        ({"recovery_percent": 100}, "datadog_assets_recovery_percent: 100 is not below 100"),
        (
            {"wanted": ["dashbord"]},
            "datadog_assets_wanted[0]: 'dashbord' is not known. Choose one of",
        ),
        ({"wanted": "dashboard"}, "datadog_assets_wanted: 'dashboard' is not a list"),
        (
            {"recipients": ["mail-team"]},
            "datadog_assets_recipients: 'mail-team' is not a recipient",
        ),
        ({"scope": ["prod"]}, "datadog_assets_scope: 'prod' is not a tag. Write it as env:prod,"),
        ({"scope": ["env:Prod"]}, "datadog_assets_scope: 'env:Prod' is not a tag"),
        ({"scope": ["host:a:b"]}, "datadog_assets_scope: 'host:a:b' is not a tag"),
        ({"tags": ["managed_by:us"]}, "datadog_assets_tags: 'managed_by:us' is a tag of the role"),
        ({"tags": ["mailops_postfix:hold"]}, "'mailops_postfix:hold' is a tag of the role's own"),
        (
            {"recipients": ["@{{host.name}}"]},
            "datadog_assets_recipients: '@{{host.name}}' is not a recipient",
        ),
        ({"hold_threshold": 10**9 + 1}, "datadog_assets_hold_threshold: 1000000001 is above"),
        (
            {"scope": ["env:prod} by {host"]},
            "datadog_assets_scope: 'env:prod} by {host' is not a tag",
        ),
        ({"tags": [{"team": "mail"}]}, "datadog_assets_tags[0]: {'team': 'mail'} is not a text"),
        ({"priorities": {"holds": 1}}, "datadog_assets_priorities: 'holds' is not a monitor"),
        ({"priorities": {"hold": 6}}, "datadog_assets_priorities.hold: 6 is not a priority"),
        (
            {"priorities": {"hold": 0}},
            "datadog_assets_priorities.hold: 0 is not a whole number of 1",
        ),
        ({"priorities": [1]}, "datadog_assets_priorities: [1] is not a dictionary"),
        (
            {"log_timezone": 'UTC"):x}'},
            "datadog_assets_log_timezone: 'UTC\"):x}' is not a time zone",
        ),
    ],
)
def test_wrong_options_are_named_with_a_hint(options, problem):
    with pytest.raises(Exception) as refused:
        datadog_assets(options)
    assert problem in str(refused.value) and str(refused.value).endswith(".")


def test_all_problems_come_at_once():
    with pytest.raises(Exception) as refused:
        datadog_assets({"hold_threshold": "x", "scope": ["y"]})
    assert len(str(refused.value).splitlines()) == 2


def test_no_definition_needs_more_than_json():
    assert json.loads(json.dumps(definitions())) == definitions()

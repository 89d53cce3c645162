# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against the stand-in of Datadog's API, over HTTP."""

from __future__ import annotations

import concurrent.futures
import copy
import io
import json
import re
import time
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils._datadog import client, transport
from ansible_collections.mailops.postfix.plugins.module_utils._datadog.assets import (
    SITES,
    ensure,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS, HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline
from ansible_collections.mailops.postfix.plugins.modules import datadog_asset

DEFINITIONS: dict[str, Any] = {
    "dashboard": {
        "title": "Postfix queues",
        "description": "What waits.\n",
        "layout_type": "ordered",
        "tags": ["team:mail"],
        "template_variables": [{"name": "host", "prefix": "host", "default": "*"}],
        "widgets": [
            {
                "definition": {
                    "type": "group",
                    "title": "Totals",
                    "layout_type": "ordered",
                    "widgets": [
                        {
                            "definition": {
                                "type": "timeseries",
                                "requests": [
                                    {"q": "sum:postfix.queue.size{$host}", "display_type": "line"}
                                ],
                            }
                        },
                        {"definition": {"type": "note", "content": "Look at the log."}},
                    ],
                }
            }
        ],
    },
    "monitor": {
        "name": "Too many deferred messages",
        "type": "metric alert",
        "query": "avg(last_5m):sum:postfix.queue.size{queue:deferred} by {host} > 500",
        "message": "Look at the reasons. @mail-team\n",
        "priority": None,
        "tags": ["team:mail", "service:postfix"],
        "options": {"thresholds": {"critical": 500, "critical_recovery": 400}},
    },
    "log_pipeline": {
        "name": "Postfix",
        "is_enabled": True,
        "filter": {"query": "source:postfix"},
        "processors": [
            {
                "type": "grok-parser",
                "name": "Prefix",
                "is_enabled": True,
                "source": "message",
                "grok": {"support_rules": "", "match_rules": "line %{data}"},
            },
            {"type": "date-remapper", "is_enabled": True, "sources": ["date"]},
        ],
    },
}
STORED = {"dashboard": "dashboard", "monitor": "monitor", "log_pipeline": "pipeline"}
PATHS = {
    "dashboard": "/api/v1/dashboard",
    "monitor": "/api/v1/monitor",
    "log_pipeline": "/api/v1/logs/config/pipelines",
}
TITLES = {"dashboard": "title", "monitor": "name", "log_pipeline": "name"}
MARKERS = {"managed_by:mailops.postfix", "mailops_postfix:deferred"}
EACH_KIND = pytest.mark.parametrize("kind", DEFINITIONS)


@pytest.fixture(autouse=True)
def no_variables_of_the_caller(monkeypatch):
    for name in ("DD_API_KEY", "DD_APP_KEY", "DD_SITE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def waits(monkeypatch):
    """Seconds that the client waited, without waiting."""
    waited = []
    monkeypatch.setattr(client.time, "sleep", waited.append)
    return waited


@pytest.fixture
def run(capsys, datadog, monkeypatch):
    """Calls the module; without a definition the one in DEFINITIONS is meant. The answer has the
    warnings of this call only."""
    warnings = []
    monkeypatch.setattr(
        datadog_asset.AnsibleModule, "warn", lambda module, text: warnings.append(text)
    )

    def call(kind, definition=None, without=(), **arguments):
        options = {
            "kind": kind,
            "name": "deferred",
            "definition": definition or DEFINITIONS[kind],
            "api_url": datadog.url,
            "api_key": datadog.api_key,
            "application_key": datadog.application_key,
            "_ansible_diff": True,
            **arguments,
        }
        for name in without:
            del options[name]
        warnings.clear()
        with patch_module_args(options), pytest.raises(SystemExit):
            datadog_asset.main()
        printed = capsys.readouterr()
        answer = json.loads(printed.out)
        # ansible-core 2.22 and later tell the controller what to mask; it removes the field.
        answer.pop("_ansible_new_secrets", None)
        for key in (datadog.api_key, datadog.application_key):
            assert key not in json.dumps(answer) + printed.err
        return {**answer, "warnings": list(warnings)}

    return call


def kinds_of(answer):
    assert answer["failed"] and answer["msg"].startswith(answer["errors"][0]["kind"])
    return [error["kind"] for error in answer["errors"]]


def edit(datadog, kind, **changes):
    """What somebody does in Datadog's pages."""
    (asset,) = datadog.assets(STORED[kind])
    body = {
        **DEFINITIONS[kind],
        **{key: asset[key] for key in ("description", "tags") if key in asset},
    }
    answer = datadog.ask("PUT", f"{PATHS[kind]}/{asset['id']}", {**body, **changes})
    assert "errors" not in answer and "error" not in answer, answer
    return answer


@EACH_KIND
def test_check_apply_again_absent_again(run, datadog, kind):
    would = run(kind, _ansible_check_mode=True)
    assert would["changed"] and would["id"] is None and would["asset"] is None
    assert datadog.assets(STORED[kind]) == [] and datadog.requests("POST", "PUT", "DELETE") == []

    done = run(kind)
    (asset,) = datadog.assets(STORED[kind])
    assert done["changed"] and done["diff"] == would["diff"] and done["warnings"] == []
    assert done["asset"] == asset and done["id"] == str(asset["id"])
    assert done["diff"]["before"] == ""
    assert DEFINITIONS[kind][TITLES[kind]] in done["diff"]["after"]
    assert all(marker in done["diff"]["after"] for marker in MARKERS)

    for check_mode in (True, False):
        again = run(kind, _ansible_check_mode=check_mode)
        assert not again["changed"] and again["asset"] == asset
        assert again["diff"]["before"] == again["diff"]["after"] == ""
    assert len(datadog.requests("POST", "PUT", "DELETE")) == 1

    would = run(kind, state="absent", _ansible_check_mode=True)
    assert would["changed"] and datadog.assets(STORED[kind]) == [asset]
    gone = run(kind, state="absent")
    assert gone["changed"] and gone["id"] is None and datadog.assets(STORED[kind]) == []
    assert gone["diff"] == would["diff"] and gone["diff"]["after"] == ""
    before = json.loads(gone["diff"]["before"])
    assert before[TITLES[kind]] == DEFINITIONS[kind][TITLES[kind]] and "id" not in before
    assert not run(kind, state="absent")["changed"]


def test_no_diff_without_diff_mode(run):
    assert "diff" not in run("monitor", _ansible_diff=False)


@EACH_KIND
def test_renamed_by_hand_is_found_and_named_back(run, datadog, kind):
    run(kind)
    title = TITLES[kind]
    edit(datadog, kind, **{title: "By hand"})
    for check_mode in (True, False):
        answer = run(kind, _ansible_check_mode=check_mode)
        before, after = (json.loads(answer["diff"][side]) for side in ("before", "after"))
        assert answer["changed"]
        assert {**before, title: None} == {**after, title: None}
        assert (before[title], after[title]) == ("By hand", DEFINITIONS[kind][title])
    (asset,) = datadog.assets(STORED[kind])
    assert asset[title] == DEFINITIONS[kind][title]
    assert not run(kind)["changed"]


def changed(kind, change):
    definition = copy.deepcopy(DEFINITIONS[kind])
    change(definition)
    return definition


BY_HAND = {
    "a widget in a group": (
        "dashboard",
        lambda new: new["widgets"][0]["definition"]["widgets"].append(
            {"definition": {"type": "note", "content": "By hand"}}
        ),
        "By hand",
    ),
    "a widget removed": (
        "dashboard",
        lambda new: new["widgets"][0]["definition"]["widgets"].pop(),
        "Look at the log.",
    ),
    "a query": (
        "dashboard",
        lambda new: new["widgets"][0]["definition"]["widgets"][0]["definition"]["requests"][
            0
        ].update(q="sum:by.hand{*}"),
        "sum:by.hand{*}",
    ),
    "a threshold": (
        "monitor",
        lambda new: new["options"]["thresholds"].update(critical=501.5),
        "501.5",
    ),
    "a priority": ("monitor", lambda new: new.update(priority=4), "4"),
    "a processor": (
        "log_pipeline",
        lambda new: new["processors"].insert(
            0, {"type": "message-remapper", "is_enabled": True, "sources": ["by_hand"]}
        ),
        "by_hand",
    ),
    "a rule": (
        "log_pipeline",
        lambda new: new["processors"][0]["grok"].update(match_rules="other %{data}"),
        "other",
    ),
    "switched off": ("log_pipeline", lambda new: new.update(is_enabled=False), "false"),
}


@pytest.mark.parametrize("hand", BY_HAND)
def test_a_change_by_hand_is_shown_and_undone(run, datadog, hand):
    kind, change, shown = BY_HAND[hand]
    run(kind)
    edited = changed(kind, change)
    edit(
        datadog,
        kind,
        **{key: value for key, value in edited.items() if key not in ("description", "tags")},
    )
    answer = run(kind)
    assert answer["changed"]
    assert shown in answer["diff"]["before"] + answer["diff"]["after"]
    assert answer["diff"]["before"] != answer["diff"]["after"]
    assert "created" not in answer["diff"]["before"]
    assert not run(kind)["changed"]


@EACH_KIND
def test_warns_where_the_account_keeps_something_else(run, datadog, kind):
    instead = {"dashboard": "reflow_type", "monitor": "priority", "log_pipeline": "is_enabled"}
    values = {"dashboard": ("fixed", "auto"), "monitor": (3, 4), "log_pipeline": (True, False)}
    wanted, kept = values[kind]
    definition = {**DEFINITIONS[kind], instead[kind]: wanted}
    fault = {"fault": "keeps", "instead": {instead[kind]: kept}}
    datadog.control({**fault, "method": "POST"}, {**fault, "method": "PUT"})
    for dummy in ("created", "updated"):
        answer = run(kind, definition)
        (warning,) = answer["warnings"]
        assert answer["changed"] and instead[kind] in warning and "Each run" in warning
    assert run(kind, definition)["warnings"] == []
    assert not run(kind, definition)["changed"]


@EACH_KIND
def test_a_tag_added_by_hand_is_removed(run, datadog, kind):
    run(kind)
    (asset,) = datadog.assets(STORED[kind])
    edit(datadog, kind, tags=[*asset["tags"], "team:other"])
    answer = run(kind)
    assert answer["changed"] and "team:other" in answer["diff"]["before"]
    assert "team:other" not in json.dumps(datadog.assets(STORED[kind]))


def test_what_the_definition_leaves_open_stays(run, datadog):
    run("monitor")
    edit(
        datadog,
        "monitor",
        options={"thresholds": {"critical": 500, "critical_recovery": 400}, "notify_audit": True},
    )
    assert not run("monitor")["changed"]


def test_a_description_without_our_line_is_no_longer_ours(run, datadog):
    first = run("dashboard")["id"]
    edit(datadog, "dashboard", description="By hand")
    answer = run("dashboard")
    assert answer["changed"] and answer["id"] != first
    assert first in answer["warnings"][0]
    assert len(datadog.assets("dashboard")) == 2


@EACH_KIND
def test_an_asset_of_the_same_name_is_never_touched(run, datadog, kind):
    # Its marker is of another name, or none, or looks like one.
    others = [
        {**DEFINITIONS[kind], "tags": [], "description": "Not ours"},
        {
            **DEFINITIONS[kind],
            "tags": ["mailops_postfix:deferred-too", "managed_by:mailops.postfix"],
            "description": "managed_by:mailops.postfix mailops_postfix:deferred-too",
        },
    ]
    for other in others:
        if kind == "monitor":
            del other["description"]
        if kind == "dashboard":
            other["tags"] = []
        assert "id" in datadog.ask("POST", PATHS[kind], other)
    theirs = datadog.assets(STORED[kind])

    for check_mode in (True, False):
        answer = run(kind, _ansible_check_mode=check_mode)
        assert answer["changed"]
        for other, warning in zip(theirs, answer["warnings"]):
            assert str(other["id"]) in warning
    assert len(datadog.assets(STORED[kind])) == 3
    assert run(kind)["warnings"] == []
    assert run(kind, state="absent")["changed"]
    assert datadog.assets(STORED[kind]) == theirs
    assert not run(kind, state="absent")["changed"]
    assert datadog.assets(STORED[kind]) == theirs


@EACH_KIND
def test_two_with_our_marker_are_an_error_that_names_both(run, datadog, kind):
    run(kind)
    (asset,) = datadog.assets(STORED[kind])
    clone = {**DEFINITIONS[kind], TITLES[kind]: "Clone", "tags": asset["tags"]}
    if kind == "dashboard":
        clone["description"] = asset["description"]
    datadog.ask("POST", PATHS[kind], clone)
    ids = [str(one["id"]) for one in datadog.assets(STORED[kind])]
    for state in ("present", "absent"):
        answer = run(kind, state=state)
        assert kinds_of(answer) == ["datadog_ambiguous"]
        assert all(name in answer["msg"] for name in ids)
        where = "last line of the description" if kind == "dashboard" else "two tags"
        hint = answer["errors"][0]["hint"]
        assert "mailops_postfix:deferred" in hint and where in hint
    assert len(datadog.assets(STORED[kind])) == 2


@EACH_KIND
def test_found_beyond_the_first_page(run, datadog, kind):
    datadog.control(page_limit=2)
    for number in range(7):
        other = {**DEFINITIONS[kind], TITLES[kind]: f"Other {number}", "tags": []}
        assert "id" in datadog.ask("POST", PATHS[kind], other)
    run(kind)
    assert not run(kind)["changed"]
    assert len(datadog.assets(STORED[kind])) == 8


def test_namesakes_of_a_monitor_beyond_the_first_page(run, datadog):
    for number in range(5):
        name = DEFINITIONS["monitor"]["name"] + ("" if number == 4 else f" {number}")
        datadog.ask("POST", PATHS["monitor"], {**DEFINITIONS["monitor"], "name": name, "tags": []})
    datadog.control(page_limit=2)
    (warning,) = run("monitor")["warnings"]
    assert str(datadog.assets("monitor")[4]["id"]) in warning


@EACH_KIND
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_removed_by_somebody_between_look_and_change(run, datadog, kind, method):
    first = run(kind)["id"]
    edit(datadog, kind, **{TITLES[kind]: "By hand"})
    # The listing still has it.
    datadog.control(
        {
            "fault": "status",
            "status": 404,
            "method": method,
            "path": f"{PATHS[kind]}/{first}",
            "times": 9,
        }
    )
    answer = run(kind)
    assert answer["changed"] and answer["id"] != first


@EACH_KIND
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_removed_by_somebody_before_we_could(run, datadog, kind, method):
    first = run(kind)["id"]
    datadog.control(
        {"fault": "status", "status": 404, "method": method, "path": f"{PATHS[kind]}/{first}"}
    )
    answer = run(kind, state="absent")
    assert not answer.get("failed") and answer["id"] is None


@EACH_KIND
def test_a_removal_that_something_else_answers_is_no_success(run, datadog, kind):
    run(kind)
    datadog.control({"fault": "garbage", "method": "DELETE"})
    answer = run(kind, state="absent")
    assert kinds_of(answer) == ["datadog_answer"] and "still there" in answer["msg"]
    assert run(kind, state="absent")["changed"] and datadog.assets(STORED[kind]) == []


@EACH_KIND
def test_an_account_that_drops_the_marker_gets_nothing(run, datadog, kind):
    without: Any = {"description": "By a proxy"} if kind == "dashboard" else {"tags": []}
    datadog.control({"fault": "keeps", "method": "POST", "instead": without})
    answer = run(kind)
    assert kinds_of(answer) == ["datadog_answer"] and "marker" in answer["msg"]
    assert datadog.assets(STORED[kind]) == []

    run(kind)
    edit(datadog, kind, **{TITLES[kind]: "By hand"})
    datadog.control({"fault": "keeps", "method": "PUT", "instead": without})
    answer = run(kind)
    assert kinds_of(answer) == ["datadog_answer"] and "marker" in answer["msg"]


@EACH_KIND
@pytest.mark.parametrize("fault", ["lost", "cut", "dropped"])
def test_no_duplicate_where_the_answer_to_create_is_lost(run, datadog, kind, fault, waits):
    datadog.control({"fault": fault, "method": "POST"})
    answer = run(kind)
    assert answer["changed"] and not answer.get("failed")
    assert [str(one["id"]) for one in datadog.assets(STORED[kind])] == [answer["id"]]
    assert not run(kind)["changed"]


def test_create_that_is_never_answered(run, datadog, waits):
    datadog.control({"fault": "dropped", "method": "POST", "times": 9})
    assert kinds_of(run("monitor")) == ["datadog_unreachable"]
    assert len(datadog.requests("POST")) == 2 and datadog.assets("monitor") == []


@pytest.mark.parametrize(
    ("fault", "method"),
    [
        ("cut", "GET"),
        ("garbage", "GET"),
        ("dropped", "GET"),
        ("lost", "PUT"),
        ("cut", "PUT"),
        ("lost", "DELETE"),
    ],
)
def test_one_torn_answer_is_asked_for_again(run, datadog, waits, fault, method):
    run("dashboard")
    edit(datadog, "dashboard", title="By hand")
    datadog.control({"fault": fault, "method": method})
    answer = run("dashboard", state="absent" if method == "DELETE" else "present")
    assert answer["changed"] and not answer.get("failed")
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"fault": "cut"}, "datadog_answer"),
        ({"fault": "cut", "chunked": True}, "datadog_answer"),
        ({"fault": "garbage"}, "datadog_answer"),
        ({"fault": "dropped"}, "datadog_unreachable"),
        ({"fault": "status", "status": 503}, "datadog_unreachable"),
        ({"fault": "status", "status": 404}, "datadog_answer"),
        ({"fault": "status", "status": 409}, "datadog_refused"),
    ],
)
@pytest.mark.parametrize("asset", DEFINITIONS)
def test_what_never_ends_well_is_an_error(run, datadog, waits, fault, kind, asset):
    datadog.control({**fault, "times": 99})
    assert kinds_of(run(asset)) == [kind]
    assert len(datadog.requests()) <= 3


def test_an_answer_that_is_no_list(run, datadog, monkeypatch):
    real = transport.open_url
    monkeypatch.setattr(
        transport,
        "open_url",
        lambda url, **kw: real(datadog.url + "/_control", **{**kw, "method": "GET"}),
    )
    for kind in DEFINITIONS:
        assert kinds_of(run(kind)) == ["datadog_answer"]


def answers(monkeypatch, path, text):
    """Whatever a GET of this path is asked for, a server in place of Datadog answers the text."""
    real = transport.open_url

    def instead(url, **options):
        response = real(url, **options)
        if options["method"] == "GET" and url.partition("?")[0].endswith(path):
            response.headers.replace_header("Content-Length", str(len(text)))
            monkeypatch.setattr(response, "read1", io.BytesIO(text.encode()).read1)
        return response

    monkeypatch.setattr(transport, "open_url", instead)


STRANGE = {
    "a text for a number": ("monitor", '[{"id": "4711", "name": "x"}]'),
    "true for a number": ("monitor", '[{"id": true, "name": "x"}]'),
    "a number for a text": ("log_pipeline", '[{"id": 4711, "name": "x"}]'),
    "a path": ("log_pipeline", '[{"id": "../../v1/user", "name": "x"}]'),
    "of several kinds": ("dashboard", '{"dashboards": [{"id": "a"}, {"id": 5}]}'),
    "not a number": ("monitor", '[{"id": 4711, "priority": NaN}]'),
    "deep": ("monitor", '[{"id": 4711, "a": ' + "[" * 400 + "]" * 400 + "}]"),
    "deeper than Python reads": ("monitor", "[" * 200_000),
}


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_strange_answer_is_an_error(run, datadog, monkeypatch, waits, strange, state):
    kind, text = STRANGE[strange]
    answers(monkeypatch, PATHS[kind], text)
    assert kinds_of(run(kind, state=state)) == ["datadog_answer"]
    assert datadog.requests("POST", "PUT", "DELETE") == []


@EACH_KIND
@pytest.mark.parametrize("tags", [5, "managed_by:mailops.postfix", {}, [5, None, {}]])
def test_strange_tags_are_not_ours(run, datadog, monkeypatch, kind, tags):
    listing: Any
    if kind == "dashboard":
        listing = {"dashboards": [{"id": "abc", "description": tags}]}
    else:
        listing = [{"id": 4711 if kind == "monitor" else "abc", "tags": tags}]
    answers(monkeypatch, PATHS[kind], json.dumps(listing))
    assert not run(kind, state="absent")["changed"]
    assert datadog.requests("POST", "PUT", "DELETE") == []


@EACH_KIND
def test_an_answer_about_another_asset(run, datadog, monkeypatch, kind):
    first = run(kind)
    other = {**first["asset"], "id": 4711 if kind == "monitor" else "another"}
    answers(monkeypatch, f"{PATHS[kind]}/{first['id']}", json.dumps(other))
    for state in ("present", "absent"):
        answer = run(kind, state=state)
        assert kinds_of(answer) == ["datadog_answer"] and str(other["id"]) in answer["msg"]
    assert len(datadog.requests("POST", "PUT", "DELETE")) == 1


def test_an_answer_that_is_too_long(run, datadog, monkeypatch, waits):
    monkeypatch.setattr(transport, "_LIMIT", 10)
    monkeypatch.setattr(transport, "_CHUNK", 5)
    assert kinds_of(run("dashboard")) == ["datadog_answer"]


def test_a_listing_that_does_not_end(run, datadog, monkeypatch):
    for number in range(3):
        datadog.ask("POST", PATHS["dashboard"], {**DEFINITIONS["dashboard"], "title": str(number)})
    datadog.control(page_limit=1)
    monkeypatch.setattr(client, "_PAGES", 3)
    assert kinds_of(run("dashboard")) == ["datadog_answer"]


def test_waits_as_long_as_the_rate_limit_says(run, datadog, waits):
    datadog.control(
        {"fault": "rate_limit", "reset": 7, "times": 2}, {"fault": "rate_limit", "reset": "soon"}
    )
    assert run("monitor")["changed"]
    assert waits == [7, 7, 1]


def test_a_create_that_meets_the_rate_limit_is_sent_again(run, datadog, waits):
    datadog.control({"fault": "rate_limit", "reset": 0, "times": 2, "method": "POST"})
    assert run("monitor")["changed"]
    assert waits == [1, 1] and len(datadog.assets("monitor")) == 1


def test_does_not_wait_longer_than_the_time_limit(run, datadog, waits):
    datadog.control({"fault": "rate_limit", "reset": 3600})
    answer = run("monitor", timeout=60)
    assert kinds_of(answer) == ["datadog_rate_limited"] and "3600 s" in answer["msg"]
    assert waits == []


@pytest.mark.parametrize("reset", ["9" * 400, "\u00b2", "inf"])
def test_a_reset_that_is_no_time_is_not_waited_for(run, datadog, waits, reset):
    datadog.control({"fault": "rate_limit", "reset": reset})
    assert run("monitor", timeout=60)["changed"] and waits == [1]


def test_the_time_limit_holds(run, datadog):
    datadog.control({"fault": "late", "seconds": 20})
    answer = run("monitor", timeout=1)
    assert kinds_of(answer) == ["datadog_unreachable"] and "timed out" in answer["msg"]


@pytest.mark.parametrize("slow", [{}, {"headers": 9}])
def test_the_time_limit_holds_for_an_answer_in_small_pieces(run, datadog, slow):
    datadog.control({"fault": "drip", "seconds": 1, "times": 9, **slow})
    answer = run("dashboard", timeout=2)
    assert kinds_of(answer) == ["datadog_unreachable"] and "timed out" in answer["msg"]


@EACH_KIND
def test_a_missing_permission_is_named(run, datadog, kind):
    datadog.control({"fault": "status", "status": 403, "method": "POST", "says": "Forbidden"})
    answer = run(kind)
    assert kinds_of(answer) == ["datadog_forbidden"] and "Forbidden" in answer["msg"]
    permission = {
        "dashboard": "dashboards_write",
        "monitor": "monitors_write",
        "log_pipeline": "logs_write_pipelines",
    }
    assert permission[kind] in answer["errors"][0]["hint"]
    assert datadog.assets(STORED[kind]) == []


def test_a_wrong_application_key(run):
    assert kinds_of(run("monitor", application_key="secret-application-key")) == [
        "datadog_forbidden"
    ]


def test_an_api_key_of_another_site(run):
    answer = run("monitor", api_key="secret-api-key")
    assert kinds_of(answer) == ["datadog_wrong_site"] and "site" in answer["errors"][0]["hint"]
    assert "secret-api-key" not in json.dumps(answer["errors"])


def test_a_refusal_without_an_answer_about_the_key(run, datadog):
    datadog.control(
        {"fault": "status", "status": 403, "path": "/api/v1/monitor"},
        {"fault": "dropped", "path": "/api/v1/validate"},
    )
    assert kinds_of(run("monitor")) == ["datadog_forbidden"]


@pytest.mark.parametrize("site", ["nonesuch.invalid", "127.0.0.1:1"])
def test_a_site_that_is_not_there(run, site, waits):
    answer = run("monitor", api_url=f"http://{site}")
    assert kinds_of(answer) == ["datadog_unreachable"]
    assert site in answer["msg"] and "site" in answer["errors"][0]["hint"]


def test_redirects_are_not_followed(run, datadog):
    datadog.control({"fault": "redirect", "to": f"{datadog.url}/api/v1/elsewhere"})
    assert kinds_of(run("monitor")) == ["datadog_answer"]
    assert len(datadog.requests()) == 1


REFUSED: dict[str, Any] = {
    "a key that no model has": ("monitor", {"colour": "red"}, "colour"),
    "a query with a typing error": (
        "monitor",
        {"query": "avg(last_5m):sum:postfix.queue.size{queue:deferred > 500"},
        "query",
    ),
    "a widget of no type": (
        "dashboard",
        {"widgets": [{"definition": {"type": "timeserie"}}]},
        "timeserie",
    ),
    "a processor without its sources": (
        "log_pipeline",
        {"processors": [{"type": "date-remapper"}]},
        "sources",
    ),
    "a tag in capitals": ("log_pipeline", {"tags": ["Team:Mail"]}, "Team:Mail"),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_says_what_datadog_refuses(run, datadog, refused):
    kind, change, said = REFUSED[refused]
    answer = run(kind, {**DEFINITIONS[kind], **change})
    assert kinds_of(answer) == ["datadog_refused"] and said in answer["msg"]
    assert datadog.assets(STORED[kind]) == []


def test_the_type_of_a_monitor_cannot_change(run):
    run("monitor")
    other = {
        **DEFINITIONS["monitor"],
        "type": "log alert",
        "query": 'logs("source:postfix").index("*").rollup("count").last("5m") > 1',
    }
    assert kinds_of(run("monitor", other)) == ["datadog_refused"]


def test_the_part_of_a_composite_monitor_says_what_uses_it(run, datadog):
    first = run("monitor")["id"]
    composite = {"name": "Theirs", "type": "composite", "query": f"{first} && {first}"}
    assert "id" in datadog.ask("POST", PATHS["monitor"], composite)
    answer = run("monitor", state="absent")
    assert kinds_of(answer) == ["datadog_refused"]
    assert "composite monitor" in answer["errors"][0]["hint"]


@EACH_KIND
def test_text_of_the_account_cannot_act_on_a_terminal(run, datadog, kind):
    evil = "\x1b[2J\x9b31m\x7f\u202e"
    run(kind)
    edit(datadog, kind, **{TITLES[kind]: f"By hand {evil} Größe"})
    answer = run(kind, _ansible_check_mode=True)
    shown = [answer["diff"]["before"]]
    assert json.loads(shown[0])[TITLES[kind]] == f"By hand {evil} Größe" and "Größe" in shown[0]
    datadog.control({"fault": "status", "status": 400, "method": "PUT", "says": f"No {evil}"})
    answer = run(kind)
    shown += [answer["msg"], answer["errors"][0]["message"]]
    assert all(text.replace("\n", "").isprintable() for text in shown)


def test_keys_that_datadog_repeats_are_hidden(run, datadog):
    datadog.control({"fault": "status", "status": 400, "says": f"bad {datadog.api_key}"})
    answer = run("monitor")
    assert "bad ***" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "Deferred"}, "'Deferred'"),
        ({"definition": {"type": "metric alert"}}, "name"),
        ({"api_url": "datadoghq.eu"}, "api_url"),
        ({"api_url": "https://user@datadoghq.eu"}, "api_url"),
        ({"timeout": 0}, "timeout: 0"),
        ({"timeout": -1}, "timeout: -1"),
        ({"timeout": 10**400}, "timeout"),
        ({"api_url": "https://user:two words@datadoghq.eu"}, "api_url"),
        ({"api_key": None}, "DD_API_KEY"),
        ({"application_key": None}, "DD_APP_KEY"),
        ({"api_key": ""}, "api_key: it is missing"),
        ({"application_key": "two words"}, "application_key: it has blanks"),
    ],
)
def test_bad_arguments(run, datadog, arguments, said):
    answer = run("monitor", **arguments)
    assert kinds_of(answer) == ["bad_argument"] and said in answer["msg"]
    assert "two words" not in json.dumps(answer["errors"]) and datadog.requests() == []


def test_a_key_that_is_a_number(run):
    assert kinds_of(run("monitor", api_key=4711)) == ["datadog_wrong_site"]


def test_keys_and_site_of_the_environment(run, datadog, monkeypatch):
    monkeypatch.setenv("DD_API_KEY", datadog.api_key + "\n")
    monkeypatch.setenv("DD_APP_KEY", datadog.application_key)
    monkeypatch.setenv("DD_SITE", "datadoghq.eu")
    asked = []
    real = transport.open_url

    def to_the_stand_in(url, **options):
        asked.append(url)
        return real(url.replace("https://api.datadoghq.eu", datadog.url), **options)

    monkeypatch.setattr(transport, "open_url", to_the_stand_in)
    assert run("monitor", without=("api_url", "api_key", "application_key"))["changed"]
    assert {url[:24] for url in asked} == {"https://api.datadoghq.eu"}


def test_what_only_datadog_sets_is_left_out_of_an_exported_definition(run, datadog):
    exported = {
        **DEFINITIONS["dashboard"],
        "id": "abc-def-ghi",
        "url": "/dashboard/abc-def-ghi",
        "author_handle": "me@example.com",
    }
    assert run("dashboard", exported)["changed"]
    assert not run("dashboard", exported)["changed"]


@EACH_KIND
def test_an_exported_definition_of_another_asset_loses_its_marker(run, datadog, kind):
    exported = run(kind, name="exported")["asset"]
    definition = {**exported, TITLES[kind]: "A copy"}
    if kind == "dashboard":
        definition["description"] += "\nWhat follows."
    copied = run(kind, definition)
    assert copied["changed"] and copied["id"] != str(exported["id"])
    assert "exported" not in copied["diff"]["after"]
    assert "What follows." in copied["diff"]["after"] or kind != "dashboard"
    for name in ("exported", "deferred"):
        assert run(kind, state="absent", name=name)["changed"]
    assert datadog.assets(STORED[kind]) == []


UNFIT: dict[str, Any] = {
    "one tag": ({"tags": "team:mail"}, "definition.tags: 'team:mail'"),
    "tags of no type": ({"tags": 5}, "definition.tags: 5"),
    "a tag of two parts": ({"tags": [{"team": "mail"}]}, "definition.tags"),
    "a description of no type": ({"description": ["By line"]}, "definition.description"),
    "infinity": ({"options": {"thresholds": {"critical": float("inf")}}}, "infinity"),
    "depth": ({"options": json.loads("[" * 300 + "]" * 300)}, "levels"),
}


@EACH_KIND
@pytest.mark.parametrize("unfit", UNFIT)
def test_a_definition_that_cannot_be_sent(datadog, kind, unfit):
    change, said = UNFIT[unfit]
    options = options_of(datadog, kind, {**DEFINITIONS[kind], **change})
    with pytest.raises(HostError, match=re.escape(said)) as refused:
        ensure(options, Deadline(60), False)
    assert refused.value.kind == "bad_argument" and datadog.requests() == []


def options_of(datadog, kind, definition=None):
    """For ensure, which runs in several threads."""
    return {
        "kind": kind,
        "name": "deferred",
        "state": "present",
        "definition": definition or DEFINITIONS[kind],
        "api_url": datadog.url,
        "api_key": datadog.api_key,
        "application_key": datadog.application_key,
    }


@EACH_KIND
@pytest.mark.parametrize("same", [True, False])
def test_two_runs_at_once_leave_one(run, datadog, kind, same):
    # Each has looked, and found nothing, before any creates.
    datadog.control({"fault": "meet", "method": "POST", "times": 2})
    definitions = [dict(DEFINITIONS[kind]) for dummy in range(2)]
    if not same:
        definitions[1][TITLES[kind]] += " too"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(ensure, options_of(datadog, kind, definition), Deadline(60), False)
            for definition in definitions
        ]
        answers = [one.result() for one in runs]
    (asset,) = datadog.assets(STORED[kind])
    assert [answer["id"] for answer in answers] == [str(asset["id"])] * 2
    assert len(datadog.requests("POST")) == 2
    if same:
        assert sorted(answer["changed"] for answer in answers) == [False, True]
        assert not run(kind)["changed"]
    else:
        assert all(answer["changed"] for answer in answers)
        assert "at the same time" in " ".join(answers[0]["warnings"] + answers[1]["warnings"])


def test_an_asset_that_loses_its_marker_is_not_touched(run, datadog):
    first = run("monitor")["id"]
    place = f"{PATHS['monitor']}/{first}"
    # The run has seen the marker in the listing, and waits for the asset itself.
    datadog.control({"fault": "meet", "method": "GET", "path": place, "times": 2})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        other = {**DEFINITIONS["monitor"], "message": "Another text"}
        running = pool.submit(ensure, options_of(datadog, "monitor", other), Deadline(60), False)
        while ("GET", place) not in datadog.requests():
            time.sleep(0.01)
        theirs = datadog.ask("PUT", place, {"tags": []})
        datadog.ask("GET", place)
        answer = running.result()
    assert answer["changed"] and answer["id"] != first
    assert [one for one in datadog.assets("monitor") if str(one["id"]) == first] == [theirs]


def test_documentation():
    kinds = yaml.safe_load(datadog_asset.RETURN)["errors"]["contains"]["kind"]["description"]
    documented = set(re.findall(r"V\((\w+)\), ", " ".join(kinds)))
    assert documented == {"bad_argument", *(kind for kind in KINDS if kind.startswith("datadog_"))}
    options = yaml.safe_load(datadog_asset.DOCUMENTATION)["options"]
    assert options["site"]["choices"] == SITES

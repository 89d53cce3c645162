# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the role datadog_assets agree with each other, and the role keeps an account, which
is a stand-in's here."""

from __future__ import annotations

import json
import pathlib
import sys

import pytest
import yaml

from ansible_collections.mailops.postfix.plugins.module_utils._datadog.assets import SITES
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.options import (
    CHOICES,
    DEFAULTS,
    KINDS,
)
from ansible_collections.mailops.postfix.tests.documentation.asset_files import FILES, written

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "datadog_assets"
ACCOUNT = {"state", "site", "api_url", "api_key", "application_key"}
KEYS = {"datadog_assets_api_key", "datadog_assets_application_key"}
OURS = len(KINDS)


def load(name):
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def test_defaults_options_and_definitions_are_the_same():
    defaults = load("defaults/main.yml")
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    in_specs = {name: option["default"] for name, option in options.items() if name not in KEYS}
    assert in_specs == {name: value for name, value in defaults.items() if name not in KEYS}
    # Ansible prints the defaults of the specs, filled in, when it refuses an option.
    assert all(options[name].get("no_log") and "default" not in options[name] for name in KEYS)
    assert set(defaults) == {f"datadog_assets_{name}" for name in [*DEFAULTS, *ACCOUNT]}
    passed_on = load("vars/main.yml")["__datadog_assets_options"]
    assert list(passed_on) == list(DEFAULTS)
    for name, value in DEFAULTS.items():
        # That of the priorities is in the filter, where an option changes only some of them.
        assert defaults[f"datadog_assets_{name}"] == ({} if name == "priorities" else value)
        assert f"datadog_assets_{name} " in passed_on[name]
    assert options["datadog_assets_site"]["choices"] == SITES
    assert tuple(options["datadog_assets_wanted"]["choices"]) == CHOICES


def test_default_priorities_are_documented():
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    text = options["datadog_assets_priorities"]["description"][1]
    for name, priority in DEFAULTS["priorities"].items():
        before = text[: text.index(f"V({name})")]
        assert [word for word in before.split() if word.isdigit()][-1] == str(priority)


def test_files_are_those_of_the_definitions():
    """'make assets' writes them."""
    for path, text in written().items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run 'make assets'"
    assert {path.name for path in FILES.iterdir()} == {
        path.name for path in written() if path.parent == FILES
    }


@pytest.fixture
def run(tmp_path, playbook, datadog):
    """Runs the collection's playbook with these options against an account, after those in first,
    and returns the process that ended."""

    def play(*arguments, first=(), **options):
        given = {
            "datadog_assets_api_url": datadog.url,
            "datadog_assets_api_key": datadog.api_key,
            "datadog_assets_application_key": datadog.application_key,
            "ansible_python_interpreter": sys.executable,
            **{f"datadog_assets_{name}": value for name, value in options.items()},
        }
        (tmp_path / "options.json").write_text(json.dumps(given), encoding="utf-8")
        done = playbook(
            *("-i", "mx1,mx2,", "-e", "@options.json"),
            *(*first, "mailops.postfix.datadog_assets"),
            *arguments,
        )
        assert datadog.application_key not in done.stdout and datadog.api_key not in done.stdout
        return done

    return play


def changed(done):
    """The labels of the items that changed."""
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("changed: ")]
    return [line.split("(item=")[1].rstrip(")") for line in lines]


def owned(datadog):
    return sum(len(datadog.assets(kind)) for kind in ("dashboard", "monitor", "pipeline"))


def test_an_account_is_kept(run, datadog):
    """The scenario datadog_assets has what comes between: check mode, and a change by hand."""
    # Somebody else's, of the same name.
    other = json.loads((FILES / "monitor_deferred.json").read_text(encoding="utf-8"))
    other["message"] = "by hand"
    kept = datadog.ask("POST", "/api/v1/monitor", other)["id"]

    assert len(changed(run())) == OURS and owned(datadog) == 1 + OURS
    (combined,) = [one for one in datadog.assets("monitor") if one["type"] == "composite"]
    parts = {one["id"] for one in datadog.assets("monitor") if "part of" in one["name"]}
    assert {int(one) for one in combined["query"].split(" && ")} == parts
    # The text that Datadog fills in comes as it is.
    assert "{{host.name}}" in combined["name"]

    less = run("--diff", hold_threshold=9, wanted=["dashboard", "hold"])
    # The dashboard shows the threshold, too. What is made of others goes before them.
    assert changed(less) == ["dashboard dashboard", "monitor hold"] + [
        f"{kind} {name}"
        for name, kind in reversed(KINDS.items())
        if name not in ("dashboard", "hold")
    ]
    assert owned(datadog) == 3
    (hold,) = [one for one in datadog.assets("monitor") if "on hold" in one["name"]]
    assert f'+  "query": "{hold["query"]}"' in less.stdout

    assert changed(run(state="absent")) == ["monitor hold", "dashboard dashboard"]
    assert [one["id"] for one in datadog.assets("monitor")] == [kept] and owned(datadog) == 1


def test_options_of_the_inventory_count_for_one_account(run, datadog, tmp_path):
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("datadog_assets_hold_threshold: 77\n")
    (tmp_path / "hosts").write_text("[mail]\nmx1\nmx2\n")
    done = run("-i", "hosts", "-e", "target=mail", wanted=["hold"])
    # No host is connected to, and one of them is enough.
    assert changed(done) == ["monitor hold"] and done.stdout.count("changed: ") == 1
    assert datadog.assets("monitor")[0]["query"].endswith("> 77")
    done = run("-e", "target=nothing")
    assert done.returncode != 0 and "target=nothing matches no host" in done.stdout


@pytest.mark.parametrize(
    "fact", ["datadog_assets_api_url", "__datadog_assets_x", "assets_from", "omit"]
)
def test_a_host_cannot_choose_where_the_keys_go(run, datadog, tmp_path, fact):
    task = {"ansible.builtin.set_fact": {fact: "http://192.0.2.1", "cacheable": True}}
    play = {"hosts": "mx1", "gather_facts": False, "tasks": [task]}
    (tmp_path / "facts.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    done = run("-e", "target=mx1", first=["facts.yml"])
    assert done.returncode != 0
    text = " ".join(done.stdout.split())
    assert f"would override options of the role: {fact}. Find the task" in text
    assert datadog.requests() == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hold_threshold": -1}, ["datadog_assets_hold_threshold: -1 is not a whole number of 0"]),
        ({"hold_threshold": "some"}, ["datadog_assets_hold_threshold", "some"]),
        ({"scope": ["prod"]}, ["datadog_assets_scope: 'prod' is not a tag. Write it as env:prod,"]),
        ({"wanted": ["holds"]}, ["datadog_assets_wanted", "holds"]),
        ({"site": "datadog.example.com"}, ["datadog_assets_site", "datadog.example.com"]),
        ({"api_key": ""}, ["datadog_assets_api_key", "DD_API_KEY", "Nothing was sent."]),
        ({"api_key": None}, ["datadog_assets_api_key", "DD_API_KEY", "Nothing was sent."]),
        ({"application_key": 12}, ["datadog_assets_api_key", "in quotes", "Nothing was sent."]),
        (
            {"wanted": "dashboard,hold"},
            ["datadog_assets_wanted: 'dashboard,hold' is not a list. Write it as a list of some"],
        ),
        ({"wanted": []}, ["datadog_assets_wanted is empty.", "-e datadog_assets_state=absent"]),
    ],
)
def test_nothing_is_sent_with_wrong_options(run, datadog, options, words):
    done = run(**options)
    assert done.returncode != 0
    text = " ".join(done.stdout.split())
    assert all(word in text for word in words), done.stdout
    assert datadog.requests() == []


def test_a_wrong_key_fails_once(run, datadog):
    done = run(api_key="1" * 32)
    assert done.returncode != 0 and done.stdout.count("fatal: ") == 1, done.stdout
    assert "datadog_wrong_site: " in done.stdout and len(done.stdout) < 5000
    assert "recipients is empty, so the monitors notify nobody" in done.stdout

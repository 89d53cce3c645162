# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the role datadog_postfix agree with each other."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.logs import RULES
from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.plan import QUEUES
from ansible_collections.mailops.postfix.tests.injection.places import OPTIONS

ROLE = pathlib.Path(__file__).resolve().parents[3] / "roles" / "datadog_postfix"
TYPES = {"str": str, "list": list, "dict": dict, "int": int, "bool": bool}
NAME = re.compile(r"\b(?:__)?datadog_postfix_[a-z_]+\b")


def load(name):
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


DEFAULTS, VARS = load("defaults/main.yml"), load("vars/main.yml")
SPECS = load("meta/argument_specs.yml")["argument_specs"]
USING = [*sorted(ROLE.glob("tasks/*.yml")), ROLE / "vars/main.yml"]


def described(options):
    for name, option in options.items():
        yield name, option
        yield from described(option.get("options", {}))


@pytest.mark.parametrize("entry_point", ["main", "verify"])
def test_defaults_and_options_are_the_same(entry_point):
    assert (ROLE / "tasks" / (entry_point + ".yml")).exists()
    options = SPECS[entry_point]["options"]
    assert list(DEFAULTS) == list(options)
    for name, value in DEFAULTS.items():
        assert repr(options[name]["default"]) == repr(value) and isinstance(
            value, TYPES[options[name]["type"]]
        ), name


def test_options_are_described():
    for name, option in described(SPECS["main"]["options"]):
        assert option["type"] in TYPES and option["description"], name
        assert option["type"] != "list" or option["elements"] in TYPES, name
        for value in (
            option.get("default")
            if isinstance(option.get("default"), list)
            else [option.get("default")]
        ):
            assert value is None or value in option.get("choices", [value]), name


def test_choices_are_those_of_the_plan():
    options = SPECS["main"]["options"]
    assert tuple(options["datadog_postfix_queues"]["choices"]) == QUEUES
    assert tuple(options["datadog_postfix_instances"]["options"]["queues"]["choices"]) == QUEUES
    assert options["datadog_postfix_log_rules"]["choices"] == list(RULES)


def test_the_plan_gets_its_options():
    assert list(VARS["__datadog_postfix_options"]) == list(OPTIONS)
    for name, value in VARS["__datadog_postfix_options"].items():
        assert NAME.findall(value) == ["datadog_postfix_" + name]


def made(tasks):
    """Names that tasks register, set or pass on, blocks included."""
    for task in tasks or []:
        if "register" in task:
            yield task["register"]
        yield from task.get("vars", {})
        yield from task.get("ansible.builtin.set_fact", {})
        for block in ("block", "rescue", "always"):
            yield from made(task.get(block))


def test_no_variable_is_misspelt_and_none_is_unused():
    texts = {path: path.read_text(encoding="utf-8") for path in USING}
    tasks = [task for path in USING[:-1] for task in yaml.safe_load(texts[path])]
    defined = {*DEFAULTS, *VARS, *made(tasks)}
    used = {name for text in texts.values() for name in NAME.findall(text)}
    assert used - defined == set()
    # A name that is only where it is made is not used.
    everywhere = "\n".join(
        [*texts.values(), (ROLE / "defaults/main.yml").read_text(encoding="utf-8")]
    )
    assert [
        name for name in sorted(defined) if len(re.findall(rf"\b{name}\b", everywhere)) < 2
    ] == []


@pytest.mark.parametrize("fact", ["datadog_assets_wanted", "__datadog_postfix_x", "omit"])
def test_a_host_cannot_choose_its_options(playbook, tmp_path, fact):
    tasks = [
        {"ansible.builtin.set_fact": {fact: "x", "cacheable": True}},
        {
            "ansible.builtin.include_role": {
                "name": "mailops.postfix.datadog_postfix",
                "tasks_from": "look",
            }
        },
    ]
    play = {"hosts": "mx1", "gather_facts": False, "tasks": tasks}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    done = playbook("-i", "mx1,", "play.yml")
    assert done.returncode != 0
    assert f"would override options of a role: {fact}." in " ".join(done.stdout.split())

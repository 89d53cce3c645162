# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of every plugin run somewhere."""

from __future__ import annotations

import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCENARIO = ROOT / "molecule" / "documentation"
# By tests/unit/plugins/filter and tests/unit/plugins/action.
HERE = {"datadog_assets", "fleet_report"}


def run_in(tasks, shared):
    """Names of the modules with examples that these tasks run, also in blocks."""
    for task in tasks:
        if task.get("ansible.builtin.include_tasks") == "tasks/examples.yml":
            yield from shared if task["loop"] == "{{ modules[first::step] }}" else task["loop"]
        yield from run_in(task.get("block", []), shared)


def test_every_plugin_with_examples_has_them_run():
    with_examples = {
        path.stem
        for path in ROOT.glob("plugins/*/*.py")
        if "\nEXAMPLES = " in path.read_text(encoding="utf-8")
    }
    plays = yaml.safe_load((SCENARIO / "converge.yml").read_text(encoding="utf-8"))
    plays += [
        {"tasks": yaml.safe_load(path.read_text(encoding="utf-8"))}
        for path in SCENARIO.glob("tasks/returns/*.yml")
    ]
    on_hosts = {
        name
        for play in plays
        for name in run_in(play["tasks"], play.get("vars", {}).get("modules"))
    }
    assert on_hosts | HERE == with_examples

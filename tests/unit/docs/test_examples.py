# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of every plugin run somewhere."""

from __future__ import annotations

import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCENARIO = ROOT / "molecule" / "documentation"
# By tests/unit/plugins/filter.
HERE = {"fleet_report"}


def run_in(tasks):
    for task in tasks:
        if task.get("ansible.builtin.include_tasks") == "tasks/examples.yml":
            yield from task["loop"]


def test_every_plugin_with_examples_has_them_run():
    with_examples = {
        path.stem
        for path in ROOT.glob("plugins/*/*.py")
        if "\nEXAMPLES = " in path.read_text(encoding="utf-8")
    }
    on_hosts = {
        name
        for playbook in ("converge.yml", "verify.yml")
        for play in yaml.safe_load((SCENARIO / playbook).read_text(encoding="utf-8"))
        for name in run_in(play.get("tasks", []))
    }
    assert on_hosts | HERE == with_examples

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the filter's documentation do what they say."""

from __future__ import annotations

import csv
import json
import stat
import sys

import yaml

from ansible_collections.mailops.postfix.plugins.filter import fleet_report


def test_examples_write_the_fleet_as_a_table(tmp_path, playbook, instance, result):
    # What each host's Python answers in place of the module; that of the third cannot be started.
    for host, counts in (("mx1", [0, 0, 1, 12, 1, 0]), ("mx2", [0, 0, 0, 7, 0, None])):
        answer = tmp_path / (host + ".json")
        answer.write_text(json.dumps(result(instance(counts))), encoding="utf-8")
        python = tmp_path / (host + ".python")
        python.write_text(f"#!/bin/sh\ncat {answer}\n", encoding="utf-8")
        python.chmod(0o755)
    (tmp_path / "hosts").write_text(
        "mx[1:3] ansible_connection=local mailops_postfix_gatherer=false"
        f" ansible_python_interpreter='{tmp_path}/{{{{ inventory_hostname }}}}.python'\n"
        "localhost ansible_connection=local"
        f" ansible_python_interpreter={sys.executable}\n",
        encoding="utf-8",
    )
    play = {
        "hosts": "mx*",
        "gather_facts": False,
        "tasks": yaml.safe_load(fleet_report.EXAMPLES),
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    done = playbook("-i", "hosts", "play.yml")
    written = tmp_path / "fleet.csv"
    assert done.returncode == 0 and written.exists(), done.stdout
    assert stat.S_IMODE(written.stat().st_mode) == 0o640
    with written.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["host"], row["state"], row["total"], row["deferred"]) for row in rows] == [
        ("mx1", "ok", "14", "12"),
        ("mx2", "partial", "", "7"),
        ("mx3", "failed", "", ""),
    ]

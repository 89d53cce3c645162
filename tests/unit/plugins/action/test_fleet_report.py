# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import json
import stat
import sys

import pytest
import yaml

from ansible_collections.mailops.postfix.plugins.modules import fleet_report

SHOW = {"ansible.builtin.debug": {"msg": "{{ written.totals }}"}, "run_once": True}


@pytest.fixture
def write(tmp_path, playbook):
    """Runs the example with these options on hosts that return this, of which the last has no
    Python; returns its exit code and output."""

    def run(answers, options=(), arguments=()):
        for host, answer in answers.items():
            (tmp_path / (host + ".json")).write_text(json.dumps(answer), encoding="utf-8")
            python = tmp_path / (host + ".python")
            python.write_text(f"#!/bin/sh\ncat {tmp_path}/{host}.json\n", encoding="utf-8")
            python.chmod(0o755)
        (tmp_path / "hosts").write_text(
            "mx[1:9] ansible_connection=local mailops_postfix_gatherer=false"
            f" ansible_python_interpreter='{tmp_path}/{{{{ inventory_hostname }}}}.python'\n"
            "localhost ansible_connection=local"
            f" ansible_python_interpreter={sys.executable}\n",
            encoding="utf-8",
        )
        tasks = yaml.safe_load(fleet_report.EXAMPLES)
        tasks[1]["mailops.postfix.fleet_report"].update(options)
        tasks[1]["register"] = "written"
        play = {"hosts": ":".join([*answers, "mx9"]), "gather_facts": False}
        (tmp_path / "play.yml").write_text(
            json.dumps([{**play, "tasks": [*tasks, SHOW]}]), encoding="utf-8"
        )
        done = playbook("-i", "hosts", "play.yml", *arguments)
        return done.returncode, done.stdout

    return run


def test_example_writes_the_report_of_all_hosts(tmp_path, write, instance, result):
    counts = {"mx1": [0, 0, 1, 12, 1, 0], "mx2": [0, 0, 0, 7, 0, None]}
    rc, output = write({host: result(instance(known)) for host, known in counts.items()})
    assert rc == 0, output
    files = {name: tmp_path / f"report.{name}" for name in ("html", "json", "csv")}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.values()} == {0o640}
    with files["csv"].open(encoding="utf-8", newline="") as file:
        rows = [(row["host"], row["state"], row["deferred"]) for row in csv.DictReader(file)]
    assert rows == [("mx1", "ok", "12"), ("mx2", "partial", "7"), ("mx9", "failed", "")]
    report = json.loads(files["json"].read_text(encoding="utf-8"))
    assert report["gathered"]["started"] <= report["gathered"]["finished"]
    assert report["totals"]["messages"] == {"known": 21, "unknown": 2}
    assert "mx9" in files["html"].read_text(encoding="utf-8")
    shown = json.loads(output[output.rindex('{\n    "msg"') :].partition("\n}")[0] + "}")["msg"]
    assert shown["messages"] == {"known": 21, "unknown": 2}
    assert shown["hosts"]["all"] == 3 and shown["hosts"]["with_errors"] == 1


def test_check_mode_writes_nothing(tmp_path, write, instance, result):
    rc, output = write({"mx1": result(instance([0] * 6))}, arguments=["--check"])
    assert rc == 0 and "changed: [mx1 -> localhost]" in output, output
    assert not list(tmp_path.glob("report.*"))


def test_says_which_file_cannot_be_written(tmp_path, write, instance, result):
    rc, output = write({"mx1": result(instance([0] * 6))}, {"directory": f"{tmp_path}/absent"})
    assert rc == 2, output
    assert "report.html: Destination directory" in " ".join(output.split())


def test_what_a_host_returns_is_no_template(tmp_path, write, instance, result):
    template = "{{ lookup('pipe', 'touch evaluated') }}"
    rc, output = write({"mx1": dict(result(instance([0] * 6)), warnings=[template])})
    assert rc == 0, output
    assert not (tmp_path / "evaluated").exists()
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["hosts"][0]["warnings"] == [template]

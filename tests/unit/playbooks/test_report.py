# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook report, run on hosts that return what they like."""

from __future__ import annotations

import json
import os
import stat

import pytest


@pytest.fixture
def report(tmp_path, playbook):
    """Runs the playbook on two hosts that return this, in tmp_path; returns its exit code and
    output."""

    def start(returned, *arguments):
        (tmp_path / "answer").write_text(json.dumps(returned), encoding="utf-8")
        (tmp_path / "python").write_text(f"#!/bin/sh\ncat {tmp_path}/answer\n", encoding="utf-8")
        (tmp_path / "python").chmod(0o755)
        (tmp_path / "hosts").write_text(
            "[mail]\nmx1\nmx2\n[mail:vars]\nansible_connection=local\n"
            f"ansible_python_interpreter={tmp_path}/python\n",
            encoding="utf-8",
        )
        done = playbook("-i", "hosts", "mailops.postfix.report", "-e", "target=mail", *arguments)
        return done.returncode, done.stdout

    return start


@pytest.mark.parametrize("given", [{}, {"report_directory": "given", "report_mode": "0600"}])
def test_no_fact_of_a_host_decides_what_the_controller_writes(report, tmp_path, given):
    elsewhere = tmp_path / "elsewhere"
    facts = {
        "report_directory": str(elsewhere),
        "report_mode": "0777",
        "report_max_fail_percentage": 100,
    }
    rc, written = report(
        {"changed": False, "ansible_facts": facts}, "-e", json.dumps(given), "--limit", "mail"
    )
    assert rc == 2 and "2 of 2 hosts have errors" in written, written
    assert not elsewhere.exists()
    status = os.stat(tmp_path / given.get("report_directory", "") / "report.csv")
    assert stat.S_IMODE(status.st_mode) == int(given.get("report_mode", "0640"), 8)

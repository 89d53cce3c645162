# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter warns where nobody is notified, and the example of its documentation does what it
says."""

from __future__ import annotations

import json

import pytest
import yaml

from ansible_collections.mailops.postfix.plugins.filter import datadog_assets


def test_the_example_writes_the_dashboard(tmp_path, playbook):
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": yaml.safe_load(datadog_assets.EXAMPLES),
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    done = playbook("-i", "localhost,", "-c", "local", "play.yml")
    assert done.returncode == 0, done.stdout
    written = json.loads((tmp_path / "dashboard.json").read_text(encoding="utf-8"))
    assert written["title"] == "Postfix queues and log" and "y = 50000" in json.dumps(written)


@pytest.mark.parametrize(
    ("options", "warns"),
    [
        ({}, True),
        ({"wanted": ["dashboard", "hold"]}, True),
        ({"wanted": ["dashboard", "log_pipeline"]}, False),
        ({"wanted": []}, False),
        ({"recipients": ["@mail-team@example.com"]}, False),
    ],
)
def test_monitors_that_notify_nobody_are_a_warning(monkeypatch, options, warns):
    said = []
    monkeypatch.setattr(datadog_assets._display, "warning", said.append)
    datadog_assets.datadog_assets(options)
    assert ["the monitors notify nobody" in one for one in said] == [True] * warns

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible calls it."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.modules import datadog_agent_check

COMMAND = "datadog-agent check postfix --json"
METRIC = {
    "metric": "postfix.queue.size",
    "points": [[1795349344, 7]],
    "tags": ["queue:active"],
    "type": "gauge",
}


def printed(error=""):
    return json.dumps(
        [
            {
                "aggregator": {"metrics": [METRIC]},
                "runner": {"LastError": error, "LastWarnings": ["slow"], "TotalErrors": 0},
            }
        ]
    )


@pytest.fixture
def call(capsys, monkeypatch, recording):
    def run(commands=None, **arguments):
        if commands is not None:
            monkeypatch.setattr(datadog_agent_check, "user_to_take_on", lambda name: name)
            monkeypatch.setattr(
                datadog_agent_check,
                "Runner",
                lambda deadline, run_as: recording(commands, deadline),
            )
        with patch_module_args(arguments), pytest.raises(SystemExit) as ended:
            datadog_agent_check.main()
        answer = json.loads(capsys.readouterr().out)
        assert bool(ended.value.code) == answer.get("failed", False)
        return answer

    return run


def test_metrics_and_warnings(call):
    answer = call({COMMAND: (printed(),)})
    assert answer["changed"] is False
    assert answer["metrics"] == [
        {"name": "postfix.queue.size", "value": 7.0, "tags": ["queue:active"], "type": "gauge"}
    ]
    assert "slow" in json.dumps(answer["warnings"])


def test_failure_keeps_the_metrics(call):
    answer = call({COMMAND: (printed("no sudo"),)})
    assert answer["failed"] is True
    assert answer["metrics"][0]["value"] == 7
    assert [error["kind"] for error in answer["errors"]] == ["check_failed"]
    assert "no sudo" in answer["msg"] and KINDS["check_failed"] in answer["msg"]


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"timeout": 0}, "timeout: 0 is not above 0"),
        ({"check": ""}, "check: '' is not"),
        ({"check": "--help"}, "check: '--help' is not"),
        ({"binary": "bin/agent"}, "binary: 'bin/agent' is"),
        ({"user": "root"}, "proves nothing"),
    ],
)
def test_options_that_make_no_sense(call, arguments, said):
    answer = call(**arguments)
    assert [error["kind"] for error in answer["errors"]] == ["bad_argument"]
    assert said in answer["msg"]
    assert answer["metrics"] == []


def test_every_documented_kind_is_known():
    documented = yaml.safe_load(datadog_agent_check.RETURN)["errors"]["contains"]["kind"][
        "description"
    ]
    kinds = set(re.findall(r"V\((\w+)\), ", " ".join(documented)))
    assert {"agent_not_installed", "check_failed", "unparsed_check"} < kinds < set(KINDS)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both modules as Ansible calls them; what they do is tested with their ensure() and against real
Postfix and sudo."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS, HostError
from ansible_collections.mailops.postfix.plugins.modules import mailq_access, sudo_access

MODULES = pytest.mark.parametrize("module", [mailq_access, sudo_access])
RESULT = {"changed": True, "diff": [{"before": "a", "after": "b"}], "warnings": ["careful"]}


@pytest.fixture
def call(capsys, monkeypatch):
    """Calls a module whose ensure() is given; returns the answer and what it was called with."""

    def run(module, ensure, **arguments):
        asked = []

        def asking(options, deadline, check_mode):
            asked.append((options, check_mode))
            return ensure()

        monkeypatch.setattr(module, "ensure", asking)
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out), asked

    return run


@MODULES
def test_kinds_that_are_documented_exist(module):
    description = yaml.safe_load(module.RETURN)["errors"]["contains"]["kind"]["description"]
    documented = set(re.findall(r"V\((\w+)\), ", " ".join(description)))
    assert {"bad_argument", "permission_denied", "timeout"} < documented < set(KINDS)


@MODULES
def test_defaults_and_modes(call, module):
    for check_mode in (False, True):
        arguments = {
            "user": "watcher",
            "state": "absent",
            "_ansible_check_mode": check_mode,
            "_ansible_diff": check_mode,
        }
        answer, ((options, asked),) = call(module, lambda: dict(RESULT), **arguments)
        assert asked is check_mode and ("diff" in answer) is check_mode and answer["changed"]
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert {name: value for name, value in options.items() if name not in arguments} == {
        name: option.get("default") for name, option in documented.items() if name not in arguments
    }


@MODULES
def test_failure(call, module):
    def fail():
        raise HostError("timeout", "too long", hint="Wait.")

    answer, dummy = call(module, fail, user="watcher", state="absent")
    assert answer["failed"] and answer["msg"] == "timeout: too long. Wait."
    assert [error["kind"] for error in answer["errors"]] == ["timeout"]


@MODULES
def test_warnings(call, module):
    warning = f"be careful with {module.__name__}"
    assert warning in json.dumps(
        call(module, lambda: dict(RESULT, warnings=[warning]), user="watcher", state="absent")[0][
            "warnings"
        ]
    )


def test_present_needs_commands(call):
    answer, asked = call(sudo_access, dict, user="watcher")
    assert answer["failed"] and "run_as, commands" in answer["msg"] and not asked

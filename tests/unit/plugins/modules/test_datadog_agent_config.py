# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible calls it; what it writes is tested with configure and on real hosts."""

from __future__ import annotations

import getpass
import json
import re

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.module_utils._host.managed import MARKER
from ansible_collections.mailops.postfix.plugins.modules import datadog_agent_config


@pytest.fixture
def call(capsys, tmp_path):
    (tmp_path / "conf.d").mkdir()

    def run(**arguments):
        arguments.update(config_directory=str(tmp_path), user=getpass.getuser())
        with patch_module_args(arguments), pytest.raises(SystemExit) as ended:
            datadog_agent_config.main()
        answer = json.loads(capsys.readouterr().out)
        assert bool(ended.value.code) == answer.get("failed", False)
        return answer

    return run


def test_defaults(call, tmp_path):
    answer = call(content="instances: []\n")
    assert answer["changed"] and answer["file"] == str(tmp_path / "conf.d/postfix.d/conf.yaml")
    assert "diff" not in answer
    with open(answer["file"]) as file:
        assert file.read() == MARKER + "\ninstances: []\n"
    assert call(state="absent", _ansible_diff=True)["diff"][0]["after"] == ""


def test_failure(call, tmp_path):
    (tmp_path / "environment").symlink_to("/etc/passwd")
    answer = call(content="instances: []\n", logs_enabled_in="environment")
    assert [error["kind"] for error in answer["errors"]] == ["unsafe_path"]
    assert (
        "environment is a symbolic link" in answer["msg"] and KINDS["unsafe_path"] in answer["msg"]
    )
    assert "content" in call()["msg"]


def test_documentation():
    kinds = yaml.safe_load(datadog_agent_config.RETURN)["errors"]["contains"]["kind"]["description"]
    assert (
        {"unsafe_path", "agent_not_installed"}
        < set(re.findall(r"V\((\w+)\), ", " ".join(kinds)))
        < set(KINDS)
    )

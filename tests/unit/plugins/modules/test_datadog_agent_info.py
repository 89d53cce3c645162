# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible calls it."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.modules import datadog_agent_info


@pytest.fixture
def call(capsys, monkeypatch, recording):
    def run(**arguments):
        monkeypatch.setattr(datadog_agent_info, "Runner", lambda deadline: recording({}, deadline))
        monkeypatch.setattr(datadog_agent_info.Host, "has_systemd", lambda self: False)
        with patch_module_args(arguments), pytest.raises(SystemExit) as ended:
            datadog_agent_info.main()
        answer = json.loads(capsys.readouterr().out)
        assert bool(ended.value.code) == answer.get("failed", False)
        return answer

    return run


def test_no_agent_is_an_answer(call, tmp_path):
    answer = call(user="nobody-here", config_directory=str(tmp_path / "absent"))
    assert (
        answer["changed"],
        answer["installed"],
        answer["user"],
        answer["config_directory_exists"],
    ) == (False, False, None, False)
    assert answer["unknown"] == []


@pytest.mark.parametrize(
    "arguments, said",
    [
        (
            {"config_directory": "etc/datadog-agent"},
            "bad_argument: config_directory: 'etc/datadog-agent' is not an absolute path",
        ),
        ({"binary": "bin/agent"}, "bad_argument: binary: 'bin/agent' is"),
    ],
)
def test_options_that_make_no_sense(call, arguments, said):
    assert call(**arguments)["msg"].startswith(said)

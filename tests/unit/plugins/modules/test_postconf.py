# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible calls it; what it does to main.cf is tested with MainCf and against real
Postfix."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.modules import postconf

DESCRIBED = "postconf -c {0} -hx multi_instance_name config_directory queue_directory"


@pytest.fixture
def call(capsys, monkeypatch, recording, tmp_path):
    """Calls the module for an instance in tmp_path, of which postconf answers with what is given,
    or where it must not be asked."""

    def run(draft=None, **arguments):
        directory = str(tmp_path)
        played = recording({DESCRIBED.format(directory): (f"\n{directory}\n{directory}\n",)})
        start = played.start

        def start_any(argv):
            if " ".join(argv) != DESCRIBED.format(directory):
                played._commands[" ".join(argv)] = (draft(argv), 0, "")
            return start(argv)

        played.start = start_any
        monkeypatch.setattr(postconf, "Runner", lambda deadline: played)
        arguments.setdefault("config_directory", directory)
        with patch_module_args(arguments), pytest.raises(SystemExit):
            postconf.main()
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def main_cf(tmp_path):
    (tmp_path / "main.cf").write_text("relayhost = a\n")
    return tmp_path / "main.cf"


def test_kinds_that_are_documented_exist():
    description = yaml.safe_load(postconf.RETURN)["errors"]["contains"]["kind"]["description"]
    documented = set(re.findall(r"V\((\w+)\), ", " ".join(description)))
    assert "unknown_parameter" in documented
    assert documented < set(KINDS)


def unchanged(argv):
    return "relayhost = a\n" if "-n" in argv else "relayhost = a\ninet_interfaces = all\n"


def test_what_is_so_already(call, main_cf):
    answer = call(unchanged, parameters={"relayhost": " a "})
    assert answer["changed"] is False
    assert answer["needs"] == "none"
    assert answer["running"] is False
    assert answer["parameters"] == [
        {"name": "relayhost", "before": "a", "after": "a", "needs": "none"}
    ]
    assert "diff" not in answer


def test_diff(call, main_cf):
    answer = call(unchanged, parameters={"relayhost": "a"}, _ansible_diff=True)
    assert answer["diff"]["before"] == answer["diff"]["after"] == "relayhost = a\n"


def test_nothing_to_do(call, main_cf):
    answer = call(unchanged, parameters={})
    assert (answer["changed"], answer["needs"], answer["parameters"]) == (False, "none", [])


def test_absent_and_not_known(call, main_cf):
    answer = call(unchanged, parameters={"nonesuch": None}, state="absent")
    assert answer["changed"] is False
    assert "nonesuch" in json.dumps(answer["warnings"])


@pytest.mark.parametrize(
    "arguments, kind",
    [
        ({"parameters": {"relayhost": "a\nb"}}, "bad_argument"),
        ({"parameters": {"relay host": "a"}}, "bad_argument"),
        ({"parameters": {"relayhost": None}}, "bad_argument"),
        ({"parameters": {"relayhost": "a"}, "config_directory": "etc"}, "bad_argument"),
        ({"parameters": {"relayhost": "a"}, "config_directory": "/nowhere/at/all"}, "bad_config"),
        ({"parameters": {"relayhost": "a"}}, "bad_config"),
    ],
)
def test_refused_before_postfix_is_asked(call, arguments, kind):
    answer = call(**arguments)
    assert answer["failed"] is True
    assert [error["kind"] for error in answer["errors"]] == [kind]
    assert answer["errors"][0]["command"] is None
    assert answer["msg"].startswith(kind + ": ")

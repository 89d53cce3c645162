# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible calls it."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.modules import postfix_info


@pytest.fixture
def call(capsys, monkeypatch, recording):
    def run(runner=None, commands=None, **arguments):
        monkeypatch.setattr(
            postfix_info, "Runner", lambda deadline: runner or recording(commands, deadline)
        )
        with patch_module_args(arguments), pytest.raises(SystemExit):
            postfix_info.main()
        return json.loads(capsys.readouterr().out)

    return run


class Refusing:
    def __init__(self, kind):
        self.kind = kind

    def run(self, argv):
        raise HostError(self.kind, "postconf cannot be run", command=argv)


def test_no_postfix_is_an_answer(call):
    answer = call(Refusing("not_installed"))
    assert {key: answer[key] for key in ("changed", "installed", "instances", "unknown")} == {
        "changed": False,
        "installed": False,
        "instances": [],
        "unknown": [],
    }


def test_not_knowing_whether_there_is_a_postfix_is_an_error(call):
    answer = call(Refusing("permission_denied"))
    assert answer["failed"] is True
    assert answer["msg"].startswith("permission_denied: postconf cannot be run.")


def test_instances_that_cannot_be_listed(call):
    refusal = ("", 1, "postmulti: fatal: open /etc/postfix/main.cf: Permission denied\n")
    commands = {
        "postconf -x mail_version": ("", 1, ""),
        "postmulti -l": refusal,
        "postconf -x config_directory multi_instance_directories": refusal,
    }
    answer = call(commands=commands)
    assert (answer["installed"], answer["instances"]) == (True, None)
    assert [flaw["what"] for flaw in answer["unknown"]] == ["instances"]


@pytest.mark.parametrize(
    "directory, said",
    [("etc/postfix", "not an absolute path"), ("/etc/postfix/", "a trailing slash")],
)
def test_directory_that_names_no_instance(call, directory, said):
    answer = call(commands={}, config_directory=["/etc/postfix", directory])
    assert answer["failed"] is True
    assert answer["msg"].startswith(f"bad_argument: config_directory={directory}: {said}")


def test_no_directory_is_not_every_instance(call):
    assert call(commands={}, config_directory=[])["msg"].startswith(
        "bad_argument: config_directory=[]: "
    )

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import re

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.modules import log_access


@pytest.fixture
def call(capsys, monkeypatch):
    """Calls the module as root, or as who is given."""

    def run(euid=0, **arguments):
        monkeypatch.setattr(os, "geteuid", lambda: euid)
        with patch_module_args(dict({"user": "agent"}, **arguments)), pytest.raises(SystemExit):
            log_access.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_kinds_that_are_documented_exist():
    description = yaml.safe_load(log_access.RETURN)["errors"]["contains"]["kind"]["description"]
    documented = set(re.findall(r"V\((\w+)\), ", " ".join(description)))
    assert {"permission_denied", "unsafe_path"} < documented
    assert documented < set(KINDS)


@pytest.mark.parametrize(
    "arguments, kind, says",
    [
        ({"euid": 1000, "paths": ["/var/log/mail.log"]}, "permission_denied", "become"),
        ({"user": "nobody-here", "journal": True}, "bad_argument", "user: 'nobody-here'"),
        ({"user": "root", "journal": True}, "bad_argument", "user: 'root'"),
    ],
)
def test_refused(call, arguments, kind, says):
    answer = call(_ansible_check_mode=True, _ansible_diff=True, **arguments)
    assert answer["failed"] is True
    assert (answer["changed"], answer["granted"], answer["logs"]) == (False, [], [])
    assert answer["diff"] == {"before": "", "after": ""}
    assert [(error["kind"], error["path"]) for error in answer["errors"]] == [(kind, None)]
    assert says in answer["msg"]


def test_what_is_returned_is_wired(call, monkeypatch):
    log = {
        "path": "/var/log/mail.log",
        "readable": True,
        "why": None,
        "lasts": False,
        "warning": "create 0640 root root",
    }
    result = {
        "changed": True,
        "granted": [],
        "logs": [log],
        "warnings": ["careful"],
        "diff": {"before": "a", "after": "b"},
    }
    seen = []
    monkeypatch.setattr(
        log_access,
        "ensure",
        lambda options, deadline, check_mode: seen.append((options, check_mode)) or dict(result),
    )
    answer = call(paths=["/var/log/mail.log"], exclusive=True)
    assert (answer["changed"], answer["logs"], "diff" in answer) == (True, [log], False)
    assert (
        seen[0][0]["exclusive"],
        seen[0][0]["maillog_file_of"],
        seen[0][0]["means"],
        seen[0][1],
    ) == (True, [], "auto", False)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pwd
import re

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils.errors import KINDS
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


@pytest.fixture
def users(monkeypatch):
    known = {"agent": 949, "root": 0}
    monkeypatch.setattr(pwd, "getpwnam", lambda name: pwd.struct_passwd((name, "x", known[name], known[name], "", "/", "/bin/false")))
    monkeypatch.setattr(os, "getgrouplist", lambda name, gid: [gid])


def test_kinds_that_are_documented_exist():
    description = yaml.safe_load(log_access.RETURN)["errors"]["contains"]["kind"]["description"]
    documented = set(re.findall(r"V\((\w+)\), ", " ".join(description)))
    assert "permission_denied" in documented
    assert documented < set(KINDS)


def test_nothing_asked_nothing_done(call, users):
    answer = call(_ansible_diff=True)
    assert (answer["changed"], answer["grants"], answer["logs"]) == (False, [], [])
    assert answer["diff"] == {"before": "", "after": ""}


def test_nothing_to_take_back(call):
    answer = call(user="gone", state="absent", grants=[])
    assert answer["changed"] is False
    assert "diff" not in answer


@pytest.mark.parametrize(
    "arguments, kind, says",
    [
        ({"euid": 1000, "paths": ["/var/log/mail.log"]}, "permission_denied", "become"),
        ({"user": "nobody-here", "journal": True}, "bad_argument", "user=nobody-here"),
        ({"user": "root", "journal": True}, "bad_argument", "user=root"),
        ({"paths": ["mail.log"]}, "bad_argument", "mail.log is not an absolute path"),
        ({"state": "absent", "grants": [{"means": "acl", "path": "/var/log/mail.log"}]}, "bad_argument", "uid of means=acl"),
        ({"state": "absent", "grants": [{"means": "group"}]}, "bad_argument", "group of means=group"),
        ({"state": "absent", "grants": [{"means": "acl", "path": "mail.log", "uid": 949}]}, "bad_argument", "not an absolute path"),
    ],
)
def test_refused(call, users, arguments, kind, says):
    answer = call(**arguments)
    assert answer["failed"] is True
    assert answer["changed"] is False
    assert [error["kind"] for error in answer["errors"]] == [kind]
    assert says in answer["msg"]


def test_absent_needs_grants(call):
    assert "grants" in call(state="absent")["msg"]

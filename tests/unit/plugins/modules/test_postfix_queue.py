# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible calls it: arguments in, the returned object out."""

from __future__ import annotations

import json
import re

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils.errors import KINDS
from ansible_collections.mailops.postfix.plugins.module_utils.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.modules import postfix_queue

POSTCONF = "postconf -hx multi_instance_name config_directory queue_directory"
NOT_AUTHORIZED = "postqueue: fatal: User nobody(65534) is not allowed to view the mail queue\n"


@pytest.fixture
def spool(tmp_path):
    for number, queue in enumerate(QUEUES):
        (tmp_path / queue).mkdir()
        for name in range(number):
            (tmp_path / queue / ("%d" % name)).touch()
    return str(tmp_path)


@pytest.fixture
def call(capsys, monkeypatch, recording):
    """Calls the module with arguments; commands, if any, are played from a recording."""

    def run(commands=None, **arguments):
        if commands is not None:
            monkeypatch.setattr(postfix_queue, "Runner", lambda deadline, run_as: recording(commands, deadline))
        with patch_module_args(arguments), pytest.raises(SystemExit) as ended:
            postfix_queue.main()
        answer = json.loads(capsys.readouterr().out)
        assert bool(ended.value.code) == answer.get("failed", False)
        return answer

    return run


def test_counts_in_a_directory(call, spool):
    answer = call(queue_directory=spool + "/")
    counts = {"maildrop": 0, "incoming": 1, "active": 2, "deferred": 3, "hold": 4, "corrupt": 5}
    instance = {"name": None, "config_directory": None, "queue_directory": spool, "method": "find", "total": 15, "counts": counts}
    assert answer["ansible_facts"] == {"postfix_queue": {"total": 15, "counts": counts, "instances": [instance]}}
    assert answer["changed"] is False


def test_counts_the_queues_that_are_named(call, spool):
    facts = call(queue_directory=spool, queues=["hold", "deferred", "hold"])["ansible_facts"]["postfix_queue"]
    assert facts["counts"] == {"deferred": 3, "hold": 4}
    assert facts["total"] == 7


def test_counts_the_same_in_check_mode(call, spool):
    assert call(queue_directory=spool, _ansible_check_mode=True) == call(queue_directory=spool)


def test_asks_postfix_for_the_instance(call, spool):
    commands = {"postconf -c /etc/postfix-out -hx multi_instance_name config_directory queue_directory": ("postfix-out\n/etc/postfix-out\n%s\n" % spool,)}
    instance = call(commands, config_directory="/etc/postfix-out")["ansible_facts"]["postfix_queue"]["instances"][0]
    assert (instance["name"], instance["config_directory"], instance["queue_directory"]) == ("postfix-out", "/etc/postfix-out", spool)


def test_falls_back_to_postqueue_where_find_is_closed(call, spool, sample, monkeypatch):
    monkeypatch.setattr(postfix_queue.FindCollector, "_count_by_walk", lambda self, directory: closed_queue())
    commands = {POSTCONF: ("\n/etc/postfix\n%s\n" % spool,), "postqueue -j": (sample("postqueue_j_mixed.jsonl"),)}
    facts = call(commands)["ansible_facts"]["postfix_queue"]
    assert facts["instances"][0]["method"] == "postqueue"
    assert facts["counts"] == {"maildrop": 1, "incoming": 1, "active": 1, "deferred": 5, "hold": 2, "corrupt": None}
    assert facts["total"] is None


def closed_queue():
    raise postfix_queue.QueueError("permission_denied", "closed")


def test_does_not_fall_back_from_other_failures(call, tmp_path):
    answer = call({POSTCONF: ("\n/etc/postfix\n%s\n" % (tmp_path / "absent"),)})
    assert [error["kind"] for error in answer["errors"]] == ["missing_queue"]


def test_failure_has_its_evidence_and_no_facts(call):
    commands = {POSTCONF: ("\n/etc/postfix\n/var/spool/postfix\n",), "postqueue -j": ("", 69, NOT_AUTHORIZED)}
    answer = call(commands, method="postqueue")
    assert "ansible_facts" not in answer
    assert answer["errors"] == [
        {
            "kind": "not_authorized",
            "message": "the queue could not be listed: " + NOT_AUTHORIZED.strip(),
            "mend": KINDS["not_authorized"],
            "command": "postqueue -j",
            "rc": 69,
            "stderr": NOT_AUTHORIZED.strip(),
            "config_directory": None,
        }
    ]
    assert "not_authorized" in answer["msg"] and KINDS["not_authorized"] in answer["msg"]


@pytest.mark.parametrize(
    "stdout, rc, stderr, kind",
    [
        ("", 1, "postconf: fatal: open /etc/postfix/main.cf: No such file or directory\n", "bad_config"),
        ("one line\n", 0, "", "command_failed"),
    ],
)
def test_postconf_that_does_not_answer(call, stdout, rc, stderr, kind):
    assert call({POSTCONF: (stdout, rc, stderr)})["errors"][0]["kind"] == kind


def test_queue_asked_for_that_cannot_be_seen(call, sample):
    commands = {POSTCONF: ("\n/etc/postfix\n/var/spool/postfix\n",), "postqueue -j": (sample("postqueue_j_mixed.jsonl"),)}
    error = call(commands, method="postqueue", queues=["hold", "corrupt"])["errors"][0]
    assert error["kind"] == "unknowable_queue"
    assert "corrupt" in error["message"] and "hold" not in error["message"]


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"timeout": 0}, "timeout=0"),
        ({"timeout": -1}, "timeout=-1"),
        ({"queues": []}, "queues=[]"),
        ({"config_directory": "etc/postfix"}, "config_directory=etc/postfix"),
        ({"queue_directory": "spool"}, "queue_directory=spool"),
        ({"queue_directory": "/spool", "method": "postqueue"}, "queue_directory"),
        ({"sudo_user": "postfix", "method": "postqueue"}, "sudo_user"),
        ({"sudo_user": ""}, "sudo_user="),
        ({"sudo_user": "-s"}, "sudo_user=-s"),
        ({"run_as": "no-such-user"}, "run_as=no-such-user"),
    ],
)
def test_options_that_do_not_fit(call, arguments, named):
    answer = call(**arguments)
    assert [error["kind"] for error in answer["errors"]] == ["bad_argument"]
    assert named in answer["msg"]


@pytest.mark.parametrize("arguments", [{"queues": ["bounce"]}, {"method": "mailq"}, {"config_directory": "/a", "queue_directory": "/b"}, {"timeout": "soon"}])
def test_options_that_ansible_refuses(call, arguments):
    assert call(**arguments)["failed"]


def test_every_kind_is_documented():
    documented = set(re.findall(r"V\((\w+)\),", postfix_queue.RETURN))
    assert documented == set(KINDS)

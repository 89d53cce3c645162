# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible calls it: arguments in, the returned object out."""

from __future__ import annotations

import json
import os
import re

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host, Running
from ansible_collections.mailops.postfix.plugins.module_utils._queue.frequencies import Frequencies
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.modules import postfix_queue

POSTCONF = "postconf -hx multi_instance_name config_directory queue_directory"
POSTCONF_OUT = (
    "postconf -c /etc/postfix-out -hx multi_instance_name config_directory queue_directory"
)
LISTED = "postconf -x config_directory multi_instance_directories"
ONE = "-               -               y         /etc/postfix\n"
TWO = (
    ONE
    + "postfix-out     mta             y         /etc/postfix-out\npostfix-off     mta            "
    " n         /etc/postfix-off\n"
)
NOT_AUTHORIZED = "postqueue: fatal: User nobody(65534) is not allowed to view the mail queue\n"


@pytest.fixture
def spool(tmp_path):
    for number, queue in enumerate(QUEUES):
        (tmp_path / queue).mkdir()
        for name in range(number):
            (tmp_path / queue / f"{name}").touch()
    return str(tmp_path)


@pytest.fixture
def masters(monkeypatch):
    """Whether an instance is running, as a Running, by its queue directory; True by default."""
    found = {}
    monkeypatch.setattr(
        Host,
        "find_master",
        lambda self, path: found.get(path, Running(True, "lock_table", 1, None)),
    )
    return found


@pytest.fixture
def call(capsys, monkeypatch, recording, masters):
    """Calls the module with arguments; commands, if any, are played from a recording."""

    def run(commands=None, **arguments):
        if commands is not None:
            commands = dict({"postmulti -l": (ONE,)}, **commands)
            monkeypatch.setattr(
                postfix_queue, "Runner", lambda deadline, run_as: recording(commands, deadline)
            )
        warnings = []
        # Ansible keeps them until the process ends.
        monkeypatch.setattr(
            postfix_queue.AnsibleModule, "warn", lambda self, text: warnings.append(text)
        )
        with patch_module_args(arguments), pytest.raises(SystemExit) as ended:
            postfix_queue.main()
        answer = json.loads(capsys.readouterr().out)
        answer["warnings"] = warnings
        assert bool(ended.value.code) == answer.get("failed", False)
        return answer

    return run


def test_counts_in_a_directory(call, spool):
    answer = call(queue_directory=spool + "/")
    counts = {"maildrop": 0, "incoming": 1, "active": 2, "deferred": 3, "hold": 4, "corrupt": 5}
    instance = {
        "name": None,
        "config_directory": None,
        "queue_directory": spool,
        "running": None,
        "running_why": "queue_directory is counted without Postfix",
        "method": "find",
        "total": 15,
        "counts": counts,
    }
    assert answer["ansible_facts"] == {
        "postfix_queue": {"total": 15, "counts": counts, "instances": [instance]}
    }
    assert answer["changed"] is False


def test_counts_the_queues_that_are_named(call, spool):
    facts = call(queue_directory=spool, queues=["hold", "deferred", "hold"])["ansible_facts"][
        "postfix_queue"
    ]
    assert facts["counts"] == {"deferred": 3, "hold": 4}
    assert facts["total"] == 7


def test_counts_the_same_in_check_mode(call, spool):
    assert call(queue_directory=spool, _ansible_check_mode=True) == call(queue_directory=spool)


def test_asks_postfix_for_the_instance(call, spool):
    commands = {POSTCONF_OUT: (f"postfix-out\n/etc/postfix-out\n{spool}\n",)}
    instance = call(commands, config_directory="/etc/postfix-out")["ansible_facts"][
        "postfix_queue"
    ]["instances"][0]
    assert (instance["name"], instance["config_directory"], instance["queue_directory"]) == (
        "postfix-out",
        "/etc/postfix-out",
        spool,
    )


def test_falls_back_to_postqueue_where_find_is_closed(call, spool, sample, monkeypatch):
    monkeypatch.setattr("os.scandir", closed)
    commands = {
        POSTCONF: (f"\n/etc/postfix\n{spool}\n",),
        "postqueue -j": (sample("postqueue_j_mixed.jsonl"),),
    }
    facts = call(commands)["ansible_facts"]["postfix_queue"]
    assert facts["instances"][0]["method"] == "postqueue"
    assert facts["counts"] == {
        "maildrop": 1,
        "incoming": 1,
        "active": 1,
        "deferred": 5,
        "hold": 2,
        "corrupt": None,
    }
    assert facts["total"] is None


def closed(path):
    raise PermissionError(13, "Permission denied", path)


def test_does_not_fall_back_from_other_failures(call, tmp_path):
    answer = call({POSTCONF: (f"\n/etc/postfix\n{tmp_path / 'absent'}\n",)})
    assert [error["kind"] for error in answer["errors"]] == ["missing_queue"]


def test_failure_has_its_evidence_and_no_facts(call):
    commands = {
        POSTCONF: ("\n/etc/postfix\n/var/spool/postfix\n",),
        "postqueue -j": ("", 69, NOT_AUTHORIZED),
    }
    answer = call(commands, method="postqueue")
    assert "ansible_facts" not in answer
    assert answer["errors"] == [
        {
            "kind": "not_authorized",
            "message": "the queue could not be listed: " + NOT_AUTHORIZED.strip(),
            "hint": KINDS["not_authorized"],
            "command": "postqueue -j",
            "rc": 69,
            "stderr": NOT_AUTHORIZED.strip(),
            "config_directory": "/etc/postfix",
        }
    ]
    assert "not_authorized" in answer["msg"] and KINDS["not_authorized"] in answer["msg"]


@pytest.mark.parametrize(
    "stdout, rc, stderr, kind",
    [
        (
            "",
            1,
            "postconf: fatal: open /etc/postfix/main.cf: No such file or directory\n",
            "bad_config",
        ),
        ("one line\n", 0, "", "command_failed"),
    ],
)
def test_postconf_that_does_not_answer(call, stdout, rc, stderr, kind):
    assert call({POSTCONF: (stdout, rc, stderr)})["errors"][0]["kind"] == kind


def test_queue_asked_for_that_cannot_be_seen(call, sample):
    commands = {
        POSTCONF: ("\n/etc/postfix\n/var/spool/postfix\n",),
        "postqueue -j": (sample("postqueue_j_mixed.jsonl"),),
    }
    error = call(commands, method="postqueue", queues=["hold", "corrupt"])["errors"][0]
    assert error["kind"] == "unknowable"
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
        ({"run_as": ""}, "run_as="),
        ({"config_directory": ["/a\0b"]}, "config_directory='/a\\x00b': contains a NUL"),
        ({"queue_directory": "/spool", "require_running": True}, "require_running=true"),
        ({"run_as": "no-such-user"}, "run_as=no-such-user"),
        ({"top": 0}, "top=0"),
        ({"config_directory": []}, "config_directory=[]"),
        ({"config_directory": ["/etc/postfix", "etc"]}, "config_directory=etc"),
        ({"queue_directory": "/spool", "details": ["age", "size"]}, "only Postfix can show size"),
        ({"queue_directory": "/spool", "limits": {"hold": {"size": 1}}}, "can show size"),
        ({"limits": {"hold": {"count": -1}}}, "limits.hold.count=-1"),
        ({"limits": {"hold": {"count": 1}}, "queues": ["active"]}, "limits.hold"),
    ],
)
def test_options_that_do_not_fit(call, arguments, named):
    answer = call(**arguments)
    assert [error["kind"] for error in answer["errors"]] == ["bad_argument"]
    assert named in answer["msg"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"queues": ["bounce"]},
        {"method": "mailq"},
        {"config_directory": "/a", "queue_directory": "/b"},
        {"timeout": "soon"},
        {"limits": {"bounce": {}}},
        {"limits": {"hold": {"messages": 1}}},
    ],
)
def test_options_that_ansible_refuses(call, arguments):
    assert call(**arguments)["failed"]


def test_every_kind_is_documented():
    description = yaml.safe_load(postfix_queue.RETURN)["errors"]["contains"]["kind"]["description"]
    # What only other modules say is documented there.
    of_others = {
        "unknown_parameter",
        "agent_not_installed",
        "agent_starting",
        "bad_policy",
        "bad_record",
        "check_failed",
        "unparsed_check",
        "unsafe_path",
    }
    of_others |= {
        "not_provisioned",
        "not_as_planned",
        "wrong_number",
        "agent_not_running",
        "agent_outdated",
        "agent_restricted",
        "log_not_open",
    }
    of_others |= {kind for kind in KINDS if kind.startswith("datadog_")}
    assert set(re.findall(r"V\((\w+)\), ", " ".join(description))) == set(KINDS) - of_others


# Several instances


@pytest.fixture
def two(spool, sample):
    return {
        "postmulti -l": (TWO,),
        POSTCONF: (f"\n/etc/postfix\n{spool}\n",),
        POSTCONF_OUT: (f"postfix-out\n/etc/postfix-out\n{spool}\n",),
        "postqueue -j": (sample("postqueue_j_mixed.jsonl"),),
        "postqueue -c /etc/postfix-out -j": (sample("postqueue_j_mixed.jsonl"),),
    }


def test_enabled_instances_are_summed(call, two):
    facts = call(two, method="postqueue", queues=["deferred", "hold"])["ansible_facts"][
        "postfix_queue"
    ]
    assert [(instance["name"], instance["total"]) for instance in facts["instances"]] == [
        ("-", 7),
        ("postfix-out", 7),
    ]
    assert facts["counts"] == {"deferred": 10, "hold": 4}
    assert facts["total"] == 14


def test_instances_that_are_named(call, two):
    facts = call(two, method="postqueue", config_directory=["/etc/postfix-out"])["ansible_facts"][
        "postfix_queue"
    ]
    assert [instance["name"] for instance in facts["instances"]] == ["postfix-out"]


def test_one_instance_that_fails_leaves_the_others(call, two):
    two["postqueue -c /etc/postfix-out -j"] = ("", 69, NOT_AUTHORIZED)
    answer = call(two, method="postqueue", queues=["hold"])
    assert [(error["kind"], error["config_directory"]) for error in answer["errors"]] == [
        ("not_authorized", "/etc/postfix-out")
    ]
    facts = answer["ansible_facts"]["postfix_queue"]
    assert [(instance["name"], instance["total"]) for instance in facts["instances"]] == [("-", 2)]
    assert (facts["counts"], facts["total"]) == ({"hold": None}, None)


def test_one_instance_without_a_main_cf_leaves_the_others(call, two):
    absent = ("", 1, "postconf: fatal: open /etc/postfix-out/main.cf: No such file or directory\n")
    two["postmulti -l"] = (
        "",
        1,
        "postmulti: fatal: open /etc/postfix-out/main.cf: No such file or directory\n",
    )
    two[LISTED] = (
        "config_directory = /etc/postfix\nmulti_instance_directories = /etc/postfix-out\n",
    )
    names = "multi_instance_name multi_instance_group multi_instance_enable"
    two["postconf -c /etc/postfix -x " + names] = (
        "multi_instance_name =\nmulti_instance_group =\nmulti_instance_enable = yes\n",
    )
    two["postconf -c /etc/postfix-out -x " + names] = absent
    two[POSTCONF_OUT] = absent
    answer = call(two, queues=["hold"])
    assert [(error["kind"], error["config_directory"]) for error in answer["errors"]] == [
        ("bad_config", "/etc/postfix-out")
    ]
    assert [
        instance["counts"] for instance in answer["ansible_facts"]["postfix_queue"]["instances"]
    ] == [{"hold": 4}]


@pytest.mark.parametrize(
    "stdout, rc, stderr, kind",
    [
        ("", 1, "postmulti: fatal: open /etc/postfix/main.cf: Permission denied\n", "bad_config"),
        ("nonsense\n", 0, "", "unparsed_listing"),
        ("-               -               n         /etc/postfix\n", 0, "", "bad_config"),
    ],
)
def test_instances_that_cannot_be_listed(call, stdout, rc, stderr, kind):
    answer = call({"postmulti -l": (stdout, rc, stderr), LISTED: ("", 1, stderr)})
    assert [(error["kind"], error["config_directory"]) for error in answer["errors"]] == [
        (kind, None)
    ]
    assert "ansible_facts" not in answer


@pytest.mark.parametrize(
    "listed",
    [
        ["/etc/postfix", "/etc/postfix-out", "/etc/postfix-out"],
        ["/etc/postfix", "/etc/postfix-out", "/etc/postfix-out/"],
        ["/etc/postfix", "/etc/postfix", "/etc/postfix-out"],
    ],
)
def test_instance_that_is_listed_twice_is_counted_once(call, two, listed):
    lines = [f"-               -               y         {directory}\n" for directory in listed]
    two["postmulti -l"] = ("".join(lines),)
    for arguments in ({}, {"config_directory": listed}):
        for directory in set(listed):
            two[POSTCONF_OUT.replace("/etc/postfix-out", directory)] = two[POSTCONF]
            two[f"postqueue -c {directory} -j"] = two["postqueue -j"]
        facts = call(two, method="postqueue", queues=["hold"], **arguments)["ansible_facts"]
        assert facts["postfix_queue"]["counts"] == {"hold": 4}
        assert len(facts["postfix_queue"]["instances"]) == 2


# Running


def test_running_instance(call, two):
    answer = call(two, method="postqueue", queues=["hold"], require_running=True)
    for instance in answer["ansible_facts"]["postfix_queue"]["instances"]:
        assert (instance["running"], instance["running_why"]) == (True, None)
    assert answer["warnings"] == []


def test_stopped_instance_is_a_warning(call, two, spool, masters):
    down = "postqueue: warning: Mail system is down -- accessing queue directly\n"
    two["postqueue -j"] = (two["postqueue -j"][0], 0, down)
    masters[spool] = Running(False, "lock_table", None, None)
    two["postmulti -l"] = (ONE,)
    answer = call(two, method="postqueue")
    instance = answer["ansible_facts"]["postfix_queue"]["instances"][0]
    assert (instance["running"], instance["running_why"]) == (False, None)
    (warning,) = answer["warnings"]
    assert warning.startswith("Postfix is not running (/etc/postfix)")


def test_stopped_instance_is_an_error_on_request(call, two, spool, masters):
    two[POSTCONF_OUT] = ("postfix-out\n/etc/postfix-out\n/nowhere\n",)
    masters[spool] = Running(False, "no_pid_file", None, None)
    answer = call(two, method="postqueue", queues=["hold"], require_running=True)
    assert [(error["kind"], error["config_directory"]) for error in answer["errors"]] == [
        ("not_running", "/etc/postfix")
    ]
    assert answer["ansible_facts"]["postfix_queue"]["total"] == 4
    assert answer["warnings"] == []


def test_instance_of_which_it_is_not_known_whether_it_runs(call, two, spool, masters):
    masters[spool] = Running(None, None, None, "closed")
    answer = call(two, method="postqueue", queues=["hold"])
    instance = answer["ansible_facts"]["postfix_queue"]["instances"][0]
    assert (instance["running"], instance["running_why"]) == (None, "closed")
    assert answer["warnings"] == []
    answer = call(two, method="postqueue", queues=["hold"], require_running=True)
    assert [error["kind"] for error in answer["errors"]] == ["unknowable"] * 2
    assert "require_running" in answer["msg"] and "closed" in answer["msg"]


# The operating system


def test_one_instance_on_a_broken_disk_leaves_the_others(call, two, spool, tmp_path):
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    two[POSTCONF_OUT] = (f"postfix-out\n/etc/postfix-out\n{tmp_path / 'circle'}\n",)
    answer = call(two, queues=["hold"])
    assert [(error["kind"], error["config_directory"]) for error in answer["errors"]] == [
        ("io_error", "/etc/postfix-out")
    ]
    assert "Too many levels of symbolic links" in answer["msg"]
    assert [one["name"] for one in answer["ansible_facts"]["postfix_queue"]["instances"]] == ["-"]


def test_answer_is_utf_8_whatever_files_are_called(call, spool, monkeypatch):
    directory = spool + "/hold/\udcff"
    os.mkdir(directory)
    scandir = os.scandir
    monkeypatch.setattr(
        os,
        "scandir",
        lambda fd: (closed if os.readlink(f"/proc/self/fd/{fd}") == directory else scandir)(fd),
    )
    answer = call(queue_directory=spool)
    assert f"{spool}/hold/? cannot be read: Permission denied" in answer["msg"]
    assert answer["errors"][0]["message"].isprintable()


# Details and limits


def test_details_from_the_listing(call, two, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1795349317 + 600)
    facts = call(
        two,
        method="postqueue",
        config_directory=["/etc/postfix-out"],
        details=["size", "age", "domains", "reasons"],
        top=2,
    )
    instance = facts["ansible_facts"]["postfix_queue"]["instances"][0]
    assert instance["details_method"] == "postqueue"
    deferred = instance["queues"]["deferred"]
    assert (deferred["size"], deferred["oldest_arrival"], deferred["oldest_age"]) == (
        1325,
        "2026-11-22T12:08:37Z",
        600,
    )
    assert [group["under"] for group in deferred["ages"]][-2:] == [76800, None]
    # A message as old as the end of a group is in the next one.
    assert [group["count"] for group in deferred["ages"]][:4] == [0, 3, 2, 0]
    assert instance["queues"]["corrupt"] is None
    assert instance["senders"] == [
        {"domain": "example.com", "count": 9},
        {"domain": "<>", "count": 1},
    ]
    assert instance["recipients"] == [
        {"domain": "far.example.org", "count": 10},
        {"domain": "star.example.org", "count": 2},
    ]
    assert (instance["recipients_other"], instance["details_approximate"]) == (1, False)
    assert instance["reasons"][0]["reason"] == "connect to <host>: Connection timed out"
    assert (instance["reasons"][0]["count"], instance["reasons_other"]) == (9, 1)
    assert instance["reasons"][0]["bounced"] is False


def test_bounce_reasons(call, two, sample):
    two["postqueue -c /etc/postfix-out -j"] = (sample("postqueue_j_3.11_bounce.jsonl"),)
    answer = call(two, method="postqueue", config_directory="/etc/postfix-out", details=["reasons"])
    reasons = answer["ansible_facts"]["postfix_queue"]["instances"][0]["reasons"]
    assert [(row["reason"], row["bounced"], row["count"]) for row in reasons] == [
        ("mailbox busy", False, 1),
        ("no such user", True, 1),
    ]


def test_details_that_are_approximate(call, two, monkeypatch):
    monkeypatch.setattr(
        "ansible_collections.mailops.postfix.plugins.module_utils._queue.details.Frequencies",
        lambda: Frequencies(2),
    )
    answer = call(two, method="postqueue", config_directory="/etc/postfix-out", details=["domains"])
    instance = answer["ansible_facts"]["postfix_queue"]["instances"][0]
    assert instance["details_approximate"] is True
    assert "queues" not in instance


def test_ages_from_long_names(call, two, tmp_path):
    (tmp_path / "new" / "hold" / "4").mkdir(parents=True)
    (tmp_path / "new" / "hold" / "4" / "4jXSXw4x8tzL7xl").touch()
    (tmp_path / "new" / "hold" / "123456.789").touch()
    two[POSTCONF_OUT] = (f"postfix-out\n/etc/postfix-out\n{tmp_path / 'new'}\n",)
    instance = call(
        two, config_directory="/etc/postfix-out", method="find", queues=["hold"], details=["age"]
    )
    instance = instance["ansible_facts"]["postfix_queue"]["instances"][0]
    assert instance["counts"] == {"hold": 2}
    assert instance["details_method"] == "find"
    assert instance["queues"]["hold"]["oldest_arrival"] == "2026-11-22T12:09:04Z"
    assert sum(group["count"] for group in instance["queues"]["hold"]["ages"]) == 1


def test_ages_from_the_listing_where_names_are_short(call, two):
    instance = call(two, config_directory="/etc/postfix-out", method="find", details=["age"])[
        "ansible_facts"
    ]["postfix_queue"]["instances"][0]
    assert (instance["method"], instance["details_method"]) == ("find", "postqueue")
    assert instance["counts"]["corrupt"] == 5
    assert instance["queues"]["deferred"]["oldest_arrival"] == "2026-11-22T12:08:37Z"


def test_ages_that_are_not_known(call, spool):
    assert [error["kind"] for error in call(queue_directory=spool, details=["age"])["errors"]] == [
        "unknowable"
    ]


def test_details_without_json(call, two):
    two["postqueue -c /etc/postfix-out -j"] = ("", 69, "postqueue: invalid option -- 'j'\n")
    answer = call(two, method="postqueue", config_directory="/etc/postfix-out", details=["size"])
    assert [error["kind"] for error in answer["errors"]] == ["unknowable"]


def test_limits_that_hold(call, two):
    limits = {
        "deferred": {"count": 5, "size": 1325},
        "hold": {"count": 2},
        "active": {"age": 10**9},
    }
    answer = call(two, method="postqueue", config_directory="/etc/postfix-out", limits=limits)
    instance = answer["ansible_facts"]["postfix_queue"]["instances"][0]
    assert set(instance) == {
        "name",
        "config_directory",
        "queue_directory",
        "running",
        "running_why",
        "method",
        "total",
        "counts",
    }


def test_limits_show_the_queues_that_exceed_them(call, two):
    limits = {"deferred": {"size": 1324}, "hold": {"age": 10**9, "count": 0}}
    answer = call(
        two,
        method="postqueue",
        config_directory="/etc/postfix-out",
        limits=limits,
        details=["domains"],
    )
    queues = answer["ansible_facts"]["postfix_queue"]["instances"][0]["queues"]
    assert list(queues) == ["deferred"]
    assert set(queues["deferred"]) == {"size", "oldest_arrival", "oldest_age", "ages"}


def test_limits_that_are_exceeded(call, two):
    limits = {"deferred": {"count": 4, "size": 1324, "age": 0}, "hold": {"count": 2}}
    answer = call(two, method="postqueue", config_directory="/etc/postfix-out", limits=limits)
    assert [error["kind"] for error in answer["errors"]] == ["limit_exceeded"] * 3
    for named in (
        "count of deferred is 5, above 4",
        "size of deferred is 1325, above 1324",
        "age of deferred is ",
    ):
        assert named in answer["msg"]
    assert answer["ansible_facts"]["postfix_queue"]["counts"]["deferred"] == 5


def test_limit_that_cannot_be_evaluated(call, two):
    for bounds in ({"count": 0}, {"age": 0}, {"size": 0}):
        answer = call(
            two, method="postqueue", config_directory="/etc/postfix-out", limits={"corrupt": bounds}
        )
        assert [error["kind"] for error in answer["errors"]] == ["unknowable"]


def test_age_of_corrupt_needs_long_queue_ids_not_root(call, two):
    limits = {"corrupt": {"age": 0, "count": 5}}
    answer = call(two, method="find", config_directory="/etc/postfix-out", limits=limits)
    (error,) = answer["errors"]
    assert error["message"] == "limits: the age of corrupt is not known"
    assert "root" not in error["hint"] and "enable_long_queue_ids" in error["hint"]


def test_age_limit_on_an_empty_queue(call, two):
    two["postqueue -c /etc/postfix-out -j"] = ("",)
    assert "failed" not in call(
        two,
        method="postqueue",
        config_directory="/etc/postfix-out",
        limits={"deferred": {"age": 0, "size": 0}},
    )

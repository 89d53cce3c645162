# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a verification compares the check's numbers with, on directories with files and on listings,
and how it explains what the check hides."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._agent import verification
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS, HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

CHECK = "datadog-agent check postfix --json"
SUDO_LIST = "sudo -n -l"
AGENT = {
    "user": "dd-agent",
    "binary": "datadog-agent",
    "config_directory": "/etc/datadog-agent",
    "service": "datadog-agent.service",
}
QUIET = json.dumps({"queue_name": "active"})


def sudo_find(directory):
    return f"sudo -n -u postfix find {directory} -type f"


def checked(*sizes, error=""):
    """What the Agent prints for (instance, queue, size)."""
    reported = [
        {
            "metric": "postfix.queue.size",
            "points": [[1795349344, size]],
            "tags": [f"queue:{queue}", f"instance:{instance}", "env:prod"],
            "type": "gauge",
        }
        for instance, queue, size in sizes
    ]
    runner = {"LastError": error, "LastWarnings": [], "TotalErrors": int(bool(error))}
    return json.dumps([{"aggregator": {"metrics": reported}, "runner": runner}])


@pytest.fixture
def instance(tmp_path):
    """An instance with three messages in active and two in deferred, as the plan describes it."""

    def make(name="postfix"):
        directory = tmp_path / name
        for queue, number in (("active", 3), ("deferred", 2)):
            (directory / queue).mkdir(parents=True)
            for message in range(number):
                (directory / queue / str(message)).touch()
        return {
            "config_directory": "/etc/" + name,
            "queue_directory": str(directory),
            "mail_owner": "postfix",
            "instance_tag": name,
            "reported": ["active", "deferred"],
        }

    return make


@pytest.fixture
def prove(monkeypatch, recording):
    """Verifies a host that is as planned in all else, on which these commands answer; those by
    which sudo counts find what is there."""

    def run(method, instances, commands):
        runner = recording(
            {
                **{
                    sudo_find(f"{instance['queue_directory']}/{queue}"): ("",)
                    for instance in instances
                    for queue in instance["reported"]
                },
                **commands,
            }
        )
        monkeypatch.setattr(
            verification,
            "_ENSURE",
            {step: lambda *arguments: {"changed": False} for step in verification._ENSURE},
        )
        monkeypatch.setattr(
            verification, "describe_agent", lambda *arguments: {"process": None, "restart_due": 1}
        )

        def run_by(deadline, **dummy):
            assert isinstance(deadline, Deadline)
            return runner

        monkeypatch.setattr(verification, "Runner", run_by)
        plan = {
            "method": method,
            "instances": instances,
            "logs": {"paths": [], "journal": False},
            "agent": AGENT,
            "restart": {"wanted": False},
            "steps": dict.fromkeys(verification._ENSURE),
        }
        try:
            proved, warnings = verification.prove(plan, Deadline(30))
        except verification.Failures as failures:
            return failures.errors
        assert "datadog_postfix_restart is false" in warnings.pop()
        return proved, warnings

    return run


def test_numbers_are_compared_with_the_files(prove, instance):
    found = prove(
        "find",
        [instance()],
        {CHECK: (checked(("postfix", "active", 3), ("postfix", "deferred", 2)),)},
    )
    assert found == ("1 instance, active 3=3 deferred 2=2", [])


def test_each_instance_is_compared_with_its_own_files(prove, instance):
    sizes = [
        (name, queue, size)
        for name in ("postfix", "postfix-out")
        for queue, size in (("active", 3), ("deferred", 2))
    ]
    found = prove("find", [instance(), instance("postfix-out")], {CHECK: (checked(*sizes),)})
    assert found == (
        "2 instances, /etc/postfix active 3=3 deferred 2=2,"
        " /etc/postfix-out active 3=3 deferred 2=2",
        [],
    )


def test_a_number_that_is_not_that_of_the_files(prove, instance):
    (error,) = prove(
        "find",
        [instance()],
        {CHECK: (checked(("postfix", "active", 0), ("postfix", "deferred", 2)),)},
    )
    assert (error.kind, error.message) == (
        "wrong_number",
        "the check reports 0 for the queue active of /etc/postfix, which held 3",
    )


def test_a_queue_that_the_check_leaves_out(prove, instance):
    (error,) = prove("find", [instance()], {CHECK: (checked(("postfix", "active", 3)),)})
    assert (error.kind, error.message, error.hint) == (
        "wrong_number",
        "the check gives no postfix.queue.size for the queue deferred of /etc/postfix"
        " (tags instance:postfix, queue:deferred)",
        "Compare conf.yaml with 'datadog-agent configcheck'.",
    )


@pytest.mark.parametrize(
    ("before", "size", "after", "said"),
    [
        (3, 4.0, 5, "active 4 (3 to 5)"),
        (3, 5.0, 5, "active 5=5"),
        (5, 5.0, 3, "active 5 (5 to 3)"),
        (
            3,
            6.0,
            5,
            "the check reports 6 for the queue active of /etc/postfix, which held 3 before"
            " and 5 after",
        ),
        (
            3,
            2.0,
            5,
            "the check reports 2 for the queue active of /etc/postfix, which held 3 before"
            " and 5 after",
        ),
    ],
)
def test_a_queue_that_moves(instance, before, size, after, said):
    plan = {"instances": [dict(instance(), reported=["active"])]}
    metric = {
        "name": "postfix.queue.size",
        "value": size,
        "tags": ["queue:active", "instance:postfix"],
    }
    other = dict(metric, name="postfix.queue.age", value=99.0)
    proved, faults = verification.judge(
        plan, [other, metric], [{"active": before}], [{"active": after}]
    )
    assert (faults[0].message if faults else proved) == said
    assert [fault.kind for fault in faults] == ["wrong_number"] * len(faults)


@pytest.mark.parametrize(
    ("answer", "kind", "hint"),
    [
        (
            ("", 1, "sudo: a password is required\n"),
            "sudo_refused",
            "The sudoers file is as the role writes it, so another rule or setting overrides it:"
            " look at 'sudo -l -U dd-agent' and at files that sort after it.",
        ),
        (
            ("", 1, "find: '{}': Permission denied\n"),
            "permission_denied",
            "Restore the owners and modes below {directory} ('postfix set-permissions'), or remove"
            " what hides it from the Agent's unit ('systemctl cat datadog-agent.service').",
        ),
        (("", 1, "find: '{}': Input/output error\n"), "io_error", KINDS["io_error"]),
    ],
)
def test_a_count_that_is_refused_to_the_agents_user(prove, instance, answer, kind, hint):
    counted = instance()
    active = counted["queue_directory"] + "/active"
    stdout, rc, stderr = answer
    stderr = stderr.format(active)
    (error,) = prove("find", [counted], {sudo_find(active): (stdout, rc, stderr)})
    assert error.kind == kind
    assert error.message == f"/etc/postfix: {active} could not be counted: {stderr.strip()}"
    assert error.hint == hint.format(directory=counted["queue_directory"])
    assert (error.command, error.rc, error.stderr) == (sudo_find(active).split(), rc, stderr)


def test_a_hint_of_its_own_stays(prove, instance):
    def answer():
        yield from ()
        raise HostError("not_installed", "sudo was not found", hint="Install sudo on this host.")

    counted = instance()
    (error,) = prove(
        "find", [counted], {sudo_find(counted["queue_directory"] + "/active"): answer()}
    )
    assert (error.message, error.hint) == (
        "/etc/postfix: sudo was not found",
        "Install sudo on this host.",
    )


def test_each_instance_that_is_refused_is_named(prove, instance):
    instances = [instance(), instance("postfix-out")]
    refused = {
        sudo_find(f"{counted['queue_directory']}/active"): ("", 1, "sudo: no\n")
        for counted in instances
    }
    errors = prove("find", instances, refused)
    assert [error.message.partition(":")[0] for error in errors] == [
        "/etc/postfix",
        "/etc/postfix-out",
    ]


def listed(prove, instance, plain, json_lines=(QUIET,), sizes=(1, 0)):
    commands = {
        "postqueue -c /etc/postfix -p": plain,
        "postqueue -c /etc/postfix -j": ("".join(line + "\n" for line in json_lines),),
        CHECK: (checked(*zip(["postfix"] * 2, ["active", "deferred"], sizes)),),
    }
    return prove("postqueue", [instance()], commands)


ACTIVE = "03D1C24C0B7*           278 Sun Nov 22 12:08:37 a@example.com\n"


def message(queue):
    return json.dumps(
        {
            "queue_name": queue,
            "queue_id": "03D1C24C0B7",
            "arrival_time": 1795349317,
            "message_size": 278,
            "forced_expire": False,
            "sender": "a@example.com",
            "recipients": [],
        }
    )


def test_numbers_are_compared_with_the_listing(prove, instance):
    assert listed(prove, instance, (ACTIVE,), [message("active")]) == (
        "1 instance, active 1=1 deferred 0=0",
        [],
    )


def test_a_listing_that_the_check_misreads_is_a_warning(prove, instance):
    assert listed(prove, instance, (ACTIVE,), [message("active"), message("deferred")]) == (
        "1 instance, active 1=1 deferred 0=0",
        [
            "The Agent reports active 1 hold 0 deferred 0 for /etc/postfix, but the queue holds"
            " maildrop 0 incoming 0 active 1 deferred 1 hold 0: with"
            " datadog_postfix_method=postqueue the check counts incoming and maildrop as deferred,"
            " and lines with '*' or '!' as active or held. Use datadog_postfix_method=find for true"
            " numbers."
        ],
    )


class InTurn:
    """The output of a command that shows something else each time."""

    def __init__(self, *texts):
        self._texts = iter(texts)

    def __iter__(self):
        return iter((next(self._texts),))


def test_a_queue_that_moves_is_not_misread(prove, instance):
    plain = InTurn(ACTIVE, ACTIVE, ACTIVE * 2)
    assert listed(prove, instance, plain, [message("active")] * 2)[1] == []


def test_a_postfix_that_does_not_say_more_gives_no_warning(prove, instance):
    plain = (
        "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n"
        "9A66A24C016            270 Sun Nov 22 12:08:37 a@example.com\n"
        "                                               b@example.org\n"
        "\n-- 0 Kbytes in 1 Request.\n"
    )
    commands = {
        "postqueue -c /etc/postfix -p": (plain,),
        "postqueue -c /etc/postfix -j": ("", 1, "postqueue: invalid option -- 'j'\n"),
        CHECK: (checked(("postfix", "active", 0), ("postfix", "deferred", 1)),),
    }
    assert prove("postqueue", [instance()], commands) == (
        "1 instance, active 0=0 deferred 1=1",
        [],
    )


@pytest.mark.parametrize(
    ("stderr", "kind", "hint"),
    [
        (
            "postqueue: fatal: User dd-agent(998) is not allowed to view the mail queue",
            "not_authorized",
            KINDS["not_authorized"],
        ),
        (
            "postqueue: fatal: malformed showq server response",
            "showq_failed",
            "The master runs, so look for 'showq' in master.cf and in the mail log.",
        ),
        (
            "postqueue: fatal: Queue report unavailable - mail system is down",
            "mail_system_down",
            "The master runs, so look for 'showq' in master.cf and in the mail log.",
        ),
    ],
)
def test_a_listing_that_is_refused_to_the_agents_user(prove, instance, stderr, kind, hint):
    (error,) = listed(prove, instance, (ACTIVE, 69, stderr + "\n"))
    assert (error.kind, error.message, error.hint) == (kind, f"/etc/postfix: {stderr}", hint)
    assert (error.command, error.rc, error.stderr) == (
        ["postqueue", "-c", "/etc/postfix", "-p"],
        69,
        stderr + "\n",
    )


def test_a_listing_that_fails_without_a_word(prove, instance):
    (error,) = listed(prove, instance, (ACTIVE, -9, ""))
    assert (error.kind, error.message) == (
        "command_failed",
        "/etc/postfix: exit code -9 without a message",
    )


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        (["Mail queue is empty"], (0, 0, 0)),
        (["Mail queue is empty", "9A66A24C016"], (0, 0, 1)),
        (["03D1C24C0B7*", "E4B2224C07E!", "both *!", "ab12", "7"], (2, 1, 2)),
        (["", "   ", "(refused)", "-- 2 Kbytes in 10 Requests."], (0, 0, 0)),
        (["7 a@example.com"], (0, 0, 1)),
        (["   a@example.com", "   a!b@example.com"], (0, 1, 0)),
    ],
)
def test_the_check_judges_each_line_by_itself(lines, counts):
    assert verification.count_listing(lines) == dict(zip(("active", "hold", "deferred"), counts))


def test_the_check_misreads_a_listing_with_marks_in_it(sample):
    assert verification.count_listing(sample("postqueue_p_long_mixed.txt").splitlines()) == {
        "active": 3,
        "hold": 4,
        "deferred": 6,
    }


def failing(prove, instance, error, **commands):
    return prove("find", [instance], {CHECK: (checked(error=error),), **commands})


NO_SUDO = "The dd-agent user does not have sudo access"


def test_sudo_that_refuses_to_list_is_named(prove, instance):
    (error,) = failing(
        prove, instance(), NO_SUDO, **{SUDO_LIST: ("", 1, "sudo: a password is required\n")}
    )
    assert (error.kind, error.message, error.hint) == (
        "sudo_refused",
        "'sudo -l' is refused to dd-agent: sudo: a password is required",
        "The check runs 'sudo -l' first. Add 'Defaults:dd-agent listpw=any' to the policy, or"
        " remove listpw=always.",
    )
    assert (error.command, error.rc, error.stderr) == (
        SUDO_LIST.split(),
        1,
        "sudo: a password is required\n",
    )


def test_sudo_that_lists_is_not_the_cause(prove, instance):
    (error,) = failing(prove, instance(), NO_SUDO, **{SUDO_LIST: ("(postfix) find\n",)})
    assert (error.kind, error.message) == (
        "check_failed",
        f"the check postfix reports: {NO_SUDO}",
    )


def test_a_directory_that_the_agents_user_cannot_enter_is_named(prove, instance):
    counted = instance()
    directory = counted["queue_directory"]
    (error,) = failing(prove, counted, f"{directory}/deferred does not exist")
    assert (error.kind, error.message, error.hint) == (
        "permission_denied",
        "deferred exists, but dd-agent cannot enter a directory above it, so the check takes it for"
        " missing",
        f"Restore the mode of {directory} ('postfix set-permissions', 'namei -l {directory}').",
    )
    assert (error.command, error.rc, error.stderr) == (CHECK.split(), 0, "")


def test_a_directory_that_vanishes_is_missing(prove, instance):
    counted = dict(instance(), reported=["hold"])
    hold = counted["queue_directory"] + "/hold"
    os.mkdir(hold)

    def vanishing():
        os.rmdir(hold)
        yield checked(error=hold + " does not exist")

    (error,) = prove("find", [counted], {CHECK: vanishing()})
    assert error.message == f"the check postfix reports: {hold} does not exist"


def test_a_directory_that_is_not_reported_is_none_of_its_causes(prove, instance):
    counted = instance()
    said = f"{counted['queue_directory']}/hold does not exist"
    (error,) = failing(prove, counted, said)
    assert (error.kind, error.message) == ("check_failed", f"the check postfix reports: {said}")


def test_another_error_of_the_command_stays_as_it_is(prove, instance):
    (error,) = prove("find", [instance()], {CHECK: ("sudo access", 3, "")})
    assert (error.kind, error.rc) == ("command_failed", 3)

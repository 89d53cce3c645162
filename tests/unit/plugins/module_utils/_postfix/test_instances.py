# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instances import (
    Instance,
    answer,
    describe_instance,
    instance_at,
    list_instances,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ListedInstance,
)


def refusal(call, *arguments):
    with pytest.raises(HostError) as caught:
        call(*arguments)
    return caught.value


def test_directory_that_was_named_is_the_instances_own(recording):
    """What Postfix 3.10 answers just after a change of main.cf."""
    commands = {
        "postconf -c /etc/postfix-out -hx multi_instance_name config_directory queue_directory": (
            "out\n/etc/postfix\n/var/spool/postfix-out\n",
        )
    }
    assert describe_instance(recording(commands), "/etc/postfix-out") == Instance(
        "out", "/etc/postfix-out", "/var/spool/postfix-out"
    )


def test_default_instance(recording):
    commands = {
        "postconf -hx multi_instance_name config_directory queue_directory": (
            "\n/etc/postfix\n/var/spool/postfix\n",
        )
    }
    assert describe_instance(recording(commands)) == Instance(
        "-", "/etc/postfix", "/var/spool/postfix"
    )


@pytest.mark.parametrize("again", ["/etc/postfix", "/etc/postfix-out", "/etc/postfix/"])
def test_instance_that_main_cf_names_twice(recording, again):
    commands = {
        "postmulti -l": (
            "-               -               y         /etc/postfix\n"
            "postfix-out     mta             y         /etc/postfix-out\n"
            f"-               -               y         {again}\n",
        )
    }
    assert list_instances(recording(commands)) == [
        ListedInstance("-", "-", True, "/etc/postfix"),
        ListedInstance("postfix-out", "mta", True, "/etc/postfix-out"),
    ]


def test_warnings_are_no_refusal(recording, sample):
    warnings = sample("postconf_warnings_testing.txt")
    commands = {"postconf -x queue_directory": ("queue_directory = /x\n", 0, warnings)}
    assert answer(recording(commands), list(commands)[0].split()) == ["queue_directory = /x"]


def test_warnings_are_not_the_cause_of_a_refusal(recording, sample):
    warnings = sample("postconf_warnings_testing.txt")
    refusal = "postconf: fatal: open /etc/postfix-out/main.cf: Permission denied\n"
    commands = {"postconf -x queue_directory": ("", 1, warnings + refusal)}
    with pytest.raises(HostError) as caught:
        answer(recording(commands), list(commands)[0].split())
    assert (caught.value.kind, caught.value.message) == ("bad_config", refusal.strip())
    assert caught.value.stderr == warnings + refusal
    assert (caught.value.command, caught.value.rc) == (list(commands)[0].split(), 1)


@pytest.mark.parametrize(
    ("command", "kind"),
    [("/usr/sbin/postconf -n", "mail_system_down"), ("/usr/post/other -n", "command_failed")],
)
def test_only_a_command_of_postfix_says_what_is_wrong_with_postfix(recording, command, kind):
    stderr = "postqueue: fatal: Queue report unavailable - mail system is down\n"
    assert refusal(answer, recording({command: ("", 1, stderr)}), command.split()).kind == kind


def test_a_command_that_fails_without_a_word(recording):
    error = refusal(answer, recording({"postconf -n": ("", 3)}), ["postconf", "-n"])
    assert (error.kind, error.message) == ("command_failed", "exit code 3 without a message")


def test_a_listing_that_is_not_understood(recording):
    error = refusal(list_instances, recording({"postmulti -l": ("Welcome!\n",)}))
    assert (error.kind, error.message) == (
        "unparsed_listing",
        "the instances could not be listed: not an instance: 'Welcome!'",
    )


LISTED = "multi_instance_name multi_instance_group multi_instance_enable"
POSTMULTI_FAILS = {"postmulti -l": ("", 1, "")}
DIRECTORIES = "postconf -x config_directory multi_instance_directories"


def own(name, group, enabled):
    """What postconf prints of an instance."""
    return (
        f"multi_instance_name = {name}\nmulti_instance_group = {group}\n"
        f"multi_instance_enable = {enabled}\n",
    )


def test_an_instance_that_cannot_be_read_does_not_hide_the_others(recording):
    commands = {
        **POSTMULTI_FAILS,
        DIRECTORIES: (
            "config_directory = /etc/postfix\n"
            "multi_instance_directories = /etc/postfix-out, /etc/broken, /etc/odd\n",
        ),
        f"postconf -c /etc/postfix -x {LISTED}": own("", "", "no"),
        f"postconf -c /etc/postfix-out -x {LISTED}": own("postfix-out", "mta", "yes"),
        f"postconf -c /etc/broken -x {LISTED}": ("", 1, "postconf: fatal: bad\n"),
        f"postconf -c /etc/odd -x {LISTED}": ("multi_instance_name = odd\n",),
    }
    assert list_instances(recording(commands)) == [
        ListedInstance("-", "-", False, "/etc/postfix"),
        ListedInstance("postfix-out", "mta", True, "/etc/postfix-out"),
        ListedInstance(None, None, None, "/etc/broken"),
        ListedInstance(None, None, None, "/etc/odd"),
    ]


@pytest.mark.parametrize(
    ("value", "enabled"), [("YES", True), ("Yes", True), ("NO", False), ("maybe", None), ("", None)]
)
def test_what_postfix_takes_for_yes(recording, value, enabled):
    """In capitals, too; for anything else postmulti fails, and the instance must not be missing."""
    commands = {
        **POSTMULTI_FAILS,
        DIRECTORIES: ("config_directory = /etc/postfix\nmulti_instance_directories =\n",),
        f"postconf -c /etc/postfix -x {LISTED}": own("", "", value),
    }
    assert list_instances(recording(commands)) == [
        ListedInstance("-", "-", enabled, "/etc/postfix")
    ]


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        ("Welcome!\n", "not a parameter: 'Welcome!'"),
        ("config_directory = /etc/postfix\n", "'multi_instance_directories'"),
    ],
)
def test_directories_that_are_not_understood(recording, printed, cause):
    error = refusal(list_instances, recording({**POSTMULTI_FAILS, DIRECTORIES: (printed,)}))
    assert (error.kind, error.message) == (
        "unparsed_listing",
        f"the instances could not be listed: {cause}",
    )


@pytest.mark.parametrize(
    ("listed", "enabled"),
    [
        ([ListedInstance("-", "-", True, "/etc/postfix")], False),
        ([], False),
        (None, None),
    ],
)
def test_an_instance_that_is_not_listed_is_not_enabled(recording, listed, enabled):
    commands = {f"postconf -c /etc/postfix-out -x {LISTED}": own("postfix-out", "mta", "yes")}
    assert instance_at(recording(commands), listed, "/etc/postfix-out") == ListedInstance(
        "postfix-out", "mta", enabled, "/etc/postfix-out"
    )


def test_an_instance_that_is_listed_is_as_listed(recording):
    listed = [
        ListedInstance("-", "-", True, "/etc/postfix"),
        ListedInstance("postfix-out", "mta", True, "/etc/postfix-out"),
    ]
    assert instance_at(recording({}), listed, "/etc/postfix-out") is listed[1]


def test_an_instance_that_is_not_described_completely(recording):
    command = "postconf -hx multi_instance_name config_directory queue_directory"
    error = refusal(describe_instance, recording({command: ("/etc/postfix\n",)}))
    assert (error.kind, error.message, error.command, error.rc) == (
        "command_failed",
        "postconf printed 1 lines for 3 parameters of the instance",
        command.split(),
        0,
    )

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
    list_instances,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ListedInstance,
)


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

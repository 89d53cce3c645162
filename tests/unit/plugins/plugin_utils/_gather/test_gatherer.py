# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tasks and connections the script is for."""

from __future__ import annotations

import types

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._gather.gatherer import (
    UnseenError,
    checked_task,
    refusal,
)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"details": ["size"]}, "details is set"),
        ({"run_as": "watcher"}, "run_as is set"),
        ({"sudo_user": "postfix"}, "sudo_user is set"),
        ({"limits": {"hold": {"age": 1}}}, "limits need size or age"),
        ({"limits": {"hold": {"size": 1}}}, "limits need size or age"),
        ({"config_directory": "$HOME/x"}, "of its options"),
        ({"config_directory": "/$HOME/x"}, "expanded on the host"),
        ({"config_directory": ["/etc/postfix", "~/postfix"]}, "of its options"),
        ({"queue_directory": "/a\nb"}, "expanded on the host"),
        ({"methods": "find"}, "of its options"),
        ({"method": "guess"}, "of its options"),
        ({"timeout": 0}, "of its options"),
        ({"queue_directory": "/a", "config_directory": "/b"}, "of its options"),
        ({"queue_directory": "/a", "require_running": True}, "of its options"),
    ],
)
def test_leaves_to_the_module(options, why):
    with pytest.raises(UnseenError, match=why):
        checked_task(options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"queues": "hold,deferred", "timeout": "5", "require_running": "yes"},
        {"config_directory": "/etc/postfix", "method": "postqueue"},
        {"limits": {"hold": {"count": 1}}},
    ],
)
def test_takes_what_is_plain(options):
    assert checked_task(options).request.method in ("auto", "postqueue")


def connection(**changes):
    shell = types.SimpleNamespace(SHELL_FAMILY="sh")
    default = {"_shell": shell, "has_pipelining": True, "transport": "ssh", "become": None}
    return types.SimpleNamespace(**{**default, **changes})


def become(password=None, **changes):
    default = {"name": "sudo", "pipelining": True, "require_tty": False}
    return types.SimpleNamespace(**{**default, **changes}, get_option=lambda name: password)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"become": become()}, None),
        ({"become": become("secret")}, None),
        ({"transport": "local", "become": become()}, None),
        ({"transport": "local", "become": become("secret")}, "asks for a password"),
        ({"become": become(name="su", pipelining=False)}, "su needs a terminal"),
        ({"become": become(name="machinectl", require_tty=True)}, "machinectl needs a terminal"),
        ({"has_pipelining": False, "transport": "paramiko"}, "takes no input"),
        ({"_shell": types.SimpleNamespace(SHELL_FAMILY="powershell")}, "no POSIX shell"),
        ({"_shell": types.SimpleNamespace()}, "no POSIX shell"),
    ],
)
def test_says_why_a_connection_does_not_serve(changes, why):
    said = refusal(connection(**changes), 0)
    assert said == why if why is None else why in str(said)


def test_leaves_asynchronous_tasks_to_the_module():
    assert refusal(connection(), 60) == "the task is asynchronous"

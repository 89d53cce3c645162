# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    cause_of,
    find_refusal,
    is_sudo_refusal,
    lacks_json,
    postfix_refusal,
)

DIRECTORY = "/var/spool/postfix/deferred"


@pytest.mark.parametrize(
    "stderr, kind",
    [
        (
            "postqueue: fatal: User nobody(65534) is not allowed to view the mail queue",
            "not_authorized",
        ),
        (
            (
                "postqueue: fatal: Queue report unavailable - mail system is down (Connect to the"
                " Postfix showq service: Connection refused)"
            ),
            "mail_system_down",
        ),
        ("postqueue: fatal: Queue report unavailable - mail system is down", "mail_system_down"),
        ("postqueue: fatal: Connect to the Postfix showq service: Permission denied", "no_setgid"),
        (
            (
                "postqueue: error: unauthorized configuration directory name:"
                " /etc/postfix/\npostqueue: fatal: specify alternate_config_directories ="
                " /etc/postfix/ in /etc/postfix/main.cf"
            ),
            "config_directory_refused",
        ),
        ("postqueue: fatal: malformed showq server response", "showq_failed"),
        ("postqueue: fatal: open /etc/postfix/main.cf: No such file or directory", "bad_config"),
        ("postconf: fatal: open /etc/postfix/main.cf: Permission denied", "bad_config"),
        (
            (
                "postqueue: warning: /etc/postfix/main.cf: support for parameter"
                ' "smtpd_use_tls" will be removed; instead, specify "smtpd_tls_security_level"'
            ),
            "command_failed",
        ),
        ("postqueue: fatal: something new", "command_failed"),
        ("", "command_failed"),
    ],
)
def test_postfix_refusals(stderr, kind):
    assert postfix_refusal(stderr) == kind


@pytest.mark.parametrize(
    "stderr",
    [
        "postqueue: invalid option -- 'j'\nusage: postqueue -p",
        "postqueue: invalid option -- j\nusage: postqueue -p",
    ],
)
def test_postqueue_without_json(stderr):
    assert lacks_json(stderr)


def test_other_refusals_do_not_look_like_a_missing_option():
    assert not lacks_json("postqueue: fatal: User j is not allowed to view the mail queue")


@pytest.mark.parametrize(
    "stderr",
    [
        "sudo: a password is required",
        "sudo: sorry, you must have a tty to run sudo",
        "sudo: unable to resolve host mx1: Name or service not known\nsudo: a password is required",
        (
            "Sorry, user watcher is not allowed to execute '/usr/bin/find /var/spool/postfix/hold"
            " -type f' as postfix on mx1."
        ),
        "watcher is not in the sudoers file.",
        "watcher is not allowed to run sudo on mx1.",
        "sudo: unknown user nobody2",
        'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.',
        "sudo: no valid sudoers sources found, quitting",
    ],
)
def test_sudo_refusals(stderr):
    assert is_sudo_refusal(stderr)


@pytest.mark.parametrize(
    "stderr",
    [
        "",
        "sudo: unable to resolve host mx1: Name or service not known\n",
        "sudo: setrlimit(RLIMIT_CORE): Operation not permitted\n",
        "find: '/a: sudo: b': Permission denied",
    ],
)
def test_not_sudo_refusals(stderr):
    assert not is_sudo_refusal(stderr)


@pytest.mark.parametrize(
    "stderr, kind",
    [
        ("find: '/var/spool/postfix/deferred': No such file or directory\n", "missing_queue"),
        ("find: /var/spool/postfix/deferred: No such file or directory\n", "missing_queue"),
        ("find: '/var/spool/postfix/deferred': Permission denied\n", "permission_denied"),
        ("/usr/bin/find: '/var/spool/postfix/deferred': Permission denied\n", "permission_denied"),
        (
            (
                "find: '/var/spool/postfix/deferred/A/4': No such file or directory\nfind:"
                " '/var/spool/postfix/deferred/A': Permission denied\n"
            ),
            "permission_denied",
        ),
        ("find: '/var/spool/postfix/deferred/A/4': No such file or directory\n", None),
        (
            (
                "sudo: unable to resolve host mx1: Name or service not known\nfind:"
                " '/var/spool/postfix/deferred/A/4': No such file or directory\n"
            ),
            None,
        ),
        ("find: '/var/spool/postfix/deferred/A': Not a directory\n", None),
        ("find: '/var/spool/postfix/deferred/A': Input/output error\n", "io_error"),
        ("find: '/var/spool/postfix/deferred/A': Stale file handle\n", "io_error"),
        ("find: '/var/spool/postfix/deferred/A': File name too long\n", "io_error"),
        ("find: '/var/spool/postfix/deferred/A': No space left on device\n", "command_failed"),
        ("sudo: a password is required\n", "sudo_refused"),
        ("sudo: unable to resolve host mx1: Name or service not known\n", "command_failed"),
        ("", "command_failed"),
        (
            (
                "sudo: setrlimit(RLIMIT_CORE): Operation not permitted\nfind:"
                " '/var/spool/postfix/deferred/A/4': No such file or directory\n"
            ),
            None,
        ),
        (
            (
                "sudo: /etc/sudo.conf is owned by uid 1, should be 0\nfind:"
                " '/var/spool/postfix/deferred': No such file or directory\n"
            ),
            "missing_queue",
        ),
        (
            "find: Failed to restore initial working directory: /root: Permission denied\n",
            "command_failed",
        ),
        ("Segmentation fault\n", "command_failed"),
        (
            (
                "find: '/var/spool/postfix/deferred/A/4': No such file or directory\nSegmentation"
                " fault\n"
            ),
            "command_failed",
        ),
    ],
)
def test_find_refusals(stderr, kind):
    assert find_refusal(stderr, DIRECTORY) == kind


@pytest.mark.parametrize(
    "stderr, cause",
    [
        ("a\nb\n", "b"),
        ("", "exit code 69 without a message"),
        (
            "postqueue: warning: support for x will be removed\npostqueue: fatal: open"
            " /etc/postfix/main.cf: Permission denied\npostqueue: warning: y\n",
            "postqueue: fatal: open /etc/postfix/main.cf: Permission denied",
        ),
        ("sudo: a password is required\n", "sudo: a password is required"),
    ],
)
def test_cause_is_not_a_warning_of_postfix(stderr, cause):
    assert cause_of(stderr, 69) == cause

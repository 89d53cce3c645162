# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one check of the Datadog Agent as the Agent's user, and reports the failures that the
Agent's program hides."""

from __future__ import annotations

import os
import pwd
import re

from ansible_collections.mailops.postfix.plugins.module_utils._agent.check_output import (
    CheckOutputError,
    parse_check,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

_LINES_SHOWN = 5
# What the Agent writes at its first start, and its command cannot do without: pkg/api/security in
# its source.
_STARTING = re.compile(
    r"auth_token|auth(?:entication)? token|ipc[_ ]cert|still starting", re.IGNORECASE
)


def check_binary(binary):
    """Raises HostError (bad_argument) for what cannot name the Agent's program."""
    if not binary or ("/" in binary and not os.path.isabs(binary)):
        message = f"binary={binary}: neither a name nor an absolute path"
        raise HostError("bad_argument", message, hint="Give the name alone, or the path from / on.")


def user_to_take_on(name):
    """The name again, or None where the caller is this user already. Raises HostError
    (bad_argument) where the check would prove nothing."""
    try:
        uid = pwd.getpwnam(name).pw_uid
    except KeyError:
        hint = "Install the Datadog Agent, which creates its user, or correct user."
        raise HostError(
            "bad_argument", f"user={name}: there is no such user on this host", hint=hint
        ) from None
    if uid == 0:
        message = (
            f"user={name}: as root the check walks the queues itself and proves nothing about the"
            " Agent's rights"
        )
        raise HostError(
            "bad_argument", message, hint="Name the user that the Agent runs as, mostly dd-agent."
        )
    caller = os.geteuid()
    if caller == uid:
        return None
    if caller != 0:
        message = (
            f"user={name}: the task runs as another user, of uid {caller}, who cannot take on this"
            " one's rights"
        )
        raise HostError(
            "bad_argument",
            message,
            hint="Run as root (become: true), which the check itself then does not.",
        )
    return name


def run_check(runner, binary, check):
    """Returns metrics (list of dict), warnings (list of str) and errors (list of HostError). Raises
    HostError where the check did not run."""
    try:
        rc, lines, stderr, argv = runner.run(commands.agent_check(binary, check))
    except HostError as error:
        if error.kind == "command_failed":
            raise HostError(
                "unparsed_check", error.message, error.command, stderr=error.stderr
            ) from None
        if error.kind != "not_installed":
            raise
        message = f"there is no program {binary}" if os.path.isabs(binary) else error.message
        raise HostError("agent_not_installed", message, error.command) from None
    try:
        output = parse_check(lines)
    except CheckOutputError as error:
        said = "\n".join(lines[-_LINES_SHOWN:] + [stderr])
        if _STARTING.search(said) and "permission denied" not in said.lower():
            return (
                [],
                [],
                [
                    HostError(
                        "agent_starting",
                        f"the Agent has not started yet{_quoted(said.splitlines())}",
                        argv,
                        rc,
                        stderr,
                    )
                ],
            )
        if rc != 0:
            return [], [], [_command_error(argv, rc, lines, stderr)]
        message = f"what the Agent printed is no result of a check: {error}{_quoted(lines)}"
        return [], [], [HostError("unparsed_check", message, argv, rc, stderr)]
    errors = [
        HostError("check_failed", f"the check {check} says: {said}", argv, rc, stderr)
        for said in output.errors
    ]
    if rc != 0:
        errors.append(_command_error(argv, rc, output.text, stderr))
    return output.metrics, output.warnings, errors


def _command_error(argv, rc, lines, stderr):
    """The Agent explains a configuration that it does not load on stdout, and ends with a general
    word on stderr."""
    said = list(lines) + [line for line in stderr.splitlines() if line.strip()][-1:]
    return HostError(
        "command_failed", f"the Agent ended with exit code {rc}{_quoted(said)}", argv, rc, stderr
    )


def _quoted(lines):
    said = [line.strip() for line in lines if line.strip()][-_LINES_SHOWN:]
    return f": {' / '.join(said)}" if said else ", and printed nothing"

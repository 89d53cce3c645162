# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one check of the Datadog Agent as the Agent's user, and reports the failures that the
Agent's program hides."""

from __future__ import annotations

import os
import re
from typing import Any, Iterable

from ansible_collections.mailops.postfix.plugins.module_utils._agent.check_output import (
    CheckOutputError,
    parse_check,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import (
    bad_argument,
    find_user,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner

_LINES_SHOWN = 5
# What the Agent writes at its first start, and its command needs: pkg/api/security in its source.
_STARTING = re.compile(
    r"auth_token|auth(?:entication)? token|ipc[_ ]cert|still starting", re.IGNORECASE
)


def check_binary(binary: str) -> None:
    """Raises HostError (bad_argument) for what cannot name the Agent's program."""
    if not binary or ("/" in binary and not os.path.isabs(binary)):
        raise bad_argument(
            "binary",
            binary,
            "is neither a name nor an absolute path",
            "Give the name alone, or the path from / on",
        )


def user_to_take_on(name: str) -> str | None:
    """The name again, or None where the caller is this user already. Raises HostError
    (bad_argument) where the check would prove nothing."""
    uid = find_user("user", name).pw_uid
    if uid == 0:
        raise bad_argument(
            "user",
            name,
            "is root, as whom the check walks the queues itself and proves nothing about the"
            " Agent's rights",
            "Name the user that the Agent runs as, usually dd-agent",
        )
    caller = os.geteuid()
    if caller == uid:
        return None
    if caller != 0:
        raise bad_argument(
            "user",
            name,
            f"is not the user who runs the task (uid {caller})",
            "Run as root (become: true); the check itself still runs as the Agent's user",
        )
    return name


def run_check(
    runner: Runner, binary: str, check: str
) -> tuple[list[dict[str, Any]], list[str], list[HostError]]:
    """Returns metrics, warnings and errors. Raises HostError where the check did not run."""
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
            kind = "agent_starting"
            message = f"the Agent has not started yet{_quoted(said.splitlines())}"
        elif rc != 0:
            return [], [], [_command_error(argv, rc, lines, stderr)]
        else:
            kind = "unparsed_check"
            message = f"the Agent did not print the result of a check: {error}{_quoted(lines)}"
        return [], [], [HostError(kind, message, argv, rc, stderr)]
    errors = [
        HostError("check_failed", f"the check {check} reports: {said}", argv, rc, stderr)
        for said in output.errors
    ]
    if rc != 0:
        errors.append(_command_error(argv, rc, output.text, stderr))
    return output.metrics, output.warnings, errors


def _command_error(argv: list[str], rc: int, lines: list[str], stderr: str) -> HostError:
    """The Agent explains on stdout why it does not load a configuration, and ends with a general
    message on stderr."""
    said = list(lines) + [line for line in stderr.splitlines() if line.strip()][-1:]
    return HostError(
        "command_failed", f"the Agent ended with exit code {rc}{_quoted(said)}", argv, rc, stderr
    )


def _quoted(lines: Iterable[str]) -> str:
    said = [line.strip() for line in lines if line.strip()][-_LINES_SHOWN:]
    return f": {' / '.join(said)}" if said else ", and printed nothing"

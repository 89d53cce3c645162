# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a task can be done by the script, and what comes of it."""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.gathering import Request
from ansible_collections.mailops.postfix.plugins.module_utils._queue.options import (
    ARGUMENTS,
    EXCLUSIVE,
    checked_request,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather import (
    answer,
    frame,
    replay,
    script,
)

UnseenError = replay.UnseenError

_SHOWN = 200
command = script.command
# The controller must not expand what stands for something on the host.
_ARGUMENTS = {
    name: {key: "str" if value == "path" else value for key, value in spec.items()}
    for name, spec in ARGUMENTS.items()
}


class Task(NamedTuple):
    """What the script is to find out. directories: configuration directories, or None for every
    enabled instance; timeout: seconds; mark: the word by which its answer is known."""

    request: Request
    directories: list[str] | None
    timeout: int
    mark: str

    @property
    def script(self) -> str:
        """The script."""
        return script.render(self.request, self.directories, self.timeout, self.mark)

    def facts(
        self, output: bytes, stderr: str = ""
    ) -> tuple[dict[str, Any] | None, list[str], list[dict[str, Any]]]:
        """Facts, warnings and errors, as gather returns them on the host, from what the script
        printed; stderr: that of the connection, which says why there is no answer.

        Raises HostError (torn_answer) and UnseenError."""
        try:
            found = answer.parse(frame.unpack(output, self.mark))
        except answer.AnswerError as error:
            raise UnseenError(str(error)) from None
        except frame.NoAnswerError as error:
            said = stderr.strip().splitlines()[-1:] or ["nothing on stderr"]
            raise UnseenError(f"{error} and {said[0][:_SHOWN]}") from None
        return replay.facts(found, self.directories, self.request, self.timeout)


def checked_task(arguments: dict[str, Any]) -> Task:
    """The task with these options. Raises UnseenError for what only the module does, which includes
    to refuse options."""
    checked = ArgumentSpecValidator(_ARGUMENTS, mutually_exclusive=EXCLUSIVE).validate(arguments)
    if checked.error_messages:
        raise UnseenError("of its options")
    options = checked.validated_parameters
    try:
        request = checked_request(options)
    except HostError:
        raise UnseenError("of its options") from None
    directories: list[str] | None = options["config_directory"]
    for path in [*(directories or []), request.queue_directory or "/"]:
        if not path.isprintable() or "$" in path or path.startswith("~"):
            raise UnseenError("a path has to be expanded on the host")
    for name in ("details", "run_as", "sudo_user"):
        if options[name]:
            raise UnseenError(f"{name} is set")
    if set().union(*request.limits.values()) - {"count"}:
        raise UnseenError("limits need size or age")
    return Task(request, directories, options["timeout"], secrets.token_hex(8))


def refusal(connection: Any, wrap_async: int) -> str | None:
    """Why the script cannot be sent over a connection; None if it can. wrap_async: the task's
    seconds in the background, 0 in the foreground."""
    if wrap_async:
        return "the task is asynchronous"
    if getattr(connection._shell, "SHELL_FAMILY", None) != "sh":
        return "the connection has no POSIX shell"
    if not connection.has_pipelining:
        return f"the connection {connection.transport} takes no input for a command"
    become = getattr(connection, "become", None)
    if become is None:
        return None
    if not become.pipelining or become.require_tty:
        return f"the become method {become.name} needs a terminal"
    # Without pipelining others than ssh may give sudo a terminal to read the password from, and
    # with it the script.
    if connection.transport != "ssh" and become.get_option("become_pass"):
        return "the become method asks for a password, and the connection is not ssh"
    return None

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a function in a child process with another user's rights, so that root never acts for
somebody else."""

from __future__ import annotations

import json
import os
import pwd
import select
import signal
import time
from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.files import LIMIT, owner_of
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

NOBODY = 65534
# Bytes.
_ANSWER_LIMIT = 8 * LIMIT
_GRACE = 1.0


def as_user(uid: int, deadline: Deadline, function: Callable[..., Any], *arguments: Any) -> Any:
    """What function(*arguments) returns, in a child with this user's rights; must be made of what
    JSON knows.

    Raises what the function raises: HostError as it is, any other error as one of kind
    permission_denied or command_failed; and HostError (timeout)."""
    return _in_child(lambda: uid, deadline, function, *arguments)


def as_owner(path: str, deadline: Deadline, function: Callable[..., Any], *arguments: Any) -> Any:
    """The same with the rights of owner_of(path). Where the path ends early, those of what there is
    of it."""
    return _in_child(lambda: _owner_of_what_there_is(path), deadline, function, *arguments)


def _owner_of_what_there_is(path: str) -> int:
    while True:
        try:
            return owner_of(path)
        except FileNotFoundError:
            path = os.path.dirname(path)


def _in_child(
    find_uid: Callable[[], int], deadline: Deadline, function: Callable[..., Any], *arguments: Any
) -> Any:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            answer = _answer(find_uid, function, *arguments)
            with open(writer, "w", encoding="utf-8") as stream:
                json.dump(answer, stream)
            status = 0
        finally:
            # Nothing of the parent's is flushed or cleaned up here.
            os._exit(status)
    os.close(writer)
    try:
        said = _read_answer(reader, deadline)
    finally:
        os.close(reader)
        _end(child)
    if "error" in said:
        raise HostError(**said["error"])
    return said["result"]


def _end(child: int) -> None:
    """Kills the child; one that hangs in the kernel is left behind."""
    os.kill(child, signal.SIGKILL)
    end = time.monotonic() + _GRACE
    while not os.waitpid(child, os.WNOHANG)[0] and time.monotonic() < end:
        time.sleep(0.001)


def _take_on(uid: int) -> None:
    if os.geteuid() != 0 or uid == 0:
        return
    try:
        user = pwd.getpwuid(uid)
        os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
        os.setgid(user.pw_gid)
    except KeyError:
        os.setgroups([])
        # A group of the same number may be anybody's.
        os.setgid(NOBODY)
    os.setuid(uid)


def _answer(
    find_uid: Callable[[], int], function: Callable[..., Any], *arguments: Any
) -> dict[str, Any]:
    try:
        _take_on(find_uid())
        return {"result": function(*arguments)}
    except HostError as error:
        return {"error": {"kind": error.kind, "message": error.message, "hint": error.hint}}
    except OSError as error:
        kind = "permission_denied" if isinstance(error, PermissionError) else "command_failed"
        place = error.filename if isinstance(error.filename, str) else "a file"
        hint = (
            f"Look at this file and its directory as root ('namei -l'); user {os.geteuid()} must be"
            " able to work there."
        )
        return {
            "error": {"kind": kind, "message": f"{place}: {error.strerror or error}", "hint": hint}
        }
    except Exception as error:
        return {
            "error": {
                "kind": "command_failed",
                "message": f"{type(error).__name__}: {error}",
                "hint": "Report this as a bug.",
            }
        }


def _read_answer(reader: int, deadline: Deadline) -> dict[str, Any]:
    said = bytearray()
    while True:
        if not select.select([reader], [], [], deadline.remaining())[0]:
            message = f"work on the files of another user did not end within {deadline.seconds:g} s"
            raise HostError(
                "timeout",
                message,
                hint="Look for a file system that hangs ('ls -ld' on each directory of the path).",
            )
        chunk = os.read(reader, 65536)
        said += chunk
        if len(said) > _ANSWER_LIMIT:
            raise HostError(
                "command_failed",
                f"work on the files of another user answered more than {_ANSWER_LIMIT} bytes",
            )
        if not chunk:
            break
    if not said:
        raise HostError(
            "command_failed", "work on the files of another user ended without an answer"
        )
    return json.loads(said.decode("utf-8"))

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a function in a child process with another user's rights, so that root never acts on behalf
of somebody else."""

from __future__ import annotations

import json
import os
import pwd
import select
import signal
import time
from typing import Any, Callable, cast

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.files import LIMIT, owner_of
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import (
    CAPABILITIES_HINT,
    Deadline,
)

NOBODY = 65534
# Bytes.
_ANSWER_LIMIT = 8 * LIMIT
_GRACE = 1.0


def as_user(uid: int, deadline: Deadline, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return function(*arguments), run in a child with this user's rights; the result must be
    serializable as JSON.

    Raises HostError: that of the function, timeout, or permission_denied or command_failed for
    any other exception."""
    return _in_child(lambda: uid, deadline, function, *arguments)


def as_owner(path: str, deadline: Deadline, function: Callable[..., Any], *arguments: Any) -> Any:
    """Like as_user, with the rights of files.owner_of(path), or of its nearest parent directory
    that exists."""
    return _in_child(lambda: _owner_of_nearest(path), deadline, function, *arguments)


def _owner_of_nearest(path: str) -> int:
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
        try:
            os.close(reader)
            stream = open(writer, "w", encoding="utf-8")
            json.dump(_answer(find_uid, function, *arguments), stream)
            # Not closed: the end of the answer is the end of this process, which _end may kill.
            stream.flush()
        finally:
            # Flush and clean up nothing that belongs to the parent.
            os._exit(0)
    os.close(writer)
    try:
        answer = _read_answer(reader, deadline)
    finally:
        os.close(reader)
        _end(child)
    if "error" in answer:
        raise HostError(**answer["error"])
    return answer["result"]


def _end(child: int) -> None:
    """Kill the child; do not wait for one that hangs in the kernel."""
    os.kill(child, signal.SIGKILL)
    end = time.monotonic() + _GRACE
    while not os.waitpid(child, os.WNOHANG)[0] and time.monotonic() < end:
        time.sleep(0.001)


def _take_on(uid: int) -> None:
    if os.geteuid() != 0 or uid == 0:
        return
    try:
        user = pwd.getpwuid(uid)
        groups, gid = os.getgrouplist(user.pw_name, user.pw_gid), user.pw_gid
    except KeyError:
        # The group with the user's number may belong to somebody else.
        groups, gid = [], NOBODY
    try:
        os.setgroups(groups)
        os.setgid(gid)
        os.setuid(uid)
    except OSError as error:
        raise HostError(
            "command_failed",
            f"the rights of user {uid} cannot be taken on: {error.strerror}",
            hint=CAPABILITIES_HINT,
        ) from None


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
            f"Check the owner and mode of each directory on the path ('namei -l', as root); user"
            f" {os.geteuid()} needs access to this file."
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
    answer = bytearray()
    while True:
        if not select.select([reader], [], [], deadline.remaining())[0]:
            raise HostError(
                "timeout",
                f"file access did not end within {deadline.seconds:g} s",
                hint="Look for a file system that hangs ('ls -ld' on each directory of the path).",
            )
        chunk = os.read(reader, 65536)
        answer += chunk
        if len(answer) > _ANSWER_LIMIT:
            raise HostError(
                "command_failed",
                f"file access returned more than {_ANSWER_LIMIT} bytes",
            )
        if not chunk:
            break
    try:
        return cast("dict[str, Any]", json.loads(answer.decode("utf-8")))
    except ValueError:
        # Something ended the child before it had written all or any of it.
        raise HostError("command_failed", "file access ended without a result") from None

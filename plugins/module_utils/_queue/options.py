# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of postfix_queue: their types, and what of them fits together."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import DETAILS
from ansible_collections.mailops.postfix.plugins.module_utils._queue.gathering import Request
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES

_BOUNDS = {
    "type": "dict",
    "options": {what: {"type": "int"} for what in ("count", "age", "size")},
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "method": {"type": "str", "choices": ["auto", "find", "postqueue"], "default": "auto"},
    "queues": {"type": "list", "elements": "str", "choices": list(QUEUES)},
    "config_directory": {"type": "list", "elements": "path"},
    "queue_directory": {"type": "path"},
    "sudo_user": {"type": "str"},
    "run_as": {"type": "str"},
    "details": {"type": "list", "elements": "str", "choices": list(DETAILS), "default": []},
    "top": {"type": "int", "default": 10},
    "limits": {"type": "dict", "options": dict.fromkeys(QUEUES, _BOUNDS)},
    "require_running": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 30},
}
EXCLUSIVE = [("config_directory", "queue_directory")]


def check_options(options: dict[str, Any]) -> None:
    """Raises HostError for options that exclude each other or are out of range."""
    for name in ("timeout", "top"):
        if options[name] <= 0:
            raise _bad(f"{name}={options[name]}", "not above 0", "Set a number above 0.")
    for name in ("queues", "config_directory"):
        if options[name] == []:
            raise _bad(f"{name}=[]", "empty", f"List at least one, or leave out {name} for all.")
    check_texts(options)
    for name in ("queue_directory", "sudo_user"):
        if options[name] is not None and options["method"] == "postqueue":
            raise _bad("method=postqueue", f"{name} requires find", f"Leave out method or {name}.")
    if options["queue_directory"] is not None and options["require_running"]:
        raise _bad(
            "require_running=true",
            "queue_directory is counted without Postfix",
            "Leave out queue_directory or require_running.",
        )


def check_texts(options: dict[str, Any]) -> None:
    """Raises HostError for paths and names that cannot be such."""
    paths = [("config_directory", path) for path in options["config_directory"] or []]
    paths.append(("queue_directory", options["queue_directory"]))
    users = [(name, options[name]) for name in ("sudo_user", "run_as")]
    for name, text in paths + users:
        if text is not None and "\0" in text:
            raise _bad(f"{name}={text!r}", "contains a NUL", "Remove the NUL.")
    for name, path in paths:
        if path is not None and not os.path.isabs(path):
            raise _bad(f"{name}={path}", "not an absolute path", "Set a path that begins with /.")
    for name, user in users:
        if user is not None and (not user or user.startswith("-")):
            raise _bad(f"{name}={user}", "not the name of a user", "Set the name of a user.")


def chosen_limits(options: dict[str, Any]) -> dict[str, dict[str, int]]:
    """The limits that are set, by queue. Raises HostError for one that makes no sense."""
    limits: dict[str, dict[str, int]] = {}
    for queue, bounds in (options["limits"] or {}).items():
        for what, bound in (bounds or {}).items():
            if bound is None:
                continue
            if bound < 0:
                raise _bad(f"limits.{queue}.{what}={bound}", "below 0", "Set 0 or more.")
            if options["queues"] and queue not in options["queues"]:
                raise _bad(
                    f"limits.{queue}.{what}={bound}",
                    f"{queue} is not in queues",
                    f"Add {queue} to queues, or remove this limit.",
                )
            limits.setdefault(queue, {})[what] = bound
    return limits


def checked_request(options: dict[str, Any]) -> Request:
    """The options as a Request. Raises HostError."""
    check_options(options)
    limits = chosen_limits(options)
    if options["queue_directory"]:
        beyond = set(options["details"]).union(*limits.values()) - {"age", "count"}
        if beyond:
            raise _bad(
                f"queue_directory={options['queue_directory']}",
                f"only Postfix can show {', '.join(sorted(beyond))}",
                "Leave out queue_directory, or these details and limits.",
            )
    return Request(
        method=options["method"],
        queues=[queue for queue in QUEUES if queue in (options["queues"] or QUEUES)],
        named=bool(options["queues"]),
        queue_directory=options["queue_directory"]
        and (options["queue_directory"].rstrip("/") or "/"),
        sudo_user=options["sudo_user"],
        details=frozenset(options["details"]),
        top=options["top"],
        limits=limits,
        require_running=options["require_running"],
    )


def _bad(option: str, cause: str, hint: str) -> HostError:
    return HostError("bad_argument", f"{option}: {cause}", hint=hint)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the configuration of the Agent's Postfix check, and enables the collection of logs, as the
owner of the Agent's directory."""

from __future__ import annotations

import os
import pwd
import stat
import time
from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.module_utils._agent import (
    directory as agent_directory,
)
from ansible_collections.mailops.postfix.plugins.module_utils._agent.settings import (
    set_environment_switch,
    set_yaml_switch,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import children, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import (
    bad_argument,
    find_user,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.managed import (
    MARKER,
    difference,
    marked,
    permissions,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

_FOLDER, _FILE = "postfix.d", "conf.yaml"
_MODE, _FOLDER_MODE = 0o640, 0o755
# The file, what sets the key, and the key, by the option's value.
_SWITCHES: dict[str, tuple[str, Callable[..., Any], str]] = {
    "datadog_yaml": (agent_directory.MAIN_FILE, set_yaml_switch, "logs_enabled"),
    "environment": (agent_directory.ENVIRONMENT, set_environment_switch, "DD_LOGS_ENABLED"),
}


def configure(options: dict[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Makes the Agent's files as the options of datadog_agent_config say, and returns changed,
    file, backup_file and diff.

    Looks at everything before the first change. Raises HostError.
    """
    options = agent_directory.with_defaults(options)
    present = options["state"] == "present"
    if present:
        _check_content(options.get("content") or "")
        find_user("user", options["user"])
    configuration = _Configuration(options, deadline)
    if present:
        # The switch first: a check that collects logs is of no use without it.
        configuration.plan_switch()
        configuration.plan_file()
    else:
        configuration.plan_removal()
    return configuration.apply(check_mode)


class _Configuration:
    def __init__(self, options: dict[str, Any], deadline: Deadline) -> None:
        self._options, self._deadline = options, deadline
        self._directory = options["config_directory"]
        self._settings = agent_directory.read_settings(self._directory, deadline)
        self._confd = agent_directory.find_confd(self._directory, options["user"], self._settings)
        self._folder = os.path.join(self._confd.path, _FOLDER)
        self._file = os.path.join(self._folder, _FILE)
        self._steps: list[Callable[[], Any]] = []
        self._diff: list[dict[str, str]] = []
        self._backup: str | None = None

    def apply(self, check_mode: bool) -> dict[str, Any]:
        for step in self._steps if not check_mode else []:
            step()
        return {
            "changed": bool(self._steps),
            "file": self._file,
            "backup_file": None if check_mode else self._backup,
            "diff": self._diff,
        }

    def plan_removal(self) -> None:
        if not self._settings.exists or self._look_at_folder() is None:
            return
        current = self._read(self._file)
        if current and marked(current.text):
            self._step(self._file, files.remove, self._file)
            self._diff.append(difference(self._file, current.text, None))

    def plan_switch(self) -> None:
        if not self._settings.exists:
            raise _not_installed(self._directory)
        if self._options["logs_enabled_in"] not in _SWITCHES:
            return
        name, change, key = _SWITCHES[self._options["logs_enabled_in"]]
        path = os.path.join(self._directory, name)
        if name in self._settings.errors:
            raise self._settings.errors[name]
        current = self._settings.files[name]
        if current is None and name == agent_directory.MAIN_FILE:
            raise _not_installed(path)
        changed = agent_directory.understand(path, change, current.text if current else "", key)
        if changed is None:
            return
        user = self._check_owner(path, children.as_owner(path, self._deadline, os.geteuid))
        # Of a file that holds keys, no other line.
        before = changed.before and changed.before + "\n"
        self._diff.append(difference(path, before, changed.after + "\n"))
        arguments = _of(current) if current else (_MODE,)
        self._steps.append(
            lambda: children.as_owner(
                path, self._deadline, _write, path, changed.text, user.pw_gid, *arguments
            )
        )

    def plan_file(self) -> None:
        folder = self._look_at_folder()
        if folder is None:
            raise HostError(
                "bad_config",
                f"there is no directory {self._confd.path}",
                hint="Install the Datadog Agent, or correct confd_path in its configuration.",
            )
        user = self._check_owner(self._file, folder["uid"])
        content = self._options["content"]
        if not marked(content):
            content = f"{MARKER}\n{content}"
        current = self._read(self._file)
        if current is None or current.text != content:
            self._diff.append(difference(self._file, current.text if current else None, content))
        elif (current.mode, current.gid) != (_MODE, user.pw_gid) or current.uid not in (
            folder["uid"],
            user.pw_uid,
        ):
            before = permissions(current.mode, current.uid, current.gid)
            after = permissions(_MODE, folder["uid"], user.pw_gid)
            self._diff.append(difference(self._file, before, after))
        else:
            return
        if not folder["exists"]:
            self._step(self._folder, files.make_directory, self._folder, _FOLDER_MODE, user.pw_gid)
        if current and self._options["backup"] and not marked(current.text):
            self._plan_backup(current, user.pw_gid)
        self._step(self._file, _write, self._file, content, user.pw_gid, _MODE)

    def _plan_backup(self, current: agent_directory.Text, gid: int) -> None:
        # The Agent loads no name that ends like this.
        backup = f"{self._file}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}~"
        if self._read(backup):
            raise HostError(
                "unsafe_path", f"{backup} exists already", hint="Run this again a second later."
            )
        self._step(backup, _write, backup, current.text, gid, *_of(current))
        self._backup = backup

    def _step(self, path: str, function: Callable[..., Any], *arguments: Any) -> None:
        self._steps.append(lambda: self._confd.run(path, self._deadline, function, *arguments))

    def _read(self, path: str) -> agent_directory.Text | None:
        answer = self._confd.run(path, self._deadline, agent_directory.read_text, path)
        return agent_directory.Text(*answer) if answer else None

    def _look_at_folder(self) -> Any:
        return self._confd.run(self._file, self._deadline, _look_at_folder, self._folder)

    def _check_owner(self, path: str, uid: int) -> pwd.struct_passwd:
        """The Agent's user. Raises HostError (bad_argument) where what is written would belong to a
        third user, whom the Agent need not trust and whose files it may not read."""
        user = pwd.getpwnam(self._options["user"])
        if uid in (0, user.pw_uid):
            return user
        if os.geteuid() != 0:
            raise bad_argument(
                "config_directory",
                self._directory,
                f"is written to by uid {uid}, who runs the task, but the Agent runs as"
                f" {user.pw_name}",
                "Run as root (become: true), or correct user",
            )
        raise bad_argument(
            "config_directory",
            self._directory,
            f"belongs to uid {uid} where {path} is, but the Agent runs as {user.pw_name}",
            f"Give the directory to {user.pw_name} or to root (chown), or correct user",
        )


def _check_content(content: str) -> None:
    hint = "Give the whole text of conf.yaml, or state=absent"
    if not content.strip():
        raise bad_argument("content", content, "is empty", hint)
    if len(content) > files.LIMIT // 4:
        wrong = f"begins a text of more than {files.LIMIT // 4} characters"
        raise bad_argument("content", content[:20], wrong, "Shorten it")


def _not_installed(path: str) -> HostError:
    return HostError(
        "agent_not_installed",
        f"there is no {path}",
        hint="Install the Datadog Agent, or correct config_directory.",
    )


def _look_at_folder(folder: str) -> dict[str, Any] | None:
    """Whether the directory exists, and with whose rights this runs (uid); None where its own
    directory does not exist."""
    try:
        with files.Place(folder) as place:
            status = place.status()
    except FileNotFoundError:
        return None
    if status is not None and not stat.S_ISDIR(status.st_mode):
        raise files.unsafe(folder, f"{files.kind_of(status)}, not a directory")
    return {"exists": status is not None, "uid": os.geteuid()}


def _of(text: agent_directory.Text) -> tuple[int, int, int]:
    return text.mode, text.gid, text.uid


def _write(
    path: str, text: str, usual_gid: int, mode: int, gid: int | None = None, uid: int | None = None
) -> None:
    """gid: the group to keep, where this user may give it, else usual_gid; uid: the owner to keep,
    which only root can."""
    is_root = os.geteuid() == 0
    keeps = gid is not None and (is_root or gid in os.getgroups())
    files.write(
        path,
        text.encode("utf-8", "surrogateescape"),
        mode,
        gid if keeps else usual_gid,
        uid if is_root else None,
    )

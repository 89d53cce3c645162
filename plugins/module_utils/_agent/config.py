# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the configuration of one check of the Datadog Agent, and switches on the collection of
logs, as the owner of the Agent's directory."""

from __future__ import annotations

import os
import pwd
import re
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
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

MARKER = "# Managed by Ansible (mailops.postfix.datadog_postfix): changes are overwritten."
_CHECK = re.compile(r"[A-Za-z0-9_][\w.-]*\Z")
_MODE, _FOLDER_MODE = 0o640, 0o755
# The file, the option's value, what sets the key and the key.
_SWITCHES: dict[str, tuple[str, Callable[..., Any], str]] = {
    "datadog_yaml": (agent_directory.MAIN_FILE, set_yaml_switch, "logs_enabled"),
    "environment": (agent_directory.ENVIRONMENT, set_environment_switch, "DD_LOGS_ENABLED"),
}


def configure(options: dict[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Makes the Agent's files as the options of datadog_agent_config say, and returns changed,
    path, backup_file and diff.

    Looks at everything before the first change. Raises HostError.
    """
    return _Configuration(options, deadline).apply(check_mode)


class _Configuration:
    def __init__(self, options: dict[str, Any], deadline: Deadline) -> None:
        self._options = agent_directory.with_defaults(options)
        _check_options(self._options)
        self._present = self._options["state"] == "present"
        self._deadline = deadline
        self._directory = self._options["config_directory"]
        self._user = self._find_user()
        self._settings = agent_directory.read_settings(self._directory, deadline)
        if self._present and not self._settings.exists:
            raise _not_installed(self._directory)
        self._confd = agent_directory.find_confd(
            self._directory, self._options["user"], self._settings
        )
        self._folder = os.path.join(self._confd.path, self._options["check"] + ".d")
        self._file = os.path.join(self._folder, "conf.yaml")
        self._steps: list[Callable[[], Any]] = []
        self._diff: list[dict[str, Any]] = []
        self._backup: str | None = None

    def apply(self, check_mode: bool) -> dict[str, Any]:
        if not self._present:
            self._plan_removal()
        else:
            # The switch first: a check that collects logs is of no use without it.
            self._plan_switch()
            self._plan_file()
        if not check_mode:
            for step in self._steps:
                step()
        backup = None if check_mode else self._backup
        return {
            "changed": bool(self._steps),
            "path": self._file,
            "backup_file": backup,
            "diff": self._diff,
        }

    def _find_user(self) -> pwd.struct_passwd | None:
        name = self._options["user"]
        try:
            return pwd.getpwnam(name)
        except KeyError:
            if not self._present:
                return None
            hint = "Install the Datadog Agent, which creates its user, or correct user."
            raise HostError(
                "bad_argument", f"user={name}: there is no such user on this host", hint=hint
            ) from None

    def _plan_removal(self) -> None:
        if not self._settings.exists or self._look_at_folder() is None:
            return
        current = self._read(self._file)
        if current and current.text.startswith(self._options["marker"]):
            self._steps.append(
                lambda: self._confd.run(self._file, self._deadline, files.remove, self._file)
            )
            self._diff.append(_difference(self._file, current.text, ""))

    def _plan_switch(self) -> None:
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
        self._check_owner(path, children.as_owner(path, self._deadline, os.geteuid))
        # Of a file that holds keys, no other line.
        self._diff.append(
            _difference(path, changed.before and changed.before + "\n", changed.after + "\n")
        )
        if current is None:
            arguments = [_MODE, self._user.pw_gid, None]
        else:
            arguments = [current.mode, current.gid, current.uid]
        self._steps.append(
            lambda: children.as_owner(
                path, self._deadline, _write, path, changed.text, self._user.pw_gid, *arguments
            )
        )

    def _plan_file(self) -> None:
        folder = self._look_at_folder()
        if folder is None:
            hint = "Install the Datadog Agent, or correct confd_path in its configuration."
            raise HostError("bad_config", f"there is no directory {self._confd.path}", hint=hint)
        self._check_owner(self._file, folder["uid"])
        content = self._options["content"]
        marker = self._options["marker"]
        if not content.startswith(marker):
            content = f"{marker}\n{content}"
        current = self._read(self._file)
        if current and current.text == content:
            if (
                current.mode == _MODE
                and current.gid == self._user.pw_gid
                and current.uid in (folder["uid"], self._user.pw_uid)
            ):
                return
            before, after = (
                _access(current.mode, current.uid, current.gid),
                _access(_MODE, folder["uid"], self._user.pw_gid),
            )
            self._diff.append(_difference(self._file, before, after))
        else:
            self._diff.append(_difference(self._file, current.text if current else "", content))
        if not folder["exists"]:
            self._step(
                self._folder, files.make_directory, self._folder, _FOLDER_MODE, self._user.pw_gid
            )
        if current and self._options["backup"] and not current.text.startswith(marker):
            # The Agent loads no name that ends like this.
            self._backup = f"{self._file}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}~"
            if self._read(self._backup):
                raise HostError(
                    "unsafe_path",
                    f"{self._backup} is there already",
                    hint="Run this again a second later.",
                )
            self._step(
                self._backup,
                _write,
                self._backup,
                current.text,
                self._user.pw_gid,
                current.mode,
                current.gid,
                current.uid,
            )
        self._step(self._file, _write, self._file, content, self._user.pw_gid, _MODE)

    def _step(self, path: str, function: Callable[..., Any], *arguments: Any) -> None:
        self._steps.append(lambda: self._confd.run(path, self._deadline, function, *arguments))

    def _read(self, path: str) -> agent_directory.Text | None:
        answer = self._confd.run(path, self._deadline, agent_directory.read_text, path)
        return agent_directory.Text(*answer) if answer else None

    def _look_at_folder(self) -> dict[str, Any] | None:
        return self._confd.run(self._file, self._deadline, _look_at_folder, self._folder)

    def _check_owner(self, path: str, uid: int) -> None:
        """Raises HostError (bad_argument) where what is written would be another user's, whom the
        Agent need not trust and may not read."""
        if self._user is None or uid in (0, self._user.pw_uid):
            return
        option = f"config_directory={self._directory}"
        if os.geteuid() != 0:
            message = f"{option}: the task runs as uid {uid}, and the Agent as {self._user.pw_name}"
            raise HostError(
                "bad_argument", message, hint="Run as root (become: true), or correct user."
            )
        message = (
            f"{option}: the directory of {path} belongs to uid {uid}, and the Agent runs as"
            f" {self._user.pw_name}"
        )
        raise HostError(
            "bad_argument",
            message,
            hint=f"Give the directory to {self._user.pw_name} or to root (chown), or correct user.",
        )


def _check_options(options: dict[str, Any]) -> None:
    if not _CHECK.match(options["check"]):
        raise HostError(
            "bad_argument",
            f"check={options['check']}: not the name of a check",
            hint="Name the check, such as postfix.",
        )
    marker = options["marker"]
    if not re.match(r"#.*\Z", marker):
        message = f"marker={marker}: not one line that begins with #"
        raise HostError(
            "bad_argument", message, hint="Give a comment that only your files begin with."
        )
    content = options.get("content")
    if options["state"] == "present" and not (content or "").strip():
        raise HostError(
            "bad_argument",
            "content: nothing is given",
            hint="Give the whole text of conf.yaml, or state=absent.",
        )
    if content and len(content) > files.LIMIT // 4:
        raise HostError(
            "bad_argument", f"content: more than {files.LIMIT // 4} characters", hint="Shorten it."
        )


def _not_installed(path: str) -> HostError:
    hint = "Install the Datadog Agent, or correct config_directory."
    return HostError("agent_not_installed", f"there is no {path}", hint=hint)


def _look_at_folder(folder: str) -> dict[str, Any] | None:
    """Whether the directory exists, and with whose rights this is done; None where its own
    directory does not exist."""
    try:
        with files.Place(folder) as place:
            status = place.status()
    except FileNotFoundError:
        return None
    if status is not None and not stat.S_ISDIR(status.st_mode):
        raise files.unsafe(folder, f"{files.kind_of(status)}, not a directory")
    return {"exists": status is not None, "uid": os.geteuid()}


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


def _access(mode: int, uid: int, gid: int) -> str:
    return f"mode {mode:04o}, uid {uid}, gid {gid}\n"


def _difference(path: str, before: str, after: str) -> dict[str, str]:
    return {
        "before_header": path,
        "after_header": path,
        "before": _printable(before),
        "after": _printable(after),
    }


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the Datadog Agent keeps its files on this system, and their content, read with the
rights of those who own the directories."""

from __future__ import annotations

import os
import pwd
import sys
from typing import Any, Callable, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._agent.settings import (
    SettingError,
    parse_environment_path,
    parse_yaml_path,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import children, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import bad_argument
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

MAIN_FILE, ENVIRONMENT = "datadog.yaml", "environment"
SUFFIXES = (".yaml", ".yml")
_LINUX = {
    "user": "dd-agent",
    "binary": "datadog-agent",
    "config_directory": "/etc/datadog-agent",
    "service": "datadog-agent",
}
_MACOS = {
    **_LINUX,
    "binary": "/opt/datadog-agent/bin/agent/agent",
    "config_directory": "/opt/datadog-agent/etc",
    "service": "com.datadoghq.agent",
}


def with_defaults(options: dict[str, Any]) -> dict[str, Any]:
    """The options, with the platform's default for what is not set. Raises HostError
    (bad_argument)."""
    defaults = _MACOS if sys.platform == "darwin" else _LINUX
    complete = dict(
        options, **{name: options.get(name) or value for name, value in defaults.items()}
    )
    directory = complete["config_directory"]
    if not os.path.isabs(directory):
        raise bad_argument(
            "config_directory", directory, "is not an absolute path", "Give the path from / on"
        )
    return complete


class Text(NamedTuple):
    """A text file. trusted: whether nobody but root can change it."""

    text: str
    mode: int
    uid: int
    gid: int
    trusted: bool


class Settings(NamedTuple):
    """exists: whether the Agent's directory does; files: its two files of settings, None for one
    that does not exist; errors: why one cannot be read, by its name."""

    exists: bool
    files: dict[str, Text | None]
    errors: dict[str, HostError]


class ConfD(NamedTuple):
    """The directory of the checks' configuration. uid: whose rights to use there; None means
    those of the directories' owner."""

    path: str
    uid: int | None

    def run(
        self, path: str, deadline: Deadline, function: Callable[..., Any], *arguments: Any
    ) -> Any:
        """What function(*arguments) returns with these rights. Raises HostError."""
        if self.uid is None:
            return children.as_owner(path, deadline, function, *arguments)
        return children.as_user(self.uid, deadline, function, *arguments)


def read_text(path: str) -> list[Any] | None:
    """A Text as a list, for JSON; None where there is no such file. Raises HostError and
    OSError."""
    file = files.look(path)
    if file is None:
        return None
    status = file.status
    return list(
        Text(
            file.content.decode("utf-8", "surrogateescape"),
            status.st_mode & 0o777,
            status.st_uid,
            status.st_gid,
            file.trusted,
        )
    )


def read_settings(directory: str, deadline: Deadline) -> Settings:
    """The Agent's own settings. Raises HostError for the directory."""
    main = os.path.join(directory, MAIN_FILE)
    if not children.as_owner(main, deadline, _is_reached, main):
        return Settings(False, dict.fromkeys((MAIN_FILE, ENVIRONMENT)), {})
    found: dict[str, Text | None] = {}
    errors = {}
    for name in (MAIN_FILE, ENVIRONMENT):
        path = os.path.join(directory, name)
        try:
            answer = children.as_owner(path, deadline, read_text, path)
            found[name] = Text(*answer) if answer else None
        except HostError as error:
            found[name], errors[name] = None, error
    return Settings(True, found, errors)


def _is_reached(path: str) -> bool:
    try:
        with files.Place(path):
            return True
    except FileNotFoundError:
        return False


def find_confd(directory: str, user: str, settings: Settings) -> ConfD:
    """The directory that the Agent reads. Raises HostError (bad_config, and why the settings could
    not be read)."""
    for name, parse, key in (
        (ENVIRONMENT, parse_environment_path, "DD_CONFD_PATH"),
        (MAIN_FILE, parse_yaml_path, "confd_path"),
    ):
        error = settings.errors.get(name)
        # Systemd reads the environment as root, so it may be closed to the Agent's user.
        if error and (name, error.kind) != (ENVIRONMENT, "permission_denied"):
            raise error
        file = settings.files[name]
        if file is None:
            continue
        path = understand(os.path.join(directory, name), parse, file.text, key)
        if path is None:
            continue
        if not os.path.isabs(path):
            raise HostError(
                "bad_config",
                f"{os.path.join(directory, name)}: the value of {key} is not an absolute path",
                hint="Write it as an absolute path.",
            )
        # Whoever can write there must not make root work elsewhere.
        return ConfD(
            os.path.normpath(path),
            None if file.trusted else _uid(user) or file.uid or children.NOBODY,
        )
    return ConfD(os.path.join(directory, "conf.d"), None)


def _uid(user: str) -> int:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return 0


def understand(path: str, parse: Callable[..., Any], text: str, key: str) -> Any:
    """What parse(text, key) returns. Raises HostError (bad_config) with the file's name."""
    try:
        return parse(text, key)
    except SettingError as error:
        raise HostError(
            "bad_config",
            f"{path}: {error}",
            hint=f"Write {key} plainly there, on a separate line.",
        ) from None

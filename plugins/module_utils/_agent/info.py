# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describes the Datadog Agent of a host and its running process, as far as the caller's rights
go."""

from __future__ import annotations

import itertools
import os
import stat
import sys
from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.module_utils._agent import (
    directory as agent_directory,
)
from ansible_collections.mailops.postfix.plugins.module_utils._agent import (
    process as agent_process,
)
from ansible_collections.mailops.postfix.plugins.module_utils._agent.settings import (
    parse_environment_switch,
    parse_yaml_switch,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import children, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host

_CHECK = "postfix"
_NAMES = 10000


def describe_agent(
    runner: Runner,
    host: Host,
    options: dict[str, Any],
    processes: agent_process.Processes | None = None,
) -> dict[str, Any]:
    """What datadog_agent_info returns; its C(unknown) is a list of dict (what, why). options: see
    agent_directory.with_defaults. Raises HostError (bad_argument)."""
    return _Description(
        runner, host, agent_directory.with_defaults(options), processes or agent_process.Processes()
    ).describe()


class _Description:
    def __init__(
        self,
        runner: Runner,
        host: Host,
        options: dict[str, Any],
        processes: agent_process.Processes,
    ) -> None:
        self._runner, self._host, self._options, self._processes = runner, host, options, processes
        self._deadline: Deadline = runner.deadline
        self._directory = options["config_directory"]
        self._user = host.user(options["user"])
        self._unknown: list[dict[str, str]] = []
        self._settings = agent_directory.Settings(False, {}, {})
        self._changed: list[tuple[float, str]] | None = None

    def describe(self) -> dict[str, Any]:
        program = self._runner.find(self._options["binary"])
        self._settings = (
            self._known(
                "config_directory", agent_directory.read_settings, self._directory, self._deadline
            )
            or self._settings
        )
        confd = self._known(
            "confd_path",
            agent_directory.find_confd,
            self._directory,
            self._options["user"],
            self._settings,
        )
        configurations = self._configurations(confd) if confd else None
        manager = self._service_manager()
        service = self._known("service", self._service, manager) or agent_process.Service(None, [])
        process, restart_due = self._process(service)
        return {
            "installed": program is not None,
            "binary": program,
            "user": dict(self._user._asdict()) if self._user else None,
            "config_directory": self._directory,
            "config_directory_exists": self._settings.exists,
            "confd_path": confd.path if confd else None,
            "postfix_configurations": configurations,
            "logs_enabled": {
                "file": self._known(
                    "logs_enabled.file",
                    self._setting,
                    agent_directory.MAIN_FILE,
                    parse_yaml_switch,
                    "logs_enabled",
                ),
                "environment": self._known(
                    "logs_enabled.environment",
                    self._setting,
                    agent_directory.ENVIRONMENT,
                    parse_environment_switch,
                    "DD_LOGS_ENABLED",
                ),
            },
            "service_manager": manager,
            "service": service.facts,
            "process": process,
            "restart_due": restart_due,
            "unknown": self._unknown,
        }

    def _known(self, what: str, find: Callable[..., Any], *arguments: Any) -> Any:
        """What find returns, or None and an entry in unknown."""
        try:
            return find(*arguments)
        except HostError as error:
            self._note(what, error.message)
            return None

    def _note(self, what: str, why: str) -> None:
        self._unknown.append({"what": what, "why": why})

    def _setting(self, name: str, parse: Callable[..., Any], key: str) -> bool | None:
        if name in self._settings.errors:
            raise self._settings.errors[name]
        file = self._settings.files.get(name)
        return (
            agent_directory.understand(os.path.join(self._directory, name), parse, file.text, key)
            if file
            else None
        )

    def _configurations(self, confd: agent_directory.ConfD) -> list[str] | None:
        """The files that the Agent loads for its check by their names, as
        comp/core/autodiscovery/providers/config_reader.go has it."""
        folder = os.path.join(confd.path, _CHECK + ".d")
        own = [_CHECK + suffix for suffix in agent_directory.SUFFIXES]
        found, changed = [], []
        for directory, wanted in ((confd.path, own), (folder, None)):
            inside = os.path.join(directory, "conf.yaml")
            answer = self._known(
                "postfix_configurations",
                confd.run,
                inside,
                self._deadline,
                _list,
                directory,
                wanted,
            )
            if answer is None:
                return None
            found += answer["files"]
            changed += answer["changed"]
            for path, kind in answer["odd"]:
                self._note("postfix_configurations", f"{path} is {kind}, not a regular file")
        for name in (agent_directory.MAIN_FILE, agent_directory.ENVIRONMENT):
            path = os.path.join(self._directory, name)
            status = self._known(
                "restart_due", children.as_owner, path, self._deadline, _changed, path
            )
            changed += [status] if status else []
        self._changed = [tuple(one) for one in changed]
        return sorted(found)

    def _service_manager(self) -> str | None:
        if sys.platform == "darwin":
            return "launchd"
        return "systemd" if self._host.has_systemd() else None

    def _service(self, manager: str | None) -> agent_process.Service:
        if manager is None:
            return agent_process.Service(None, [])
        describe = (
            agent_process.describe_systemd
            if manager == "systemd"
            else agent_process.describe_launchd
        )
        return describe(self._runner, self._options["service"])

    def _process(
        self, service: agent_process.Service
    ) -> tuple[dict[str, Any] | None, list[str] | None]:
        uid = self._user.uid if self._user else None
        try:
            found = agent_process.describe_process(self._processes, service, uid, self._deadline)
        except HostError as error:
            self._note("process", error.message)
            return None, None
        if found is None:
            if service.units:
                self._note(
                    "process",
                    f"{service.units[0]['Id']} runs, but none of its processes is the Agent itself"
                    " ('agent run')",
                )
            return None, None
        process, unit = found
        held = self._known(
            "process.open_files",
            agent_process.describe_open_files,
            self._processes,
            process,
            self._deadline,
        )
        if held and held["left_out"]:
            self._note("process.open_files", f"{held['left_out']} more files are open")
        process.update(
            open_files=held["open_files"] if held else None,
            reads_journal=held["reads_journal"] if held else None,
        )
        user = self._host.user(process["user"])
        if self._changed is None or user is None:
            self._note("restart_due", "the Agent's files, or the groups of its user, are not known")
            return process, None
        return process, agent_process.restart_reasons(
            process, user, unit, max(self._changed, key=lambda one: int(one[0]), default=None)
        )


def _list(directory: str, wanted: list[str] | None) -> dict[str, Any]:
    """Of the YAML files of a directory, or those with these names: files, their paths; odd, the
    path and kind of what is in place of one; changed, the time of its last change and its path.

    Raises HostError and OSError.
    """
    found: dict[str, Any] = {"files": [], "odd": [], "changed": []}
    try:
        with files.Place(directory) as place:
            fd = place.open(directory=True)
    except FileNotFoundError:
        return found
    try:
        with os.scandir(fd) as entries:
            names = [entry.name for entry in itertools.islice(entries, _NAMES + 1)]
        if len(names) > _NAMES:
            raise files.unsafe(directory, f"a directory of more than {_NAMES} files")
        for name in names:
            if not (name.endswith(agent_directory.SUFFIXES) if wanted is None else name in wanted):
                continue
            path = os.path.join(directory, name)
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            # The Agent enters no directory here.
            if stat.S_ISREG(status.st_mode):
                found["files"].append(path)
                found["changed"].append([status.st_ctime, path])
            elif not stat.S_ISDIR(status.st_mode):
                found["odd"].append([path, files.kind_of(status)])
        # Last, so that of one second's changes the file is named.
        if wanted is None:
            found["changed"].append([os.fstat(fd).st_ctime, directory])
    finally:
        os.close(fd)
    return found


def _changed(path: str) -> list[Any] | None:
    """The time of a file's last change, and its path; None without a file. Raises HostError and
    OSError."""
    try:
        with files.Place(path) as place:
            status = place.status()
    except FileNotFoundError:
        return None
    return None if status is None else [status.st_ctime, path]

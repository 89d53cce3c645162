# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Datadog Agent's service and its running core process: what it runs with, as opposed to what
its files contain now."""

from __future__ import annotations

import calendar
import itertools
import os
import posixpath
import pwd
import re
import stat
import time
from typing import Any, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._host import children, commands, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import cause_of
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import User, group_name
from ansible_collections.mailops.postfix.plugins.module_utils._host.systemd import (
    SystemdError,
    parse_cgroup,
    parse_units,
)

_PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "MainPID",
    "ExecMainStartTimestamp",
    "Group",
    "SupplementaryGroups",
)
_PROGRAMS = ("agent", "datadog-agent")
# capabilities(7): CAP_SETGID, CAP_SETUID. sudo works without any other one, as tried with sudo
# 1.9.5, sudo 1.9.16 and sudo-rs 0.2.5.
_SUDO_NEEDS = 1 << 6 | 1 << 7
_OPEN_FILES = 1000
_DESCRIPTORS = 65536
# Seconds.
_START, _PAUSE = 3.0, 0.2
_LAUNCHD = re.compile(r"\t(state|pid) = (.+)")


class Service(NamedTuple):
    """The service's facts (dict, None where there is none), and for each of its running units the
    properties."""

    facts: dict[str, Any] | None
    units: list[dict[str, str]]


def describe_systemd(runner: Runner, name: str) -> Service:
    """The service as systemd shows it. Raises HostError (command_failed)."""
    stem = name[: -len(".service")] if name.endswith(".service") else name
    argv = commands.systemctl_show_utc(_PROPERTIES, [stem + ".service", stem + "-exp.service"])
    rc, lines, stderr, argv = runner.run(argv)
    try:
        units = parse_units(lines)
    except SystemdError as error:
        raise HostError("command_failed", f"systemctl: {error}", argv, rc, stderr) from None
    if rc != 0 or len(units) != 2:
        raise HostError("command_failed", f"systemctl: {cause_of(stderr, rc)}", argv, rc, stderr)
    unit, experiment = units
    facts = None
    if unit.get("LoadState") != "not-found":
        facts = {
            "name": unit.get("Id", name),
            "state": unit.get("ActiveState"),
            "sub_state": unit.get("SubState"),
            "masked": unit.get("LoadState") == "masked",
            "experiment": experiment.get("ActiveState") == "active",
        }
    return Service(
        facts,
        [
            one
            for one in (experiment, unit)
            if one.get("ActiveState") in ("active", "activating", "reloading", "deactivating")
        ],
    )


def describe_launchd(runner: Runner, name: str) -> Service:
    """The service as launchd shows it. Raises HostError."""
    rc, lines = runner.run(commands.launchctl_print(name))[:2]
    if rc != 0:
        return Service(None, [])
    said = {found[1]: found[2] for found in map(_LAUNCHD.match, lines) if found}
    state = "active" if said.get("state") == "running" else "inactive"
    return Service(
        {
            "name": name,
            "state": state,
            "sub_state": said.get("state"),
            "masked": False,
            "experiment": False,
        },
        [],
    )


class Processes:
    """The processes of this host, as /proc shows them."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc

    def find_agent(
        self, units: list[dict[str, str]], uid: int | None
    ) -> tuple[int, dict[str, str]] | None:
        """The pid of the Agent's core process and its unit; without units it is looked for among
        the processes of this user.

        Several can look like it, because users name their processes as they like: the unit's main
        process counts, or else the oldest one."""
        names = [unit["Id"] for unit in units]
        found = []
        for pid in self._pids():
            try:
                if not is_core_agent(self._read(pid, "cmdline").rstrip("\0").split("\0")):
                    continue
                service = parse_cgroup(self._read(pid, "cgroup"))
                unit = units[names.index(service)] if service in names else {}
                if unit or (not units and self.status(pid)["Uid"].split()[1] == str(uid)):
                    found.append((unit.get("MainPID") != str(pid), self._ticks(pid), pid, unit))
            except (OSError, IndexError, KeyError, ValueError):
                continue  # it ended
        return min(found, key=lambda one: one[:3])[2:] if found else None

    def describe(self, pid: int, unit: dict[str, str]) -> dict[str, Any]:
        """What a process may do, and since when it runs. Raises OSError, KeyError or ValueError
        where it ended."""
        status = self.status(pid)
        uid, gid = int(status["Uid"].split()[1]), status["Gid"].split()[1]
        no_new_privs = status["NoNewPrivs"] == "1"
        return {
            "pid": pid,
            "user": _user_name(uid),
            "uid": uid,
            "started": self._started(pid, unit),
            "groups": sorted(
                {group_name(int(number)) for number in [gid] + status["Groups"].split()}
            ),
            "no_new_privs": no_new_privs,
            "may_sudo": (
                not no_new_privs
                and int(status["CapBnd"], 16) & _SUDO_NEEDS == _SUDO_NEEDS
                and self._shares(pid, "user")
            ),
            "own_mounts": not self._shares(pid, "mnt"),
        }

    def open_files(self, pid: int) -> dict[str, Any]:
        """The regular files that a process holds open, and whether one is a journal. Raises
        PermissionError and other OSError."""
        paths = set()
        directory = f"{self._proc}/{pid}/fd"
        with os.scandir(directory) as entries:
            for entry in itertools.islice(entries, _DESCRIPTORS):
                try:
                    path, status = os.readlink(entry.path), os.stat(entry.path)
                except PermissionError:
                    raise
                except OSError:
                    continue  # closed by now
                if stat.S_ISREG(status.st_mode) and status.st_nlink and path.startswith("/"):
                    paths.add(path)
        shown = sorted(paths)[:_OPEN_FILES]
        return {
            "open_files": shown,
            "reads_journal": any(path.endswith(".journal") for path in paths),
            "left_out": len(paths) - len(shown),
        }

    def _shares(self, pid: int, namespace: str) -> bool:
        """Whether a process is in the same namespace as this one; true if that cannot be seen."""
        try:
            return os.readlink(f"{self._proc}/{pid}/ns/{namespace}") == os.readlink(
                f"{self._proc}/self/ns/{namespace}"
            )
        except OSError:
            return True

    def status(self, pid: int) -> dict[str, str]:
        lines = self._read(pid, "status").splitlines()
        return {
            name: value.strip() for name, dummy, value in (line.partition(":") for line in lines)
        }

    def _started(self, pid: int, unit: dict[str, str]) -> float:
        if unit.get("MainPID") == str(pid):
            # The wall clock of that moment; what /proc counts from boot shifts when the clock is
            # stepped.
            said = time.strptime(
                unit["ExecMainStartTimestamp"].split(" ", 1)[1], "%Y-%m-%d %H:%M:%S UTC"
            )
            return float(calendar.timegm(said))
        with open(f"{self._proc}/stat", encoding="ascii", errors="replace") as file:
            booted = next(int(line.split()[1]) for line in file if line.startswith("btime "))
        return booted + self._ticks(pid) / os.sysconf("SC_CLK_TCK")

    def _ticks(self, pid: int) -> int:
        return int(self._read(pid, "stat").rpartition(")")[2].split()[19])

    def _pids(self) -> Iterator[int]:
        return (int(name) for name in os.listdir(self._proc) if name.isdigit())

    def _read(self, pid: int, name: str) -> str:
        with open(f"{self._proc}/{pid}/{name}", "rb") as file:
            return file.read(files.LIMIT).decode("utf-8", "replace")


def describe_process(
    processes: Processes, service: Service, uid: int | None, deadline: Deadline
) -> Any:
    """The core process (dict, without what it holds open) and its unit, or None where it does not
    run. Raises HostError."""
    # In a child, because the kernel reads a command line from the process's memory, which may be on
    # a file system that hangs.
    return children.as_user(0, deadline, _look_for_agent, processes, service.units, uid)


def _look_for_agent(
    processes: Processes, units: list[dict[str, str]], uid: int | None
) -> list[dict[str, Any]] | None:
    # A service that was started just now is active before its program runs.
    end = time.monotonic() + (_START if units else 0)
    try:
        found = processes.find_agent(units, uid)
        while found is None and time.monotonic() < end:
            time.sleep(_PAUSE)
            found = processes.find_agent(units, uid)
        return None if found is None else [processes.describe(*found), found[1]]
    except (OSError, KeyError, IndexError, StopIteration, ValueError) as error:
        raise HostError(
            "command_failed",
            f"the Agent's process cannot be looked at: {type(error).__name__}: {error}",
        ) from None


def describe_open_files(processes: Processes, process: dict[str, Any], deadline: Deadline) -> Any:
    """See Processes.open_files. Raises HostError.

    In a child for the same reason. Root without CAP_SYS_PTRACE, as in a container, may not look,
    but the user may."""
    try:
        return children.as_user(0, deadline, processes.open_files, process["pid"])
    except HostError as error:
        if error.kind != "permission_denied" or os.geteuid() != 0:
            raise
    try:
        return children.as_user(process["uid"], deadline, processes.open_files, process["pid"])
    except HostError as error:
        raise HostError(
            error.kind,
            f"{error.message}; root needs CAP_SYS_PTRACE to look, which containers often lack",
            hint=error.hint,
        ) from None


def is_core_agent(words: list[str]) -> bool:
    """Whether a command line is that of the Agent itself, run by an interpreter or not, and not one
    of its commands or companions."""
    for position, word in enumerate(words[:4]):
        if posixpath.basename(word) in _PROGRAMS:
            return "run" in words[position + 1 :]
    return False


def restart_reasons(
    process: dict[str, Any], user: User, unit: dict[str, str], changed: tuple[float, str] | None
) -> list[str]:
    """How the running process differs from what a restarted one would be.

    user: its own, as it is now; changed: the latest change of a file that it reads at its start,
    and that file."""
    reasons = []
    # Whole seconds: systemd shows no more.
    if changed and int(changed[0]) > int(process["started"]):
        reasons.append(
            f"started at {_time(process['started'])} before {changed[1]} changed at"
            f" {_time(changed[0])}"
        )
    group, has, runs_with = unit.get("Group"), set(user.groups), set(process["groups"])
    # The unit's group stands in for the user's own, and its further ones come on top.
    wanted = has - {user.group} if group else has
    allowed = has | {group} | set(unit.get("SupplementaryGroups", "").split())
    reasons += [f"lacks the group {name} that its user has" for name in sorted(wanted - runs_with)]
    reasons += [
        f"has the group {name} that its user does not have" for name in sorted(runs_with - allowed)
    ]
    return reasons


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

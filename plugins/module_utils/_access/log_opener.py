# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans what lets a user read logs, and finds out whether the user can."""

from __future__ import annotations

import grp
import itertools
import os
import re
from typing import Any, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._access.acl import (
    AclError,
    allows,
    default_for,
    permissions_of,
    shown,
    with_user,
    without_user,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.changes import (
    Account,
    Changes,
    Node,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.log_grants import (
    Entry,
    is_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.logrotate import Rotation
from ansible_collections.mailops.postfix.plugins.module_utils._access.rotation import (
    RotationFinder,
    outlook,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.children import as_user
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import of_system
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner

BY = "log_access"
LOG_MODE = "maillog_file_permissions"
# Those that let a default access list count.
_LOG_MODES = ("0640", "0644")
_JOURNAL_GROUP = "systemd-journal"
# Groups whose purpose is to read logs. Other system groups, such as shadow, disk or docker, give
# more than that.
_LOG_GROUPS = ("adm", "log", "logs", _JOURNAL_GROUP)
_NO_GROUPS = ("nogroup", "nobody")
_FIRST_ORDINARY_GID = 1000
# journalctl of systemd 247 colours its errors even without a terminal.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NO_LOG = (
    "Write a line to it first (for a syslog daemon's: 'logger -p mail.info test'), or correct"
    " paths."
)
_NOT_LASTING = (
    "Change the stanza for this file in logrotate's configuration to a 'create' without a mode. If"
    " Postfix writes the file itself, name the instance in maillog_file_of. Or give means=group, if"
    " its group can read it, or means=acl and run this again after each rotation."
)


class Log(NamedTuple):
    """path: None for the journal; config_directory: that of the instance that writes it itself, or
    None; mode: its maillog_file_permissions, None before Postfix 3.9."""

    path: str | None
    config_directory: str | None = None
    mode: str | None = None


class Refusal(HostError):
    """errors: list of (path or None, HostError), of which this is the first; result: what ensure()
    would have returned."""

    def __init__(
        self, errors: list[tuple[str | None, HostError]], result: dict[str, Any] | None = None
    ) -> None:
        first = errors[0][1]
        super().__init__(
            first.kind, first.message, first.command, first.rc, first.stderr, first.hint
        )
        self.errors = errors
        self.result = result or {}


class Opener:
    """recorded, others: what log_access gave to the account and to other users; noted: the entries
    for the record, by the last plan."""

    def __init__(
        self,
        changes: Changes,
        account: Account,
        rotations: RotationFinder,
        recorded: list[Entry],
        others: list[Entry],
    ) -> None:
        self.changes, self._account, self._rotations = changes, account, rotations
        self.recorded, self._others = recorded, others
        self.noted: list[Entry] = []

    def look(self, logs: list[Log], deadline: Deadline) -> list[dict[str, Any]]:
        """What the user can read, tried with the rights that the user has now."""
        found = []
        for log in logs:
            if log.path is None:
                why = self._why_no_journal(deadline)
            else:
                why = self._why_not(log.path, deadline)
            found.append(
                {
                    "path": log.path,
                    "readable": why is None,
                    "why": why,
                    "lasts": True if log.path is None and why is None else None,
                    "warning": None,
                }
            )
        return found

    def plan(self, logs: list[Log], found: list[dict[str, Any]], means: str) -> None:
        """Raises Refusal where a log cannot be opened."""
        self.noted = []
        errors: list[tuple[str | None, HostError]] = []
        for log, seen in zip(logs, found):
            try:
                if log.path is None:
                    self._open_journal(seen["readable"])
                elif log.config_directory is None:
                    self._open_log(log, log.path, means, logs)
                else:
                    self._open_log(log, log.path, "directory", logs)
                    self._set_log_mode(log.config_directory, log.mode)
            except HostError as error:
                errors.append((log.path, error))
            except OSError as error:
                errors.append((log.path, of_system(error)))
        if errors:
            raise Refusal(errors)

    def outlook(self, log: Log) -> tuple[bool | None, str | None]:
        """Whether the user can still read a file after its next rotation (None where not known),
        and a warning or None."""
        try:
            node = self.changes.file(log.path or "")
        except (HostError, OSError):
            return None, None
        by = self._allows(node, "r") if node else None
        if node is None or by is None:
            return None, None
        default = self.changes.acl(self.changes.way(node.path)[-1]).default
        inherits = "r" in (permissions_of(default, self._account.uid) or "")
        rotation = self._rotation(node)
        if log.config_directory and isinstance(rotation, str) and inherits:
            return self._outlook_after_postfix(log.config_directory, log.mode)
        return outlook(by, _group_name(self.changes.acl(node).group), inherits, rotation)

    def _outlook_after_postfix(
        self, config_directory: str, mode: str | None
    ) -> tuple[bool, str | None]:
        """After 'postfix logrotate' Postfix makes a new file, before 3.9 with a mode that lets the
        default access list count."""
        mode = mode and (self.changes.parameter(config_directory, LOG_MODE) or mode)
        if mode is None or mode in _LOG_MODES:
            return True, None
        return False, f"Postfix makes a new file that this user cannot read ({LOG_MODE} = {mode})"

    def _why_no_journal(self, deadline: Deadline) -> str | None:
        rc, dummy, stderr, dummy = Runner(deadline, run_as=self._account.name).run(
            commands.journal_last()
        )
        return None if rc == 0 else _COLOUR.sub("", stderr).strip()

    def _why_not(self, path: str, deadline: Deadline) -> str | None:
        said = "there is no such file"
        try:
            if self.changes.file(path) is not None:
                as_user(self._account.uid, deadline, _read_byte, path)
                return None
        except FileNotFoundError:
            pass
        except OSError as error:
            return error.strerror
        except HostError as error:
            said = error.message
            if error.kind != "permission_denied":
                return said
        return self._obstacle(path) or said

    def _obstacle(self, path: str) -> str | None:
        """What keeps the user from reading a file, as far as access lists show."""
        try:
            for node in self.changes.way(path):
                if not self._allows(node, "x"):
                    entries = shown(self.changes.acl(node).entries)
                    return f"the directory {node.path} cannot be entered: {entries}"
        except FileNotFoundError as error:
            return f"there is no directory {error.filename}"
        file = self.changes.file(path)
        if file is None or self._allows(file, "r"):
            return None
        return f"the file cannot be read: {shown(self.changes.acl(file).entries)}"

    def _open_journal(self, readable: bool) -> None:
        given = any(
            entry["kind"] == "group" and entry["group"] == _JOURNAL_GROUP for entry in self.recorded
        )
        if readable and not given:
            return
        try:
            group = grp.getgrnam(_JOURNAL_GROUP)
        except KeyError:
            message = f"journal=true: there is no group {_JOURNAL_GROUP} on this host"
            raise HostError(
                "bad_argument", message, hint="Leave journal out; name the log's files in paths."
            ) from None
        self._join(group)

    def _open_log(self, log: Log, path: str, means: str, logs: list[Log]) -> None:
        if means == "directory":
            names = [os.path.basename(other.path) for other in logs if other.path]
            self._open_directory(path, names)
        try:
            node = self.changes.file(path)
        except FileNotFoundError:
            node = None
        if node is not None:
            self._open(log, node, means)
        elif means != "directory":
            raise HostError("bad_argument", f"paths: there is no {path}", hint=_NO_LOG)
        for directory in self.changes.way(path):
            if not self._allows(directory, "x"):
                self._add(directory, "x")

    def _open(self, log: Log, node: Node, means: str) -> None:
        if self._allows(node, "r") and (
            means in ("acl", "directory") or self.outlook(log)[0] is not False
        ):
            return
        if means == "group":
            self._join(self._group_for(node))
            return
        self._check_acls(node)
        lasts, why = outlook("acl", None, False, self._rotation(node))
        if means == "auto" and not lasts:
            raise HostError(
                "bad_argument",
                f"means=auto: it is not certain that an access list entry of {node.path} lasts:"
                f" {why}",
                hint=_NOT_LASTING,
            )
        self._add(node, "r")

    def _group_for(self, node: Node) -> grp.struct_group:
        acl = self.changes.acl(node)
        name = _group_name(acl.group)
        ordinary = acl.group >= _FIRST_ORDINARY_GID and name is not None and not node.planted
        if name not in _LOG_GROUPS and (not ordinary or name in _NO_GROUPS):
            raise HostError(
                "bad_argument",
                f"means=group: the group of {node.path}, {name or acl.group}, gives more than logs",
                hint=f"Give means=auto or acl, or add {self._account.name} to this group yourself"
                " if the user may have everything that the group has.",
            )
        if not allows(acl, self._account.uid, self.changes.gids | {acl.group}, "r"):
            raise HostError(
                "bad_argument",
                f"means=group: the group of {node.path}, {name}, cannot read it",
                hint="Give means=auto or acl.",
            )
        return grp.getgrgid(acl.group)

    def _open_directory(self, path: str, names: list[str]) -> None:
        try:
            directory = self.changes.way(path)[-1]
        except FileNotFoundError as error:
            raise HostError(
                "bad_argument",
                f"paths: there is no directory {error.filename}",
                hint="Create it, for this log alone.",
            ) from None
        with os.scandir(directory.fd) as entries:
            others = (entry.name for entry in entries if not is_of(entry.name, names))
            first = sorted(itertools.islice(others, 3))
        if first:
            raise HostError(
                "bad_argument",
                f"means=directory: {directory.path} holds other files than this log:"
                f" {', '.join(first)}",
                hint="Have this log written to a directory of its own.",
            )
        default = self.changes.acl(directory).default
        if "r" in (permissions_of(default, self._account.uid) or ""):
            return
        ours = [
            item
            for other in self._others
            if other["kind"] == "directory"
            for item in default_for(other["uid"]).items()
        ]
        if not set(default.items()) <= set(ours):
            raise HostError(
                "bad_argument",
                f"means=directory: {directory.path} has a default access list already",
                hint="Remove it ('setfacl -k') or choose another means.",
            )
        self._check_acls(directory)
        self.changes.set_default(directory, dict(default, **default_for(self._account.uid)))
        self._note("directory", path=directory.path, uid=self._account.uid)

    def _set_log_mode(self, config_directory: str, mode: str | None) -> None:
        """Postfix 3.9 and later make the file with this mode, which limits what the default access
        list of its directory gives."""
        if mode is None:
            return
        before = self.changes.parameter(config_directory, LOG_MODE)
        value = before if before in _LOG_MODES else _LOG_MODES[0]
        given = [
            entry
            for entry in self.recorded + self._others
            if entry["kind"] == "parameter"
            and entry["config_directory"] == config_directory
            and before in entry["values"]
        ]
        if given:
            before = given[0]["before"]
        elif before == value:
            return
        self.changes.set_parameter(config_directory, LOG_MODE, value)
        self._note(
            "parameter",
            config_directory=config_directory,
            name=LOG_MODE,
            tokens=None,
            before=before,
            values=[value],
        )

    def _add(self, node: Node, bit: str) -> None:
        if node.planted and node.status.st_uid == 0:
            raise HostError(
                "unsafe_path",
                f"{node.path} belongs to root, but other users can write to its directory and may"
                " have put it there",
                hint="Let only root write to that directory, or have the log written to a directory"
                " of its own.",
            )
        self._check_acls(node)
        uid = self._account.uid
        entries = self._without(self.changes.acl(node).entries, node, bit, self.recorded)
        try:
            self.changes.set_entries(node, with_user(entries, uid, bit))
        except AclError as error:
            raise HostError(
                "bad_argument",
                f"{node.path} cannot be opened: {error}",
                hint="Correct its mask ('setfacl -m m::rx') or mode.",
            ) from None
        # What is noted is what was there before the first grant.
        entries = self._without(entries, node, bit, self._others)
        before, mask = permissions_of(entries, uid), entries.get("mask:")
        self._note("acl", path=node.path, uid=uid, before=before, mask=mask)

    def _without(
        self, entries: dict[str, str], node: Node, bit: str, grants: list[Entry]
    ) -> dict[str, str]:
        for entry in reversed(grants):
            if entry["kind"] == "acl" and entry["path"] == node.path:
                entries = without_user(entries, entry["uid"], bit, entry["before"], entry["mask"])
        return entries

    def _join(self, group: grp.struct_group) -> None:
        if group.gr_gid not in self.changes.gids:
            self.changes.join(group)
            self._note("group", group=group.gr_name)

    def _note(self, kind: str, **what: Any) -> None:
        self.noted.append(dict(what, kind=kind, by=BY, user=self._account.name))

    def _allows(self, node: Node, bit: str) -> str | None:
        return allows(self.changes.acl(node), self._account.uid, self.changes.gids, bit)

    def _rotation(self, node: Node) -> Rotation | str:
        # logrotate may know it by a name that goes through a link.
        return self._rotations.find(list(dict.fromkeys([node.path, os.readlink(node.address)])))

    def _check_acls(self, node: Node) -> None:
        for program in ("getfacl", "setfacl"):
            if not self.changes.has(program):
                raise HostError(
                    "not_installed",
                    f"{node.path} needs an access list, but {program} is not installed",
                    hint="Install the package acl on this host.",
                )
        if not node.keeps_acls():
            raise HostError(
                "bad_argument",
                f"{node.path} needs an access list, but its file system does not support them",
                hint="Use a file system with access lists, or give"
                f" {self._account.name} access by its group or mode.",
            )


def _read_byte(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.read(fd, 1)
    finally:
        os.close(fd)


def _group_name(gid: int) -> str | None:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return None

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a user read logs, as narrowly as lasts, and revokes exactly that: the module log_access
without its wiring."""

from __future__ import annotations

import collections
import grp
import itertools
import os
import pwd
import re
import stat
from typing import Any

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
from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._access.rotation import (
    RotationFinder,
    outlook,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.children import as_user
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.files import Place
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ParameterError,
    parse_parameters,
)

DEFAULTS = {
    "paths": [],
    "maillog_file_of": [],
    "journal": False,
    "means": "auto",
    "exclusive": False,
    "state": "present",
}
_BY = "log_access"
_KINDS = ("acl", "directory", "group", "mode", "parameter")
_JOURNAL_GROUP = "systemd-journal"
# Groups that are there to read logs. Others of the system's give more than that, such as shadow,
# disk or docker.
_LOG_GROUPS = ("adm", "log", "logs", _JOURNAL_GROUP)
_NO_GROUPS = ("nogroup", "nobody")
_FIRST_ORDINARY_GID = 1000
_LOG_MODE = "maillog_file_permissions"
# Those that let a default access list count.
_LOG_MODES = ("0640", "0644")
# journalctl of systemd 247 colours its errors even where nobody sees it.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NO_LOG = (
    "Write a line to it first (for a syslog daemon's: 'logger -p mail.info test'), or correct"
    " paths."
)

Entry = dict  # of the record; see record.py

# path: None for the journal; config_directory: that of the instance that writes it itself, or None;
# mode: its maillog_file_permissions, None before 3.9.
Log = collections.namedtuple("Log", "path config_directory mode")


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
        self.result = result


def ensure(options: dict[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Does what the options of log_access say (DEFAULTS for those left out) and returns what it
    returns, with warnings (list of str).

    Raises Refusal.
    """
    options = dict(DEFAULTS, **options)
    result: dict[str, Any] = {
        "changed": False,
        "granted": [],
        "logs": [],
        "warnings": [],
        "diff": {"before": "", "after": ""},
    }
    try:
        if os.geteuid() != 0:
            raise HostError(
                "permission_denied",
                "access lists and groups are root's to change",
                hint="Run as root (become: true).",
            )
        (_revoke_all if options["state"] == "absent" else _let_read)(
            options, deadline, check_mode, result
        )
    except Refusal as refusal:
        raise Refusal(refusal.errors, result) from None
    except HostError as error:
        raise Refusal([(None, error)], result) from None
    except ParameterError as error:
        raise Refusal(
            [(None, HostError("command_failed", f"postconf's answer is not understood: {error}"))],
            result,
        ) from None
    except OSError as error:
        raise Refusal([(None, _of_system(error))], result) from None
    return result


def _let_read(
    options: dict[str, Any], deadline: Deadline, check_mode: bool, result: dict[str, Any]
) -> None:
    account = _find_account(options["user"])
    looks = options["means"] == "none"
    runner = Runner(deadline)
    with Record(deadline, check_mode or looks) as record, Changes(runner, account) as changes:
        logs = _logs(options, changes)
        recorded, others = _recorded(record, account.name)
        opener = Opener(changes, account, RotationFinder(runner), recorded, others)
        found = opener.look(logs, deadline)
        if not looks:
            if options["exclusive"]:
                kept = _plan_exclusively(
                    opener,
                    Revoker(changes, others, deadline),
                    logs,
                    found,
                    options["means"],
                    result,
                )
            else:
                opener.plan(logs, found, options["means"])
                kept = recorded
            new, targets = opener.noted, changes.targets()
            kept = [entry for entry in kept if _key(entry) not in map(_key, new)]
            result.update(
                changed=bool(targets),
                granted=[_told(entry) for entry in new if _target(entry) in targets],
                diff=changes.diff(),
            )
            if not check_mode:
                record.replace(
                    _BY, account.name, recorded + [entry for entry in new if entry not in recorded]
                )
                changes.apply()
                record.replace(_BY, account.name, kept + new)
                if targets:
                    found = opener.look(logs, deadline)
        for log, seen in zip(logs, found):
            if log.path is not None and (seen["readable"] or not looks):
                seen["lasts"], seen["warning"] = opener.outlook(log)
    result["logs"] = found
    if not looks and not check_mode:
        _check(options["user"], found)


def _plan_exclusively(
    opener: Opener,
    revoker: Revoker,
    logs: list[Log],
    found: list[dict[str, Any]],
    means: str,
    result: dict[str, Any],
) -> list[Entry]:
    """Plans to revoke all that is recorded and to give anew what is needed; what is both leaves no
    change. Returns what cannot be revoked now."""
    dropped: set[Any] = set()
    while True:
        opener.changes.forget()
        revoker.warnings = result["warnings"] = []
        kept = [
            entry
            for entry in reversed(opener.recorded)
            if not revoker.revoke(entry, _key(entry) in dropped)
        ][::-1]
        opener.plan(logs, found, means)
        more = (
            {_key(entry) for entry in opener.recorded}
            - {_key(entry) for entry in opener.noted}
            - dropped
        )
        if not more:
            return kept
        # What came of a grant goes with it, which may make another one necessary.
        dropped |= more


def _revoke_all(
    options: dict[str, Any], deadline: Deadline, check_mode: bool, result: dict[str, Any]
) -> None:
    account = Account(options["user"], None, frozenset())
    with Record(deadline, check_mode) as record, Changes(Runner(deadline), account) as changes:
        recorded, others = _recorded(record, account.name)
        revoker = Revoker(changes, others, deadline)
        kept = [entry for entry in reversed(recorded) if not revoker.revoke(entry, True)][::-1]
        result.update(
            changed=bool(changes.targets()), diff=changes.diff(), warnings=revoker.warnings
        )
        if not check_mode:
            changes.apply()
            record.replace(_BY, account.name, kept)


def _recorded(record: Record, user: str) -> tuple[list[Entry], list[Entry]]:
    """What log_access gave to this user, and to others."""
    entries = record.entries(_BY)
    unknown = [entry["kind"] for entry in entries if entry["kind"] not in _KINDS]
    if unknown:
        raise HostError(
            "bad_record", f"the record of grants has an entry of an unknown kind, {unknown[0]}"
        )
    return [entry for entry in entries if entry["user"] == user], [
        entry for entry in entries if entry["user"] != user
    ]


def _find_account(name: str) -> Account:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise HostError(
            "bad_argument",
            f"user={name}: there is no such user on this host",
            hint="Create the user or correct user.",
        ) from None
    if user.pw_uid == 0:
        raise HostError(
            "bad_argument",
            f"user={name}: this user reads everything anyway",
            hint="Name the user who is to read the log.",
        )
    return Account(name, user.pw_uid, frozenset(os.getgrouplist(name, user.pw_gid)))


def _logs(options: dict[str, Any], changes: Changes) -> list[Log]:
    logs = [Log(path, None, None) for path in options["paths"]]
    for directory in options["maillog_file_of"]:
        values = parse_parameters(
            changes.run(commands.postconf_parameters(["maillog_file", _LOG_MODE], directory))
        )
        logs.append(Log(values.get("maillog_file", ""), directory, values.get(_LOG_MODE)))
        if not logs[-1].path.startswith("/") or logs[-1].path.startswith("/dev/"):
            message = (
                f"maillog_file_of: the instance of {directory} writes no file itself (maillog_file"
                f" is '{logs[-1].path}')"
            )
            raise HostError(
                "bad_argument",
                message,
                hint="Leave it out; name the files of a syslog daemon in paths.",
            )
    for log in logs:
        if not os.path.isabs(log.path) or os.path.normpath(log.path) != log.path:
            raise HostError(
                "bad_argument",
                f"paths: {log.path} is not a plain absolute path",
                hint="Give the path from / on, without '..'.",
            )
    logs += [Log(None, None, None)] if options["journal"] else []
    if not logs:
        raise HostError(
            "bad_argument",
            "there is no log to read: paths, maillog_file_of and journal are not given",
            hint="Give one of them.",
        )
    return logs


class Opener:
    """Plans what lets an Account read logs, and tells whether it does.

    recorded, others: what log_access gave to it and to other users; noted: entries for the record,
    by the last plan."""

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
        """What the user reads, found out by doing so with his rights as they are now."""
        found = []
        for log in logs:
            why = (
                self._why_no_journal(deadline)
                if log.path is None
                else self._why_not(log.path, deadline)
            )
            lasts = True if log.path is None and why is None else None
            found.append(
                {
                    "path": log.path,
                    "readable": why is None,
                    "why": why,
                    "lasts": lasts,
                    "warning": None,
                }
            )
        return found

    def plan(self, logs: list[Log], found: list[dict[str, Any]], means: str) -> None:
        """Raises Refusal where a log cannot be opened."""
        self.noted = []
        errors = []
        for log, seen in zip(logs, found):
            try:
                if log.path is None:
                    self._open_journal(seen["readable"])
                elif log.config_directory is None:
                    self._open_log(log, means, logs)
                else:
                    self._open_log(log, "directory", logs)
                    self._set_log_mode(log)
            except HostError as error:
                errors.append((log.path, error))
            except OSError as error:
                errors.append((log.path, _of_system(error)))
        if errors:
            raise Refusal(errors)

    def outlook(self, log: Log) -> tuple[bool | None, str | None]:
        """Whether the user still reads a file after its next rotation (None where not known), and a
        warning or None."""
        try:
            node = self.changes.file(log.path)
        except (HostError, OSError):
            return None, None
        by = node and self._allows(node, "r")
        if not by:
            return None, None
        inherits = "r" in (
            permissions_of(
                self.changes.acl(self.changes.way(log.path)[-1]).default, self._account.uid
            )
            or ""
        )
        rotation = self._rotation(node)
        if log.config_directory and isinstance(rotation, str) and inherits:
            # After 'postfix logrotate' Postfix makes a new file, before 3.9 with a mode that lets
            # the default access list count.
            mode = log.mode and (
                self.changes.parameter(log.config_directory, _LOG_MODE) or log.mode
            )
            opens = mode is None or mode in _LOG_MODES
            return opens, (
                None
                if opens
                else f"Postfix makes a new file that this user may not read ({_LOG_MODE} = {mode})"
            )
        return outlook(by, _group_name(self.changes.acl(node).group), inherits, rotation)

    def _why_no_journal(self, deadline: Deadline) -> str | None:
        rc, dummy, stderr, dummy = Runner(deadline, run_as=self._account.name).run(
            commands.journal_last()
        )
        return None if rc == 0 else _COLOUR.sub("", stderr).strip()

    def _why_not(self, path: str, deadline: Deadline) -> str | None:
        try:
            if self.changes.file(path) is not None:
                as_user(self._account.uid, deadline, _read_byte, path)
                return None
            said = "there is no such file"
        except FileNotFoundError:
            said = "there is no such file"
        except OSError as error:
            return error.strerror
        except HostError as error:
            if error.kind != "permission_denied":
                return error.message
            said = error.message
        return self._obstacle(path) or said

    def _obstacle(self, path: str) -> str | None:
        """What keeps the user from reading a file, as far as access lists tell. None where nothing
        does."""
        try:
            for node in self.changes.way(path):
                if not self._allows(node, "x"):
                    return (
                        f"the directory {node.path} cannot be entered:"
                        f" {shown(self.changes.acl(node).entries)}"
                    )
        except FileNotFoundError as error:
            return f"there is no directory {error.filename}"
        node = self.changes.file(path)
        return (
            None
            if node is None or self._allows(node, "r")
            else f"the file cannot be read: {shown(self.changes.acl(node).entries)}"
        )

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

    def _open_log(self, log: Log, means: str, logs: list[Log]) -> None:
        path = log.path
        try:
            if means == "directory":
                self._open_directory(
                    path, [os.path.basename(other.path) for other in logs if other.path]
                )
            node = self.changes.file(path)
        except FileNotFoundError as error:
            if means == "directory":
                hint = "Create it, for this log alone."
                raise HostError(
                    "bad_argument",
                    "paths: there is no directory %s" % (error.filename or os.path.dirname(path)),
                    hint=hint,
                ) from None
            node = None
        if node is None and means != "directory":
            raise HostError("bad_argument", f"paths: there is no {path}", hint=_NO_LOG)
        if node is not None:
            self._open(log, node, means)
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
            message = (
                f"means=auto: an entry in the access list of {node.path} would not last for sure:"
                f" {why}"
            )
            hint = (
                "Change the file's stanza for logrotate to a 'create' without a mode; where Postfix"
                " writes it itself, name the instance in maillog_file_of; or give means=group,"
                " where its group may read it; or give means=acl and run this again after each"
                " rotation."
            )
            raise HostError("bad_argument", message, hint=hint)
        self._add(node, "r")

    def _group_for(self, node: Node) -> grp.struct_group:
        acl = self.changes.acl(node)
        name = _group_name(acl.group)
        ordinary = (
            acl.group >= _FIRST_ORDINARY_GID
            and name is not None
            and name not in _NO_GROUPS
            and not node.planted
        )
        if name not in _LOG_GROUPS and not ordinary:
            message = (
                f"means=group: the group of {node.path}, {name or acl.group}, is not one to be in"
                " for a log"
            )
            hint = (
                f"Give means=auto or acl, or add {self._account.name} to this group yourself, if it"
                " may have all that the group has."
            )
            raise HostError("bad_argument", message, hint=hint)
        if not allows(acl, self._account.uid, self.changes.gids | {acl.group}, "r"):
            raise HostError(
                "bad_argument",
                f"means=group: the group of {node.path}, {name}, may not read it",
                hint="Give means=auto or acl.",
            )
        return grp.getgrgid(acl.group)

    def _open_directory(self, path: str, names: list[str]) -> None:
        directory = self.changes.way(path)[-1]
        with os.scandir(directory.fd) as entries:
            others = list(
                itertools.islice(
                    (entry.name for entry in entries if not _is_of(entry.name, names)), 3
                )
            )
        message = f"means=directory: {directory.path} "
        if others:
            message += f"does not hold this log alone, but also {', '.join(sorted(others))}"
            raise HostError(
                "bad_argument", message, hint="Have this log written to a directory of its own."
            )
        default = self.changes.acl(directory).default
        if "r" in (permissions_of(default, self._account.uid) or ""):
            return
        ours = [
            entry
            for other in self._others
            if other["kind"] == "directory"
            for entry in default_for(other["uid"]).items()
        ]
        if not set(default.items()) <= set(ours):
            raise HostError(
                "bad_argument",
                message + "has a default access list already",
                hint="Remove it ('setfacl -k') or choose another means.",
            )
        self._check_acls(directory)
        self.changes.set_default(directory, dict(default, **default_for(self._account.uid)))
        self._note("directory", path=directory.path, uid=self._account.uid)

    def _set_log_mode(self, log: Log) -> None:
        """Postfix 3.9 and later make the file with this mode, which limits what the default access
        list of its directory gives."""
        if log.mode is None:
            return
        value = self.changes.parameter(log.config_directory, _LOG_MODE)
        given = [
            entry
            for entry in self.recorded + self._others
            if entry["kind"] == "parameter" and entry["config_directory"] == log.config_directory
        ]
        given = [entry for entry in given if value in entry["values"]]
        if value in _LOG_MODES and not given:
            return
        before, value = (
            given[0]["before"] if given else value,
            (value if value in _LOG_MODES else _LOG_MODES[0]),
        )
        self.changes.set_parameter(log.config_directory, _LOG_MODE, value)
        self._note(
            "parameter",
            config_directory=log.config_directory,
            name=_LOG_MODE,
            tokens=None,
            before=before,
            values=[value],
        )

    def _add(self, node: Node, bit: str) -> None:
        if node.planted and node.status.st_uid == 0:
            message = (
                f"{node.path} belongs to root, and others can write to its directory, so they may"
                " have put it there"
            )
            raise HostError(
                "unsafe_path",
                message,
                hint=(
                    "Let only root write to that directory, or have the log written to a directory"
                    " of its own."
                ),
            )
        self._check_acls(node)
        entries = self._without(self.changes.acl(node).entries, node, bit, self.recorded)
        try:
            after = with_user(entries, self._account.uid, bit)
        except AclError as error:
            hint = "Set its mask ('setfacl -m m::rx') or mode as it should be."
            raise HostError(
                "bad_argument", f"{node.path} cannot be opened: {error}", hint=hint
            ) from None
        self.changes.set_entries(node, after)
        # What is noted is what was there before the first grant.
        entries = self._without(entries, node, bit, self._others)
        self._note(
            "acl",
            path=node.path,
            uid=self._account.uid,
            before=permissions_of(entries, self._account.uid),
            mask=entries.get("mask:"),
        )

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
        self.noted.append(dict(what, kind=kind, by=_BY, user=self._account.name))

    def _allows(self, node: Node, bit: str) -> str | None:
        return allows(self.changes.acl(node), self._account.uid, self.changes.gids, bit)

    def _rotation(self, node: Node) -> Any:
        # logrotate may know it by a name that goes through a link.
        return self._rotations.find(list(dict.fromkeys([node.path, os.readlink(node.address)])))

    def _check_acls(self, node: Node) -> None:
        for program in ("getfacl", "setfacl"):
            if not self.changes.has(program):
                message = f"{node.path} needs an access list, and {program} is not installed"
                raise HostError(
                    "not_installed", message, hint="Install the package acl on this host."
                )
        if not node.keeps_acls():
            hint = (
                f"Use a file system with access lists, or let {self._account.name} in by its group"
                " or mode."
            )
            raise HostError(
                "bad_argument",
                f"{node.path} needs an access list, and its file system keeps none",
                hint=hint,
            )


class Revoker:
    """Plans to revoke what is recorded. others: what log_access gave to other users. What is gone
    is no change."""

    def __init__(self, changes: Changes, others: list[Entry], deadline: Deadline) -> None:
        self._changes, self._others, self._deadline = changes, others, deadline
        self.warnings: list[str] = []

    def revoke(self, entry: Entry, copies: bool) -> bool:
        """copies: also what came of the grant, the entries of rotated copies, or of files made in
        the directory.

        Returns False, with a warning, for what cannot be revoked now and so stays in the record.
        """
        try:
            getattr(self, "_" + entry["kind"])(entry, copies)
        except FileNotFoundError:
            pass
        except NotADirectoryError as error:
            self.warnings.append(
                f"{error.strerror}, so what was given there is not revoked, and stays on record."
            )
            return False
        except HostError as error:
            if error.kind not in ("not_installed", "unsafe_path"):
                raise
            self.warnings.append(
                f"{error.message}, so what was given there is not revoked, and stays on record."
                f" {error.hint}"
            )
            return False
        return True

    def _group(self, entry: Entry, dummy: bool) -> None:
        self._changes.leave(entry["group"])

    def _parameter(self, entry: Entry, dummy: bool) -> None:
        directory, name = entry["config_directory"], entry["name"]
        if os.path.exists(os.path.join(directory, "main.cf")) and not any(
            _key(other) == _key(entry) for other in self._others
        ):
            if self._changes.parameter(directory, name) in entry["values"]:
                self._changes.set_parameter(directory, name, entry["before"])

    def _mode(self, entry: Entry, dummy: bool) -> None:
        node = self._changes.file(entry["path"])
        if node and stat.S_IMODE(node.status.st_mode) == 0o644:
            self._changes.set_mode(node, int(entry["mode"], 8))

    def _acl(self, entry: Entry, copies: bool) -> None:
        if _is_directory(entry["path"]):
            self._take(self._changes.directory(entry["path"]), "x", entry)
        else:
            directory, log = os.path.split(entry["path"])
            self._take(self._changes.file(entry["path"]), "r", entry)
            self._take_copies(directory, [log], entry, copies)

    def _directory(self, entry: Entry, copies: bool) -> None:
        node, uid = self._changes.directory(entry["path"]), entry["uid"]
        default = self._changes.acl(node).default
        self._changes.set_default(
            node, {} if default == default_for(uid) else without_user(default, uid, "r", None, None)
        )
        self._take_copies(entry["path"], [], dict(entry, before=None, mask=None), copies)

    def _take_copies(self, directory: str, logs: list[str], entry: Entry, copies: bool) -> None:
        """The other files of a log, or all files of the directory."""
        with os.scandir(self._changes.directory(directory).fd) as found:
            names = [
                item.name
                for item in found
                if copies and item.name not in logs and (not logs or _is_of(item.name, logs))
            ]
        for name in sorted(names):
            self._deadline.check(f"revoking access to the {len(names)} files of {directory}")
            try:
                node = self._changes.file(os.path.join(directory, name))
                self._take(node, "r", entry)
                self._changes.release(node)  # there may be many
            except HostError as error:
                if error.kind != "unsafe_path":
                    raise
                self.warnings.append(f"{error.message}, so it is left as it is.")

    def _take(self, node: Node | None, bit: str, entry: Entry) -> None:
        if node is None or not node.has_acl():
            return
        entries, mask = self._changes.acl(node).entries, entry["mask"]
        if any(
            permissions_of(entries, other["uid"])
            for other in self._others
            if other["kind"] == "acl" and other["path"] == entry["path"]
        ):
            mask = entries.get("mask:")  # the other needs it
        self._changes.set_entries(
            node, without_user(entries, entry["uid"], bit, entry["before"], mask)
        )


def _is_directory(path: str) -> bool:
    with Place(path) as place:
        status = place.status()
    return status is not None and stat.S_ISDIR(status.st_mode)


def _is_of(name: str, logs: list[str]) -> bool:
    """Whether a file is one of the logs or a rotated copy."""
    return any(name == log or name.startswith((log + ".", log + "-")) for log in logs)


def _target(entry: Entry) -> str:
    return entry.get("path") or entry.get("group") or entry["config_directory"]


def _key(entry: Entry) -> tuple[Any, ...]:
    return entry["kind"], _target(entry), entry.get("uid"), entry.get("name")


def _told(entry: Entry) -> dict[str, Any]:
    path = (
        os.path.join(entry["config_directory"], "main.cf")
        if entry["kind"] == "parameter"
        else entry.get("path")
    )
    return {"kind": entry["kind"], "path": path, "group": entry.get("group")}


def _check(user: str, found: list[dict[str, Any]]) -> None:
    """Raises Refusal where the change did not help; of a log that is not there yet nothing is
    known."""
    errors: list[tuple[str | None, HostError]] = []
    for log in found:
        if not log["readable"] and (log["path"] is None or os.path.lexists(log["path"])):
            message = f"{user} still cannot read {log['path'] or 'the journal'}: {log['why']}"
            hint = (
                "Look for a security module that denies it (SELinux: 'ausearch -m avc', AppArmor:"
                " 'journalctl -k -g apparmor')."
            )
            errors.append((log["path"], HostError("permission_denied", message, hint=hint)))
    if errors:
        raise Refusal(errors)


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


def _of_system(error: OSError) -> HostError:
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    return HostError("command_failed", what, hint="Look at this file and its directory as root.")

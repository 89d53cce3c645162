# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of what the collection's modules granted on this host, so that they revoke exactly
that.

A module records a grant before it makes it, and removes the entry after it has revoked it. An entry
is a dict with by (the module), user (who got it), kind, and what that module needs to revoke it."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._host import files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

_STATE = "/var/db" if sys.platform == "darwin" else "/var/lib"
DIRECTORY = _STATE + "/mailops-postfix"
# What the role of version 0.1.0 wrote.
_EARLIER = _STATE + "/mailops-datadog-postfix.json"
_PAUSE = 0.1


class Record:
    """The record, locked for the duration of the with statement; with check_mode it is only read.

    Raises HostError (timeout, unsafe_path, bad_record).
    """

    def __init__(
        self,
        deadline: Deadline,
        check_mode: bool = False,
        directory: str = DIRECTORY,
        earlier: str = _EARLIER,
    ) -> None:
        self._deadline = deadline
        self._check_mode = check_mode
        self._directory = directory
        self._file = os.path.join(directory, "grants.json")
        self._earlier = earlier
        self._lock: int | None = None
        self._entries: list[dict[str, Any]] = []

    def __enter__(self) -> Record:
        if not self._check_mode:
            os.makedirs(self._directory, 0o700, exist_ok=True)
        self._lock = self._locked()
        try:
            self._entries = self._load()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        if self._lock is None:
            return
        if not self._check_mode:
            try:
                os.rmdir(self._directory)
            except OSError:
                pass  # it holds the record
        os.close(self._lock)
        self._lock = None

    def entries(self, by: str, user: str | None = None) -> list[dict[str, Any]]:
        """What a module granted, to one user or to all."""
        return [
            dict(entry)
            for entry in self._entries
            if entry["by"] == by and user in (None, entry["user"])
        ]

    def replace(self, by: str, user: str, entries: list[dict[str, Any]]) -> None:
        """Sets what a module granted to a user, in memory and, but for check mode, on the host."""
        kept = [entry for entry in self._entries if (entry["by"], entry["user"]) != (by, user)]
        noted = kept + [dict(entry, by=by, user=user) for entry in entries]
        if noted == self._entries or self._check_mode:
            self._entries = noted
            return
        if noted:
            files.write(
                self._file,
                json.dumps({"version": 1, "grants": noted}, indent=1, sort_keys=True).encode()
                + b"\n",
                0o600,
            )
        else:
            _remove(self._file)
        _remove(self._earlier)
        self._entries = noted

    def _locked(self) -> int | None:
        while True:
            try:
                fd = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except FileNotFoundError:
                if self._check_mode:
                    return None
                os.makedirs(self._directory, 0o700, exist_ok=True)
                continue
            try:
                self._wait(fd)
                # Whoever held the lock may have removed the directory with the last grant.
                if os.path.samestat(os.fstat(fd), os.stat(self._directory)):
                    return fd
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)

    def _wait(self, fd: int) -> None:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if not self._deadline.remaining():
                    raise HostError(
                        "timeout",
                        f"another run has locked {self._directory} for too long",
                        hint="Wait for the other run on this host to end, or look for the process"
                        f" ('fuser {self._directory}').",
                    ) from None
                time.sleep(_PAUSE)

    def _load(self) -> list[dict[str, Any]]:
        for path, entries_of in ((self._file, _entries), (self._earlier, _imported)):
            content = files.read(path)
            if content is not None:
                try:
                    return entries_of(json.loads(content.decode("utf-8")))
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    raise HostError(
                        "bad_record",
                        f"{path} is not understood: {error or type(error).__name__}",
                    ) from None
        return []


def _entries(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        dict(entry, by=entry["by"], user=entry["user"], kind=entry["kind"])
        for entry in record["grants"]
    ]


def _imported(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries for what the role of version 0.1.0 granted: log (list of grants of log_access),
    log_modes and parameters."""
    listed = [
        token
        for entry in record.get("parameters") or []
        if entry["name"] == "authorized_mailq_users"
        for token in entry["tokens"]
    ]
    user = (record.get("log_request") or {}).get("user") or (listed + ["dd-agent"])[0]
    entries = [
        dict(grant, by="log_access", user=user, kind=grant["means"])
        for grant in record.get("log") or []
    ]
    entries += [
        dict(file, by="log_access", user=user, kind="mode")
        for file in record.get("log_modes") or []
    ]
    for parameter in record.get("parameters") or []:
        own = parameter["name"] == "maillog_file_permissions"
        entries.append(
            dict(parameter, by="log_access" if own else "mailq_access", user=user, kind="parameter")
        )
    return entries


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass

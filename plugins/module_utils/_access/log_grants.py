# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What log_access noted in the record, and how to revoke it.

Kinds of entries: V(acl), an entry in an access list (path, uid, before, mask); V(directory), a
default access list (path, uid); V(group), a membership (group); V(parameter), a parameter of
main.cf (config_directory, name, before, values); V(mode), the mode of a file, which only version
0.1.0 changed (path, mode)."""

from __future__ import annotations

import os
import stat
from typing import Any, Dict

from ansible_collections.mailops.postfix.plugins.module_utils._access.acl import (
    default_for,
    permissions_of,
    without_user,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.changes import Changes, Node
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.files import Place
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

KINDS = ("acl", "directory", "group", "mode", "parameter")

Entry = Dict[str, Any]


def target_of(entry: Entry) -> str:
    """The path, group or configuration directory that a grant changes."""
    return str(entry.get("path") or entry.get("group") or entry["config_directory"])


def key_of(entry: Entry) -> tuple[Any, ...]:
    """What is the same in two entries for the same grant."""
    return entry["kind"], target_of(entry), entry.get("uid"), entry.get("name")


def is_of(name: str, logs: list[str]) -> bool:
    """Whether a file is one of the logs or a rotated copy, by its name."""
    return any(name == log or name.startswith((log + ".", log + "-")) for log in logs)


class Revoker:
    """Plans to revoke what is recorded. others: what log_access gave to other users. What no longer
    exists needs no change."""

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
            return self._keep(f"{error.filename}: {error.strerror}", "")
        except HostError as error:
            if error.kind not in ("not_installed", "unsafe_path"):
                raise
            return self._keep(error.message, " " + error.hint)
        return True

    def _keep(self, why: str, hint: str) -> bool:
        self.warnings.append(f"{why}, so access there is not revoked and stays recorded.{hint}")
        return False

    def _group(self, entry: Entry, dummy: bool) -> None:
        self._changes.leave(entry["group"])

    def _parameter(self, entry: Entry, dummy: bool) -> None:
        directory, name = entry["config_directory"], entry["name"]
        is_shared = key_of(entry) in map(key_of, self._others)
        if is_shared or not os.path.exists(os.path.join(directory, "main.cf")):
            return
        if self._changes.parameter(directory, name) in entry["values"]:
            self._changes.set_parameter(directory, name, entry["before"])

    def _mode(self, entry: Entry, dummy: bool) -> None:
        node = self._changes.file(entry["path"])
        if node and stat.S_IMODE(node.status.st_mode) == 0o644:
            self._changes.set_mode(node, int(entry["mode"], 8))

    def _acl(self, entry: Entry, copies: bool) -> None:
        path = entry["path"]
        with Place(path) as place:
            status = place.status()
        if status is not None and stat.S_ISDIR(status.st_mode):
            self._take(self._changes.directory(path), "x", entry)
            return
        self._take(self._changes.file(path), "r", entry)
        if copies:
            self._take_copies(os.path.dirname(path), os.path.basename(path), entry)

    def _directory(self, entry: Entry, copies: bool) -> None:
        node, uid = self._changes.directory(entry["path"]), entry["uid"]
        default = self._changes.acl(node).default
        kept = without_user(default, uid, "r", None, None) if default != default_for(uid) else {}
        self._changes.set_default(node, kept)
        if copies:
            self._take_copies(entry["path"], None, dict(entry, before=None, mask=None))

    def _take_copies(self, directory: str, log: str | None, entry: Entry) -> None:
        """The rotated copies of a log, or all files of the directory."""
        with os.scandir(self._changes.directory(directory).fd) as found:
            names = [item.name for item in found]
        if log is not None:
            names = [name for name in names if name != log and is_of(name, [log])]
        for name in sorted(names):
            self._deadline.check(f"revoking access to the {len(names)} files of {directory}")
            try:
                node = self._changes.file(os.path.join(directory, name))
                self._take(node, "r", entry)
                self._changes.release(node)  # there may be many
            except HostError as error:
                if error.kind != "unsafe_path":
                    raise
                self.warnings.append(f"{error.message}, so it was not changed.")

    def _take(self, node: Node | None, bit: str, entry: Entry) -> None:
        if node is None or not node.has_acl():
            return
        entries, mask = self._changes.acl(node).entries, entry["mask"]
        sharing = [
            other
            for other in self._others
            if other["kind"] == "acl" and other["path"] == entry["path"]
        ]
        if any(permissions_of(entries, other["uid"]) for other in sharing):
            mask = entries.get("mask:")  # they need it
        self._changes.set_entries(
            node, without_user(entries, entry["uid"], bit, entry["before"], mask)
        )

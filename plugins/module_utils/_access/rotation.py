# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds what logrotate does to a file on this host, and whether a user's access survives it."""

from __future__ import annotations

import glob
import os
from typing import List, Union

from ansible_collections.mailops.postfix.plugins.module_utils._access import logrotate
from ansible_collections.mailops.postfix.plugins.module_utils._access.logrotate import Rotation
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.files import LIMIT
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner

# The first that exists; the second is SUSE's.
_FILES = ("/etc/logrotate.conf", "/usr/etc/logrotate.conf")
_DEEPEST = 8
_BITS = {"owner": 0o400, "group": 0o040, "other": 0o004}

_Nodes = List[Union[logrotate.Directive, logrotate.Stanza]]


class RotationFinder:
    """Reads logrotate's configuration of this host, once."""

    def __init__(self, runner: Runner, files: tuple[str, ...] = _FILES) -> None:
        self._runner = runner
        self._files = files
        self._nodes: _Nodes | None = None

    def find(self, names: list[str]) -> Rotation | str:
        """The Rotation of a file with these names, or why it is not known (str)."""
        try:
            if self._nodes is None:
                nodes: _Nodes = []
                self._load(next(filter(os.path.isfile, self._files), None), nodes)
                self._nodes = nodes
            found = logrotate.rotation(self._nodes, names)
            if found and found.keeps_mode and not self._copies_acls():
                return "logrotate was built without support for access lists"
        except logrotate.LogrotateError as error:
            return f"logrotate's configuration is not understood: {error}"
        except HostError as error:
            return error.message
        return found or "logrotate's configuration has no stanza for it"

    def _load(self, path: str | None, nodes: _Nodes, depth: int = 0) -> None:
        if path is None or depth > _DEEPEST:
            raise logrotate.LogrotateError(
                "there is none" if path is None else "its files include each other"
            )
        try:
            with open(path, "rb") as file:
                text = file.read(LIMIT).decode("utf-8", "replace")
        except OSError as error:
            raise logrotate.LogrotateError(f"{path}: {error.strerror}") from None
        for node in logrotate.parse(text):
            if isinstance(node, logrotate.Directive) and node.words[0] == "include":
                for name in self._included(" ".join(node.words[1:]), nodes):
                    self._load(name, nodes, depth + 1)
            else:
                nodes.append(node)

    def _included(self, pattern: str, nodes: _Nodes) -> list[str]:
        names: list[str] = []
        for path in sorted(glob.glob(pattern)):
            if os.path.isdir(path):
                inside = [name for name in os.listdir(path) if logrotate.is_read(name, nodes)]
                names += [os.path.join(path, name) for name in sorted(inside)]
            else:
                names.append(path)
        return [name for name in names if os.path.isfile(name)]

    def _copies_acls(self) -> bool:
        rc, lines, stderr, dummy = self._runner.run(commands.logrotate_version())
        said = [line.split() for line in lines + stderr.split("\n")]
        return rc == 0 and ["ACL", "support:", "yes"] in said


def outlook(
    by: str, group: str | None, inherits: bool, rotation: Rotation | str
) -> tuple[bool | None, str | None]:
    """Whether access survives the next rotation (None where not known), and a warning unless it
    certainly does.

    by: what gives it, as allows() has it; group: the file's group by name; inherits: whether the
    directory's default access list gives it; rotation: what RotationFinder found."""
    if by == "acl":
        return _outlook_of_acl(inherits, rotation)
    if isinstance(rotation, str):
        return None, f"what happens at its rotation is not known: {rotation}"
    if rotation.how == "kept":
        return True, None
    if rotation.how == "left":
        return None, (
            "after a rotation the program that writes the log decides the owner, group and mode of"
            " the new file (nocreate)"
        )
    other_group = by == "group" and rotation.group not in (None, group)
    if other_group or (rotation.mode is not None and not rotation.mode & _BITS[by]):
        return False, f"the rotation makes a file that this user cannot read ({rotation})"
    return True, None


def _outlook_of_acl(inherits: bool, rotation: Rotation | str) -> tuple[bool | None, str | None]:
    if isinstance(rotation, str):
        if inherits:
            return None, f"it lasts if the new file is made readable for its group; {rotation}"
        return None, f"what happens at its rotation is not known: {rotation}"
    if rotation.how == "kept" or rotation.keeps_mode:
        return True, None
    if inherits and (rotation.how == "left" or (rotation.mode or 0) & 0o040):
        return True, None
    return False, f"the rotation makes a file without this access list ({rotation})"

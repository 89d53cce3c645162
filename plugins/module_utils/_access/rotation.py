# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds what logrotate does to a file on this host, and whether a user's access outlasts it."""

from __future__ import annotations

import glob
import os

from ansible_collections.mailops.postfix.plugins.module_utils._access import logrotate
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.files import LIMIT

# The first that exists; the second is SUSE's.
_FILES = ("/etc/logrotate.conf", "/usr/etc/logrotate.conf")
_DEEPEST = 8
_NOT_KNOWN = "what happens at its rotation is not known: %s"


class RotationFinder:
    """Reads logrotate's configuration of this host, once."""

    def __init__(self, runner, files=_FILES):
        self._runner = runner
        self._files = files
        self._nodes = None

    def find(self, names):
        """The Rotation of a file with these names, or why it is not known (str)."""
        try:
            if self._nodes is None:
                nodes = []
                self._load(
                    next((file for file in self._files if os.path.isfile(file)), None), nodes
                )
                self._nodes = nodes
            found = logrotate.rotation(self._nodes, names)
            if found and found.how == "created" and found.mode is None and not self._copies_acls():
                return "logrotate was built without access lists"
        except logrotate.LogrotateError as error:
            return f"logrotate's configuration is not understood: {error}"
        except HostError as error:
            return error.message
        return found or "no stanza of logrotate's configuration is for it"

    def _load(self, path, nodes, depth=0):
        if path is None or depth > _DEEPEST:
            raise logrotate.LogrotateError(
                "there is none" if path is None else "files include each other"
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

    def _included(self, pattern, nodes):
        names = []
        for path in sorted(glob.glob(pattern)):
            names += (
                [
                    os.path.join(path, name)
                    for name in sorted(os.listdir(path))
                    if logrotate.is_read(name, nodes)
                ]
                if os.path.isdir(path)
                else [path]
            )
        return [name for name in names if os.path.isfile(name)]

    def _copies_acls(self):
        rc, lines, stderr, dummy = self._runner.run(commands.logrotate_version())
        said = [line.split() for line in lines + stderr.split("\n")]
        return rc == 0 and ["ACL", "support:", "yes"] in said


def outlook(by, group, inherits, rotation):
    """Whether access outlasts the next rotation (bool, None where not known), and a warning (str)
    where it is not sure.

    by: what gives it, as allows() has it; group: the file's group by name; inherits: whether the
    directory's default access list gives it; rotation: what RotationFinder found."""
    if isinstance(rotation, str):
        if by == "acl" and inherits:
            return (
                None,
                f"it lasts where the new file may be read by its group when it is made; {rotation}",
            )
        return None, _NOT_KNOWN % rotation
    if rotation.how == "kept" or (
        rotation.how == "created" and rotation.mode is None and by == "acl"
    ):
        return True, None
    if by == "acl":
        if inherits and (rotation.how == "left" or rotation.mode & 0o040):
            return True, None
        return False, f"the rotation makes a file without this access list ({_named(rotation)})"
    if rotation.how == "left":
        return (
            None,
            (
                "after a rotation the program that writes the log gives it its owner, group and"
                " mode (nocreate)"
            ),
        )
    bit = {"owner": 0o400, "group": 0o040, "other": 0o004}[by]
    if (rotation.mode is not None and not rotation.mode & bit) or (
        by == "group" and rotation.group not in (None, group)
    ):
        return False, f"the rotation makes a file that this user may not read ({_named(rotation)})"
    return True, None


def _named(rotation):
    if rotation.how == "left":
        return "nocreate"
    words = [] if rotation.mode is None else [f"{rotation.mode:04o}"]
    return " ".join(
        ["create"] + words + [word for word in (rotation.owner, rotation.group) if word]
    )

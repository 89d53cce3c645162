# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of access lists, modes, groups and parameters: planned first, then made, each on the very
file that was looked at."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import stat
import tempfile
from typing import Any, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._access.acl import (
    Acl,
    AclError,
    acl_of_mode,
    difference,
    parse_acl,
    shown,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.files import Place, is_foreign
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    cause_of,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.main_cf import MainCf
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    parse_parameters,
)

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Account(NamedTuple):
    """A user. uid is -1 and gids are empty for one that no longer exists."""

    name: str
    uid: int
    gids: frozenset[int]


class Node:
    """An open file or directory. planted: whether a user other than root could have put it
    there; before, after: its Acl now and as planned."""

    def __init__(self, path: str, fd: int, planted: bool) -> None:
        self.path, self.fd, self.planted = path, fd, planted
        self.status = os.fstat(fd)
        self.before: Acl | None = None
        self.after: Acl | None = None
        # For commands, which are children of this process.
        self.address = f"/proc/{os.getpid()}/fd/{fd}"

    def keeps_acls(self) -> bool:
        """Whether its file system has access lists."""
        return self.has_acl() is not None

    def has_acl(self) -> bool | None:
        """Whether it has an access list. None where its file system supports none."""
        try:
            return bool(os.getxattr(self.address, "system.posix_acl_access"))
        except OSError as error:
            return False if error.errno == errno.ENODATA else None


class Changes:
    """The planned changes of a host, which apply() makes. Use it in a with statement, which keeps
    open what was looked at.

    Raises HostError, FileNotFoundError and other OSError.
    """

    def __init__(self, runner: Runner, account: Account) -> None:
        self._runner = runner
        self._account = account
        self._nodes: dict[tuple[int, int], Node] = {}
        self.forget()

    def __enter__(self) -> Changes:
        return self

    def __exit__(self, *dummy: object) -> None:
        for node in self._nodes.values():
            os.close(node.fd)

    def forget(self) -> None:
        """Plans nothing."""
        # The user's groups as planned.
        self.gids = set(self._account.gids)
        for node in self._nodes.values():
            node.after = node.before
        self._modes: dict[Node, int] = {}
        # Before and after, by group, and by configuration directory and parameter.
        self._groups: dict[str, list[bool]] = {}
        self._parameters: dict[tuple[str, str], list[str | None]] = {}

    def has(self, program: str) -> bool:
        return self._runner.find(program) is not None

    def run(self, command: list[str], path: str | None = None) -> list[str]:
        """The lines that a command prints. path: the name of the file that it gets by its address.
        Raises HostError where it fails."""
        rc, lines, stderr, argv = self._runner.run(command)
        if rc != 0:
            if path:
                stderr, argv = stderr.replace(argv[-1], path), argv[:-1] + [path]
            raise HostError(postfix_refusal(stderr), cause_of(stderr, rc), argv, rc, stderr)
        return lines

    def file(self, path: str) -> Node | None:
        """The regular file of this name, which has no other. None where there is none."""
        with Place(path) as place:
            status = place.status()
            if status is None:
                return None
            if stat.S_ISLNK(status.st_mode):
                raise HostError(
                    "unsafe_path",
                    f"{path} is a symbolic link",
                    hint="Name the file that it leads to, or remove the link if it does not belong"
                    " there.",
                )
            node = self._node(path, place.open(), place.fileno())
        if node.status.st_nlink != 1:
            hint = f"Remove its other names ('find / -xdev -samefile {path}'), then run this again."
            raise HostError(
                "unsafe_path", f"{path} has {node.status.st_nlink} hard links", hint=hint
            )
        return node

    def release(self, node: Node | None) -> None:
        """Closes a file that does not change."""
        if node is not None and node.after == node.before and node not in self._modes:
            del self._nodes[node.status.st_dev, node.status.st_ino]
            os.close(node.fd)

    def directory(self, path: str) -> Node:
        """The directory of this name."""
        with Place(path) as place:
            return self._node(path, place.open(directory=True), place.fileno())

    def way(self, path: str) -> list[Node]:
        """The directories on the way to a path, the one that contains it last."""
        nodes: list[Node] = []
        above = path
        while above != "/":
            above = os.path.dirname(above)
            try:
                with Place(os.path.join(above, "x")) as place:
                    nodes = self._climb(place) + nodes
            except FileNotFoundError:
                raise FileNotFoundError(errno.ENOENT, "there is no such directory", above) from None
        return nodes

    def acl(self, node: Node) -> Acl:
        """The access list as planned."""
        if node.after is None:
            node.before = node.after = self._read(node)
        return node.after

    def set_entries(self, node: Node, entries: dict[str, str]) -> None:
        node.after = self.acl(node)._replace(entries=entries)

    def set_default(self, node: Node, default: dict[str, str]) -> None:
        node.after = self.acl(node)._replace(default=default)

    def set_mode(self, node: Node, mode: int) -> None:
        self._modes[node] = mode

    def join(self, group: grp.struct_group) -> None:
        self._groups.setdefault(group.gr_name, [False, False])[1] = True
        self.gids.add(group.gr_gid)

    def leave(self, name: str) -> None:
        """Does nothing if the user is not a member, or the group does not exist."""
        with contextlib.suppress(KeyError):
            group = grp.getgrnam(name)
            if self._account.name in group.gr_mem:
                self._groups.setdefault(name, [True, True])[1] = False
                self.gids.discard(group.gr_gid)

    def parameter(self, config_directory: str, name: str) -> str | None:
        """What main.cf sets a parameter to, as planned. None where it does not."""
        place = (config_directory, name)
        if place not in self._parameters:
            value = parse_parameters(self.run(commands.postconf_set(config_directory))).get(name)
            self._parameters[place] = [value, value]
        return self._parameters[place][1]

    def set_parameter(self, config_directory: str, name: str, value: str | None) -> None:
        self.parameter(config_directory, name)
        self._parameters[config_directory, name][1] = value

    def targets(self) -> set[str]:
        """What changes: paths, groups and configuration directories."""
        nodes = [change[0].path for change in self._changed()] + [node.path for node in self._modes]
        return set(
            nodes
            + [name for name, dummy in self._of(self._groups)]
            + [place[0] for place, dummy in self._of(self._parameters)]
        )

    def apply(self) -> None:
        for name, (dummy, joins) in self._of(self._groups):
            self.run(
                commands.usermod_add(self._account.name, name)
                if joins
                else commands.gpasswd_delete(self._account.name, name)
            )
        for node, before, after in self._changed():
            self._set(node, before, after)
            if not self._is_in_place(node):
                self._set(node, after, before)
                raise HostError(
                    "unsafe_path",
                    f"{node.path} was replaced while its access list was being changed",
                    hint="Run this again if it was being rotated; otherwise check who can write to"
                    " its directory.",
                )
            node.before = after
        for node, mode in self._modes.items():
            os.fchmod(node.fd, mode)
        for (directory, name), (dummy, value) in self._of(self._parameters):
            state, parameters = "absent" if value is None else "present", {name: value or ""}
            with tempfile.TemporaryDirectory(prefix="postconf-") as workspace:
                main_cf = MainCf(self._runner, directory, workspace)
                main_cf.replace(main_cf.plan(parameters, state), parameters, state)

    def diff(self) -> dict[str, str]:
        """What changes, before and after, as text."""
        return {"before": self._side(0), "after": self._side(1)}

    def _side(self, index: int) -> str:
        lines = [
            f"{self._account.name} is {'in' if value[index] else 'not in'} {name}"
            for name, value in self._of(self._groups)
        ]
        for node, *acls in self._changed():
            lines.append(f"{node.path} {shown(acls[index].entries)}")
            if acls[0].default != acls[1].default:
                lines.append(f"{node.path} default {shown(acls[index].default)}")
        for node, mode in self._modes.items():
            mode = (stat.S_IMODE(node.status.st_mode), mode)[index]
            lines.append(f"{node.path} {mode:04o}")
        for (directory, name), value in self._of(self._parameters):
            shown_value = "is not set" if value[index] is None else f"= {value[index]}"
            lines.append(f"{directory} {name} {shown_value}")
        return "".join(line + "\n" for line in lines)

    def _of(self, pairs: dict[Any, Any]) -> list[tuple[Any, Any]]:
        return [(key, pair) for key, pair in pairs.items() if pair[0] != pair[1]]

    def _changed(self) -> list[tuple[Node, Acl, Acl]]:
        return [
            (node, node.before, node.after)
            for node in self._nodes.values()
            if node.before is not None and node.after is not None and node.before != node.after
        ]

    def _node(self, path: str, fd: int, directory: int | None) -> Node:
        """The node that a new descriptor is for, in an open directory."""
        node = Node(path, fd, directory is not None and is_foreign(os.fstat(directory)))
        known = self._nodes.setdefault((node.status.st_dev, node.status.st_ino), node)
        if known is not node:
            os.close(fd)
            known.status = node.status
        return known

    def _climb(self, place: Place) -> list[Node]:
        """The place's directory and those above it, each found in the one below, so that no name
        leads elsewhere."""
        fds = [os.open(".", _DIRECTORY, dir_fd=place.fileno())]
        while not os.path.samestat(os.fstat(fds[0]), os.stat("..", dir_fd=fds[0])):
            fds.insert(0, os.open("..", _DIRECTORY, dir_fd=fds[0]))
        nodes: list[Node] = []
        for fd in fds:
            nodes.append(
                self._node(os.readlink(f"/proc/self/fd/{fd}"), fd, nodes[-1].fd if nodes else None)
            )
        return nodes

    def _read(self, node: Node) -> Acl:
        try:
            return parse_acl(self.run(commands.getfacl(node.address), node.path))
        except AclError as error:
            raise HostError(
                "command_failed", f"getfacl printed something unexpected for {node.path}: {error}"
            ) from None
        except HostError as error:
            if error.kind != "not_installed" or node.has_acl():
                raise
            return acl_of_mode(node.status.st_uid, node.status.st_gid, node.status.st_mode)

    def _set(self, node: Node, old: Acl, new: Acl) -> None:
        changed, removed = difference(old.entries, new.entries)
        if new.default or not old.default:
            more, less = difference(old.default, new.default)
            changed += ["default:" + entry for entry in more]
            removed += ["default:" + tag for tag in less]
        else:
            self.run(commands.setfacl_no_default(node.address), node.path)
        if changed or removed:
            self.run(commands.setfacl(node.address, changed, removed), node.path)

    def _is_in_place(self, node: Node) -> bool:
        if node.path == "/":
            return True
        try:
            with Place(node.path) as place:
                status = place.status()
        except (OSError, HostError):
            return False
        return status is not None and os.path.samestat(status, node.status)

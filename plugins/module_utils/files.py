# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens, reads and writes files where other users may plant links, pipes and devices.

A directory is foreign when a user other than root can write to it. From the first foreign directory of a path on, no symbolic link is
followed, and work is done with the rights of that directory's owner, so that root never acts for somebody else.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import select
import signal
import stat
from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.runner import Deadline

# Bytes; far more than any file that is read here has.
LIMIT = 1 << 20
_ANSWER_LIMIT = 8 * LIMIT
_LINKS_LIMIT = 40
# macOS has no O_PATH.
_WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_foreign(status: os.stat_result) -> bool:
    """Whether a user other than root can write to a directory. The group's bits show the mask of an access list, if there is one."""
    return status.st_uid != 0 or bool(status.st_mode & 0o022)


def unsafe(path: str, what: str) -> QueueError:
    """The QueueError for what somebody may have planted."""
    return QueueError("unsafe_path", "%s is %s" % (path, what))


class Place:
    """An open directory on the way to a file, its name there, and the owner of the first foreign directory passed (uid; 0 without one).

    Use it in a with statement. Raises QueueError (unsafe_path), FileNotFoundError, PermissionError and other OSError.
    """

    def __init__(self, path: str) -> None:
        if not os.path.isabs(path):
            raise ValueError("not an absolute path: %r" % path)
        self.path = path
        self.owner = 0
        self.foreign = False
        self._fd = os.open("/", _WALK)
        try:
            self.name = self._walk(path)
        except BaseException:
            os.close(self._fd)
            raise

    def _walk(self, path: str) -> str:
        waiting = [part for part in path.split("/") if part not in ("", ".")]
        links = 0
        while len(waiting) > 1:
            part = waiting.pop(0)
            status = os.stat(part, dir_fd=self._fd, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                links += 1
                if self.foreign or part == ".." or links > _LINKS_LIMIT:
                    raise unsafe(path, "reached through a symbolic link (%s) that a user other than root can change" % part)
                target = os.readlink(part, dir_fd=self._fd)
                if target.startswith("/"):
                    self._enter(os.open("/", _WALK))
                waiting = [step for step in target.split("/") if step not in ("", ".")] + waiting
            elif not stat.S_ISDIR(status.st_mode):
                raise NotADirectoryError(20, "%s is not a directory" % part, path)
            else:
                self._enter(os.open(part, _WALK, dir_fd=self._fd))
        if not waiting or waiting[0] == "..":
            raise unsafe(path, "not a name in a directory")
        return waiting[0]

    def _enter(self, fd: int) -> None:
        os.close(self._fd)
        self._fd = fd
        status = os.fstat(fd)
        if is_foreign(status) and not self.foreign:
            self.foreign, self.owner = True, status.st_uid

    def fileno(self) -> int:
        """The open directory."""
        return self._fd

    def status(self) -> os.stat_result | None:
        """The status of the file itself, links not followed. None where there is none."""
        try:
            return os.stat(self.name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open(self, flags: int = os.O_RDONLY, directory: bool = False) -> int:
        """A file descriptor of the regular file, or the directory. Raises QueueError (unsafe_path) for anything else."""
        self._check(os.stat(self.name, dir_fd=self._fd, follow_symlinks=False), directory)
        # Not blocked by a pipe that was put there since.
        fd = os.open(self.name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._fd)
        try:
            self._check(os.fstat(fd), directory)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _check(self, status: os.stat_result, directory: bool) -> None:
        if not (stat.S_ISDIR if directory else stat.S_ISREG)(status.st_mode):
            raise unsafe(self.path, "%s, not a %s" % (kind_of(status), "directory" if directory else "regular file"))

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *dummy: object) -> None:
        os.close(self._fd)


def kind_of(status: os.stat_result) -> str:
    """What a file is, in words."""
    kinds = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((words for test, words in kinds if test(status.st_mode)), "a regular file")


def read(path: str, limit: int = LIMIT) -> bytes | None:
    """The content of a regular file; None where there is none. Raises QueueError (unsafe_path) and OSError."""
    try:
        with Place(path) as place:
            fd = place.open()
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise unsafe(path, "larger than %d bytes" % limit)
    return content


def write(path: str, content: bytes, mode: int, group: int | None = None) -> None:
    """Puts a file in place, whole or not at all, with this mode and group (gid). Raises QueueError (unsafe_path) and OSError."""
    with Place(path) as place:
        status = place.status()
        if status is not None and not stat.S_ISREG(status.st_mode):
            raise unsafe(path, "%s, not a regular file" % kind_of(status))
        # The Agent loads every name that ends in .yaml.
        draft = ".%s.%s~" % (place.name, secrets.token_hex(4))
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=place.fileno())
        try:
            with open(fd, "wb") as file:
                if group is not None and group != os.fstat(fd).st_gid:
                    os.fchown(fd, -1, group)
                os.fchmod(fd, mode)
                file.write(content)
                file.flush()
                os.fsync(fd)
            os.rename(draft, place.name, src_dir_fd=place.fileno(), dst_dir_fd=place.fileno())
        except BaseException:
            os.unlink(draft, dir_fd=place.fileno())
            raise


def owner_of(path: str) -> int:
    """The uid with whose rights to work on a path: that of the first foreign directory's owner, 0 without one."""
    with Place(path) as place:
        return place.owner


def as_user(uid: int, deadline: Deadline, function: Callable[..., Any], *arguments: Any) -> Any:
    """What function(*arguments) returns, in a child with this user's rights; must be made of what JSON knows.

    Raises what the function raises: QueueError as it is, OSError as one of kind permission_denied or command_failed; and QueueError (timeout).
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            _take_on(uid)
            answer = _answer(function, *arguments)
            with open(writer, "w", encoding="utf-8") as stream:
                json.dump(answer, stream)
            status = 0
        finally:
            # Nothing of the parent's is flushed or cleaned up here.
            os._exit(status)
    os.close(writer)
    try:
        said = _read_answer(reader, deadline)
    finally:
        os.close(reader)
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(child, 0)
    if "error" in said:
        raise QueueError(**said["error"])
    return said["result"]


def _take_on(uid: int) -> None:
    if os.geteuid() != 0 or uid == 0:
        return
    try:
        user = pwd.getpwuid(uid)
        os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
        os.setgid(user.pw_gid)
    except KeyError:
        os.setgroups([])
        os.setgid(uid)
    os.setuid(uid)


def _answer(function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    try:
        return {"result": function(*arguments)}
    except QueueError as error:
        return {"error": {"kind": error.kind, "message": error.message, "mend": error.mend}}
    except OSError as error:
        kind = "permission_denied" if isinstance(error, PermissionError) else "command_failed"
        place = error.filename if isinstance(error.filename, str) else "a file"
        return {"error": {"kind": kind, "message": "%s: %s" % (place, error.strerror or error), "mend": "Look at this file and its directory as root."}}


def _read_answer(reader: int, deadline: Deadline) -> dict[str, Any]:
    said = b""
    while True:
        if not select.select([reader], [], [], deadline.remaining())[0]:
            raise deadline.error("work on the files of another user")
        chunk = os.read(reader, 65536)
        said += chunk
        if len(said) > _ANSWER_LIMIT:
            raise QueueError("command_failed", "work on the files of another user answered more than %d bytes" % _ANSWER_LIMIT)
        if not chunk:
            break
    if not said:
        raise QueueError("command_failed", "work on the files of another user ended without an answer")
    return json.loads(said.decode("utf-8"))

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Open, read and write files where other users may plant links, pipes and devices.

A directory is foreign if a user other than root can write to it. After the first foreign directory
of a path no symbolic link is followed. children.as_owner then works with the rights of the first
owner who is not root."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

# Bytes; far more than any file read here has.
LIMIT = 1 << 20
_LINKS_LIMIT = 40
_ACCESS_LIST = "system.posix_acl_access"
# macOS has no O_PATH; the directories of the path must then be readable.
_WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_foreign(status: os.stat_result) -> bool:
    """Whether a user other than root can write to a directory or file.

    With an access list the group's bits are its mask, so they cover it."""
    return status.st_uid != 0 or bool(status.st_mode & 0o022)


def unsafe(path: str, what: str) -> HostError:
    """The HostError for something that another user may have planted."""
    return HostError("unsafe_path", f"{path} is {what}")


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """Put the full path into every OSError; the system reports only the name in its directory."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise unsafe(
                path, "reached through too many symbolic links, or one that has just been created"
            ) from None
        error.filename = path
        raise


class Place:
    """The open directory of a file, and the file's name in it; a context manager.

    foreign: whether a directory of the path is foreign; owner: the uid of the first owner of a
    foreign one who is not root, else 0. Raises HostError (unsafe_path) and OSError."""

    def __init__(self, path: str) -> None:
        if not os.path.isabs(path):
            raise ValueError(f"not an absolute path: {path!r}")
        self.path = path
        self.owner = 0
        self.foreign = False
        self._fd = os.open("/", _WALK)
        try:
            with _named(path):
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
                if self.foreign or links > _LINKS_LIMIT:
                    raise unsafe(
                        path,
                        f"reached through a symbolic link ({part}) that a user other than root can"
                        " change",
                    )
                target = os.readlink(part, dir_fd=self._fd)
                if target.startswith("/"):
                    self._enter(os.open("/", _WALK))
                waiting = [step for step in target.split("/") if step not in ("", ".")] + waiting
            elif not stat.S_ISDIR(status.st_mode):
                raise unsafe(path, f"below {part}, which is {kind_of(status)}")
            elif part == ".." and self.foreign:
                raise unsafe(
                    path,
                    "reached through '..' from a directory that a user other than root can move",
                )
            else:
                self._enter(os.open(part, _WALK, dir_fd=self._fd))
        if not waiting or waiting[0] == "..":
            raise unsafe(path, "not a name in a directory")
        return waiting[0]

    def _enter(self, fd: int) -> None:
        os.close(self._fd)
        self._fd = fd
        status = os.fstat(fd)
        if is_foreign(status):
            self.foreign = True
            # Where root owns a shared directory, such as /tmp, the owner of the next one decides.
            self.owner = self.owner or status.st_uid

    def fileno(self) -> int:
        """The open directory."""
        return self._fd

    def status(self) -> os.stat_result | None:
        """The status of the file, links not followed; None if it does not exist."""
        with _named(self.path):
            try:
                return os.stat(self.name, dir_fd=self._fd, follow_symlinks=False)
            except FileNotFoundError:
                return None

    def open(self, flags: int = os.O_RDONLY, directory: bool = False) -> int:
        """A file descriptor of the regular file, or the directory. Raises HostError (unsafe_path)
        for anything else, and OSError."""
        with _named(self.path):
            self._check(os.stat(self.name, dir_fd=self._fd, follow_symlinks=False), directory)
            # O_NONBLOCK: a pipe may have taken its place since.
            fd = os.open(
                self.name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._fd
            )
            try:
                self._check(os.fstat(fd), directory)
            except BaseException:
                os.close(fd)
                raise
            return fd

    def _check(self, status: os.stat_result, directory: bool) -> None:
        if not (stat.S_ISDIR if directory else stat.S_ISREG)(status.st_mode):
            raise unsafe(
                self.path,
                f"{kind_of(status)}, not a {'directory' if directory else 'regular file'}",
            )
        if not directory and self.foreign and status.st_nlink > 1 and os.geteuid() == 0:
            raise unsafe(
                self.path,
                "a file with another name (a hard link), in a directory where a user other than"
                " root can create one",
            )

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *dummy: object) -> None:
        os.close(self._fd)


def kind_of(status: os.stat_result) -> str:
    """The kind of a file, as a phrase for messages."""
    kinds = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((words for test, words in kinds if test(status.st_mode)), "a regular file")


class File(NamedTuple):
    """A regular file. trusted: only root can change it."""

    content: bytes
    status: os.stat_result
    trusted: bool


def look(path: str, limit: int = LIMIT) -> File | None:
    """A regular file of at most limit bytes; None if it does not exist. Raises HostError
    (unsafe_path) and OSError."""
    try:
        with Place(path) as place:
            fd = place.open()
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise unsafe(path, f"larger than {limit} bytes")
    return File(content, status, not place.foreign and not is_foreign(status))


def read(path: str, limit: int = LIMIT) -> bytes | None:
    """The content of a regular file of at most limit bytes; None if it does not exist. Raises
    HostError (unsafe_path) and OSError."""
    file = look(path, limit)
    return file.content if file else None


def tail(path: str, limit: int = LIMIT) -> tuple[bytes, os.stat_result]:
    """The last lines of a regular file, at most limit bytes, and its status. Raises HostError
    (unsafe_path) and OSError."""
    with Place(path) as place:
        fd = place.open()
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        start = max(0, status.st_size - limit)
        file.seek(start)
        content = file.read(limit)
    return (content.partition(b"\n")[2] if start else content), status


def write(
    path: str, content: bytes, mode: int, group: int | None = None, owner: int | None = None
) -> None:
    """Write a file atomically, with this mode, group (gid) and, for root only, owner (uid).
    The access list of a file that it replaces is kept; the mode then sets its mask.

    Raises HostError (unsafe_path) and OSError."""
    with Place(path) as place, _named(path):
        status = place.status()
        if status is not None and not stat.S_ISREG(status.st_mode):
            raise unsafe(path, f"{kind_of(status)}, not a regular file")
        # The Agent loads every file whose name ends in .yaml.
        draft = f".{place.name}.{secrets.token_hex(4)}~"
        fd = os.open(
            draft,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o600,
            dir_fd=place.fileno(),
        )
        try:
            with open(fd, "wb") as file:
                own = os.fstat(fd)
                if group not in (None, own.st_gid) or owner not in (None, own.st_uid):
                    os.fchown(fd, -1 if owner is None else owner, -1 if group is None else group)
                access_list = _access_list(place) if status is not None else None
                if access_list:
                    os.setxattr(fd, _ACCESS_LIST, access_list)
                os.fchmod(fd, mode)
                file.write(content)
                file.flush()
                os.fsync(fd)
            os.rename(draft, place.name, src_dir_fd=place.fileno(), dst_dir_fd=place.fileno())
        except BaseException:
            # Report the first error, not one from the cleanup.
            with contextlib.suppress(OSError):
                os.unlink(draft, dir_fd=place.fileno())
            raise


def _access_list(place: Place) -> bytes | None:
    """The access list of a file in the form of the kernel; None where it has none."""
    if not hasattr(os, "getxattr"):
        return None  # macOS
    path = f"/proc/self/fd/{place.fileno()}/{place.name}"
    try:
        return os.getxattr(path, _ACCESS_LIST, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP, errno.ENOENT):
            return None
        raise


def make_directory(path: str, mode: int, group: int | None = None) -> None:
    """Create one directory unless it exists. Raises HostError (unsafe_path) and OSError."""
    with Place(path) as place, _named(path):
        try:
            os.mkdir(place.name, 0o700, dir_fd=place.fileno())
        except FileExistsError:
            os.close(place.open(directory=True))
            return
        fd = place.open(directory=True)
        try:
            if group is not None and group != os.fstat(fd).st_gid:
                os.fchown(fd, -1, group)
            os.fchmod(fd, mode)
        finally:
            os.close(fd)


def remove(path: str) -> None:
    """Remove a regular file if it exists. Raises HostError (unsafe_path) and OSError."""
    with Place(path) as place, _named(path):
        status = place.status()
        if status is None:
            return
        if not stat.S_ISREG(status.st_mode):
            raise unsafe(path, f"{kind_of(status)}, not a regular file")
        os.unlink(place.name, dir_fd=place.fileno())


def owner_of(path: str) -> int:
    """The uid to work as on a path; see Place. Raises HostError (unsafe_path) and OSError."""
    with Place(path) as place:
        return place.owner

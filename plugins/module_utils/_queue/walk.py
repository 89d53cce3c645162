# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counting of the files in queue directories by this process."""

from __future__ import annotations

import itertools
import operator
import os
import stat
from typing import Callable, Iterable, Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import (
    HostError,
    os_error,
)

_BATCH = 65536
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def check_directory(directory: str) -> None:
    """Raises HostError for a queue directory that is missing, or that find would not enter: it
    neither follows a link that it is given nor complains of a file, and would count 0 or 1."""
    try:
        mode = os.lstat(directory).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(directory) from None
    except PermissionError:
        return  # the counting shows it, perhaps with the rights of another user
    except OSError as error:
        raise os_error(error, directory) from None
    if not stat.S_ISDIR(mode):
        raise HostError(
            "missing_queue", f"{directory} is not a directory (find does not follow links)"
        )


def count_files(directory: str, see: Callable[[str], None] | None = None) -> int:
    """The number of regular files below a directory, as C(find DIRECTORY -type f) finds them; see
    gets the name of each. Raises HostError.

    Each directory is opened in the one above it, which stays open: the mail owner can replace a
    directory by a link at any time, and that would lead root to anywhere."""
    count = 0
    # Of each directory on the way down: descriptor, path, names of the directories still to enter.
    way: list[tuple[int | None, str, list[str]]] = [(None, "", [directory])]
    try:
        while way:
            parent, parent_path, waiting = way[-1]
            if not waiting:
                way.pop()
                if parent is not None:
                    os.close(parent)
                continue
            name = waiting.pop()
            path = os.path.join(parent_path, name)
            directories: list[str] = []
            try:
                fd = os.open(name, _OPEN, dir_fd=parent)
                way.append((fd, path, directories))
                with os.scandir(fd) as entries:
                    files, names = _count_entries(entries, see)
            except (FileNotFoundError, NotADirectoryError):
                if parent is None:
                    raise _missing(directory) from None
                continue  # a hashed directory that vanishes is normal on a live queue
            except OSError as error:
                raise os_error(error, path) from None
            count += files
            directories += names
    finally:
        for level in way:
            if level[0] is not None:
                os.close(level[0])
    return count


def _missing(directory: str) -> HostError:
    return HostError("missing_queue", f"{directory} does not exist")


def _count_entries(
    entries: Iterator[os.DirEntry[str]], see: Callable[[str], None] | None
) -> tuple[int, list[str]]:
    """The number of files and the names of the directories. The loops over entries run in C, which
    halves the time (make bench)."""
    is_file = operator.methodcaller("is_file", follow_symlinks=False)
    files = 0
    directories: list[str] = []
    while True:
        tally = itertools.count()
        batch: Iterable[os.DirEntry[str]] = map(
            operator.itemgetter(0), zip(itertools.islice(entries, _BATCH), tally)
        )
        if see:
            batch = list(batch)
            for entry in filter(is_file, batch):
                see(entry.name)
        others = list(itertools.filterfalse(is_file, batch))
        seen = next(tally)
        files += seen - len(others)
        directories += [entry.name for entry in others if entry.is_dir(follow_symlinks=False)]
        if seen < _BATCH:
            return files, directories

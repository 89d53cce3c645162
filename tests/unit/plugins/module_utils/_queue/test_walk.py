# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counting in real directories, beside find(1) on the same."""

from __future__ import annotations

import os
import subprocess

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._queue import walk

NAMES = [
    b"4jXSfJ6vGQzL82j",
    b"A/03D1C24C0B7",
    b"A/B/9A66A24C016",
    b"A/B/\xff\n",
    b"B/4jXSZY65fXzL82d",
]


@pytest.fixture
def queue(tmp_path):
    """A queue with five messages, an empty directory, and what is no message."""
    directory = os.fsencode(tmp_path / "deferred")
    for name in NAMES:
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").close()
    os.makedirs(os.path.join(directory, b"C"))
    os.mkfifo(os.path.join(directory, b"A/pipe"))
    os.symlink("/etc/passwd", os.path.join(directory, b"B/link"))
    os.symlink("/etc", os.path.join(directory, b"B/directory"))
    return os.fsdecode(directory)


def found(directory):
    output = subprocess.run(
        ["find", directory, "-type", "f", "-print0"], check=True, stdout=subprocess.PIPE
    ).stdout
    return [os.fsdecode(os.path.basename(path)) for path in output.split(b"\0")[:-1]]


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("batch", [1, 2, 3, 65536])
def test_it_counts_as_find_does(queue, monkeypatch, batch):
    monkeypatch.setattr(walk, "_BATCH", batch)
    names = []
    before = open_files()
    assert walk.count_files(queue) == 5
    assert walk.count_files(queue, names.append) == 5
    assert sorted(names) == sorted(found(queue))
    assert open_files() == before


def test_no_more_than_a_batch_of_entries_is_read_at_once(tmp_path, monkeypatch):
    for number in range(10):
        (tmp_path / f"{number}").touch()
    scandir = os.scandir
    read = []

    class Watched:
        def __init__(self, directory):
            self._entries = scandir(directory)

        def __enter__(self):
            return (read.append(entry) or entry for entry in self._entries)

        def __exit__(self, *dummy):
            self._entries.close()

    monkeypatch.setattr(walk.os, "scandir", Watched)
    monkeypatch.setattr(walk, "_BATCH", 4)
    ahead = []
    assert walk.count_files(str(tmp_path), lambda name: ahead.append(len(read))) == 10
    assert ahead == [4] * 4 + [8] * 4 + [10] * 2


def test_what_is_no_directory_of_a_queue(queue, tmp_path):
    os.symlink(queue, tmp_path / "link")
    for path, message in (
        (f"{tmp_path}/absent", f"{tmp_path}/absent does not exist"),
        (queue + "/4jXSfJ6vGQzL82j/x", f"{queue}/4jXSfJ6vGQzL82j/x does not exist"),
        (
            queue + "/4jXSfJ6vGQzL82j",
            f"{queue}/4jXSfJ6vGQzL82j is not a directory (find does not follow links)",
        ),
        (f"{tmp_path}/link", f"{tmp_path}/link is not a directory (find does not follow links)"),
    ):
        with pytest.raises(HostError) as caught:
            walk.check_directory(path)
        assert (caught.value.kind, caught.value.message) == ("missing_queue", message)
    walk.check_directory(queue)


def test_a_path_that_cannot_be_looked_at():
    path = "x" * 300
    for look in (walk.check_directory, walk.count_files):
        with pytest.raises(HostError) as caught:
            look(path)
        assert (caught.value.kind, caught.value.message) == (
            "io_error",
            f"{path} cannot be read: File name too long",
        )


def test_a_directory_behind_a_closed_one_is_left_to_the_count(monkeypatch, queue):
    def closed(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(walk.os, "lstat", closed)
    walk.check_directory(queue)


@pytest.mark.parametrize("name", ["absent", "4jXSfJ6vGQzL82j"])
def test_a_queue_that_is_not_there_is_not_empty(queue, name):
    with pytest.raises(HostError) as caught:
        walk.count_files(f"{queue}/{name}")
    assert (caught.value.kind, caught.value.message) == (
        "missing_queue",
        f"{queue}/{name} does not exist",
    )


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "No such file"), NotADirectoryError(20, "Not a directory")]
)
def test_a_hashed_directory_that_vanishes_is_normal(queue, monkeypatch, error):
    def open_below(name, flags, dir_fd=None, really_open=os.open):
        if name == "B":
            raise error
        return really_open(name, flags, dir_fd=dir_fd)

    monkeypatch.setattr(walk.os, "open", open_below)
    before = open_files()
    # A/B goes with B, of the same name.
    assert walk.count_files(queue) == 2
    assert open_files() == before


def test_a_directory_that_is_closed_is_an_error_with_its_path(queue, monkeypatch):
    def open_below(name, flags, dir_fd=None, really_open=os.open):
        if name == "B" and dir_fd is not None:
            raise PermissionError(13, "Permission denied")
        return really_open(name, flags, dir_fd=dir_fd)

    monkeypatch.setattr(walk.os, "open", open_below)
    before = open_files()
    with pytest.raises(HostError) as caught:
        walk.count_files(queue)
    assert caught.value.kind == "permission_denied"
    assert caught.value.message in (
        f"{queue}/B cannot be read: Permission denied",
        f"{queue}/A/B cannot be read: Permission denied",
    )
    assert open_files() == before


def test_a_directory_that_becomes_a_link_is_not_followed(queue, tmp_path, monkeypatch):
    """The mail owner may replace it while root counts."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()

    def replaced(name, flags, dir_fd=None, really_open=os.open):
        if name == "C":
            os.rmdir(queue + "/C")
            os.symlink(outside, queue + "/C")
        return really_open(name, flags, dir_fd=dir_fd)

    monkeypatch.setattr(walk.os, "open", replaced)
    assert walk.count_files(queue) == 5

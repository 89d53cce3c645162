# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files where others may plant things; what takes root is left out elsewhere."""

from __future__ import annotations

import os
import stat
import struct

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host import files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

OTHER = 54321
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes on another user's rights")


def refused(call, *arguments):
    with pytest.raises(HostError) as caught:
        call(*arguments)
    assert caught.value.kind == "unsafe_path"
    return caught.value.message


def put(path, content=b"content"):
    with open(path, "wb") as file:
        file.write(content)
    return path


def test_file_and_none(foreign):
    assert files.read(put(foreign + "/file")) == b"content"
    assert files.read(foreign + "/absent") is None
    assert files.read(foreign + "/absent/file") is None


@pytest.mark.parametrize(
    "make, kind",
    [
        (lambda path: os.symlink("/etc/hostname", path), "a symbolic link"),
        (os.mkfifo, "a FIFO"),
        (os.mkdir, "a directory"),
        pytest.param(
            lambda path: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5)),
            "a device",
            marks=needs_root,
        ),
    ],
)
def test_what_is_no_file(foreign, make, kind):
    path = foreign + "/planted"
    make(path)
    for call in (files.read, files.remove, lambda name: files.write(name, b"", 0o600)):
        assert refused(call, path) == f"{path} is {kind}, not a regular file"
    assert os.lstat(path)
    assert os.listdir(foreign) == ["planted"]


def test_endless_device_behind_a_link(foreign):
    os.symlink("/dev/zero", foreign + "/planted")
    refused(files.read, foreign + "/planted")


def test_size(foreign):
    put(foreign + "/file", b"x" * 11)
    assert refused(files.read, foreign + "/file", 10).endswith("larger than 10 bytes")
    assert len(files.read(foreign + "/file", 11)) == 11


def test_what_is_in_place_of_a_directory(foreign):
    os.symlink("/etc", foreign + "/link")
    os.mkfifo(foreign + "/fifo")
    assert "a symbolic link (link)" in refused(files.read, foreign + "/link/hostname")
    assert "below fifo, which is a FIFO" in refused(files.read, foreign + "/fifo/file")
    os.mkdir(foreign + "/directory")
    assert "'..'" in refused(files.read, foreign + "/directory/../file")
    for path in ("/", "/..", foreign + "/.."):
        refused(files.read, path)


@needs_root
def test_link_that_only_root_can_change(own):
    os.mkdir(own + "/directory")
    put(own + "/directory/file")
    os.symlink("directory", own + "/relative")
    os.symlink(own + "/directory", own + "/absolute")
    os.symlink("loop", own + "/loop")
    assert files.read(own + "/relative/file") == files.read(own + "/absolute/file") == b"content"
    assert files.look(own + "/relative/file").trusted
    refused(files.read, own + "/loop/file")
    os.chmod(own + "/directory/file", 0o666)
    assert not files.look(own + "/relative/file").trusted


@needs_root
def test_hard_link(foreign, own):
    put(own + "/secret")
    try:
        os.link(own + "/secret", foreign + "/planted")
    except OSError:
        pytest.skip("two file systems")
    assert "a hard link" in refused(files.read, foreign + "/planted")
    assert files.read(own + "/secret") == b"content"


@needs_root
def test_owner_of_a_path(own, foreign):
    assert files.owner_of(own + "/file") == 0
    # The directory of temporary files is root's and shared; what is in it belongs to somebody.
    assert files.owner_of(foreign + "/file") == OTHER
    os.chmod(own, 0o775)
    assert files.owner_of(own + "/file") == 0
    os.mkdir(own + "/directory")
    os.chown(own + "/directory", OTHER, OTHER)
    assert files.owner_of(own + "/directory/file") == OTHER


def test_mode_and_group(foreign):
    path = foreign + "/file"
    umask = os.umask(0o077)
    group = OTHER if os.geteuid() == 0 else os.getegid()
    files.write(path, b"one", 0o644, group)
    os.umask(umask)
    status = os.stat(path)
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o644, group)
    os.umask(0o077)
    files.make_directory(foreign + "/directory", 0o755, group)
    os.umask(umask)
    status = os.stat(foreign + "/directory")
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o755, group)
    put(foreign + "/directory/file")
    files.make_directory(foreign + "/directory", 0o700)
    refused(files.make_directory, path, 0o755)
    files.remove(path)
    files.remove(path)
    assert os.listdir(foreign) == ["directory"]


def test_access_list_is_kept(foreign):
    """The user 1 may read; acl(5), linux/posix_acl_xattr.h."""
    path = put(foreign + "/file", b"old")
    entries = [(1, 6, -1), (2, 4, 1), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
    access_list = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", access_list)
    except OSError:
        pytest.skip("this file system has no access lists")
    files.write(path, b"new", 0o640)
    assert files.read(path) == b"new"
    assert os.getxattr(path, "system.posix_acl_access") == access_list


@pytest.mark.parametrize("fails", ["fsync", "rename", "fchmod"])
def test_write_is_whole_or_not_at_all(foreign, monkeypatch, fails):
    path = put(foreign + "/file", b"old")

    def full(*dummy, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, fails, full)
    with pytest.raises(OSError) as caught:
        files.write(path, b"new", 0o600)
    assert (caught.value.errno, caught.value.filename) == (28, path)
    assert files.read(path) == b"old"
    assert os.listdir(foreign) == ["file"]


def test_draft_that_is_gone_hides_no_cause(foreign, monkeypatch):
    def rename(draft, name, src_dir_fd, dst_dir_fd):
        os.unlink(draft, dir_fd=src_dir_fd)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(OSError) as caught:
        files.write(foreign + "/file", b"new", 0o600)
    assert caught.value.errno == 5


def test_without_o_path(foreign, monkeypatch):
    monkeypatch.setattr(files, "_WALK", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    files.write(foreign + "/file", b"content", 0o600)
    assert files.read(foreign + "/file") == b"content"

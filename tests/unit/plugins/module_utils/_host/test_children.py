# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work with another user's rights; what takes root is left out elsewhere."""

from __future__ import annotations

import os
import stat
import time

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host import children, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

OTHER = 54321
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes on another user's rights")


def test_rights_that_cannot_be_taken_on(monkeypatch):
    def refused(groups):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "setgroups", refused)
    with pytest.raises(HostError) as caught:
        children.as_user(OTHER, Deadline(30), os.getpid)
    assert caught.value.kind == "command_failed"
    assert "the rights of user 54321 cannot be taken on" in caught.value.message
    assert "CAP_SETUID" in caught.value.hint


@needs_root
def test_other_user_may_do_no_more(foreign, own):
    groups = children.as_user(
        OTHER, Deadline(30), lambda: [os.getresuid(), os.getresgid(), os.getgroups()]
    )
    assert groups == [[OTHER] * 3, [children.NOBODY] * 3, []]
    os.chmod(own, 0o700)
    path = own + "/secret"
    files.write(path, b"content", 0o600)
    with pytest.raises(HostError) as caught:
        children.as_user(OTHER, Deadline(30), files.remove, path)
    assert caught.value.kind == "permission_denied"
    assert path in caught.value.message
    assert os.getuid() == 0 and os.path.exists(path)
    children.as_owner(
        foreign + "/file", Deadline(30), files.write, foreign + "/file", b"content", 0o640
    )
    status = os.stat(foreign + "/file")
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (OTHER, 0o640)


@needs_root
def test_path_that_ends_early(own):
    os.mkdir(own + "/directory")
    os.chown(own + "/directory", OTHER, OTHER)
    path = own + "/directory/absent/file"
    assert children.as_owner(path, Deadline(30), os.geteuid) == OTHER


def test_answers_and_errors():
    deadline = Deadline(30)
    assert children.as_user(os.geteuid(), deadline, lambda: {"a": ["\udce4", None]}) == {
        "a": ["\udce4", None]
    }
    with pytest.raises(HostError) as caught:
        children.as_user(os.geteuid(), deadline, files.read, "relative")
    assert (caught.value.kind, caught.value.message) == (
        "command_failed",
        "ValueError: not an absolute path: 'relative'",
    )
    with pytest.raises(HostError) as caught:
        children.as_user(os.geteuid(), deadline, os._exit, 3)
    assert "without a result" in caught.value.message
    with pytest.raises(HostError) as caught:
        children.as_user(os.geteuid(), deadline, str.__mul__, "x", 10 * files.LIMIT)
    assert "returned more than" in caught.value.message


def test_child_that_ends_while_it_answers(monkeypatch):
    def half(answer, stream):
        stream.write('{"result": "')
        stream.flush()
        os._exit(9)

    monkeypatch.setattr(children.json, "dump", half)
    with pytest.raises(HostError) as caught:
        children.as_user(os.geteuid(), Deadline(30), os.getpid)
    assert (caught.value.kind, caught.value.message) == (
        "command_failed",
        "file access ended without a result",
    )


def test_deadline_ends_the_child(foreign):
    def hang():
        files.write(foreign + "/pid", str(os.getpid()).encode(), 0o600)
        time.sleep(60)
        files.write(foreign + "/waited", b"", 0o600)

    os.chmod(foreign, 0o777)
    with pytest.raises(HostError) as caught:
        children.as_user(os.geteuid(), Deadline(0.5), hang)
    assert caught.value.kind == "timeout"
    assert not os.path.exists(foreign + "/waited")
    with open(foreign + "/pid") as file, pytest.raises(ProcessLookupError):
        os.kill(int(file.read()), 0)

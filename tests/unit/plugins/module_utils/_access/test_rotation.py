# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._access.logrotate import Rotation
from ansible_collections.mailops.postfix.plugins.module_utils._access.rotation import (
    RotationFinder,
    outlook,
)

VERSION = {
    "logrotate --version": ("", 0, "logrotate 3.22.0\n    ACL support:                yes\n")
}
COPIES = Rotation("created", None, None, None)
LEFT = Rotation("left", None, None, None)
KEPT = Rotation("kept", None, None, None)


@pytest.fixture
def finder(recording, tmp_path):
    """A RotationFinder for these texts by name, the first of which is the main file."""

    def make(texts, commands=None):
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text.replace("HERE", str(tmp_path)))
        return RotationFinder(
            recording(VERSION if commands is None else commands),
            [str(tmp_path / "absent"), str(tmp_path / next(iter(texts), "absent"))],
        )

    return make


def test_files_of_a_directory_come_in_order_under_what_stands_before(finder):
    texts = {
        "main": "create 0600 root root\ninclude HERE/d\ncreate\n",
        "d/b": "/b {\n}\n",
        "d/a": "create\n/a {\n}\n",
        "d/c.dpkg-old": "/a {\n}\n",
    }
    here = finder(texts)
    assert here.find(["/a"]) == COPIES
    assert here.find(["/b"]) == COPIES
    assert "no stanza" in here.find(["/c"])


@pytest.mark.parametrize(
    "texts, commands, says",
    [
        ({}, None, "there is none"),
        ({"main": "include HERE/main\n"}, None, "include each other"),
        (
            {"main": "include HERE/d\n", "d/a": "/a {\n"},
            None,
            "the stanza for /a: its file ends within it",
        ),
        (
            {"main": "create\n/a {\n}\n"},
            {"logrotate --version": ("", 0, "    ACL support:   no\n")},
            "without support for access lists",
        ),
    ],
)
def test_what_is_not_known(finder, texts, commands, says):
    assert says in finder(texts, commands).find(["/a"])


@pytest.mark.parametrize(
    "by, group, inherits, rotation, lasts",
    [
        ("acl", None, False, COPIES, True),
        ("acl", None, False, KEPT, True),
        ("acl", None, False, LEFT, False),
        ("acl", None, False, Rotation("created", 0o640, "root", "adm"), False),
        ("acl", None, False, "no stanza", None),
        ("acl", None, True, LEFT, True),
        ("acl", None, True, Rotation("created", 0o640, None, None), True),
        ("acl", None, True, Rotation("created", 0o600, None, None), False),
        ("acl", None, True, "no stanza", None),
        ("group", "adm", False, COPIES, True),
        ("group", "adm", False, KEPT, True),
        ("group", "adm", False, LEFT, None),
        ("group", "adm", False, Rotation("created", 0o640, "root", "adm"), True),
        ("group", "adm", False, Rotation("created", 0o640, "root", "root"), False),
        ("group", "adm", False, Rotation("created", None, "root", "root"), False),
        ("group", "adm", False, Rotation("created", 0o600, "root", "adm"), False),
        ("group", "adm", False, "no stanza", None),
        ("other", None, False, Rotation("created", 0o640, None, None), False),
        ("other", None, False, Rotation("created", 0o644, None, None), True),
    ],
)
def test_what_lasts(by, group, inherits, rotation, lasts):
    answer, warning = outlook(by, group, inherits, rotation)
    assert answer is lasts
    assert (warning is None) == (lasts is True)

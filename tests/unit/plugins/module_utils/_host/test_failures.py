# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors that several modules raise alike, in full."""

from __future__ import annotations

import os
import pwd

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host import failures
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError


def said(error):
    return error.kind, error.message, error.hint


def test_a_user_that_an_option_names():
    own = pwd.getpwuid(os.geteuid())
    assert failures.find_user("user", own.pw_name) == own
    with pytest.raises(HostError) as caught:
        failures.find_user("user", "nobody-here")
    assert said(caught.value) == (
        "bad_argument",
        "user: 'nobody-here' is not a user on this host",
        "Create the user or correct the name.",
    )


def test_only_root_may(monkeypatch):
    monkeypatch.setattr(failures.os, "geteuid", lambda: 0)
    failures.require_root("grant access")
    monkeypatch.setattr(failures.os, "geteuid", lambda: 1)
    with pytest.raises(HostError) as caught:
        failures.require_root("grant access")
    assert said(caught.value) == (
        "permission_denied",
        "only root can grant access",
        "Run as root (become: true).",
    )


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            PermissionError(13, "Permission denied", "/etc/x"),
            "permission_denied",
            "/etc/x: Permission denied",
        ),
        (OSError(28, "No space left on device"), "command_failed", "/y: No space left on device"),
        (
            OSError(28, "No space left on device", 7),
            "command_failed",
            "/y: No space left on device",
        ),
        (OSError("odd"), "command_failed", "/y: odd"),
    ],
)
def test_errors_of_the_system_name_the_place(error, kind, message):
    assert said(failures.of_system(error, "/y")) == (
        kind,
        message,
        "Look at this file and its directory as root ('namei -l').",
    )


def test_an_error_without_a_place():
    assert failures.of_system(OSError(5, "Input/output error")).message == "Input/output error"

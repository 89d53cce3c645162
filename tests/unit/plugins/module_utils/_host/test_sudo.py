# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils._host.sudo import (
    SudoError,
    parse_defaults,
    parse_secure_path,
    parse_version,
)


@pytest.mark.parametrize("release, version", [("bullseye", "1.9.5p2"), ("trixie", "1.9.16p2")])
def test_version(sample, release, version):
    lines = sample(f"sudo_version_{release}.txt").splitlines()
    assert parse_version(lines) == (version, ["/etc/sudoers"])
    assert parse_version(lines[:4]) == (version, [])


def test_other_versions():
    assert parse_version(["sudo-rs 0.2.8"]) == ("0.2.8", [])
    assert parse_version(
        ["Sudo version 1.9.17", "Sudoers path: /etc/sudoers:/usr/etc/sudoers"]
    ) == ("1.9.17", ["/etc/sudoers", "/usr/etc/sudoers"])
    with pytest.raises(SudoError):
        parse_version(["sudo: command not found"])


@pytest.mark.parametrize("release", ["bullseye", "trixie"])
def test_last_setting_decides(sample, release):
    assert parse_defaults(sample(f"cvtsudoers_requiretty_{release}.json"))["requiretty"] is False
    lines = [{"Options": [{"requiretty": value}, {"use_pty": True}]} for value in (False, True)]
    assert parse_defaults(json.dumps({"Defaults": lines})) == {"requiretty": True, "use_pty": True}
    assert parse_defaults(sample(f"cvtsudoers_exempt_{release}.json")).get("requiretty") is not True
    assert parse_defaults("") == parse_defaults("{}") == {}


@pytest.mark.parametrize(
    "text, value",
    [
        ("", None),
        ("#Defaults secure_path=/a\n", None),
        ("Defaults secure_path=/a\n", "/a"),
        ('Defaults\tuse_pty, secure_path = "/a:/b", env_reset\n', "/a:/b"),
        ("Defaults secure_path=/a\\:/b,env_reset\n", "/a:/b"),
        (
            (
                "Defaults env_reset, \\\n  secure_path=/a\nDefaults:agent"
                " secure_path=/b\nDefaults:other secure_path=/c\n"
            ),
            "/b",
        ),
        ("Defaults!/bin/x secure_path=/a\nDefaults !secure_path\n", None),
    ],
)
def test_secure_path_in_a_text(text, value):
    assert parse_secure_path(text, "agent") == value


@hypothesis.given(
    strategies.text()
    | strategies.recursive(
        strategies.none() | strategies.booleans() | strategies.text(),
        lambda inner: (
            strategies.lists(inner)
            | strategies.dictionaries(
                strategies.sampled_from(["Defaults", "Options", "requiretty"]), inner
            )
        ),
    ).map(json.dumps)
)
def test_no_text_raises_anything_else(text):
    try:
        assert isinstance(parse_defaults(text), dict)
    except SudoError:
        pass

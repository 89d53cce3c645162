# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils._host.systemd import (
    SystemdError,
    parse_cgroup,
    parse_units,
    starts,
    unit_names,
)


def fitting(units, names, directory, by_default):
    return [unit["Id"] for unit in units if starts(unit, names, directory, by_default)]


def test_debian_12_runs_each_instance_by_the_template(sample):
    units = parse_units(sample("systemctl_bookworm.txt").splitlines())
    assert [unit["LoadState"] for unit in units] == ["loaded", "loaded", "loaded", "not-found"]
    assert fitting(units, ["-", "/etc/postfix"], "/etc/postfix", True) == ["postfix@-.service"]
    assert fitting(units, ["postfix-out", "/etc/postfix-out"], "/etc/postfix-out", False) == [
        "postfix@postfix-out.service"
    ]


def test_debian_13_runs_the_default_instance_by_the_plain_unit(sample):
    units = parse_units(sample("systemctl_trixie.txt").splitlines())
    assert fitting(units, ["-", "/etc/postfix"], "/etc/postfix", True) == ["postfix.service"]
    assert fitting(units, ["postfix-out", "/etc/postfix-out"], "/etc/postfix-out", True) == [
        "postfix@out.service"
    ]


@pytest.mark.parametrize(
    "command", ["/usr/sbin/postfix start", "/usr/sbin/postfix -c /etc/postfix start"]
)
def test_red_hat(command):
    unit = {
        "Id": "postfix.service",
        "LoadState": "loaded",
        "ExecStart": (
            f"{{ path=/usr/sbin/postfix ; argv[]={command} ; ignore_errors=no ; start_time=[n/a] ;"
            " pid=0 }"
        ),
    }
    assert starts(unit, ["-"], "/etc/postfix", True)
    assert not starts(unit, ["postfix-out"], "/etc/postfix-out", False)
    assert not starts(dict(unit, LoadState="masked"), ["-"], "/etc/postfix", True)


def test_unit_names():
    assert unit_names(["-", "/etc/postfix"], "/etc/postfix") == [
        "postfix.service",
        "postfix@-.service",
    ]
    assert unit_names(["mta", "/etc/postfix-a-b"], "/etc/postfix-a-b") == [
        "postfix.service",
        "postfix@mta.service",
        "postfix@a-b.service",
        "postfix@a\\x2db.service",
    ]


@pytest.mark.parametrize(
    "text, service",
    [
        ("0::/system.slice/system-postfix.slice/postfix@-.service\n", "postfix@-.service"),
        ("9:name=systemd:/\n0::/system.slice/postfix.service\n", "postfix.service"),
        ("1:name=systemd:/system.slice/postfix.service/child\n", "postfix.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", None),
        ("0::/\n", None),
        ("", None),
    ],
)
def test_cgroups(text, service):
    assert parse_cgroup(text) == service


@hypothesis.given(strategies.lists(strategies.text()))
def test_no_text_raises_anything_else(lines):
    parse_cgroup("\n".join(lines))
    try:
        for unit in parse_units(lines):
            starts(
                dict(unit, LoadState="loaded", ExecStart="".join(lines)),
                ["-"],
                "/etc/postfix",
                True,
            )
    except SystemdError:
        pass


@hypothesis.given(
    strategies.lists(
        strategies.sampled_from(
            [
                "{ path=",
                " ; argv[]=",
                " -i",
                " -c",
                " -",
                "postmulti",
                "postfix",
                " ; ignore_errors=",
                "}",
            ]
        )
    )
)
def test_no_command_raises(pieces):
    starts(
        {"LoadState": "loaded", "ExecStart": "".join(pieces), "Environment": "".join(pieces)},
        ["-"],
        "/etc/postfix",
        True,
    )


@hypothesis.given(strategies.text(), strategies.text())
def test_no_name_raises(name, directory):
    assert all(unit.startswith("postfix") for unit in unit_names([name], directory))

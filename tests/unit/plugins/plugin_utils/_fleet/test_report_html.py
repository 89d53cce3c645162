# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import html
import re

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import assemble
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_html import (
    age,
    amount,
    bucket,
    rectangles,
    size,
    to_html,
)

GATHERED = {
    "started": "2026-11-22T16:46:07Z",
    "finished": "2026-11-22T16:46:39Z",
    "ansible_core": "2.21.5",
    "collection": "0.1.0",
}


def page(**results):
    return to_html(assemble({host: [result] for host, result in results.items()}, GATHERED))


@pytest.mark.parametrize(
    "seconds, shown",
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (90000, "1 d 1 h"),
        (None, "unknown"),
    ],
)
def test_ages(seconds, shown):
    assert age(seconds) == shown


@pytest.mark.parametrize(
    "number, shown",
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.0 KiB"),
        (20480, "20 KiB"),
        (5 * 2**40, "5.0 TiB"),
        (None, "unknown"),
    ],
)
def test_sizes(number, shown):
    assert size(number) == shown


@pytest.mark.parametrize(
    "known, unknown, shown",
    [
        (1234, 0, "1,234"),
        (1234, 1, "\u2265\u00a01,234"),
        (0, 0, "0"),
        (0, 1, "unknown"),
        (None, 2, "unknown"),
    ],
)
def test_a_sum_with_an_unknown_part_is_no_exact_number(known, unknown, shown):
    assert amount({"sum": known, "unknown": unknown}) == shown


def test_age_buckets():
    ends = ["5", "40", "80", "1280", "1280+"]
    assert [bucket(ends, position) for position in range(5)] == [
        "under 5 min",
        "5 min to 40 min",
        "40 min to 1 h 20 min",
        "1 h 20 min to 21 h 20 min",
        "over 21 h 20 min",
    ]


def test_bars_are_as_long_as_their_parts_and_the_smallest_is_seen():
    found = rectangles({"deferred": 50, "hold": 0, "corrupt": 50}, 200)
    assert [(kind, x, width) for kind, dummy, x, width in found] == [
        ("deferred", "0.00", "24.80"),
        ("corrupt", "25.00", "24.80"),
    ]
    assert float(rectangles({"hold": 1}, 10**9)[0][3]) > 0


@pytest.mark.parametrize(
    "evil",
    [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"><b id='x'>",
        "' onclick='alert(1)",
        "{{ 7 * 191 }}",
        "&lt;",
    ],
)
def test_texts_of_hosts_are_escaped_wherever_they_stand(evil):
    error = dict.fromkeys(
        ("kind", "message", "hint", "command", "stderr", "config_directory"), evil
    )
    instance = dict.fromkeys(("name", "config_directory", "queue_directory", "method"), evil)
    tables = {
        name: [{key: evil, "count": 1, "status": evil}]
        for name, key in (("senders", "domain"), ("recipients", "domain"), ("reasons", "reason"))
    }
    tables.update({name + what: 0 for name in tables for what in ("_other", "_uncertainty")})
    queues = {
        "deferred": {"size": 1, "oldest_age": 1, "oldest_arrival": evil, "ages": {evil: 1, "5+": 1}}
    }
    instance.update(tables, counts={"deferred": 3}, queues=queues)
    found = to_html(
        assemble(
            {
                "a" + evil: [
                    {
                        "failed": True,
                        "errors": [dict(error, rc=1)],
                        "ansible_facts": {"postfix_queue": {"instances": [instance]}},
                    }
                ]
            },
            GATHERED,
        )
    )
    assert "1337" not in found
    plain = to_html(assemble({}, GATHERED))
    for tag in ("<script", "<img", "<b id", "onerror=alert(1)>", "onclick='"):
        assert found.count(tag) == plain.count(tag)
    assert evil in html.unescape(found)


def test_the_policy_lets_nothing_run_but_the_pages_own_style_and_script():
    found = page()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', found)[1]
    wanted = ["default-src 'none'"]
    for directive, element in (("style-src", "style"), ("script-src", "script")):
        (inner,) = re.findall(f"<{element}>(.*?)</{element}>", found, re.DOTALL)
        wanted.append(
            f"{directive}"
            f" 'sha256-{base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()}'"
        )
    assert policy.split("; ") == [*wanted, "img-src data:", "base-uri 'none'", "form-action 'none'"]
    assert not re.search(r'\sstyle=|\son[a-z]+=|(?:src|href)="(?!#|data:,)', found)


def test_a_fleet_without_hosts_still_has_a_page():
    assert "nothing could be counted" in page()


def test_what_was_not_gathered_is_said():
    found = page(a={"unreachable": True, "msg": "no route to host"})
    assert (
        "no route to host" in found
        and "domains are private" in found
        and "<code>unreachable</code>" in found
    )


def test_a_warning_of_a_host_that_was_counted_is_shown():
    found = page(
        a={
            "warnings": ["Mail system is down"],
            "ansible_facts": {"postfix_queue": {"instances": []}},
            "failed": False,
        }
    )
    assert "<bdi>a</bdi></b>: Mail system is down" in found

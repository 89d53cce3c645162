# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import math
import pathlib
import re

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet import report_html
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import Number
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import combine_calls
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import assemble
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_html import (
    amount,
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
    hosts = [combine_calls(host, [result]) for host, result in results.items()]
    return to_html(assemble(hosts, GATHERED))


def counted(queues=None, running=True, **counts):
    instance = {
        "name": "-",
        "config_directory": "/etc/postfix",
        "queue_directory": "/var/spool/postfix",
        "method": "find",
        "running": running,
        "counts": dict(dict.fromkeys(QUEUES, 0), **counts),
        **({"queues": queues} if queues else {}),
    }
    return {"ansible_facts": {"postfix_queue": {"instances": [instance]}}}


def tile(found):
    """What the last tile says: the number of hosts with problems, and which."""
    return re.search(r"<dt>With problems</dt><dd>(\d+)<small>(?:<a [^>]*>)?([^<]*)", found).groups()


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
    assert amount(Number(known, unknown)) == shown


def test_age_buckets():
    ages = [0, 1, 0, 2, 3, 0]
    ends = [300, 2400, 4800, 38400, 76800, None]
    entry = {
        "size": 6,
        "oldest_age": 90000,
        "oldest_arrival": None,
        "ages": [{"under": end, "count": count} for end, count in zip(ends, ages)],
    }
    found = page(a=counted({"deferred": entry}, deferred=6))
    section = found[found.index('<section id="ages">') :]
    labels = re.findall(r'<th scope="row">([^<]*)</th><td>', section)
    assert labels == ["5m to 40m", "40m to 1h 20m", "1h 20m to 10h 40m", "10h 40m to 21h 20m"]


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
    tables.update({name + "_other": 0 for name in tables})
    queues = {
        "deferred": {"size": 1, "oldest_age": 1, "oldest_arrival": evil, "ages": []},
    }
    instance.update(tables, counts={"deferred": 3}, queues=queues)
    result = {
        "failed": True,
        "errors": [dict(error, rc=1)],
        "warnings": [evil],
        "ansible_facts": {"postfix_queue": {"instances": [instance]}},
    }
    found = page(**{"a" + evil: result})
    assert "1337" not in found
    plain = page(a=counted())
    for tag in ("<script", "<img", "<b id", "onerror=alert(1)>", "onclick='"):
        assert found.count(tag) == plain.count(tag)
    assert evil in html.unescape(found)


def test_the_policy_lets_nothing_run_but_the_pages_own_style_and_script():
    found = page(a=counted())
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
    found = page()
    assert tile(found) == ("0", "no hosts") and "<dd>unknown</dd>" in found
    assert "<table" not in found and "<script" not in found and "<nav" not in found


def test_a_section_without_anything_to_show_is_left_out():
    found = page(a={"unreachable": True, "msg": "no route to host"})
    assert "no route to host" in found and "<code>unreachable</code>" in found
    ids = re.findall(r'<section id="(\w+)"', found)
    assert ids == ["totals", "problems", "all"] == re.findall(r'<a href="#(\w+)">[A-Z]', found)
    assert re.findall(r'<section id="(\w+)"', page(a=counted())) == ["totals", "all"]


def test_the_tile_counts_every_host_with_a_problem():
    warned = dict(counted(), warnings=["something is odd"])
    found = page(
        a=counted(),
        b=warned,
        c=counted(running=False),
        d=counted(corrupt=None),
        e={"failed": True, "msg": "no"},
        f={"unreachable": True},
    )
    wanted = "1 unreachable, 1 failed, 1 stopped, 1 counted in part, 1 with warnings"
    assert tile(found) == ("5", wanted)
    assert "corrupt unknown to find: <b><bdi>d</bdi></b></li>" in found
    assert "something is odd: <b><bdi>b</bdi></b></li>" in found
    assert tile(page(a=counted())) == ("0", "all hosts ok")


def test_the_worst_instance_comes_first():
    found = page(
        few=counted(deferred=1),
        lost={"unreachable": True},
        many=counted(deferred=9),
        stopped=counted(running=False),
    )
    hosts = re.findall(r'<th scope="row"><bdi>(\w+)', found)
    assert hosts == ["lost", "stopped", "many", "few"]


# Machado, Oliveira, Fernandes (2009): how linear RGB looks to protanopes, deuteranopes, tritanopes.
SIGHT = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((0.1523, 1.0526, -0.2049), (0.1145, 0.7863, 0.0992), (-0.0039, -0.0481, 1.0520)),
    ((0.3673, 0.8606, -0.2280), (0.2801, 0.6725, 0.0474), (-0.0118, 0.0429, 0.9689)),
    ((1.2555, -0.0767, -0.1788), (-0.0784, 0.9308, 0.1476), (0.0047, 0.6914, 0.3039)),
)
XYZ = ((0.4339, 0.3762, 0.1899), (0.2127, 0.7152, 0.0722), (0.0178, 0.1095, 0.8727))


def linear(colour):
    values = [int(colour[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def lab(rgb):
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in times(XYZ, rgb)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def test_the_colours_of_the_queues_differ_for_every_eye():
    style = (pathlib.Path(report_html.__file__).parent / "report_page/page.css").read_text("utf-8")
    palettes = [dict(re.findall(r"--(\w+): #(\w{6});", line)) for line in style.splitlines()]
    palettes = [palette for palette in palettes if "maildrop" in palette]
    assert len(palettes) == 3 and palettes[0] == palettes[2]
    for ground, palette in zip(("f5f6f8", "1e2227"), palettes):
        for colour in palette.values():
            light, dark = sorted((times(XYZ, linear(c))[1] for c in (ground, colour)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3
            # None that looks black.
            assert lab(linear(colour))[0] >= 30
        for sight in SIGHT:
            seen = [
                lab([min(1, max(0, v)) for v in times(sight, linear(c))]) for c in palette.values()
            ]
            distances = [math.dist(one, other) for one, other in itertools.combinations(seen, 2)]
            assert len(distances) == 15 and min(distances) > 25

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one page of HTML that needs nothing else: style, script and charts are in it, and
it may load nothing."""

from __future__ import annotations

import base64
import hashlib
import pathlib

import jinja2
import markupsafe

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES

_FILES = pathlib.Path(__file__).parent / "report_page"
# Hosts in the chart; the others are summed.
_CHARTED = 30
_NARROWEST = 0.4


def to_html(report):
    """The report of fleet.assemble() as HTML (str). Every text in it is escaped, and no script but
    the page's own would run."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FILES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        number=number, amount=amount, age=age, bucket=bucket, known=known, things=things
    )
    environment.globals.update(queues=QUEUES, rectangles=rectangles, bytes=size)
    style, script = (
        _FILES.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    charted, others = _by_host(report["hosts"])
    return (
        environment.get_template("page.html.j2")
        .render(
            report=report,
            style=_inline(style),
            script=_inline(script),
            style_hash=_hash(style),
            script_hash=_hash(script),
            charted=charted,
            others=others,
            problems=_problems(report["hosts"]),
            warnings=[
                (host["host"], warning) for host in report["hosts"] for warning in host["warnings"]
            ],
        )
        .lstrip()
    )


def number(value):
    """A number as shown, V(unknown) for None."""
    return "unknown" if value is None else f"{value:,}"


def things(count, what):
    """So many things, as shown."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def size(value):
    """A number of bytes as shown."""
    if value is None:
        return "unknown"
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        del units[0]
    unit = units[0]
    return f"{value:,.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"


def age(seconds):
    """An age in its two largest units."""
    if seconds is None:
        return "unknown"
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days:,} d {hours} h"
    return (
        f"{hours} h {int(minutes)} min"
        if hours
        else f"{int(minutes)} min"
        if minutes
        else f"{seconds} s"
    )


def amount(part, show=number):
    """A sum as shown: at least so much where a part of it is not known."""
    return ("\u2265\u00a0" if part["unknown"] and part["sum"] else "") + show(known(part))


def known(part):
    """What is known of a sum, None where that is nothing."""
    return part["sum"] if part["sum"] or not part["unknown"] else None


def bucket(ends, position):
    """An age bucket as shown; ends: the upper ends of all, in minutes."""
    end = ends[position]
    begin = ends[position - 1] if position else None
    if end.endswith("+"):
        return f"over {_minutes(end[:-1])}"
    return f"{_minutes(begin)} to {_minutes(end)}" if begin else f"under {_minutes(end)}"


def rectangles(parts, most):
    """A bar as rectangles (class, title, x, width), in percent of the longest one; parts: dict of
    class to number; most: the sum of the longest bar."""
    found, x = [], 0.0
    for kind, value in parts.items():
        if value:
            width = max(100 * value / most, _NARROWEST)
            found.append(
                (kind, f"{kind} {number(value)}", f"{x:.2f}", f"{max(width - 0.2, 0.2):.2f}")
            )
            x += width
    return found


def _minutes(text):
    minutes = int(text) if text.isdigit() else None
    if minutes is None:
        return text
    return (
        "{:.0f} h {:02.0f} min".format(*divmod(minutes, 60))
        if minutes % 60 and minutes > 60
        else f"{int(minutes // 60)} h"
        if minutes > 60
        else f"{int(minutes)} min"
    )


def _by_host(hosts):
    """The hosts with most messages, with what is known by queue, and the others summed (their
    number and messages)."""
    rows = []
    for host in hosts:
        counts = {
            queue: sum(instance["counts"][queue] or 0 for instance in host["instances"])
            for queue in QUEUES
        }
        unknown = sum(1 for instance in host["instances"] if instance["total"]["unknown"])
        rows.append(
            {
                "host": host["host"],
                "counts": counts,
                "total": {"sum": sum(counts.values()), "unknown": unknown},
            }
        )
    rows.sort(key=lambda row: -row["total"]["sum"])
    charted = [row for row in rows[:_CHARTED] if row["total"]["sum"]]
    others = rows[len(charted) :]
    return charted, {
        "hosts": len(others),
        "total": {
            "sum": sum(row["total"]["sum"] for row in others),
            "unknown": sum(row["total"]["unknown"] for row in others),
        },
    }


def _problems(hosts):
    """The errors by what they are and what mends them, the most frequent first."""
    groups = {}
    for host in hosts:
        for error in host["errors"]:
            group = groups.setdefault(
                (error["kind"], error["hint"]),
                {"kind": error["kind"], "hint": error["hint"], "errors": []},
            )
            group["errors"].append(dict(error, host=host["host"]))
    return sorted(groups.values(), key=lambda group: -len(group["errors"]))


def _inline(text):
    if "</" in text:
        raise ValueError("an end tag in a file that is to stand inside an element")
    return markupsafe.Markup(text)


def _hash(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode(
        "ascii"
    )

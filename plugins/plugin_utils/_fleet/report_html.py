# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one page of HTML that needs nothing else: style, script and charts are in it, and
it may load nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
import pathlib
from collections.abc import Callable, Sequence

import jinja2
import markupsafe

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import (
    SEVERITY,
    STATES,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import (
    NOTHING,
    Number,
    age,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import Report

_FILES = pathlib.Path(__file__).parent / "report_page"
# In percent of a bar: the narrowest part that is seen, and what is between two parts.
_NARROWEST, _BETWEEN = 0.6, 0.2


def to_html(report: Report) -> str:
    """Every text in the page is escaped, and no script but the page's own would run."""
    style, script = (
        _FILES.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    instances = _worst_first(report["hosts"])
    page = _template().render(
        report=report,
        style=_inline(style),
        script=_inline(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        notes=_notes(report["hosts"]),
        verdict=_verdict(report["totals"]["hosts"]),
        instances=instances,
        most=max((instance["total"].known or 0 for instance in instances), default=0),
        has_sizes=report["totals"]["size"].known is not None,
        has_ages=report["totals"]["oldest"]["age"].known is not None,
        ages=_ages(report["ages"]["buckets"]),
    )
    return page.lstrip()


@functools.lru_cache(None)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FILES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=number, amount=amount, aged=aged, things=things)
    environment.globals.update(rectangles=rectangles, bytes=size, states=STATES)
    return environment.get_template("page.html.j2")


def number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def things(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def size(value: int | None) -> str:
    """A number of bytes as shown."""
    if value is None:
        return "unknown"
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    shown: float = value
    while shown >= 1024 and len(units) > 1:
        shown /= 1024
        del units[0]
    unit = units[0]
    return f"{shown:,.0f} {unit}" if unit == "B" or shown >= 10 else f"{shown:.1f} {unit}"


def amount(value: Number, show: Callable[[int | None], str] = number) -> str:
    """A number as shown: at least so much where a part of it is not known."""
    at_least = "\u2265\u00a0" if value.unknown and value.at_least is not None else ""
    return at_least + show(value.at_least)


def aged(value: Number) -> str:
    """The age of the oldest message as shown."""
    if value == NOTHING:
        return "none"
    return amount(value, lambda known: "unknown" if known is None else age(known))


def rectangles(parts: dict[str, int | None], most: int) -> list[tuple[str, str, str, str]]:
    """A bar as rectangles (class, title, x, width), in percent of the longest one; parts: number by
    class; most: the sum of the longest bar."""
    found, x = [], 0.0
    for kind, value in parts.items():
        if value:
            width = max(100 * value / most, _NARROWEST)
            found.append((kind, f"{kind} {number(value)}", f"{x:.2f}", f"{width - _BETWEEN:.2f}"))
            x += width
    return found


def _worst_first(hosts: Sequence[Report]) -> list[Report]:
    """Every instance with its host, the worst first."""
    rows = [
        {
            **instance,
            "host": host["host"],
            "severity": SEVERITY.index(instance["state"]),
            "kinds": _further_kinds(instance),
            # The directory is of interest where it is not what one expects.
            "where": instance["label"]
            if len(host["instances"]) > 1 or instance["label"] not in ("/etc/postfix", "unknown")
            else None,
        }
        for host in hosts
        for instance in host["instances"]
    ]
    return sorted(rows, key=lambda row: (-row["severity"], -(row["total"].known or 0)))


def _further_kinds(instance: Report) -> str:
    """The kinds of its errors, but for those that its state says."""
    said = {"unreachable", "not_running", "mail_system_down"}
    return ", ".join(dict.fromkeys(e.kind for e in instance["errors"] if e.kind not in said))


def _verdict(hosts: Report) -> str:
    """How many hosts have which problem."""
    if not hosts["all"]:
        return "no hosts"
    found = [f"{hosts[state]:,} {STATES[state]}" for state in SEVERITY[:0:-1] if hosts[state]]
    warned = hosts["with_problems"] - sum(hosts[state] for state in SEVERITY[1:])
    if warned:
        found.append(f"{warned:,} with warnings")
    return ", ".join(found) or "all hosts ok"


def _notes(hosts: Sequence[Report]) -> list[tuple[str, str, dict[str, list[str]]]]:
    """What is no error: (title, hint, hosts by text)."""
    in_part: dict[str, list[str]] = {}
    warnings: dict[str, list[str]] = {}
    for host in hosts:
        for warning in host["warnings"]:
            warnings.setdefault(warning, []).append(host["host"])
        for instance in host["instances"]:
            unknown = [queue for queue, count in instance["counts"].items() if count is None]
            if unknown and instance["queues"] and not instance["errors"]:
                text = f"{', '.join(unknown)} unknown to {instance['method']}"
                where = f" {instance['label']}" if len(host["instances"]) > 1 else ""
                in_part.setdefault(text, []).append(host["host"] + where)
    found = [
        ("Counted in part", "Run with become, so that find counts every queue.", in_part),
        ("Warnings", "", warnings),
    ]
    return [note for note in found if note[2]]


def _ages(buckets: Sequence[Report]) -> list[tuple[str, dict[str, int], int]]:
    """The age buckets from the first to the last that is not empty: (label, counts by queue,
    sum)."""
    rows = []
    begin = None
    for bucket in buckets:
        end = bucket["under"]
        if end is None:
            label = f"over {age(begin)}" if begin else "any age"
        else:
            label = f"{age(begin)} to {age(end)}" if begin else f"under {age(end)}"
        rows.append((label, bucket["counts"], sum(bucket["counts"].values())))
        begin = end
    filled = [position for position, row in enumerate(rows) if row[2]]
    return rows[filled[0] : filled[-1] + 1] if filled else []


def _inline(text: str) -> markupsafe.Markup:
    if "</" in text:
        raise ValueError("an end tag in a file that is to stand inside an element")
    return markupsafe.Markup(text)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")

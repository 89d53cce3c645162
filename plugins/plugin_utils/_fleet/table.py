# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lays the fleet out as a table: lines of (text, style) for a width, in Unicode or ASCII."""

from __future__ import annotations

import collections
import re
import textwrap

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import (
    NONE,
    UNKNOWN,
    Row,
    add_rows,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.terminal_text import (
    cut,
    shorten,
    visible,
    width,
)

# What a piece of a line is; the caller knows colours.
HEADING, PLAIN, NOTHING, UNSURE, BAR, BAD = "heading", "plain", "nothing", "unsure", "bar", "bad"

_SHORT = {
    "maildrop": "drop",
    "incoming": "inc",
    "active": "act",
    "deferred": "def",
    "hold": "hold",
    "corrupt": "corr",
}
# The first to go where even short headings do not fit.
_DISPENSABLE = ("maildrop", "incoming", "corrupt", "active", "hold", "oldest", "deferred")
_GAP = 2
_NAME_LEAST = 16
_BAR_LEAST, _BAR_MOST = 6, 20

# depth: 0 for hosts and sums, 1 for instances; row: Row; bar: whether it has one.
_Line = collections.namedtuple("_Line", "depth row bar")

# headings, cells: the texts of the number columns, cells line by line; gap, name, widths, bar: the
# columns of the terminal that a gap, the host, each number and the bar take (0 for no bar);
# dropped: names of the columns without room.
_Fit = collections.namedtuple("_Fit", "headings cells gap name widths bar dropped")


class _Signs:
    def __init__(self, ascii_only):
        self.ascii_only = ascii_only
        self.ellipsis = "..." if ascii_only else "…"
        self.rule = "-" if ascii_only else "─"

    def draw(self, share, columns):
        """The bar of a share of the worst (0 to 1); what is not zero shows."""
        if self.ascii_only:
            return "#" * (max(1, round(share * columns)) if share else 0)
        eighths = max(1, round(share * columns * 8)) if share else 0
        whole, rest = divmod(eighths, 8)
        return "█" * whole + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")


def lay_out(hosts, failures, room, ascii_only, sort="total", rows=0):
    """Returns the lines, each a list of (text, style).

    hosts, failures: as Fleet tells them; room: the terminal's columns, None for as many as it
    takes; sort: total, oldest or a queue, the largest first, or host; rows: how many hosts and
    how many failures are shown, 0 for all."""
    signs = _Signs(ascii_only)
    counted = sorted((host for host in hosts if host.sums), key=lambda host: _rank(host.sums, sort))
    lines = _table(counted, hosts, room, signs, rows) if counted else []
    if any(style == UNSURE for line in lines for dummy, style in line[1:]):
        lines += _wrap(f"?: not known. 5+: 5 or more.{_uncounted(hosts, counted)}", UNSURE, room)
    if failures:
        lines += ([[]] if lines else []) + _failures(failures, room, signs, rows)
    return lines


def _rank(row, sort):
    """Worst first; an unknown number ranks by what is known of it, and before an equal one that
    is known."""
    name = _natural(row.label)
    if sort == "host":
        return name
    number = {"total": row.total, "oldest": row.oldest}.get(sort) or row.counts.get(sort, UNKNOWN)
    return -(number.known or 0), number.complete, name


def _natural(name):
    """A key that sorts mx9 before mx10."""
    parts = re.split("([0-9]+)", name)
    parts[1::2] = map(int, parts[1::2])
    return parts


def _table(counted, hosts, room, signs, rows):
    queues = [queue for queue in QUEUES if any(queue in host.sums.counts for host in counted)]
    shown = counted[:rows] if rows else counted
    lines = []
    for host in shown:
        lines.append(_Line(0, host.sums, True))
        lines += [_Line(1, row, True) for row in host.instances]
    if len(shown) < len(counted):
        more = (host.sums for host in counted[len(shown) :])
        lines.append(
            _Line(
                0,
                add_rows(
                    f"{signs.ellipsis} {format(len(counted) - len(shown), ',')} more", more, queues
                ),
                False,
            )
        )
    # A host that was not counted has messages too, but nobody knows how many.
    everything = [host.sums or Row(host.name, {}, UNKNOWN, UNKNOWN) for host in hosts]
    lines.append(_Line(0, add_rows(_hosts(len(hosts)), everything, queues), False))

    columns = (
        queues
        + ["total"]
        + (["oldest"] if any(host.sums.oldest.known is not None for host in counted) else [])
    )
    fit = _fit(lines, columns, room, signs)
    worst = max((host.sums.total.known or 0) for host in counted)
    text = [_compose(fit, line, cells, worst, signs) for line, cells in zip(lines, fit.cells)]
    heading = [(_pad("host", fit.name), HEADING)]
    heading += [
        (" " * fit.gap + head.rjust(size), HEADING) for head, size in zip(fit.headings, fit.widths)
    ]
    rule = [(signs.rule * _table_width(fit), NOTHING)]
    return [heading, *text[:-1], rule, text[-1]] + (
        _wrap(f"No room for {', '.join(fit.dropped)}.", UNSURE, room) if fit.dropped else []
    )


def _name(line, signs):
    return "  " * line.depth + visible(line.row.label, signs.ascii_only)


def _fit(lines, columns, room, signs):
    """The first layout that fits: full headings, short ones, no bar, no separators and narrow
    gaps, a shorter name, fewer columns."""
    natural = max(width(_name(line, signs)) for line in lines)
    wished = natural if room is None else min(natural, max(_NAME_LEAST, room // 3))
    for short, separator, gap, least in (
        (False, ",", _GAP, _BAR_LEAST),
        (True, ",", _GAP, _BAR_LEAST),
        (True, ",", _GAP, 0),
        (True, "", 1, 0),
    ):
        fit = _measure(lines, columns, wished, short, separator, gap, least)
        if room is None or _total_width(fit) <= room:
            return _spread(fit, natural, room)
    for position in range(len(_DISPENSABLE) + 1):
        dropped = [column for column in columns if column in _DISPENSABLE[:position]]
        kept = [column for column in columns if column not in dropped]
        fit = _measure(lines, kept, min(wished, _NAME_LEAST), True, "", 1, 0)._replace(
            dropped=dropped
        )
        if _total_width(fit) <= room:
            return _spread(fit, natural, room)
    return fit._replace(name=max(1, fit.name - _total_width(fit) + room))


def _measure(lines, columns, name, short, separator, gap, bar_width):
    headings = [_SHORT.get(column, column) if short else column for column in columns]
    cells = [[_cell(line.row, column, separator) for column in columns] for line in lines]
    widths = [max(map(len, [heading, *column])) for heading, column in zip(headings, zip(*cells))]
    return _Fit(headings, cells, gap, max(name, len("host")), widths, bar_width, [])


def _total_width(fit):
    return _table_width(fit) + (fit.gap + fit.bar if fit.bar else 0)


def _table_width(fit):
    return fit.name + sum(fit.gap + size for size in fit.widths)


def _spread(fit, natural, room):
    """Gives the room that is left to the name, and then to the bar."""
    if room is None:
        return fit._replace(bar=_BAR_MOST if fit.bar else 0)
    fit = fit._replace(name=max(fit.name, min(natural, fit.name + room - _total_width(fit))))
    return fit._replace(bar=min(_BAR_MOST, fit.bar + room - _total_width(fit)) if fit.bar else 0)


def _cell(row, column, separator):
    if column == "oldest":
        return _show(row.oldest, _age, "-")
    number = row.total if column == "total" else row.counts.get(column, UNKNOWN)
    return _show(number, lambda known: format(known, separator), "-")


def _show(number, form, none):
    """A number as text: what is known, with + where that is not all; ? for nothing known."""
    if number == NONE:
        return none
    if number.known is None:
        return "?"
    return form(number.known) + ("" if number.complete else "+")


def _age(seconds):
    """Seconds as the two largest units."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    first = next((position for position, (value, dummy) in enumerate(parts) if value), 3)
    return " ".join(f"{number}{unit}" for number, unit in parts[first : first + 2])


def _compose(fit, line, cells, worst, signs):
    name = shorten(_name(line, signs), fit.name, signs.ellipsis)
    text = [(_pad(name, fit.name), PLAIN)]
    text += [
        (" " * fit.gap + cell.rjust(size), _style(cell)) for cell, size in zip(cells, fit.widths)
    ]
    known = line.row.total.known or 0
    if line.bar and fit.bar and known:
        text.append((" " * fit.gap + signs.draw(known / worst, fit.bar), BAR))
    return text


def _style(cell):
    if cell[-1] in "?+":
        return UNSURE
    return NOTHING if cell in ("0", "-") else PLAIN


def _pad(text, columns):
    return text + " " * (columns - width(text))


def _uncounted(hosts, counted):
    parts = [
        (len(hosts) - len(counted), "not counted"),
        (sum(not host.sums.total.complete for host in counted), "only in part"),
    ]
    told = [f"{format(number, ',')} {how}" for number, how in parts if number]
    return f" Of {_hosts(len(hosts))}: {', '.join(told)}." if told else ""


def _hosts(number):
    return f"{format(number, ',')} host{'' if number == 1 else 's'}"


def _wrap(text, style, room):
    return [[(line, style)] for line in (textwrap.wrap(text, room) if room else [text])]


def _failures(failures, room, signs, rows):
    failures = sorted(failures, key=lambda failure: (_natural(failure.host), failure.kind))
    shown = failures[:rows] if rows else failures
    texts = [
        [visible(" ".join(part.split()), signs.ascii_only) for part in failure] for failure in shown
    ]
    name = max(width(host) for host, dummy, dummy in texts)
    if room is not None:
        name = min(name, max(_NAME_LEAST, room // 3))
    kinds = max(width(kind) for dummy, kind, dummy in texts)
    lines = []
    for host, kind, message in texts:
        cells = (_pad(shorten(host, name, signs.ellipsis), name), _pad(kind, kinds), message)
        line = (" " * _GAP).join(cells)
        if room is not None:
            line = cut(line, room, signs.ellipsis)
        lines.append([(line.rstrip(), BAD)])
    more = collections.Counter(failure.kind for failure in failures[len(shown) :])
    if more:
        told = ", ".join(
            f"{format(count, ',')} {visible(kind, signs.ascii_only)}"
            for kind, count in more.most_common()
        )
        lines += _wrap(
            f"{signs.ellipsis} {format(sum(more.values()), ',')} more: {told}", BAD, room
        )
    return lines

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet as a table for a terminal: lines of (text, style) for a width, in Unicode or ASCII."""

from __future__ import annotations

import collections
import typing
from collections.abc import Callable, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import (
    SEVERITY,
    STATES,
    Error,
    Host,
    Problem,
    Sums,
    instances_of,
    natural,
    problems,
    queues_of,
    sums,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.number import (
    NOTHING,
    UNKNOWN,
    Number,
    age,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.scrub import escape
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.terminal_text import (
    fit_lines,
    pad,
    shorten,
    width,
    wrap,
)

# What a piece of a line is; the caller knows colours.
HEADING, PLAIN, DIM, UNSURE, BAR, BAD = "heading", "plain", "dim", "unsure", "bar", "bad"

Line = list[tuple[str, str]]

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
# An error takes no more lines; its middle goes.
_ERROR_LINES = 3
_MESSAGE_LEAST = 30


class _Row(typing.NamedTuple):
    """depth: 0 for hosts and sums, 1 for instances; style: of the label."""

    depth: int
    label: str
    sums: Sums
    has_bar: bool
    style: str = PLAIN


class _Fit(typing.NamedTuple):
    """headings, cells: the texts of the number columns, cells row by row; gap, name, widths,
    bar_width:
    the columns of the terminal that a gap, the host, each number and the bar take (0 for no bar);
    dropped: names of the columns without room."""

    headings: list[str]
    cells: list[list[str]]
    gap: int
    name: int
    widths: list[int]
    bar_width: int
    dropped: list[str]


class _Signs:
    def __init__(self, ascii_only: bool) -> None:
        self.ascii_only = ascii_only
        self.ellipsis = "..." if ascii_only else "…"
        self.rule = "-" if ascii_only else "─"

    def text(self, text: str) -> str:
        return escape(text, self.ascii_only)

    def draw(self, share: float, columns: int) -> str:
        """The bar of a share of the worst (0 to 1); what is not zero shows."""
        if self.ascii_only:
            return "#" * (max(1, round(share * columns)) if share else 0)
        eighths = max(1, round(share * columns * 8)) if share else 0
        whole, rest = divmod(eighths, 8)
        return "█" * whole + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")


class Options(typing.NamedTuple):
    """room: the terminal's columns, None for as many as it takes; sort: total, oldest or a queue,
    the largest first, or host; rows: how many hosts and instances, and how many errors, are shown,
    0 for all; only_errors: whether hosts without errors are only summed."""

    room: int | None = None
    ascii_only: bool = False
    sort: str = "total"
    rows: int = 0
    only_errors: bool = False


def lay_out(hosts: Sequence[Host], options: Options) -> list[Line]:
    """Each line is a list of (text, style)."""
    signs = _Signs(options.ascii_only)
    # The hosts with rows of their own, if they have numbers, and those that are summed.
    own = [host for host in hosts if host.errors or not options.only_errors]
    within = [host for host in hosts if options.only_errors and not host.errors]
    counted = [host for host in own if host.counted]
    lines: list[Line] = []
    if counted:
        lines += _table(hosts, counted, within, options, signs)
    elif within:
        total = _show(sums(instances_of(within), ()).total, lambda known: f"{known:,}")
        lines += _wrap(
            f"{_count(len(within), 'host')} within the limits: {total} messages", PLAIN, options
        )
    found = problems(own)
    if found:
        lines += [[]] if lines else []
        lines += _problems(found, options, signs)
    return lines


def _table(
    hosts: Sequence[Host],
    counted: Sequence[Host],
    within: Sequence[Host],
    options: Options,
    signs: _Signs,
) -> list[Line]:
    """counted: the hosts to show, within: those to sum in a row."""
    queues = queues_of(hosts)
    rows, more = _rows(counted, queues, options, signs)
    if more:
        rows.append(_sum(f"{signs.ellipsis} {len(more):,} more", more, queues))
    if within:
        rows.append(_sum(f"{len(within):,} within the limits", within, queues))
    rows.append(_sum(_count(len(hosts), "host"), hosts, queues))
    columns = [*queues, "total"]
    if any(row.sums.oldest.known is not None for row in rows):
        columns.append("oldest")
    fit = _fit(rows, columns, options.room)
    worst = max((row.sums.total.known or 0) for row in rows if row.has_bar)
    text = [_compose(fit, row, cells, worst, signs) for row, cells in zip(rows, fit.cells)]
    heading = [(pad("host", fit.name), HEADING)]
    heading += [
        (" " * fit.gap + head.rjust(size), HEADING) for head, size in zip(fit.headings, fit.widths)
    ]
    rule = [(signs.rule * _table_width(fit), DIM)]
    lines = [heading, *text[:-1], rule, text[-1]]
    if fit.dropped:
        lines += _wrap(f"No room for {', '.join(fit.dropped)}.", UNSURE, options)
    return lines + _legend(lines, hosts, options)


def _legend(lines: Sequence[Line], hosts: Sequence[Host], options: Options) -> list[Line]:
    """What the signs in the table mean, and how many hosts are not ok."""
    notes = []
    if any(style == UNSURE for line in lines for dummy, style in line[1:]):
        notes.append("?: unknown. 5+: 5 or more.")
    states = collections.Counter(host.state for host in hosts)
    bad = [f"{states[state]:,} {STATES[state]}" for state in SEVERITY[:0:-1] if states[state]]
    if bad:
        notes.append(f"Of {_count(len(hosts), 'host')}: {', '.join(bad)}.")
    return _wrap(" ".join(notes), UNSURE, options) if notes else []


def _rows(
    counted: Sequence[Host], queues: list[str], options: Options, signs: _Signs
) -> tuple[list[_Row], list[Host]]:
    """The rows of hosts and their instances, the worst host first, and the hosts that are beyond
    options.rows. A host with one instance needs no row for it."""
    entries = [
        (host, _Row(0, signs.text(host.name), sums(host.instances, queues), True))
        for host in counted
    ]
    entries.sort(key=lambda entry: _rank(entry[1], options.sort))
    rows: list[_Row] = []
    for position, (host, row) in enumerate(entries):
        if options.rows and len(rows) >= options.rows:
            return rows, [host for host, dummy in entries[position:]]
        instances = [instance for instance in host.instances if instance.queues]
        if len(host.instances) == 1:
            rows.append(_marked(row, host.state))
            continue
        rows.append(row)
        room = max(1, options.rows - len(rows)) if options.rows else len(instances)
        rows += [
            _marked(
                _Row(1, signs.text(instance.label), sums([instance], queues), True), instance.state
            )
            for instance in instances[:room]
        ]
        rest = instances[room:]
        if rest:
            label = f"{signs.ellipsis} {_count(len(rest), 'instance')} more"
            rows.append(_Row(1, label, sums(rest, queues), False))
    return rows, []


def _marked(row: _Row, state: str) -> _Row:
    """A stopped Postfix may have empty queues, and looks healthy by its numbers."""
    return row._replace(label=f"{row.label} (stopped)", style=BAD) if state == "stopped" else row


def _sum(label: str, hosts: Sequence[Host], queues: list[str]) -> _Row:
    return _Row(0, label, sums(instances_of(hosts), queues), False)


def _rank(row: _Row, sort: str) -> tuple[typing.Any, ...]:
    """Worst first; an unknown number ranks by what is known of it, and before an equal one that
    is known."""
    name = natural(row.label)
    if sort == "host":
        return (name,)
    number = _number(row.sums, sort)
    return -(number.known or 0), not number.unknown, name


def _number(row: Sums, column: str) -> Number:
    if column == "oldest":
        return row.oldest
    return row.total if column == "total" else row.counts.get(column, UNKNOWN)


def _fit(rows: Sequence[_Row], columns: list[str], room: int | None) -> _Fit:
    """The first layout that fits: full headings, short ones, no bar, no separators and narrow
    gaps, a shorter name, fewer columns."""
    natural = max(width(_name(row)) for row in rows)
    if room is None:
        return _measure(rows, columns, natural, False, ",", _GAP, _BAR_MOST)
    wished = min(natural, max(_NAME_LEAST, room // 3))
    for short, separator, gap, least in (
        (False, ",", _GAP, _BAR_LEAST),
        (True, ",", _GAP, _BAR_LEAST),
        (True, ",", _GAP, 0),
        (True, "", 1, 0),
    ):
        fit = _measure(rows, columns, wished, short, separator, gap, least)
        if _total_width(fit) <= room:
            return _spread(fit, natural, room)
    for position in range(len(_DISPENSABLE) + 1):
        dropped = [column for column in columns if column in _DISPENSABLE[:position]]
        kept = [column for column in columns if column not in dropped]
        fit = _measure(rows, kept, min(wished, _NAME_LEAST), True, "", 1, 0)._replace(
            dropped=dropped
        )
        if _total_width(fit) <= room:
            return _spread(fit, natural, room)
    return fit._replace(name=max(1, fit.name - _total_width(fit) + room))


def _name(row: _Row) -> str:
    return "  " * row.depth + row.label


def _measure(
    rows: Sequence[_Row],
    columns: list[str],
    name: int,
    short: bool,
    separator: str,
    gap: int,
    bar_width: int,
) -> _Fit:
    headings = [_SHORT.get(column, column) if short else column for column in columns]
    cells = [[_cell(row.sums, column, separator) for column in columns] for row in rows]
    widths = [max(map(len, [heading, *column])) for heading, column in zip(headings, zip(*cells))]
    return _Fit(headings, cells, gap, max(name, len("host")), widths, bar_width, [])


def _total_width(fit: _Fit) -> int:
    return _table_width(fit) + (fit.gap + fit.bar_width if fit.bar_width else 0)


def _table_width(fit: _Fit) -> int:
    return fit.name + sum(fit.gap + size for size in fit.widths)


def _spread(fit: _Fit, natural: int, room: int) -> _Fit:
    """Gives the room that remains to the name, and then to the bar."""
    fit = fit._replace(name=max(fit.name, min(natural, fit.name + room - _total_width(fit))))
    return fit._replace(
        bar_width=min(_BAR_MOST, fit.bar_width + room - _total_width(fit)) if fit.bar_width else 0
    )


def _cell(row: Sums, column: str, separator: str) -> str:
    if column == "oldest":
        return _show(row.oldest, age)
    return _show(_number(row, column), lambda known: format(known, separator))


def _show(number: Number, form: Callable[[int], str]) -> str:
    """A number as text: what is known, with + where that is not all; ? for nothing known, - for no
    oldest message."""
    if number == NOTHING:
        return "-"
    known = number.at_least
    return "?" if known is None else form(known) + ("+" if number.unknown else "")


def _compose(fit: _Fit, row: _Row, cells: Sequence[str], worst: int, signs: _Signs) -> Line:
    text = [(pad(shorten(_name(row), fit.name, signs.ellipsis), fit.name), row.style)]
    text += [
        (" " * fit.gap + cell.rjust(size), _style(cell)) for cell, size in zip(cells, fit.widths)
    ]
    known = row.sums.total.known or 0
    if row.has_bar and fit.bar_width and known:
        text.append((" " * fit.gap + signs.draw(known / worst, fit.bar_width), BAR))
    return text


def _style(cell: str) -> str:
    if cell[-1] in "?+":
        return UNSURE
    return DIM if cell in ("0", "-") else PLAIN


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _wrap(text: str, style: str, options: Options) -> list[Line]:
    return [[(line, style)] for line in wrap(text, options.room)]


def _problems(found: Sequence[Problem], options: Options, signs: _Signs) -> list[Line]:
    """Each kind of error with its hint, and below it the hosts that have it."""
    lines: list[Line] = []
    shown = 0
    more: collections.Counter[str] = collections.Counter()
    for position, problem in enumerate(found):
        errors = sorted(problem.errors, key=lambda error: natural(error[0]))
        room = len(errors)
        if options.rows:
            # One of each kind at least, so that its hint is seen.
            room = max(int(position < options.rows), options.rows - shown)
        shown += len(errors[:room])
        more[problem.kind] += len(errors[room:])
        if errors[:room]:
            lines += _kind(problem, options, signs)
            lines += _errors(errors[:room], options.room, signs)
    more += collections.Counter()
    if more:
        kinds = ", ".join(f"{count:,} {signs.text(kind)}" for kind, count in more.most_common())
        lines += _wrap(f"{signs.ellipsis} {more.total():,} more: {kinds}", BAD, options)
    return lines


def _kind(problem: Problem, options: Options, signs: _Signs) -> list[Line]:
    kind = signs.text(problem.kind)
    hint = f": {signs.text(problem.hint)}" if problem.hint else ""
    head, *rest = wrap(kind + hint, options.room)
    first = [(head[: len(kind)], BAD), (head[len(kind) :], PLAIN)]
    return [first, *([(line, PLAIN)] for line in rest)]


def _errors(errors: Sequence[tuple[str, Error]], room: int | None, signs: _Signs) -> list[Line]:
    name = max(width(signs.text(host)) for host, dummy in errors)
    if room is not None:
        name = min(name, max(_NAME_LEAST, room // 3), max(1, room - 2))
    indent = 2 + name + _GAP
    below = room is not None and room - indent < _MESSAGE_LEAST
    if below:
        indent = 4
    lines: list[Line] = []
    for host, error in errors:
        where = f"{error.config_directory}: " if error.config_directory else ""
        message = signs.text(where + error.message)
        texts = [message]
        if room is not None:
            texts = fit_lines(message, max(1, room - indent), _ERROR_LINES, f" {signs.ellipsis} ")
        label = "  " + pad(shorten(signs.text(host), name, signs.ellipsis), name)
        if below:
            lines.append([(label.rstrip(), BAD)])
        else:
            first = texts.pop(0)
            lines.append([(label, BAD), (" " * _GAP + first, PLAIN)])
        lines += [[(" " * indent + text, PLAIN)] for text in texts]
    return lines

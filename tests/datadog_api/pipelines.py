# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a log pipeline on a log, as Datadog's pages describe it.

What it does not do: filters of grok matchers, matchers that the collection does not use, other
processors than grok parser, category, status and date remapper, searches other than @NAME:VALUE and
@NAME:(VALUE OR VALUE). What it assumes: "data" takes as much as it can, a value is the last that a
rule has captured, a time without a year is of the given one. Expressions are RE2's, and a text that
has no attribute is left alone."""

from __future__ import annotations

import datetime
import functools
import re
from typing import Any, Callable, NamedTuple

import re2
import zoneinfo

# Attributes by their full name.
Log = dict[str, Any]
_MATCHERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "word": (r"[A-Za-z0-9_]+", str),
    "notSpace": (r"\S+", str),
    "data": (r"(?s:.*)", str),
    "integer": (r"[+-]?[0-9]+", int),
    "number": (r"[+-]?[0-9]+(?:\.[0-9]+)?", float),
    "space": (r"\s+", str),
}
_REFERENCE = re.compile(
    r'%\{([A-Za-z0-9_]+)(?:\(((?:"(?:\\.|[^"\\])*",?)*)\))?(?::([A-Za-z0-9_.]*))?(?::([^}]*))?\}'
)
_RULE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.]*) (.*)")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
# Of a date's form: what matches, and what it is.
_LETTERS = {
    "yyyy": ("[0-9]{4}", "year"),
    "MMM": ("|".join(_MONTHS), "month"),
    "MM": ("[0-9]{2}", "month"),
    "dd": ("[0-9]{2}", "day"),
    "d": ("[0-9]{1,2}", "day"),
    "HH": ("[0-9]{2}", "hour"),
    "mm": ("[0-9]{2}", "minute"),
    "ss": ("[0-9]{2}", "second"),
    "SSSSSS": ("[0-9]{6}", "fraction"),
    "SSS": ("[0-9]{3}", "fraction"),
    "ZZ": ("Z|[+-][0-9]{2}:?[0-9]{2}", "zone"),
}
_FORM = re.compile("|".join([*_LETTERS, "'[^']*'", "[^A-Za-z']"]))
# Datadog goes by the first letters of a level's name.
_STATUSES = {
    "emerg": "emergency",
    "f": "emergency",
    "a": "alert",
    "c": "critical",
    "e": "error",
    "w": "warn",
    "n": "notice",
    "i": "info",
    "d": "debug",
    "trace": "debug",
    "verbose": "debug",
    "o": "ok",
    "s": "ok",
}


class Rule(NamedTuple):
    """A grok rule: its name, its expression, and for each group of it an attribute and what makes
    the attribute's value of the text."""

    name: str
    expression: Any
    captures: list[tuple[str, Callable[[str], Any]]]

    def match(self, text: str) -> Log | None:
        """The attributes of the whole text; those without a value are left out."""
        found = self.expression.fullmatch(text)
        if found is None:
            return None
        values = zip(self.captures, found.groups())
        return {name: make(value) for (name, make), value in values if value}


def run(pipeline: dict[str, Any], log: Log, year: int) -> tuple[Log, list[str]]:
    """The log (its attributes, "message" among them) after the pipeline, with "status" and
    "timestamp" (milliseconds since 1970), and the names of the grok rules that have matched."""
    log, names = {"status": "info", **log}, []
    for processor in pipeline["processors"]:
        if processor["type"] == "grok-parser":
            text = log.get(processor["source"])
            for rule in rules(
                processor["grok"]["support_rules"], processor["grok"]["match_rules"], year
            ):
                found = rule.match(text) if text else None
                if found is not None:
                    log.update(found)
                    names.append(rule.name)
                    break
        elif processor["type"] == "category-processor":
            for category in processor["categories"]:
                if _holds(category["filter"]["query"], log):
                    log[processor["target"]] = category["name"]
                    break
        elif processor["type"] == "status-remapper":
            log["status"] = _status(log, processor["sources"])
        elif processor["type"] == "date-remapper":
            log["timestamp"] = next(
                (log[name] for name in processor["sources"] if name in log), None
            )
        else:
            raise ValueError(f"{processor['type']} is not known here")
    return log, names


@functools.cache
def rules(support: str, match: str, year: int) -> list[Rule]:
    """The rules of a grok parser. Raises ValueError where one cannot be read."""
    helpers = {}
    for name, pattern in _named(support):
        helpers[name] = _REFERENCE.sub(
            lambda found: helpers.get(found[1], found[0]) if _is_plain(found) else found[0], pattern
        )
    return [_compiled(name, pattern, helpers, year) for name, pattern in _named(match)]


def _named(text: str) -> list[tuple[str, str]]:
    found = [_RULE.fullmatch(line) for line in text.splitlines()]
    names = [rule[1] if rule else None for rule in found]
    if None in names or len(set(names)) < len(names):
        raise ValueError(f"not each a name of its own and a pattern: {text}")
    return [(rule[1], rule[2]) for rule in found if rule]


def _is_plain(found: re.Match[str]) -> bool:
    return found[2] is None and found[3] is None


def _compiled(name: str, pattern: str, helpers: dict[str, str], year: int) -> Rule:
    captures: list[tuple[str, Callable[[str], Any]]] = []

    def replace(found: re.Match[str]) -> str:
        matcher, arguments, attribute, wanted = found.groups()
        if wanted:
            raise ValueError(f"the filter {wanted} is not known here")
        if _is_plain(found) and matcher in helpers:
            return _REFERENCE.sub(replace, helpers[matcher])
        given = re.findall(r'"((?:\\.|[^"\\])*)"', arguments or "")
        if matcher == "regex":
            expression, make = given[0], str
        elif matcher == "date":
            expression, make = _date(*given, year=year)
        elif matcher in _MATCHERS:
            expression, make = _MATCHERS[matcher]
        else:
            raise ValueError(f"the matcher {matcher} is not known here")
        if not attribute:
            return f"(?:{expression})"
        captures.append((attribute, make))
        return f"({expression})"

    expression = _REFERENCE.sub(replace, pattern)
    if "%{" in expression:
        raise ValueError(f"{name} has a reference that cannot be read: {pattern}")
    compiled = re2.compile(expression)
    if compiled.groups != len(captures):
        raise ValueError(f"{name} has a group that captures nothing: {pattern}")
    return Rule(name, compiled, captures)


def _date(form: str, timezone: str = "UTC", *, year: int) -> tuple[str, Callable[[str], int]]:
    """The expression of a date, and what makes milliseconds since 1970 of it."""
    parts = _FORM.findall(form)
    if "".join(parts) != form:
        raise ValueError(f"the date {form} cannot be read")
    expressions, meanings = [], []
    for part in parts:
        expression, meaning = _LETTERS.get(part, (re.escape(part.strip("'")), None))
        expressions.append(f"({expression})" if meaning else expression)
        meanings += [meaning] if meaning else []
    whole = re.compile("".join(expressions))

    def make(text: str) -> int:
        values = dict(zip(meanings, whole.fullmatch(text).groups()))
        month = values["month"]
        zone = values.get("zone")
        moment = datetime.datetime(
            int(values.get("year", year)),
            _MONTHS.index(month) + 1 if month in _MONTHS else int(month),
            int(values["day"]),
            int(values["hour"]),
            int(values["minute"]),
            int(values["second"]),
            int(values.get("fraction", "0").ljust(6, "0")),
            datetime.datetime.strptime(zone, "%z").tzinfo if zone else zoneinfo.ZoneInfo(timezone),
        )
        return int(moment.timestamp() * 1000)

    return re.sub(r"\((?!\?)", "(?:", "".join(expressions)), make


def _holds(search: str, log: Log) -> bool:
    found = re.fullmatch(r"@([a-z_.]+):(?:\(([a-z]+(?: OR [a-z]+)*)\)|([a-z]+))", search)
    if not found:
        raise ValueError(f"the search {search} is not known here")
    return log.get(found[1]) in (found[2] or found[3]).split(" OR ")


def _status(log: Log, sources: list[str]) -> str:
    level = next((str(log[name]).lower() for name in sources if name in log), None)
    if level is None:
        return log["status"]
    return next(
        (status for beginning, status in _STATUSES.items() if level.startswith(beginning)), "info"
    )

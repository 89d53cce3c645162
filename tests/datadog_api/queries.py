# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small grammar of Datadog's queries: of metrics, of monitors, and the search of logs.

It knows what the collection's assets use and little more, and refuses everything else, so that a
typing error fails. It does not know which metrics, tags and attributes there are."""

from __future__ import annotations

import functools
import re

import lark

_METRIC = r"""
_expression: _term (("+" | "-") _term)*
_term: _factor (("*" | "/") _factor)*
_factor: query | call | NUMBER | "(" _expression ")"
call: FUNCTION "(" _expression ("," _argument)* ")"
_argument: NUMBER | STRING | WORD | "-" NUMBER
query: AGGREGATOR ":" METRIC "{" scope "}" ["by" "{" KEY ("," KEY)* "}"] method*
scope: "*" | _filter (("," | "AND" | "OR") _filter)*
_filter: ["!" | "NOT"] (TAG | VARIABLE | KEY "IN" "(" VALUE ("," VALUE)* ")" | "(" scope ")")
method: ".as_count()" | ".as_rate()" | ".fill(" FILL ["," NUMBER] ")"
    | ".rollup(" AGGREGATOR ["," NUMBER] ")"

AGGREGATOR.2: /(avg|sum|min|max|count)\b/
FUNCTION.2: "abs" | "clamp_min" | "clamp_max" | "count_not_null" | "count_nonzero"
    | "cutoff_max" | "cutoff_min" | "day_before" | "default_zero" | "derivative" | "diff"
    | "dt" | "hour_before" | "log10" | "log2" | "moving_rollup" | "per_hour" | "per_minute"
    | "per_second" | "timeshift" | "top" | "week_before"
METRIC: /[a-z][a-z0-9_]*(\.[a-z0-9_]+)+/
TAG.1: /[a-z][a-z0-9_.\/-]*:[A-Za-z0-9_.\/*:-]+/
VARIABLE: /\$[a-z][a-z0-9_]*(\.value)?/
KEY: /[a-z][a-z0-9_.\/-]*/
VALUE: /[A-Za-z0-9_.\/*:-]+/
FILL: "null" | "zero" | "last" | "linear"
WORD: /[a-z]+/
STRING: /'[^']*'|"[^"]*"/
NUMBER: /[0-9]+(\.[0-9]+)?/
%ignore / +/
"""
_COMPARED = r"""
_threshold: COMPARISON SIGNED
COMPARISON: ">=" | ">" | "<=" | "<"
SIGNED: /-?[0-9]+(\.[0-9]+)?/
"""
_GRAMMARS = {
    "metric": "start: _expression" + _METRIC,
    "query alert": r"""
start: _over ":" _expression _threshold
_over: over | CHANGE "(" over "," WINDOW ")"
over: AGGREGATOR "(" WINDOW ")"
CHANGE.3: /(change|pct_change)(?=\()/
WINDOW.3: /last_[1-9][0-9]*[mhdw]\b/
"""
    + _METRIC
    + _COMPARED,
    "service check": r"""
start: STRING _over [".exclude(" _texts ")"] [".by(" _texts ")"] _last ".count_by_status()"
_over: ".over(" _texts ")"
_last: ".last(" COUNT ")"
_texts: STRING ("," STRING)*
STRING: /"[^"]+"/
COUNT: /[1-9][0-9]?/
%ignore / +/
""",
    "log alert": r"""
start: "logs(" search ")" ".index(" STRING ")" _rollup [_by] ".last(" LAST ")" _threshold
_rollup: ".rollup(" ROLLUP ["," STRING] ")"
_by: ".by(" STRING ("," STRING)* ")"
search: STRING
ROLLUP.2: /"(count|cardinality|avg|sum|min|max|pc75|pc90|pc95|pc98|pc99)"/
LAST.2: /"[1-9][0-9]*[mhd]"/
STRING: /"(\\.|[^"\\])*"/
%ignore / +/
"""
    + _COMPARED,
    "composite": r"""
start: _any
_any: _all ("||" _all)*
_all: _one ("&&" _one)*
_one: ["!"] (ID | "(" _any ")")
ID: /[1-9][0-9]*/
%ignore / +/
""",
    "log search": r"""
start: [_any]
_any: _all ("OR" _all)*
_all: _one (["AND"] _one)*
_one: ["-" | "NOT"] (_text | VARIABLE | FIELD _value | "(" _any ")")
_value: _text | RANGE | BOUND | "(" _values ")"
_values: _text (["OR" | "AND"] _text)*
_text: WORD | STRING
VARIABLE: /\$[a-z][a-z0-9_]*(\.value)?/
FIELD.2: /@?[A-Za-z_][A-Za-z0-9_.\/-]*:(?! |$)/
RANGE: /\[[^ \]]+ TO [^ \]]+\]/
BOUND: /[<>]=?-?[0-9]+(\.[0-9]+)?/
STRING: /"(\\.|[^"\\])+"/
WORD: /(?!(AND|OR|NOT)\b)[A-Za-z0-9_.*?\/][A-Za-z0-9_.*?\/@-]*/
%ignore / +/
""",
}


def check_metric_query(text: str) -> None:
    """Raises ValueError, with the place, unless the text is a query of metrics as in a widget."""
    _check("metric", text)


def check_monitor_query(text: str, type: str) -> None:
    """The same of the query of a monitor of this type."""
    name = "query alert" if type == "metric alert" else type
    if name not in _GRAMMARS or name in ("metric", "log search"):
        raise ValueError(f"{type!r} is not a type of monitor that is known here")
    tree = _check(name, text)
    for search in tree.find_data("search"):
        quoted = search.children[0]
        try:
            check_log_search(re.sub(r"\\(.)", r"\1", quoted[1:-1]))
        except ValueError as error:
            raise ValueError(f"in {quoted}: {error}") from None


def check_log_search(text: str) -> None:
    """The same of a search of logs."""
    _check("log search", text)


def _check(name: str, text: str) -> lark.Tree:
    try:
        return _parser(name).parse(text)
    except lark.exceptions.UnexpectedInput as error:
        # At the end of the text there is no column.
        place = error.column if error.column > 0 else len(text) + 1
        raise ValueError(
            f"not a {name} query from column {place} on: {text[place - 1 :] or 'it ends there'!r}"
        ) from None


@functools.cache
def _parser(name: str) -> lark.Lark:
    return lark.Lark(_GRAMMARS[name])

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user was granted by words in parameters of main.cf, and how to take exactly that back:
data in, data out.

An entry of the record has config_directory, name, tokens (the words that the user needs in it),
before (the lines in main.cf before the first grant, None where it was not set; with version 0.1.0
the value only) and values (what was set; more than one where a run may have been interrupted).
Several users' entries for one parameter share before and values."""

from __future__ import annotations

import collections
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    fold,
    raw_settings,
    split_list,
    split_raw,
)

# value: the whole value to set; with None the token goes before the present value, or before
# default where main.cf sets none.
Want = collections.namedtuple("Want", "directory name token value default")
# after: the lines that are to stand in main.cf, or None; meanwhile, afterwards: entries for the
# record, or None, by user.
Step = collections.namedtuple("Step", "after meanwhile afterwards")


def step(
    place: tuple[str, str],
    now: str | None,
    entries: list[dict[str, Any]],
    user: str,
    wants: list[Want],
    needed: set[tuple[str, str, str]],
    exclusive: bool,
) -> Step:
    """What is to be done with one parameter: now is what main.cf has, entries what the record has
    for any user."""
    name = place[1]
    value = value_of(name, now)
    own = next((entry for entry in entries if entry["user"] == user), None)
    others = [entry for entry in entries if entry["user"] != user]
    had = own["tokens"] if own else []
    theirs = [token for entry in others for token in entry["tokens"]]
    given = value
    for want in wants:
        given = (
            want.value
            if want.value is not None
            else _with(want.default if given is None else given, want.token)
        )
    if (
        wants
        and not own
        and not others
        and value is not None
        and split_list(given) == split_list(value)
    ):
        wants = []  # somebody else sees to it
    tokens = [token for token in had if not exclusive or place + (token,) in needed] + [
        want.token for want in wants
    ]
    tokens = list(dict.fromkeys(tokens + [token for token in theirs if place + (token,) in needed]))
    # Where somebody replaced what was set, theirs is what was there before.
    before, ours = now, False
    for entry in ([own] if own else []) + others:
        if (
            value is not None
            and not ours
            and (_is_one_of(value, entry["values"]) or _holds(name, value, entry))
        ):
            before, ours = entry["before"], True
    end = given
    if (
        ours
        and not tokens
        and not theirs
        and any(_is_one_of(value, entry["values"]) for entry in entries)
    ):
        end = value_of(name, before)
        after = _lines(name, end, before)
    else:
        leaving = set(had) - set(tokens) - set(theirs) - set(_words(name, before))
        if not leaving.isdisjoint(split_list(given or "")):
            end = ", ".join(word for word in split_list(given) if word not in leaving) or (
                None if before is None else ""
            )
        same = end is not None and value is not None and split_list(end) == split_list(value)
        after = now if same or end == value else _lines(name, end, before)
    changes = after != now
    values = list(dict.fromkeys(found for entry in entries for found in entry["values"]))
    passed = values + [end] if changes and end is not None and end not in values else values
    last = (
        [end]
        if changes
        else [found for found in values if value is not None and _is_one_of(found, [value])]
        or values
        or [value]
    )
    common = {"kind": "parameter", "config_directory": place[0], "name": name, "before": before}
    meanwhile: dict[str, dict[str, Any] | None] = {}
    afterwards: dict[str, dict[str, Any] | None] = {}
    if own or tokens:
        meanwhile[user] = dict(common, tokens=list(dict.fromkeys(had + tokens)), values=passed)
        stays = tokens and end is not None and (ours or wants)
        afterwards[user] = dict(common, tokens=tokens, values=last) if stays else None
    if changes:
        for entry in others:
            meanwhile[entry["user"]] = dict(common, tokens=entry["tokens"], values=passed)
            afterwards[entry["user"]] = dict(common, tokens=entry["tokens"], values=last)
    return Step(after, meanwhile, afterwards)


def _holds(name: str, value: str, entry: dict[str, Any]) -> bool:
    return not (set(entry["tokens"]) - set(_words(name, entry["before"]))).isdisjoint(
        split_list(value)
    )


def _is_one_of(value: str, values: list[str]) -> bool:
    return any(split_list(value) == split_list(found) for found in values)


def _with(value: str, token: str) -> str:
    return value if token in split_list(value) else ", ".join(filter(None, [token, value]))


def _lines(name: str, value: str | None, before: str | None) -> str | None:
    """The lines that set a value: those that were there before where they mean that."""
    if value is None:
        return None
    if before is not None and split_list(value) == _words(name, before):
        return before if raw_settings(before, name) else (f"{name} = {before}").rstrip(" ")
    return (f"{name} = {value}").rstrip(" ")


def value_of(name: str, lines: str | None) -> str | None:
    """The value that lines of main.cf set, or that version 0.1.0 noted."""
    settings = raw_settings(lines, name) if lines is not None else []
    return lines if not settings else fold(split_raw(settings[-1])[0].partition("=")[2])


def _words(name: str, lines: str | None) -> list[str]:
    return split_list(value_of(name, lines) or "")

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users were granted by words in a parameter of main.cf, and how to revoke exactly that: data
in, data out.

An entry of the record has config_directory, name, tokens (list of str: the words that the user
needs), before (the lines in main.cf before the first grant, None where it was not set; version
0.1.0 noted the value only) and values (list of str: what was set; more than one where a run may
have been interrupted). The entries of several users for one parameter share before and values."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, NamedTuple, Optional, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    fold,
    raw_settings,
    split_list,
    split_raw,
)

# A user, a file or a table, as authorized_mailq_users takes them (postconf(5)); no $, so that no
# other parameter comes in.
_MAILQ_USER = re.compile(r"!?[A-Za-z0-9_./:+-]+")

Entry = Dict[str, Any]
# The configuration directory and the name of a parameter.
Place = Tuple[str, str]
# The entry that each user is to have, None for none.
Notes = Dict[str, Optional[Entry]]


def mailq_user_fault(name: str) -> tuple[str, str] | None:
    """What is wrong with an item of authorized_mailq_users, and what to do; None for nothing."""
    if _MAILQ_USER.fullmatch(name):
        return None
    return "is not a user, a file or a table", "Give one name per item, without blanks or commas"


class Want(NamedTuple):
    """A word that a user needs in a parameter. value: the whole value to set; where it is None,
    the word is put before the present value, or before default where main.cf sets none."""

    directory: str
    name: str
    token: str
    value: str | None
    default: str


class Step(NamedTuple):
    """after: the lines that are to be in main.cf, None for none; pending, final: the record's
    entries before and after main.cf changes."""

    after: str | None
    pending: Notes
    final: Notes


class _Granted:
    """What the record has for one parameter."""

    def __init__(self, entries: list[Entry], user: str) -> None:
        self.user = user
        self.own = [entry for entry in entries if entry["user"] == user]
        self.others = [entry for entry in entries if entry["user"] != user]
        self.values = _unique(value for entry in entries for value in entry["values"])

    def tokens(self, wants: list[Want], needed: set[str], exclusive: bool) -> list[str]:
        """The words that this user is to have."""
        own = [token for token in _tokens(self.own) if not exclusive or token in needed]
        shared = [token for token in _tokens(self.others) if token in needed]
        return _unique(own + [want.token for want in wants] + shared)

    def before(self, name: str, now: str | None) -> tuple[str | None, bool]:
        """The lines before the first grant, and whether what is set now came of a grant. Where
        somebody replaced that, the new lines are what was there before."""
        value = value_of(name, now)
        words = set(split_list(value or ""))
        for entry in self.own + self.others:
            granted = set(entry["tokens"]) - set(_words(name, entry["before"]))
            if _is_one_of(value, entry["values"]) or not granted.isdisjoint(words):
                return entry["before"], True
        return now, False

    def pending(self, common: Entry, tokens: list[str], new: list[str | None]) -> Notes:
        """The entries while a new value is being set, if there is one."""
        values = _unique(self.values + [value for value in new if value is not None])
        return self._notes(common, _unique(_tokens(self.own) + tokens), values, bool(new))

    def final(
        self, common: Entry, tokens: list[str], new: list[str | None], value: str | None
    ) -> Notes:
        """The entries once it is set; value: the one that is set where there is no new one."""
        last = [found for found in self.values if _is_same(found, value)]
        return self._notes(common, tokens, new or last or self.values or [value], bool(new))

    def _notes(
        self, common: Entry, tokens: list[str], values: list[str | None], changes: bool
    ) -> Notes:
        notes: Notes = {}
        if self.own or tokens:
            notes[self.user] = dict(common, tokens=tokens, values=values)
        for entry in self.others if changes else []:
            notes[entry["user"]] = dict(common, tokens=entry["tokens"], values=values)
        return notes


def step(
    place: Place,
    now: str | None,
    entries: list[Entry],
    user: str,
    wants: list[Want],
    needed: set[str],
    exclusive: bool,
) -> Step:
    """What to do with one parameter.

    now: its lines in main.cf; entries: those of the record for any user; wants: what this user is
    to get; needed: the words that this user needs here; exclusive: whether to revoke the user's
    others.
    """
    name, value = place[1], value_of(place[1], now)
    granted = _Granted(entries, user)
    given = _with_wants(value, wants)
    if not entries and _is_same(given, value):
        wants = []  # somebody else gave it
    tokens = granted.tokens(wants, needed, exclusive)
    before, ours = granted.before(name, now)
    if ours and not tokens and not granted.others and _is_one_of(value, granted.values):
        end = value_of(name, before)
    else:
        staying = tokens + _tokens(granted.others) + _words(name, before)
        end = _without(given, set(_tokens(granted.own)) - set(staying), before)
    after = now if _is_same(end, value) else _lines(name, end, before)
    common = {"kind": "parameter", "config_directory": place[0], "name": name, "before": before}
    new = [] if after == now else [end]
    pending = granted.pending(common, tokens, new)
    final = granted.final(common, tokens, new, value)
    if user in final and not (tokens and end is not None and (ours or wants)):
        final[user] = None
    return Step(after, pending, final)


def _with_wants(value: str | None, wants: list[Want]) -> str | None:
    for want in wants:
        if want.value is not None:
            value = want.value
            continue
        value = want.default if value is None else value
        if want.token not in split_list(value):
            value = ", ".join(filter(None, [want.token, value]))
    return value


def _without(value: str | None, words: set[str], before: str | None) -> str | None:
    listed = split_list(value or "")
    if words.isdisjoint(listed):
        return value
    kept = ", ".join(word for word in listed if word not in words)
    return kept or (None if before is None else "")


def _tokens(entries: Iterable[Entry]) -> list[str]:
    return [token for entry in entries for token in entry["tokens"]]


def _unique(items: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(items))


def _is_one_of(value: str | None, values: list[str | None]) -> bool:
    return any(_is_same(value, found) for found in values)


def _is_same(one: str | None, other: str | None) -> bool:
    """Whether two values are the same list; a value that is not set is only like itself."""
    if one is None or other is None:
        return one is other
    return split_list(one) == split_list(other)


def _lines(name: str, value: str | None, before: str | None) -> str | None:
    """The lines that set a value: those that were there before where they mean that."""
    if value is None:
        return None
    if before is not None and split_list(value) == _words(name, before):
        return before if raw_settings(before, name) else f"{name} = {before}".rstrip(" ")
    return f"{name} = {value}".rstrip(" ")


def value_of(name: str, lines: str | None) -> str | None:
    """The value that lines of main.cf set, or that version 0.1.0 noted."""
    settings = raw_settings(lines, name) if lines is not None else []
    return fold(split_raw(settings[-1])[0].partition("=")[2]) if settings else lines


def _words(name: str, lines: str | None) -> list[str]:
    return split_list(value_of(name, lines) or "")

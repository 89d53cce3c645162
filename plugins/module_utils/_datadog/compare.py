# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare what a definition says with what an account has.

The account adds ids, defaults, dates and more, and keeps some lists in an order of its own."""

from __future__ import annotations

import json
from typing import Any, Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._datadog.visible import visible

# Their order means nothing.
_SETS = {"notify_by", "notify_list", "renotify_statuses", "restricted_roles", "tags"}
# What the account adds to the parts of an asset.
_ADDED = {"id"}
# A monitor that is sent with one of these types may come back with the other.
_SAME = [{"metric alert", "query alert"}]


def as_defined(has: Any, wanted: Any) -> Any:
    """What the account has, without what the definition leaves open. It equals the definition if,
    and only if, nothing that the definition says has changed."""
    if isinstance(has, dict) and isinstance(wanted, dict):
        return {
            key: as_defined(_ordered(key, has.get(key)), _ordered(key, value))
            for key, value in wanted.items()
            # An entry that the account leaves out is one that is null.
            if key in has or value is None
        }
    if isinstance(has, list) and isinstance(wanted, list):
        if len(has) == len(wanted):
            return [as_defined(*pair) for pair in zip(has, wanted)]
        # Somebody added or removed some, anywhere: show those that are not of the definition whole.
        return [
            next((one for one in wanted if equal(item, one)), _without_additions(item))
            for item in has
        ]
    return wanted if _same(has, wanted) else has


def in_order(definition: Any) -> Any:
    """The definition as as_defined returns it where nothing has changed."""
    return as_defined(definition, definition)


def equal(has: Any, wanted: Any) -> bool:
    """Whether the account has what the definition says."""
    return _json(as_defined(has, wanted)) == _json(in_order(wanted))


def differing(has: Any, wanted: Any, place: str = "") -> Iterator[str]:
    """The keys of the definition, as C(options.thresholds), that the account has otherwise."""
    if isinstance(has, dict) and isinstance(wanted, dict):
        for key in wanted:
            part = {key: has[key]} if key in has else {}
            if not equal(part, {key: wanted[key]}):
                yield from differing(has.get(key), wanted[key], f"{place}.{key}" if place else key)
    else:
        yield place


def as_text(definition: Any) -> str:
    """For a diff: JSON, in which a text of several lines is a list of them."""
    text = json.dumps(_in_lines(definition), indent=2, sort_keys=True, ensure_ascii=False)
    return visible(text, keep="\n") + "\n"


def _in_lines(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _in_lines(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_in_lines(item) for item in part]
    if isinstance(part, str) and "\n" in part.strip():
        return part.strip().split("\n")
    return part


def _json(part: Any) -> str:
    """Unlike Python, it does not take 1 for true."""
    return json.dumps(part, sort_keys=True)


def _ordered(key: str, value: Any) -> Any:
    """The value of this key, sorted where its order means nothing."""
    if key in _SETS and isinstance(value, list):
        return sorted(value, key=str)
    return value


def _same(has: Any, wanted: Any) -> bool:
    if isinstance(has, str) and isinstance(wanted, str):
        # Blanks at the ends of a text mean nothing, and the account may drop them.
        return has.strip() == wanted.strip() or any({has, wanted} == same for same in _SAME)
    # 1 is 1.0, and is not true.
    return isinstance(has, bool) == isinstance(wanted, bool) and bool(has == wanted)


def _without_additions(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _without_additions(value) for key, value in item.items() if key not in _ADDED}
    if isinstance(item, list):
        return [_without_additions(part) for part in item]
    return item

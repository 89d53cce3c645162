# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the definitions, checked."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan import values

# The assets by name, each with what it is, in the order in which they are made; silent_zero is
# made of the two before it, so it comes last. A removal goes backwards.
KINDS = {
    "log_pipeline": "log_pipeline",
    "dashboard": "dashboard",
    "deferred": "monitor",
    "deferred_growth": "monitor",
    "active": "monitor",
    "hold": "monitor",
    "check_no_data": "monitor",
    "check_status": "monitor",
    "log_fatal": "monitor",
    "silent_zero_sizes": "monitor",
    "silent_zero_log": "monitor",
    "silent_zero": "monitor",
}
# Which only serve another one.
PARTS = {"silent_zero_sizes": "silent_zero", "silent_zero_log": "silent_zero"}
# What a user chooses from.
CHOICES = tuple(name for name in KINDS if name not in PARTS)
MONITORS = tuple(name for name in CHOICES if KINDS[name] == "monitor")

DEFAULTS: dict[str, Any] = {
    "wanted": list(CHOICES),
    "scope": [],
    "deferred_threshold": 500,
    "growth_threshold": 200,
    "active_limit": 20000,
    "active_threshold": 18000,
    "hold_threshold": 0,
    "fatal_threshold": 0,
    "recovery_percent": 80,
    "recipients": [],
    "tags": [],
    "priorities": {
        "deferred": 3,
        "deferred_growth": 3,
        "active": 2,
        "hold": 4,
        "check_no_data": 2,
        "check_status": 2,
        "log_fatal": 2,
        "silent_zero": 1,
    },
    "log_timezone": "UTC",
}
PREFIX = "datadog_assets_"
# Datadog keeps tags in lower case, and in a search of logs a second colon would mean something.
_TAG = re.compile(r"[a-z][a-z0-9_./-]*:[a-z0-9_./-]+")
# By these the module finds what it owns.
_MARKS = ("managed_by:", "mailops_postfix:")
# In braces, a message has what Datadog fills in.
_RECIPIENT = re.compile(r"@[^\s{}]+")
# Above it, Datadog may round.
_HIGHEST = 10**9
_TAGS_HINT = "Write it as env:prod, in lower case and with one colon"
_TIMEZONE = re.compile(r"[A-Za-z0-9_+/-]+")


def checked(given: dict[str, Any]) -> tuple[dict[str, Any], values.Problems]:
    """The options (dict, as in DEFAULTS, any of them) with the defaults, in plain types, and what
    is wrong with them."""
    problems = values.Problems()
    for name in given:
        if name not in DEFAULTS:
            problems.add(PREFIX + name, given[name], "is not an option", "Leave it out")
    options = {**DEFAULTS, **given}
    found: dict[str, Any] = {
        "wanted": values.some_of(PREFIX + "wanted", options["wanted"], CHOICES, problems),
        "scope": _matching("scope", options["scope"], _TAG, "a tag", _TAGS_HINT, problems),
        "recipients": _matching(
            "recipients",
            options["recipients"],
            _RECIPIENT,
            "a recipient",
            "Write it as @slack-mail",
            problems,
        ),
        "tags": _matching("tags", options["tags"], _TAG, "a tag", _TAGS_HINT, problems),
        "priorities": _priorities(options["priorities"], problems),
        "log_timezone": _timezone(options["log_timezone"], problems),
    }
    for name, lowest in (
        ("deferred_threshold", 1),
        ("growth_threshold", 1),
        ("active_limit", 1),
        ("active_threshold", 1),
        ("hold_threshold", 0),
        ("fatal_threshold", 0),
        ("recovery_percent", 1),
    ):
        found[name] = values.whole(PREFIX + name, options[name], lowest, problems)
        if found[name] is not None and found[name] > _HIGHEST:
            problems.add(PREFIX + name, found[name], f"is above {_HIGHEST}", "Give less")
    for tag in found["tags"]:
        if tag.startswith(_MARKS):
            hint = f"Use another key; {' and '.join(_MARKS)} mark what the role owns"
            problems.add(PREFIX + "tags", tag, "is a tag of the role's own", hint)
    if not problems:
        _check_relations(found, problems)
    return found, problems


def _check_relations(found: dict[str, Any], problems: values.Problems) -> None:
    name, percent = PREFIX + "recovery_percent", found["recovery_percent"]
    if percent > 99:
        problems.add(name, percent, "is not below 100", "Give 80, for example")
    limit, threshold = found["active_limit"], found["active_threshold"]
    if threshold >= limit:
        problems.add(
            PREFIX + "active_threshold",
            threshold,
            f"is not below {PREFIX}active_limit, which is {limit}",
            "Give nine tenths of qmgr_message_active_limit, for example",
        )


def _matching(
    name: str, given: Any, form: re.Pattern[str], what: str, hint: str, problems: values.Problems
) -> list[str]:
    """A list of texts of a form."""
    found = values.texts(PREFIX + name, given, problems)
    for text in found:
        if not form.fullmatch(text):
            problems.add(PREFIX + name, text, f"is not {what}", hint)
    return found


def _priorities(given: Any, problems: values.Problems) -> dict[str, int | None]:
    """The priority of each monitor, 1 to 5."""
    name = PREFIX + "priorities"
    if not isinstance(given, dict):
        problems.add(name, given, "is not a dictionary", "Write {deferred: 2}")
        return {}
    found: dict[str, int | None] = dict(DEFAULTS["priorities"])
    for key, value in given.items():
        if key not in MONITORS:
            hint = f"Choose one of {', '.join(MONITORS)}"
            problems.add(name, key, "is not a monitor", hint)
            continue
        # The role's argument specs fill in what is not given.
        if value is None:
            continue
        number = values.whole(f"{name}.{key}", value, 1, problems)
        if number is not None and number > 5:
            problems.add(f"{name}.{key}", number, "is not a priority", "Give 1 (highest) to 5")
        found[str(key)] = number
    return found


def _timezone(given: Any, problems: values.Problems) -> str | None:
    name = PREFIX + "log_timezone"
    if isinstance(given, str) and _TIMEZONE.fullmatch(given):
        return str.__str__(given)
    hint = "Give a name of the TZ database, such as Europe/Berlin"
    problems.add(name, given, "is not a time zone", hint)
    return None

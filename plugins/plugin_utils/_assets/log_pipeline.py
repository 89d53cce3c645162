# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log pipeline: reads time, host and program, then the message, and sets time and status."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.grok import (
    Parser,
    Rule,
    parsers,
)

# What a grok parser may have.
_SAMPLES = 5
# Datadog's status remapper goes by the first letters of the level's name, and does not know panic.
_LEVELS = (("critical", "(fatal OR panic)"), ("error", "error"), ("warning", "warning"))


def log_pipeline(options: dict[str, Any]) -> dict[str, Any]:
    """The body of the pipeline."""
    return {
        "name": "Postfix (mailops.postfix)",
        "is_enabled": True,
        "filter": {"query": "source:postfix"},
        "processors": [
            *(_grok(parser) for parser in parsers(options["log_timezone"])),
            {
                "type": "category-processor",
                "name": "Level of the message",
                "is_enabled": True,
                "target": "postfix.level",
                "categories": [
                    {"name": level, "filter": {"query": f"@postfix.severity:{severities}"}}
                    for level, severities in _LEVELS
                ],
            },
            {
                "type": "status-remapper",
                "name": "Status",
                "is_enabled": True,
                "sources": ["postfix.level"],
            },
            {
                "type": "date-remapper",
                "name": "Time",
                "is_enabled": True,
                "sources": ["date"],
            },
        ],
    }


def _grok(parser: Parser) -> dict[str, Any]:
    return {
        "type": "grok-parser",
        "name": parser.name,
        "is_enabled": True,
        "source": parser.source,
        "samples": [rule.samples[0] for rule in parser.rules][:_SAMPLES],
        "grok": {
            "support_rules": _lines(parser.helpers),
            "match_rules": _lines(parser.rules),
        },
    }


def _lines(rules: tuple[Rule, ...]) -> str:
    return "\n".join(f"{rule.name} {rule.pattern}" for rule in rules)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what is made of the definitions of the role datadog_assets: the files for Datadog's pages
and for Terraform, the picture of the dashboard's layout, and the grok rules on the page."""

from __future__ import annotations

import html
import json
import pathlib
import re
from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.assets import assets
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.dashboard import COLUMNS
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.grok import parsers
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.options import checked

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ROOT / "roles/datadog_assets/files"
PICTURE = ROOT / "docs/images/datadog_dashboard_layout.svg"
PAGE = ROOT / "docs/docsite/rst/datadog_assets.rst"
_GENERATED = re.compile(
    r"(\.\.\n  grok rules: written by 'make assets'\n\n).*?(\.\.\n  end of grok rules\n)", re.DOTALL
)
# Pixels of the picture.
_CELL, _ROW, _TITLE, _GAP = 80, 34, 34, 6


def main() -> None:
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")


def written() -> dict[pathlib.Path, str]:
    """The text of each file."""
    options = checked({})[0]
    found = {}
    for asset in assets(options, {}):
        name = f"monitor_{asset['name']}" if asset["kind"] == "monitor" else asset["name"]
        text = json.dumps(asset["definition"], indent=2, ensure_ascii=False)
        found[FILES / f"{name}.json"] = text + "\n"
        if asset["kind"] == "dashboard":
            found[PICTURE] = picture(asset["definition"])
    old = PAGE.read_text(encoding="utf-8")
    rules = "".join(_rules())
    found[PAGE] = _GENERATED.sub(lambda around: around[1] + rules + around[2], old)
    return found


def _rules() -> list[str]:
    """reStructuredText of each rule with the lines that it takes."""
    found = []
    for parser in parsers("UTC"):
        found.append(f"{parser.name}, of the attribute ``{parser.source}``:\n\n")
        for rule in parser.rules:
            lines = "".join(f"      {line}\n" for line in rule.samples)
            found.append(f"``{rule.name}``\n   .. code-block:: text\n\n{lines}\n")
    return found


def picture(dashboard: dict[str, Any]) -> str:
    """An SVG picture of a dashboard's groups and widgets, with their titles and kinds."""
    width = COLUMNS * _CELL + 2 * _GAP
    body: list[str] = []
    top = 2 * _TITLE
    for group in dashboard["widgets"]:
        definition = group["definition"]
        height = (group["layout"]["height"] - 1) * _ROW + _TITLE
        body.append(_box(_GAP, top, width - 2 * _GAP, height - _GAP, "group"))
        body.append(_text(2 * _GAP, top + 22, definition["title"], "title"))
        for widget in definition["widgets"]:
            body += _widget(widget, top + _TITLE)
        top += height
    variables = ", ".join("$" + variable["name"] for variable in dashboard["template_variables"])
    heading = f"{dashboard['title']}: layout of the definition, not Datadog's page"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" role="img"'
            f' font-family="sans-serif">\n<title>{html.escape(heading)}</title>',
            _STYLE,
            f'<rect width="{width}" height="{top}" fill="#fff"/>',
            _text(_GAP, 26, heading, "heading"),
            _text(_GAP, 52, f"Template variables: {variables}", "kind"),
            *body,
            "</svg>\n",
        )
    )


_STYLE = (
    "<style>.group{fill:#eef1f6;stroke:#9aa5b5}.widget{fill:#fff;stroke:#9aa5b5}"
    ".heading{font-size:18px;font-weight:bold}.title{font-size:15px;font-weight:bold}"
    ".name{font-size:13px}.kind{font-size:12px;fill:#4a5568}</style>"
)


def _widget(widget: dict[str, Any], top: int) -> list[str]:
    layout, definition = widget["layout"], widget["definition"]
    x, y = 2 * _GAP + layout["x"] * _CELL, top + layout["y"] * _ROW
    room = layout["width"] * _CELL - 3 * _GAP
    title = definition.get("title", "")
    # About as wide as these letters are.
    words = title if len(title) * 7 <= room else title[: room // 7 - 1] + "…"
    return [
        _box(x, y, room + _GAP, layout["height"] * _ROW - 2 * _GAP, "widget"),
        _text(x + _GAP, y + 20, words, "name"),
        _text(x + _GAP, y + 38, definition["type"].replace("_", " "), "kind"),
    ]


def _box(x: int, y: int, width: int, height: int, kind: str) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="3"/>'


def _text(x: int, y: int, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{html.escape(text)}</text>'


if __name__ == "__main__":
    main()

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the options of each role into its README, from its argument specs.

antsibull-docs renders them as reStructuredText only, and Galaxy shows READMEs in Markdown."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import yaml

ROLES = pathlib.Path(__file__).resolve().parents[2] / "roles"
GENERATED = re.compile(
    r"(<!-- options: written by 'make options' -->\n).*?(<!-- end of options -->\n)", re.DOTALL
)


def main() -> None:
    for role in ROLES.iterdir():
        (role / "README.md").write_text(readme(role), encoding="utf-8")


def readme(role: pathlib.Path) -> str:
    """The text of a role's README, with the options as its argument specs have them."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    text = f"\n{table('option', options)}\n"
    for name, option in options.items():
        if "options" in option:
            text += f"`{name}`:\n\n{table('key', option['options'])}\n"
    old = (role / "README.md").read_text(encoding="utf-8")
    return GENERATED.sub(lambda found: found[1] + text + found[2], old)


def table(heading: str, options: dict[str, Any]) -> str:
    """A row for each option (dict of specs by name)."""
    rows = [f"| {heading} | default | what it is |\n|---|---|---|\n"]
    for name, option in options.items():
        rows.append(f"| `{name}` | {default(option)} | {description(option)} |\n")
    return "".join(rows)


def default(option: dict[str, Any]) -> str:
    """The default as YAML; of an expression only that it is one."""
    if option.get("required"):
        return "required"
    value = option.get("default")
    if isinstance(value, str):
        return "computed" if "{{" in value else f"`{value or json.dumps(value)}`"
    return "" if value is None else "`" + json.dumps(value).replace('"', "") + "`"


def description(option: dict[str, Any]) -> str:
    """The first paragraph, which says what the option is, and the choices."""
    paragraphs = option["description"]
    first = paragraphs if isinstance(paragraphs, str) else paragraphs[0]
    # The markup of Ansible's documentation: O(option), V(value), C(code) and the like.
    text = re.sub(r"\b[A-Z]\(([^)#]+)[^)]*\)", r"`\1`", first)
    choices = ", ".join(f"`{choice}`" for choice in option.get("choices", []))
    which = "Any" if option["type"] == "list" else "One"
    return f"{text} {which} of {choices}." if choices else text


if __name__ == "__main__":
    main()

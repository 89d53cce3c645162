# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Galaxy and Automation Hub show the READMEs outside the repository, so that their links and
pictures need full URLs; those into the repository lead to files that exist."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
READMES = [
    ROOT / "README.md",
    *sorted(ROOT.glob("roles/*/README.md")),
    ROOT / "playbooks/README.md",
]
REPOSITORY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
RAW = REPOSITORY.replace("//github.com/", "//raw.githubusercontent.com/")


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_readmes_are_full_and_lead_to_files(readme: pathlib.Path) -> None:
    text = readme.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            heading = re.compile(target[1:].replace("-", "[ -]"), re.IGNORECASE)
            assert any(map(heading.fullmatch, re.findall(r"^#+ (.*)$", text, re.MULTILINE))), target
            continue
        assert target.startswith("https://"), target
        inside = re.fullmatch(
            rf"(?:{re.escape(REPOSITORY)}/(?:blob|tree)|{re.escape(RAW)})/main/(.*)", target
        )
        if inside:
            assert (ROOT / inside[1]).exists(), target


def test_readme_has_two_screens() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 100
    code = "".join(re.findall(r"^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert max(map(len, code.splitlines())) <= 100


def test_ad_hoc_commands_use_the_short_names() -> None:
    for page in [*READMES, *ROOT.glob("docs/docsite/rst/*.rst")]:
        long_names = re.findall(
            r"^ *\$ .*ansible .* -m mailops\.\S+", page.read_text(encoding="utf-8"), re.MULTILINE
        )
        assert long_names == [], page

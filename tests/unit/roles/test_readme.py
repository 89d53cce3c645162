# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README of the role datadog_postfix and its pages show what the role has and writes."""

from __future__ import annotations

import pathlib
import re
import textwrap

import pytest
import yaml

from ansible_collections.mailops.postfix.plugins.module_utils._access.sudoers import sudoers
from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.logs import RULES
from ansible_collections.mailops.postfix.tests.documentation.role_options import readme
from ansible_collections.mailops.postfix.tests.injection.places import (
    conf_yaml,
    host,
    instance,
    plan,
)

ROLE = pathlib.Path(__file__).resolve().parents[3] / "roles" / "datadog_postfix"
README = (ROLE / "README.md").read_text(encoding="utf-8")
OPTIONS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))[
    "argument_specs"
]["main"]["options"]


def page(name):
    """The text of a guide."""
    return (ROLE.parents[1] / f"docs/docsite/rst/{name}.rst").read_text(encoding="utf-8")


def blocks(language):
    """The texts that stand in code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def rows(*heading):
    """The rows of a table by their first cell, which is code, and whose heading begins like
    this."""
    table = re.search(
        r"^\| {} .*\n\|[-|]+\|\n((?:\|.*\n)+)".format(r" \| ".join(map(re.escape, heading))),
        README,
        re.MULTILINE,
    )[1]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]
    return {row[0].strip("` "): row[1:] for row in cells}


@pytest.mark.parametrize("role", sorted(ROLE.parent.iterdir()), ids=lambda path: path.name)
def test_options_are_those_of_the_argument_specs(role):
    assert readme(role) == (role / "README.md").read_text(encoding="utf-8"), "run 'make options'"
    assert "| option | default | what it is |" in readme(role)


def test_every_choice_is_explained():
    terms = re.findall(r"^``(\w+)``$", page("logs"), re.MULTILINE)
    assert terms == [*RULES, *terms[len(RULES) :]]
    assert set(terms[len(RULES) :]) == set(OPTIONS["datadog_postfix_log_access"]["choices"])


def test_examples_use_options_that_exist():
    pages = "".join(
        page(name) for name in ("provisioning", "logs", "instances", "numbers", "removal")
    )
    used = set(re.findall(r"\bdatadog_postfix_[a-z_]+", README + pages))
    assert used - set(OPTIONS) == set()
    for text in blocks("yaml"):
        yaml.safe_load(text)


def test_the_sudoers_files_are_those_that_the_role_writes():
    step = plan()["steps"]["sudo"]
    arguments = (
        step["user"],
        step["run_as"],
        ["/usr/bin/" + command for command in step["commands"]],
        step["path"],
    )
    assert blocks("sudoers") == [
        sudoers(*arguments),
        sudoers(*arguments, True, ["log_allowed", "pam_session"]),
    ]


def test_each_line_of_the_sudoers_file_has_its_reason():
    starts = [
        re.sub(r"/usr/bin/find DIRECTORY.*", "/usr/bin/find ", start)
        for start in rows("line", "why")
    ]
    for line in blocks("sudoers")[1].replace("\\\n    ", "").splitlines():
        assert any(start in line for start in starts), line
    for start in starts:
        assert start in blocks("sudoers")[1], start


def test_conf_yaml_is_what_the_role_writes():
    found = plan(
        host(instance(), instance("postfix-out")), tags=["env:prod"], log_rules=["drop_connections"]
    )
    assert textwrap.indent(conf_yaml(found), "   ") in page("provisioning")

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ListedInstance,
    ParameterError,
    fold,
    parse_instances,
    parse_parameters,
    parse_unused,
    raw_settings,
    split_list,
    split_raw,
)


def test_parameters():
    assert parse_parameters(["relayhost = ", "a = b = c", "maillog_file =", "x = y "]) == {
        "relayhost": "",
        "a": "b = c",
        "maillog_file": "",
        "x": "y ",
    }


def test_unused_parameters():
    stderr = (
        "postconf: warning: /etc/postfix/main.cf: unused parameter: nonesuch=a=b\npostconf:"
        " warning: x: unknown parameter\n"
    )
    assert parse_unused(stderr) == {"nonesuch": "a=b"}
    assert parse_unused("/usr/sbin/" + stderr) == {"nonesuch": "a=b"}


def test_instances():
    lines = [
        "-               -               y         /etc/postfix",
        "postfix-out     mta             n         /etc/with blank",
    ]
    assert parse_instances(lines) == [
        ListedInstance("-", "-", True, "/etc/postfix"),
        ListedInstance("postfix-out", "mta", False, "/etc/with blank"),
    ]


def test_no_blank_ends_the_directory_of_an_instance():
    assert parse_instances(["- - y /etc/postfix  "])[0].config_directory == "/etc/postfix"


@pytest.mark.parametrize(
    ("parse", "what"), [(parse_parameters, "a parameter"), (parse_instances, "an instance")]
)
def test_what_is_not_understood_is_shown(parse, what):
    with pytest.raises(ParameterError) as caught:
        parse(["x" * 300])
    assert str(caught.value) == f"not {what}: {'x' * 200!r}"


@pytest.mark.parametrize("line", ["- - y", "- - maybe /etc/postfix", "- - y etc/postfix", ""])
def test_what_is_no_instance(line):
    with pytest.raises(ParameterError):
        parse_instances([line])


def test_folding_knows_only_ascii_blanks():
    assert fold(" a,\n\t b\u00a0c  ") == "a, b\u00a0c"
    assert fold(" \u00a0a\u00a0 ") == "\u00a0a\u00a0"
    assert fold("XaX") == "XaX"


@hypothesis.given(strategies.lists(strategies.text()))
def test_no_lines_raise_anything_else(lines):
    for parse in (parse_parameters, parse_instances):
        try:
            parse(lines)
        except ParameterError:
            pass
    parse_unused("\n".join(lines))


NAMES = strategies.from_regex(r"\A[a-z0-9_]+\Z")
VALUES = strategies.text(
    strategies.characters(blacklist_characters="\n\r", blacklist_categories=["Cs"])
).map(fold)


@hypothesis.given(strategies.dictionaries(NAMES, VALUES))
def test_parameters_are_read_back(values):
    assert (
        parse_parameters(
            [f"{name} = {value}" if value else f"{name} =" for name, value in values.items()]
        )
        == values
    )


@hypothesis.given(
    strategies.lists(strategies.from_regex(r"\A[a-z!:/]+\Z")),
    strategies.sampled_from([", ", " ", ",", "\t"]),
)
def test_lists_are_read_back(items, separator):
    assert split_list(separator.join(items)) == items


@pytest.mark.parametrize(
    "text, found",
    [
        ("", []),
        ("# a = 1\nb = a\nab = 1\n a = 2\n", []),
        ("a=1", ["a=1"]),
        ("b = 1\na = 1,\n  2\n# x\n\n", ["a = 1,\n  2"]),
        ("a =\n\t1\n# x\n\n  # y\n 2\nb = 1\n 3\n", ["a =\n\t1\n# x\n\n  # y\n 2"]),
        ("a = 1\nb = 2\na = 3\n 4\n", ["a = 1", "a = 3\n 4"]),
        (" 1\na = 2\n", ["a = 2"]),
        ("a = b=c\n", ["a = b=c"]),
        ("a\u00a0= 1\n", []),
        ("a = 1\n\u00a0\n 2\n", ["a = 1"]),
        ("a = 1\n\u00a0# x\n 2\n", ["a = 1"]),
    ],
)
def test_lines_that_set_a_parameter(text, found):
    assert raw_settings(text, "a") == found


def test_remarks_between_lines():
    assert split_raw("a =\n\t1\n# x\n\n  # y\n 2") == ("a =\n\t1\n 2", "# x\n\n  # y")

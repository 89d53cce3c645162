# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils._agent.settings import (
    SettingError,
    parse_environment_path,
    parse_environment_switch,
    parse_yaml_path,
    parse_yaml_switch,
    set_environment_switch,
    set_yaml_switch,
)


@pytest.mark.parametrize(
    "text, value",
    [
        ("", None),
        ("# logs_enabled: true\n", None),
        ("logs_enabled:\n", None),
        ("logs_enabled:   # not set\n", None),
        ("logs_enabled: ~\n", None),
        ("logs_enabled: true\n", True),
        ("logs_enabled: True # yes\r\n", True),
        ("logs_enabled: on", True),
        ("logs_enabled: 1", True),
        ("logs_enabled: t", True),
        ("logs_enabled: 'true'   # quoted", True),
        ('"logs_enabled" : "0"', False),
        ("logs_enabled: NO\n", False),
        ("\ufefflogs_enabled: off\n", False),
        ("%YAML 1.1\n--- # first\nlogs_enabled: yes\n---\nlogs_enabled: no\n", True),
        ("Logs_Enabled: true\n", True),
        ("  api_key: x\n  logs_enabled: true\n", True),
        ("logs_config:\n  logs_enabled: true\n", None),
        ("text: |\n  ---\n  logs_enabled: true\n\n  more\nlogs_enabled: false\n", False),
        ("tags:\n- a:b\n- logs_enabled: true\nproxy: {http: x}\nlogs_enabled: false\n", False),
        ("tags: [\n  a\n]\nlogs_enabled: true\n", True),
        ("---\n---\nlogs_enabled: true\n", None),
        ("---\n...\nlogs_enabled: true\n", None),
        ("...\nlogs_enabled: true\n", True),
        ("{any: form}\n<<: *other\n", None),
        ("\ufeff---\nlogs_enabled: true\n", True),
        ("\ufeff  a: 1\n  logs_enabled: true\n", True),
        ("X : 1\nlogs_enabled: true\n", True),
        ("Xlogs_enabled: true\n", None),
    ],
)
def test_switch_in_a_yaml_file(text, value):
    assert parse_yaml_switch(text, "logs_enabled") is value


@pytest.mark.parametrize(
    "text, why",
    [
        ("logs_enabled: true\nlogs_enabled: true\n", "twice, in lines 1 and 2"),
        ("logs_enabled: 'yes'\n", "line 1: the Agent does not take 'yes'"),
        ("logs_enabled: yEs\n", "line 1: the Agent does not take 'yEs'"),
        ("logs_enabled: ''\n", "line 1: the Agent does not take ''"),
        ("logs_enabled: *other\n", "line 1: the value of logs_enabled"),
        ("logs_enabled: &name true\n", "line 1: the value of logs_enabled"),
        ("logs_enabled: !!bool true\n", "line 1: the value of logs_enabled"),
        ("logs_enabled: [true]\n", "line 1: the value of logs_enabled"),
        ("logs_enabled: true#x\n", "line 1: the value of logs_enabled"),
        ("logs_enabled:\n  true\n", "line 1: the value of logs_enabled"),
        ("\nlogs_enabled: true\n  or not\n", "line 2: the value of logs_enabled"),
        ("{logs_enabled: true}\n", "line 1: the form"),
        ("--- {logs_enabled: true}\n", "line 1: the form"),
        ("a: 1\n<<: *other\nlogs_enabled: true\n", "line 2: the form"),
        ("a: 1\n? logs_enabled\n: true\n", "line 2: the form"),
        ("logs_enabled:true\n", "line 1: the form"),
        ("logs_enabled: true\u00a0\n", "line 1: the value of logs_enabled"),
        ("logs_enabled: trueX\n", "line 1: the Agent does not take 'trueX'"),
        (
            "logs_enabled: " + "x" * 50,
            f"line 1: the Agent does not take {'x' * 40!r}, the value of logs_enabled, for a"
            " boolean",
        ),
    ],
)
def test_yaml_file_that_is_not_plain(text, why):
    with pytest.raises(SettingError) as caught:
        parse_yaml_switch(text, "logs_enabled")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "text, value",
    [
        ("", None),
        ("# DD_LOGS_ENABLED=true\n; DD_LOGS_ENABLED=true\n", None),
        ("DD_LOGS_ENABLED=\n", None),
        ("DD_LOGS_ENABLED=''\n", None),
        ("DD_LOGS_ENABLED_TOO=true\n", None),
        ("DD_API_KEY=x\n DD_LOGS_ENABLED = true \n", True),
        ("DD_LOGS_ENABLED='1'\r\n", True),
        ('DD_LOGS_ENABLED=true\nDD_LOGS_ENABLED="false"\n', False),
        ("DD_TAGS=a \\\nb\n", None),
        ("  # DD_LOGS_ENABLED=true\n", None),
        ("no assignment\nDD_LOGS_ENABLED=true\n", True),
    ],
)
def test_switch_in_an_environment_file(text, value):
    assert parse_environment_switch(text, "DD_LOGS_ENABLED") is value


@pytest.mark.parametrize(
    "text, why",
    [
        (
            "DD_LOGS_ENABLED=yes\n",
            "line 1: the Agent does not take 'yes', the value of DD_LOGS_ENABLED, for a boolean",
        ),
        ("DD_LOGS_ENABLED=XtrueX\n", "line 1: the Agent does not take 'XtrueX'"),
        ("DD_LOGS_ENABLED=true\f\n", "line 1: the Agent does not take 'true\\x0c'"),
        ("DD_LOGS_ENABLED='\n", "line 1: a value that goes on"),
        ("\n# comment \\\nDD_LOGS_ENABLED=true\n", "line 2: a value that goes on"),
        ("\u00a0# DD_LOGS_ENABLED=true\n", "line 1: how DD_LOGS_ENABLED"),
        ("X# DD_LOGS_ENABLED=true\n", "line 1: how DD_LOGS_ENABLED"),
        ("export DD_LOGS_ENABLED=true\n", "line 1: how DD_LOGS_ENABLED"),
        ("DD_LOGS_ENABLED\n", "line 1: how DD_LOGS_ENABLED"),
        ("A=b \\\nDD_LOGS_ENABLED=true\n", "line 1: a value that goes on"),
        ('A="b\nDD_LOGS_ENABLED=true\n"\n', "line 1: a value that goes on"),
    ],
)
def test_environment_file_that_is_not_plain(text, why):
    with pytest.raises(SettingError) as caught:
        parse_environment_switch(text, "DD_LOGS_ENABLED")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "text, path",
    [
        ("# confd_path: /a\n", None),
        ("confd_path:\n", None),
        ("confd_path: /etc/agent/conf.d # here\n", "/etc/agent/conf.d"),
        ("'Confd_Path': '/a b'\n", "/a b"),
    ],
)
def test_path_in_a_yaml_file(text, path):
    assert parse_yaml_path(text, "confd_path") == path


def test_path_that_is_not_plain():
    with pytest.raises(SettingError):
        parse_yaml_path("confd_path: ${PLACE}\n", "confd_path")
    assert parse_environment_path("DD_CONFD_PATH='/a b'\n", "DD_CONFD_PATH") == "/a b"
    assert parse_environment_path("DD_CONFD_PATH=\n", "DD_CONFD_PATH") is None
    assert parse_environment_path("", "DD_CONFD_PATH") is None


@pytest.mark.parametrize(
    "text, before, changed",
    [
        ("", "", "logs_enabled: true\n"),
        (
            "a: 1\nlogs_enabled: false # off\nb: 2\n",
            "logs_enabled: false # off",
            "a: 1\nlogs_enabled: true # off\nb: 2\n",
        ),
        ('"logs_enabled" : "false"', '"logs_enabled" : "false"', '"logs_enabled" : true'),
        ("Logs_Enabled: no\r\nb: 2\r\n", "Logs_Enabled: no", "Logs_Enabled: true\r\nb: 2\r\n"),
        ("  a: 1\n  logs_enabled: 0\n", "  logs_enabled: 0", "  a: 1\n  logs_enabled: true\n"),
        ("logs_enabled:\na: 1\n", "logs_enabled:", "logs_enabled: true\na: 1\n"),
        (
            "logs_enabled:   # not set\n",
            "logs_enabled:   # not set",
            "logs_enabled: true   # not set\n",
        ),
        ("\ufefflogs_enabled: ~", "\ufefflogs_enabled: ~", "\ufefflogs_enabled: true"),
        ("a: 1", "", "a: 1\nlogs_enabled: true\n"),
        ("a: 1\r\n", "", "a: 1\r\nlogs_enabled: true\r\n"),
        ("  a: 1\n", "", "  a: 1\n  logs_enabled: true\n"),
        (
            "--- # one\na: 1\n...\n---\nlogs_enabled: true\n",
            "",
            "--- # one\na: 1\nlogs_enabled: true\n...\n---\nlogs_enabled: true\n",
        ),
        (
            "---\n---\nlogs_enabled: true\n",
            "",
            "---\nlogs_enabled: true\n---\nlogs_enabled: true\n",
        ),
        (
            "a: 1\n# logs_enabled: false\n\nb: 2\n",
            "",
            "a: 1\n# logs_enabled: false\nlogs_enabled: true\n\nb: 2\n",
        ),
        ("a: 1\n# logs_enabled: false", "", "a: 1\n# logs_enabled: false\nlogs_enabled: true\n"),
        (
            "logs_enabled: no # logs_enabled: no",
            "logs_enabled: no # logs_enabled: no",
            "logs_enabled: true # logs_enabled: no",
        ),
        ("a: 1\r", "", "a: 1\rlogs_enabled: true\n"),
        ("# LOGS_ENABLED: no\na: 1\n", "", "# LOGS_ENABLED: no\nlogs_enabled: true\na: 1\n"),
        # Below this comment it would be a document of its own.
        (
            "# logs_enabled: false\n---\na: 1\n",
            "",
            "# logs_enabled: false\n---\na: 1\nlogs_enabled: true\n",
        ),
        # Below this comment it would be in another setting, or take what belongs to it.
        (
            "a:\n# logs_enabled: false\n  b: 2\n",
            "",
            "a:\n# logs_enabled: false\n  b: 2\nlogs_enabled: true\n",
        ),
        (
            "a:\n# logs_enabled: false\n- b\n",
            "",
            "a:\n# logs_enabled: false\n- b\nlogs_enabled: true\n",
        ),
        (
            "a: |\n  # logs_enabled: false\n  b\n",
            "",
            "a: |\n  # logs_enabled: false\n  b\nlogs_enabled: true\n",
        ),
    ],
)
def test_enable_in_a_yaml_file(text, before, changed):
    change = set_yaml_switch(text, "logs_enabled")
    assert (change.text, change.before) == (changed, before)
    assert change.after in changed and "\n" not in change.after
    assert set_yaml_switch(changed, "logs_enabled") is None


@pytest.mark.parametrize(
    "text, why",
    [
        ("{logs_enabled: false}\n", "line 1: the form"),
        ("logs_enabled: maybe\n", "line 1: the Agent does not take"),
        ("logs_enabled: [false]\n", "line 1: the value"),
        ("{a: 1}\n", "the form of this document does not allow to set logs_enabled"),
        ("- a\n", "the form of this document does not allow to set logs_enabled"),
        ("logs_enabled: no\nlogs_enabled: no\n", "twice"),
    ],
)
def test_yaml_file_in_which_nothing_can_be_enabled(text, why):
    with pytest.raises(SettingError, match=why):
        set_yaml_switch(text, "logs_enabled")


@pytest.mark.parametrize(
    "text, before, changed",
    [
        ("", "", "DD_LOGS_ENABLED=true\n"),
        ("DD_API_KEY=x", "", "DD_API_KEY=x\nDD_LOGS_ENABLED=true\n"),
        ("# DD_LOGS_ENABLED=false\n", "", "# DD_LOGS_ENABLED=false\nDD_LOGS_ENABLED=true\n"),
        (
            " DD_LOGS_ENABLED = 'false' \nA=b\n",
            " DD_LOGS_ENABLED = 'false' ",
            " DD_LOGS_ENABLED = true \nA=b\n",
        ),
        (
            "DD_LOGS_ENABLED=true\r\nDD_LOGS_ENABLED=\r\n",
            "DD_LOGS_ENABLED=",
            "DD_LOGS_ENABLED=true\r\nDD_LOGS_ENABLED=true\r\n",
        ),
    ],
)
def test_enable_in_an_environment_file(text, before, changed):
    change = set_environment_switch(text, "DD_LOGS_ENABLED")
    assert (change.text, change.before) == (changed, before)
    assert set_environment_switch(changed, "DD_LOGS_ENABLED") is None


@pytest.mark.parametrize(
    "text, why",
    [
        ("A=b \\", "line 1: a value that goes on"),
        ("# a comment \\", "line 1: a value that goes on"),
        ("A='b\n", "line 1: a value that goes on"),
        ("DD_LOGS_ENABLED=maybe\n", "line 1: the Agent does not take"),
        ("export DD_LOGS_ENABLED=false\n", "line 1: how DD_LOGS_ENABLED is meant"),
    ],
)
def test_environment_file_in_which_nothing_can_be_enabled(text, why):
    with pytest.raises(SettingError, match=why):
        set_environment_switch(text, "DD_LOGS_ENABLED")


PARTS = [
    "logs_enabled",
    "DD_LOGS_ENABLED",
    ":",
    "=",
    " ",
    "\n",
    "true",
    "'",
    '"',
    "#",
    "- ",
    "---",
    "\\",
    "\t",
    "\r\n",
]
LINES = strategies.lists(strategies.sampled_from(PARTS))


def lines_of(text):
    return [line for line in re.split("[\r\n]+", text) if line]


@hypothesis.given(LINES | strategies.text())
@hypothesis.example(["logs_enabled", "DD_LOGS_ENABLED", "=", "true"])
@hypothesis.example(["DD_LOGS_ENABLED=true\nDD_LOGS_ENABLED=false"])
def test_every_text_is_understood_or_refused(parts):
    text = "".join(parts)
    for parse, enable, name in (
        (parse_yaml_switch, set_yaml_switch, "logs_enabled"),
        (parse_environment_switch, set_environment_switch, "DD_LOGS_ENABLED"),
    ):
        try:
            value = parse(text, name)
            assert value in (True, False, None)
            change = enable(text, name)
        except SettingError:
            continue
        assert (change is None) == (value is True)
        if change:
            assert parse(change.text, name) is True
            # One line more, or one that is another.
            lines, before = lines_of(change.text), lines_of(change.before)
            assert lines_of(text) in [
                lines[:position] + before + lines[position + 1 :]
                for position, line in enumerate(lines)
                if line == change.after
            ]


@pytest.mark.parametrize(
    "text",
    [
        " " * 2000000 + "x",
        "a=" + " " * 2000000 + "x",
        "a:\n" + "  b\n" * 60000,
        "a=b\n" * 60000 + "# {}=",
        "#" * 2000000,
        '"' * 2000000,
    ],
)
def test_large_files_end(text):
    """With a loop in a loop, these would take longer than a test may."""
    for enable, name in (
        (set_yaml_switch, "logs_enabled"),
        (set_environment_switch, "DD_LOGS_ENABLED"),
    ):
        for whole in (text, text + f"\n{name}"):
            try:
                enabled = enable(whole, name).text
            except SettingError:
                continue
            assert enabled.replace(f"{name}: true", "").replace(f"{name}=true", "").strip() == (
                whole.strip()
            )

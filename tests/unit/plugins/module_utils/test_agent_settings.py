# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils.agent_settings import SettingError, parse_environment_switch, parse_yaml_switch


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
        ("a: 1\n<<: *other\n", "line 2: the form"),
        ("a: 1\n? logs_enabled\n: true\n", "line 2: the form"),
        ("logs_enabled:true\n", "line 1: the form"),
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
    ],
)
def test_switch_in_an_environment_file(text, value):
    assert parse_environment_switch(text, "DD_LOGS_ENABLED") is value


@pytest.mark.parametrize(
    "text, why",
    [
        ("DD_LOGS_ENABLED=yes\n", "line 1: the Agent does not take 'yes'"),
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


LINES = strategies.lists(strategies.sampled_from(["logs_enabled", "DD_LOGS_ENABLED", ":", "=", " ", "\n", "true", "'", '"', "#", "- ", "---", "\\", "\t"]))


@hypothesis.given(LINES | strategies.text())
def test_no_text_raises_anything_else(parts):
    text = "".join(parts)
    for parse, name in ((parse_yaml_switch, "logs_enabled"), (parse_environment_switch, "DD_LOGS_ENABLED")):
        try:
            assert parse(text, name) in (True, False, None)
        except SettingError:
            pass

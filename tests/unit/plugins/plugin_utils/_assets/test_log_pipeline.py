# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log pipeline reads what Postfix writes: real lines of four versions."""

from __future__ import annotations

import json
import re

import pytest
import re2

from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.grok import parsers
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.log_pipeline import (
    log_pipeline,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.options import checked
from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.logs import RULES
from ansible_collections.mailops.postfix.tests.datadog_api import pipelines
from ansible_collections.mailops.postfix.tests.unit.conftest import SAMPLES

YEAR = 2026
FILES = sorted((SAMPLES / "log_lines").glob("*.jsonl"))
LINES = {
    path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for path in FILES
}
# What no rule takes: it is about no message and no client.
LEFT = re.compile(
    r"(starting|stopping|refreshing|waiting for) the Postfix mail system( to terminate)?"
    r"|the Postfix mail system is running: PID: \d+"
    r"|(daemon started|reload) -- version \S+, configuration \S+"
    r"|terminating on signal 15"
    r"|statistics: .+"
    r"|cache \S+ full cleanup: .+"
    r"|(Placed on hold|Released from hold|Requeued|Deleted|Force-expired): \d+ messages?"
    # Of systemd, and what a program of Postfix has printed besides.
    r"|(Starting|Started|Stopping|Stopped) postfix\.service - .+"
    r"|postfix\.service: Deactivated successfully\."
    r"|Failed to attach \d+ to compat systemd cgroup .+"
    r"|updating \S+ => \S+"
    r"|postfix/postlog: .+"
)
# NAME=VALUE in a line, by the attribute that has it.
NAMED = {
    "relay": ("postfix.relay", r"[^,]+"),
    "delay": ("postfix.delay", r"[^,]+"),
    "dsn": ("postfix.dsn", r"[^,]+"),
    "status": ("postfix.status", r"[a-z-]+"),
    "size": ("postfix.size", r"[^,]+"),
    "nrcpt": ("postfix.nrcpt", r"[0-9]+"),
    "sasl_username": ("postfix.sasl.username", r"[^,]+"),
    "sasl_method": ("postfix.sasl.method", r"[^,]+"),
    "proto": ("postfix.protocol", r"\w+"),
}


def pipeline(**given):
    options, problems = checked(given)
    assert not problems
    return log_pipeline(options)


def run(log, **given):
    return pipelines.run(pipeline(**given), log, YEAR)


def text_rules():
    (parser,) = [parser for parser in parsers("UTC") if parser.source == "postfix.text"]
    return {rule.name for rule in parser.rules}


@pytest.mark.parametrize("version", LINES)
def test_every_line_is_read(version):
    for case in LINES[version]:
        _is_read(case)


def _is_read(case):
    log, rules = run(case["log"])
    assert rules == case["rules"]
    assert {key: value for key, value in log.items() if key not in case["log"]} == case[
        "attributes"
    ]
    taken = text_rules() & set(rules)
    assert bool(taken) != bool(LEFT.fullmatch(log["postfix.text"])), log["postfix.text"]


@pytest.mark.parametrize("version", LINES)
def test_attributes_are_what_the_line_says(version):
    """Without the rules: by other expressions."""
    for case in LINES[version]:
        _is_what_the_line_says(case)


def _is_what_the_line_says(case):
    found, line = case["attributes"], case["log"]["message"]
    text = found["postfix.text"]
    assert line.endswith(text)
    if "journald.SYSLOG_IDENTIFIER" not in case["log"]:
        # A command of Postfix has no more than the name.
        name = "/".join(filter(None, (found.get("postfix.syslog_name"), found["postfix.program"])))
        assert f" {found['syslog.hostname']} {name}[{found['postfix.pid']}]: {text}" in line
    queue_id = re.match(r"([0-9A-F]{10,12}|[0-9A-Za-z]{15}): ", text)
    assert not queue_id or found["postfix.queue_id"] == queue_id[1]
    for severity in ("fatal", "panic", "error", "warning"):
        assert (found.get("postfix.severity") == severity) == text.startswith(severity + ": ")
    if "postfix.reject.stage" in found and found["postfix.reject.stage"].islower():
        # Of a header and what follows it.
        return
    for name, (attribute, value) in NAMED.items():
        said = re.search(rf"(?:[ ,]|^){name}=({value})", re.sub(r"\(.*\)|EHLO.*", "", text))
        if said:
            assert str(found[attribute]) in (said[1], said[1] + ".0")
    delays = re.search(r" delays=([^,]+)", text)
    if delays:
        names = ("before_queue_manager", "queue_manager", "connection", "transmission")
        parts = [found[f"postfix.delays.{name}"] for name in names]
        assert parts == [float(part) for part in delays[1].split("/")]
    for name in ("from", "to", "orig_to"):
        # Those with odd characters are in the test above.
        said = re.search(rf"[ :]{name}=<([^<>\"]+)>", text)
        if said:
            assert found[f"postfix.{name}"] == said[1]
    peer = re.search(r" (from|to|for) \S*\[([0-9.]+)\]", text)
    if peer and taken_as_peer(found):
        place = "client" if peer[1] == "from" else "destination"
        assert found[f"network.{place}.ip"] == peer[2]


def taken_as_peer(found):
    return {"postfix.tls.trust", "postfix.reject.code"} & set(found)


@pytest.mark.parametrize("version", LINES)
def test_masked_lines_are_read_by_the_same_rules(version):
    """By the processing rules that the Agent can apply before a line leaves the host."""
    for case in LINES[version]:
        _masked_is_read(case)


def _masked_is_read(case):
    line = case["log"]["message"]
    for name in ("mask_addresses", "mask_clients"):
        rule = RULES[name]
        replacement = re.sub(r"\$\{(\d)\}", r"\\\1", rule["replace_placeholder"])
        line = re2.sub(rule["pattern"], replacement, line)
    rules = run({**case["log"], "message": line})[1]
    assert rules == case["rules"]


def test_every_rule_has_real_lines():
    taken = {name for cases in LINES.values() for case in cases for name in case["rules"]}
    assert taken == {rule.name for parser in parsers("UTC") for rule in parser.rules}
    assert set(LINES) == {"3.5", "3.7", "3.10", "3.10_journal", "3.11"}


@pytest.mark.parametrize(
    ("parser", "rule", "sample"),
    [
        pytest.param(parser, rule, sample, id=f"{rule.name}-{number}")
        for parser in parsers("UTC")
        for rule in parser.rules
        for number, sample in enumerate(rule.samples)
    ],
)
def test_samples_of_a_rule_are_taken_by_it(parser, rule, sample):
    helpers, rules = (
        "\n".join(f"{one.name} {one.pattern}" for one in group)
        for group in (parser.helpers, parser.rules)
    )
    taken = [
        one.name for one in pipelines.rules(helpers, rules, YEAR) if one.match(sample) is not None
    ]
    assert taken[0] == rule.name


def test_parsers_are_within_datadogs_limits():
    for processor in pipeline()["processors"]:
        if processor["type"] == "grok-parser":
            assert 1 <= len(processor["grok"]["match_rules"].splitlines()) <= 10
            assert 1 <= len(processor["samples"]) <= 5
            assert not re.search(r"\\s", json.dumps(processor["grok"]).replace(r"\\[", ""))
    names = [rule.name for parser in parsers("UTC") for rule in parser.rules + parser.helpers]
    assert all(re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.]*", name) for name in names)


def test_java_takes_the_classes_of_characters():
    """There, a bracket in a class begins another one unless it has a backslash. RE2 takes both."""
    for rule in (rule for parser in parsers("UTC") for rule in parser.rules + parser.helpers):
        classes = re.findall(r"(?:\\.|[^\\\[])*\[(\^?\]?(?:\\.|[^\]])*)\]", rule.pattern)
        assert not [one for one in classes if re.search(r"(?<!\\)\[", one)], rule


def test_no_attribute_is_the_beginning_of_another():
    names = {name for cases in LINES.values() for case in cases for name in case["attributes"]}
    assert [one for one in names for other in names if other.startswith(one + ".")] == []


@pytest.mark.parametrize(
    ("level", "status"),
    [
        ("fatal", "critical"),
        ("panic", "critical"),
        ("error", "error"),
        ("warning", "warn"),
    ],
)
def test_severities_are_the_logs_status(level, status):
    log = run({"message": f"{level}: out of memory"})[0]
    assert log["status"] == status and log["error.message"] == "out of memory"
    log = run({"message": "4F2C91A0B3: removed"})[0]
    assert log["status"] == "info"


@pytest.mark.parametrize(
    ("time", "timezone", "milliseconds"),
    [
        ("Nov 22 13:23:06", "UTC", 1795353786000),
        ("Nov 22 13:23:06", "Europe/Berlin", 1795350186000),
        ("Nov  2 13:23:06", "UTC", 1793625786000),
        ("2026-11-22T13:23:06.123456+00:00", "Europe/Berlin", 1795353786123),
        ("2026-11-22T13:23:06.123+01:00", "UTC", 1795350186123),
        ("2026-11-22T13:23:06-05:00", "UTC", 1795371786000),
        ("2026-11-22T13:23:06Z", "UTC", 1795353786000),
    ],
)
def test_times(time, timezone, milliseconds):
    line = f"{time} mx1 postfix/qmgr[402]: 4F2C91A0B3: removed"
    log = run({"message": line}, log_timezone=timezone)[0]
    assert log["timestamp"] == milliseconds and log["postfix.text"] == "4F2C91A0B3: removed"


@pytest.mark.parametrize(
    ("support", "match", "wrong"),
    [
        ("", "a %{nothing:x}", "nothing is not known"),
        ("", "a %{data:x:json}", "json is not known"),
        ("", "a %{word:x", "cannot be read"),
        ("", "a (b)", "captures nothing"),
        ("", "a b\na c", "a name of its own"),
        ("", 'a %{date("yy"):x}', "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(support, match, wrong):
    with pytest.raises(ValueError, match=wrong):
        pipelines.rules(support, match, YEAR)

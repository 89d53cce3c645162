# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The grammar of Datadog's queries takes what Datadog documents, and no typing error."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.tests.datadog_api.queries import (
    check_log_search,
    check_metric_query,
    check_monitor_query,
)

SIZE = "sum:postfix.queue.size{queue:deferred} by {host,instance}"
LOGS = 'logs("source:postfix @postfix.status:deferred").index("*").rollup("count").by("host")'
CHECK = '"datadog.agent.check_status".over("check:postfix").by("host")'


@pytest.mark.parametrize(
    "text",
    [
        "sum:postfix.queue.size{*} by {queue}",
        "sum:postfix.queue.size{$env,$host,$instance,$queue}",
        "avg:postfix.queue.size{queue:deferred,!env:test} by {host}.rollup(max, 60)",
        "top(sum:postfix.queue.size{*} by {host}, 10, 'mean', 'desc')",
        "count_not_null(sum:postfix.queue.size{*} by {host})",
        "100 * sum:web.errors{*}.as_count() / (sum:web.hits{*}.as_count() + 1)",
        "sum:postfix.queue.size{queue IN (deferred,hold) AND NOT env:test}",
    ],
)
def test_metric_queries_are_taken(text):
    check_metric_query(text)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1),
        ("summ:postfix.queue.size{*}", 1),
        ("sum:postfix.queue.size", 23),
        ("sum:postfix queue.size{*}", 5),
        ("sum:postfix.queue.size{queue=deferred}", 29),
        ("sum:postfix.queue.size{}", 24),
        ("sum:postfix.queue.size{*} by queue", 30),
        ("sum:postfix.queue.size{*} by {queue", 36),
        ("sum:postfix.queue.size{*} by {queue}}", 37),
        ("sum:postfix.queue.size{*}.rollup(most, 60)", 34),
        ("tops(sum:postfix.queue.size{*})", 4),
        ("sum:web.errors{*} /", 20),
        (SIZE + " > 5", 59),
    ],
)
def test_typing_errors_in_metric_queries_are_shown_with_their_place(text, column):
    with pytest.raises(ValueError, match=f"^not a metric query from column {column} on:"):
        check_metric_query(text)


@pytest.mark.parametrize(
    ("text", "type"),
    [
        (f"avg(last_15m):{SIZE} > 500", "query alert"),
        (f"max(last_1d):{SIZE} <= 0.5", "metric alert"),
        (f"change(avg(last_5m),last_1h):{SIZE} > -20", "query alert"),
        (CHECK + ".last(4).count_by_status()", "service check"),
        ('"ntp.in_sync".over("*").last(2).count_by_status()', "service check"),
        (LOGS + '.last("5m") > 0', "log alert"),
        ('logs("").index("main").rollup("cardinality", "@usr.id").last("1h") >= 3', "log alert"),
        ("12 && (34 || !56)", "composite"),
    ],
)
def test_monitor_queries_are_taken(text, type):
    check_monitor_query(text, type)


@pytest.mark.parametrize(
    ("text", "type"),
    [
        (f"avg(last_15m):{SIZE}", "query alert"),
        (f"avg(last_15m):{SIZE} => 500", "query alert"),
        (f"avg(last_15min):{SIZE} > 500", "query alert"),
        (f"avg(15m):{SIZE} > 500", "query alert"),
        (f"avg(last_15m){SIZE} > 500", "query alert"),
        (f"change(last_1h,avg(last_5m)):{SIZE} > 20", "query alert"),
        (f"changed(avg(last_5m),last_1h):{SIZE} > 20", "query alert"),
        (CHECK + ".last(4)", "service check"),
        (CHECK + ".last(4).count_by_state()", "service check"),
        ('"check".over(check:postfix).last(4).count_by_status()', "service check"),
        (LOGS + '.last("5m")', "log alert"),
        (LOGS + ".last(5m) > 0", "log alert"),
        (LOGS + '.last("last_5m") > 0', "log alert"),
        (LOGS.replace('"count"', '"counts"') + '.last("5m") > 0', "log alert"),
        (LOGS.replace("deferred", "(deferred") + '.last("5m") > 0', "log alert"),
        ("12 & 34", "composite"),
        ("${deferred} && 12", "composite"),
        ("12 && (34", "composite"),
        (f"avg(last_15m):{SIZE} > 500", "log alert"),
        (f"avg(last_15m):{SIZE} > 500", "no such type"),
        ("source:postfix", "log search"),
    ],
)
def test_typing_errors_in_monitor_queries_are_refused(text, type):
    with pytest.raises(ValueError, match="column|type of monitor"):
        check_monitor_query(text, type)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "source:postfix",
        "source:postfix $env $host.value @postfix.status:*",
        "source:postfix (@postfix.status:(bounced OR deferred) OR status:error) -@postfix.dsn:5*",
        'NOT "Connection refused" AND host:mx1.example.com',
        "@postfix.size:[1000 TO 2000] @postfix.delay:>=3.5",
    ],
)
def test_searches_are_taken(text):
    check_log_search(text)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("source:", 7),
        ("source: postfix", 7),
        ("source::postfix", 8),
        ("source=postfix", 7),
        ("source:postfix AND", 19),
        ("source:postfix)", 15),
        ("(source:postfix", 16),
        ("OR source:postfix", 1),
        ("@postfix.status:(bounced OR", 28),
        ('"no end', 1),
        ("@postfix.size:[1000 TO", 15),
    ],
)
def test_typing_errors_in_searches_are_shown_with_their_place(text, column):
    with pytest.raises(ValueError, match=f"^not a log search query from column {column} on:"):
        check_log_search(text)

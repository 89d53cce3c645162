# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dashboard: rows of widgets in groups, on Datadog's grid of twelve columns."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.monitors import METRIC

COLUMNS = 12
# Datadog draws a group's title in a row of its own.
_TITLE = 1
# A log has neither the tag instance, as the check gives it, nor the tag queue.
_LOG_SCOPE = "source:postfix $env $host"
_VARIABLES = ("env", "host", "instance", "queue")


def dashboard(options: dict[str, Any]) -> dict[str, Any]:
    """The body of the dashboard."""
    groups = [
        ("Now", "vivid_blue", _now(options)),
        ("Over time", "vivid_purple", _over_time(options)),
        ("Where", "vivid_orange", _where()),
        ("Check health", "vivid_green", _health()),
        ("Log", "vivid_yellow", _log()),
    ]
    widgets = []
    top = 0
    for title, color, rows in groups:
        placed, height = _placed(rows)
        widgets.append(
            {
                "definition": {
                    "type": "group",
                    "layout_type": "ordered",
                    "title": title,
                    "background_color": color,
                    "show_title": True,
                    "widgets": placed,
                },
                "layout": {"x": 0, "y": top, "width": COLUMNS, "height": height + _TITLE},
            }
        )
        top += height + _TITLE
    return {
        "title": "Postfix queues and log",
        "description": "Queue sizes, health of the check, and log. Managed by Ansible"
        " (mailops.postfix.datadog_assets): changes are overwritten.",
        "layout_type": "ordered",
        "reflow_type": "fixed",
        "template_variables": [
            {"name": name, "prefix": name, "available_values": [], "defaults": ["*"]}
            for name in _VARIABLES
        ],
        "widgets": widgets,
    }


def _placed(rows: list[tuple[int, list[dict[str, Any]]]]) -> tuple[list[dict[str, Any]], int]:
    """The widgets of rows, (height, definitions of the same width), with their places, and the
    height of all."""
    placed = []
    top = 0
    for height, definitions in rows:
        width = COLUMNS // len(definitions)
        for index, definition in enumerate(definitions):
            layout = {"x": index * width, "y": top, "width": width, "height": height}
            placed.append({"definition": definition, "layout": layout})
        top += height
    return placed, top


def _now(options: dict[str, Any]) -> list[tuple[int, list[dict[str, Any]]]]:
    limits = {"deferred": options["deferred_threshold"], "hold": options["hold_threshold"]}
    values = [_value("All queues", _sum("$queue"), None)]
    values += [
        _value(queue.capitalize(), _sum(f"queue:{queue}"), limits.get(queue))
        for queue in ("incoming", "active", "deferred", "hold", "maildrop")
    ]
    return [(2, values)]


def _over_time(options: dict[str, Any]) -> list[tuple[int, list[dict[str, Any]]]]:
    limit = {
        "value": f"y = {options['active_limit']}",
        "display_type": "error dashed",
        "label": "qmgr_message_active_limit",
    }
    active = _metric("queue:active", by="host,instance")
    sizes = [
        _timeseries("Messages by queue", [_queries(_metric("$queue", by="queue"))], "area"),
        _timeseries("Active against its limit", [_queries(active)], "line", markers=[limit]),
    ]
    changes = [
        _change("Deferred, change over an hour", "hour_before"),
        _change("Deferred, change over a day", "day_before"),
    ]
    return [(4, sizes), (4, changes)]


def _where() -> list[tuple[int, list[dict[str, Any]]]]:
    hosts = _queries(_metric("queue:deferred", by="host"), "last")
    instances = _queries(_metric("queue:deferred", by="host,instance"), "last")
    lists = [
        _toplist("Hosts with most deferred messages", hosts),
        _toplist("Instances with most deferred messages", instances),
    ]
    return [(4, lists)]


def _health() -> list[tuple[int, list[dict[str, Any]]]]:
    reporting = {
        "queries": [_query(_metric("$queue", by="host"))],
        "formulas": [{"formula": "count_not_null(query1)", "alias": "hosts"}],
    }
    widgets = [
        _timeseries("Hosts that report queue sizes", [reporting], "bars"),
        {
            "type": "check_status",
            "title": "Postfix check",
            "check": "datadog.agent.check_status",
            "grouping": "cluster",
            "group_by": ["host"],
            "tags": ["check:postfix", "$env", "$host"],
        },
        {
            "type": "note",
            "content": "The check reports 0 when it fails without noticing. The monitor *queue"
            " sizes are 0 although mail is deferred* compares its numbers with the log.\n\nAgents"
            " from 7.47 send the status of the check only with `integration_check_status_enabled:"
            " true` in `datadog.yaml`.\n\nAfter cloning this dashboard, remove the last line of the"
            " copy's description. By that line Ansible finds its own.",
            "background_color": "gray",
            "font_size": "14",
            "text_align": "left",
            "show_tick": False,
            "tick_pos": "50%",
            "tick_edge": "left",
        },
    ]
    return [(3, widgets)]


def _log() -> list[tuple[int, list[dict[str, Any]]]]:
    deferred, rejected = "@postfix.status:deferred", "@postfix.action:*reject*"
    lines = [
        _timeseries(
            "Deliveries by status",
            [_log_queries("@postfix.status:*", "@postfix.status")],
            "bars",
        ),
        _timeseries(
            "Bounces by status code",
            [_log_queries("@postfix.status:bounced", "@postfix.dsn")],
            "bars",
        ),
        _timeseries("Rejects by status code", [_log_queries(rejected, "@postfix.dsn")], "bars"),
        _timeseries(
            "Warnings and fatals",
            [_log_queries("status:(warn OR error OR critical)", "@postfix.severity")],
            "bars",
        ),
    ]
    tops = [
        _toplist("Deferrals by status code", _log_queries(deferred, "@postfix.dsn")),
        _toplist("Deferrals by reason", _log_queries(deferred, "@postfix.reason")),
        _toplist("Rejects by reason", _log_queries(rejected, "@postfix.reason")),
    ]
    return [(3, lines), (4, tops), (6, [_stream()])]


def _stream() -> dict[str, Any]:
    shown = "@postfix.status:(bounced OR deferred) OR @postfix.action:*reject*"
    return {
        "type": "list_stream",
        "title": "Bounces, deferrals, rejects, warnings and fatals",
        "requests": [
            {
                "response_format": "event_list",
                "query": {
                    "data_source": "logs_stream",
                    "query_string": f"{_LOG_SCOPE} ({shown} OR status:(warn OR error OR critical))",
                    "indexes": [],
                },
                "columns": [
                    {"field": "status_line", "width": "auto"},
                    {"field": "timestamp", "width": "auto"},
                    {"field": "host", "width": "auto"},
                    {"field": "content", "width": "full"},
                ],
            }
        ],
    }


def _metric(queue: str, by: str) -> str:
    return f"{_sum(queue)} by {{{by}}}"


def _sum(queue: str) -> str:
    return f"sum:{METRIC}{{$env,$host,$instance,{queue}}}"


def _query(text: str, aggregator: str | None = None) -> dict[str, Any]:
    query = {"data_source": "metrics", "name": "query1", "query": text}
    if aggregator:
        query["aggregator"] = aggregator
    return query


def _queries(text: str, aggregator: str | None = None) -> dict[str, Any]:
    """What a request asks for. aggregator: how a scalar is made of a series."""
    return {"queries": [_query(text, aggregator)], "formulas": [{"formula": "query1"}]}


def _log_queries(search: str, facet: str) -> dict[str, Any]:
    """The number of log messages by facet."""
    return {
        "queries": [
            {
                "data_source": "logs",
                "name": "query1",
                "search": {"query": f"{_LOG_SCOPE} {search}"},
                "indexes": ["*"],
                "compute": {"aggregation": "count"},
                "group_by": [
                    {
                        "facet": facet,
                        "limit": 10,
                        "sort": {"aggregation": "count", "order": "desc"},
                    }
                ],
            }
        ],
        "formulas": [{"formula": "query1"}],
    }


def _value(title: str, query: str, limit: int | None) -> dict[str, Any]:
    request = {"response_format": "scalar", **_queries(query, "last")}
    if limit is not None:
        request["conditional_formats"] = [
            {"comparator": ">", "value": limit, "palette": "white_on_red"}
        ]
    return {
        "type": "query_value",
        "title": title,
        "autoscale": False,
        "precision": 0,
        "requests": [request],
    }


def _timeseries(
    title: str,
    asked: list[dict[str, Any]],
    display_type: str,
    markers: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    widget = {
        "type": "timeseries",
        "title": title,
        "show_legend": True,
        "requests": [
            {"response_format": "timeseries", "display_type": display_type, **one} for one in asked
        ],
    }
    if markers:
        widget["markers"] = markers
    return widget


def _toplist(title: str, asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "toplist",
        "title": title,
        "requests": [
            {
                "response_format": "scalar",
                "queries": asked["queries"],
                "formulas": [{"formula": "query1", "limit": {"count": 10, "order": "desc"}}],
            }
        ],
    }


def _change(title: str, compare_to: str) -> dict[str, Any]:
    return {
        "type": "change",
        "title": title,
        "requests": [
            {
                "response_format": "scalar",
                "queries": [_query(_metric("queue:deferred", by="host,instance"), "avg")],
                # The first is what the second is compared with.
                "formulas": [{"formula": f"{compare_to}(query1)"}, {"formula": "query1"}],
                "change_type": "absolute",
                "compare_to": compare_to,
                "increase_good": False,
                "order_by": "change",
                "order_dir": "desc",
                "show_present": True,
            }
        ],
    }

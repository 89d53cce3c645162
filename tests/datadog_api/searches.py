# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the queries and searches of a body have wrong."""

from __future__ import annotations

from queries import check_log_search, check_metric_query, check_monitor_query


def query_faults(model, body):
    """Each fault with its place, for a body that the model accepts."""
    if "monitor" in model:
        if "query" in body:
            # An update may leave the type open.
            yield from _fault(
                "body.query", check_monitor_query, body["query"], body.get("type", "query alert")
            )
    elif model == "pipeline":
        yield from _pipeline_faults(body, "body")
    elif model == "dashboard":
        for place, widget in _widgets(body["widgets"], "body"):
            yield from _widget_faults(widget, place)


def _fault(place, check, *arguments):
    try:
        check(*arguments)
    except ValueError as error:
        yield f"{place}: {error}"


def _pipeline_faults(pipeline, place):
    search = pipeline.get("filter", {}).get("query", "")
    yield from _fault(f"{place}.filter.query", check_log_search, search)
    for position, processor in enumerate(pipeline.get("processors", [])):
        inner = f"{place}.processors[{position}]"
        if processor["type"] == "pipeline":
            yield from _pipeline_faults(processor, inner)
        for category in processor.get("categories", []):
            search = category.get("filter", {}).get("query", "")
            yield from _fault(f"{inner}.categories", check_log_search, search)


def _widgets(widgets, place):
    for position, widget in enumerate(widgets):
        inner = f"{place}.widgets[{position}]"
        yield inner, widget["definition"]
        yield from _widgets(widget["definition"].get("widgets", []), inner)


def _widget_faults(widget, place):
    if widget["type"] == "log_stream":
        yield from _fault(f"{place}.query", check_log_search, widget.get("query", ""))
    requests = widget.get("requests", [])
    # A scatter plot names its requests.
    for request in requests.values() if isinstance(requests, dict) else requests:
        if "q" in request:
            yield from _fault(f"{place}.requests", check_metric_query, request["q"])
        if request.get("query", {}).get("data_source") == "logs_stream":
            search = request["query"].get("query_string", "")
            yield from _fault(f"{place}.requests", check_log_search, search)
        for query in request.get("queries", []):
            if query["data_source"] == "metrics":
                yield from _fault(f"{place}.requests", check_metric_query, query["query"])
            elif query["data_source"] == "logs":
                search = query.get("search", {}).get("query", "")
                yield from _fault(f"{place}.requests", check_log_search, search)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account: its dashboards, monitors and log pipelines, and what the API answers about them."""

from __future__ import annotations

import copy
import json
import os
import re
import threading
import time
import uuid

from bodies import faults
from searches import query_faults

# Assets in an answer, where the request does not say, and at most.
PAGE = 100


class Refusal(Exception):
    """An answer with this status and these words."""

    def __init__(self, status, *errors):
        super().__init__(*errors)
        self.status, self.errors = status, list(errors)


class Account:
    """file: where the assets are kept as JSON after each change, or None."""

    def __init__(self, file=None):
        self.lock = threading.Lock()
        self._file = file
        self.reset()
        if file and os.path.exists(file):
            with open(file, encoding="utf-8") as kept:
                self._assets = json.load(kept)

    def reset(self):
        self._assets = {"dashboard": [], "monitor": [], "pipeline": []}
        self._keep()

    def everything(self):
        return self._assets

    def list(self, kind, query):
        """query: of the URL, a dict of texts."""
        found = self._assets[kind]
        if kind == "monitor":
            wanted = set(filter(None, query.get("monitor_tags", "").split(",")))
            found = [
                one
                for one in found
                if wanted <= set(one["tags"])
                and query.get("name", "").lower() in one["name"].lower()
            ]
            if "page" in query:
                size = min(int(query.get("page_size", PAGE)), self.page_limit)
                found = found[int(query["page"]) * size :][:size]
        elif kind == "dashboard":
            start = int(query.get("start", 0))
            found = found[start:][: min(int(query.get("count", PAGE)), self.page_limit)]
            found = {"dashboards": [{key: one[key] for key in _SUMMARY} for one in found]}
        return copy.deepcopy(found)

    # Some servers answer with less than they are asked for.
    page_limit = PAGE

    def get(self, kind, name):
        return copy.deepcopy(self._find(kind, name))

    def create(self, kind, body):
        self.check(kind, body)
        if kind == "monitor":
            for one in self._assets[kind]:
                if all(_said(one, key) == _said(body, key) for key in _DUPLICATE):
                    raise Refusal(400, f"Duplicate of an existing monitor_id:{one['id']} org_id:1")
            self._check_parts(body)
        new = _DEFAULTS[kind](body, {})
        self._assets[kind].append(new)
        self._keep()
        return copy.deepcopy(new)

    def update(self, kind, name, body):
        old = self._find(kind, name)
        self.check("monitor update" if kind == "monitor" else kind, body)
        if kind == "monitor":
            if _type(body.get("type", old["type"])) != _type(old["type"]):
                raise Refusal(400, "Monitor type cannot be changed")
            body = {**{key: old[key] for key in _MONITOR}, **body}
            self._check_parts(body)
        new = _DEFAULTS[kind](body, old)
        self._assets[kind][self._assets[kind].index(old)] = new
        self._keep()
        return copy.deepcopy(new)

    def delete(self, kind, name):
        old = self._find(kind, name)
        for one in self._assets["monitor"] if kind == "monitor" else []:
            if name in _parts(one):
                raise Refusal(400, f"monitor {name} is referenced in composite monitor {one['id']}")
        self._assets[kind].remove(old)
        self._keep()
        return {} if kind == "pipeline" else {f"deleted_{kind}_id": name}

    def order(self):
        return {"pipeline_ids": [one["id"] for one in self._assets["pipeline"]]}

    def set_order(self, body):
        self.check("pipeline order", body)
        by_id = {one["id"]: one for one in self._assets["pipeline"]}
        if sorted(body["pipeline_ids"]) != sorted(by_id):
            raise Refusal(422, "The order has to name each pipeline once")
        self._assets["pipeline"] = [by_id[name] for name in body["pipeline_ids"]]
        self._keep()
        return self.order()

    def check(self, model, body):
        found = faults(model, body) or list(query_faults(model, body))
        if "monitor" in model and not found and body.get("priority") not in (None, 1, 2, 3, 4, 5):
            found = ["body.priority: not from 1 to 5"]
        if model == "pipeline" and not found:
            # They have to be as other tags become.
            found = [
                f"Tag format of {tag} is wrong"
                for tag in body.get("tags", [])
                if tag != tag.lower()
            ]
        if found:
            raise Refusal(400, *found)

    def _check_parts(self, monitor):
        there = {str(one["id"]) for one in self._assets["monitor"]}
        if not _parts(monitor) <= there:
            raise Refusal(400, "Some monitor IDs are invalid")

    def _find(self, kind, name):
        for one in self._assets[kind]:
            if str(one["id"]) == name:
                return one
        raise Refusal(404, f"{kind.capitalize()} with ID {name} not found")

    def _keep(self):
        if self._file:
            with open(self._file + ".new", "w", encoding="utf-8") as new:
                json.dump(self._assets, new, indent=2, sort_keys=True)
            os.replace(self._file + ".new", self._file)


_SUMMARY = [
    "author_handle",
    "created_at",
    "description",
    "id",
    "is_read_only",
    "layout_type",
    "modified_at",
    "title",
    "url",
]
_MONITOR = ["message", "name", "options", "priority", "query", "restricted_roles", "tags", "type"]
# A monitor that equals another one in all of these is refused.
_DUPLICATE = ["message", "name", "query", "tags", "type"]
_ids = threading.Lock()
_last_id = [int(time.time())]


def _said(monitor, key):
    value = monitor.get(key) or ""
    return sorted(value) if isinstance(value, list) else _type(value.strip())


def _parts(monitor):
    """The ids of the monitors that a composite one is made of."""
    composite = monitor["type"] == "composite"
    return set(re.findall(r"[0-9]+", monitor["query"])) if composite else set()


def _type(name):
    return "query alert" if name == "metric alert" else name


def _number():
    with _ids:
        _last_id[0] += 1
        return _last_id[0]


def _now():
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() % 10**9:09}+00:00"


def _dashboard(body, old):
    name = old.get("id") or "-".join(str(uuid.uuid4()).split("-")[1:4])
    return {
        "description": None,
        "notify_list": [],
        "reflow_type": "auto",
        "restricted_roles": [],
        "tags": [],
        "template_variables": [],
        **body,
        "author_handle": "stand-in@example.com",
        "author_name": "Stand-in",
        "created_at": old.get("created_at") or _now(),
        "id": name,
        "is_read_only": False,
        "modified_at": _now(),
        "url": f"/dashboard/{name}/" + "-".join(body["title"].lower().split()),
        "widgets": _with_ids(body["widgets"]),
    }


def _with_ids(widgets):
    """Each widget with an id, and those in a group."""
    numbered = []
    for widget in widgets:
        definition = dict(widget["definition"])
        if "widgets" in definition:
            definition["widgets"] = _with_ids(definition["widgets"])
        numbered.append({"id": _number(), **widget, "definition": definition})
    return numbered


def _monitor(body, old):
    options = {
        "include_tags": True,
        "new_host_delay": 300,
        "notify_audit": False,
        "notify_no_data": False,
        "silenced": {},
        **body.get("options", {}),
    }
    if "thresholds" in options:
        options["thresholds"] = {
            key: value if value is None else float(value)
            for key, value in options["thresholds"].items()
        }
    if body["type"] == "log alert":
        options = {"enable_logs_sample": False, "groupby_simple_monitor": False, **options}
    return {
        "draft_status": "published",
        "message": "",
        "priority": None,
        "restricted_roles": None,
        **body,
        "created": old.get("created") or _now(),
        "creator": {
            "email": "stand-in@example.com",
            "handle": "stand-in@example.com",
            "name": None,
        },
        "deleted": None,
        "id": old.get("id") or _number(),
        "matching_downtimes": [],
        "modified": _now(),
        "multi": " by {" in body["query"],
        "name": body.get("name", "").strip(),
        "options": options,
        "org_id": 1,
        "overall_state": "No Data",
        "overall_state_modified": _now(),
        "query": body["query"].strip(),
        # In an order of its own.
        "tags": sorted(body.get("tags", []), reverse=True),
        "type": _type(body["type"]),
    }


def _pipeline(body, old):
    return {
        "description": "",
        "filter": {"query": ""},
        "is_enabled": False,
        **body,
        "id": old.get("id") or uuid.uuid4().hex[:22],
        "is_read_only": False,
        "processors": [_processor(one) for one in body.get("processors", [])],
        "tags": sorted(body.get("tags", []), reverse=True),
        "type": "pipeline",
    }


def _processor(body):
    new = {"is_enabled": False, "name": "", **body}
    if new["type"] == "grok-parser":
        new.setdefault("samples", [])
    if new["type"] == "pipeline":
        new["processors"] = [_processor(one) for one in new.get("processors", [])]
    return new


_DEFAULTS = {"dashboard": _dashboard, "monitor": _monitor, "pipeline": _pipeline}

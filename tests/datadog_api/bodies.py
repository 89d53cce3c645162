# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the official client's models refuse, strictly.

The models keep what they do not know as additional properties, and a part that no model fits as an
unparsed object. Here both are faults, and so are a value of another type, a value that an
enumeration lacks, and a key that is missing."""

from __future__ import annotations

import inspect
from datetime import date, datetime
from uuid import UUID

from datadog_api_client.model_utils import (
    ModelComposed,
    ModelNormal,
    ModelSimple,
    UnparsedObject,
    validate_and_convert_types,
)
from datadog_api_client.v1.model.dashboard import Dashboard
from datadog_api_client.v1.model.logs_pipeline import LogsPipeline
from datadog_api_client.v1.model.logs_pipelines_order import LogsPipelinesOrder
from datadog_api_client.v1.model.monitor import Monitor
from datadog_api_client.v1.model.monitor_update_request import MonitorUpdateRequest

MODELS = {
    "dashboard": Dashboard,
    "monitor": Monitor,
    "monitor update": MonitorUpdateRequest,
    "pipeline": LogsPipeline,
    "pipeline order": LogsPipelinesOrder,
}
# JSON has no other types.
_AS_TEXT = (datetime, date, UUID)
_CHECKS = {
    "max_length": lambda value, limit: len(value) <= limit,
    "min_length": lambda value, limit: len(value) >= limit,
    "max_items": lambda value, limit: len(value) <= limit,
    "min_items": lambda value, limit: len(value) >= limit,
    "inclusive_maximum": lambda value, limit: value <= limit,
    "inclusive_minimum": lambda value, limit: value >= limit,
    "exclusive_maximum": lambda value, limit: value < limit,
    "exclusive_minimum": lambda value, limit: value > limit,
}


def faults(model: str, body: object) -> list[str]:
    """What the model of this name in MODELS does not accept, each with its place in the body."""
    found = list(_model_faults(MODELS[model], body, "body"))
    if not found:
        # The client itself has the last word.
        read = validate_and_convert_types(body, (MODELS[model],), ["body"], True, True)
        if isinstance(read, UnparsedObject) or read._unparsed:
            found.append("body: the client cannot parse it")
    return found


def _faults(types, value, place):
    """types: as a model's openapi_types has them, of which the value must fit one."""
    attempts = []
    for kind in types:
        found = list(_type_faults(kind, value, place))
        if not found:
            return
        attempts.append(found)
    # The one that got furthest says most.
    yield from min(attempts, key=len)


def _type_faults(kind, value, place):
    if isinstance(kind, list):
        if isinstance(value, list):
            for position, item in enumerate(value):
                yield from _faults(kind, item, f"{place}[{position}]")
        else:
            yield f"{place}: {value!r} is not a list"
    elif isinstance(kind, dict):
        if isinstance(value, dict):
            for key, item in value.items():
                yield from _faults(kind[str], item, f"{place}.{key}")
        else:
            yield f"{place}: {value!r} is not an object"
    elif inspect.isclass(kind) and issubclass(kind, (ModelComposed, ModelNormal, ModelSimple)):
        yield from _model_faults(kind, value, place)
    elif not _is(kind, value):
        yield f"{place}: {value!r} is not of type {kind.__name__}"


def _is(kind, value):
    if kind in _AS_TEXT:
        return isinstance(value, str)
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def _model_faults(model, value, place):
    if value is None and model._nullable:
        return
    if issubclass(model, ModelComposed):
        yield from _composed_faults(model, value, place)
    elif issubclass(model, ModelSimple):
        if value not in model.allowed_values:
            yield f"{place}: {value!r} is none of {sorted(model.allowed_values, key=str)}"
    elif not isinstance(value, dict):
        yield f"{place}: {value!r} is not an object"
    else:
        yield from _object_faults(model, value, place)


def _composed_faults(model, value, place):
    candidates = _instance(model)._composed_schemas["oneOf"]
    if isinstance(value, dict) and "type" in value:
        # The others would only say that the type is another.
        candidates = [one for one in candidates if _may_have_type(one, value["type"])]
        if not candidates:
            yield f"{place}: no {model.__name__} has the type {value['type']!r}"
            return
    yield from _faults(candidates, value, place)


def _may_have_type(model, name):
    if inspect.isclass(model) and issubclass(model, ModelComposed):
        return any(_may_have_type(one, name) for one in _instance(model)._composed_schemas["oneOf"])
    if not (inspect.isclass(model) and issubclass(model, ModelNormal)):
        return False
    types = _instance(model).openapi_types.get("type")
    return types is None or not list(_faults(types, name, ""))


def _object_faults(model, value, place):
    names = {key: name for name, key in model.attribute_map.items()}
    types = _instance(model).openapi_types
    for key, item in value.items():
        if key not in names:
            yield f"{place}: {model.__name__} has no key {key!r}"
            continue
        found = list(_faults(types[names[key]], item, f"{place}.{key}"))
        if not found and item is not None:
            limits = model.validations.get(names[key], {})
            found = list(_limit_faults(limits, item, f"{place}.{key}"))
        yield from found
    for name in _required(model):
        if model.attribute_map[name] not in value:
            yield f"{place}: {model.__name__} needs the key {model.attribute_map[name]!r}"


def _limit_faults(limits, value, place):
    for name, limit in limits.items():
        if not _CHECKS[name](value, limit):
            yield f"{place}: {name} is {limit}"


def _required(model):
    parameters = list(inspect.signature(model.__init__).parameters.values())[1:]
    return [
        parameter.name
        for parameter in parameters
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        and parameter.default is parameter.empty
    ]


def _instance(model):
    """An object with lazy properties that can be read without the checks of its constructor."""
    return object.__new__(model)

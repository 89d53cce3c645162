# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describe the Postfix instances of a host, as far as the caller's rights go."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import (
    Host,
    Running,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.systemd import (
    SystemdError,
    parse_cgroup,
    parse_units,
    starts,
    unit_names,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instances import (
    answer,
    instance_at,
    list_instances,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.logs import LogFinder
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ListedInstance,
    ParameterError,
    parse_parameters,
    split_list,
)

_STRINGS = ("queue_directory", "mail_owner", "setgid_group")
_LISTS = (
    "authorized_mailq_users",
    "alternate_config_directories",
    "multi_instance_directories",
    "hash_queue_names",
)
_OTHERS = (
    "mail_version",
    "enable_long_queue_ids",
    "hash_queue_depth",
    "syslog_facility",
    "syslog_name",
    "multi_instance_wrapper",
)
# Unknown to Postfix before 3.4.
_NEWER = ("maillog_file",)
_PROPERTIES = ("Id", "LoadState", "ActiveState", "ExecStart", "Environment")


def is_installed(runner: Runner) -> bool:
    """Whether Postfix is installed. Raises HostError if that cannot be found out."""
    try:
        runner.run(commands.postconf_parameters(["mail_version"]))
    except HostError as error:
        if error.kind == "not_installed":
            return False
        raise
    return True


def describe(
    runner: Runner, host: Host, directories: list[str] | None = None, check_mode: bool = False
) -> tuple[list[dict[str, Any]] | None, list[dict[str, Any]]]:
    """The instances (None if they cannot be listed), and what is unknown of them (dicts of
    config_directory, what, why).

    directories: configuration directories, or None for every instance that Postfix lists;
    check_mode: write no line to the logs."""
    unknown: list[dict[str, Any]] = []
    listed = None
    try:
        listed = list_instances(runner)
    except HostError as error:
        what = "instances" if directories is None else "enabled"
        unknown.append(_unknown(None, what, error.message))
    if directories is not None:
        chosen = [instance_at(runner, listed, directory) for directory in directories]
    elif listed is not None:
        chosen = listed
    else:
        return None, unknown
    settings = {
        instance.config_directory: _settings(runner, instance.config_directory, unknown)
        for instance in chosen
    }
    units = _units(runner, host, listed, chosen, unknown)
    starts_all = _starts_all(runner, listed, settings)
    logs = LogFinder(runner, host, check_mode)
    logs.write(settings)
    instances = []
    for instance in chosen:
        values = settings[instance.config_directory]
        gaps: list[tuple[str, str]] = []
        found = _find_master(host, values, gaps)
        unit = None
        if values is not None:
            names = _names(listed, instance)
            by_default = names[:1] == ["-"] or bool(starts_all and instance.enabled)
            unit = _unit(host, found, units, names, instance.config_directory, by_default, gaps)
        instances.append(
            {
                **instance._asdict(),
                **_typed(values),
                "running": found.running,
                "running_by": found.by,
                "unit": unit,
                "log": _log(logs, instance.config_directory, values, unit, gaps),
            }
        )
        unknown += [_unknown(instance.config_directory, what, why) for what, why in gaps]
    return instances, unknown


def _unknown(config_directory: str | None, what: str, why: str) -> dict[str, Any]:
    return {"config_directory": config_directory, "what": what, "why": why}


def _settings(
    runner: Runner, config_directory: str, unknown: list[dict[str, Any]]
) -> dict[str, str] | None:
    """The parameters of an instance; None if they cannot be read."""
    names = _STRINGS + _LISTS + _OTHERS
    try:
        values = parse_parameters(
            answer(runner, commands.postconf_parameters(names + _NEWER, config_directory))
        )
        missing = [name for name in names if name not in values]
        if missing:
            raise ParameterError(f"postconf does not know {', '.join(missing)}")
        return values
    except (HostError, ParameterError) as error:
        unknown.append(_unknown(config_directory, "parameters", str(error)))
        return None


def _starts_all(
    runner: Runner,
    listed: list[ListedInstance] | None,
    settings: dict[str, dict[str, str] | None],
) -> bool:
    """Whether C(postfix start) starts all enabled instances, as the default instance says."""
    if not listed:
        return False
    default = listed[0].config_directory
    values = settings[default] if default in settings else _settings(runner, default, [])
    return bool(values and values["multi_instance_wrapper"])


def _typed(values: dict[str, str] | None) -> dict[str, Any]:
    if values is None:
        return dict.fromkeys(
            (*_STRINGS, *_LISTS, "version", "enable_long_queue_ids", "hash_queue_depth")
        )
    depth = values["hash_queue_depth"]
    return {
        **{name: values[name] for name in _STRINGS},
        **{name: split_list(values[name]) for name in _LISTS},
        "version": values["mail_version"],
        "enable_long_queue_ids": {"yes": True, "no": False}.get(
            values["enable_long_queue_ids"].lower()
        ),
        "hash_queue_depth": int(depth) if depth.isdigit() else None,
    }


def _names(listed: list[ListedInstance] | None, instance: ListedInstance) -> list[str]:
    """What C(postmulti -i) accepts for an instance: nothing if it does not list it, V(-) for the
    default one."""
    if not listed or instance not in listed:
        return []
    names = ["-"] if instance == listed[0] else []
    if instance.name not in ("-", None):
        names.append(instance.name)
    return [*names, instance.config_directory]


def _units(
    runner: Runner,
    host: Host,
    listed: list[ListedInstance] | None,
    chosen: list[ListedInstance],
    unknown: list[dict[str, Any]],
) -> dict[str, dict[str, str]] | None:
    """The properties of the units that may run these instances, by name; empty without systemd,
    None if it does not answer."""
    if not host.has_systemd():
        return {}
    names: list[str] = []
    for instance in chosen:
        names += unit_names(_names(listed, instance), instance.config_directory)
    try:
        units = parse_units(
            answer(runner, commands.systemctl_show(_PROPERTIES, dict.fromkeys(names)))
        )
        return {unit["Id"]: unit for unit in units if "Id" in unit}
    except (HostError, SystemdError) as error:
        unknown.append(_unknown(None, "systemd", str(error)))
        return None


def _find_master(host: Host, values: dict[str, str] | None, gaps: list[tuple[str, str]]) -> Running:
    if values is None:
        found = Running(None, None, None, "the queue directory is not known")
    else:
        found = host.find_master(values["queue_directory"])
    if found.why is not None:
        gaps.append(("running", found.why))
    return found


def _unit(
    host: Host,
    found: Running,
    units: dict[str, dict[str, str]] | None,
    names: list[str],
    directory: str,
    by_default: bool,
    gaps: list[tuple[str, str]],
) -> str | None:
    """The unit that runs an instance, or would start it. names: as _names returns them; by_default:
    whether C(postfix start) without a directory starts it."""
    if not host.has_systemd():
        gaps.append(("unit", "this host does not run systemd"))
        return None
    starting = [
        name
        for name in unit_names(names, directory)
        if starts((units or {}).get(name, {}), names, directory, by_default)
    ]
    if found.running:
        service = parse_cgroup(host.cgroup_of(found.pid)) if found.pid else None
        if service and (service in starting or service.startswith("postfix")):
            return service
        why = (
            f"the master (process {found.pid}) runs in {service or 'no service'}, which is no unit"
            " of Postfix"
        )
    elif starting:
        return starting[0]
    else:
        why = "systemd did not answer" if units is None else "no unit starts this instance"
    gaps.append(("unit", why))
    return None


def _log(
    logs: LogFinder,
    config_directory: str,
    values: dict[str, str] | None,
    unit: str | None,
    gaps: list[tuple[str, str]],
) -> dict[str, Any] | None:
    if values is None:
        gaps.append(("log", "the parameters are not known"))
        return None
    return {
        **logs.find(config_directory, values, unit, gaps),
        "syslog_facility": values["syslog_facility"],
        "syslog_name": values["syslog_name"],
    }

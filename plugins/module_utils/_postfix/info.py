# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describes the Postfix instances of a host, as far as the caller's rights go."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
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


def is_installed(runner):
    """Whether there is a Postfix. Raises HostError where that cannot be told."""
    try:
        runner.run(commands.postconf_parameters(["mail_version"]))
    except HostError as error:
        if error.kind == "not_installed":
            return False
        raise
    return True


def describe(runner, host, directories=None, check_mode=False):
    """The instances (list of dict; None where they cannot be listed) and what is unknown (list of
    dict: config_directory, what, why).

    directories: configuration directories (list of str), or None for every instance that Postfix
    lists; check_mode: whether to leave the logs alone."""
    unknown = []
    try:
        listed = list_instances(runner)
    except HostError as error:
        unknown.append(_unknown(None, "instances" if directories is None else "enabled", error))
        if directories is None:
            return None, unknown
        listed = None
    chosen = (
        listed
        if directories is None
        else [instance_at(runner, listed, directory) for directory in directories]
    )
    settings = [_settings(runner, instance, unknown) for instance in chosen]
    units = _units(runner, host, listed, chosen, unknown)
    logs = LogFinder(runner, host, check_mode)
    logs.write({instance.config_directory: values for instance, values in zip(chosen, settings)})
    default = listed[0] if listed else None
    # The default instance's parameters may have been asked for already.
    values_of_default = (
        settings[chosen.index(default)]
        if default in chosen
        else _settings(runner, default, [])
        if default
        else None
    )
    wrapper = bool(values_of_default and values_of_default["multi_instance_wrapper"])
    instances = []
    for instance, values in zip(chosen, settings):
        by_default = instance == default or (wrapper and instance.enabled)
        flaws = []
        described = dict(instance._asdict(), **_typed(values))
        running, unit = _running(
            host,
            _names(listed, instance),
            instance.config_directory,
            values,
            units,
            by_default,
            flaws,
        )
        described.update(running)
        described["unit"] = unit
        described["log"] = _log(logs, instance.config_directory, values, unit, flaws)
        instances.append(described)
        unknown += [_unknown(instance.config_directory, what, why) for what, why in flaws]
    return instances, unknown


def _unknown(config_directory, what, why):
    return {
        "config_directory": config_directory,
        "what": what,
        "why": getattr(why, "message", None) or str(why),
    }


def _settings(runner, instance, unknown):
    """The parameters (dict of str) of an instance, or None."""
    try:
        values = parse_parameters(
            answer(
                runner,
                commands.postconf_parameters(
                    _STRINGS + _LISTS + _OTHERS + _NEWER, instance.config_directory
                ),
            )
        )
        missing = [name for name in _STRINGS + _LISTS + _OTHERS if name not in values]
        if missing:
            raise ParameterError(f"postconf does not know {', '.join(missing)}")
        return values
    except (HostError, ParameterError) as error:
        unknown.append(_unknown(instance.config_directory, "parameters", error))
        return None


def _typed(values):
    if values is None:
        return dict.fromkeys(
            _STRINGS + _LISTS + ("version", "enable_long_queue_ids", "hash_queue_depth")
        )
    typed = {name: values[name] for name in _STRINGS}
    typed.update({name: split_list(values[name]) for name in _LISTS})
    typed["version"] = values["mail_version"]
    typed["enable_long_queue_ids"] = {"yes": True, "no": False}.get(
        values["enable_long_queue_ids"].lower()
    )
    typed["hash_queue_depth"] = (
        int(values["hash_queue_depth"]) if values["hash_queue_depth"].isdigit() else None
    )
    return typed


def _names(listed, instance):
    """What postmulti takes for this instance after -i, nothing for one that it does not list; V(-)
    is the default one."""
    if instance not in (listed or []):
        return []
    return (
        (["-"] if instance == listed[0] else [])
        + ([instance.name] if instance.name not in ("-", None) else [])
        + [instance.config_directory]
    )


def _units(runner, host, listed, chosen, unknown):
    """systemd's properties of all units that matter, by name; empty without systemd, None where it
    does not answer."""
    if not host.has_systemd():
        return {}
    names = []
    for instance in chosen:
        names += unit_names(_names(listed, instance), instance.config_directory)
    try:
        units = parse_units(
            answer(runner, commands.systemctl_show(_PROPERTIES, dict.fromkeys(names)))
        )
        return {unit["Id"]: unit for unit in units if "Id" in unit}
    except (HostError, SystemdError) as error:
        unknown.append(_unknown(None, "systemd", error))
        return None


def _running(host, names, config_directory, values, units, by_default, flaws):
    """Whether the instance runs (dict), and the unit that runs it or would."""
    if values is None:
        flaws.append(("running", "the queue directory is not known"))
        return {"running": None, "running_by": None}, None
    found = host.find_master(values["queue_directory"])
    if found.running is None:
        flaws.append(("running", found.why))
    facts = {"running": found.running, "running_by": found.by}
    if not host.has_systemd():
        flaws.append(("unit", "this host does not run under systemd"))
        return facts, None
    fitting = [
        name
        for name in unit_names(names, config_directory)
        if starts((units or {}).get(name, {}), names, config_directory, by_default)
    ]
    if found.running:
        service = parse_cgroup(host.cgroup_of(found.pid)) if found.pid else None
        if service and (service in fitting or service.startswith("postfix")):
            return facts, service
        flaws.append(
            (
                "unit",
                (
                    f"the master (process {found.pid}) runs in {service or 'no service'}, outside"
                    " of Postfix's units"
                ),
            )
        )
        return facts, None
    if not fitting:
        flaws.append(
            ("unit", "systemd did not answer" if units is None else "no unit starts this instance")
        )
        return facts, None
    return facts, fitting[0]


def _log(logs, config_directory, values, unit, flaws):
    if values is None:
        flaws.append(("log", "the parameters are not known"))
        return None
    facility = {"syslog_facility": values["syslog_facility"], "syslog_name": values["syslog_name"]}
    return dict(logs.find(config_directory, values, unit, flaws), **facility)

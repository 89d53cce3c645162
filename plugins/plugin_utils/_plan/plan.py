# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans which instances of a host to monitor and through which rights, from the role's options and
what the host's Postfix and Agent are, and finds what prevents that."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan import values
from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.conf_yaml import conf_yaml
from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.logs import plan_logs

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
# What the check reports of postqueue, whatever its configuration names.
POSTQUEUE_QUEUES = ("active", "hold", "deferred")
# Keys that have an option of their own. The check ignores the last two below an instance.
_OWN_KEYS = (
    "directory",
    "config_directory",
    "queues",
    "tags",
    "service",
    "min_collection_interval",
    "postqueue",
    "postfix_user",
)
_INSTANCE_KEYS = (
    "config_directory",
    "queues",
    "tags",
    "service",
    "min_collection_interval",
    "extra",
)
# Of the role datadog_assets, by the queue that a threshold is for.
_THRESHOLDS = {
    "deferred_threshold": "deferred",
    "growth_threshold": "deferred",
    "active_threshold": "active",
    "hold_threshold": "hold",
}
# Tags that the check itself gives.
_CHECK_TAGS = ("queue:", "instance:")
_PREFIX = "datadog_postfix_"


def agent_plan(
    described: dict[str, Any],
    agent: dict[str, Any],
    options: dict[str, Any],
    official: dict[str, Any],
    assets: dict[str, Any],
) -> dict[str, Any]:
    """What the role has to do on a host, as dict.

    described: result of postfix_info, empty with state=absent; agent: result of datadog_agent_info;
    options: the role's, by their names without the prefix; official: variables of the official role
    (dict, see _check_official); assets: options of the role datadog_assets, by their names without
    the prefix, None where not set.

    Returns problems (list of str: what the role refuses, each with a hint), warnings (list of str),
    and, to be used only where there is no problem: steps (dict by name: the arguments of
    sudo_access, mailq_access, log_access and datadog_agent_config), instances (list of dict:
    config_directory, queue_directory, mail_owner, instance_tag and reported, the queues for which
    the check emits a metric), method, postfix_user (str or None), logs (dict: paths and journal,
    what the Agent must read), agent (dict: user, binary, config_directory, service) and restart
    (dict: running, wanted, manager, and due, the reasons why a restart is due before anything has
    changed)."""
    problems = values.Problems()
    warnings: list[str] = []
    state = values.one_of(_PREFIX + "state", options["state"], ("present", "absent"), problems)
    running = agent["process"] is not None
    plan: dict[str, Any] = {
        "state": state,
        "method": options["method"],
        "instances": [],
        "postfix_user": None,
        "logs": {"paths": [], "journal": False},
        "agent": {
            "user": options["agent_user"] or "dd-agent",
            "binary": agent["binary"],
            "config_directory": agent["config_directory"],
            "service": (agent["service"] or {}).get("name"),
        },
        "restart": {
            "running": running,
            "wanted": options["restart"] and running and agent["service"] is not None,
            "manager": agent["service_manager"],
            "due": agent["restart_due"] or [],
        },
    }
    common = _common(options, problems)
    access: dict[str, Any] | None = None
    content: str | None = None
    if state == "present":
        _check_official(official, options, problems)
        _check_agent(agent, options, problems)
        entries, logs = _present(plan, described, agent, options, common, problems)
        access = logs["access"]
        if "log_pipeline" not in (assets.get("wanted") or []):
            warnings += logs["unparsed"]
        warnings += _blind_thresholds(plan["instances"], assets)
        if entries and not problems:
            content = conf_yaml(plan["postfix_user"], entries, logs["entries"], problems)
    plan["steps"] = _steps(plan, options, common, access, content)
    return dict(plan, problems=list(problems), warnings=warnings)


def _present(
    plan: dict[str, Any],
    described: dict[str, Any],
    agent: dict[str, Any],
    options: dict[str, Any],
    common: dict[str, Any],
    problems: values.Problems,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Fills in the plan; returns the instances of conf.yaml and what plan_logs returns."""
    logs: dict[str, Any] = {"access": None, "entries": [], "unparsed": []}
    if not described.get("installed"):
        problems.append("Postfix is not installed on this host. Install it, or exclude the host.")
        return [], logs
    if described.get("instances") is None:
        problems.append(
            f"The Postfix instances of this host cannot be listed: {_why(described, None)}. Correct"
            " that first."
        )
        return [], logs
    wanted = _wanted(described["instances"], options, problems)
    chosen = [one[0] for one in wanted]
    entries = []
    for found, option, own in wanted:
        if found["queue_directory"] is None:
            directory = found["config_directory"]
            problems.append(
                f"{directory}: the main.cf of this instance cannot be read:"
                f" {_why(described, directory)}. Correct that first."
            )
            continue
        instance, entry = _instance(found, option, own, common, len(wanted) > 1, problems)
        plan["instances"].append(instance)
        entries.append(entry)
    _check_clashes(plan["instances"], common["method"], problems)
    _check_running(chosen, problems)
    if common["method"] == "find" and plan["instances"]:
        plan["postfix_user"] = plan["instances"][0]["mail_owner"]
    if options["logs"]:
        unknown = described.get("unknown") or []
        logs = plan_logs(chosen, unknown, agent, options, common, problems)
        plan["logs"] = {"paths": logs["paths"], "journal": logs["journal"]}
    return entries, logs


def _blind_thresholds(instances: list[dict[str, Any]], assets: dict[str, Any]) -> list[str]:
    """A warning for each threshold of a monitor that gets no number from an instance."""
    return [
        f"datadog_assets_{name} is set, but the check does not report the {queue} queue of"
        f" {instance['config_directory']}, so the monitor never notifies. Add {queue} to"
        f" {_PREFIX}queues."
        for name, queue in _THRESHOLDS.items()
        for instance in instances
        if assets.get(name) is not None and queue not in instance["reported"]
    ]


def _steps(
    plan: dict[str, Any],
    options: dict[str, Any],
    common: dict[str, Any],
    access: dict[str, Any] | None,
    content: str | None,
) -> dict[str, dict[str, Any]]:
    """The arguments of each module that the role calls, by the step's name."""
    user, present = plan["agent"]["user"], plan["state"] == "present"
    absent = {"user": user, "state": "absent"}
    sudo = {**absent, "path": common["sudoers_file"], "quiet": options["sudoers_quiet"]}
    mailq, log = dict(absent), dict(absent)
    config = {
        "user": user,
        "config_directory": plan["agent"]["config_directory"],
        "state": plan["state"],
    }
    if present and common["method"] == "find":
        commands = [
            f"find {instance['queue_directory']}/{queue} -type f"
            for instance in plan["instances"]
            for queue in instance["reported"]
        ]
        sudo.update(run_as=plan["postfix_user"], commands=commands, state="present")
    elif present:
        mailq.update(
            config_directory=[instance["config_directory"] for instance in plan["instances"]],
            authorized_mailq_users=common["authorized_mailq_users"],
            exclusive=True,
            state="present",
        )
    if access and access["means"] != "none":
        log.update(access, exclusive=True, state="present")
    if present:
        config.update(
            content=content,
            backup=options["backup"],
            logs_enabled_in=options["logs_enabled_in"] if access else "none",
        )
    return {"sudo": sudo, "mailq": mailq, "log": log, "config": config}


def _check_official(
    official: dict[str, Any], options: dict[str, Any], problems: values.Problems
) -> None:
    """official: checks, additional_checks, disable_untracked_checks and config, the variables of
    the role datadog.dd.agent, None where not set."""
    if "postfix" in (official.get("checks") or {}):
        problems.append(
            "datadog_checks: the official Datadog role would overwrite postfix.d/conf.yaml. Remove"
            " 'postfix' from datadog_checks."
        )
    additional = official.get("additional_checks") or []
    if official.get("disable_untracked_checks") and "postfix" not in additional:
        problems.append(
            "datadog_disable_untracked_checks: the official Datadog role would delete"
            " postfix.d/conf.yaml. Add 'postfix' to datadog_additional_checks."
        )
    config = official.get("config")
    in_file = options["logs"] and options["logs_enabled_in"] == "datadog_yaml"
    if config is not None and in_file and not config.get("logs_enabled"):
        problems.append(
            "datadog_config: the official Datadog role would write datadog.yaml without log"
            " collection. Add 'logs_enabled: true' to datadog_config, or set"
            f" {_PREFIX}logs_enabled_in to 'environment' or 'none'."
        )


def _common(options: dict[str, Any], problems: values.Problems) -> dict[str, Any]:
    """The values that hold for every instance."""
    if options["agent_user"] != "":
        values.user(_PREFIX + "agent_user", options["agent_user"], problems)
    methods = ("find", "postqueue")
    mailq_users = _PREFIX + "authorized_mailq_users"
    sudoers_file = _PREFIX + "sudoers_file"
    return {
        "method": values.one_of(_PREFIX + "method", options["method"], methods, problems),
        **_shared(options, _PREFIX, "instance_extra", problems),
        "sudoers_file": values.sudoers_file(sudoers_file, options["sudoers_file"], problems),
        "authorized_mailq_users": values.each(
            values.mailq_user, mailq_users, options["authorized_mailq_users"], problems
        ),
    }


def _shared(
    given: dict[str, Any], prefix: str, extra: str, problems: values.Problems
) -> dict[str, Any]:
    """Of the options that the role has for all instances and for each, those that are given. extra:
    the name of the option for further keys; prefix: what precedes an option's name in a problem."""
    checks: dict[str, Callable[[str, Any, values.Problems], Any]] = {
        extra: _extra,
        "queues": _queues,
        "tags": _tags,
        "service": values.text,
        "min_collection_interval": _interval,
    }
    return {
        "extra" if name == extra else name: check(prefix + name, given[name], problems)
        for name, check in checks.items()
        if name in given
    }


def _check_agent(agent: dict[str, Any], options: dict[str, Any], problems: values.Problems) -> None:
    if not agent["installed"]:
        problems.append(
            f"The Datadog Agent is not installed on this host:"
            f" {options['agent_binary'] or 'datadog-agent'} was not found. Install it first, for"
            f" example with the official role, or set {_PREFIX}agent_binary."
        )
        return
    option, user = _PREFIX + "agent_user", options["agent_user"] or "dd-agent"
    hint = "Name the user that the Agent runs as"
    if agent["user"] is None:
        problems.add(option, user, "is not a user on this host", hint)
    elif agent["user"]["uid"] == 0:
        problems.add(option, user, "is root, for whom the check proves nothing", hint)
    option = _PREFIX + "agent_config_directory"
    directory = values.absolute(option, agent["config_directory"], problems)
    if directory and not agent["config_directory_exists"]:
        hint = "Name the Agent's configuration directory"
        problems.add(option, directory, "does not exist on this host", hint)
    if agent["postfix_configurations"] is None:
        reasons = _reasons(agent, "config_directory", "confd_path", "postfix_configurations")
        hint = "Remove what does not belong there ('ls -ld')"
        if "Permission denied" in reasons:
            hint = "Run the role as root (become: true)"
        problems.append(f"The Agent's configuration cannot be read: {reasons}. {hint}.")
    own = f"{agent['confd_path']}/postfix.d/conf.yaml"
    for other in agent["postfix_configurations"] or []:
        if other != own:
            problems.append(
                f"{other}: the Agent would load this file in addition to {own} and count twice."
                " Remove it, or rename it so that it does not end in .yaml or .yml."
            )
    _check_service(agent, options, problems)


def _check_service(
    agent: dict[str, Any], options: dict[str, Any], problems: values.Problems
) -> None:
    if options["restart"] and agent["service_manager"] is None:
        problems.append(
            "This host runs neither systemd nor launchd, so the Agent cannot be restarted. Set"
            f" {_PREFIX}restart=false, and restart it yourself."
        )
    elif options["restart"] and agent["service"] is None:
        problems.add(
            _PREFIX + "agent_service",
            options["agent_service"] or "datadog-agent",
            "is not a service on this host, so the Agent cannot be restarted",
            "Name the Agent's service",
        )
    elif options["verify"] and agent["process"] is None:
        reasons = _reasons(agent, "process") or "there is no such process"
        problems.append(
            f"The Agent does not run ({reasons}), so nothing could be verified. Start it"
            " ('systemctl start datadog-agent', 'journalctl -u datadog-agent'), or set"
            f" {_PREFIX}verify=false: the role then configures it and leaves it stopped."
        )


def _reasons(agent: dict[str, Any], *fields: str) -> str:
    return "; ".join(entry["why"] for entry in agent["unknown"] if entry["what"] in fields)


def _check_running(chosen: list[dict[str, Any]], problems: values.Problems) -> None:
    stopped = [instance["config_directory"] for instance in chosen if instance["running"] is False]
    if stopped:
        problems.append(
            f"Postfix does not run for {', '.join(stopped)}: it delivers nothing, and its numbers"
            " stand still. Start it ('postmulti -i NAME -p start', 'systemctl status postfix*'),"
            f" or name the instances to monitor in {_PREFIX}instances."
        )


def _wanted(
    found: list[dict[str, Any]], options: dict[str, Any], problems: values.Problems
) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    """(described instance, option's name, user's dictionary) of every instance to monitor."""
    given = options["instances"]
    if not isinstance(given, (list, tuple)):
        hint = "Write a list of dictionaries with config_directory"
        problems.add(_PREFIX + "instances", given, "is not a list", hint)
        return []
    if not given:
        enabled = [
            instance for instance in found if instance["enabled"] or instance["enabled"] is None
        ]
        if not enabled:
            problems.append(
                "No Postfix instance of this host is enabled (multi_instance_enable). Enable one,"
                f" or name those to monitor in {_PREFIX}instances."
            )
        return [(instance, instance["config_directory"], {}) for instance in enabled]
    described = {instance["config_directory"]: instance for instance in found}
    wanted: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {}
    for index, own in enumerate(given):
        option = f"{_PREFIX}instances[{index}]"
        if not isinstance(own, dict):
            hint = "Write {config_directory: /etc/postfix}"
            problems.add(option, own, "is not a dictionary", hint)
            continue
        name = option + ".config_directory"
        directory = values.path(name, own.get("config_directory"), problems)
        if directory is None:
            continue
        if directory in wanted:
            problems.add(name, directory, "is named twice", "Name it once")
        elif directory not in described:
            hint = "Name a configuration directory with a main.cf"
            problems.add(name, directory, "is not a Postfix instance of this host", hint)
        else:
            wanted[directory] = (described[directory], option, own)
    return list(wanted.values())


def _instance(
    found: dict[str, Any],
    option: str,
    own: dict[str, Any],
    common: dict[str, Any],
    several: bool,
    problems: values.Problems,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An instance of the plan, and its entry in conf.yaml."""
    directory = found["config_directory"]
    values.path("configuration directory", directory, problems)
    name = f"queue_directory of {directory}"
    queue_directory = values.path(name, found["queue_directory"], problems, "Correct it in main.cf")
    mail_owner = values.user(f"mail_owner of {directory}", found["mail_owner"], problems)
    for key in own:
        if key not in _INSTANCE_KEYS:
            problems.add(option, key, "is not known", "Give such keys of the check in 'extra'")
    given = {**common, **_shared(own, option + ".", "extra", problems)}
    # A tag or key of the instance comes on top.
    tags = list(common["tags"])
    if "tags" in own:
        tags += given["tags"]
    if several:
        tags.append(f"postfix_instance:{_name(found, problems)}")
    by_find = common["method"] == "find"
    tag = (queue_directory or "").rpartition("/")[2] if by_find else str.__str__(directory)
    entry = {
        "directory": queue_directory,
        "config_directory": str.__str__(directory),
        "queues": given["queues"],
        "tags": list(dict.fromkeys(tags)),
        "service": given["service"],
        "min_collection_interval": given["min_collection_interval"],
        **common["extra"],
        **given["extra"],
    }
    instance = {
        "config_directory": str.__str__(directory),
        "queue_directory": queue_directory,
        "mail_owner": mail_owner,
        "reported": given["queues"] if by_find else list(POSTQUEUE_QUEUES),
        "instance_tag": tag,
    }
    return instance, entry


def _name(found: dict[str, Any], problems: values.Problems) -> str | None:
    directory = found["config_directory"]
    if found["name"] == "-":
        return str(directory.rpartition("/")[2])
    return values.text(f"multi_instance_name of {directory}", found["name"], problems)


def _queues(option: str, given: Any, problems: values.Problems) -> list[str]:
    if isinstance(given, (list, tuple)) and not given:
        problems.add(option, given, "names no queue", f"Name at least one of {', '.join(QUEUES)}")
    return values.some_of(option, given, QUEUES, problems)


def _tags(option: str, given: Any, problems: values.Problems) -> list[str]:
    return values.each(_tag, option, given, problems)


def _tag(option: str, tag: str, problems: values.Problems) -> str:
    if tag.startswith(_CHECK_TAGS):
        wrong = "is a tag that the check itself sets, with another value"
        problems.add(option, tag, wrong, "Use another key")
    return tag


def _interval(option: str, given: Any, problems: values.Problems) -> int | None:
    return values.whole(option, given, 1, problems)


def _extra(option: str, given: Any, problems: values.Problems) -> dict[str, Any]:
    return values.further_keys(option, given, _OWN_KEYS, problems)


def _check_clashes(
    instances: list[dict[str, Any]], method: str | None, problems: values.Problems
) -> None:
    """Instances that the check cannot distinguish, or for which one configuration does not do."""
    # The others were refused already.
    instances = [
        instance for instance in instances if instance["queue_directory"] and instance["mail_owner"]
    ]
    first: dict[str, dict[str, Any]] = {}
    for instance in instances:
        tag = instance["instance_tag"]
        other = first.setdefault(tag, instance)
        if other is not instance:
            problems.append(
                f"{other['queue_directory']} and {instance['queue_directory']}: both queue"
                f" directories end in '{tag}', and the check distinguishes instances by that (tag"
                f" instance:{tag}). Use {_PREFIX}method=postqueue, or monitor only one of them"
                f" ({_PREFIX}instances)."
            )
    owners = list(dict.fromkeys(instance["mail_owner"] for instance in instances))
    if method == "find" and len(owners) > 1:
        problems.append(
            f"The instances have different mail owners ({', '.join(owners)}), but the check takes"
            f" one postfix_user only. Use {_PREFIX}method=postqueue, or monitor those of one owner"
            f" ({_PREFIX}instances)."
        )


def _why(described: dict[str, Any], directory: str | None) -> str:
    reasons = [
        unknown["why"]
        for unknown in described.get("unknown") or []
        if unknown["config_directory"] == directory
    ]
    return "; ".join(reasons).rstrip(".") or "no reason is known"

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the role's options and what a host's Postfix and Agent are: which instances to monitor,
through which rights, and what is in the way."""

from __future__ import annotations

import re

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan import values
from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.conf_yaml import (
    HEADER,
    conf_yaml,
)
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
# Tags that the check itself gives.
_CHECK_TAGS = ("queue:", "instance:")
_PREFIX = "datadog_postfix_"
# A user, a file or a table, as authorized_mailq_users takes them (postconf(5)); no $, so that no
# other parameter comes in.
_MAILQ_USER = re.compile(r"!?[A-Za-z0-9_./:+-]+")


def agent_plan(described, agent, options, official):
    """What the role has to do on a host, as dict.

    described: result of postfix_info, empty with state=absent; agent: result of datadog_agent_info;
    options: the role's, by their names without the prefix; official: variables of the official role
    (dict, see _official).

    Returns problems (list of str: what the role refuses, each with a hint), warnings (list of str),
    and, to be used only where there is no problem: steps (dict by name: the arguments of
    sudo_access, mailq_access, log_access and datadog_agent_config), instances (list of dict:
    config_directory, queue_directory, mail_owner, instance_tag and reported, the queues for which
    the check emits a metric), method, postfix_user (str or None), logs (dict: paths and journal,
    what the Agent must read), agent (dict: user, binary, config_directory, service) and restart
    (dict: running, wanted, manager, and due, the reasons why a restart is due before anything has
    changed)."""
    problems, warnings = values.Problems(), []
    state = values.one_of(_PREFIX + "state", options["state"], ("present", "absent"), problems)
    running = agent["process"] is not None
    plan = {
        "state": state,
        "warnings": warnings,
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
    entries, access = [], None
    common = _common(options, problems)
    if state == "present":
        _official(official, options, problems)
        _agent(agent, options, problems)
        entries, access = _present(plan, described, agent, options, common, problems, warnings)
    content = (
        conf_yaml(plan["postfix_user"], entries, (plan.pop("entries", None) or []), problems)
        if entries and not problems
        else None
    )
    plan["steps"] = _steps(plan, options, common, access, content)
    return dict(plan, problems=list(problems))


def _present(plan, described, agent, options, common, problems, warnings):
    """Fills in the plan; returns the entries for conf.yaml (list of dict) and the arguments of
    log_access (dict, None without logs)."""
    if not described.get("installed"):
        problems.append("Postfix is not installed on this host. Install it, or leave the host out.")
        return [], None
    if described.get("instances") is None:
        problems.append(
            f"The Postfix instances of this host cannot be listed: {_why(described, None)}. Correct"
            " that first."
        )
        return [], None
    wanted = _wanted(described["instances"], options, problems)
    planned = [
        _instance(found, option, own, common, len(wanted), described, problems)
        for found, option, own in wanted
    ]
    plan["instances"] = [instance for instance in planned if instance]
    _clashes(plan["instances"], common["method"], problems)
    _stopped([found for found, dummy, dummy in wanted], problems)
    if common["method"] == "find" and plan["instances"]:
        plan["postfix_user"] = plan["instances"][0]["mail_owner"]
    entries = [instance.pop("entry") for instance in plan["instances"]]
    if not options["logs"]:
        return entries, None
    logs = plan_logs(
        [found for found, dummy, dummy in wanted],
        described.get("unknown") or [],
        agent,
        options,
        common,
        problems,
        warnings,
    )
    plan["logs"] = {"paths": logs["paths"], "journal": logs["journal"]}
    plan["entries"] = logs["entries"]
    return entries, logs["access"]


def _steps(plan, options, common, access, content):
    """The arguments of each module that the role calls, by the step's name."""
    user, present = plan["agent"]["user"], plan["state"] == "present"
    find = present and common["method"] == "find"
    sudo = {
        "user": user,
        "path": common["sudoers_file"],
        "marker": HEADER,
        "quiet": options["sudoers_quiet"],
        "state": "present" if find else "absent",
    }
    if find:
        commands = [
            f"find {instance['queue_directory']}/{queue} -type f"
            for instance in plan["instances"]
            for queue in instance["reported"]
        ]
        sudo.update(run_as=plan["postfix_user"], commands=commands)
    mailq = {"user": user, "state": "absent"}
    if present and not find:
        directories = [instance["config_directory"] for instance in plan["instances"]]
        mailq.update(
            config_directory=directories,
            authorized_mailq_users=common["authorized_mailq_users"],
            exclusive=True,
            state="present",
        )
    log = {"user": user, "state": "absent"}
    if access and access["means"] != "none":
        log = {**log, **access, "exclusive": True, "state": "present"}
    config = {
        "check": "postfix",
        "user": user,
        "config_directory": plan["agent"]["config_directory"],
        "marker": HEADER,
        "state": plan["state"],
    }
    if present:
        config.update(
            content=content,
            backup=options["backup"],
            logs_enabled_in=options["logs_enabled_in"] if access else "none",
        )
    return {"sudo": sudo, "mailq": mailq, "log": log, "config": config}


def _official(official, options, problems):
    """official: checks, additional_checks, disable_untracked_checks and config, the variables of
    the role datadog.dd.agent, None where not set."""
    if "postfix" in (official.get("checks") or {}):
        problems.append(
            "datadog_checks: the official Datadog role would write postfix.d/conf.yaml anew. Remove"
            " 'postfix' from datadog_checks."
        )
    if official.get("disable_untracked_checks") and "postfix" not in (
        official.get("additional_checks") or []
    ):
        problems.append(
            "datadog_disable_untracked_checks: the official Datadog role would delete"
            " postfix.d/conf.yaml. Add 'postfix' to datadog_additional_checks."
        )
    config = official.get("config")
    if (
        config is not None
        and options["logs"]
        and options["logs_enabled_in"] == "datadog_yaml"
        and not config.get("logs_enabled")
    ):
        problems.append(
            "datadog_config: the official Datadog role would write datadog.yaml without log"
            " collection. Add 'logs_enabled: true' to datadog_config, or set"
            " datadog_postfix_logs_enabled_in to 'environment' or 'none'."
        )


def _common(options, problems):
    """The values that hold for every instance."""
    extra = _extra(_PREFIX + "instance_extra", options["instance_extra"], problems)
    if options["agent_user"] != "":
        values.user(_PREFIX + "agent_user", options["agent_user"], problems)
    sudoers_file = values.path(_PREFIX + "sudoers_file", options["sudoers_file"], problems)
    if sudoers_file and "." in sudoers_file.rpartition("/")[2]:
        problems.add(
            _PREFIX + "sudoers_file",
            sudoers_file,
            "has a dot in its name, and sudo skips such files",
            "Use a name without one",
        )
    return {
        "method": values.one_of(
            _PREFIX + "method", options["method"], ("find", "postqueue"), problems
        ),
        "queues": _queues(_PREFIX + "queues", options["queues"], problems),
        "tags": _tags(_PREFIX + "tags", options["tags"], problems),
        "service": values.text(_PREFIX + "service", options["service"], problems),
        "min_collection_interval": values.whole(
            _PREFIX + "min_collection_interval", options["min_collection_interval"], 1, problems
        ),
        "extra": extra,
        "sudoers_file": sudoers_file,
        "authorized_mailq_users": _mailq_users(options["authorized_mailq_users"], problems),
    }


def _mailq_users(given, problems):
    option = _PREFIX + "authorized_mailq_users"
    names = values.texts(option, given, problems)
    for index, name in enumerate(names):
        if not _MAILQ_USER.fullmatch(name):
            problems.add(
                f"{option}[{index}]",
                name,
                "is not a user, a file or a table",
                "Give one name an entry, without blanks or commas",
            )
    return names


def _agent(agent, options, problems):
    if not agent["installed"]:
        problems.append(
            "The Datadog Agent is not installed on this host: %s was not found. Install it first,"
            " with the official role for one, or give datadog_postfix_agent_binary."
            % (options["agent_binary"] or "datadog-agent")
        )
        return
    directory = values.absolute(
        _PREFIX + "agent_config_directory", agent["config_directory"], problems
    )
    user = options["agent_user"] or "dd-agent"
    if agent["user"] is None:
        problems.add(
            _PREFIX + "agent_user",
            user,
            "does not exist on this host",
            "Name the user that the Agent runs as",
        )
    elif agent["user"]["uid"] == 0:
        problems.add(
            _PREFIX + "agent_user",
            user,
            "is root, for whom the check proves nothing",
            "Name the user that the Agent runs as",
        )
    if directory and not agent["config_directory_exists"]:
        problems.add(
            _PREFIX + "agent_config_directory",
            directory,
            "does not exist on this host",
            "Name the Agent's configuration directory",
        )
    if agent["postfix_configurations"] is None:
        reasons = "; ".join(
            entry["why"]
            for entry in agent["unknown"]
            if entry["what"] in ("config_directory", "confd_path", "postfix_configurations")
        )
        problems.append(
            f"The Agent's configuration cannot be looked at: {reasons}. Run the role as root"
            " (become: true); if it is root's already, look at what is named ('ls -ld'), and"
            " remove what does not belong there."
        )
    own = f"{agent['confd_path']}/postfix.d/conf.yaml"
    for other in agent["postfix_configurations"] or []:
        if other != own:
            problems.append(
                f"{other}: the Agent would load this file besides {own} and count twice. Remove it,"
                " or rename it so that it does not end in .yaml or .yml."
            )
    _service(agent, options, problems)


def _service(agent, options, problems):
    if options["restart"] and agent["service_manager"] is None:
        problems.append(
            "This host runs neither systemd nor launchd, so the Agent cannot be restarted. Set"
            " datadog_postfix_restart=false, and restart it yourself."
        )
    elif options["restart"] and agent["service"] is None:
        service = options["agent_service"] or "datadog-agent"
        problems.add(
            _PREFIX + "agent_service",
            service,
            "is no service on this host, so the Agent cannot be restarted",
            "Name the Agent's service",
        )
    elif options["verify"] and agent["process"] is None:
        reasons = (
            "; ".join(entry["why"] for entry in agent["unknown"] if entry["what"] == "process")
            or "there is no such process"
        )
        problems.append(
            f"The Agent does not run ({reasons}), so nothing could be verified. Start it"
            " ('systemctl start datadog-agent', 'journalctl -u datadog-agent'), or set"
            " datadog_postfix_verify=false: the role then configures it and leaves it stopped."
        )


def _stopped(chosen, problems):
    stopped = [instance["config_directory"] for instance in chosen if instance["running"] is False]
    if stopped:
        problems.append(
            f"Postfix does not run for {', '.join(stopped)}: nothing is delivered, and its numbers"
            " stand still. Start it ('postmulti -i NAME -p start', 'systemctl status postfix*'),"
            " or name the instances to monitor in datadog_postfix_instances."
        )


def _wanted(found, options, problems):
    """(described instance, option's name, user's dictionary) of every instance to monitor."""
    given = options["instances"]
    if not isinstance(given, (list, tuple)):
        problems.add(
            _PREFIX + "instances",
            given,
            "is not a list",
            "Write a list of dictionaries with config_directory",
        )
        return []
    if not given:
        enabled = [
            instance for instance in found if instance["enabled"] or instance["enabled"] is None
        ]
        if not enabled:
            problems.append(
                "No Postfix instance of this host is enabled (multi_instance_enable). Enable one,"
                " or name those to monitor in datadog_postfix_instances."
            )
        return [(instance, instance["config_directory"], {}) for instance in enabled]
    wanted, seen = [], set()
    for index, own in enumerate(given):
        option = f"{_PREFIX}instances[{index}]"
        if not isinstance(own, dict):
            problems.add(
                option, own, "is not a dictionary", "Write {config_directory: /etc/postfix}"
            )
            continue
        directory = values.path(option + ".config_directory", own.get("config_directory"), problems)
        instance = next(
            (instance for instance in found if instance["config_directory"] == directory), None
        )
        if directory is None:
            continue
        if directory in seen:
            problems.add(option + ".config_directory", directory, "is named twice", "Name it once")
        elif instance is None:
            problems.add(
                option + ".config_directory",
                directory,
                "was not described by Postfix",
                "Name a configuration directory with a main.cf",
            )
        else:
            wanted.append((instance, option, own))
        seen.add(directory)
    return wanted


def _instance(found, option, own, common, number, described, problems):
    directory = found["config_directory"]
    if found["queue_directory"] is None:
        problems.append(
            f"{directory}: this instance's main.cf cannot be read: {_why(described, directory)}."
            " Correct that first."
        )
        return None
    queue_directory = values.path(
        f"queue_directory of {directory}",
        found["queue_directory"],
        problems,
        "Correct it in main.cf",
    )
    mail_owner = values.user(f"mail_owner of {directory}", found["mail_owner"], problems)
    values.path("configuration directory", directory, problems)
    for key in own:
        if key not in (
            "config_directory",
            "queues",
            "tags",
            "service",
            "min_collection_interval",
            "extra",
        ):
            problems.add(option, key, "is not known", "Give such keys of the check in 'extra'")
    queues = (
        _queues(option + ".queues", own["queues"], problems)
        if "queues" in own
        else common["queues"]
    )
    tags = common["tags"] + (
        _tags(option + ".tags", own["tags"], problems) if "tags" in own else []
    )
    name = (
        values.text(f"multi_instance_name of {directory}", found["name"], problems)
        if found["name"] != "-"
        else directory.rpartition("/")[2]
    )
    if number > 1:
        tags = tags + [f"postfix_instance:{name}"]
    service = (
        values.text(option + ".service", own["service"], problems)
        if "service" in own
        else common["service"]
    )
    interval = common["min_collection_interval"]
    if "min_collection_interval" in own:
        interval = values.whole(
            option + ".min_collection_interval", own["min_collection_interval"], 1, problems
        )
    extra = dict(
        common["extra"],
        **(_extra(option + ".extra", own["extra"], problems) if "extra" in own else {}),
    )
    by_find = common["method"] == "find"
    entry = {
        "directory": queue_directory,
        "config_directory": str.__str__(directory),
        "queues": queues,
        "tags": list(dict.fromkeys(tags)),
        "service": service,
        "min_collection_interval": interval,
    }
    return {
        "name": name,
        "config_directory": entry["config_directory"],
        "queue_directory": queue_directory,
        "mail_owner": mail_owner,
        "queues": queues,
        "reported": queues if by_find else list(POSTQUEUE_QUEUES),
        "instance_tag": (
            (queue_directory or "").rpartition("/")[2] if by_find else entry["config_directory"]
        ),
        "entry": dict(entry, **extra),
    }


def _queues(option, given, problems):
    queues = values.some_of(option, given, QUEUES, problems)
    if not queues and isinstance(given, (list, tuple)) and not given:
        problems.add(option, given, "names no queue", f"Name at least one of {', '.join(QUEUES)}")
    return queues


def _tags(option, given, problems):
    tags = values.texts(option, given, problems)
    for index, tag in enumerate(tags):
        if tag.startswith(_CHECK_TAGS):
            problems.add(
                f"{option}[{index}]",
                tag,
                "is a tag that the check itself gives, with another value",
                "Use another key",
            )
    return tags


def _extra(option, given, problems):
    if not isinstance(given, dict):
        problems.add(
            option,
            given,
            "is not a dictionary",
            "Write keys of the check's instance and their values",
        )
        return {}
    for key in _OWN_KEYS:
        if key in given:
            problems.add(option, key, "cannot be given here", "Use the option for it")
    return values.plain(option, given, problems)


def _clashes(instances, method, problems):
    """Instances that the check cannot tell apart, or for which one configuration cannot stand."""
    first = {}
    # What could not be told was refused already.
    instances = [
        instance for instance in instances if instance["queue_directory"] and instance["mail_owner"]
    ]
    for instance in instances:
        other = first.setdefault(instance["instance_tag"], instance)
        if other is not instance:
            problems.append(
                f"{other['queue_directory']} and {instance['queue_directory']}: the last part of"
                f" both queue directories is '{instance['instance_tag']}', and the check tells"
                f" instances by it (tag instance:{instance['instance_tag']}). Use"
                " datadog_postfix_method=postqueue, or monitor only one of them"
                " (datadog_postfix_instances)."
            )
    owners = list(dict.fromkeys(instance["mail_owner"] for instance in instances))
    if method == "find" and len(owners) > 1:
        problems.append(
            f"The instances have different mail owners ({', '.join(owners)}), and the check knows"
            " one postfix_user only. Use datadog_postfix_method=postqueue, or monitor those of one"
            " owner (datadog_postfix_instances)."
        )


def _why(described, directory):
    reasons = [
        unknown["why"]
        for unknown in described.get("unknown") or []
        if unknown["config_directory"] == directory
    ]
    return "; ".join(reasons).rstrip(".") or "no reason is known"

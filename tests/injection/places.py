# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A made-up host and the role's options, with every place where a text comes in, for the tests of
what the role makes of hostile ones."""

from __future__ import annotations

import copy
import pathlib

import yaml

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.plan import agent_plan

HOSTILE = yaml.safe_load(
    (pathlib.Path(__file__).parent / "hostile.yml").read_text(encoding="utf-8")
)
# Bytes that are not UTF-8, as Python has them; YAML has no way to write them.
HOSTILE += ["\ud800", "/var/spool/postfix\udcff"]

AGENT = {
    "installed": True,
    "binary": "/usr/bin/datadog-agent",
    "user": {
        "name": "dd-agent",
        "uid": 997,
        "group": "dd-agent",
        "groups": ["dd-agent"],
        "home": "/opt/datadog-agent",
    },
    "config_directory": "/etc/datadog-agent",
    "config_directory_exists": True,
    "postfix_configurations": [],
    "logs_enabled": {"file": None, "environment": None},
    "confd_path": "/etc/datadog-agent/conf.d",
    "service_manager": "systemd",
    "service": {"name": "datadog-agent", "state": "active", "masked": False},
    "process": {"pid": 4711, "user": "dd-agent"},
    "restart_due": [],
    "unknown": [],
}
OPTIONS = {
    "state": "present",
    "method": "find",
    "queues": ["incoming", "active", "deferred"],
    "instances": [],
    "tags": [],
    "service": "postfix",
    "min_collection_interval": 15,
    "instance_extra": {},
    "sudoers_file": "/etc/sudoers.d/mailops-datadog-postfix",
    "sudoers_quiet": False,
    "authorized_mailq_users": [],
    "logs": True,
    "logs_enabled_in": "datadog_yaml",
    "log_type": "auto",
    "log_paths": [],
    "log_units": [],
    "log_access": "auto",
    "log_rules": [],
    "log_extra": {},
    "agent_user": "dd-agent",
    "agent_binary": "",
    "agent_service": "",
    "backup": True,
    "restart": True,
    "verify": True,
}


def instance(name="-", **changed):
    """One instance, as postfix_info describes it; its directories end in its name."""
    suffix = "" if name == "-" else name[len("postfix") :]
    described = {
        "name": name,
        "group": "-",
        "enabled": True,
        "config_directory": "/etc/postfix" + suffix,
        "queue_directory": "/var/spool/postfix" + suffix,
        "mail_owner": "postfix",
        "version": "3.10.13",
        "authorized_mailq_users": ["static:anyone"],
        "alternate_config_directories": [],
        "multi_instance_directories": [],
        "running": True,
        "unit": f"postfix@{name}.service",
        "log": {
            "destination": "rsyslogd",
            "files": [{"path": "/var/log/mail.log", "mode": "0640", "timestamps": "traditional"}],
            "unit": None,
            "syslog_facility": "mail",
            "syslog_name": "postfix" + suffix,
        },
    }
    return dict(described, **changed)


def host(*instances, **changed):
    """What postfix_info returns."""
    return dict(
        {"installed": True, "instances": list(instances or [instance()]), "unknown": []}, **changed
    )


def plan(described=None, agent=None, official=None, assets=None, **options):
    return agent_plan(
        described or host(),
        dict(AGENT, **(agent or {})),
        dict(copy.deepcopy(OPTIONS), **options),
        official or {},
        assets or {},
    )


def conf_yaml(found):
    """The text of conf.yaml in a plan."""
    return found["steps"]["config"]["content"]


def _by_host(field):
    return lambda value: plan(host(instance(**{field: value})))


def _log_file(value):
    log = dict(instance()["log"], files=[{"path": value, "mode": None, "timestamps": None}])
    return plan(host(instance(log=log)))


def _journal(value):
    return plan(
        host(instance(unit=value, log=dict(instance()["log"], destination="journald", files=[])))
    )


def _own(**own):
    return plan(instances=[dict({"config_directory": "/etc/postfix"}, **own)])


# By the name that stands in the problem: what makes the plan, and where the text is in conf.yaml
# (None: in the sudoers file, or in neither).
PLACES = {
    "queue_directory of /etc/postfix": (
        _by_host("queue_directory"),
        lambda conf: conf["instances"][0]["directory"],
    ),
    "mail_owner of /etc/postfix": (
        _by_host("mail_owner"),
        lambda conf: conf["init_config"]["postfix_user"],
    ),
    "multi_instance_name of /etc/postfix": (
        lambda value: plan(
            host(
                instance(
                    name=value, config_directory="/etc/postfix", queue_directory="/var/spool/a"
                ),
                instance("postfix-out"),
            )
        ),
        lambda conf: conf["instances"][0]["tags"][0][len("postfix_instance:") :],
    ),
    "configuration directory": (
        _by_host("config_directory"),
        lambda conf: conf["instances"][0]["config_directory"],
    ),
    "log of /etc/postfix": (_log_file, lambda conf: conf["logs"][0]["path"]),
    "unit of /etc/postfix": (_journal, lambda conf: conf["logs"][0]["include_units"][0]),
    "datadog_postfix_instances[0].config_directory": (
        lambda value: _own(config_directory=value),
        None,
    ),
    "datadog_postfix_instances[0].queues[0]": (
        lambda value: _own(queues=[value]),
        lambda conf: conf["instances"][0]["queues"][0],
    ),
    "datadog_postfix_instances[0].tags[0]": (
        lambda value: _own(tags=[value]),
        lambda conf: conf["instances"][0]["tags"][0],
    ),
    "datadog_postfix_instances[0].service": (
        lambda value: _own(service=value),
        lambda conf: conf["instances"][0]["service"],
    ),
    "datadog_postfix_instances[0].min_collection_interval": (
        lambda value: _own(min_collection_interval=value),
        None,
    ),
    "datadog_postfix_instances[0].extra": (
        lambda value: _own(extra={"key": [value]}),
        lambda conf: conf["instances"][0]["key"][0],
    ),
    "datadog_postfix_method": (lambda value: plan(method=value), None),
    "datadog_postfix_queues[0]": (
        lambda value: plan(queues=[value]),
        lambda conf: conf["instances"][0]["queues"][0],
    ),
    "datadog_postfix_tags[0]": (
        lambda value: plan(tags=[value]),
        lambda conf: conf["instances"][0]["tags"][0],
    ),
    "datadog_postfix_service": (
        lambda value: plan(service=value),
        lambda conf: conf["logs"][0]["service"],
    ),
    "datadog_postfix_min_collection_interval": (
        lambda value: plan(min_collection_interval=value),
        None,
    ),
    "datadog_postfix_instance_extra": (
        lambda value: plan(instance_extra={value: value}),
        lambda conf: list(conf["instances"][0])[-1],
    ),
    "datadog_postfix_sudoers_file": (lambda value: plan(sudoers_file=value), None),
    "datadog_postfix_agent_user": (lambda value: plan(agent_user=value), None),
    "datadog_postfix_agent_config_directory": (
        lambda value: plan(agent={"config_directory": value}),
        None,
    ),
    "datadog_postfix_logs_enabled_in": (lambda value: plan(logs_enabled_in=value), None),
    "datadog_postfix_log_type": (lambda value: plan(log_type=value), None),
    "datadog_postfix_log_paths[0]": (
        lambda value: plan(log_paths=[value]),
        lambda conf: conf["logs"][0]["path"],
    ),
    "datadog_postfix_log_units[0]": (
        lambda value: plan(log_units=[value]),
        lambda conf: conf["logs"][0]["include_units"][0],
    ),
    "datadog_postfix_log_rules[0]": (lambda value: plan(log_rules=[value]), None),
    "datadog_postfix_log_extra": (
        lambda value: plan(log_extra={"key": {"a": value}}),
        lambda conf: conf["logs"][0]["key"]["a"],
    ),
}


def agent_user(place, value):
    """The user for whom the rules are."""
    return value or "dd-agent" if place == "datadog_postfix_agent_user" else OPTIONS["agent_user"]

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.tests.injection.places import (
    conf_yaml,
    host,
    instance,
    plan,
)

OUT = instance("postfix-out")


def only(found):
    (problem,) = found["problems"]
    return problem


def test_defaults(read):
    found = plan()
    assert found["problems"] == found["warnings"] == []
    assert conf_yaml(found).startswith("# Managed by Ansible (mailops.postfix.datadog_postfix)")
    assert read(conf_yaml(found)) == {
        "init_config": {"postfix_user": "postfix"},
        "instances": [
            {
                "directory": "/var/spool/postfix",
                "config_directory": "/etc/postfix",
                "queues": ["incoming", "active", "deferred"],
                "tags": [],
                "service": "postfix",
                "min_collection_interval": 15,
            }
        ],
        "logs": [
            {
                "type": "file",
                "path": "/var/log/mail.log",
                "source": "postfix",
                "service": "postfix",
                "auto_multi_line_detection": False,
            }
        ],
    }
    steps = found["steps"]
    assert steps["sudo"] == {
        "user": "dd-agent",
        "path": "/etc/sudoers.d/mailops-datadog-postfix",
        "quiet": False,
        "state": "present",
        "run_as": "postfix",
        "commands": [
            f"find /var/spool/postfix/{queue} -type f"
            for queue in ("incoming", "active", "deferred")
        ],
    }
    assert steps["mailq"] == {"user": "dd-agent", "state": "absent"}
    assert (steps["log"]["paths"], steps["log"]["means"], steps["log"]["state"]) == (
        ["/var/log/mail.log"],
        "auto",
        "present",
    )
    assert (steps["config"]["logs_enabled_in"], steps["config"]["state"]) == (
        "datadog_yaml",
        "present",
    )


def test_postqueue(read):
    found = plan(host(instance(), OUT), method="postqueue", queues=["deferred"], logs=False)
    conf = read(conf_yaml(found))
    assert conf["init_config"] == {"postqueue": True} and conf["init_config"]["postqueue"] is True
    assert [entry["queues"] for entry in conf["instances"]] == [
        ["deferred"]
    ] * 2 and "logs" not in conf
    assert [entry["reported"] for entry in found["instances"]] == [
        ["active", "hold", "deferred"]
    ] * 2
    assert (
        found["steps"]["sudo"]["state"] == found["steps"]["log"]["state"] == "absent"
        and found["steps"]["config"]["logs_enabled_in"] == "none"
    )
    assert (
        found["steps"]["mailq"]["config_directory"] == ["/etc/postfix", "/etc/postfix-out"]
        and found["steps"]["mailq"]["state"] == "present"
    )
    assert [entry["instance_tag"] for entry in found["instances"]] == [
        "/etc/postfix",
        "/etc/postfix-out",
    ]


def test_several_instances(read):
    found = plan(
        host(instance(), OUT, instance("postfix-off", enabled=False)),
        tags=["env:prod", "team:mail"],
        instance_extra={"empty_default_hostname": True, "metric_patterns": {"include": ["a.*"]}},
        log_rules=["drop_connections"],
        log_extra={
            "log_processing_rules": [{"name": "own", "type": "multi_line", "pattern": "x"}],
            "auto_multi_line_detection": True,
        },
    )
    conf = read(conf_yaml(found))
    assert [entry["tags"] for entry in conf["instances"]] == [
        ["env:prod", "team:mail", "postfix_instance:postfix"],
        ["env:prod", "team:mail", "postfix_instance:postfix-out"],
    ]
    assert all(
        entry["empty_default_hostname"] is True and entry["metric_patterns"] == {"include": ["a.*"]}
        for entry in conf["instances"]
    )
    # Both log to the same file, which is read once.
    (log,) = conf["logs"]
    assert log["tags"] == ["env:prod", "team:mail"] and log["auto_multi_line_detection"] is True
    assert [rule["name"] for rule in log["log_processing_rules"]] == ["drop_connections", "own"]
    assert len(found["steps"]["sudo"]["commands"]) == 6


def test_options_of_an_instance(read):
    own = {
        "config_directory": "/etc/postfix-out",
        "queues": ["hold", "hold", "corrupt"],
        "tags": ["env:prod", "role:relay"],
        "service": "relay",
        "min_collection_interval": "60",
        "extra": {"a_key": 1, "other": "own"},
    }
    found = plan(
        host(instance(), OUT),
        instances=[own],
        tags=["env:prod"],
        instance_extra={"other": "common", "y": "n"},
    )
    (entry,) = read(conf_yaml(found))["instances"]
    assert entry == {
        "directory": "/var/spool/postfix-out",
        "config_directory": "/etc/postfix-out",
        "queues": ["hold", "corrupt"],
        "tags": ["env:prod", "role:relay"],
        "service": "relay",
        "min_collection_interval": 60,
        "other": "own",
        "y": "n",
        "a_key": 1,
    }


def test_removal_needs_no_postfix_and_no_agent():
    found = plan(
        {"skipped": True},
        {
            "installed": False,
            "user": None,
            "config_directory_exists": False,
            "process": None,
            "restart_due": None,
        },
        state="absent",
    )
    assert found["problems"] == []
    assert {step["state"] for step in found["steps"].values()} == {"absent"} and not found[
        "restart"
    ]["wanted"]


@pytest.mark.parametrize(
    ("official", "options", "said"),
    [
        ({"checks": {"postfix": {}}}, {}, "datadog_checks: "),
        ({"disable_untracked_checks": True}, {}, "datadog_disable_untracked_checks: "),
        ({"disable_untracked_checks": True, "additional_checks": ["postfix"]}, {}, None),
        ({"config": {}}, {}, "datadog_config: "),
        ({"config": {"logs_enabled": True}}, {}, None),
        ({"config": {}}, {"logs_enabled_in": "environment"}, None),
    ],
)
def test_official_role_that_would_undo_it(official, options, said):
    problems = plan(official=official, **options)["problems"]
    assert only({"problems": problems}).startswith(said) if said else problems == []


def test_restart_that_is_due():
    assert plan(agent={"restart_due": ["lacks the group adm"]})["restart"]["due"] == [
        "lacks the group adm"
    ]
    assert not plan(agent={"restart_due": ["lacks the group adm"]}, restart=False)["restart"][
        "wanted"
    ]
    # An Agent that was stopped on purpose is not started.
    stopped = plan(agent={"process": None, "restart_due": None}, verify=False)
    assert stopped["problems"] == [] and not stopped["restart"]["wanted"]


@pytest.mark.parametrize(
    ("described", "agent", "said"),
    [
        ({"installed": False, "instances": []}, {}, "Postfix is not installed on this host."),
        (
            {
                "instances": None,
                "unknown": [
                    {"config_directory": None, "what": "instances", "why": "postmulti: fatal."}
                ],
            },
            {},
            "The Postfix instances of this host cannot be listed: postmulti: fatal.",
        ),
        ({"instances": []}, {}, "No Postfix instance of this host is enabled"),
        (
            {
                "instances": [instance(queue_directory=None, mail_owner=None)],
                "unknown": [
                    {
                        "config_directory": "/etc/postfix",
                        "what": "parameters",
                        "why": "Permission denied",
                    }
                ],
            },
            {},
            "/etc/postfix: the main.cf of this instance cannot be read: Permission denied.",
        ),
        (
            {},
            {"installed": False},
            "The Datadog Agent is not installed on this host: datadog-agent was not found.",
        ),
        ({}, {"user": None}, "datadog_postfix_agent_user: 'dd-agent' is not a user on this host."),
        (
            {},
            {"user": {"uid": 0}},
            "datadog_postfix_agent_user: 'dd-agent' is root, for whom the check proves nothing.",
        ),
        (
            {},
            {"config_directory_exists": False},
            (
                "datadog_postfix_agent_config_directory: '/etc/datadog-agent' does not exist on"
                " this host."
            ),
        ),
        (
            {},
            {
                "postfix_configurations": [
                    "/etc/datadog-agent/conf.d/postfix.d/conf.yaml",
                    "/etc/datadog-agent/conf.d/postfix.yaml",
                ]
            },
            "/etc/datadog-agent/conf.d/postfix.yaml: the Agent would load this file in addition",
        ),
        (
            {},
            {
                "postfix_configurations": None,
                "unknown": [{"what": "postfix_configurations", "why": "/x: Permission denied"}],
            },
            "The Agent's configuration cannot be read: /x: Permission denied. Run the role as root",
        ),
        (
            {},
            {
                "postfix_configurations": None,
                "unknown": [{"what": "confd_path", "why": "/x is a symbolic link"}],
            },
            "The Agent's configuration cannot be read: /x is a symbolic link. Remove what does",
        ),
        (
            {},
            {"process": None},
            (
                "The Agent does not run (there is no such process), so nothing could be verified."
                " Start it"
            ),
        ),
        (
            {},
            {"service": None},
            "datadog_postfix_agent_service: 'datadog-agent' is not a service on this host",
        ),
        (
            {},
            {"service_manager": None},
            "This host runs neither systemd nor launchd, so the Agent cannot be restarted.",
        ),
        (
            {"instances": [instance(running=False)]},
            {},
            "Postfix does not run for /etc/postfix: it delivers nothing",
        ),
    ],
)
def test_hosts_that_do_not_fit(described, agent, said):
    assert only(plan(dict(host(), **described), agent, logs=False)).startswith(said)


def test_equal_last_parts():
    instances = host(
        instance(queue_directory="/srv/a/spool"),
        instance("postfix-out", queue_directory="/srv/b/spool"),
    )
    problem = only(plan(instances))
    assert problem.startswith(
        "/srv/a/spool and /srv/b/spool: both queue directories end in 'spool'"
    )
    assert "datadog_postfix_method=postqueue" in problem
    assert plan(instances, method="postqueue")["problems"] == []
    assert plan(instances, instances=[{"config_directory": "/etc/postfix"}])["problems"] == []


def test_different_mail_owners():
    instances = host(instance(), instance("postfix-out", mail_owner="relay"))
    assert only(plan(instances)).startswith(
        "The instances have different mail owners (postfix, relay)"
    )
    assert plan(instances, method="postqueue")["problems"] == []


def test_no_further_problem_with_what_is_wrong_already():
    wrong = host(
        instance(queue_directory="/a b", mail_owner="a b"),
        instance("postfix-out", queue_directory="/b a", mail_owner="root"),
    )
    assert [problem.partition(":")[0] for problem in plan(wrong)["problems"]] == [
        "queue_directory of /etc/postfix",
        "mail_owner of /etc/postfix",
        "queue_directory of /etc/postfix-out",
        "mail_owner of /etc/postfix-out",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"instances": [{"config_directory": "/etc/postfix"}] * 2},
            "datadog_postfix_instances[1].config_directory: '/etc/postfix' is named twice.",
        ),
        (
            {"instances": [{"config_directory": "/etc/postfix/"}]},
            (
                "datadog_postfix_instances[0].config_directory: '/etc/postfix/' ends with a slash."
                " Write '/etc/postfix'."
            ),
        ),
        (
            {"instances": [{"config_directory": "/etc/other"}]},
            "datadog_postfix_instances[0].config_directory: '/etc/other' is not a Postfix",
        ),
        (
            {"instances": [{}]},
            "datadog_postfix_instances[0].config_directory: None is not an absolute path.",
        ),
        (
            {"instances": ["/etc/postfix"]},
            (
                "datadog_postfix_instances[0]: '/etc/postfix' is not a dictionary. Write"
                " {config_directory: /etc/postfix}."
            ),
        ),
        (
            {"instances": [{"config_directory": "/etc/postfix", "tag": "a"}]},
            "datadog_postfix_instances[0]: 'tag' is not known.",
        ),
        ({"queues": []}, "datadog_postfix_queues: [] names no queue."),
        (
            {"queues": ["bounce"]},
            "datadog_postfix_queues[0]: 'bounce' is not known. Choose one of maildrop, incoming,",
        ),
        (
            {"sudoers_file": "/etc/sudoers.d/datadog.conf"},
            "datadog_postfix_sudoers_file: '/etc/sudoers.d/datadog.conf' is a file name that sudo",
        ),
        (
            {"instance_extra": {"tags": ["a"]}},
            "datadog_postfix_instance_extra: 'tags' cannot be given here.",
        ),
        (
            {"instance_extra": {"postqueue": True}},
            "datadog_postfix_instance_extra: 'postqueue' cannot be given here.",
        ),
        (
            {"instance_extra": {"a": [1, None]}},
            "datadog_postfix_instance_extra.a[1]: None is no value.",
        ),
        (
            {"instance_extra": {1: "a"}},
            "datadog_postfix_instance_extra: 1 is not a text, and keys have to be.",
        ),
        (
            {"instance_extra": {"a": float("nan")}},
            "datadog_postfix_instance_extra.a: nan is not a number that the Agent can take.",
        ),
        (
            {"tags": [{"env": "prod"}]},
            (
                "datadog_postfix_tags[0]: {'env': 'prod'} is not a text. Write 'KEY:VALUE', in"
                " quotes if in doubt."
            ),
        ),
        (
            {"tags": ["queue:x"]},
            "datadog_postfix_tags[0]: 'queue:x' is a tag that the check itself sets",
        ),
        ({"tags": "env:prod"}, "datadog_postfix_tags: 'env:prod' is not a list. Write [env:prod]."),
        (
            {"min_collection_interval": 0},
            "datadog_postfix_min_collection_interval: 0 is not a whole number of 1 or more.",
        ),
        (
            {"agent": {"config_directory": "/etc/datadog-agent/"}},
            "datadog_postfix_agent_config_directory: '/etc/datadog-agent/' ends with a slash.",
        ),
    ],
)
def test_options_that_do_not_fit(options, said):
    problems = plan(**options)["problems"]
    assert problems[0].startswith(said)
    # No second complaint but that nothing is left to monitor.
    assert (
        len(
            [
                problem
                for problem in problems
                if "names no queue" not in problem or problem.startswith(said)
            ]
        )
        == 1
    )


@pytest.mark.parametrize(
    ("assets", "queues"),
    [
        ({"hold_threshold": 0}, ["hold"]),
        ({"active_threshold": 900, "deferred_threshold": 5, "growth_threshold": 5}, []),
        ({"deferred_threshold": None, "hold_threshold": None}, []),
    ],
)
def test_a_threshold_for_a_queue_that_is_not_reported_is_a_warning(assets, queues):
    warnings = plan(assets=assets)["warnings"]
    assert [warning.split("report the ")[1].split()[0] for warning in warnings] == queues
    for warning in warnings:
        assert "datadog_assets_hold_threshold is set" in warning and "/etc/postfix" in warning
        assert "Add hold to datadog_postfix_queues" in warning
    assert plan(assets=assets, queues=["active", "deferred", "hold"])["warnings"] == []


def test_each_instance_has_its_own_queues_for_a_threshold():
    instances = [
        {"config_directory": "/etc/postfix", "queues": ["hold"]},
        {"config_directory": "/etc/postfix-out"},
    ]
    (warning,) = plan(host(instance(), OUT), assets={"hold_threshold": 3}, instances=instances)[
        "warnings"
    ]
    assert "of /etc/postfix-out" in warning

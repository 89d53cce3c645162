# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The monitors, each with a message that says what to do."""

from __future__ import annotations

from typing import Any

METRIC = "postfix.queue.size"
_GROUPS = "host,instance"
# What the steps of a message leave open, by a word in them.
_NOTES = {
    "CONFIG": "CONFIG is the instance's configuration directory; 'postmulti -l' lists all of them.",
    "ansible": "{{host.name}} is Datadog's name of the host; the inventory may have another.",
}


def monitors(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The bodies of the monitors by name. silent_zero has the names of two others in its query,
    ${NAME}, for their ids."""
    found = {
        **_queue_monitors(options),
        **_check_monitors(options),
        **_log_monitors(options),
        **_silent_zero(options),
    }
    for name, monitor in found.items():
        monitor["tags"] = ["service:postfix", *options["tags"]]
        # A part of another monitor wakes nobody by itself.
        if name in options["priorities"]:
            monitor["priority"] = options["priorities"][name]
            recipients = " ".join(options["recipients"])
            monitor["message"] = f"{monitor['message']}\n\n{recipients}".rstrip()
    return found


def _queue_monitors(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    deferred = options["deferred_threshold"]
    growth = options["growth_threshold"]
    active = options["active_threshold"]
    hold = options["hold_threshold"]
    size = _size(options, "queue:deferred")
    return {
        "deferred": _metric(
            "Postfix: many deferred messages on {{host.name}}",
            f"avg(last_15m):{size} > {deferred}",
            _message(
                "{{value}} messages wait in the deferred queue of {{host.name}}, instance"
                " {{instance.name}}; the limit is {{threshold}}.",
                (
                    "See why: 'ansible {{host.name}} -b -m mailops.postfix.postfix_queue -a"
                    " details=reasons', or on the host 'postqueue -c CONFIG -p' and, as root,"
                    " 'qshape -c CONFIG deferred'.",
                    "Correct what the reasons name. DNS: 'getent ahosts DOMAIN'. Network, or a"
                    " relay that fails: 'nc -vz RELAY 25'.",
                    "Then have Postfix try again at once: 'postqueue -c CONFIG -f'.",
                ),
                "The deferred queue of {{host.name}} is below its limit again.",
            ),
            _thresholds(options, deferred),
        ),
        "deferred_growth": _metric(
            "Postfix: deferred messages grow fast on {{host.name}}",
            f"change(avg(last_15m),last_1h):{size} > {growth}",
            _message(
                "The deferred queue of {{host.name}}, instance {{instance.name}}, has {{value}}"
                " messages more than an hour ago; the limit is {{threshold}}.",
                (
                    "See who sends and where to: 'ansible {{host.name}} -b -m"
                    " mailops.postfix.postfix_queue -a details=domains,reasons'.",
                    "One sender: look for a compromised account or script, and hold its mail, as"
                    " root: 'postsuper -c CONFIG -h QUEUE_ID'.",
                    "One destination: read its server's answer in 'postqueue -c CONFIG -p'.",
                ),
                "The deferred queue of {{host.name}} no longer grows fast.",
            ),
            _thresholds(options, growth),
        ),
        "active": _metric(
            "Postfix: the active queue is nearly full on {{host.name}}",
            f"avg(last_10m):{_size(options, 'queue:active')} > {active}",
            _message(
                "{{value}} messages are in the active queue of {{host.name}}, instance"
                " {{instance.name}}. At qmgr_message_active_limit"
                f" ({options['active_limit']}) new mail waits in the incoming queue.",
                (
                    "See what fills it, on the host as root: 'qshape -c CONFIG active'.",
                    "One slow destination: hold its messages, as root: 'postsuper -c CONFIG -h"
                    " QUEUE_ID'.",
                    "All are slow: look at the disk ('vmstat 5', columns b and wa), at DNS ('getent"
                    " ahosts DOMAIN'), and at filters ('postconf -c CONFIG content_filter"
                    " smtpd_milters').",
                ),
                "The active queue of {{host.name}} has room again.",
            ),
            _thresholds(options, active),
        ),
        "hold": _metric(
            "Postfix: messages on hold on {{host.name}}",
            f"min(last_15m):{_size(options, 'queue:hold')} > {hold}",
            _message(
                "{{value}} messages are on hold on {{host.name}}, instance {{instance.name}}."
                " Nobody but an operator releases or deletes them.",
                (
                    "See them: 'postqueue -c CONFIG -p' marks them with '!'. Read a header, as"
                    " root: 'postcat -c CONFIG -hq QUEUE_ID'.",
                    "As root, release one with 'postsuper -c CONFIG -H QUEUE_ID', or delete it with"
                    " 'postsuper -c CONFIG -d QUEUE_ID'.",
                ),
                "The hold queue of {{host.name}} is back within its limit.",
            ),
            _thresholds(options, hold),
        ),
    }


def _check_monitors(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    steps = (
        "Ask the Agent on the host: 'sudo datadog-agent status', 'sudo -u dd-agent datadog-agent"
        " check postfix'.",
        "Find the cause: 'ansible-playbook mailops.postfix.verify -e target={{host.name}}'.",
        "Provision again if a file or a right is gone: 'ansible-playbook"
        " mailops.postfix.provision -e target={{host.name}}'.",
    )
    silent = _metric(
        "Postfix: no queue sizes from {{host.name}}",
        # A size is never below 0, so only missing data notifies.
        f"min(last_10m):{_size(options)} < 0",
        _message(
            "The Agent of {{host.name}} has reported no queue size of instance {{instance.name}}"
            " for 20 minutes: the check fails, or the Agent does not run.",
            (*steps, "A host or instance that is gone for good: resolve this monitor for it."),
            "{{host.name}} reports again.",
            "no_data",
        ),
        {"critical": 0},
    )
    silent["options"].update(notify_no_data=True, no_data_timeframe=20)
    over = ", ".join(f'"{tag}"' for tag in ("check:postfix", *options["scope"]))
    return {
        "check_no_data": silent,
        "check_status": {
            "name": "Postfix: the check fails on {{host.name}}",
            "type": "service check",
            "query": f'"datadog.agent.check_status".over({over}).by("host").last(4)'
            ".count_by_status()",
            "message": _message(
                "The Agent's Postfix check failed three times in a row on {{host.name}}.",
                steps,
                "The Postfix check of {{host.name}} succeeds again.",
            ),
            "options": {
                "thresholds": {"ok": 1, "critical": 3},
                "include_tags": True,
                "new_group_delay": 300,
                "notify_no_data": False,
            },
        },
    }


def _log_monitors(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "log_fatal": _log(
            "Postfix: fatal error on {{host.name}}",
            _count(options, "@postfix.severity:(fatal OR panic)", "5m"),
            options["fatal_threshold"],
            _message(
                "Postfix on {{host.name}} has logged {{value}} messages with 'fatal:' or 'panic:'"
                " within 5 minutes. A program of Postfix ended; mail may stand still.",
                (
                    "Read them, as root: 'grep -E \"(fatal|panic):\" /var/log/mail.log' (or"
                    " /var/log/maillog), or 'journalctl -u \"postfix*\" -p err'.",
                    "Check the configuration of each instance, as root: 'postmulti -p check'.",
                    "See whether they run, as root: 'postmulti -p status'.",
                ),
                "Postfix on {{host.name}} is back within its limit of fatal errors.",
            ),
        )
    }


def _silent_zero(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The check reports 0 for every queue although the log shows deferrals.

    A deferred message stays for minimal_backoff_time, 5 minutes or more. So a deferral that is 5 to
    10 minutes old was in a queue within the last 15 minutes, and the check has counted it."""
    part = "Part of the monitor that compares the log with the check's numbers; notifies nobody."
    deferrals = _log(
        "Postfix: deferrals in the log (part of: sizes are 0)",
        _count(options, "@postfix.status:deferred", "5m"),
        0,
        part,
    )
    deferrals["options"]["evaluation_delay"] = 300
    sizes = _metric(
        "Postfix: every queue is 0 (part of: sizes are 0)",
        f"max(last_15m):{_size(options, by='host')} <= 0",
        part,
        {"critical": 0},
    )
    return {
        "silent_zero_sizes": sizes,
        "silent_zero_log": deferrals,
        "silent_zero": {
            "name": "Postfix: queue sizes are 0 although mail is deferred on {{host.name}}",
            "type": "composite",
            "query": "${silent_zero_sizes} && ${silent_zero_log}",
            "message": _message(
                "The Agent of {{host.name}} reports 0 messages in every queue, while the log shows"
                " deferred messages. The check hides its failures: do not trust its numbers.",
                (
                    "Find the cause: 'ansible-playbook mailops.postfix.verify -e"
                    " target={{host.name}}'.",
                    "See the true numbers: 'ansible {{host.name}} -b -m"
                    " mailops.postfix.postfix_queue'.",
                    "Provision again: 'ansible-playbook mailops.postfix.provision -e"
                    " target={{host.name}}'.",
                ),
                "Log and queue sizes of {{host.name}} agree again.",
            ),
            "options": {"include_tags": True, "notify_no_data": False},
        },
    }


def _size(options: dict[str, Any], *tags: str, by: str = _GROUPS) -> str:
    scope = ",".join((*options["scope"], *tags)) or "*"
    return f"sum:{METRIC}{{{scope}}} by {{{by}}}"


def _count(options: dict[str, Any], search: str, window: str) -> str:
    """The number of log messages by host, in a monitor's query."""
    text = " ".join(("source:postfix", *options["scope"], search))
    return f'logs("{text}").index("*").rollup("count").by("host").last("{window}")'


def _thresholds(options: dict[str, Any], critical: int) -> dict[str, int]:
    """The threshold, and below it the one of recovery, where there is room for one."""
    recovery = critical * options["recovery_percent"] // 100
    found = {"critical": critical}
    if recovery < critical:
        found["critical_recovery"] = recovery
    return found


def _metric(name: str, query: str, message: str, thresholds: dict[str, int]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query alert",
        "query": query,
        "message": message,
        "options": {
            "thresholds": thresholds,
            "include_tags": True,
            "new_group_delay": 300,
            "notify_no_data": False,
            "require_full_window": False,
        },
    }


def _log(name: str, count: str, threshold: int, message: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "log alert",
        "query": f"{count} > {threshold}",
        "message": message,
        "options": {
            "thresholds": {"critical": threshold},
            "enable_logs_sample": True,
            "include_tags": True,
            "new_group_delay": 60,
            "notify_no_data": False,
        },
    }


def _message(what: str, steps: tuple[str, ...], recovered: str, state: str = "alert") -> str:
    """What happened, what to do, and what is said once it is over. state: alert or no_data."""
    numbered = [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    numbered += [note for word, note in _NOTES.items() if word in "".join(steps)]
    recovery = "is_recovery" if state == "alert" else f"is_{state}_recovery"
    return "\n".join(
        (
            f"{{{{#is_{state}}}}}",
            what,
            *numbered,
            f"{{{{/is_{state}}}}}",
            f"{{{{#{recovery}}}}}{recovered}{{{{/{recovery}}}}}",
        )
    )

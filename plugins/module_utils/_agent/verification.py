# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares a host with the role's plan, and proves that the Agent's numbers are true.

A plan is what plugin_utils/_plan/plan.py returns. The Agent's check hides its failures: it reports
0, without an error, where sudo or postqueue refuses. So its numbers are compared with counts of the
queues themselves."""

from __future__ import annotations

import difflib
import os
import time
from typing import Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._access import (
    log_access as access,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access import (
    mailq_access,
    sudo_access,
)
from ansible_collections.mailops.postfix.plugins.module_utils._agent import config as agent_config
from ansible_collections.mailops.postfix.plugins.module_utils._agent.check import run_check
from ansible_collections.mailops.postfix.plugins.module_utils._agent.info import describe_agent
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    cause_of,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host
from ansible_collections.mailops.postfix.plugins.module_utils._queue.collectors import (
    FindCollector,
    PostqueueCollector,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import LISTED_QUEUES

METRIC = "postfix.queue.size"
# A queue may empty and fill between two counts, but hardly three times.
_ROUNDS = 3
# Seconds that an Agent may take after its start to write its token, and to open a log (it looks for
# new files every ten).
_START = 30
_PAUSE = 1
_DIFF_LINES = 20

_ENSURE: dict[str, Callable[[dict[str, Any], Deadline, bool], dict[str, Any]]] = {
    "config": agent_config.configure,
    "sudo": sudo_access.ensure,
    "mailq": mailq_access.ensure,
    "log": access.ensure,
}
_WHAT = {
    "config": "the check's configuration or log collection is not as the role sets it",
    "sudo": "the sudoers file is not as the role writes it",
    "mailq": "access to the queue is not as the role grants it",
    "log": "access to the log is not as the role grants it",
}
_PACKAGES = {"sudo": "sudo", "log": "acl"}


class Failures(Exception):
    """errors: list of HostError, the cause first."""

    def __init__(self, errors: list[HostError]) -> None:
        super().__init__()
        self.errors = errors


def _failure(kind: str, message: str, hint: str | None = None) -> Failures:
    return Failures([HostError(kind, message, hint=hint)])


def compare(plan: dict[str, Any], deadline: Deadline) -> tuple[dict[str, Any], list[str]]:
    """What each step of the plan (by name, in the order in which faults are reported) would change,
    and the packages that are missing.

    Raises Failures for what the role refuses.
    """
    changes, packages, errors = {}, [], []
    for step, ensure in _ENSURE.items():
        try:
            result = ensure(plan["steps"][step], deadline, True)
            if result["changed"]:
                changes[step] = result["diff"]
        except HostError as error:
            if error.kind == "not_installed" and step in _PACKAGES:
                changes[step] = []
                packages.append(_PACKAGES[step])
            else:
                errors.append(error)
    if errors:
        raise Failures(errors)
    return changes, packages


def prove(plan: dict[str, Any], deadline: Deadline) -> tuple[str, list[str]]:
    """What was proved, in one line, and warnings. Raises Failures with the first cause, or several
    of one rank."""
    _prove_files(plan, deadline)
    agent = describe_agent(Runner(deadline), Host(), plan["agent"])
    process = agent["process"] or {}
    # What the Agent's unit hides from it is hidden from its check.
    runner = Runner(
        deadline,
        run_as=plan["agent"]["user"],
        mounts_of=process.get("pid") if process.get("own_mounts") else None,
    )
    numbers, warnings = _prove_numbers(plan, runner, deadline)
    count = len(plan["instances"])
    proved = [f"{count} instance{'' if count == 1 else 's'}", numbers]
    if plan["restart"]["wanted"] or not agent["restart_due"]:
        proved += _prove_agent(plan, agent, deadline)
    else:
        warnings.append(
            "The Agent still runs with its old configuration, because datadog_postfix_restart is"
            " false. Restart it."
        )
    return ", ".join(proved), warnings


def _prove_files(plan: dict[str, Any], deadline: Deadline) -> None:
    changes, dummy = compare(plan, deadline)
    config = changes.get("config")
    if config and any(
        part["before_header"].endswith("/conf.yaml") and not part["before"] for part in config
    ):
        raise _failure(
            "not_provisioned",
            "this host was never provisioned: the check has no configuration",
            "Run the role, or 'ansible-playbook mailops.postfix.provision -e target=HOST'.",
        )
    errors = [
        HostError("not_as_planned", "\n".join([f"{_WHAT[step]}:"] + _shown(diff)))
        for step, diff in changes.items()
    ]
    errors += _unreadable(plan, deadline)
    if errors:
        raise Failures(errors)


def _shown(diff: Any) -> list[str]:
    """The lines that differ. diff: one, or a list, as modules return it."""
    lines = []
    for part in diff if isinstance(diff, list) else [diff]:
        before, after = part["before"].splitlines(), part["after"].splitlines()
        name = part.get("before_header", "present")
        changed = difflib.unified_diff(before, after, name, "planned", n=0, lineterm="")
        lines += [line for line in changed if not line.startswith("@@")]
    return lines[:_DIFF_LINES]


def _unreadable(plan: dict[str, Any], deadline: Deadline) -> list[HostError]:
    logs = plan["logs"]
    if not (logs["paths"] or logs["journal"]):
        return []
    user = plan["agent"]["user"]
    looked = access.ensure({"user": user, **logs, "means": "none"}, deadline, True)
    hint = (
        "Run the role again; with datadog_postfix_log_access=none, give the user access yourself."
    )
    return [
        HostError(
            "permission_denied",
            f"{user} cannot read {log['path'] or 'the journal'}, so the Agent collects nothing:"
            f" {log['why']}",
            hint=hint,
        )
        for log in looked["logs"]
        if not log["readable"]
    ]


def _prove_numbers(
    plan: dict[str, Any], runner: Runner, deadline: Deadline
) -> tuple[str, list[str]]:
    """runner: with the rights of the Agent's user. The same command as the check's shows why it is
    refused, which the check hides."""
    if plan["method"] == "find":
        _counted(
            plan,
            lambda instance: FindCollector(
                runner, instance["queue_directory"], instance["mail_owner"]
            ),
        )
    before = _count(plan, runner, deadline)
    for dummy in range(_ROUNDS):
        metrics, warnings = _check(plan, runner, deadline)
        after = _count(plan, runner, deadline)
        proved, faults = judge(plan, metrics, before, after)
        if not faults:
            return proved, warnings + _untrue(plan, runner, after, deadline)
        before = after
    raise Failures(faults)


def _count(plan: dict[str, Any], runner: Runner, deadline: Deadline) -> list[dict[str, int]]:
    """The counts of each instance to compare the check's numbers with: of the files, as root sees
    them, or of the listing, as the check reads it."""
    if plan["method"] == "find":
        return _counted(
            plan, lambda instance: FindCollector(Runner(deadline), instance["queue_directory"])
        )
    return _each(
        plan, lambda instance: count_listing(_listing(runner, instance["config_directory"]))
    )


def _counted(
    plan: dict[str, Any], collector: Callable[[dict[str, Any]], FindCollector]
) -> list[dict[str, int]]:
    return _each(plan, lambda instance: collector(instance).count(instance["reported"]))


def _each(
    plan: dict[str, Any], count: Callable[[dict[str, Any]], dict[str, int]]
) -> list[dict[str, int]]:
    errors, counts = [], []
    for instance in plan["instances"]:
        try:
            counts.append(count(instance))
        except HostError as error:
            errors.append(_explained(error, plan, instance))
    if errors:
        raise Failures(errors)
    return counts


def _listing(runner: Runner, config_directory: str) -> Iterable[str]:
    process = runner.start(commands.postqueue_plain(config_directory))
    yield from process.lines()
    rc, stderr = process.finish()
    if rc != 0:
        raise HostError(postfix_refusal(stderr), cause_of(stderr, rc), process.args, rc, stderr)


def count_listing(lines: Iterable[str]) -> dict[str, int]:
    """The numbers that the check makes of C(postqueue -p): it judges each line by itself, wherever
    the star or exclamation mark is.

    Rule: DataDog/integrations-core, postfix/datadog_checks/postfix/postfix.py,
    _get_postqueue_stats."""
    counts = {"active": 0, "hold": 0, "deferred": 0}
    for line in lines:
        if line.startswith("Mail queue is empty"):
            continue
        if "*" in line:
            counts["active"] += 1
        elif "!" in line:
            counts["hold"] += 1
        elif line[:1].isalnum():
            counts["deferred"] += 1
    return counts


def _untrue(
    plan: dict[str, Any], runner: Runner, before: list[dict[str, int]], deadline: Deadline
) -> list[str]:
    """A warning for each instance that the check misreads: the true count lies outside the
    check's readings before and after it."""
    if plan["method"] == "find":
        return []
    truths = [
        PostqueueCollector(Runner(deadline), instance["config_directory"]).collect(LISTED_QUEUES)[0]
        for instance in plan["instances"]
    ]
    warnings = []
    for instance, truth, earlier, later in zip(
        plan["instances"], truths, before, _count(plan, runner, deadline)
    ):
        if any(
            number is not None
            and queue in earlier
            and not min(earlier[queue], later[queue]) <= number <= max(earlier[queue], later[queue])
            for queue, number in truth.items()
        ):
            warnings.append(
                f"The Agent reports {_listed(later)} for {instance['config_directory']}, but the"
                f" queue holds {_listed(truth)}: with datadog_postfix_method=postqueue the check"
                " counts incoming and maildrop as deferred, and lines with '*' or '!' as active or"
                " held. Use datadog_postfix_method=find for true numbers."
            )
    return warnings


def _listed(counts: Mapping[str, int | None]) -> str:
    return " ".join(f"{queue} {number}" for queue, number in counts.items() if number is not None)


def _check(
    plan: dict[str, Any], runner: Runner, deadline: Deadline
) -> tuple[list[dict[str, Any]], list[str]]:
    """The metrics and warnings of one run of the check; an Agent that is still starting gets some
    time."""
    end = Deadline(min(_START, deadline.remaining()))
    while True:
        metrics, warnings, errors = run_check(runner, plan["agent"]["binary"], "postfix")
        starting = [error for error in errors if error.kind == "agent_starting"]
        if not errors:
            return metrics, warnings
        if not starting or not end.remaining():
            raise Failures([_check_explained(error, plan, runner) for error in errors])
        time.sleep(_PAUSE)


def judge(
    plan: dict[str, Any],
    metrics: list[dict[str, Any]],
    before: list[dict[str, int]],
    after: list[dict[str, int]],
) -> tuple[str, list[HostError]]:
    """What the metrics prove (str), and where they are not between the counts before and after the
    check ran (list of HostError)."""
    # The Agent adds tags of its own configuration, of any key.
    sizes = [
        (set(metric["tags"]), metric["value"]) for metric in metrics if metric["name"] == METRIC
    ]
    proved, faults = [], []
    for instance, first, last in zip(plan["instances"], before, after):
        words = [instance["config_directory"]] if len(plan["instances"]) > 1 else []
        for queue in instance["reported"]:
            tags = {f"queue:{queue}", f"instance:{instance['instance_tag']}"}
            size = next((value for found, value in sizes if tags <= found), None)
            where = f"the queue {queue} of {instance['config_directory']}"
            if size is None:
                message = (
                    f"the check gives no {METRIC} for {where} (tags {', '.join(sorted(tags))})"
                )
                faults.append(
                    HostError(
                        "wrong_number",
                        message,
                        hint="Compare conf.yaml with 'datadog-agent configcheck'.",
                    )
                )
            elif not min(first[queue], last[queue]) <= size <= max(first[queue], last[queue]):
                held = (
                    f"{first[queue]}"
                    if first[queue] == last[queue]
                    else f"{first[queue]} before and {last[queue]} after"
                )
                faults.append(
                    HostError(
                        "wrong_number",
                        f"the check reports {int(size)} for {where}, which held {held}",
                    )
                )
            else:
                words.append(
                    f"{queue} {int(size)}={last[queue]}"
                    if size == last[queue]
                    else f"{queue} {int(size)} ({first[queue]} to {last[queue]})"
                )
        proved.append(" ".join(words))
    return ", ".join(proved), faults


def _explained(error: HostError, plan: dict[str, Any], instance: dict[str, Any]) -> HostError:
    """The same error with a hint for somebody who has run the role, where the hint of its kind is
    for somebody who counts."""
    user, directory = plan["agent"]["user"], instance["queue_directory"]
    hints = {
        "sudo_refused": (
            "The sudoers file is as the role writes it, so another rule or setting overrides it:"
            f" look at 'sudo -l -U {user}' and at files that sort after it."
        ),
        "permission_denied": (
            f"Restore the owners and modes below {directory} ('postfix set-permissions'), or remove"
            f" what hides it from the Agent's unit ('systemctl cat {plan['agent']['service']}')."
        ),
        "showq_failed": "The master runs, so look for 'showq' in master.cf and in the mail log.",
        "mail_system_down": (
            "The master runs, so look for 'showq' in master.cf and in the mail log."
        ),
    }
    message = f"{instance['config_directory']}: {error.message}"
    return HostError(
        error.kind,
        message,
        error.command,
        error.rc,
        error.stderr,
        hints.get(error.kind, error.hint),
    )


def _check_explained(error: HostError, plan: dict[str, Any], runner: Runner) -> HostError:
    """In two cases the check's own message names the wrong cause."""
    if error.kind != "check_failed":
        return error
    user = plan["agent"]["user"]
    if "sudo access" in error.message:
        rc, dummy, stderr, argv = runner.run(commands.sudo_list())
        if rc != 0:
            hint = (
                f"The check runs 'sudo -l' first. Add 'Defaults:{user} listpw=any' to the policy,"
                " or remove listpw=always."
            )
            return HostError(
                "sudo_refused",
                f"'sudo -l' is refused to {user}: {stderr.strip()}",
                argv,
                rc,
                stderr,
                hint,
            )
    for instance in plan["instances"]:
        missing = [
            queue
            for queue in instance["reported"]
            if f"{instance['queue_directory']}/{queue} does not exist" in error.message
        ]
        if missing and os.path.isdir(os.path.join(instance["queue_directory"], missing[0])):
            message = (
                f"{missing[0]} exists, but {user} cannot enter a directory above it, so the check"
                " takes it for missing"
            )
            hint = "Restore the mode of %s ('postfix set-permissions', 'namei -l %s')." % (
                (instance["queue_directory"],) * 2
            )
            return HostError(
                "permission_denied", message, error.command, error.rc, error.stderr, hint
            )
    return error


def _prove_agent(plan: dict[str, Any], found: dict[str, Any], deadline: Deadline) -> list[str]:
    """What the running Agent proves: it started after its configuration, may use sudo, and holds
    the log open. found: see describe_agent."""
    user, service, process = plan["agent"]["user"], plan["agent"]["service"], found["process"]
    if (found["service"] or {}).get("experiment"):
        raise _failure(
            "agent_not_running",
            "a remotely managed experiment (datadog-agent-exp.service) runs in place of the Agent",
            "Wait until it ends, or stop it in Fleet Automation, then verify again.",
        )
    if process is None:
        raise _failure(
            "agent_not_running", "the Agent is configured but does not run, so it reports nothing"
        )
    faults = []
    if process["user"] != user:
        hint = "Name that user in datadog_postfix_agent_user, or correct the unit."
        faults.append(
            HostError(
                "agent_restricted", f"the Agent runs as {process['user']}, not as {user}", hint=hint
            )
        )
    if plan["method"] == "find" and not process["may_sudo"]:
        cause = (
            "no_new_privs is set"
            if process["no_new_privs"]
            else "its capabilities are bounded, or it has users of its own"
        )
        hint = (
            "Remove NoNewPrivileges=, CapabilityBoundingSet=, PrivateUsers= and the like from the"
            f" unit ('systemctl cat {service}'), or use method=postqueue."
        )
        faults.append(
            HostError(
                "agent_restricted",
                f"the running Agent may not use sudo ({cause}), so its check cannot count",
                hint=hint,
            )
        )
    for reason in found["restart_due"] or []:
        faults.append(HostError("agent_outdated", f"the running Agent is not up to date: {reason}"))
    if faults:
        raise Failures(faults)
    return _prove_logs(plan, process, deadline) + ["Agent started after its configuration"]


def _prove_logs(plan: dict[str, Any], process: dict[str, Any], deadline: Deadline) -> list[str]:
    logs = plan["logs"]
    end = Deadline(min(_START, deadline.remaining()))
    while True:
        closed = [
            path
            for path in logs["paths"]
            if os.path.realpath(path) not in (process["open_files"] or [])
        ]
        if logs["journal"] and not process["reads_journal"]:
            closed.append("the journal")
        if not closed:
            break
        if not end.remaining():
            raise _failure(
                "log_not_open",
                f"the Agent does not hold {', '.join(closed)} open, so it collects nothing from"
                " there",
            )
        time.sleep(_PAUSE)
        process = describe_agent(Runner(deadline), Host(), plan["agent"])["process"] or process
    return [
        f"{log} readable and open in the Agent"
        for log in logs["paths"] + (["journal"] if logs["journal"] else [])
    ]

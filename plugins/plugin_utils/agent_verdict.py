# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the Agent's check tells what is true of the queues."""

from __future__ import annotations

METRIC = "postfix.queue.size"


def verdict(plan, metrics, before, after):
    """What is wrong with the metrics of the check (list of str, each with its mend).

    plan: see agent_plan; metrics: of datadog_agent_check; before and after: results of postfix_queue as the Agent's user, before and after the
    check ran, items being the plan's instances. A queue is in motion, so numbers need not be equal; but a zero where messages were both before and
    after is the silent zero of the check.
    """
    problems = []
    # The Agent adds tags of its own configuration, of any key.
    sizes = [(set(metric["tags"]), metric["value"]) for metric in metrics if metric["name"] == METRIC]
    for instance, first, last in zip(plan["instances"], before, after):
        for queue in instance["reported"]:
            where = "the queue %s of %s" % (queue, instance["config_directory"])
            counts = [result["ansible_facts"]["postfix_queue"]["counts"][queue] for result in (first, last)]
            wanted = {"queue:%s" % queue, "instance:%s" % instance["instance_tag"]}
            size = next((value for tags, value in sizes if wanted <= tags), None)
            if size is None:
                problems.append(
                    "The check gives no %s for %s (tags queue:%s, instance:%s). Compare conf.yaml with what 'datadog-agent configcheck' shows."
                    % (METRIC, where, queue, instance["instance_tag"])
                )
            elif size == 0 and min(counts) > 0:
                problems.append("The check reports 0 for %s, which holds %d messages. %s" % (where, counts[1], _mend(plan)))
    return problems


def _mend(plan):
    if plan["postfix_user"]:
        return (
            "Its failures look like an empty queue: compare postfix_user, directory and queues in conf.yaml (wanted: postfix_user: %s) with the rules "
            "that 'sudo -l -U' shows for the Agent's user." % plan["postfix_user"]
        )
    return (
        "Its failures look like an empty queue: run 'postqueue -c DIR -p' as the Agent's user, and see that conf.yaml has 'postqueue: true' "
        "below init_config and the configuration directory letter for letter."
    )

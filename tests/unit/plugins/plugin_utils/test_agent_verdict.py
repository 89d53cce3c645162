# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_verdict import verdict
from ansible_collections.mailops.postfix.tests.injection.places import host, instance, plan


def metric(queue, value, instance="postfix", more=()):
    return {"name": "postfix.queue.size", "value": value, "tags": [*more, "queue:" + queue, "instance:" + instance], "type": "gauge"}


def counted(*counts):
    """Results of postfix_queue, one an instance."""
    return [{"ansible_facts": {"postfix_queue": {"counts": each}}} for each in counts]


def judge(metrics, before, after=None, **options):
    return verdict(plan(**options), metrics, before, after or before)


def test_truth():
    metrics = [metric("active", 3.0), metric("deferred", 0.0), {"name": "postfix.other", "value": 0.0, "tags": []}]
    assert judge(metrics, counted({"active": 3, "deferred": 0}), queues=["active", "deferred"]) == []


def test_queue_in_motion():
    metrics = [metric("active", 0.0)]
    for before, after in ((0, 5), (5, 0)):
        assert judge(metrics, counted({"active": before}), counted({"active": after}), queues=["active"]) == []
    assert judge([metric("active", 9.0)], counted({"active": 5}), queues=["active"]) == []


def test_silent_zero():
    (problem,) = judge([metric("active", 0.0)], counted({"active": 4}), counted({"active": 7}), queues=["active"])
    assert problem.startswith("The check reports 0 for the queue active of /etc/postfix, which holds 7 messages.")
    assert "wanted: postfix_user: postfix" in problem


def test_missing_metric():
    (problem,) = judge([metric("active", 1.0)], counted({"active": 1, "hold": 0}), queues=["active", "hold"])
    assert problem.startswith("The check gives no postfix.queue.size for the queue hold of /etc/postfix (tags queue:hold, instance:postfix).")


def test_metric_of_another_instance():
    found = plan(host(instance(), instance("postfix-out")), queues=["active"])
    both = counted({"active": 2}, {"active": 3})
    assert verdict(found, [metric("active", 2.0), metric("active", 3.0, "postfix-out")], both, both) == []
    (problem,) = verdict(found, [metric("active", 2.0), metric("active", 0.0, "postfix-out")], both, both)
    assert "the queue active of /etc/postfix-out, which holds 3 messages" in problem


def test_postqueue():
    """It reports its own three queues, by the whole configuration directory."""
    counts = counted({"active": 0, "hold": 1, "deferred": 2})
    metrics = [metric(queue, 0.0, "/etc/postfix") for queue in ("active", "hold", "deferred")]
    problems = judge(metrics, counts, method="postqueue", queues=["corrupt"])
    assert len(problems) == 2 and all("'postqueue: true'" in problem for problem in problems)


def test_other_tags_of_the_same_key():
    """Tags of other configuration, such as the host's, do not stand for the check's own."""
    metrics = [metric("active", 2.0, more=["queue:x"]), metric("hold", 1.0)]
    metrics[0]["tags"] += ["instance:y", "queue:z"]
    assert judge(metrics, counted({"active": 2, "hold": 1}), queues=["active", "hold"]) == []

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: agent_verdict
short_description: Judge what the Agent's check reports of the queues
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Compares the metrics of the Agent's check with what is in the queues. The check hides its failures behind zeros.
positional: metrics, before, after
options:
  _input:
    description: A plan without problems, of P(mailops.postfix.agent_plan#filter).
    type: dict
    required: true
  metrics:
    description: The metrics that M(mailops.postfix.datadog_agent_check) returned.
    type: list
    elements: dict
    required: true
  before:
    description: Results of M(mailops.postfix.postfix_queue) before the check ran, one for each instance of the plan.
    type: list
    elements: dict
    required: true
  after:
    description: The same after it ran.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Fail where the check does not tell the truth
  ansible.builtin.assert:
    that: plan | mailops.postfix.agent_verdict(check.metrics, before.results, after.results) | length == 0
"""

RETURN = r"""
_value:
  description: What is wrong, a list of sentences, each with its mend. Empty where nothing is.
  type: list
  elements: str
"""

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_verdict import verdict


class FilterModule:
    def filters(self):
        return {"agent_verdict": verdict}

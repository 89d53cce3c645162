# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: agent_grants
short_description: Plan which parameters of Postfix to set for the Agent's user, and which to take back
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Compares the record of what the role P(mailops.postfix.datadog_postfix#role) set earlier with what is needed now and what C(main.cf) sets.
positional: plan, described, probes, main_cf, user, exact
options:
  _input:
    description: The record, empty where there is none.
    type: dict
    required: true
  plan:
    description: A plan without problems, of P(mailops.postfix.agent_plan#filter). V(none) takes everything back.
    type: dict
    required: true
  described:
    description: What M(mailops.postfix.postfix_info) returned.
    type: dict
    required: true
  probes:
    description: Results of M(mailops.postfix.postfix_queue) through C(postqueue) as the Agent's user, items being the configuration directories.
    type: list
    elements: dict
    required: true
  main_cf:
    description: Results of C(postconf -c DIR -n NAMES), items being the configuration directories.
    type: list
    elements: dict
    required: true
  user:
    description: The user that the Agent runs as.
    type: str
    required: true
  exact:
    description: The whole list for C(authorized_mailq_users). Empty where the user is only to be added.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show what would be set
  ansible.builtin.debug:
    msg: "{{ (record | mailops.postfix.agent_grants(plan, described, probes, main_cf, 'dd-agent', [])).set }}"
"""

RETURN = r"""
_value:
  description:
    - RV(ignore:problems), a list of sentences, each with its mend.
    - RV(ignore:set) and RV(ignore:take_back), lists of parameters with C(config_directory), C(name) and C(value), V(none) where it is to be removed.
    - RV(ignore:meanwhile) and RV(ignore:afterwards), for the record.
  type: dict
"""

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_grants import plan_grants


class FilterModule:
    def filters(self):
        return {"agent_grants": plan_grants}

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: agent_plan
short_description: Plan Datadog monitoring of a host's Postfix instances
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Compares the options of the role P(mailops.postfix.datadog_postfix#role) with what a host is, and returns what to monitor, how, and what is in the way.
positional: agent, options
options:
  _input:
    description: What M(mailops.postfix.postfix_info) returned.
    type: dict
    required: true
  agent:
    description: What M(mailops.postfix.datadog_agent_info) returned.
    type: dict
    required: true
  options:
    description: The role's options, by their names without C(datadog_postfix_).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the role would refuse
  ansible.builtin.debug:
    msg: "{{ (described | mailops.postfix.agent_plan(agent, options)).problems }}"
"""

RETURN = r"""
_value:
  description:
    - RV(ignore:problems), a list of sentences, each with its mend; the rest is to be used only where this list is empty.
    - RV(ignore:warnings), RV(ignore:instances), RV(ignore:postfix_user) and RV(ignore:logs), for P(mailops.postfix.agent_conf#filter)
      and P(mailops.postfix.agent_sudoers#filter).
  type: dict
"""

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_plan import agent_plan


class FilterModule:
    def filters(self):
        return {"agent_plan": agent_plan}

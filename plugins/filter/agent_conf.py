# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: agent_conf
short_description: Write the Agent's postfix.d/conf.yaml
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Returns the content of C(postfix.d/conf.yaml) for a plan. Every text stands in quotes, so that no reader takes it for another type.
options:
  _input:
    description: A plan without problems, of P(mailops.postfix.agent_plan#filter).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the file
  ansible.builtin.debug:
    msg: "{{ described | mailops.postfix.agent_plan(agent, options) | mailops.postfix.agent_conf }}"
"""

RETURN = r"""
_value:
  description: YAML with a first line that marks the file as the role's.
  type: str
"""

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_files import conf_yaml


class FilterModule:
    def filters(self):
        return {"agent_conf": conf_yaml}

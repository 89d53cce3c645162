# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: agent_sudoers
short_description: Write the sudoers file for the Agent's user
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Returns one rule for each queue of a plan, for exactly the command that the Agent's check runs.
positional: user
options:
  _input:
    description: A plan without problems, of P(mailops.postfix.agent_plan#filter), with the method V(find).
    type: dict
    required: true
  user:
    description: The user that the Agent runs as.
    type: str
    required: true
  requiretty:
    description: Whether to lift C(requiretty) for this user.
    type: bool
    default: false
  quiet:
    description: Whether to keep these commands out of sudo's log and out of PAM's sessions; sudo 1.8.29 or later.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the file
  ansible.builtin.debug:
    msg: "{{ described | mailops.postfix.agent_plan(agent, options) | mailops.postfix.agent_sudoers('dd-agent', quiet=true) }}"
"""

RETURN = r"""
_value:
  description: The file's content, with a first line that marks it as the role's.
  type: str
"""

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_files import sudoers


class FilterModule:
    def filters(self):
        return {"agent_sudoers": sudoers}

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_plan
short_description: Plan Datadog monitoring of a host's Postfix instances
version_added: 1.0.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Compares the options of the role P(mailops.postfix.datadog_postfix#role) with what a host has,
    and returns everything that the role does there.
  - Fails with every problem at once, before anything changes. Warnings are returned as task
    warnings.
  - Runs on the controller and does not connect to the host. It belongs to the role; call it if you
    want the plan without the role.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
attributes:
  facts:
    support: none
options:
  postfix:
    description: The result of M(mailops.postfix.postfix_info). Not needed if C(options.state) is
      V(absent).
    type: dict
    default: {}
  agent:
    description: The result of M(mailops.postfix.datadog_agent_info), run as root.
    type: dict
    required: true
  options:
    description: All options of the role, by their names without C(datadog_postfix_).
    type: dict
    required: true
  official:
    description:
      - Variables of the official role C(datadog.dd.agent) that could undo the plan, by their names
        without C(datadog_) - C(checks), C(additional_checks), C(disable_untracked_checks) and
        C(config).
    type: dict
    default: {}
  assets:
    description:
      - Options of the role P(mailops.postfix.datadog_assets#role) that this host's inventory sets,
        by their names without C(datadog_assets_) - C(deferred_threshold), C(growth_threshold),
        C(active_threshold), C(hold_threshold) and C(wanted).
      - A threshold for a queue that the host does not report is a warning. With V(log_pipeline)
        wanted, a log that only this pipeline parses is none.
    type: dict
    default: {}
seealso:
  - module: mailops.postfix.datadog_verify
"""

EXAMPLES = r"""
- name: Show what the role would do, after it has run or failed
  ansible.builtin.debug:
    msg: "{{ (__datadog_postfix_planned | default({})).plan | default('no plan') }}"
"""

RETURN = r"""
plan:
  description: What the role does on this host, for O(mailops.postfix.datadog_verify#module:plan).
    Its structure may change with any version.
  returned: success
  type: dict
problems:
  description: What the role refuses, each with a hint.
  returned: on failure
  type: list
  elements: str
  sample: ["Postfix is not installed on this host. Install it, or exclude the host."]
"""

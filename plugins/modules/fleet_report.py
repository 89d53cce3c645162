# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_report
short_description: Write the report of a fleet's Postfix queues
version_added: 1.0.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Writes C(report.html), C(report.json) and C(report.csv) from what
    M(mailops.postfix.postfix_queue) returned on the hosts of a play.
  - Reads the result of each host once. For thousands of hosts this takes seconds, where a template
    over C(hostvars) takes minutes.
  - Writes where the task runs, so run it once and delegate it to C(localhost).
  - For the contents of the files, see P(mailops.postfix.fleet_report#filter).
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
attributes:
  idempotent:
    support: none
    details: The files contain the time of the run.
options:
  directory:
    description: The directory for the files. It must exist.
    type: str
    required: true
  mode:
    description: The mode of the files, as C(ansible.builtin.copy) takes it.
    type: raw
    default: "0640"
  results:
    description: The names of the variables that have the results, the first call first. A later
      result adds the counts that an earlier one lacks.
    type: list
    elements: str
    required: true
  started:
    description: When the counting began, in UTC as ISO 8601.
    type: str
    required: true
seealso:
  - module: mailops.postfix.postfix_queue
  - plugin: mailops.postfix.fleet_report
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Count the messages
  mailops.postfix.postfix_queue:
  register: counted
  # Hosts that fail do not stop the report. It lists them.
  ignore_errors: true
  ignore_unreachable: true

- name: Write the report of the fleet
  mailops.postfix.fleet_report:
    directory: .
    results: [counted]
    started: "{{ now(utc=true).strftime('%Y-%m-%dT%H:%M:%SZ') }}"
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
totals:
  description: The totals of the fleet.
  returned: success
  type: dict
  contains:
    hosts:
      description: The number of hosts by state, of V(all) of them, and of those with errors or
        problems.
      returned: always
      type: dict
      sample: {ok: 40, over_limit: 0, partial: 0, stopped: 0, failed: 1, unreachable: 1, all: 42,
        with_errors: 2, with_problems: 2}
    messages:
      description: The messages that are known, V(null) if none are, and how many instances have an
        unknown number.
      returned: always
      type: dict
      sample: {known: 1234, unknown: 2}
"""

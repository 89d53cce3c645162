# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_report
short_description: Make a report of a fleet's Postfix queues
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Makes one report from the results of M(mailops.postfix.postfix_queue) on many hosts, as an HTML
    page that needs no other file, as JSON, or as CSV.
  - Email addresses are removed. Invisible characters, and characters that change the direction of
    text, are shown as C(\u202e).
positional: format
options:
  _input:
    description: The hosts, each with a list of the results of its calls of the module. A later
      result adds the counts that an earlier one lacks.
    type: dict
    required: true
  format:
    description: The format of the report.
    type: str
    choices: [html, json, csv]
    required: true
  started:
    description: When the counting began, in UTC as ISO 8601.
    type: str
    required: true
  finished:
    description: When the counting ended, in UTC as ISO 8601.
    type: str
    required: true
  ansible_core:
    description: The version of ansible-core.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Count the messages
  mailops.postfix.postfix_queue:
  register: counted
  # Hosts that fail do not stop the report. It lists them.
  ignore_errors: true
  ignore_unreachable: true

- name: Write the fleet as a table for a spreadsheet
  ansible.builtin.copy:
    content: >-
      {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars,
      'counted') | zip)) | mailops.postfix.fleet_report('csv', started='2026-11-22T12:00:00Z',
      finished='2026-11-22T12:00:07Z', ansible_core=ansible_version.full) }}
    dest: fleet.csv
    mode: "0640"
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description:
    - The report in that format.
    - V(csv) has a row for each instance. A cell is empty if its value is unknown. Sizes are in
      bytes, ages in seconds. A text that a spreadsheet would run as a formula begins with C(').
    - V(json) has C(gathered), C(totals), C(ages), C(senders), C(recipients) and C(reasons) of the
      whole fleet, C(problems) (the errors by kind), and C(hosts), each with C(state),
      C(instances), C(errors) and C(warnings).
    - A C(state) is V(ok), V(over_limit), V(partial) (counted in part), V(stopped) (Postfix is
      stopped), V(failed) or V(unreachable). C(totals.hosts) has the number of hosts by state,
      C(all), C(with_errors) and C(with_problems). The latter includes hosts with warnings and hosts
      that were counted in part.
    - A number that may be unknown is a dictionary of C(known), V(null) if nothing is known, and
      C(unknown), the number of its parts that are unknown. The parts of an instance's number are
      its queues, those of the fleet's its instances. A host whose instances are unknown counts as
      one instance. Other unknown values are V(null).
    - C(ages) has C(buckets), as M(mailops.postfix.postfix_queue) returns them, and C(unknown), the
      number of instances that lack some.
    - C(senders), C(recipients) and C(reasons) have C(entries), the most frequent first, and
      C(other), the sum of the rest. C(known) instances reported theirs, C(unknown) did not.
      C(exact) is V(false) for an entry whose count may be larger, because instances report only
      their most frequent ones.
  type: str
"""

import typing

from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.formats import (
    FORMATS,
    report_of,
)


def fleet_report(
    results: dict[str, typing.Any], format: str, started: str, finished: str, ansible_core: str
) -> str:
    """The report of the results (by host, a list of its calls) in a format."""
    if format not in FORMATS:
        raise AnsibleFilterError(f"format={format}: must be one of {', '.join(FORMATS)}")
    return FORMATS[format](report_of(results, started, finished, ansible_core))


class FilterModule:
    def filters(self) -> dict[str, typing.Any]:
        return {"fleet_report": fleet_report}

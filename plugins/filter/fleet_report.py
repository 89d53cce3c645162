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
  - Makes one report from the results of M(mailops.postfix.postfix_queue) on many hosts, as a page
    of HTML that needs nothing else, as JSON or as CSV.
  - Full addresses are left out, and characters that are not seen or that change the direction of
    text are shown as C(\u202e).
positional: format
options:
  _input:
    description: For each host the results of its calls of the module; a later one counts where
      those before it could not.
    type: dict
    required: true
  format:
    description: What to make.
    type: str
    choices: [html, json, csv]
    required: true
  started:
    description: When the gathering began, in UTC as ISO 8601.
    type: str
    required: true
  finished:
    description: When it ended.
    type: str
    required: true
  ansible_core:
    description: The version of ansible-core that gathered.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Count the messages
  mailops.postfix.postfix_queue:
  register: counted
  # The report tells of hosts that fail, and keeps no other out for them.
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
    - As V(csv), a row for each instance, and an empty cell for what is not known. Sizes are in
      bytes, ages in seconds.
    - As V(json), C(gathered) (when and with what), C(totals), C(ages), C(senders), C(recipients),
      C(reasons) (of the whole fleet) and C(hosts), each with its C(state), C(instances), C(errors)
      and C(warnings). A C(state) is V(ok), V(partial), so counted but not wholly, or V(failed).
    - What is not known is V(null). A sum is a dictionary of C(sum), of the parts that are known,
      and C(unknown), the number of those that are not. The parts of an instance are its queues,
      those of the fleet its instances; a host that does not tell its instances counts as one.
    - Rows of C(senders), C(recipients) and C(reasons) whose C(exact) is V(false) are at least so
      many, since instances tell only their most frequent ones. C(other) sums the rest, C(told)
      instances told theirs and C(unknown) did not.
  type: str
"""

import json
import pathlib
import typing

import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import combine_calls
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import (
    Report,
    assemble,
    to_json,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_csv import to_csv
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_html import to_html

_FORMATS: dict[str, typing.Callable[[Report], str]] = {
    "html": to_html,
    "json": to_json,
    "csv": to_csv,
}


def fleet_report(
    results: dict[str, typing.Any], format: str, started: str, finished: str, ansible_core: str
) -> str:
    """The report of the results (by host, a list of its calls) in a format."""
    if format not in _FORMATS:
        raise AnsibleFilterError(f"format={format}: must be one of {', '.join(_FORMATS)}")
    gathered = {
        "started": str(started),
        "finished": str(finished),
        "ansible_core": str(ansible_core),
        "collection": _version(),
    }
    hosts = [combine_calls(host, calls) for host, calls in results.items()]
    return _FORMATS[format](assemble(hosts, gathered))


def _version() -> str:
    """The version of this collection: that of the archive it was installed from, or of the
    checkout."""
    root = pathlib.Path(__file__).parents[2]
    manifest = root / "MANIFEST.json"
    if manifest.exists():
        found = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    else:
        found = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    return str(found)


class FilterModule:
    def filters(self) -> dict[str, typing.Any]:
        return {"fleet_report": fleet_report}

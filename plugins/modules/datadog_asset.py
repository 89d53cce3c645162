#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_asset
short_description: Keep a dashboard, a monitor or a log pipeline in a Datadog account as defined
version_added: 1.0.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Creates, updates or removes one asset in a Datadog account through Datadog's API. Runs wherever
    that can be reached, such as on the controller with C(delegate_to=localhost).
  - Marks what it creates, so it finds the asset again after somebody renamed it. A monitor and a
    log pipeline get the tags C(managed_by:mailops.postfix) and C(mailops_postfix:NAME), a dashboard
    gets these words as the last line of its description.
  - Never changes or removes an asset without this marker. If another one has the same title, a new
    one is created beside it, with a warning.
  - Compares what the definition says, and nothing else, with what the account has. A change by hand
    of anything that it says is undone, and so is a widget, a processor or a tag that somebody
    added.
  - A clone that somebody makes in Datadog's pages has the marker too, and the run then fails with
    C(datadog_ambiguous). Remove the two tags, or the last line of the description, from the clone.
    If the original is removed instead, the clone is taken for the asset.
  - Warns if Datadog keeps something else than it was sent, since each run would change that again.
  - If two runs create the same asset at once, the later one removes its own.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
options:
  kind:
    description: What the asset is.
    type: str
    choices: [dashboard, monitor, log_pipeline]
    required: true
  name:
    description:
      - A key of your own for the asset, which is part of the marker. Another name is another asset.
      - Up to 100 lower-case letters, digits, C(_) and C(-), the first of them a letter or a digit.
    type: str
    required: true
  definition:
    description:
      - The asset as Datadog's API takes it, and as its pages export it. Required with
        O(state=present).
      - It needs a C(title) for a dashboard, a C(name) for the others. The marker need not be in it.
        What only Datadog sets, such as C(id), C(url) and dates, is ignored at the top level, and
        so is the marker of another asset.
      - What it leaves open keeps Datadog's default when the asset is created. Say C(is_enabled) for
        a log pipeline and its processors.
    type: dict
  state:
    description:
      - V(present) creates the asset, or updates it if it differs.
      - V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
  site:
    description:
      - The Datadog site of the account. Without it, the environment variable E(DD_SITE) is used.
    type: str
    choices:
      - datadoghq.com
      - us3.datadoghq.com
      - us5.datadoghq.com
      - ap1.datadoghq.com
      - ap2.datadoghq.com
      - uk1.datadoghq.com
      - datadoghq.eu
      - ddog-gov.com
      - us2.ddog-gov.com
    default: datadoghq.com
  api_url:
    description:
      - The URL of the API, in place of the one that O(site) has, for a proxy that stands before it.
        With C(http) the keys travel unencrypted.
    type: str
  api_key:
    description:
      - An API key of the organization. Without it, the environment variable E(DD_API_KEY) is used.
    type: str
  application_key:
    description:
      - An application key with the permissions C(dashboards_read) and C(dashboards_write),
        C(monitors_read) and C(monitors_write), or C(logs_read_config) and C(logs_write_pipelines).
        Without it, the environment variable E(DD_APP_KEY) is used.
    type: str
  timeout:
    description:
      - The time limit of the whole run, in seconds, above 0. It includes the waits that Datadog
        asks for when there are too many requests.
    type: int
    default: 120
notes:
  - The type of a monitor cannot change, except between V(metric alert) and V(query alert), which
    are the same. Remove the monitor first.
  - A new log pipeline comes last in the order of the pipelines, which this module does not change.
seealso:
  - name: Datadog's API
    description: What the definitions of dashboards, monitors and log pipelines can contain.
    link: https://docs.datadoghq.com/api/latest/
"""

EXAMPLES = r"""
# The keys are in DD_API_KEY and DD_APP_KEY here.
- name: Be woken if mail cannot be delivered
  mailops.postfix.datadog_asset:
    kind: monitor
    name: deferred
    definition:
      name: !unsafe Too many deferred messages on {{host.name}}
      type: query alert
      query: avg(last_15m):sum:postfix.queue.size{queue:deferred} by {host} > 500
      message: Look at the reasons with 'postqueue -p'. @mail-team@example.com
      priority: 2
      options:
        thresholds: {critical: 500, critical_recovery: 400}
    site: datadoghq.eu
  delegate_to: localhost
  run_once: true

- name: Remove the monitor
  mailops.postfix.datadog_asset:
    kind: monitor
    name: deferred
    state: absent
    site: datadoghq.eu
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
id:
  description: The asset's id in the account. V(null) if it is not there after the run.
  returned: success
  type: str
  sample: "4711"
asset:
  description:
    - The asset as the account has it after the run. In check mode, as it is now. V(null) if it is
      not there.
  returned: success
  type: dict
  sample:
    id: 4711
    name: Too many deferred messages
    type: query alert
    query: avg(last_15m):sum:postfix.queue.size{queue:deferred} by {host} > 500
    tags: ["mailops_postfix:deferred", "managed_by:mailops.postfix"]
diff:
  description:
    - What the definition says, before and after, as JSON. A text of several lines is a list of
      them.
  returned: in diff mode
  type: dict
  contains:
    before:
      description: What the account had. Empty if nothing changes or the asset was not there.
      returned: always
      type: str
      sample: ""
    after:
      description: What it has then. Empty if nothing changes or the asset is removed.
      returned: always
      type: str
      sample: |
        {
          "name": "Too many deferred messages"
        }
    before_header:
      description: Kind and name of the asset.
      returned: always
      type: str
      sample: monitor deferred
    after_header:
      description: Kind and name of the asset.
      returned: always
      type: str
      sample: monitor deferred
errors:
  description: Why the asset could not be brought into this state.
  returned: failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option has a wrong value;
          V(datadog_forbidden), the application key is refused or lacks a permission;
          V(datadog_wrong_site), the site does not know the API key;
          V(datadog_unreachable), the API does not answer, or answers that it is out of order;
          V(datadog_rate_limited), there were too many requests, and the wait is longer than
          O(timeout);
          V(datadog_refused), Datadog refuses the definition or the change;
          V(datadog_answer), the answer is not whole or not Datadog's;
          V(datadog_ambiguous), several assets in the account have the marker.
      returned: always
      type: str
      sample: datadog_refused
    message:
      description: What happened.
      returned: always
      type: str
      sample: "Datadog refuses this: The value provided for parameter 'query' is invalid"
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Correct the definition where Datadog says.
"""

from ansible.module_utils.basic import AnsibleModule, env_fallback

from ansible_collections.mailops.postfix.plugins.module_utils._datadog.assets import (
    SITES,
    ensure,
)
from ansible_collections.mailops.postfix.plugins.module_utils._datadog.kinds import KINDS
from ansible_collections.mailops.postfix.plugins.module_utils._datadog.visible import visible
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "kind": {"type": "str", "choices": list(KINDS), "required": True},
            "name": {"type": "str", "required": True},
            "definition": {"type": "dict"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "site": {
                "type": "str",
                "choices": SITES,
                "default": SITES[0],
                "fallback": (env_fallback, ["DD_SITE"]),
            },
            "api_url": {"type": "str"},
            "api_key": {
                "type": "str",
                "no_log": True,
                "fallback": (env_fallback, ["DD_API_KEY"]),
            },
            "application_key": {
                "type": "str",
                "no_log": True,
                "fallback": (env_fallback, ["DD_APP_KEY"]),
            },
            "timeout": {"type": "int", "default": 120},
        },
        required_if=[("state", "present", ["definition"])],
        supports_check_mode=True,
    )
    try:
        result = ensure(module.params, Deadline(module.params["timeout"]), module.check_mode)
    except HostError as error:
        told = {"kind": error.kind, "message": visible(error.message), "hint": error.hint}
        module.fail_json(msg="{kind}: {message}. {hint}".format(**told), errors=[told])
    for warning in result.pop("warnings"):
        module.warn(visible(warning))
    if not module._diff:
        del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()

#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_verify
short_description: Verify Datadog monitoring of Postfix on a host
version_added: 1.0.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Compares a host with the plan of the role P(mailops.postfix.datadog_postfix#role), and proves
    that the Agent's numbers are true.
  - With C(find), each number of the Agent's check must lie between two counts of the queue's files,
    which root makes before and after the check. The check's own commands are also run as the
    Agent's user, because they show a refusal that the check hides.
  - With C(postqueue), each number must be what the check makes of the listing. A warning shows the
    true numbers if they differ.
  - The running Agent must have started after its configuration, with the groups that its user has,
    must be able to use sudo, and must hold the log open. Queues move, so the counts are compared up
    to three times. An Agent that has just started gets up to 30 seconds.
  - The module cannot show that Datadog receives anything. For that, run C(datadog-agent status).
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
attributes:
  facts:
    support: none
options:
  plan:
    description: The plan for this host, RV(mailops.postfix.datadog_plan#module:plan).
    type: dict
    required: true
  prove:
    description:
      - V(false) only compares the host with the plan, and returns what the role would change. The
        module fails for what the role would refuse.
    type: bool
    default: true
  timeout:
    description: The number of seconds that the whole verification may take.
    type: int
    default: 300
notes:
  - Needs root (C(become=true)).
seealso:
  - module: mailops.postfix.datadog_plan
  - module: mailops.postfix.datadog_agent_check
"""

EXAMPLES = r"""
- name: Verify what the role set up
  ansible.builtin.include_role:
    name: mailops.postfix.datadog_postfix
    tasks_from: verify
    apply:
      become: true
"""

RETURN = r"""
proved:
  description: What was proved, in one line.
  returned: success and O(prove=true)
  type: str
  sample: >-
    1 instance, incoming 4=4 active 3=3 deferred 40=40, /var/log/mail.log readable and open in the
    Agent, Agent started after its configuration
steps:
  description: Which of the steps V(sudo), V(mailq), V(log) and V(config) would change something.
  returned: success and O(prove=false)
  type: list
  elements: str
  sample: [sudo, log, config]
packages:
  description: Which of the packages V(sudo) and V(acl) these steps need and the host lacks.
  returned: success and O(prove=false)
  type: list
  elements: str
  sample: [acl]
errors:
  description: What is wrong, the cause first. What would only follow from it is not checked.
  returned: on failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(not_provisioned), the role never ran here;
          V(not_as_planned), a file or an access right is not as the role sets it;
          V(wrong_number), the check's number is missing, or is not between the counts before and
          after it; V(agent_not_running), the Agent has no process, or an experiment runs in its
          place; V(agent_outdated), the Agent must be restarted; V(agent_restricted), the Agent runs
          as another user, or its unit forbids sudo; V(log_not_open), the Agent does not hold the
          log open.
        - Further kinds are those of M(mailops.postfix.postfix_queue),
          M(mailops.postfix.datadog_agent_check), M(mailops.postfix.sudo_access),
          M(mailops.postfix.mailq_access), M(mailops.postfix.log_access) and
          M(mailops.postfix.datadog_agent_config).
      returned: always
      type: str
      sample: wrong_number
    message:
      description: The cause.
      returned: always
      type: str
      sample: the check reports 0 for the queue deferred of /etc/postfix, which held 40
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Look at what the check says ('datadog-agent check postfix' as the Agent's user), then
        run the role again.
    command:
      description: The command that failed, quoted for a shell. V(null) if no command failed.
      returned: always
      type: str
      sample: null
    rc:
      description: The command's exit code. V(null) if no command failed.
      returned: always
      type: int
      sample: null
    stderr:
      description: What the command printed on stderr.
      returned: always
      type: str
      sample: ""
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._agent.verification import (
    Failures,
    compare,
    prove,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline


def answer(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The result and warnings. Raises HostError, Failures."""
    if os.geteuid() != 0:
        raise HostError(
            "permission_denied",
            "only root can compare a host with the plan",
            hint="Run as root (become: true).",
        )
    deadline = Deadline(options["timeout"])
    if options["prove"]:
        proved, warnings = prove(options["plan"], deadline)
        return {"proved": proved}, warnings
    changes, packages = compare(options["plan"], deadline)
    return {"steps": list(changes), "packages": packages}, []


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "plan": {"type": "dict", "required": True},
            "prove": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    errors: list[HostError] = []
    try:
        result, warnings = answer(module.params)
    except HostError as error:
        errors = [error]
    except Failures as failures:
        errors = failures.errors
    if errors:
        message = "\n".join(
            "{}: {}{}{}".format(
                error.kind,
                error.message.rstrip("."),
                "\n" if "\n" in error.message else ". ",
                error.hint,
            )
            for error in errors
        )
        module.fail_json(msg=message, errors=[error.as_dict() for error in errors])
    for warning in warnings:
        module.warn(warning)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

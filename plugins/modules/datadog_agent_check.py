#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_agent_check
short_description: Run one check of the Datadog Agent as the Agent's user
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Runs C(datadog-agent check NAME --json) with the rights of the Agent's user, and returns its
    metrics and errors as data.
  - Fails if the check failed, even if the Agent's program hides that behind exit code 0. Metrics
    that were collected are returned anyway.
  - Never runs the check as root. As root the Postfix check walks the queues itself, which proves
    nothing about what the Agent can see.
  - Warnings from the check are returned as task warnings.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
attributes:
  facts:
    support: none
options:
  check:
    description:
      - The name of the check. All its instances run.
    type: str
    default: postfix
  user:
    description:
      - The user that the Agent runs as. The default is C(dd-agent). The user needs no login shell.
      - The task must run as root (C(become=true)) or as this user.
    type: str
  binary:
    description:
      - The Agent's program, by its name or its absolute path. The default is C(datadog-agent), on
        macOS C(/opt/datadog-agent/bin/agent/agent).
    type: str
  timeout:
    description:
      - The number of seconds that the check may take. After that the check and its child processes
        are ended, and the task fails.
    type: int
    default: 60
notes:
  - The Postfix check reports V(0) for a queue that it cannot see, without an error. Compare with
    M(mailops.postfix.postfix_queue).
  - The Agent need not run. The check reads the configuration files as they are now, not as the
    running Agent has read them.
  - The command runs without a shell, in C(/), with C(LC_ALL=C), C(PATH) and, if root runs the task,
    C(HOME), C(USER) and C(LOGNAME) of the user. The environment of the Agent's service, for example
    from C(/etc/datadog-agent/environment), is not set.
seealso:
  - module: mailops.postfix.datadog_agent_info
  - module: mailops.postfix.postfix_queue
  - name: Datadog's integration with Postfix
    description: The check and its metrics.
    link: https://docs.datadoghq.com/integrations/postfix/
"""

EXAMPLES = r"""
# Ad hoc, for the whole fleet, with the modules' directory as library in ansible.cfg:
# ansible mail -b -m datadog_agent_check
- name: Run the check of Postfix as the Agent does
  mailops.postfix.datadog_agent_check:
  become: true
  register: check

- name: Show what it measures
  ansible.builtin.debug:
    msg: "{{ item.tags | join(' ') }} {{ item.value }}"
  loop: "{{ check.metrics | selectattr('name', 'eq', 'postfix.queue.size') }}"
  loop_control:
    label: "{{ item.name }}"

- name: Distinguish a failed check from a missing Agent
  block:
    - name: Run it with a program in another place
      mailops.postfix.datadog_agent_check:
        check: postfix
        user: dd-agent
        binary: /opt/datadog-agent/bin/agent/agent
        timeout: 30
      become: true
  rescue:
    - name: Show the kind of each error
      ansible.builtin.debug:
        msg: "{{ ansible_failed_result.errors | map(attribute='kind') }}"
"""

RETURN = r"""
metrics:
  description: The metrics of all instances of the check. On failure, those that were collected.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The metric's name.
      returned: always
      type: str
      sample: postfix.queue.size
    value:
      description: Its value, the last one if there are several.
      returned: always
      type: float
      sample: 7.0
    tags:
      description: Its tags.
      returned: always
      type: list
      elements: str
      sample: ["queue:deferred", "instance:postfix"]
    type:
      description: Its type.
      returned: always
      type: str
      sample: gauge
errors:
  description: What went wrong.
  returned: on failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option does not fit this host, or the check would not run as the
          Agent's user; V(agent_not_installed), the Agent's program is missing; V(check_failed), the
          check itself reports an error, one for each message; V(agent_starting), the Agent was only
          just installed or started, so try again later; V(unparsed_check), the Agent printed
          something unexpected, or more than 16 MiB; V(permission_denied), the user cannot run the
          Agent's program; V(timeout), the check took longer than O(timeout); V(command_failed), the
          Agent's program failed, for example because it has no valid configuration for the check.
      returned: always
      type: str
      sample: check_failed
    message:
      description: The cause in one sentence.
      returned: always
      type: str
      sample: "the check postfix reports: The user does not have sudo access"
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Correct what the check reports, as the Agent's user sees it. Then run the command by
        hand as that user.
    command:
      description: The command that failed, quoted for a shell. V(null) if no command failed.
      returned: always
      type: str
      sample: /usr/bin/datadog-agent check postfix --json
    rc:
      description: The command's exit code, negative if a signal ended it. V(null) if it did not end
        by itself, or no command failed.
      returned: always
      type: int
      sample: 0
    stderr:
      description: What the command printed on stderr, at most 64 KiB.
      returned: always
      type: str
      sample: ""
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._agent.check import (
    check_binary,
    run_check,
    user_to_take_on,
)
from ansible_collections.mailops.postfix.plugins.module_utils._agent.directory import with_defaults
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import bad_argument
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner


def check_options(options: dict[str, Any]) -> None:
    """Raises HostError for options that are out of range."""
    if options["timeout"] <= 0:
        raise bad_argument("timeout", options["timeout"], "is not above 0", "Give a number above 0")
    if not options["check"] or options["check"].startswith("-"):
        hint = "Name the check, such as postfix"
        raise bad_argument("check", options["check"], "is not the name of a check", hint)
    check_binary(options["binary"])


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "check": {"type": "str", "default": "postfix"},
            "user": {"type": "str"},
            "binary": {"type": "str"},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    try:
        options = with_defaults(module.params)
        check_options(options)
        runner = Runner(Deadline(options["timeout"]), user_to_take_on(options["user"]))
        metrics, warnings, errors = run_check(runner, options["binary"], options["check"])
    except HostError as error:
        metrics, warnings, errors = [], [], [error]
    for warning in warnings:
        module.warn(warning)
    if errors:
        message = " ".join(f"{error.kind}: {error.message}. {error.hint}" for error in errors)
        module.fail_json(msg=message, metrics=metrics, errors=[error.as_dict() for error in errors])
    module.exit_json(changed=False, metrics=metrics)


if __name__ == "__main__":
    main()

#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postconf
short_description: Set or remove parameters of Postfix's main.cf
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Sets parameters in the C(main.cf) of one Postfix instance, or removes them, and tells whether
    Postfix needs a reload or a restart for it.
  - Values are compared as Postfix sees them, so other white space and folded lines are no change.
  - The file keeps its comments, owner, group, mode, access list and security label. It is replaced
    as a whole, never half-written.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
options:
  parameters:
    description:
      - The parameters by name.
      - A value is one line of text, as in C(main.cf), so C($name) stays as it is. Numbers are taken
        as text, V(true) and V(false) as V(yes) and V(no). An empty text sets an empty value;
        V(null) is an error.
      - With O(state=absent) only the names count.
      - With O(state=present) a name that Postfix does not know is an error, as it is mostly a slip.
        Postfix also knows the names that other parameters use as C($name) or as restriction class,
        and those of the services in C(master.cf), such as C(relay_destination_concurrency_limit).
      - With O(state=absent) a name that Postfix does not know is removed where C(main.cf) sets it;
        where it does not, that is no change, with a warning, as it may be a slip.
    type: dict
    required: true
  state:
    description:
      - V(present) sets the parameters, also to a value that is Postfix's default anyway.
      - V(absent) removes them, so that the defaults hold.
    type: str
    choices: [present, absent]
    default: present
  config_directory:
    description:
      - The configuration directory of the instance, an absolute path, in which there is a
        C(main.cf). Left out, the default instance.
    type: path
notes:
  - Needs the right to replace the file, so mostly C(become=true).
  - The file is changed by C(postconf -e) or C(postconf -X) on a copy, which then takes its place
    under the lock that C(postconf) itself uses.
  - Neither reloads nor restarts Postfix.
seealso:
  - module: mailops.postfix.postfix_info
  - name: postconf(5)
    description: All parameters.
    link: https://www.postfix.org/postconf.5.html
"""

EXAMPLES = r"""
- name: Let the monitoring user list the queue
  mailops.postfix.postconf:
    parameters:
      authorized_mailq_users: root, watcher
  become: true

- name: Set several parameters
  mailops.postfix.postconf:
    parameters:
      maximal_queue_lifetime: 3d
      bounce_queue_lifetime: $maximal_queue_lifetime
      strict_rfc821_envelopes: true
  become: true
  register: postfix

- name: Reload Postfix where that is enough
  ansible.builtin.command: postfix reload
  become: true
  when: postfix.needs == 'reload'

- name: Restart Postfix where it must be
  ansible.builtin.service:
    name: postfix
    state: restarted
  become: true
  when: postfix.needs == 'restart'

- name: Go back to the defaults in one instance
  mailops.postfix.postconf:
    config_directory: /etc/postfix
    parameters:
      authorized_mailq_users:
      bounce_queue_lifetime:
      maximal_queue_lifetime:
      strict_rfc821_envelopes:
    state: absent
  become: true
"""

RETURN = r"""
config_directory:
  description: The configuration directory of the instance.
  returned: success
  type: str
  sample: /etc/postfix
main_cf:
  description: The file that was changed. Where C(main.cf) is a link, what it leads to.
  returned: success
  type: str
  sample: /etc/postfix/main.cf
needs:
  description:
    - What makes a running Postfix follow the change, V(restart), V(reload) or V(none), as its
      documentation has it.
    - V(none) also where the instance does not run, where no value that Postfix uses has changed,
      and for what only commands read, each time that they run.
    - In check mode, what the change would need.
  returned: success
  type: str
  sample: reload
running:
  description:
    - Whether the instance runs.
    - V(null) where that cannot be found out. RV(needs) then tells what a running instance needs.
  returned: success
  type: bool
  sample: true
parameters:
  description: Each of O(parameters).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The parameter's name.
      returned: always
      type: str
      sample: authorized_mailq_users
    before:
      description: What C(main.cf) set, each run of white space as one blank. V(null) where it did
        not set it.
      returned: always
      type: str
      sample: static:anyone
    after:
      description: What C(main.cf) sets now, or would. V(null) where it does not set it.
      returned: always
      type: str
      sample: root, watcher
    needs:
      description: As RV(needs), for this parameter alone.
      returned: always
      type: str
      sample: none
diff:
  description: The file before and after, as text, each with its path.
  returned: in diff mode
  type: dict
  contains:
    before:
      description: The text before.
      returned: always
      type: str
      sample: "relayhost =\n"
    after:
      description: The text after.
      returned: always
      type: str
      sample: "relayhost = [192.0.2.1]\n"
    before_header:
      description: RV(main_cf).
      returned: always
      type: str
      sample: /etc/postfix/main.cf
    after_header:
      description: RV(main_cf).
      returned: always
      type: str
      sample: /etc/postfix/main.cf
errors:
  description: Why the parameters could not be set or removed. The file is as it was.
  returned: when they could not
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option is out of range, a name or a value cannot stand in C(main.cf);
          V(unknown_parameter), Postfix does not know a name;
          V(not_installed), a program is missing;
          V(bad_config), C(main.cf) is missing or wrong;
          V(permission_denied), the file may not be read or replaced by this user;
          V(timeout), another change held the lock for too long;
          V(command_failed), a command failed in another way.
      returned: always
      type: str
      sample: unknown_parameter
    message:
      description: The cause in one sentence.
      returned: always
      type: str
      sample: Postfix does not know authorised_mailq_users
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Correct the name.
    command:
      description: The command that failed, quoted for a shell. V(null) where the failure was not a
        command's.
      returned: always
      type: str
      sample: null
    rc:
      description: The command's exit code. V(null) where there was no command.
      returned: always
      type: int
      sample: null
    stderr:
      description: What the command said on stderr.
      returned: always
      type: str
      sample: ""
    config_directory:
      description: O(config_directory) as it was given. V(null) for the default instance.
      returned: always
      type: str
      sample: /etc/postfix-out
"""

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instances import (
    describe_instance,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.main_cf import (
    MainCf,
    check_parameters,
)

_TIMEOUT = 30
_WEIGHT = ("none", "reload", "restart")


def check_directory(directory):
    """Raises HostError for what is no configuration directory."""
    if directory is None:
        return
    if not os.path.isabs(directory):
        raise HostError(
            "bad_argument",
            f"config_directory={directory}: not an absolute path",
            hint="Give the path from / on.",
        )
    if not os.path.isdir(directory):
        raise HostError(
            "bad_config",
            f"{directory} is no directory",
            hint="Name the configuration directory of an instance.",
        )


def change(options, workspace, check_mode):
    """The result (dict) and warnings (list of str). Raises HostError."""
    state = options["state"]
    check_directory(options["config_directory"])
    parameters = check_parameters(options["parameters"], state)
    runner = Runner(Deadline(_TIMEOUT))
    if options["config_directory"] is not None:
        MainCf(runner, options["config_directory"], workspace).read()
    instance = describe_instance(runner, options["config_directory"])
    main_cf = MainCf(runner, instance.config_directory, workspace)
    plan = main_cf.plan(parameters, state)
    if plan.before != plan.after and not check_mode:
        plan = main_cf.replace(plan, parameters, state)
    running = Host().find_master(instance.queue_directory).running
    needs = plan.needs if running is not False else dict.fromkeys(plan.needs, "none")
    result = {
        "changed": plan.before != plan.after,
        "config_directory": instance.config_directory,
        "main_cf": main_cf.path,
        "needs": max(needs.values(), key=_WEIGHT.index, default="none"),
        "running": running,
        "parameters": [
            {
                "name": name,
                "before": plan.settings_before.get(name),
                "after": plan.settings_after.get(name),
                "needs": needs[name],
            }
            for name in parameters
        ],
        "diff": {
            "before_header": main_cf.path,
            "after_header": main_cf.path,
            "before": plan.before.decode("utf-8", "replace"),
            "after": plan.after.decode("utf-8", "replace"),
        },
    }
    warnings = [
        f"Postfix does not know the parameter {name}, and main.cf does not set it."
        for name in plan.unknown
    ]
    return result, warnings + plan.warnings


def main():
    module = AnsibleModule(
        argument_spec={
            "parameters": {"type": "dict", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "config_directory": {"type": "path"},
        },
        supports_check_mode=True,
    )
    try:
        with tempfile.TemporaryDirectory(prefix="postconf-") as workspace:
            result, warnings = change(module.params, workspace, module.check_mode)
    except HostError as error:
        module.fail_json(
            msg=f"{error.kind}: {error.message}. {error.hint}",
            errors=[dict(error.as_dict(), config_directory=module.params["config_directory"])],
        )
    if not module._diff:
        del result["diff"]
    for warning in warnings:
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()

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
  - Sets or removes parameters in the C(main.cf) of one Postfix instance, and returns whether
    Postfix needs a reload or a restart.
  - Values are compared as Postfix reads them. A difference in white space or folded lines is no
    change.
  - The file keeps its comments, owner, group, mode, access list and security label. It is replaced
    atomically.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
options:
  parameters:
    description:
      - The parameters and their values.
      - A value is one line of text, as in C(main.cf). C($name) is not expanded. Numbers are taken
        as text, V(true) and V(false) as V(yes) and V(no). An empty string sets an empty value.
        V(null) is an error.
      - With O(state=absent) the values are ignored.
      - With O(state=present) a name that Postfix does not know is an error, because it is probably
        mistyped. Postfix also knows names that other parameters use as C($name) or as a restriction
        class, and those of the services in C(master.cf), such as
        C(relay_destination_concurrency_limit).
      - With O(state=absent) a name that Postfix does not know is removed if C(main.cf) sets it.
        Otherwise the module warns.
    type: dict
    required: true
  state:
    description:
      - V(present) sets the parameters, even if the value is Postfix's default.
      - V(absent) removes them, so that Postfix uses its defaults.
    type: str
    choices: [present, absent]
    default: present
  config_directory:
    description:
      - The configuration directory of the instance, as an absolute path. It must contain a
        C(main.cf).
      - By default, that of the default instance.
    type: path
notes:
  - Run the module with the right to replace the file, usually C(become=true).
  - C(postconf -e) or C(postconf -X) changes a copy of the file, which then replaces the file under
    the lock that C(postconf) itself uses.
  - The module neither reloads nor restarts Postfix.
seealso:
  - module: mailops.postfix.postfix_info
  - name: postconf(5)
    description: The parameters of Postfix.
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

- name: Reload Postfix if that is enough
  ansible.builtin.command: postfix reload
  become: true
  when: postfix.needs == 'reload'

- name: Restart Postfix if it needs that
  ansible.builtin.service:
    name: postfix
    state: restarted
  become: true
  when: postfix.needs == 'restart'

- name: Return to the defaults in one instance
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
  description: The path of the file. Symbolic links are followed.
  returned: success
  type: str
  sample: /etc/postfix/main.cf
needs:
  description:
    - What a running Postfix needs to use the change, V(restart), V(reload) or V(none), according to
      its documentation.
    - V(none) also if the instance does not run, if no value that Postfix uses has changed, and for
      parameters that only commands read, whenever they run.
    - In check mode, what the change would need.
  returned: success
  type: str
  sample: reload
running:
  description:
    - Whether the instance runs.
    - V(null) if that cannot be found out. RV(needs) is then that of a running instance.
  returned: success
  type: bool
  sample: true
parameters:
  description: The result for each of O(parameters).
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
      description: The value in C(main.cf) before, with white space reduced to single blanks.
        V(null) if it was not set.
      returned: always
      type: str
      sample: static:anyone
    after:
      description: The value in C(main.cf) now, or in check mode the one it would have. V(null) if
        it is not set.
      returned: always
      type: str
      sample: root, watcher
    needs:
      description: Like RV(needs), for this parameter alone.
      returned: always
      type: str
      sample: none
diff:
  description: The text of the file before and after, and its path.
  returned: in diff mode
  type: dict
  contains:
    before:
      description: The text before.
      returned: always
      type: str
      sample: "relayhost ="
    after:
      description: The text after.
      returned: always
      type: str
      sample: "relayhost = [192.0.2.1]"
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
  description: Why the parameters could not be set or removed. The file is unchanged.
  returned: failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option is invalid, or C(main.cf) cannot hold a name or value;
          V(unknown_parameter), Postfix does not know a name;
          V(not_installed), a program is missing;
          V(bad_config), C(main.cf) is missing or invalid;
          V(permission_denied), this user may not read or replace the file;
          V(io_error), the file cannot be read or written for another reason, such as a full disk;
          V(timeout), another process locked the file for too long;
          V(command_failed), a command failed in another way.
      returned: always
      type: str
      sample: unknown_parameter
    message:
      description: The cause.
      returned: always
      type: str
      sample: Postfix does not know the parameter authorised_mailq_users
    hint:
      description: What to do.
      returned: always
      type: str
      sample: >-
        Correct the name ('postconf -d' lists all). Another parameter must use a name of your own,
        as $name or as a restriction class.
    command:
      description: The command that failed, quoted for a shell. V(null) if no command failed.
      returned: always
      type: str
      sample: null
    rc:
      description: The exit code of the command. V(null) if no command failed.
      returned: always
      type: int
      sample: null
    stderr:
      description: The stderr of the command.
      returned: always
      type: str
      sample: ""
    config_directory:
      description: O(config_directory) as given. V(null) for the default instance.
      returned: always
      type: str
      sample: /etc/postfix-out
"""

import os
import tempfile
from typing import Any

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

# Seconds.
_TIMEOUT = 30
_WEIGHT = ("none", "reload", "restart")


def check_directory(directory: str | None) -> None:
    """Raise HostError (bad_argument, bad_config) for what is no configuration directory."""
    if directory is None:
        return
    if not os.path.isabs(directory):
        raise HostError(
            "bad_argument",
            f"config_directory={directory}: not an absolute path",
            hint="Give the full path.",
        )
    if not os.path.isdir(directory):
        raise HostError(
            "bad_config",
            f"config_directory={directory}: there is no directory of this name",
            hint="Give the configuration directory of an instance.",
        )


def change(
    options: dict[str, Any], workspace: str, check_mode: bool
) -> tuple[dict[str, Any], list[str]]:
    """The module's result and its warnings. workspace: an empty directory. Raises HostError."""
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
        plan = main_cf.replace(plan, parameters, state) or plan
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
        f"Postfix does not know the parameter {name}, and main.cf does not set it. Check its name."
        for name in plan.unknown
    ]
    return result, warnings + plan.warnings


def main() -> None:
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

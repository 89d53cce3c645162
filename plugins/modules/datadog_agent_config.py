#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_agent_config
short_description: Configure the Datadog Agent's Postfix check, and enable the collection of logs
version_added: 1.0.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Writes C(conf.yaml) of the Agent's Postfix check. If asked to, sets C(logs_enabled) in
    C(datadog.yaml) or C(DD_LOGS_ENABLED) in C(environment) to true.
  - Works with the rights of the user who owns the Agent's directory, and never as root where
    another user can write. Refuses symbolic links, FIFOs, devices and directories in place of these
    files, and files over 1 MiB. Replaces files atomically, by renaming.
  - Looks at everything before the first change, so a refusal changes nothing.
  - Does not restart the Agent. RV(mailops.postfix.datadog_agent_info#module:restart_due) shows
    whether a restart is due.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
options:
  state:
    description:
      - V(present) writes C(conf.yaml), and enables the collection of logs as O(logs_enabled_in)
        says.
      - V(absent) removes C(conf.yaml) if this module wrote it. The collection of logs stays
        enabled, because other checks may need it.
    type: str
    choices: [present, absent]
    default: present
  content:
    description:
      - The whole text of C(conf.yaml). Required with O(state=present).
      - The module puts the comment C(# Managed by Ansible) and its name before it, by which it
        recognizes its own file.
    type: str
  backup:
    description:
      - Whether to keep a copy of a C(conf.yaml) that somebody else wrote when it is replaced. The
        copy is in the same directory, and its name ends in C(~), so the Agent does not load it.
    type: bool
    default: false
  logs_enabled_in:
    description:
      - Where to enable the collection of logs. V(datadog_yaml) sets C(logs_enabled) in
        C(datadog.yaml), which must exist. V(environment) sets C(DD_LOGS_ENABLED) in C(environment),
        which is created if it is missing. V(none) changes neither.
      - Only the value changes. Comments, order and everything else in the file are kept. A file
        that the module cannot understand is an error.
    type: str
    choices: [datadog_yaml, environment, none]
    default: none
  config_directory:
    description:
      - The Agent's configuration directory, an absolute path. The default is C(/etc/datadog-agent),
        on macOS C(/opt/datadog-agent/etc).
      - It contains C(conf.d), unless C(DD_CONFD_PATH) in C(environment) or C(confd_path) in
        C(datadog.yaml) names another directory.
    type: path
  user:
    description:
      - The user that the Agent runs as, who must be able to read the files. The default is
        C(dd-agent).
      - The directory must belong to this user or to root. In a directory of root's, new files
        belong to root and to this user's primary group.
    type: str
notes:
  - Needs root, or the user O(user).
  - C(conf.yaml) and a new C(environment) have mode 0640, a new C(postfix.d) has mode 0755. Other
    files keep their mode and their access list, and their group if the directory's owner is a
    member of it.
seealso:
  - module: mailops.postfix.datadog_agent_info
  - module: mailops.postfix.datadog_agent_check
"""

EXAMPLES = r"""
- name: Let the Agent count the messages in two queues, and collect logs
  mailops.postfix.datadog_agent_config:
    content: |
      init_config:
        postfix_user: postfix
      instances:
        - directory: /var/spool/postfix
          queues: [active, deferred]
    logs_enabled_in: datadog_yaml
    backup: true
  become: true

- name: Remove the configuration of the check
  mailops.postfix.datadog_agent_config:
    state: absent
  become: true
"""

RETURN = r"""
file:
  description: The path of the check's C(conf.yaml).
  returned: success
  type: str
  sample: /etc/datadog-agent/conf.d/postfix.d/conf.yaml
backup_file:
  description: The copy of the file that was replaced. V(null) if there is none, as in check mode.
  returned: success
  type: str
  sample: /etc/datadog-agent/conf.d/postfix.d/conf.yaml.20261124T103000Z~
diff:
  description: The change of each file. C(datadog.yaml) and C(environment) hold keys, so only the
    line that changes is shown.
  returned: in diff mode
  type: list
  elements: dict
  contains:
    before_header:
      description: The file.
      returned: always
      type: str
      sample: /etc/datadog-agent/datadog.yaml
    after_header:
      description: The file.
      returned: always
      type: str
      sample: /etc/datadog-agent/datadog.yaml
    before:
      description: The text before.
      returned: always
      type: str
      sample: "logs_enabled: false\n"
    after:
      description: The text after.
      returned: always
      type: str
      sample: "logs_enabled: true\n"
errors:
  description: What went wrong. Nothing changed, unless writing a file failed.
  returned: on failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option does not fit this host, or the directory belongs neither to
          O(user) nor to root; V(agent_not_installed), the Agent's directory or C(datadog.yaml) is
          missing; V(unsafe_path), something else is in place of a file or a directory;
          V(bad_config), C(datadog.yaml) or C(environment) is not understood, or C(conf.d) is
          missing; V(permission_denied), the owner of the directory cannot read or write a file in
          it; V(timeout), the work took longer than 30 seconds; V(command_failed), any other error
          of the system, such as a full disk.
      returned: always
      type: str
      sample: unsafe_path
    message:
      description: The cause in one sentence.
      returned: always
      type: str
      sample: /etc/datadog-agent/environment is a symbolic link, not a regular file
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Look at it ('ls -ld') and at who can write to its directory, remove what does not
        belong there, then run this again.
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._agent.config import configure
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

_TIMEOUT = 30


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "content": {"type": "str"},
            "backup": {"type": "bool", "default": False},
            "logs_enabled_in": {
                "type": "str",
                "choices": ["datadog_yaml", "environment", "none"],
                "default": "none",
            },
            "config_directory": {"type": "path"},
            "user": {"type": "str"},
        },
        required_if=[("state", "present", ("content",))],
        supports_check_mode=True,
    )
    try:
        result = configure(module.params, Deadline(_TIMEOUT), module.check_mode)
    except HostError as error:
        errors = [{"kind": error.kind, "message": error.message, "hint": error.hint}]
        module.fail_json(msg=f"{error.kind}: {error.message}. {error.hint}", errors=errors)
    if not module._diff:
        del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()

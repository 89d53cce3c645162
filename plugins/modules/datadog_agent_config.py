#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_agent_config
short_description: Write the configuration of a check of the Datadog Agent, and enable the
  collection of logs
version_added: 0.2.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Writes C(conf.yaml) of one check, and sets C(logs_enabled) in C(datadog.yaml) or
    C(DD_LOGS_ENABLED) in C(environment) to true if asked to.
  - Works with the rights of the user who owns the Agent's directory, never as root where another
    user may write. Symbolic links, FIFOs, devices and directories in place of these files are
    errors, and so are files over 1 MiB. Files are replaced whole, by renaming.
  - Looks at everything before the first change, so that a refusal changes nothing.
  - Does not restart the Agent. RV(mailops.postfix.datadog_agent_info#module:restart_due) says
    whether that is due.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.changes
options:
  check:
    description:
      - The name of the check, whose directory is C(CHECK.d).
    type: str
    default: postfix
  state:
    description:
      - V(present) writes C(conf.yaml), and enables the collection of logs as O(logs_enabled_in)
        says.
      - V(absent) removes C(conf.yaml) if it begins with O(marker). Another file stays, and so does
        the collection of logs, as other checks may need it.
    type: str
    choices: [present, absent]
    default: present
  content:
    description:
      - The whole text of C(conf.yaml). Required with O(state=present). O(marker) is put before it
        where it does not begin with it.
    type: str
  marker:
    description:
      - The comment by which a C(conf.yaml) is known as written by this module.
    type: str
    default: "# Managed by Ansible (mailops.postfix.datadog_postfix): changes are overwritten."
  backup:
    description:
      - Whether to keep a copy of a C(conf.yaml) that does not begin with O(marker) when it is
        replaced. The copy is beside it, and its name ends in C(~), so that the Agent does not load
        it.
    type: bool
    default: false
  logs_enabled_in:
    description:
      - Where to enable the collection of logs. V(datadog_yaml) sets C(logs_enabled) in
        C(datadog.yaml), which must exist, V(environment) sets C(DD_LOGS_ENABLED) in C(environment),
        which is created if it is missing. V(none) leaves both as they are.
      - Only the value changes. Comments, order and everything else in the file stay. A file that
        cannot be understood is an error.
    type: str
    choices: [datadog_yaml, environment, none]
    default: none
  config_directory:
    description:
      - The Agent's configuration directory, an absolute path. The default is C(/etc/datadog-agent),
        on macOS C(/opt/datadog-agent/etc).
      - C(conf.d) is in it, unless C(DD_CONFD_PATH) in C(environment) or C(confd_path) in
        C(datadog.yaml) names another place.
    type: path
  user:
    description:
      - The user that the Agent runs as, who must be able to read the files. The default is
        C(dd-agent).
      - The directory must belong to this user or to root. Where it is root's, the files belong to
        root and to this user's primary group.
    type: str
notes:
  - Needs root, or the user O(user).
  - C(conf.yaml) has mode 0640, a new C(environment) as well, and a new C(CHECK.d) 0755. Other files
    keep their mode, and their group where the directory's owner is a member. Access lists of a
    replaced file are not kept.
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

- name: Write the configuration of another check, and mark it as yours
  mailops.postfix.datadog_agent_config:
    check: linux_proc_extras
    marker: "# Managed by Ansible: changes are overwritten."
    content: |
      # Managed by Ansible: changes are overwritten.
      init_config: {}
      instances: [{}]
  become: true

- name: Remove it
  mailops.postfix.datadog_agent_config:
    check: linux_proc_extras
    marker: "# Managed by Ansible: changes are overwritten."
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
  description: The copy of the file that was replaced. V(null) where there is none, as in check
    mode.
  returned: success
  type: str
  sample: /etc/datadog-agent/conf.d/postfix.d/conf.yaml.20261124T103000Z~
diff:
  description: What changes in each file. Of C(datadog.yaml) and C(environment), which hold keys,
    only the line that changes.
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
      description: What is replaced.
      returned: always
      type: str
      sample: "logs_enabled: false\n"
    after:
      description: What is written.
      returned: always
      type: str
      sample: "logs_enabled: true\n"
errors:
  description: What went wrong. Nothing was changed, unless a file could not be written.
  returned: on failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option does not fit this host, or the directory belongs to another
          user than O(user) or root; V(agent_not_installed), the Agent's directory or
          C(datadog.yaml) is missing; V(unsafe_path), something else is in place of a file or a
          directory; V(bad_config), C(datadog.yaml) or C(environment) is not understood, or
          C(conf.d) is missing; V(permission_denied), the owner of the directory may not read or
          write a file in it; V(timeout), it took longer than 30 seconds; V(command_failed), any
          other error of the system, such as a full disk.
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

from ansible_collections.mailops.postfix.plugins.module_utils._agent.config import MARKER, configure
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

_TIMEOUT = 30


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "check": {"type": "str", "default": "postfix"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "content": {"type": "str"},
            "marker": {"type": "str", "default": MARKER},
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
    # Under the name path, Ansible would look at it itself, and follow a link there.
    answer = {
        "changed": result["changed"],
        "file": result["path"],
        "backup_file": result["backup_file"],
    }
    if module._diff:
        answer["diff"] = result["diff"]
    module.exit_json(**answer)


if __name__ == "__main__":
    main()

#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_agent_info
short_description: Describe the Datadog Agent of a host, and what its user may do
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Returns what matters before the Agent is made to watch Postfix - its program, user and groups, the configuration files of its Postfix check,
    whether it collects logs, and the state of sudo.
  - What cannot be found out, for lack of rights or of understanding, is V(null), and RV(unknown) says why. It is never guessed.
  - A host without the Agent is an answer, RV(installed=false), not a failure.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
attributes:
  facts:
    support: none
options:
  user:
    description:
      - The user that the Agent runs as.
    type: str
    default: dd-agent
  binary:
    description:
      - The Agent's program, by its name or its absolute path, on macOS C(/opt/datadog-agent/bin/agent/agent).
    type: str
    default: datadog-agent
  config_directory:
    description:
      - The Agent's configuration directory, an absolute path, on macOS C(/opt/datadog-agent/etc).
    type: path
    default: /etc/datadog-agent
notes:
  - Needs root for all of it. As another user, the settings of the Agent and the policy of sudo are mostly not known.
  - The configuration is that in files. What the running Agent has not read yet counts, and what C(confd_path) in C(datadog.yaml),
    drop-ins of its service or its command line change does not.
  - Commands run without a shell, in C(/), with C(LC_ALL=C) and only C(PATH) of the environment, to which the sbin directories are added.
seealso:
  - module: mailops.postfix.datadog_agent_check
  - module: mailops.postfix.postfix_info
"""

EXAMPLES = r"""
# Ad hoc, the whole fleet: ansible mail -b -m mailops.postfix.datadog_agent_info
- name: Describe the Datadog Agent
  mailops.postfix.datadog_agent_info:
  become: true
  register: agent

- name: Fail where sudo would refuse the Agent's check whatever the rules
  ansible.builtin.assert:
    that: agent.sudo.policy_valid
    fail_msg: "{{ agent.sudo.policy_message }}"
  when: agent.installed and agent.sudo.installed

- name: Show the groups through which the Agent may read logs
  ansible.builtin.debug:
    msg: "{{ agent.user.groups | intersect(['adm', 'systemd-journal']) | join(' ') }}"
  when: agent.user is not none

- name: Describe an Agent in another place
  mailops.postfix.datadog_agent_info:
    user: dd-agent
    binary: /opt/datadog-agent/bin/agent/agent
    config_directory: /opt/datadog-agent/etc
  become: true
"""

RETURN = r"""
installed:
  description: Whether the Agent is installed, that is, whether there is its program.
  returned: success
  type: bool
  sample: true
binary:
  description: The program's path. V(null) where there is none.
  returned: success
  type: str
  sample: /usr/bin/datadog-agent
user:
  description: The user O(user). V(null) where there is none.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: dd-agent
    uid:
      description: Its number.
      returned: always
      type: int
      sample: 997
    group:
      description: Its primary group.
      returned: always
      type: str
      sample: dd-agent
    groups:
      description: All its groups, sorted. A running Agent has those that there were when it was started.
      returned: always
      type: list
      elements: str
      sample: [adm, dd-agent]
    home:
      description: Its home directory.
      returned: always
      type: str
      sample: /opt/datadog-agent
config_directory:
  description: O(config_directory).
  returned: success
  type: str
  sample: /etc/datadog-agent
config_directory_exists:
  description: Whether it is there.
  returned: success
  type: bool
  sample: true
postfix_configurations:
  description:
    - The files that the Agent loads for its Postfix check by their names, sorted - C(postfix.yaml) and C(postfix.yml) in C(conf.d), and
      what ends in C(.yaml) or C(.yml) in C(conf.d/postfix.d), hidden files included. It skips those that are empty or wrong.
    - What ends in C(.default) is left out, as the Agent loads it only where there is none of these.
    - V(null) where a directory is closed to this user.
  returned: success
  type: list
  elements: str
  sample: [/etc/datadog-agent/conf.d/postfix.d/conf.yaml]
logs_enabled:
  description: Whether the Agent collects logs. What the environment says counts before the file; where neither says anything, it does not.
  returned: success
  type: dict
  contains:
    file:
      description: What C(logs_enabled) in C(datadog.yaml) says. V(null) where it is not set, or not known.
      returned: always
      type: bool
      sample: true
    environment:
      description: What C(DD_LOGS_ENABLED) in the file C(environment) says, which the service reads. V(null) where it is not set, or not known.
      returned: always
      type: bool
      sample: true
sudo:
  description: The state of sudo.
  returned: success
  type: dict
  contains:
    installed:
      description: Whether there is sudo.
      returned: always
      type: bool
      sample: true
    version:
      description: Its version. V(null) where there is none, or it is not known.
      returned: always
      type: str
      sample: 1.9.16p2
    policy_valid:
      description: Whether C(visudo -c) is content with the policy. V(null) where that is not known.
      returned: always
      type: bool
      sample: true
    policy_message:
      description: What C(visudo -c) says of a policy that is not valid. Empty for any other.
      returned: always
      type: str
      sample: ""
    requiretty:
      description:
        - Whether the user needs C(Defaults:USER !requiretty), that is, whether a C(Defaults) line for everybody, for a host, for the user or for
          one of the user's groups sets C(requiretty). The answer stays the same where there is such an exemption already.
        - V(null) where that is not known.
      returned: always
      type: bool
      sample: false
unknown:
  description: What is not known above, and why.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: The field, such as V(sudo.requiretty).
      returned: always
      type: str
      sample: logs_enabled.file
    why:
      description: The reason.
      returned: always
      type: str
      sample: /etc/datadog-agent/datadog.yaml cannot be read
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils.agent_check import check_binary
from ansible_collections.mailops.postfix.plugins.module_utils.agent_info import describe_agent
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.host import Host
from ansible_collections.mailops.postfix.plugins.module_utils.runner import Deadline, Runner

_TIMEOUT = 30


def check_directory(directory):
    """Raises QueueError for what is no absolute path."""
    if not os.path.isabs(directory):
        raise QueueError("bad_argument", "config_directory=%s: not an absolute path" % directory, mend="Give the path from / on.")


def main():
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str", "default": "dd-agent"},
            "binary": {"type": "str", "default": "datadog-agent"},
            "config_directory": {"type": "path", "default": "/etc/datadog-agent"},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        check_binary(options["binary"])
        check_directory(options["config_directory"])
    except QueueError as error:
        module.fail_json(msg="%s: %s. %s" % (error.kind, error.message, error.mend))
    runner = Runner(Deadline(_TIMEOUT))
    described = describe_agent(runner, Host(), options["user"], options["binary"], options["config_directory"], os.geteuid() == 0)
    module.exit_json(changed=False, **described)


if __name__ == "__main__":
    main()

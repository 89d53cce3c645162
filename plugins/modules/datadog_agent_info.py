#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_agent_info
short_description: Describe the Datadog Agent of a host
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Returns what matters for monitoring Postfix - the Agent's program, user and groups, the
    configuration files of its Postfix check, whether it collects logs, and how the running Agent
    differs from its configuration.
  - What cannot be determined is V(null), never a guess, and RV(unknown) shows why.
  - A host without the Agent is not an error, but RV(installed=false).
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
attributes:
  facts:
    support: none
options:
  user:
    description:
      - The user that the Agent runs as. The default is C(dd-agent).
    type: str
  binary:
    description:
      - The Agent's program, by its name or its absolute path. The default is C(datadog-agent), on
        macOS C(/opt/datadog-agent/bin/agent/agent).
    type: str
  config_directory:
    description:
      - The Agent's configuration directory, an absolute path. The default is C(/etc/datadog-agent),
        on macOS C(/opt/datadog-agent/etc).
    type: path
  service:
    description:
      - The Agent's service. The default is C(datadog-agent), on macOS C(com.datadoghq.agent).
    type: str
notes:
  - Only root sees everything. Other users usually cannot read the Agent's settings.
  - Files in a directory that the Agent's user can write to are read with that user's rights, and
    symbolic links are not followed.
  - The settings are those in C(datadog.yaml) and C(environment). Drop-ins of the service and the
    Agent's command line are not considered.
  - Commands run without a shell, in C(/), with C(LC_ALL=C) and only C(PATH) of the environment, to
    which the sbin directories are added.
  - The process is found through C(/proc), so it is V(null) on macOS. The module was tried on Linux
    only.
seealso:
  - module: mailops.postfix.datadog_agent_check
  - module: mailops.postfix.postfix_info
"""

EXAMPLES = r"""
# Ad hoc, for the whole fleet, with the modules' directory as library in ansible.cfg:
# ansible mail -b -m datadog_agent_info
- name: Describe the Datadog Agent
  mailops.postfix.datadog_agent_info:
  become: true
  register: agent

- name: Show why the Agent must be restarted
  ansible.builtin.debug:
    msg: "{{ agent.restart_due | join('; ') }}"
  when: agent.restart_due | default([], true) | length > 0

- name: Show the groups through which the Agent can read logs
  ansible.builtin.debug:
    msg: "{{ agent.user.groups | intersect(['adm', 'systemd-journal']) | join(' ') }}"
  when: agent.user is not none

- name: Describe an Agent that is installed elsewhere
  mailops.postfix.datadog_agent_info:
    user: dd-agent
    binary: /opt/datadog-agent/bin/agent/agent
    config_directory: /opt/datadog-agent/etc
    service: datadog-agent
  become: true
"""

RETURN = r"""
installed:
  description: Whether the Agent is installed, that is, whether its program exists.
  returned: success
  type: bool
  sample: true
binary:
  description: The program's path. V(null) if it does not exist.
  returned: success
  type: str
  sample: /usr/bin/datadog-agent
user:
  description: The user O(user). V(null) if there is no such user.
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
      description: All its groups, sorted. A running Agent has the groups of the time when it
        started.
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
  description: The Agent's configuration directory.
  returned: success
  type: str
  sample: /etc/datadog-agent
config_directory_exists:
  description: Whether it exists.
  returned: success
  type: bool
  sample: true
confd_path:
  description:
    - The directory of the checks' configuration - C(DD_CONFD_PATH) in the file C(environment), or
      C(confd_path) in C(datadog.yaml), or else C(conf.d) in RV(config_directory).
    - V(null) if it is not known.
  returned: success
  type: str
  sample: /etc/datadog-agent/conf.d
postfix_configurations:
  description:
    - The files that the Agent loads for its Postfix check, sorted - C(postfix.yaml) and
      C(postfix.yml) in RV(confd_path), and every file in C(postfix.d) there with a name that ends
      in C(.yaml) or C(.yml), hidden files included. The Agent skips those that are empty or wrong.
    - Names that end in C(.default) are not listed, because the Agent loads them only if there are
      no others.
    - A symbolic link, a FIFO or a device of such a name is in RV(unknown) instead.
    - V(null) if a directory cannot be read, or is a symbolic link.
  returned: success
  type: list
  elements: str
  sample: [/etc/datadog-agent/conf.d/postfix.d/conf.yaml]
logs_enabled:
  description: Whether the Agent collects logs. The environment overrides the file; if neither sets
    it, the Agent does not.
  returned: success
  type: dict
  contains:
    file:
      description: C(logs_enabled) in C(datadog.yaml). V(null) if it is not set or not known.
      returned: always
      type: bool
      sample: true
    environment:
      description: C(DD_LOGS_ENABLED) in the file C(environment), which the service reads. V(null)
        if it is not set or not known.
      returned: always
      type: bool
      sample: true
service_manager:
  description: V(systemd) or V(launchd). V(null) if there is neither.
  returned: success
  type: str
  sample: systemd
service:
  description: The service O(service). V(null) if it does not exist or is not known.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: datadog-agent.service
    state:
      description: Its state, such as V(active), V(inactive), V(failed) or V(activating).
      returned: always
      type: str
      sample: active
    sub_state:
      description: Its state in the terms of its service manager, such as V(running) or V(dead).
        V(null) if launchd does not know it.
      returned: always
      type: str
      sample: running
    masked:
      description: Whether it is masked, so that it cannot be started.
      returned: always
      type: bool
      sample: false
    experiment:
      description: Whether C(datadog-agent-exp.service) is active, which Datadog's Fleet Automation
        temporarily runs in place of the service.
      returned: always
      type: bool
      sample: false
process:
  description:
    - The Agent's core process, that is C(agent run) in the service's control group, even as the
      child of a process manager. Without systemd or a running service it is looked for among the
      processes of O(user).
    - V(null) if it does not run or is not known.
  returned: success
  type: dict
  contains:
    pid:
      description: Its number.
      returned: always
      type: int
      sample: 4711
    user:
      description: The name of the user that it runs as.
      returned: always
      type: str
      sample: dd-agent
    uid:
      description: The number of this user.
      returned: always
      type: int
      sample: 997
    started:
      description: When it started, in seconds since 1970.
      returned: always
      type: float
      sample: 1795349344.0
    groups:
      description: The groups that it runs with, sorted.
      returned: always
      type: list
      elements: str
      sample: [adm, dd-agent]
    no_new_privs:
      description: Whether it cannot gain privileges, for example because of C(NoNewPrivileges=yes)
        in its unit.
      returned: always
      type: bool
      sample: false
    may_sudo:
      description: Whether its child processes can use sudo. That needs C(CAP_SETUID) and
        C(CAP_SETGID) in its bounding set, RV(process.no_new_privs=false), and the host's user
        namespace (not C(PrivateUsers=yes)).
      returned: always
      type: bool
      sample: true
    own_mounts:
      description: Whether it sees other mounts than the rest of the host, for example because of
        C(PrivateTmp=yes) or C(InaccessiblePaths=) in its unit.
      returned: always
      type: bool
      sample: false
    open_files:
      description: The regular files that it holds open, sorted, at most 1000. V(null) if that is
        not known; only root and the user can see it.
      returned: always
      type: list
      elements: str
      sample: [/var/log/mail.log]
    reads_journal:
      description: Whether it holds a file of the journal open. V(null) if that is not known.
      returned: always
      type: bool
      sample: false
restart_due:
  description:
    - How the running Agent differs from a restarted one. Empty if a restart would change nothing.
    - It lacks a group that its user has, it has a group that its user and its unit do not have, or
      it started before C(datadog.yaml), C(environment), C(postfix.d) or a file of
      RV(postfix_configurations) changed. Times are compared in whole seconds.
    - V(null) if the Agent does not run, or if that is not known.
  returned: success
  type: list
  elements: str
  sample: [lacks the group adm that its user has]
unknown:
  description: The fields that are not known, and why.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: The field, such as V(restart_due).
      returned: always
      type: str
      sample: logs_enabled.file
    why:
      description: The reason.
      returned: always
      type: str
      sample: /etc/datadog-agent/datadog.yaml cannot be read
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._agent.check import check_binary
from ansible_collections.mailops.postfix.plugins.module_utils._agent.directory import with_defaults
from ansible_collections.mailops.postfix.plugins.module_utils._agent.info import describe_agent
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host

_TIMEOUT = 30


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str"},
            "binary": {"type": "str"},
            "config_directory": {"type": "path"},
            "service": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        options = with_defaults(module.params)
        check_binary(options["binary"])
        described = describe_agent(Runner(Deadline(_TIMEOUT)), Host(), options)
    except HostError as error:
        module.fail_json(msg=f"{error.kind}: {error.message}. {error.hint}")
    module.exit_json(changed=False, **described)


if __name__ == "__main__":
    main()

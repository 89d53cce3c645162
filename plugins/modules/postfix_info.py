#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_info
short_description: Describe the Postfix instances of a host
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Describes the Postfix instances that C(postmulti -l) lists, or those in O(config_directory). Of
    each it returns the settings that matter for monitoring, whether it runs, its systemd unit, and
    where its log goes.
  - A value that cannot be found out, for example for lack of rights, is V(null), and RV(unknown)
    says why. The module never guesses.
  - As root, the module finds the log by evidence, with any syslog daemon and any configuration. It
    writes one line to the log of each instance with C(postlog), as Postfix's daemons do, and looks
    for that line in the journal and in the files that a syslog daemon holds open for writing. This
    can take 3 seconds. The task still returns RV(ignore:changed=false). In check mode, and for an
    instance with C(maillog_file), the module writes nothing.
  - In check mode the module relies on the lines that are already there. If there are none, or the
    files have different ones, RV(instances[].log) is not known. Such lines can be old, and any user
    of the host can write them, so use the result only as a preview.
  - On a host without Postfix, the module succeeds and returns RV(installed=false).
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
attributes:
  check_mode:
    support: full
    details: In check mode it writes no line to the logs, so it may not find out where they go.
  facts:
    support: none
options:
  config_directory:
    description:
      - Configuration directories of the instances to describe, as absolute paths without a trailing
        slash. C(postmulti -l) need not list them.
      - By default, every instance that C(postmulti -l) lists.
      - A directory without a readable C(main.cf) is no failure. RV(unknown) says what is not known.
    type: list
    elements: path
notes:
  - To find the log, run the module as root. The rest needs no rights if all users can read
    C(main.cf), as on most systems.
  - Commands run without a shell, in C(/), with C(LC_ALL=C). Of the environment they get only
    C(PATH), to which the sbin directories are added.
  - A process counts as a syslog daemon if its name is C(*syslog*) or C(busybox), and if it runs as
    root or in a system service with C(syslog) in its name.
seealso:
  - module: mailops.postfix.postfix_queue
  - module: mailops.postfix.postconf
  - name: postlog(1)
    description: The program that writes the line.
    link: https://www.postfix.org/postlog.1.html
  - name: postmulti(1)
    description: How Postfix manages several instances.
    link: https://www.postfix.org/postmulti.1.html
"""

EXAMPLES = r"""
# Ad hoc, for the whole fleet, with the modules' directory as library in ansible.cfg:
# ansible mail -b -m postfix_info
- name: Describe Postfix
  mailops.postfix.postfix_info:
  become: true
  register: postfix

- name: Show where each instance's log goes
  ansible.builtin.debug:
    msg: "{{ item.log.destination }} {{ item.log.files | default([], true) | map(attribute='path') |
      join(' ') }}"
  loop: "{{ postfix.instances }}"
  loop_control:
    label: "{{ item.config_directory }}"

- name: Describe two instances, whether Postfix lists them or not
  mailops.postfix.postfix_info:
    config_directory: [/etc/postfix, /etc/postfix-out]

- name: Fail if an enabled instance does not run
  ansible.builtin.assert:
    that: postfix.instances | selectattr('enabled') | rejectattr('running') | length == 0
  when: postfix.installed
"""

RETURN = r"""
installed:
  description: Whether Postfix is installed, that is, whether C(postconf) exists.
  returned: success
  type: bool
  sample: true
instances:
  description: The instances, the default one first, or in the order of O(config_directory). V(null)
    if they cannot be listed.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description:
        - C(multi_instance_name), V(-) for an instance without a name.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: str
      sample: "-"
    group:
      description:
        - C(multi_instance_group), V(-) for an instance without a group.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: str
      sample: "-"
    enabled:
      description:
        - Whether C(postfix start) starts the instance (C(multi_instance_enable)). The default
          instance is enabled if it is the only one. An instance that C(postmulti -l) does not list
          is not enabled.
        - V(null) if C(main.cf) cannot be read, or the instances cannot be listed.
      returned: always
      type: bool
      sample: true
    config_directory:
      description: The configuration directory, as C(postmulti -l) lists it or O(config_directory)
        gives it.
      returned: always
      type: str
      sample: /etc/postfix
    queue_directory:
      description:
        - The directory of the queues.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: str
      sample: /var/spool/postfix
    mail_owner:
      description:
        - The user who owns the queues.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: str
      sample: postfix
    setgid_group:
      description:
        - The group of C(postqueue) and C(postdrop).
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: str
      sample: postdrop
    version:
      description:
        - Postfix's version, C(mail_version).
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: str
      sample: 3.10.13
    authorized_mailq_users:
      description:
        - The users who may list the queues of this instance; the first match counts. Files and
          tables are given by name.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: list
      elements: str
      sample: ["static:anyone"]
    alternate_config_directories:
      description:
        - Configuration directories that users other than root may give to Postfix's commands.
          Postfix uses only those of the default instance.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: list
      elements: str
      sample: []
    multi_instance_directories:
      description:
        - Configuration directories of the other instances. Postfix uses only those of the default
          instance.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: list
      elements: str
      sample: [/etc/postfix-out]
    enable_long_queue_ids:
      description:
        - Whether new queue IDs are long. Long ones contain the arrival time.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: bool
      sample: false
    hash_queue_names:
      description:
        - The queues with subdirectories.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: list
      elements: str
      sample: [deferred, defer]
    hash_queue_depth:
      description:
        - The number of levels of these subdirectories.
        - V(null) if C(main.cf) cannot be read.
      returned: always
      type: int
      sample: 1
    running:
      description: Whether the instance runs. V(null) if that cannot be found out.
      returned: always
      type: bool
      sample: true
    running_by:
      description:
        - How RV(instances[].running) was found out. A running master locks C(pid/master.pid) below
          the queue directory.
        - V(lock_table), from the kernel's table of locks, C(/proc/locks), which any user can read;
          V(open_file), by whether the process named in the file has it open, which only root can
          see;
          V(no_pid_file), there is no such file, so the instance never ran.
        - V(null) if RV(instances[].running) is.
      returned: always
      type: str
      sample: lock_table
    unit:
      description:
        - The systemd unit of a running instance, according to the control group of its master, or
          the unit that would start a stopped one, according to the unit's commands and
          environment.
        - V(null) without systemd, if no unit starts the instance, or if it was started in another
          way.
      returned: always
      type: str
      sample: postfix@-.service
    log:
      description: Where the instance's messages of level info go, as seen by root. V(null) if its
        parameters are not known.
      returned: always
      type: dict
      contains:
        destination:
          description:
            - V(maillog_file), a file that Postfix itself writes;
              V(journald), only the journal;
              otherwise the name of the program that writes the first of RV(instances[].log.files),
              V(rsyslogd), V(syslog-ng), V(syslogd) or V(busybox).
            - V(null) if it is not known. Users other than root see only V(maillog_file).
          returned: always
          type: str
          sample: rsyslogd
        files:
          description:
            - The files that get the instance's messages, the best one first, which is the one with
              the fewest lines of other programs. Each path is the one that the daemon has open,
              without symbolic links. Empty for V(journald).
            - V(null) if they are not known.
          returned: always
          type: list
          elements: dict
          contains:
            path:
              description: The file's path. V(/dev/stdout) is the standard output of the master.
              returned: always
              type: str
              sample: /var/log/mail.log
            mode:
              description:
                - The file's mode.
                - V(null) for a C(maillog_file) that does not exist, is no file, or is in a
                  directory that this user cannot enter.
              returned: always
              type: str
              sample: "0640"
            timestamps:
              description:
                - The format of the time at the start of a line, V(traditional) as in
                  C(Nov 22 13:23:06), or V(rfc3339) as in C(2026-11-22T13:23:06.775276+00:00).
                - V(null) if the lines start with something else.
              returned: always
              type: str
              sample: rfc3339
        unit:
          description: With V(journald), the unit that logs the messages. Otherwise V(null).
          returned: always
          type: str
          sample: postfix.service
        syslog_facility:
          description: The syslog facility of the instance.
          returned: always
          type: str
          sample: mail
        syslog_name:
          description: The name with which the instance logs, the part before the slash in
            C(postfix/smtpd[123]).
          returned: always
          type: str
          sample: postfix
unknown:
  description: What is V(null) or incomplete, and why.
  returned: success
  type: list
  elements: dict
  contains:
    config_directory:
      description: The instance. V(null) for all instances.
      returned: always
      type: str
      sample: /etc/postfix-out
    what:
      description: The name of the value in the instance. V(parameters) is all that C(postconf)
        returns, V(systemd) all that C(systemctl) returns.
      returned: always
      type: str
      sample: parameters
    why:
      description: The reason.
      returned: always
      type: str
      sample: "postconf: fatal: open /etc/postfix-out/main.cf: Permission denied"
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.info import (
    describe,
    is_installed,
)

# Seconds.
_TIMEOUT = 30


def check_directories(directories: list[str] | None) -> None:
    """Raise HostError (bad_argument) for what Postfix would not accept as a configuration
    directory."""
    if directories == []:
        raise HostError(
            "bad_argument",
            "config_directory=[]: the list is empty",
            hint="List directories, or omit config_directory for all instances.",
        )
    for directory in directories or []:
        if not os.path.isabs(directory):
            raise HostError(
                "bad_argument",
                f"config_directory={directory}: not an absolute path",
                hint="Give the full path.",
            )
        if directory.endswith("/"):
            raise HostError(
                "bad_argument",
                f"config_directory={directory}: a trailing slash, with which Postfix takes it for"
                " another directory",
                hint="Give the path without the trailing slash.",
            )


def main() -> None:
    module = AnsibleModule(
        argument_spec={"config_directory": {"type": "list", "elements": "path"}},
        supports_check_mode=True,
    )
    directories = module.params["config_directory"]
    runner = Runner(Deadline(_TIMEOUT))
    try:
        check_directories(directories)
        installed = is_installed(runner)
        instances, unknown = (
            describe(runner, Host(), directories, module.check_mode) if installed else ([], [])
        )
    except HostError as error:
        module.fail_json(msg=f"{error.kind}: {error.message}. {error.hint}")
    module.exit_json(changed=False, installed=installed, instances=instances, unknown=unknown)


if __name__ == "__main__":
    main()

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
  - Returns every instance that C(postmulti -l) lists, or those in O(config_directory), with the
    settings that matter to who watches its queues and its log.
  - What cannot be found out, for lack of rights or of understanding, is V(null), and RV(unknown)
    says why. It is never guessed.
  - As root it finds where the log goes by evidence, whatever syslog daemon runs and however it is
    configured. It writes one line to the log of each instance with C(postlog), as Postfix's daemons
    write theirs, and looks for that line in the files that a syslog daemon holds open for writing,
    and in the journal. This takes up to 3 seconds, and the module still returns
    RV(ignore:changed=false). In check mode, and for an instance with C(maillog_file), nothing is
    written.
  - In check mode the lines that are already in these files decide. Where there are none, or the
    files have different ones, RV(instances[].log) is not known. Such lines can be old, and every
    user of the host can write some, so do not rely on it for more than a preview.
  - A host without Postfix is an answer, RV(installed=false), not a failure.
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
attributes:
  check_mode:
    support: full
    details: It writes no line to the logs then, and so may not learn where they go.
  facts:
    support: none
options:
  config_directory:
    description:
      - The configuration directories of the instances to describe, absolute paths without a
        trailing slash, also of instances that C(postmulti -l) does not list. Left out, every
        instance that it lists.
      - A directory without a C(main.cf) that can be read is no failure. RV(unknown) says what is
        not known of it.
    type: list
    elements: path
notes:
  - Run it as root to learn where the log goes. The rest needs no rights where C(main.cf) may be
    read by everybody, as on most systems.
  - Commands run without a shell, in C(/), with C(LC_ALL=C) and only C(PATH) of the environment, to
    which the sbin directories are added.
  - Only processes named C(*syslog*) or C(busybox) count as syslog daemons, and only those of root
    or in a service of the system with C(syslog) in its name.
seealso:
  - module: mailops.postfix.postfix_queue
  - module: mailops.postfix.postconf
  - name: postlog(1)
    description: How a line is written.
    link: https://www.postfix.org/postlog.1.html
  - name: postmulti(1)
    description: Postfix's instances.
    link: https://www.postfix.org/postmulti.1.html
"""

EXAMPLES = r"""
# Ad hoc, the whole fleet: ansible mail -b -m mailops.postfix.postfix_info
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

- name: Describe two instances, which Postfix need not list
  mailops.postfix.postfix_info:
    config_directory: [/etc/postfix, /etc/postfix-out]

- name: Fail where an enabled instance does not run
  ansible.builtin.assert:
    that: postfix.instances | selectattr('enabled') | rejectattr('running') | length == 0
  when: postfix.installed
"""

RETURN = r"""
installed:
  description: Whether Postfix is installed, that is, whether there is a C(postconf).
  returned: success
  type: bool
  sample: true
instances:
  description: Each instance, the default one first, or in the order of O(config_directory). V(null)
    where they cannot be listed.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: C(multi_instance_name), V(-) for an instance without a name. V(null) where
        C(main.cf) cannot be read.
      returned: always
      type: str
      sample: "-"
    group:
      description: C(multi_instance_group), V(-) for an instance without a group. V(null) where
        C(main.cf) cannot be read.
      returned: always
      type: str
      sample: "-"
    enabled:
      description:
        - Whether C(postfix start) starts it (C(multi_instance_enable)); the default instance is
          enabled where it is the only one, and one that C(postmulti -l) does not list is not.
        - V(null) where C(main.cf) cannot be read, or the instances cannot be listed.
      returned: always
      type: bool
      sample: true
    config_directory:
      description: The instance's configuration directory, as C(postmulti -l) or O(config_directory)
        has it.
      returned: always
      type: str
      sample: /etc/postfix
    queue_directory:
      description:
        - The directory of the instance's queues.
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: str
      sample: /var/spool/postfix
    mail_owner:
      description:
        - The user who owns the queues.
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: str
      sample: postfix
    setgid_group:
      description:
        - The group of C(postqueue) and C(postdrop).
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: str
      sample: postdrop
    version:
      description:
        - Postfix's version, C(mail_version).
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: str
      sample: 3.10.13
    authorized_mailq_users:
      description:
        - Who may list the queues of this instance, the first match wins. A file or table stands
          here by its name.
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: list
      elements: str
      sample: ["static:anyone"]
    alternate_config_directories:
      description:
        - Configuration directories that users other than root may name; only those of the default
          instance count.
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: list
      elements: str
      sample: []
    multi_instance_directories:
      description:
        - Configuration directories of the other instances; only those of the default instance
          count.
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: list
      elements: str
      sample: [/etc/postfix-out]
    enable_long_queue_ids:
      description:
        - Whether new queue IDs tell the time of arrival.
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: bool
      sample: false
    hash_queue_names:
      description:
        - The queues that are split into subdirectories.
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: list
      elements: str
      sample: [deferred, defer]
    hash_queue_depth:
      description:
        - How many levels of subdirectories they have.
        - V(null) where C(main.cf) cannot be read.
      returned: always
      type: int
      sample: 1
    running:
      description: Whether the instance runs. V(null) where that cannot be found out.
      returned: always
      type: bool
      sample: true
    running_by:
      description:
        - How RV(instances[].running) was decided. The master locks C(pid/master.pid) below the
          queue directory as long as it lives.
        - V(lock_table), the kernel's table of locks, C(/proc/locks), which everybody may read;
          V(open_file), whether the process in that file has it open, which only root can see;
          V(no_pid_file), there is no such file, so the instance never ran.
        - V(null) where RV(instances[].running) is.
      returned: always
      type: str
      sample: lock_table
    unit:
      description:
        - The systemd unit that runs the instance, by the control group of its master; where it does
          not run, the unit that would start it, by the unit's own commands and environment.
        - V(null) without systemd, where no unit starts the instance, and where it was started in
          another way.
      returned: always
      type: str
      sample: postfix@-.service
    log:
      description: Where the instance's log goes at level info, as root sees it. V(null) where its
        parameters are not known.
      returned: always
      type: dict
      contains:
        destination:
          description:
            - V(maillog_file), a file that Postfix writes itself; V(journald), only the journal;
              else the name of the program that writes the first of RV(instances[].log.files),
              V(rsyslogd), V(syslog-ng), V(syslogd) or V(busybox).
            - V(null) where that is not known, as for any user but root unless it is
              V(maillog_file).
          returned: always
          type: str
          sample: rsyslogd
        files:
          description:
            - Every file that gets the instance's lines, the best first, which is the one with the
              fewest lines of other programs than Postfix. The path is the one at which the daemon
              has it open, without links. Empty for V(journald).
            - V(null) where they are not known.
          returned: always
          type: list
          elements: dict
          contains:
            path:
              description: The file's path. V(/dev/stdout) is the standard output with which the
                master was started.
              returned: always
              type: str
              sample: /var/log/mail.log
            mode:
              description:
                - The file's mode.
                - V(null) for a C(maillog_file) that does not exist, is no file, or is in a
                  directory closed to this user.
              returned: always
              type: str
              sample: "0640"
            timestamps:
              description:
                - How each line begins, V(traditional) as in C(Nov 22 13:23:06), V(rfc3339) as in
                  C(2026-11-22T13:23:06.775276+00:00).
                - V(null) where it begins in another way.
              returned: always
              type: str
              sample: rfc3339
        unit:
          description: With V(journald), the unit whose messages these are. Otherwise V(null).
          returned: always
          type: str
          sample: postfix.service
        syslog_facility:
          description: The facility under which the instance logs.
          returned: always
          type: str
          sample: mail
        syslog_name:
          description: The name under which the instance logs, which comes before the slash in
            C(postfix/smtpd[123]).
          returned: always
          type: str
          sample: postfix
unknown:
  description: What is V(null) or incomplete above, and why.
  returned: success
  type: list
  elements: dict
  contains:
    config_directory:
      description: The instance. V(null) for what concerns all of them.
      returned: always
      type: str
      sample: /etc/postfix-out
    what:
      description: The field, below the instance; V(parameters) stands for all that C(postconf)
        tells, V(systemd) for all that it tells.
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

_TIMEOUT = 30


def check_directories(directories):
    """Raises HostError for what names no configuration directory as Postfix would have it."""
    if directories == []:
        raise HostError(
            "bad_argument",
            "config_directory=[]: nothing is named",
            hint="Name some, or leave config_directory out for all.",
        )
    for directory in directories or []:
        if not os.path.isabs(directory):
            raise HostError(
                "bad_argument",
                f"config_directory={directory}: not an absolute path",
                hint="Give the path from / on.",
            )
        if directory.endswith("/"):
            message = (
                f"config_directory={directory}: ends with a slash, which makes it another directory"
                " for Postfix"
            )
            raise HostError(
                "bad_argument", message, hint="Give the path without the slash at its end."
            )


def main():
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

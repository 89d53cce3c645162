#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_queue
short_description: Count the messages in Postfix's queues
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Returns the number of messages in each queue of a Postfix instance as facts.
  - A number is true or it is an error with its cause. What cannot be read fails the task; what cannot be known is V(null), never V(0).
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
options:
  method:
    description:
      - How to count.
      - V(find) counts the files that C(find DIRECTORY -type f) finds. It sees every queue and every file, half-written ones too,
        and costs little whatever the size of the queue, but needs the rights of root or of Postfix's mail owner.
      - V(postqueue) counts the messages that C(postqueue -j) lists. It needs no rights beyond C(authorized_mailq_users), but
        it never sees C(corrupt), and Postfix opens every message's file for it.
        Where there is no C(-j), before Postfix 3.1, it uses C(-p), which does not tell C(maildrop), C(incoming) and C(deferred) apart.
      - V(auto) takes V(find) where the queue directories may be read, else V(postqueue). The facts say which was used.
    type: str
    choices: [auto, find, postqueue]
    default: auto
  queues:
    description:
      - The queues to count.
      - Left out, all queues are counted, and those that the method cannot see are V(null).
      - A queue named here that the method cannot see is an error.
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold, corrupt]
  config_directory:
    description:
      - The configuration directory of the instance, an absolute path. Left out, the default instance.
      - For V(postqueue) as a user other than root, Postfix wants it letter for letter as in C(alternate_config_directories) or
        C(multi_instance_directories) of the default instance, see C(postqueue(1\)).
    type: path
  queue_directory:
    description:
      - Count in this directory, an absolute path, without asking Postfix - a mounted spool, or a host without Postfix's programs.
      - Implies O(method=find).
    type: path
  sudo_user:
    description:
      - Count by C(sudo -n -u USER find QUEUE_DIRECTORY/QUEUE -type f), letter for letter the command that the Datadog Agent's check runs.
      - Implies O(method=find).
    type: str
  run_as:
    description:
      - Run the commands as this user, to see what this user sees. The user needs no login shell.
      - Needs root on the host, so C(become=true), but not C(become_user).
    type: str
  timeout:
    description:
      - Seconds that the whole gathering may take. What takes longer is ended, with its children, and the task fails.
    type: int
    default: 30
notes:
  - Commands run without a shell, in C(/), with C(LC_ALL=C) and only C(PATH) of the environment, to which the sbin directories are added.
  - Symbolic links below a queue directory are not followed, as C(find) does not.
seealso:
  - name: postqueue(1)
    description: Postfix's own listing of the queue.
    link: https://www.postfix.org/postqueue.1.html
  - name: qmgr(8)
    description: Postfix's queues and what they are for.
    link: https://www.postfix.org/qmgr.8.html
"""

EXAMPLES = r"""
# Ad hoc, the whole fleet: ansible mail -b -m mailops.postfix.postfix_queue
- name: Count the messages in all queues
  mailops.postfix.postfix_queue:
  become: true

- name: Count deferred messages as an ordinary user
  mailops.postfix.postfix_queue:
    method: postqueue
    queues: [deferred]

- name: Count what can be seen without root, with a total
  mailops.postfix.postfix_queue:
    method: postqueue
    queues: [maildrop, incoming, active, deferred, hold]

- name: See what the Datadog Agent sees, through the command that its check runs
  mailops.postfix.postfix_queue:
    queues: [incoming, active, deferred]
    run_as: dd-agent
    sudo_user: postfix
  become: true

- name: Count in a mounted spool
  mailops.postfix.postfix_queue:
    queue_directory: /mnt/spool/postfix
  become: true

- name: Tell an access problem from other failures
  block:
    - name: Count in one instance
      mailops.postfix.postfix_queue:
        config_directory: /etc/postfix
        method: postqueue
        timeout: 10
  rescue:
    - name: Show the kind of each error
      ansible.builtin.debug:
        msg: "{{ ansible_failed_result.errors | map(attribute='kind') }}"

- name: Use the facts
  ansible.builtin.debug:
    msg: "{{ ansible_facts.postfix_queue.counts.deferred }} deferred on {{ inventory_hostname }}"
"""

RETURN = r"""
ansible_facts:
  description: Facts to add to the host's.
  returned: when the queues could be counted
  type: dict
  contains:
    postfix_queue:
      description: The queues of the host.
      returned: always
      type: dict
      contains:
        total:
          description:
            - The number of messages in the queues that were counted, all instances together.
            - V(null) where any of these numbers is not known. Name the queues in O(queues) to get the total of those that are.
          returned: always
          type: int
          sample: 11
        counts: &counts
          description:
            - The number of messages in each queue, all instances together; a key for each of O(queues).
            - V(null) where the number cannot be known this way.
          returned: always
          type: dict
          sample: {maildrop: 1, incoming: 1, active: 1, deferred: 5, hold: 2, corrupt: 1}
        instances:
          description: Each Postfix instance that was counted.
          returned: always
          type: list
          elements: dict
          contains:
            name:
              description: C(multi_instance_name), V(-) for an instance without a name, V(null) with O(queue_directory).
              returned: always
              type: str
              sample: "-"
            config_directory:
              description: The instance's configuration directory. V(null) with O(queue_directory).
              returned: always
              type: str
              sample: /etc/postfix
            queue_directory:
              description: The directory of the instance's queues.
              returned: always
              type: str
              sample: /var/spool/postfix
            method:
              description: The method that was used, V(find) or V(postqueue).
              returned: always
              type: str
              sample: find
            total:
              description: The number of messages in the instance's queues that were counted. V(null) where any of these numbers is not known.
              returned: always
              type: int
              sample: 11
            counts: *counts
errors:
  description: Why the queues could not be counted.
  returned: when they could not
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error.
        - V(bad_argument), an option does not fit this host;
          V(not_installed), a program is missing;
          V(bad_config), C(main.cf) is missing, unreadable or wrong;
          V(config_directory_refused), this user may not ask this instance;
          V(not_authorized), C(authorized_mailq_users) shuts this user out;
          V(mail_system_down), Postfix is stopped;
          V(no_setgid), C(postqueue) lacks the group to reach Postfix;
          V(showq_failed), Postfix's listing service failed, or the instance never ran;
          V(truncated_listing), a listing was cut short;
          V(unparsed_listing), a listing is not understood;
          V(permission_denied), a directory or program is closed to this user;
          V(sudo_refused), sudo refused the command;
          V(missing_queue), a queue's directory is missing;
          V(unknowable_queue), a queue was named that the method cannot see;
          V(timeout), the gathering took longer than O(timeout);
          V(command_failed), a command failed in another way.
      returned: always
      type: str
      sample: not_authorized
    message:
      description: The cause in one sentence.
      returned: always
      type: str
      sample: "the queue could not be listed: postqueue: fatal: User watcher(996) is not allowed to view the mail queue"
    mend:
      description: What to do about it.
      returned: always
      type: str
      sample: Add the user to authorized_mailq_users of this instance, or run as root.
    command:
      description: The command that failed, quoted for a shell. V(null) where the failure was not a command's.
      returned: always
      type: str
      sample: /usr/sbin/postqueue -j
    rc:
      description: The command's exit code, negative where a signal ended it. V(null) where it did not end by itself or there was no command.
      returned: always
      type: int
      sample: 69
    stderr:
      description: What the command said on stderr, at most 64 KiB of it.
      returned: always
      type: str
      sample: "postqueue: fatal: User watcher(996) is not allowed to view the mail queue"
    config_directory:
      description: O(config_directory) as it was given. V(null) for the default instance and with O(queue_directory).
      returned: always
      type: str
      sample: /etc/postfix-out
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils.collectors import FindCollector, PostqueueCollector
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.instances import Instance, describe_instance
from ansible_collections.mailops.postfix.plugins.module_utils.queues import QUEUES, total
from ansible_collections.mailops.postfix.plugins.module_utils.runner import Deadline, Runner


def check_options(options):
    """Raises QueueError for options that do not go together or are out of range."""
    if options["timeout"] <= 0:
        raise QueueError("bad_argument", "timeout=%d: not a time to wait" % options["timeout"], mend="Give a number of seconds above 0.")
    if options["queues"] == []:
        raise QueueError("bad_argument", "queues=[]: no queue is named", mend="Name queues, or leave queues out to count all.")
    for name in ("config_directory", "queue_directory"):
        if options[name] is not None and not os.path.isabs(options[name]):
            raise QueueError("bad_argument", "%s=%s: not an absolute path" % (name, options[name]), mend="Give the path from / on.")
    for name in ("queue_directory", "sudo_user"):
        if options[name] is not None and options["method"] == "postqueue":
            raise QueueError("bad_argument", "method=postqueue: %s goes with find only" % name, mend="Leave out one of the two.")
    if options["sudo_user"] is not None and (not options["sudo_user"] or options["sudo_user"].startswith("-")):
        raise QueueError("bad_argument", "sudo_user=%s: not a user's name" % options["sudo_user"], mend="Name the mail owner, mostly postfix.")


def collectors(options, runner, instance):
    """The collectors to try, in order."""
    find = FindCollector(runner, instance.queue_directory, options["sudo_user"], as_command=options["run_as"] is not None)
    if options["method"] == "find" or options["queue_directory"] or options["sudo_user"]:
        return [find]
    postqueue = PostqueueCollector(runner, options["config_directory"])
    return [postqueue] if options["method"] == "postqueue" else [find, postqueue]


def count(options, runner, instance):
    """The facts of one instance (dict) and warnings (list of str)."""
    queues = [queue for queue in QUEUES if queue in (options["queues"] or QUEUES)]
    candidates = collectors(options, runner, instance)
    while True:
        collector = candidates.pop(0)
        try:
            counts, warnings = collector.collect(queues)
            break
        except QueueError as error:
            if error.kind != "permission_denied" or not candidates:
                raise
    unknown = [queue for queue in queues if counts[queue] is None]
    if unknown and options["queues"]:
        raise QueueError("unknowable_queue", "method %s cannot see %s" % (collector.method, ", ".join(unknown)))
    return dict(instance._asdict(), method=collector.method, total=total(counts), counts=counts), warnings


def gather(options):
    """The facts (dict) and warnings (list of str). Raises QueueError."""
    check_options(options)
    runner = Runner(Deadline(options["timeout"]), options["run_as"])
    if options["queue_directory"]:
        instance = Instance(None, None, options["queue_directory"].rstrip("/") or "/")
    else:
        instance = describe_instance(runner, options["config_directory"])
    facts, warnings = count(options, runner, instance)
    return {"total": facts["total"], "counts": facts["counts"], "instances": [facts]}, warnings


def main():
    module = AnsibleModule(
        argument_spec={
            "method": {"type": "str", "choices": ["auto", "find", "postqueue"], "default": "auto"},
            "queues": {"type": "list", "elements": "str", "choices": list(QUEUES)},
            "config_directory": {"type": "path"},
            "queue_directory": {"type": "path"},
            "sudo_user": {"type": "str"},
            "run_as": {"type": "str"},
            "timeout": {"type": "int", "default": 30},
        },
        mutually_exclusive=[("config_directory", "queue_directory")],
        supports_check_mode=True,
    )
    try:
        facts, warnings = gather(module.params)
    except QueueError as error:
        module.fail_json(
            msg="%s: %s. %s" % (error.kind, error.message, error.mend),
            errors=[dict(error.as_dict(), config_directory=module.params["config_directory"])],
        )
    for warning in warnings:
        module.warn(warning)
    module.exit_json(changed=False, ansible_facts={"postfix_queue": facts})


if __name__ == "__main__":
    main()

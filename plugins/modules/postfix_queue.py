#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_queue
short_description: Count the messages in the Postfix queues of a host
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Returns the number of messages in each queue of every Postfix instance as facts, and on request
    their size, age, domains and deferral reasons.
  - A number is true, or the task fails with the cause. A number that cannot be known is V(null),
    never V(0).
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
attributes:
  action:
    description: An action plugin does a part of the work on the controller.
    support: full
    details:
      - Where it can, it asks the host by a shell script in one round trip, whether pipelining is
        enabled or not, and the host needs no Python. Otherwise it sends the module.
options:
  method:
    description:
      - How to count.
      - V(find) counts the files that C(find DIRECTORY -type f) finds. It sees every queue and every
        file, including half-written ones, and is cheap even for large queues. It needs the rights
        of root or of Postfix's mail owner.
      - V(postqueue) counts the messages that C(postqueue -j) lists. It needs no rights beyond
        C(authorized_mailq_users), but it never sees C(corrupt), and Postfix opens the file of every
        message for it. Before Postfix 3.1, which introduced C(-j), it uses C(-p), which does not
        distinguish C(maildrop), C(incoming) and C(deferred).
      - V(auto) uses V(find) if it may read the queue directories, and V(postqueue) otherwise.
        RV(ansible_facts.postfix_queue.instances[].method) shows which was used.
    type: str
    choices: [auto, find, postqueue]
    default: auto
  queues:
    description:
      - The queues to count. By default all of them, where a queue that the method does not see is
        V(null).
      - If the method does not see a queue that is listed here, the task fails.
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold, corrupt]
  config_directory:
    description:
      - The configuration directories of the instances to count, as absolute paths. By default every
        enabled instance that C(postmulti -l) lists. A directory that is listed twice is counted
        once.
      - If an instance cannot be read, the task fails but returns the facts of the others.
      - With V(postqueue), for users other than root, a directory must appear letter for letter in
        C(alternate_config_directories) or C(multi_instance_directories) of the default instance.
    type: list
    elements: path
  queue_directory:
    description:
      - Count in this directory, an absolute path, without asking Postfix. For a mounted spool, or a
        host without Postfix.
      - Implies O(method=find).
    type: path
  sudo_user:
    description:
      - Count with C(sudo -n -u USER find QUEUE_DIRECTORY/QUEUE -type f), exactly the command that
        the Datadog Agent's check runs.
      - It counts the lines of the output, as the check does. The mail owner, who can create files
        in the queues anyway, can put newlines into the name of a directory there, so that a file in
        it counts twice. Without O(sudo_user) it counts once.
      - Implies O(method=find).
    type: str
  run_as:
    description:
      - Count with the rights of this user. The user needs no login shell.
      - By itself it does not show what the Datadog Agent reports. With O(method=auto) a user who
        may not read the queue directories gets the counts of V(postqueue), but the check counts
        files, with sudo. Set O(sudo_user) as well to count as the check does.
      - Requires root (C(become=true), not C(become_user)).
    type: str
  details:
    description:
      - What to return in addition to the counts. Nothing by default, because details cost more and
        addresses are private.
      - Details come from C(postqueue -j), with O(method=find) as well. The exception is V(age)
        alone with O(method=find). If all queue IDs are long (C(enable_long_queue_ids)), the names
        of the files contain the arrival time, and reading it costs no more than counting.
      - V(size) is the size of the messages in each queue. V(age) is the age of the oldest message
        in each queue, and the number of messages in each of the age groups of C(qshape).
      - V(domains) are the most frequent domains of senders (one per message) and of recipients.
      - V(reasons) are the most frequent reasons why recipients are deferred, and from Postfix 3.11
        why they bounce. Addresses, host names, IP addresses, queue IDs, times and numbers in them
        are replaced by placeholders, so that one cause is one reason.
    type: list
    elements: str
    choices: [size, age, domains, reasons]
    default: []
  top:
    description: How many domains and reasons to return, the most frequent first.
    type: int
    default: 10
  limits:
    description:
      - The task fails if a queue of an instance exceeds one of these limits. It still returns the
        facts.
      - If a limit cannot be evaluated, the task fails.
      - Size and age are collected as needed, but unless O(details) asks for them, they are only
        returned for queues that exceed a limit on them.
    type: dict
    suboptions:
      maildrop: &bounds
        description: Limits of this queue.
        type: dict
        suboptions:
          count:
            description: Number of messages.
            type: int
          age:
            description: Age of the oldest message in seconds.
            type: int
          size:
            description: Size of all messages in bytes.
            type: int
      incoming: *bounds
      active: *bounds
      deferred: *bounds
      hold: *bounds
      corrupt: *bounds
  require_running:
    description:
      - Fail if an instance is not running, or if that cannot be determined. The task still returns
        the facts.
      - By default, the module warns if an instance is not running and its queues can be counted
        nevertheless.
    type: bool
    default: false
    version_added: 1.0.0
  timeout:
    description:
      - Seconds that counting may take in all. After that, running commands are killed with their
        children, and the task fails.
    type: int
    default: 30
notes:
  - A count is not a snapshot. Postfix moves messages while they are counted, so a message that
    changes queues at that moment can be counted in both queues or in neither. Such differences are
    as small as the number of messages that move while the module runs.
  - Commands run in C(/), with C(LC_ALL=C) and an environment of nothing but C(PATH), to which the
    sbin directories are added. No shell interprets what they are given.
  - Most counts need one round trip and no Python on the host, because a shell script reads what the
    module would read. The module is sent for O(details), O(run_as), O(sudo_user) and O(limits) on
    size or age, with C(async), with a become method that needs a terminal, over a connection
    without a POSIX shell, and for whatever the script cannot see exactly as the module does. With
    C(-v) Ansible shows why. Set the variable C(mailops_postfix_gatherer) to V(false) to send the
    module always.
  - Symbolic links below a queue directory are not followed, as with C(find).
seealso:
  - module: mailops.postfix.postfix_info
  - name: postqueue(1)
    description: The queue listing of Postfix.
    link: https://www.postfix.org/postqueue.1.html
  - name: qmgr(8)
    description: The queues of Postfix and their purpose.
    link: https://www.postfix.org/qmgr.8.html
"""

EXAMPLES = r"""
# Ad hoc, for the whole fleet, with the modules' directory as library in ansible.cfg:
# ansible mail -b -m postfix_queue
- name: Count the messages in all queues
  mailops.postfix.postfix_queue:
  become: true

- name: Count deferred messages as an ordinary user
  mailops.postfix.postfix_queue:
    method: postqueue
    queues: [deferred]

- name: Count the queues that are visible without root, with a total
  mailops.postfix.postfix_queue:
    method: postqueue
    queues: [maildrop, incoming, active, deferred, hold]

- name: Count what the Datadog Agent counts, with the command that its check runs
  mailops.postfix.postfix_queue:
    queues: [incoming, active, deferred]
    run_as: dd-agent
    sudo_user: postfix
  become: true

- name: Count in a mounted spool
  mailops.postfix.postfix_queue:
    queue_directory: /mnt/spool/postfix
  become: true

- name: Show size, age, domains and deferral reasons
  mailops.postfix.postfix_queue:
    details: [size, age, domains, reasons]
    top: 5
  become: true

# Ad hoc, where only hosts with a problem fail:
# ansible mail -b -m postfix_queue \
#   -a '{"limits": {"deferred": {"count": 500, "age": 3600}}, "require_running": true}'
- name: Fail if too many messages are deferred, or for too long, or if Postfix is not running
  mailops.postfix.postfix_queue:
    limits:
      deferred: {count: 500, age: 432000}
      corrupt: {count: 10}
    require_running: true
  become: true

- name: Count in two instances
  mailops.postfix.postfix_queue:
    config_directory: [/etc/postfix, /etc/postfix-out]
  become: true

- name: Distinguish lack of access from other failures
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
  description: Facts to add to those of the host.
  returned: when the queues of at least one instance were counted
  type: dict
  contains:
    postfix_queue:
      description: The queues of the host.
      returned: always
      type: dict
      contains:
        total:
          description:
            - The number of messages in all queues that were counted, in all instances.
            - V(null) if any of these numbers is not known. For a total, list the other queues in
              O(queues).
          returned: always
          type: int
          sample: 11
        counts: &counts
          description:
            - The number of messages in each of O(queues).
            - V(null) for a number that is not known, because the method does not see the queue or
              an instance could not be counted.
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
              description: The C(multi_instance_name), or V(-) for an instance without a name.
                V(null) with O(queue_directory).
              returned: always
              type: str
              sample: "-"
            config_directory:
              description: The configuration directory. V(null) with O(queue_directory).
              returned: always
              type: str
              sample: /etc/postfix
            queue_directory:
              description: The queue directory.
              returned: always
              type: str
              sample: /var/spool/postfix
            running:
              description: Whether the instance is running, that is, whether a Postfix master holds
                the lock on C(pid/master.pid) in the queue directory. V(null) if that cannot be
                determined, and with O(queue_directory).
              returned: always
              type: bool
              sample: true
            running_why:
              description: Why RV(ansible_facts.postfix_queue.instances[].running) is not known.
                V(null) if it is.
              returned: always
              type: str
              sample: "/var/spool/postfix/pid/master.pid: Permission denied"
            method:
              description: The method that was used, V(find) or V(postqueue).
              returned: always
              type: str
              sample: find
            total:
              description: The number of messages in all queues of the instance that were counted.
                V(null) if any of these numbers is not known.
              returned: always
              type: int
              sample: 11
            counts: *counts
            details_method:
              description: The source of the details, V(postqueue), or V(find) for the names of the
                files.
              returned: when there are details
              type: str
              sample: postqueue
            details_approximate:
              description:
                - Whether the counts of domains and reasons may be too low.
                - Only if there are more than 20,000 different ones. The rarest are then dropped to
                  limit the memory that the module uses on the host.
              returned: when there are details
              type: bool
              sample: false
            queues:
              description: Size and age by queue. A queue that the source of the details does not
                see is V(null), such as C(corrupt) with V(postqueue).
              returned: with O(details) V(size) or V(age), and for queues beyond a limit on them
              type: dict
              contains:
                maildrop: &queue
                  description: Size and age of the messages in this queue.
                  returned: when this queue is counted
                  type: dict
                  contains:
                    size:
                      description: Size of all messages in bytes.
                      returned: with O(details) V(size)
                      type: int
                      sample: 1350
                    oldest_arrival:
                      description: When the oldest message arrived, in UTC as ISO 8601. V(null) for
                        an empty queue.
                      returned: with O(details) V(age)
                      type: str
                      sample: "2026-11-22T12:08:37Z"
                    oldest_age:
                      description: Age of the oldest message in seconds. V(null) for an empty queue.
                      returned: with O(details) V(age)
                      type: int
                      sample: 4711
                    ages:
                      description: The number of messages in each age group, the youngest first.
                      returned: with O(details) V(age)
                      type: list
                      elements: dict
                      contains:
                        under:
                          description: Messages in this group are younger than this, in seconds, and
                            not younger than the group before. V(null) for the last group, which has
                            no upper limit.
                          returned: always
                          type: int
                          sample: 300
                        count:
                          description: Number of messages.
                          returned: always
                          type: int
                          sample: 2
                      sample: [{under: 300, count: 2}, {under: 600, count: 0},
                        {under: 1200, count: 0}, {under: 2400, count: 0}, {under: 4800, count: 3},
                        {under: 9600, count: 0}, {under: 19200, count: 0}, {under: 38400, count: 0},
                        {under: 76800, count: 0}, {under: null, count: 0}]
                incoming: *queue
                active: *queue
                deferred: *queue
                hold: *queue
                corrupt:
                  description: The same for the queue of damaged messages. V(null) with
                    V(postqueue), which does not see it.
                  returned: when this queue is counted
                  type: dict
            senders:
              description: The most frequent domains of senders, the most frequent first. Each
                message counts once.
              returned: with O(details) V(domains)
              type: list
              elements: dict
              contains: &domain
                domain:
                  description: The domain in lower case, C(<>) for the null sender, V(null) for an
                    address without a domain.
                  returned: always
                  type: str
                  sample: example.com
                count:
                  description: Number of occurrences.
                  returned: always
                  type: int
                  sample: 3
            senders_other:
              description: Number of occurrences of all other senders.
              returned: with O(details) V(domains)
              type: int
              sample: 0
            recipients:
              description: The most frequent domains of recipients, the most frequent first. Each
                recipient counts.
              returned: with O(details) V(domains)
              type: list
              elements: dict
              contains: *domain
            recipients_other:
              description: Number of occurrences of all other recipients.
              returned: with O(details) V(domains)
              type: int
              sample: 0
            reasons:
              description: The most frequent deferral and bounce reasons, the most frequent first.
                Each recipient counts.
              returned: with O(details) V(reasons)
              type: list
              elements: dict
              contains:
                reason:
                  description: The reason, with placeholders for what differs between messages.
                  returned: always
                  type: str
                  sample: "connect to <host>: Connection timed out"
                status:
                  description: The enhanced status code (RFC 3463) in the reason. V(null) if there
                    is none.
                  returned: always
                  type: str
                  sample: 4.4.1
                bounced:
                  description: Whether the message is being returned to its sender for this reason
                    (C(bounce_reason), from Postfix 3.11), rather than deferred.
                  returned: always
                  type: bool
                  sample: false
                count:
                  description: Number of occurrences.
                  returned: always
                  type: int
                  sample: 3
                example:
                  description: The first of these reasons without placeholders, up to 500
                    characters.
                  returned: always
                  type: str
                  sample: "connect to mx.example.org[192.0.2.25]:25: Connection timed out"
            reasons_other:
              description: Number of occurrences of all other reasons.
              returned: with O(details) V(reasons)
              type: int
              sample: 0
errors:
  description: What went wrong. Either one error for an instance that could not be counted, or one
    for each limit or requirement that it does not meet.
  returned: on failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind of the error, one of the following.
        - V(bad_argument), an option has a wrong value or does not fit this host;
          V(not_installed), a program is missing;
          V(bad_config), C(main.cf) is missing, unreadable or wrong;
          V(config_directory_refused), the user may not ask this instance;
          V(not_authorized), C(authorized_mailq_users) excludes the user;
          V(mail_system_down), Postfix is stopped, and the user may not list its queue;
          V(not_running), Postfix is stopped, and O(require_running) is set;
          V(no_setgid), C(postqueue) lacks the group to reach Postfix;
          V(showq_failed), Postfix's listing service failed, or the instance never ran;
          V(truncated_listing), a listing is incomplete;
          V(unparsed_listing), a listing is not understood;
          V(permission_denied), the user may not read a directory or run a program;
          V(sudo_refused), sudo refused the command;
          V(missing_queue), the directory of a queue is missing;
          V(io_error), the operating system cannot read a directory, for example because of a disk
          or mount that fails;
          V(unknowable), this method cannot determine a queue, a detail, a limit or whether Postfix
          is running, which was requested explicitly;
          V(limit_exceeded), a queue exceeds one of O(limits);
          V(torn_answer), the answer of the host arrived incomplete, altered, or with other text
          around it;
          V(timeout), counting took longer than O(timeout);
          V(command_failed), a command failed for another reason.
      returned: always
      type: str
      sample: not_authorized
    message:
      description: The cause in one sentence.
      returned: always
      type: str
      sample: "the queue could not be listed: postqueue: fatal: User watcher(996) is not allowed to
        view the mail queue"
    hint:
      description: What to do about it.
      returned: always
      type: str
      sample: Add the user to authorized_mailq_users of this instance, or run as root.
    command:
      description: The command that failed, quoted for a shell. V(null) if no command failed.
      returned: always
      type: str
      sample: /usr/sbin/postqueue -j
    rc:
      description: The exit code of the command, negative if a signal ended it. V(null) if there was
        no command, or if the module killed it.
      returned: always
      type: int
      sample: 69
    stderr:
      description: The stderr of the command, up to 64 KiB.
      returned: always
      type: str
      sample: "postqueue: fatal: User watcher(996) is not allowed to view the mail queue"
    config_directory:
      description: The configuration directory of the instance. V(null) with O(queue_directory), and
        if the instances could not be listed.
      returned: always
      type: str
      sample: /etc/postfix-out
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host
from ansible_collections.mailops.postfix.plugins.module_utils._queue.gathering import gather
from ansible_collections.mailops.postfix.plugins.module_utils._queue.options import (
    ARGUMENTS,
    EXCLUSIVE,
    checked_request,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.results import (
    as_text,
    result,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, mutually_exclusive=EXCLUSIVE, supports_check_mode=True
    )
    options = module.params
    facts = None
    warnings: list[str] = []
    try:
        request = checked_request(options)
        runner = Runner(Deadline(options["timeout"]), options["run_as"])
        facts, warnings, errors = gather(runner, Host(), options["config_directory"], request)
    except HostError as error:
        errors = [dict(error.as_dict(), config_directory=None)]
    for warning in warnings:
        module.warn(as_text(warning))
    answer = result(facts, errors)
    if errors:
        module.fail_json(**answer)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()

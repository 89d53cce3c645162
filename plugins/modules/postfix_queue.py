#!/usr/bin/python

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_queue
short_description: Tell how many messages are in Postfix's queues, how old, whose and why
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Returns the number of messages in each queue of every Postfix instance as facts, and on request
    their size, age, domains and deferral reasons.
  - A number is true or it is an error with its cause. What cannot be read fails the task; what
    cannot be known is V(null), never V(0).
extends_documentation_fragment:
  - mailops.postfix.attributes
  - mailops.postfix.attributes.reads
options:
  method:
    description:
      - How to count.
      - V(find) counts the files that C(find DIRECTORY -type f) finds. It sees every queue and every
        file, half-written ones too, and costs little whatever the size of the queue, but needs the
        rights of root or of Postfix's mail owner.
      - V(postqueue) counts the messages that C(postqueue -j) lists. It needs no rights beyond
        C(authorized_mailq_users), but it never sees C(corrupt), and Postfix opens every message's
        file for it. Where there is no C(-j), before Postfix 3.1, it uses C(-p), which does not tell
        C(maildrop), C(incoming) and C(deferred) apart.
      - V(auto) takes V(find) where the queue directories may be read, else V(postqueue). The facts
        say which was used.
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
      - The configuration directories of the instances, absolute paths. Left out, every instance
        that C(postmulti -l) lists as enabled.
      - Where one instance cannot be read the task fails, and still returns the facts of the others.
      - For V(postqueue) as a user other than root, Postfix wants it letter for letter as in
        C(alternate_config_directories) or C(multi_instance_directories) of the default instance,
        see C(postqueue(1\)).
    type: list
    elements: path
  queue_directory:
    description:
      - Count in this directory, an absolute path, without asking Postfix - a mounted spool, or a
        host without Postfix's programs.
      - Implies O(method=find).
    type: path
  sudo_user:
    description:
      - Count by C(sudo -n -u USER find QUEUE_DIRECTORY/QUEUE -type f), letter for letter the
        command that the Datadog Agent's check runs.
      - Implies O(method=find).
    type: str
  run_as:
    description:
      - Run the commands as this user, to see what this user sees. The user needs no login shell.
      - Needs root on the host, so C(become=true), but not C(become_user).
    type: str
  details:
    description:
      - What to tell beyond the numbers. By default nothing, since it costs more, and since
        addresses are private.
      - Details come from C(postqueue -j), also with O(method=find). V(age) alone comes from the
        names of the files with O(method=find) where all of them are long queue IDs
        (C(enable_long_queue_ids)), which is as cheap as counting.
      - V(size) is the size of the messages, and V(age) the age of the oldest and how many are in
        each of the buckets of C(qshape(1\)), by queue.
      - V(domains) are the most frequent domains of senders (a message counts once) and recipients
        (each recipient counts).
      - V(reasons) are the most frequent deferral reasons (each recipient counts), with what differs
        from message to message folded - addresses, host names, IP addresses, queue IDs, times and
        numbers.
    type: list
    elements: str
    choices: [size, age, domains, reasons]
    default: []
  top:
    description:
      - How many domains and reasons are told, the most frequent first.
    type: int
    default: 10
  limits:
    description:
      - The task fails where an instance's queue exceeds one of these, and still returns the facts.
      - A limit on what cannot be told is an error. O(details) for V(size) and V(age) are gathered
        as needed.
    type: dict
    suboptions:
      maildrop: &bounds
        description: Limits of this queue.
        type: dict
        suboptions:
          count:
            description: Messages.
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
  timeout:
    description:
      - Seconds that the whole gathering may take. What takes longer is ended, with its children,
        and the task fails.
    type: int
    default: 30
notes:
  - Commands run without a shell, in C(/), with C(LC_ALL=C) and only C(PATH) of the environment, to
    which the sbin directories are added.
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

- name: Tell how old, how large, whose and why
  mailops.postfix.postfix_queue:
    details: [size, age, domains, reasons]
    top: 5
  become: true

# Ad hoc, only what is bad shows as failed:
# ansible mail -b -m mailops.postfix.postfix_queue \
#   -a '{"limits": {"deferred": {"count": 500, "age": 3600}}}'
- name: Fail where too many messages are deferred, or for too long
  mailops.postfix.postfix_queue:
    limits:
      deferred: {count: 500, age: 432000}
      corrupt: {count: 10}
  become: true

- name: Count in two instances
  mailops.postfix.postfix_queue:
    config_directory: [/etc/postfix, /etc/postfix-out]
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
  returned: when the queues of at least one instance could be counted
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
            - V(null) where any of these numbers is not known. Name the queues in O(queues) to get
              the total of those that are.
          returned: always
          type: int
          sample: 11
        counts: &counts
          description:
            - The number of messages in each queue, all instances together; a key for each of
              O(queues).
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
              description: C(multi_instance_name), V(-) for an instance without a name, V(null) with
                O(queue_directory).
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
              description: The number of messages in the instance's queues that were counted.
                V(null) where any of these numbers is not known.
              returned: always
              type: int
              sample: 11
            counts: *counts
            details_method:
              description: Where the details are from, V(postqueue), or V(find) for the names of the
                files.
              returned: with O(details)
              type: str
              sample: postqueue
            queues:
              description: Size and age by queue. A queue that cannot be looked into is V(null),
                such as C(corrupt) for V(postqueue).
              returned: with O(details) V(size) or V(age)
              type: dict
              contains:
                maildrop: &queue
                  description: Size and age of the messages in this queue.
                  returned: when this queue is counted
                  type: dict
                  contains:
                    size:
                      description: Size of the messages in bytes.
                      returned: with O(details) V(size)
                      type: int
                      sample: 1350
                    oldest_arrival:
                      description: When the oldest message arrived, in UTC as ISO 8601. V(null) in
                        an empty queue.
                      returned: with O(details) V(age)
                      type: str
                      sample: "2026-11-22T12:08:37Z"
                    oldest_age:
                      description: Age of the oldest message in seconds. V(null) in an empty queue.
                      returned: with O(details) V(age)
                      type: int
                      sample: 4711
                    ages:
                      description: How many messages are younger than so many minutes, and not
                        younger than the bucket before.
                      returned: with O(details) V(age)
                      type: dict
                      sample: {"5": 0, "10": 0, "20": 0, "40": 1, "80": 4, "160": 0, "320": 0,
                        "640": 0, "1280": 0, "1280+": 0}
                incoming: *queue
                active: *queue
                deferred: *queue
                hold: *queue
                corrupt:
                  description: The same, in the queue of damaged messages. V(null) where the details
                    are from V(postqueue), which does not see it.
                  returned: when this queue is counted
                  type: dict
            senders:
              description: The most frequent domains of senders, most frequent first. A message
                counts once.
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
                  description: How often.
                  returned: always
                  type: int
                  sample: 3
            senders_other:
              description: How often all other senders together.
              returned: with O(details) V(domains)
              type: int
              sample: 0
            senders_uncertainty:
              description:
                - Each count of senders may be low by at most this.
                - V(0) unless there are more than 20,000 different ones; the rarest are then
                  forgotten, so that the host's memory is safe.
              returned: with O(details) V(domains)
              type: int
              sample: 0
            recipients:
              description: The most frequent domains of recipients, most frequent first. Each
                recipient counts.
              returned: with O(details) V(domains)
              type: list
              elements: dict
              contains: *domain
            recipients_other:
              description: How often all other recipients together.
              returned: with O(details) V(domains)
              type: int
              sample: 0
            recipients_uncertainty:
              description:
                - Each count of recipients may be low by at most this.
                - V(0) unless there are more than 20,000 different ones; the rarest are then
                  forgotten, so that the host's memory is safe.
              returned: with O(details) V(domains)
              type: int
              sample: 0
            reasons:
              description: The most frequent deferral reasons, most frequent first. Each recipient
                counts.
              returned: with O(details) V(reasons)
              type: list
              elements: dict
              contains:
                reason:
                  description: The reason, with what differs from message to message folded.
                  returned: always
                  type: str
                  sample: "connect to <host>: Connection timed out"
                status:
                  description: Its enhanced status code (RFC 3463). V(null) where it has none.
                  returned: always
                  type: str
                  sample: 4.4.1
                count:
                  description: How often.
                  returned: always
                  type: int
                  sample: 3
                example:
                  description: The first of them as it stands in the queue, at most 500 characters
                    of it.
                  returned: always
                  type: str
                  sample: "connect to mx.example.org[192.0.2.25]:25: Connection timed out"
            reasons_other:
              description: How often all other reasons together.
              returned: with O(details) V(reasons)
              type: int
              sample: 0
            reasons_uncertainty:
              description:
                - Each count of reasons may be low by at most this.
                - V(0) unless there are more than 20,000 different ones; the rarest are then
                  forgotten, so that the host's memory is safe.
              returned: with O(details) V(reasons)
              type: int
              sample: 0
errors:
  description: What went wrong, at most one error for each instance, or the limits that it exceeds.
  returned: on failure
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
          V(unknowable), something was asked for by name, or has a limit, that cannot be told this
          way; V(limit_exceeded), a queue exceeds one of O(limits); V(timeout), the gathering took
          longer than O(timeout); V(command_failed), a command failed in another way.
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
      description: The command that failed, quoted for a shell. V(null) where the failure was not a
        command's.
      returned: always
      type: str
      sample: /usr/sbin/postqueue -j
    rc:
      description: The command's exit code, negative where a signal ended it. V(null) where it did
        not end by itself or there was no command.
      returned: always
      type: int
      sample: 69
    stderr:
      description: What the command said on stderr, at most 64 KiB of it.
      returned: always
      type: str
      sample: "postqueue: fatal: User watcher(996) is not allowed to view the mail queue"
    config_directory:
      description: The configuration directory of the instance. V(null) with O(queue_directory), or
        where the instances could not be listed.
      returned: always
      type: str
      sample: /etc/postfix-out
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import DETAILS
from ansible_collections.mailops.postfix.plugins.module_utils._queue.gathering import (
    Request,
    gather,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES


def check_options(options):
    """Raises HostError for options that do not go together or are out of range."""
    for name in ("timeout", "top"):
        if options[name] <= 0:
            raise HostError(
                "bad_argument",
                f"{name}={options[name]}: not above 0",
                hint="Give a number above 0.",
            )
    for name in ("queues", "config_directory"):
        if options[name] == []:
            raise HostError(
                "bad_argument",
                f"{name}=[]: nothing is named",
                hint=f"Name some, or leave {name} out for all.",
            )
    paths = [("config_directory", path) for path in options["config_directory"] or []] + [
        ("queue_directory", options["queue_directory"])
    ]
    for name, path in paths:
        if path is not None and not os.path.isabs(path):
            raise HostError(
                "bad_argument",
                f"{name}={path}: not an absolute path",
                hint="Give the path from / on.",
            )
    for name in ("queue_directory", "sudo_user"):
        if options[name] is not None and options["method"] == "postqueue":
            raise HostError(
                "bad_argument",
                f"method=postqueue: {name} goes with find only",
                hint="Leave out one of the two.",
            )
    if options["sudo_user"] is not None and (
        not options["sudo_user"] or options["sudo_user"].startswith("-")
    ):
        raise HostError(
            "bad_argument",
            f"sudo_user={options['sudo_user']}: not a user's name",
            hint="Name the mail owner, mostly postfix.",
        )


def chosen_limits(options):
    """The limits that are set (dict of queue to dict). Raises HostError for one that makes no
    sense."""
    limits = {}
    for queue, bounds in (options["limits"] or {}).items():
        for what, bound in (bounds or {}).items():
            if bound is None:
                continue
            if bound < 0:
                raise HostError(
                    "bad_argument",
                    f"limits.{queue}.{what}={bound}: below 0",
                    hint="Give 0 or more.",
                )
            if options["queues"] and queue not in options["queues"]:
                raise HostError(
                    "bad_argument",
                    f"limits.{queue}: not among queues",
                    hint=f"Name {queue} in queues too.",
                )
            limits.setdefault(queue, {})[what] = bound
    return limits


def request(options):
    """The options as a Request. Raises HostError."""
    check_options(options)
    limits = chosen_limits(options)
    details = set(options["details"]).union(*limits.values()) & set(DETAILS)
    beyond = details - {"age"}
    if options["queue_directory"] and beyond:
        message = (
            f"details={','.join(sorted(beyond))}: only Postfix can tell, which queue_directory"
            " leaves out"
        )
        raise HostError(
            "bad_argument", message, hint="Leave out queue_directory, or these details and limits."
        )
    return Request(
        method=options["method"],
        queues=[queue for queue in QUEUES if queue in (options["queues"] or QUEUES)],
        named=bool(options["queues"]),
        queue_directory=options["queue_directory"]
        and (options["queue_directory"].rstrip("/") or "/"),
        sudo_user=options["sudo_user"],
        run_as=options["run_as"],
        details=details,
        top=options["top"],
        limits=limits,
    )


def main():
    bounds = {
        "type": "dict",
        "options": {what: {"type": "int"} for what in ("count", "age", "size")},
    }
    module = AnsibleModule(
        argument_spec={
            "method": {"type": "str", "choices": ["auto", "find", "postqueue"], "default": "auto"},
            "queues": {"type": "list", "elements": "str", "choices": list(QUEUES)},
            "config_directory": {"type": "list", "elements": "path"},
            "queue_directory": {"type": "path"},
            "sudo_user": {"type": "str"},
            "run_as": {"type": "str"},
            "details": {"type": "list", "elements": "str", "choices": list(DETAILS), "default": []},
            "top": {"type": "int", "default": 10},
            "limits": {"type": "dict", "options": dict.fromkeys(QUEUES, bounds)},
            "timeout": {"type": "int", "default": 30},
        },
        mutually_exclusive=[("config_directory", "queue_directory")],
        supports_check_mode=True,
    )
    options = module.params
    try:
        wanted = request(options)
        facts, warnings, errors = gather(
            Runner(Deadline(options["timeout"]), options["run_as"]),
            options["config_directory"],
            wanted,
        )
    except HostError as error:
        facts, warnings, errors = None, [], [dict(error.as_dict(), config_directory=None)]
    for warning in warnings:
        module.warn(warning)
    answer = {"ansible_facts": {"postfix_queue": facts}} if facts else {}
    if errors:
        module.fail_json(msg=" ".join(describe(error) for error in errors), errors=errors, **answer)
    module.exit_json(changed=False, **answer)


def describe(error):
    where = f" ({error['config_directory']})" if error["config_directory"] else ""
    return f"{error['kind']}{where}: {error['message']}. {error['hint']}"


if __name__ == "__main__":
    main()

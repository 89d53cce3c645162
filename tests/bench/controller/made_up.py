# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What postfix_queue would return, with details, on hosts that do not exist: of a hundred of them
two refuse and two do not answer."""

from __future__ import annotations

import random

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
AGES = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, None)
REASONS = (
    ("connect to <host>: Connection timed out", "4.4.1"),
    ("host <host> said: 451 4.7.1 <address>: Greylisted for <number> seconds", "4.7.1"),
    ("Host or domain name not found. Name service error for name=<host>: try again", "4.4.3"),
    ("host <host> said: 452 4.2.2 <address>: mailbox full", "4.2.2"),
)
REFUSED = {
    "kind": "not_authorized",
    "message": "the queue could not be listed: postqueue: fatal: not allowed",
    "hint": "Add the user to authorized_mailq_users of this instance, or run as root.",
    "command": "/usr/sbin/postqueue -j",
    "rc": 69,
    "stderr": "postqueue: fatal: User watcher(996) is not allowed to view the mail queue",
    "config_directory": "/etc/postfix",
}


def names(count):
    return [f"mx{number:05}" for number in range(1, count + 1)]


def returned(name):
    """The event of a host (ok, failed or unreachable) and its result, always the same."""
    made = random.Random(name)
    which = made.random()
    if which < 0.02:
        return "unreachable", {
            "unreachable": True,
            "msg": f"ssh: connect to host {name}: timed out",
        }
    if which < 0.04:
        return "failed", {"failed": True, "msg": REFUSED["message"], "errors": [REFUSED]}
    counts = {queue: made.choice((0, 0, 1, 5, 40, 3000)) for queue in QUEUES}
    instance = {
        "name": "-",
        "config_directory": "/etc/postfix",
        "queue_directory": "/var/spool/postfix",
        "method": "find",
        "running": True,
        "total": sum(counts.values()),
        "counts": counts,
        "approximate": False,
        "queues": {queue: details(made, counts[queue]) for queue in QUEUES},
        "reasons": [reason(made) for dummy in range(10)],
        "reasons_other": made.randrange(100),
    }
    facts = {"total": instance["total"], "counts": counts, "instances": [instance]}
    return "ok", {"changed": False, "ansible_facts": {"postfix_queue": facts}}


def details(made, count):
    return {
        "size": count * 1350,
        "oldest_arrival": "2026-11-22T12:08:37Z" if count else None,
        "oldest_age": made.randrange(1, 400000) if count else None,
        "ages": [{"under": under, "count": count // 10} for under in AGES],
    }


def reason(made):
    text, status = made.choice(REASONS)
    return {
        "reason": f"{text} ({made.randrange(50)})",
        "status": status,
        "bounced": False,
        "count": made.randrange(1, 500),
        "example": text.replace("<host>", "mx.example.org[192.0.2.25]:25"),
    }

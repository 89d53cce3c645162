# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of postfix_queue for a made-up fleet: the same number of hosts gives the same fleet."""

from __future__ import annotations

import random

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES, total

# Each would show itself, by a script that runs, an element that appears or a text in the wrong
# place, were it not inert.
HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 2'>",
    '"><svg onload=window.pwned=3>',
    "' onmouseover='window.pwned = 4",
    "</style><style>body { display: none }</style>",
    "<!--",
    "{{ 7 * 191 }}{% raw %}",
    "javascript:window.pwned=5",
    "\u202egnp.exe\u2066 \u200b\x00\x07\x1b[31m",
    "&lt;b&gt;&#60;b&#62;",
    "&" * 40,
    "x" * 500,
)
REASONS = (
    "connect to <host>: Connection timed out",
    (
        "host <host> said: 451 4.7.1 <address>: Recipient address rejected: Greylisted for <number>"
        " seconds (in reply to RCPT TO command)"
    ),
    (
        "Host or domain name not found. Name service error for name=<host> type=MX: Host not found,"
        " try again"
    ),
    (
        "host <host> said: 421-4.7.0 Try again later, closing connection! (in reply to end of DATA"
        " command)"
    ),
    "lost connection with <host> while receiving the initial server greeting",
    "delivery temporarily suspended: connect to <host>: No route to host",
)
DOMAINS = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example",
    "b\u00fccher.example",
    "<>",
    None,
)
# In seconds.
AGE_BUCKETS = tuple(300 * 2**power for power in range(9))
KIND_OF_FAILURE = ("not_authorized", "timeout", "bad_config", "permission_denied")


def fleet(hosts, hostile=False):
    """The input of the filter fleet_report, for so many hosts; hostile: with hostile texts wherever
    a text may stand."""
    chance = random.Random(hosts)
    return {
        f"mx{int(position):04}.example.com": _host(chance, position, hostile)
        for position in range(1, hosts + 1)
    }


def _host(chance, position, hostile):
    evil = HOSTILE[position % len(HOSTILE)] if hostile else ""
    if position % 40 == 0:
        return [
            {
                "unreachable": True,
                "msg": (
                    f"Failed to connect to the host via ssh: operator@mx{int(position):04}: No"
                    f" route to host{evil}"
                ),
            }
        ]
    errors = []
    if position % 25 == 0:
        kind = KIND_OF_FAILURE[position % len(KIND_OF_FAILURE)]
        errors = [
            {
                "kind": kind,
                "message": (
                    "postqueue: fatal: " + (evil or "something is wrong for alice@example.com")
                ),
                "hint": KINDS[kind],
                "command": "/usr/sbin/postqueue -c /etc/postfix-out -j",
                "rc": 69,
                "stderr": "postqueue: fatal: <bob@example.org> " + evil,
                "config_directory": "/etc/postfix-out",
            }
        ]
        if position % 50 == 0:
            return [{"failed": True, "errors": errors, "msg": "failed"}]
    instances = [_instance(chance, "-", "/etc/postfix" + evil, position % 7 == 0, evil)]
    warnings = ["postqueue: warning: " + evil] if position % 500 == 1 else []
    instances[0]["running"] = position % 30 != 3
    return [
        {
            "failed": bool(errors),
            "errors": errors,
            "warnings": warnings,
            "ansible_facts": {"postfix_queue": {"instances": instances}},
        }
    ]


def _instance(chance, name, directory, unprivileged, evil):
    deferred = int(chance.paretovariate(0.8)) * 5
    counts = dict(
        zip(
            QUEUES,
            (
                chance.randrange(2),
                chance.randrange(3),
                chance.randrange(20),
                min(deferred, 90000),
                chance.randrange(9),
                chance.randrange(2),
            ),
        )
    )
    if unprivileged:
        counts["corrupt"] = None
    queues = {
        queue: None if queue == "corrupt" else _queue(chance, counts[queue]) for queue in QUEUES
    }
    reasons = [
        {
            "reason": text,
            "status": "4.7.1",
            "count": chance.randrange(1, 500),
            "example": "secret",
            "bounced": False,
        }
        for text in chance.sample(REASONS, 3)
    ]
    if evil:
        reasons.append(
            {
                "reason": evil,
                "status": evil,
                "count": chance.randrange(400, 900),
                "example": evil,
                "bounced": True,
            }
        )
    domains = [
        {"domain": text, "count": chance.randrange(1, 500)} for text in chance.sample(DOMAINS, 4)
    ]
    if evil:
        domains.append({"domain": evil, "count": chance.randrange(400, 900)})
    return {
        "name": name,
        "config_directory": directory,
        "queue_directory": "/var/spool/postfix",
        "running": True,
        "running_why": None,
        "method": "postqueue" if unprivileged else "find",
        "total": total(counts.values()),
        "counts": counts,
        "details_method": "postqueue",
        "queues": queues,
        "senders": domains,
        "recipients": domains,
        "reasons": reasons,
        **{
            name + "_other": chance.randrange(2) * 7
            for name in ("senders", "recipients", "reasons")
        },
        "details_approximate": False,
    }


def _queue(chance, count):
    ends = [*AGE_BUCKETS, None]
    ages = dict.fromkeys(ends, 0)
    for end in chance.choices(ends, weights=(9, 5, 5, 6, 8, 9, 7, 5, 3, 1), k=min(count, 50)):
        ages[end] += count // min(count, 50)
    ages[ends[0]] += count - sum(ages.values())
    age = chance.randrange(10, 400000) if count else None
    return {
        "size": count * chance.randrange(900, 40000),
        "oldest_age": age,
        "oldest_arrival": "2026-11-20T12:00:00Z" if count else None,
        "ages": [{"under": end, "count": number} for end, number in ages.items()],
    }

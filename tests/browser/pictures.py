# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draw the pictures of the README, docs/images/queue_table.png and report.png, of a made-up fleet.

After "make browser", which makes the environment, with .build/collections and tests/browser in
PYTHONPATH: .build/browser/venv/bin/python tests/browser/pictures.py"""

from __future__ import annotations

import html
import os
import pathlib
import shutil

from playwright.sync_api import sync_playwright

from ansible_collections.mailops.postfix.plugins.filter.fleet_report import fleet_report
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet import table
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.run import Run

IMAGES = pathlib.Path(__file__).parents[2] / "docs/images"
HOUR, DAY = 3600, 86400
COLOURS = {
    table.HEADING: "#fff; font-weight: 700",
    table.PLAIN: "#c9ced6",
    table.DIM: "#7d848e",
    table.UNSURE: "#d7a647",
    table.BAR: "#5a9bd8",
    table.BAD: "#e06c60",
}


def instance(counts, ages, directory="/etc/postfix", running=True):
    """counts, ages (in seconds, of the oldest message): in the order of QUEUES."""
    queues = {
        queue: {
            "size": count * 4300,
            "oldest_age": age,
            "oldest_arrival": None,
            "ages": [
                {"under": end, "count": count * share // 10}
                for end, share in ((300, 1), (2400, 2), (19200, 4), (None, 3))
            ],
        }
        for queue, count, age in zip(QUEUES, counts, ages)
    }
    waiting = counts[3]
    reasons = [
        ("connect to <host>: Connection timed out", waiting * 5 // 10),
        ("host <host> said: 451 4.7.1 <address>: Greylisted for <number> seconds", waiting // 3),
    ]
    return {
        "name": directory.replace("/etc/", "") if directory != "/etc/postfix" else "-",
        "config_directory": directory,
        "queue_directory": directory.replace("/etc", "/var/spool"),
        "running": running,
        "method": "find",
        "counts": dict(zip(QUEUES, counts)),
        "queues": queues,
        "reasons": [
            {"reason": reason, "status": None, "count": count, "bounced": False}
            for reason, count in reasons
        ],
        "reasons_other": waiting // 20,
        "details_approximate": False,
    }


def result(*instances, errors=()):
    return {
        "failed": bool(errors),
        "errors": list(errors),
        "ansible_facts": {"postfix_queue": {"instances": list(instances)}},
    }


DENIED = {
    "kind": "permission_denied",
    "message": "the queue could not be counted: find: '/var/spool/postfix-in/hold':"
    " Permission denied",
    "hint": KINDS["permission_denied"],
    "command": "find /var/spool/postfix-in/hold -type f",
    "rc": 1,
    "config_directory": "/etc/postfix-in",
}
FLEET = {
    "mx1.example.com": result(
        instance([0, 0, 1, 12, 1, 0], [None, None, 40, 4 * DAY + 6 * HOUR, 7000, None])
    ),
    "mx2.example.com": result(
        instance([1, 2, 0, 7, 0, 1], [5, 9, None, 61, None, 900]),
        instance([0, 0, 2, 1240, 3, 0], [None, None, 59, 4800, 3000, None], "/etc/postfix-out"),
        errors=[DENIED],
    ),
    "mx3.example.com": {
        "unreachable": True,
        "msg": "Task failed: Failed to connect to the host via ssh: ssh: connect to host"
        " mx3.example.com port 22: No route to host",
    },
    "mx4.example.com": result(instance([0] * 6, [None] * 6, running=False)),
    "relay1.example.com": result(
        instance([0, 3, 20, 418, 0, 0], [None, 2, 190, 2 * HOUR + 1800, None, None])
    ),
}


def terminal(columns):
    """The table as a page that looks like a terminal."""
    run = Run()
    for host, returned in FLEET.items():
        run.add(host, "task", returned)
    lines = [
        "".join(
            f'<span style="color: {COLOURS[style]}">{html.escape(text)}</span>'
            for text, style in line
        )
        for line in table.lay_out(run.hosts(), table.Options(columns))
    ]
    style = (
        "display: inline-block; margin: 0; padding: 14px 18px; background: #16191d; font: 15px/19px"
        " 'DejaVu Sans Mono', monospace"
    )
    return f'<body style="margin: 0"><pre style="{style}">' + "\n".join(lines) + "</pre>"


def main():
    times = {
        "started": "2026-11-22T17:29:05Z",
        "finished": "2026-11-22T17:29:11Z",
        "ansible_core": "2.21.5",
    }
    calls = {host: [returned] for host, returned in FLEET.items()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        page = browser.new_page(viewport={"width": 1100, "height": 1200})
        page.set_content(terminal(108))
        page.locator("pre").screenshot(path=IMAGES / "queue_table.png")
        page.set_content(fleet_report(calls, "html", **times))
        page.screenshot(path=IMAGES / "report.png")


if __name__ == "__main__":
    main()

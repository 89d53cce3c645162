# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what the module and the Agent's check count on the demo's hosts; exit 1 where they differ.

usage: demo_numbers.py MODULE AGENT, the directories where `ansible --tree` left the results of
postfix_queue and datadog_agent_check."""

import json
import pathlib
import sys

QUEUES = ("incoming", "active", "deferred")

module, agent = map(pathlib.Path, sys.argv[1:])
row = "%-10s" + "%12s" * len(QUEUES)
print(row % ("host", *QUEUES))
agrees = True
for path in sorted(module.iterdir()):
    counts = json.loads(path.read_text(encoding="utf-8"))["ansible_facts"]["postfix_queue"][
        "counts"
    ]
    metrics = json.loads((agent / path.name).read_text(encoding="utf-8"))["metrics"]
    sizes = {
        tag: metric["value"]
        for metric in metrics
        if metric["name"] == "postfix.queue.size"
        for tag in metric["tags"]
    }
    pairs = [(counts[queue], sizes.get("queue:" + queue)) for queue in QUEUES]
    print(
        row
        % (
            path.name,
            *(f"{count} | {('none' if size is None else f'{size:g}')}" for count, size in pairs),
        )
    )
    agrees = agrees and all(count == size for count, size in pairs)
sys.exit(0 if agrees else 1)

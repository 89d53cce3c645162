# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print every sudoers file that comes of a hostile value that is not refused, as JSON, for judge.py. Runs where Ansible does."""

from __future__ import annotations

import json

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_files import sudoers
from ansible_collections.mailops.postfix.tests.injection.places import HOSTILE, PLACES, agent_user


def main():
    found = {}
    for place, (make, dummy) in PLACES.items():
        for value in HOSTILE:
            plan = make(value)
            if not plan["problems"] and plan["postfix_user"]:
                user = agent_user(place, value)
                text = sudoers(plan, user, requiretty=True, quiet=True)
                commands = [
                    "/usr/bin/find %s/%s -type f" % (instance["queue_directory"], queue) for instance in plan["instances"] for queue in instance["queues"]
                ]
                found[text] = {"text": text, "user": user, "run_as": plan["postfix_user"], "commands": commands}
    print(json.dumps(list(found.values())))


if __name__ == "__main__":
    main()

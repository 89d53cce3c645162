# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print every sudoers file that comes of a hostile value that is not refused, as JSON, for
judge.py. Runs where Ansible does."""

from __future__ import annotations

import json

from ansible_collections.mailops.postfix.plugins.module_utils._access.sudoers import sudoers
from ansible_collections.mailops.postfix.tests.injection.places import HOSTILE, PLACES


def main():
    found = {}
    for dummy, (make, dummy) in PLACES.items():
        for value in HOSTILE:
            plan = make(value)
            if not plan["problems"] and plan["postfix_user"]:
                sudo = plan["steps"]["sudo"]
                commands = ["/usr/bin/" + command for command in sudo["commands"]]
                text = sudoers(
                    sudo["user"],
                    sudo["run_as"],
                    commands,
                    "MAILOPS_TEST",
                    requiretty=True,
                    quiet=["log_allowed", "pam_session"],
                )
                found[text] = {
                    "text": text,
                    "user": sudo["user"],
                    "run_as": sudo["run_as"],
                    "commands": commands,
                }
    print(json.dumps(list(found.values())))


if __name__ == "__main__":
    main()

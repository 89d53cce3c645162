# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times the role and the plain playbook on hosts that were reset, each twice in a row, and prints
medians and ratios.

role.py DIRECTORY RUNS    DIRECTORY: the fleet's, with its inventory; the output of all runs goes
there too"""

from __future__ import annotations

import collections
import os
import re
import statistics
import subprocess
import sys
import time

ROW = "%-62s %12s %12s %7s  %s"


def row(what, one, other, unit, wanted):
    print(ROW % (what, f"{one:.3g} {unit}", f"{other:.3g} {unit}", f"{one / other:.2f}", wanted))


def play(directory, name):
    """Run a playbook; returns the seconds that it took and the number of changes."""
    command = (
        "ansible-playbook",
        "--inventory",
        directory + "/inventory",
        f"{os.path.dirname(os.path.abspath(__file__))}/{name}.yml",
    )
    started = time.monotonic()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    wall = time.monotonic() - started
    with open(directory + "/log", "a", encoding="utf-8") as log:
        log.write(done.stdout)
    if done.returncode:
        sys.exit(done.stdout)
    return wall, sum(map(int, re.findall(r" changed=(\d+) ", done.stdout)))


def main():
    directory, runs = sys.argv[1], int(sys.argv[2])
    play(directory, "role_messages")
    walls = collections.defaultdict(list)
    for dummy in range(runs):
        for name in ("role_ours", "role_by_hand"):
            play(directory, "role_reset")
            for run in ("first", "second"):
                wall, changes = play(directory, name)
                walls[name, run].append(wall)
                if (changes > 0) != (run == "first"):
                    sys.exit(f"{name}: the {run} run made {changes} changes")
    print(
        ROW
        % (
            f"medians of {runs} runs each, three hosts, Ansible's defaults",
            "role",
            "by hand",
            "ratio",
            "wanted",
        )
    )
    for run, what in (
        ("first", "wall time: first run"),
        ("second", "wall time: second run, which changes nothing"),
    ):
        row(
            what,
            statistics.median(walls["role_ours", run]),
            statistics.median(walls["role_by_hand", run]),
            "s",
            "<= 1.5",
        )


if __name__ == "__main__":
    main()

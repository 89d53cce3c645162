# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts as Datadog's check does, with sudo: by lines of find's output, queue by queue.

upstream_check.py SPOOL"""

from __future__ import annotations

import subprocess
import sys

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")


def main():
    subprocess.run(("sudo", "-l"), stdout=subprocess.DEVNULL, check=True)
    count = 0
    for queue in QUEUES:
        command = ("sudo", "-u", "postfix", "find", f"{sys.argv[1]}/{queue}", "-type", "f")
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
        count += sum(1 for line in output.splitlines() if line)
    print(count)


if __name__ == "__main__":
    main()

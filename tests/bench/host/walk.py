# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts as the module does in its own process, and prints the number of files and the s that this
took without the start of Python.

walk.py SPOOL"""

from __future__ import annotations

import sys
import time

from ansible_collections.mailops.postfix.plugins.module_utils._queue.walk import count_files

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")


def main():
    began = time.monotonic()
    count = sum(count_files(f"{sys.argv[1]}/{queue}") for queue in QUEUES)
    print(count, time.monotonic() - began)


if __name__ == "__main__":
    main()

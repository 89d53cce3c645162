# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command and notes its wall time in s and peak resident memory in KiB, as a line of JSON in
a file.

measure.py FILE LABEL COMMAND...    The memory is that of the largest process among the command and
its children (getrusage(2))."""

from __future__ import annotations

import json
import os
import sys
import time


def main():
    file, label, *command = sys.argv[1:]
    started = time.monotonic()
    pid = os.fork()
    if not pid:
        os.execvp(command[0], command)
    dummy, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - started
    with open(file, "a") as measures:
        measures.write(json.dumps({"label": label, "wall": wall, "peak": usage.ru_maxrss}) + "\n")
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1


if __name__ == "__main__":
    sys.exit(main())

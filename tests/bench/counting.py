# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures counting on one host, beside other ways to count."""

from __future__ import annotations

import host
from common import Results, number, numbers


def main():
    runs = number("BENCH_RUNS", 5)
    files = numbers("BENCH_FILES", "10 1000 100000 1000000")
    depths = numbers("BENCH_DEPTHS", "0 1 2")
    try:
        results = Results("counting", runs, host.start())
        for sample in host.samples("counting_on_host.py", runs, *files, "--", *depths):
            results.add(**sample)
    finally:
        host.stop()
    results.write()


if __name__ == "__main__":
    main()

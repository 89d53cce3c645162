# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the listing of a host's queue, beside Postfix's own and the exporter's."""

from __future__ import annotations

import host
from common import Results, number, numbers


def main():
    runs = number("BENCH_RUNS", 5)
    messages = numbers("BENCH_MESSAGES", "1000 10000 100000")
    domains = numbers("BENCH_DOMAINS", "1000 100000")
    try:
        results = Results("listing", runs, host.start())
        for sample in host.samples("listing_on_host.py", runs, *messages, "--", *domains):
            results.add(**sample)
    finally:
        host.stop()
    results.write()


if __name__ == "__main__":
    main()

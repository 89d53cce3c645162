# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the medians of what the benchmark measured, both sides and their ratio.

table.py MEASURES    MEASURES: the file that measure.py wrote
"""

from __future__ import annotations

import collections
import json
import statistics
import sys

ROW = "%-62s %12s %12s %7s  %s"


def row(what, one, other, unit, wanted):
    print(ROW % (what, f"{one:.3g} {unit}", f"{other:.3g} {unit}", f"{one / other:.2f}", wanted))


def main():
    samples = collections.defaultdict(list)
    with open(sys.argv[1]) as measures:
        for line in measures:
            measure = json.loads(line)
            samples[measure["label"]].append(measure)
    wall = {
        label: statistics.median(measure["wall"] for measure in found)
        for label, found in samples.items()
    }
    peak = {
        label: statistics.median(measure["peak"] for measure in found) / 1024
        for label, found in samples.items()
    }

    print(ROW % ("medians of 5 runs each", "module", "other side", "ratio", "wanted"))
    row(
        "peak memory: 1,000,000 files / empty queues",
        peak["million"],
        peak["empty"],
        "MiB",
        "<= 1.3",
    )
    row(
        "peak memory: 100,000 messages listed / empty queues",
        peak["long listing"],
        peak["empty listing"],
        "MiB",
        "<= 1.3",
    )
    row(
        "wall time: 1,000,000 files / find -type f | wc -l",
        wall["million"],
        wall["million, other"],
        "s",
        "",
    )
    row(
        "  without the start of Python and Ansible's module wrapper",
        wall["million"] - wall["empty"],
        wall["million, other"],
        "s",
        "<= 0.7",
    )
    row(
        "wall time: 100,000 messages / postqueue -j > /dev/null",
        wall["long listing"],
        wall["long listing, other"],
        "s",
        "",
    )
    detailed = "long listing with details"
    row(
        "wall time: the same with all details",
        wall[detailed],
        wall[detailed + ", other"],
        "s",
        "<= 1.3",
    )
    row(
        "peak memory: the same with all details / empty queues",
        peak[detailed],
        peak["empty listing"],
        "MiB",
        "",
    )


if __name__ == "__main__":
    main()

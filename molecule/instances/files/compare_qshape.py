# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the details of one instance with what qshape(1) prints of the same spool.

compare_qshape.py <JSON    an object: facts, the instance as postfix_queue returns it (top large
                           enough for all its domains); shown, by queue, what C(qshape QUEUE)
                           prints; recipients and senders, what qshape prints of all queues"""

from __future__ import annotations

import json
import sys


def table(text):
    """Lines of numbers by their name; the first line has no name, and its numbers are the ends of
    the buckets."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return {line[0]: dict(zip(lines[0], map(int, line[1:]))) for line in lines[1:]}


def main():
    given = json.load(sys.stdin)
    facts = given["facts"]
    differences = []
    for queue, text in given["shown"].items():
        wanted = table(text)["TOTAL"]
        del wanted["T"]
        # qshape -s counts each message once, as the module does. Its columns are minutes.
        found = {
            f"{group['under'] // 60}" if group["under"] else "1280+": group["count"]
            for group in facts["queues"][queue]["ages"]
        }
        if wanted != found:
            differences.append(f"ages in {queue}: qshape {wanted}, module {found}")
    for side in ("recipients", "senders"):
        wanted = {
            name: numbers["T"] for name, numbers in table(given[side]).items() if name != "TOTAL"
        }
        found = {
            "MAILER-DAEMON" if row["domain"] == "<>" else row["domain"]: row["count"]
            for row in facts[side]
        }
        if wanted != found:
            differences.append(f"{side}: qshape {wanted}, module {found}")
    print("\n".join(differences))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

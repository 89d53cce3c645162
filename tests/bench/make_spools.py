# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes, on a host of the benchmark, two spools that are no instance's: an empty one and one with
1,000,000 deferred files."""

from __future__ import annotations

import os

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
FILES = 1000000


def main():
    for spool in ("/var/bench/empty", "/var/bench/million"):
        for queue in QUEUES:
            os.makedirs(f"{spool}/{queue}", exist_ok=True)
    # Short queue IDs, hashed by their first character, which Postfix does with deferred
    # (postconf(5), hash_queue_names).
    for digit in "0123456789ABCDEF":
        os.makedirs(f"/var/bench/million/deferred/{digit}", exist_ok=True)
    for number in range(FILES):
        name = f"{number % 16:X}{number // 16 % 65536:04X}4C0{number:05X}"
        os.close(
            os.open(
                f"/var/bench/million/deferred/{name[0]}/{name}", os.O_CREAT | os.O_WRONLY, 0o700
            )
        )


if __name__ == "__main__":
    main()

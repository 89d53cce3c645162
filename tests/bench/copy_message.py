# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies the only deferred message of a host's Postfix until there are as many as asked for.

copy_message.py COUNT DOMAINS    The copies are from and to so many domains in turn, each with a
reason of its own.

Wants neither deferred nor defer in hash_queue_names. A copy is due in a month, so that Postfix
leaves it alone."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time


def main():
    spool = subprocess.check_output(["postconf", "-h", "queue_directory"], text=True).strip()
    owner = pwd.getpwnam("postfix")
    due = time.time() + 30 * 86400
    (queue_id,) = os.listdir(spool + "/deferred")
    message, log = [read(f"{spool}/{directory}/{queue_id}") for directory in ("deferred", "defer")]
    # defer(8) tells the reason twice.
    reason = log.rpartition(b"reason=")[2].strip()
    count, domains = map(int, sys.argv[1:])
    for number in range(1, count):
        which = number % domains
        # Records have a fixed length, so the domains keep theirs.
        domain = b"d%05dx" % which
        copy = f"{number % 0xFFFFF:05X}{number:07X}"
        said = (
            b"host mx.%s.org[192.0.2.%d] said: 451 4.7.1 <bob@%s.org>: Greylisted for %d seconds"
            % (domain, which % 256, domain, which)
        )
        for directory, content, mode in (
            ("deferred", message, 0o700),
            ("defer", log.replace(reason, said), 0o600),
        ):
            path = f"{spool}/{directory}/{copy}"
            with open(path, "xb") as file:
                file.write(content.replace(b"example", domain))
                os.fchown(file.fileno(), owner.pw_uid, owner.pw_gid)
                os.fchmod(file.fileno(), mode)
            os.utime(path, (due, due))


def read(path):
    with open(path, "rb") as file:
        return file.read()


if __name__ == "__main__":
    main()

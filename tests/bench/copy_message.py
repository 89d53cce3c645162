# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies the only deferred message of a host's Postfix until there are as many as asked for.

copy_message.py COUNT    Wants hash_queue_names empty. A copy is due in a month, so that Postfix leaves it alone.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time


def main():
    directory = subprocess.check_output(["postconf", "-h", "queue_directory"], text=True).strip() + "/deferred"
    owner = pwd.getpwnam("postfix")
    (original,) = [entry for entry in os.scandir(directory) if entry.is_file()]
    with open(original.path, "rb") as file:
        content = file.read()
    due = time.time() + 30 * 86400
    for number in range(1, int(sys.argv[1])):
        path = "%s/%05X%07X" % (directory, number % 0xFFFFF, number)
        with open(path, "xb") as file:
            file.write(content)
            os.fchown(file.fileno(), owner.pw_uid, owner.pw_gid)
            os.fchmod(file.fileno(), 0o700)
        os.utime(path, (due, due))


if __name__ == "__main__":
    main()

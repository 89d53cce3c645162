# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the deferred messages of an instance older, by writing another arrival time into their
queue files.

age_messages.py QUEUE_DIRECTORY MINUTES...    The ages are given to the messages in turn.

The time record (REC_TYPE_TIME, src/global/rec_type.h) is text of a fixed length, so that another
time fits in its place."""

from __future__ import annotations

import itertools
import os
import re
import sys
import time

TIME = re.compile(rb"(?<=T.)\d{10}(?= \d+)", re.DOTALL)


def main():
    ages = itertools.cycle(int(minutes) for minutes in sys.argv[2:])
    for directory, dummy, names in sorted(os.walk(os.path.join(sys.argv[1], "deferred"))):
        for name in sorted(names):
            with open(os.path.join(directory, name), "r+b") as file:
                said = TIME.search(file.read())
                file.seek(said.start())
                file.write(b"%d" % (time.time() - 60 * next(ages)))


if __name__ == "__main__":
    main()

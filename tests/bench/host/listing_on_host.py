# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures, on a host, ways to list its queue; prints a line of JSON for each run.

listing_on_host.py RUNS MESSAGES... -- DOMAINS..."""

from __future__ import annotations

import json
import os
import pathlib
import pwd
import subprocess
import sys
import time

from measuring import HERE, Exporter, rounds, timed

SPOOL = pathlib.Path("/var/spool/postfix")


def main():
    separator = sys.argv.index("--")
    runs, *sizes = map(int, sys.argv[1:separator])
    domains = list(map(int, sys.argv[separator + 1 :]))
    one = ("--maildrop", "0", "--incoming", "0", "--active", "0", "--deferred", "1")
    fill = ("python3", HERE / "fill_queues.py", *one, "--hold", "0", "--corrupt", "0")
    subprocess.run(fill, stdout=subprocess.DEVNULL, check=True)
    originals = [read_only_file(SPOOL / directory) for directory in ("deferred", "defer")]
    exporter = Exporter()
    # Without messages: what the start of Python and of Ansible's wrapper takes.
    for size, different in [(0, 0), *cases(sizes, domains)]:
        make_messages(originals, size, different)
        contenders = commands(size)
        for name in rounds(contenders, runs):
            if name == "exporter":
                sample = exporter.scrape(size)
            else:
                sample, dummy = timed(*contenders[name])
            case = {"messages": size, "domains": different}
            print(json.dumps({"case": case, "contender": name, **sample}), flush=True)
    exporter.stop()


def cases(sizes, domains):
    """Pairs of messages and domains: no message has two."""
    return dict.fromkeys((size, min(size, most)) for most in domains for size in sizes)


def commands(size):
    """The contenders by name: command, what its output must contain, standard input."""
    counted = f'"deferred": {size}'
    gatherer = ("sh", "-c", (HERE / "gatherer_command").read_text())
    return {
        "postqueue": (("sh", "-c", "postqueue -j > /dev/null"),),
        "module": (("python3", HERE / "listing"), counted),
        "details": (("python3", HERE / "details"), counted),
        "gatherer": (gatherer, f"deferred {size}\n" if size else None, HERE / "gatherer_listing"),
        "exporter": None,
    }


def read_only_file(directory):
    """The content of the only file below a directory."""
    (path,) = (path for path in directory.rglob("*") if path.is_file())
    return path.read_bytes()


def make_messages(originals, count, domains):
    """Put so many copies of a deferred message into the queue, and none else, from and to so many
    domains in turn, each with a reason of its own. They are due in a month, so that Postfix leaves
    them alone."""
    for directory in ("deferred", "defer"):
        for path in (SPOOL / directory).rglob("*"):
            if path.is_file():
                path.unlink()
    owner = pwd.getpwnam("postfix")
    due = time.time() + 30 * 86400
    message, log = originals
    # defer(8) gives the reason twice.
    reason = log.rpartition(b"reason=")[2].strip()
    for number in range(count):
        which = number % domains
        # Records have a fixed length, so the domains keep theirs.
        domain = b"d%05dx" % which
        said = (
            b"host mx.%s.org[192.0.2.%d] said: 451 4.7.1 <bob@%s.org>: Greylisted for %d seconds"
            % (domain, which % 256, domain, which)
        )
        # A short queue ID: microseconds, hashed by their first digit, then an inode's number.
        queue_id = f"{number * 7919 % 1000000:05X}{number:07X}"
        for directory, content, mode in (
            ("deferred", message, 0o700),
            ("defer", log.replace(reason, said), 0o600),
        ):
            path = SPOOL / directory / queue_id[0] / queue_id
            if not path.parent.exists():
                path.parent.mkdir(0o700)
                os.chown(path.parent, owner.pw_uid, owner.pw_gid)
            path.write_bytes(content.replace(b"example", domain))
            os.chown(path, owner.pw_uid, owner.pw_gid)
            path.chmod(mode)
            os.utime(path, (due, due))


if __name__ == "__main__":
    main()

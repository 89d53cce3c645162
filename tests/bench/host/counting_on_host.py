# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures, on a host, ways to count the files of a spool; prints a line of JSON for each run.

counting_on_host.py RUNS FILES... -- DEPTH..."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys

from measuring import HERE, QUEUES, Exporter, rounds, timed


def main():
    separator = sys.argv.index("--")
    runs, *files = map(int, sys.argv[1:separator])
    depths = list(map(int, sys.argv[separator + 1 :]))
    # One that systemd starts has mounts of its own, without those that are made here.
    subprocess.run(("systemctl", "stop", "postfix"), check=True)
    subprocess.run(("/usr/lib/postfix/sbin/master", "-w"), check=True)
    for depth in depths:
        configure(depth)
        for number in files:
            spool = f"/var/bench/{number}-{depth}"
            make_spool(spool, number, depth)
            measure(spool, number, depth, runs)


def measure(spool, number, depth, runs):
    contenders = commands(spool, number)
    deferred = "/var/spool/postfix/deferred"
    subprocess.run(("mount", "--bind", f"{spool}/deferred", deferred), check=True)
    exporter = Exporter()
    try:
        for name in rounds(contenders, runs):
            # It opens each file, and finds no message.
            sample = exporter.scrape(0) if name == "exporter" else run(*contenders[name])
            case = {"files": number, "depth": depth}
            print(json.dumps({"case": case, "contender": name, **sample}), flush=True)
    finally:
        exporter.stop()
        # showq may hold it a while longer.
        subprocess.run(("umount", "--lazy", deferred), check=True)


def commands(spool, number):
    """The contenders by name: command, what its output must contain, standard input."""
    queues = [f"{spool}/{queue}" for queue in QUEUES]
    path = f"PYTHONPATH={HERE}"
    return {
        "floor": ((HERE / "floor", *queues), f"{number}\n", None),
        "walk": (("env", path, "python3", HERE / "walk.py", spool), f"{number} ", None),
        "module": (
            ("python3", payload("postfix_queue", spool)),
            f'"total": {number}',
            None,
        ),
        "gatherer": (
            ("sh", "-c", (HERE / "gatherer_command").read_text()),
            f"{number} {spool}/deferred" if number else "",
            payload("gatherer", spool),
        ),
        "find": (("sh", "-c", f"find {' '.join(queues)} -type f | wc -l"), f"{number}\n", None),
        "upstream": (("python3", HERE / "upstream_check.py", spool), f"{number}\n", None),
        "munin": (
            (
                *("env", f"spooldir={spool}", "MUNIN_LIBDIR=/usr/share/munin"),
                "/usr/share/munin/plugins/postfix_mailqueue",
            ),
            f"deferred.value {number}\n",
            None,
        ),
        "exporter": None,
        "builtin_find": (("python3", payload("find", spool)), f'"matched": {number}', None),
        "qshape": (("qshape", "deferred"), "TOTAL", None),
    }


def run(command, expected, stdin):
    sample, output = timed(command, expected, stdin)
    if command[-2] == HERE / "walk.py":
        sample["inner"] = float(output.split()[1])
    return sample


def payload(name, spool):
    """The file of this name, made for a spool."""
    text = (HERE / name).read_text().replace("/bench/spool", spool)
    path = f"{spool}.{name}"
    with open(path, "w") as file:
        file.write(text)
    return path


def configure(depth):
    """Have Postfix look for a deferred message so many levels deep, and no daemon touch the files,
    which are no messages."""
    settings = (
        # There must be one.
        f"hash_queue_names = {'deferred' if depth else 'corrupt'}",
        f"hash_queue_depth = {depth or 1}",
        "master_service_disable = qmgr/unix pickup/unix",
    )
    subprocess.run(("postconf", "-e", *settings), check=True)
    subprocess.run(("postfix", "reload"), check=True, stderr=subprocess.DEVNULL)


def make_spool(spool, number, depth):
    """So many empty deferred files with short queue IDs, hashed by their first characters
    (postconf(5), hash_queue_names)."""
    owner = pwd.getpwnam("postfix")
    os.makedirs(spool, exist_ok=True)
    os.chown(spool, owner.pw_uid, owner.pw_gid)
    os.umask(0o077)
    # Files belong to who makes them.
    os.setegid(owner.pw_gid)
    os.seteuid(owner.pw_uid)
    for queue in QUEUES:
        os.mkdir(f"{spool}/{queue}")
    directories = [""]
    for dummy in range(depth):
        directories = [f"{above}{digit}/" for above in directories for digit in "0123456789ABCDEF"]
        for directory in directories:
            os.mkdir(f"{spool}/deferred/{directory}")
    for which in range(number):
        # Microseconds with their last digits first, to spread them, then the number of an inode.
        name = f"{which % 16:X}{which // 16 % 16:X}{which // 256 % 4096:03X}4C0{which:05X}"
        directory = "".join(digit + "/" for digit in name[:depth])
        path = f"{spool}/deferred/{directory}{name}"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o700))
    os.seteuid(0)
    os.setegid(0)
    os.umask(0o022)


if __name__ == "__main__":
    main()

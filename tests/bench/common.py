# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parts of the benchmark share: sizes from the environment, the machine, and the files of
results in .build/bench, of which render.py makes the page."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / ".build" / "bench"


def number(name, default):
    return int(os.environ.get(name, default))


def numbers(name, default):
    return [int(word) for word in os.environ.get(name, default).split()]


def rounds(contenders, runs):
    """Names in the order of running: each once a round, another one first in each round."""
    names = list(contenders)
    for which in range(runs):
        first = which % len(names)
        yield from names[first:] + names[:first]


def environment(**more):
    """That of somebody who has set nothing, with this checkout as collection."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    configuration = RESULTS / "ansible.cfg"
    configuration.write_text("")
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
        "ANSIBLE_CONFIG": str(configuration),
        **more,
    }


def run(*command, **options):
    """Run a command; returns what it printed. Ends the program with it where the command fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def hosts(*arguments):
    run(ROOT / "roles" / "test_hosts" / "files" / "hosts", *arguments)


class Results:
    """Collects the samples of a part, and writes them when all are there."""

    def __init__(self, part, runs, versions):
        RESULTS.mkdir(parents=True, exist_ok=True)
        self._file = RESULTS / f"{part}.json"
        self._began = time.monotonic()
        self._samples = []
        self._about = {
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "settings": {
                name: value
                for name, value in os.environ.items()
                if name.startswith("BENCH_") and name != "BENCH_KEEP"
            },
            "runs": runs,
            "machine": machine(),
            "versions": {**controller_versions(), **versions},
        }

    def add(self, case, contender, **measured):
        self._samples.append({"case": case, "contender": contender, **measured})

    def write(self):
        seconds = round(time.monotonic() - self._began)
        content = {**self._about, "seconds": seconds, "samples": self._samples}
        self._file.write_text(json.dumps(content, indent=1) + "\n")
        print(f"{self._file.relative_to(ROOT)}: {len(self._samples)} samples in {seconds} s")


def machine():
    """CPU, cores, memory, kernel, and how busy the machine was at the beginning."""
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "CPU": found[1] if found else platform.machine(),
        "cores": os.cpu_count(),
        "memory": f"{memory / 2**30:.0f} GiB",
        "kernel": platform.release(),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def controller_versions():
    core = run("ansible", "--version").split("]", 1)[0].partition("[core ")[2]
    ssh = subprocess.run(("ssh", "-V"), stderr=subprocess.PIPE, text=True, check=False).stderr
    return {
        "ansible-core": core,
        "Python of the controller": platform.python_version(),
        "OpenSSH client": ssh.partition(",")[0],
    }


def host_versions(container, packages):
    """Versions of Debian packages in a container, without their epochs."""
    command = ("docker", "exec", container, "dpkg-query", "-W", "-f", "${Package} ${Version}\n")
    lines = run(*command, *packages).splitlines()
    return {name: version.partition(":")[2] or version for name, version in map(str.split, lines)}

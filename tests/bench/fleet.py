# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures one ad-hoc run over a fleet: postfix_queue both ways, beside raw, ping and command.

The names are spread over two fleets of three containers. Each name has an SSH connection of its
own, and all connections are closed before each run, so that each begins with the logins."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

from common import RESULTS, ROOT, Results, environment, host_versions, hosts, number, rounds, run

FLEETS = ("bench-a", "bench-b")
RELEASES = ("bullseye", "bookworm", "trixie")
DELAY = 25
OUTPUT = RESULTS / "fleet.out"
# sshd may not answer in time where all hosts are on one machine.
ATTEMPTS = 3
COUNT = (
    "find /var/spool/postfix/maildrop /var/spool/postfix/incoming /var/spool/postfix/active"
    " /var/spool/postfix/deferred /var/spool/postfix/hold /var/spool/postfix/corrupt -type f"
)
QUEUE = "mailops.postfix.postfix_queue"
CONTENDERS = {
    "raw": ("ansible.builtin.raw", "-a", f"{COUNT} | wc -l"),
    "gatherer": (QUEUE,),
    "module": (QUEUE, "-e", "mailops_postfix_gatherer=false"),
    "ping": ("ansible.builtin.ping",),
    "command": ("ansible.builtin.command", "-a", COUNT),
}
# Link, forks, pipelining.
CASES = (
    ("direct", 5, False),
    ("direct", 5, True),
    ("direct", 25, False),
    ("direct", 25, True),
    ("delayed", 25, False),
)


def main():
    runs = number("BENCH_RUNS", 5)
    names = [f"mx{which:03}" for which in range(1, number("BENCH_NAMES", 100) + 1)]
    # Such as "raw gatherer", and "direct-5 delayed-25-pipelining".
    contenders = os.environ.get("BENCH_CONTENDERS", " ".join(CONTENDERS)).split()
    wanted = os.environ.get("BENCH_CASES")
    cases = [case for case in CASES if wanted is None or label(*case) in wanted.split()]
    sockets = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    try:
        for fleet in FLEETS:
            hosts("up", fleet, *RELEASES)
        results = Results("fleet", runs, versions())
        direct = targets()
        with proxy(direct) as ports:
            write_inventory("direct", names, sockets, direct, direct)
            write_inventory("delayed", names, sockets, direct, ports)
            cases = [dict(zip(("link", "forks", "pipelining"), case)) for case in cases]
            # The caches of the disks and of Python.
            measure("module", cases[0], names, sockets)
            for case in cases:
                for contender in rounds(contenders, runs):
                    wall, failed = measure(contender, case, names, sockets)
                    case_of_names = {**case, "names": len(names)}
                    results.add(case_of_names, contender, wall=wall, failed=failed)
        results.write()
    finally:
        close_connections(sockets)
        shutil.rmtree(sockets)
        if "BENCH_KEEP" not in os.environ:
            for fleet in FLEETS:
                hosts("down", fleet)


def label(link, forks, pipelining):
    return f"{link}-{forks}" + ("-pipelining" if pipelining else "")


def versions():
    found = {}
    for release in RELEASES:
        container = f"mailops-{FLEETS[0]}-{release}"
        packages = host_versions(container, ("postfix", "python3", "openssh-server", "findutils"))
        found.update({f"{release}: {name}": version for name, version in packages.items()})
    return found


def targets():
    """The ports of all containers, in the order of fleets and releases."""
    found = []
    for fleet in FLEETS:
        for release in RELEASES:
            shown = run("docker", "port", f"mailops-{fleet}-{release}", "22/tcp")
            found.append(int(shown.split()[0].rpartition(":")[2]))
    return found


@contextlib.contextmanager
def proxy(ports):
    """Ports that lead to these, with the delay."""
    program = ROOT / "tests" / "bench" / "proxy.py"
    command = (sys.executable, program, str(DELAY), *map(str, ports))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield [int(port) for port in process.stdout.readline().split()]
        finally:
            process.terminate()


def write_inventory(link, names, sockets, direct, ports):
    """direct: the ports of the containers, by which their keys are known; ports: those to connect
    to."""
    fleets = [ROOT / ".build" / fleet for fleet in FLEETS for dummy in RELEASES]
    known = " ".join(f'"{ROOT}/.build/{fleet}/known_hosts"' for fleet in FLEETS)
    inventory = {}
    for position, name in enumerate(names):
        which = position % len(ports)
        options = (
            # Ansible names the connection after ansible_host, so each name has its own.
            ("HostName", "127.0.0.1"),
            ("HostKeyAlias", f"[127.0.0.1]:{direct[which]}"),
            ("UserKnownHostsFile", known),
            ("StrictHostKeyChecking", "yes"),
            ("IdentitiesOnly", "yes"),
        )
        inventory[name] = {
            "ansible_port": ports[which],
            "ansible_ssh_private_key_file": str(fleets[which] / "id_ed25519"),
            "ansible_ssh_common_args": " ".join(
                f"-o {shlex.quote(f'{option}={value}')}" for option, value in options
            ),
        }
    common = {"ansible_user": "operator", "ansible_control_path_dir": str(sockets)}
    content = {"mail": {"hosts": inventory, "vars": common}}
    (RESULTS / f"{link}.json").write_text(json.dumps(content, indent=1))


def measure(contender, case, names, sockets):
    """The wall time in s of a run, and how many runs failed before: every name must say that it
    succeeded."""
    for failed in range(ATTEMPTS):
        close_connections(sockets)
        wall, output = run_once(contender, case)
        good = re.findall(r"^(\S+) \| (?:SUCCESS|CHANGED)\b", output, re.MULTILINE)
        if sorted(good) == names:
            return wall, failed
        print(f"{contender}, {case}: {len(good)} of {len(names)} names; see {OUTPUT}")
    sys.exit(f"{contender} failed {ATTEMPTS} times")


def run_once(contender, case):
    """The wall time in s of a run, and what it printed."""
    module, *arguments = CONTENDERS[contender]
    command = (
        *("ansible", "mail", "--inventory", RESULTS / f"{case['link']}.json", "--become"),
        *("--forks", str(case["forks"]), "--module-name", module, *arguments),
    )
    settings = {"ANSIBLE_PIPELINING": "true"} if case["pipelining"] else {}
    variables = environment(**settings)
    with OUTPUT.open("w") as file:
        began = time.monotonic()
        subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
        wall = time.monotonic() - began
    return wall, OUTPUT.read_text()


def close_connections(sockets):
    """Have the connections that Ansible leaves open for a minute end."""

    def close(socket):
        command = ("ssh", "-F", "/dev/null", "-o", f"ControlPath={socket}", "-O", "exit", "any")
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(close, sockets.iterdir()))


if __name__ == "__main__":
    main()

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the controller where thousands of hosts have answered: the play of the playbook report
that writes it, and the table.

Counting itself is left out: the results are made up, and are where Ansible puts those of a run."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import yaml
from common import RESULTS, ROOT, Results, environment, number, numbers, rounds

HERE = pathlib.Path(__file__).parent / "controller"
PLAY = "Write the report"
# The last task of the play, which says that hosts have errors: they do.
FAILED = 2


def main():
    runs = number("BENCH_RUNS", 5)
    results = Results("controller", runs, {})
    plays = yaml.safe_load((ROOT / "playbooks" / "report.yml").read_text())
    (play,) = (play for play in plays if play["name"] == PLAY)
    (RESULTS / "report.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    contenders = {"report": report, "table": table}
    for hosts in numbers("BENCH_HOSTS", "2000 10000"):
        for contender in rounds(contenders, runs):
            results.add({"hosts": hosts}, contender, **contenders[contender](hosts))
    results.write()


def report(hosts):
    """The times of the tasks, and the peak memory of the largest process."""
    clock = RESULTS / "clock"
    clock.unlink(missing_ok=True)
    inventory = RESULTS / "made_up_hosts"
    inventory.write_text(f"[mail]\nmx[00001:{hosts:05}]\n")
    measured = environment(
        ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callback"),
        ANSIBLE_CALLBACKS_ENABLED="made_up_results",
        BENCH_CLOCK=str(clock),
        BENCH_MADE_UP_HOSTS=str(hosts),
    )
    command = (
        *("ansible-playbook", "--inventory", inventory, RESULTS / "report.yml"),
        *("-e", "target=mail", "-e", f"report_directory={RESULTS}/report"),
    )
    output, peak = measure(command, measured, FAILED)
    if f"of {hosts} hosts have errors" not in " ".join(output.split()):
        sys.exit(output)
    events = [json.loads(line) for line in clock.read_text().splitlines()]
    tasks = {begun["name"]: ended["at"] - begun["at"] for begun, ended in zip(events, events[1:])}
    return {"wall": sum(tasks.values()), "peak": peak, "tasks": tasks}


def table(hosts):
    """The times to take the results and to lay the table out, and the peak memory."""
    output, peak = measure((sys.executable, HERE / "table.py", str(hosts)), environment(), 0)
    tasks = json.loads(output.splitlines()[-1])
    return {"wall": sum(tasks.values()), "peak": peak, "tasks": tasks}


def measure(command, variables, expected):
    """The output of a command and the peak memory in KiB of the largest process among it and its
    children."""
    output = RESULTS / "controller.out"
    with output.open("w") as file:
        process = subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
        dummy, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != expected:
        sys.exit(f"{command}: exit status {status}\n{output.read_text()[-5000:]}")
    return output.read_text(), usage.ru_maxrss


if __name__ == "__main__":
    main()

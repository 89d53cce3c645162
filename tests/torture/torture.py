# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills the role at random moments, looks at the host, and lets the next run heal it.

torture.py DIRECTORY KILLS SEED    DIRECTORY: the fleet's, with its inventory; logs go there too

After each kill sudo's policy must be valid, main.cf the old or the new text, and the record
readable. The next run must then succeed: present so that the Agent's check is right, absent so
that the host is as it was. Drafts of files that a killed process could not remove are counted,
and removed, where nothing reads them by their name. A container that is killed loses no page
cache, as a host without power does."""

from __future__ import annotations

import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
HOSTS = {"debian12": "mailops-torture-bookworm", "debian13": "mailops-torture-trixie"}
METHODS = ("find", "postqueue")
# Seconds that a run of the role, and anything else, may take.
RUN_LIMIT, LIMIT = 300, 90

# Two messages deferred and one on hold, with nothing in their listing that could be taken for a
# mark, which the role has to open to the Agent.
PREPARE = """
set -e
postconf -e 'defer_transports = smtp' 'relayhost = ' 'queue_run_delay = 30d' \\
    'minimal_backoff_time = 30d' 'maximal_backoff_time = 30d' \\
    'authorized_mailq_users = root, operator'
postfix reload
send() { echo text | sendmail -f alice@example.com bob@example.org; }
await() {
    until [ "$(find /var/spool/postfix/deferred -type f | wc -l)" = "$1" ]; do sleep 0.2; done
}
send; await 1
postsuper -h ALL deferred
send; send; await 2
"""

LOOK = """
visudo -c
postconf -n >/dev/null
for record in /var/lib/mailops*/*.json; do
    [ ! -e "$record" ] || python3 -m json.tool "$record" >/dev/null
done
"""

# Waits for a process of a module, kills it and its children of the same program after a delay, and
# prints the module's name. Ends with its standard input.
KILL_MODULE = """
import os, re, select, signal, sys, time
delay = float(sys.argv[1])
def find():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                said = file.read()
            found = re.match(rb"[^\\0]*python[^\\0]*\\0[^\\0]*/AnsiballZ_(\\w+)\\.py\\0", said)
        except OSError:
            continue
        if found:
            yield int(pid), found.group(1).decode()
while not select.select([sys.stdin], [], [], 0.005)[0]:
    if any(find()):
        time.sleep(delay)
        delay /= 2
        killed = set()
        for pid, name in find():
            try:
                os.kill(pid, signal.SIGKILL)
                killed.add(name)
            except ProcessLookupError:
                pass
        if killed:
            print(" ".join(sorted(killed)))
            break
"""


class Violation(Exception):
    """A kill did damage, or the next run did not heal it."""


def docker(*command, script=None, limit=LIMIT):
    try:
        return subprocess.run(
            ("docker", *command),
            input=script,
            capture_output=True,
            text=True,
            check=True,
            timeout=limit,
        ).stdout
    except subprocess.CalledProcessError as error:
        raise Violation(
            f"docker {' '.join(command)}: {(error.stdout + error.stderr).strip()[-800:]}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise Violation(f"docker {' '.join(command)}: no end within {limit} s") from error


def family(pid):
    """A process and its descendants. Ansible's workers leave its process group."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def kill_family(process):
    members = family(process.pid)
    try:
        os.killpg(process.pid, signal.SIGKILL)
        for member in members[1:]:
            os.kill(member, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Host:
    def __init__(self, directory, name):
        self.directory = directory
        self.name = name
        self.container = HOSTS[name]
        self.cycles = 0
        self.provisioned = False
        self.durations = {}
        self.texts = {}
        self.before = None

    @property
    def method(self):
        return METHODS[self.cycles % len(METHODS)]

    def execute(self, *command, script=None):
        return docker("exec", "-i", self.container, *command, script=script)

    def start(self, state):
        """Start the role."""
        options = {"datadog_postfix_state": state, "datadog_postfix_method": self.method}
        command = (
            "ansible-playbook",
            "--inventory",
            str(self.directory / "inventory"),
            "--limit",
            self.name,
        )
        with open(self.directory / "log", "a", encoding="utf-8") as log:
            print(f"\n== {self.name} {state} {self.method}", file=log, flush=True)
            command += ("--extra-vars", json.dumps(options), str(HERE / "torture.yml"))
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_end(self, process, limit=RUN_LIMIT):
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            kill_family(process)
            raise Violation(f"the role did not end within {limit} s") from None

    def run(self, state):
        """Run the role to its end, and see that it did what it is for."""
        started = time.monotonic()
        status = self.await_end(self.start(state))
        self.durations[state, self.method] = time.monotonic() - started
        if status:
            raise Violation(f"the role failed with {state}, exit code {status}")
        if state == "present":
            self.see_check()
        return self.durations[state, self.method]

    def see_check(self):
        self.execute("systemctl", "is-active", "datadog-agent")
        answer = self.execute(
            "runuser", "-u", "dd-agent", "--", "datadog-agent", "check", "postfix", "--json"
        )
        metrics = [
            metric
            for item in json.loads(answer[answer.index("[") :])
            for metric in item["aggregator"].get("metrics", [])
        ]
        deferred = [
            metric["points"][0][1] for metric in metrics if "queue:deferred" in metric["tags"]
        ]
        if len(metrics) != 3 or deferred != [2]:
            raise Violation(
                f"the Agent's check does not see the two deferred messages: {answer[-800:]}"
            )

    def look(self):
        """See that nothing is damaged."""
        self.execute("sh", "-eu", script=LOOK)
        text = self.main_cf()
        if text not in self.texts:
            raise Violation(f"main.cf is neither the old nor the new text:\n{text}")
        return self.texts[text]

    def main_cf(self):
        return self.execute("cat", "/etc/postfix/main.cf")

    def state(self):
        """All that the role may change, without the Agent's process and the copies of replaced
        files; and drafts that were left behind."""
        script = (HERE / "../../molecule/role/files/state").read_text(encoding="utf-8")
        lines = self.execute("sh", script=script).splitlines()
        # The Agent reads what ends in .yaml; postconf(1) overwrites its own draft.
        drafts = {
            line.split()[0]
            for line in lines
            if re.match(r"[^ ]*/(\.[^/ ]+(?<!\.yaml)|main\.cf\.tmp) ", line)
        }
        return {
            line
            for line in lines
            if line.split()[0] not in drafts
            and not re.match(r"Agent:|[^ ]*conf\.yaml\.[0-9]", line)
        }, drafts

    def see_restored(self):
        """Compare the host with what it was; returns the drafts found, which are gone then."""
        state, drafts = self.state()
        if state != self.before:
            raise Violation(f"the host is not as it was: {sorted(state ^ self.before)}")
        if drafts:
            self.execute("rm", "--", *("/" + path for path in drafts))
        return drafts

    def learn(self):
        """Prepare the host, run the role undisturbed with each method, and note what is there
        before and after, and how long it takes."""
        self.execute("sh", script=PREPARE)
        at_first = self.state()[0]
        self.texts[self.main_cf()] = "old"
        for dummy in METHODS:
            self.run("present")
            self.texts.setdefault(self.main_cf(), "new")
            self.run("absent")
            if self.before is None:
                self.before = self.state()[0]
            self.see_restored()
            self.cycles += 1
        # Logs stay enabled.
        lasting = {
            line
            for line in at_first ^ self.before
            if not re.match(r"etc/datadog-agent/(datadog\.yaml|environment)", line)
        }
        if lasting:
            raise Violation(f"an undisturbed removal leaves the host changed: {sorted(lasting)}")

    def await_start(self):
        """Wait for a container that was killed. Its port is another then."""
        docker("start", self.container)
        script = (
            "until systemctl is-active ssh postfix datadog-agent && pgrep -x master; do sleep 0.3;"
            " done"
        )
        self.execute("timeout", str(LIMIT - 10), "sh", "-c", script)
        port = docker("port", self.container, "22/tcp").split()[0].rpartition(":")[2]
        inventory, known = self.directory / "inventory/hosts.yml", self.directory / "known_hosts"
        text = inventory.read_text(encoding="utf-8")
        old = re.search(rf"{self.name}:\n +ansible_port: (\d+)", text).group(1)
        inventory.write_text(
            text.replace("ansible_port: " + old, "ansible_port: " + port), encoding="utf-8"
        )
        known.write_text(
            known.read_text(encoding="utf-8").replace(f"]:{old} ", f"]:{port} "), encoding="utf-8"
        )


def kill(host, process, how, moment, chance):
    """Kill what is named at that moment of the run; returns what was killed, or None where the
    run ended before."""
    try:
        process.wait(moment)
        return None
    except subprocess.TimeoutExpired:
        pass
    if how == "controller":
        kill_family(process)
        return "controller"
    if how == "container":
        docker("kill", "--signal", "KILL", host.container)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            kill_family(process)
        host.await_start()
        return "container"
    command = (
        "docker",
        "exec",
        "-i",
        host.container,
        "python3",
        "-c",
        KILL_MODULE,
        f"{chance.uniform(0, 0.6):.3f}",
    )
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as killer:
        try:
            host.await_end(process)
        finally:
            killed = killer.communicate(timeout=LIMIT)[0].strip()
    return "module " + killed if killed else None


def torture(host, number, seed):
    """One kill and what follows. Returns what was killed, whether drafts were left, and the line
    to print; or None where it came too late."""
    chance = random.Random(f"{seed}/{number}")
    state = "absent" if host.provisioned else "present"
    how = chance.choices(("controller", "target", "container"), (45, 45, 10))[0]
    whole = host.durations[state, host.method]
    moment = chance.uniform(0.02, 0.95) * whole
    heals = state if chance.random() < 0.75 else {"absent": "present", "present": "absent"}[state]

    said = f"{seed}/{number} {host.name} {host.method} {state} at {moment:.1f} of {whole:.1f} s: "
    try:
        killed = kill(host, host.start(state), how, moment, chance)
        if not killed:
            host.run(state)
            host.provisioned = state == "present"
            return None
        said += f"{killed} killed"
        said += f", main.cf {host.look()}"
        said += f", healed by {heals} in {host.run(heals):.1f} s"
        host.look()
        drafts = set() if heals == "present" else host.see_restored()
        said += f", left: {' '.join(sorted(drafts))}" if drafts else ""
    except Violation as error:
        raise Violation(f"{said} VIOLATION: {error}") from error
    host.provisioned = heals == "present"
    return killed.split()[0], bool(drafts), said


def main():
    directory, wanted, seed = Path(sys.argv[1]).absolute(), int(sys.argv[2]), sys.argv[3]
    print(f"{wanted} kills with seed {seed}; the role's output is in {directory / 'log'}")
    hosts = [Host(directory, name) for name in HOSTS]
    for number, host in enumerate(hosts):
        host.learn()
        host.cycles += number
        durations = (f"{a} {b} {value:.1f} s" for (a, b), value in host.durations.items())
        print(f"{host.name}: {', '.join(durations)}")
    kills, violations, left = collections.Counter(), 0, 0
    # What comes too late is not counted, and not tried for ever.
    for number in range(3 * wanted):
        if kills.total() == wanted:
            break
        host = hosts[number % len(hosts)]
        was_provisioned = host.provisioned
        try:
            result = torture(host, number, seed)
            if result:
                killed, drafts, line = result
                kills[killed] += 1
                left += drafts
                print(line)
        except Violation as error:
            kills["with violation"] += 1
            violations += 1
            print(error)
            try:
                host.run("absent")
                host.provisioned = False
                host.see_restored()
            except Violation as again:
                print(f"{host.name} cannot be restored, so this ends here: {again}")
                break
        if was_provisioned and not host.provisioned:
            host.cycles += 1
    kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(kills.items()))
    print(
        f"{kills.total()} kills ({kinds}), seed {seed}: {violations} violations; drafts of files"
        f" left behind after {left} removals"
    )
    sys.exit(violations > 0 or kills.total() < wanted)


if __name__ == "__main__":
    main()

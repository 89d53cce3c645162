# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have sudo itself say what each file of accepted.py, on standard input, allows. Runs as root on a
host with sudo, and leaves nothing there.

A file passes where visudo accepts it, and where cvtsudoers reads from it exactly the rules that
were meant; for a user whom the host has, also where 'sudo -l -U' shows exactly them, with the file
installed."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys

# No other rule for the user may be on the host.
INSTALLED = "/etc/sudoers.d/mailops-injection"


def run(*argv):
    done = subprocess.run(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(argv)}: {done.stdout}")
    return done.stdout


def rules(path):
    """(user, host, run-as user, command, whether without a password) of every rule."""
    aliases = json.loads(run("cvtsudoers", "-f", "json", "-e", path)).get("User_Specs", [])
    return [
        (
            user["username"],
            host["hostname"],
            run_as["username"],
            command["command"],
            {"authenticate": False} in spec.get("Options", []),
        )
        for entry in aliases
        for spec in entry["Cmnd_Specs"]
        for user in entry["User_List"]
        for host in entry["Host_List"]
        for run_as in spec["runasusers"]
        for command in spec["Commands"]
    ]


def judge(case):
    with open(INSTALLED, "w") as file:
        file.write(case["text"])
    os.chmod(INSTALLED, 0o440)
    run("visudo", "-cf", INSTALLED)
    run("visudo", "-c")
    wanted = [(case["user"], "ALL", case["run_as"], command, True) for command in case["commands"]]
    found = rules(INSTALLED)
    if found != wanted:
        raise AssertionError(f"{case['text']}\nallows {found}, not {wanted}")
    try:
        pwd.getpwnam(case["user"])
    except KeyError:
        return 0
    shown = [
        line.strip()
        for line in run("sudo", "-l", "-U", case["user"]).splitlines()
        if line.startswith("    (")
    ]
    wanted = [f"({case['run_as']}) NOPASSWD: {command}" for command in case["commands"]]
    if shown != wanted:
        raise AssertionError(f"{case['text']}\nsudo -l shows {shown}, not {wanted}")
    return 1


def main():
    cases = json.load(sys.stdin)
    listed, failures = 0, []
    try:
        for case in cases:
            try:
                listed += judge(case)
            except AssertionError as error:
                failures.append(str(error))
    finally:
        if os.path.exists(INSTALLED):
            os.remove(INSTALLED)
    if not listed:
        failures.append("No case is for a user of this host.")
    print(f"{len(cases)} files judged, {listed} of them by sudo -l")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()

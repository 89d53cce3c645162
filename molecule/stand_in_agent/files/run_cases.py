# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the stand-in's check as dd-agent in each case, and compare what it answers with what it must
answer.

Runs as root on the mail host, takes the cases as JSON (vars/cases.yml says what is in them), and
leaves the host as it was."""

import json
import os
import re
import shutil
import subprocess
import sys

CONFIGURATION = "/etc/datadog-agent/conf.d/postfix.d/conf.yaml"
RULES = "/etc/sudoers.d/dd-agent"


def answer_to(case):
    """Run the check in this case."""
    with open(RULES, "w", encoding="ascii") as stream:
        stream.write(case["rules"])
    subprocess.run(("visudo", "-cqf", RULES), check=True)
    with open(CONFIGURATION, "w", encoding="ascii") as stream:
        # JSON is YAML.
        stream.write(case.get("text") or json.dumps(case["configuration"]))
    shutil.chown(CONFIGURATION, "dd-agent", "dd-agent")
    command = case.get("command", "runuser -u dd-agent -- datadog-agent").split() + [
        "check",
        "postfix",
        "--json",
    ]
    # In a session of its own there is no terminal at which sudo would ask for a password, as in the
    # service.
    options = {"cwd": "/", "start_new_session": True, "timeout": 30, "universal_newlines": True}
    try:
        subprocess.run(case.get("provoke", ":"), shell=True, check=True)
        return subprocess.run(command, capture_output=True, check=False, **options)
    finally:
        subprocess.run(case.get("undo", ":"), shell=True, check=True)
        os.remove(CONFIGURATION)
        os.remove(RULES)


def faults(case):
    """What is not as it must be."""
    answer = answer_to(case)
    results = json.loads(answer.stdout[answer.stdout.index("[") :]) if "[" in answer.stdout else []
    metrics = [metric for result in results for metric in result["aggregator"].get("metrics", [])]
    found = [f"{' '.join(metric['tags'])} {int(metric['points'][0][1])}" for metric in metrics]
    messages = [
        item["message"]
        for result in results
        for item in json.loads(result["runner"]["LastError"] or "[]")
    ]
    if answer.returncode != case.get("rc", 0):
        yield f"exit code {answer.returncode}"
    wanted = case.get("found", [])
    if len(found) != len(wanted) or not all(map(re.fullmatch, wanted, found)):
        yield f"metrics {found}"
    if not re.match(case.get("said", r"\["), answer.stdout):
        yield f"output {answer.stdout!r}"
    if not re.search(case.get("stderr", "^$"), answer.stderr):
        yield f"stderr {answer.stderr!r}"
    if bool(messages) != ("error" in case) or not re.search(
        case.get("error", ""), " ".join(messages)
    ):
        yield f"errors {messages}"


def main():
    broken = [
        f"{case['name']}: {fault}" for case in json.loads(sys.argv[1]) for fault in faults(case)
    ]
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()

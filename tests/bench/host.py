# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host for measuring on it: a container with the peers, what measures, and the module as Ansible
sends it."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

from common import RESULTS, ROOT, environment, host_versions, hosts, run

from ansible_collections.mailops.postfix.plugins.plugin_utils._gather.gatherer import (
    checked_task,
    command,
)

FLEET = "bench-host"
CONTAINER = f"mailops-{FLEET}-trixie"
HERE = pathlib.Path(__file__).parent
PEERS = ("prometheus-postfix-exporter", "munin-plugins-core")
# What Ansible sends for these tasks, by the name of its file.
SPOOL = {"queue_directory": "/bench/spool", "timeout": 600}
LISTING = {"method": "postqueue", "timeout": 600}
DETAILS = ["size", "age", "domains", "reasons"]
QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
PAYLOADS = {
    "postfix_queue": ("mailops.postfix.postfix_queue", SPOOL),
    "listing": ("mailops.postfix.postfix_queue", LISTING),
    "details": ("mailops.postfix.postfix_queue", {**LISTING, "details": DETAILS}),
    "find": (
        "ansible.builtin.find",
        {
            "paths": [f"/bench/spool/{queue}" for queue in QUEUES],
            "recurse": True,
            "file_type": "file",
        },
    ),
}
SCRIPTS = {"gatherer": SPOOL, "gatherer_listing": LISTING}


def start():
    """Start the host anew; returns the versions of what is measured there."""
    hosts("down", FLEET)
    hosts("up", FLEET, "trixie")
    install = (
        "apt-get -q -o Acquire::Retries=3 update && DEBIAN_FRONTEND=noninteractive"
        f" apt-get -q install -y --no-install-recommends {' '.join(PEERS)}"
        " && systemctl disable --now --quiet prometheus-postfix-exporter munin-node || :"
    )
    run("docker", "exec", CONTAINER, "sh", "-c", install)
    built = RESULTS / "host"
    shutil.rmtree(built, ignore_errors=True)
    shutil.copytree(HERE / "host", built, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("floor", "timed"):
        run("cc", "-O2", "-static", "-o", built / name, HERE / "host" / f"{name}.c")
    make_payloads(built)
    shutil.copy(ROOT / "roles" / "test_mail" / "files" / "fill_queues.py", built)
    plugins = "ansible_collections/mailops/postfix/plugins"
    shutil.copytree(ROOT / "plugins" / "module_utils", built / plugins / "module_utils")
    run("docker", "exec", CONTAINER, "rm", "-rf", "/opt/bench")
    run("docker", "cp", f"{built}/.", f"{CONTAINER}:/opt/bench")
    packages = ("postfix", "findutils", "python3", "sudo", "coreutils", *PEERS)
    return host_versions(CONTAINER, packages)


def stop():
    if "BENCH_KEEP" not in os.environ:
        hosts("down", FLEET)


def make_payloads(directory):
    """What Ansible sends to a host, as a file for each task, and the gatherer's scripts."""
    for name, (module, options) in PAYLOADS.items():
        sent = directory / "sent"
        kept = environment(ANSIBLE_KEEP_REMOTE_FILES="1", ANSIBLE_REMOTE_TEMP=str(sent))
        arguments = json.dumps(options)
        # It fails here, where there is no such spool.
        subprocess.run(
            ("ansible", "localhost", "-c", "local", "-m", module, "-a", arguments)
            + ("-e", "mailops_postfix_gatherer=false"),
            env=kept,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        (file,) = sent.glob("*/AnsiballZ_*.py")
        file.replace(directory / name)
        shutil.rmtree(sent)
    (directory / "gatherer_command").write_text(command())
    for name, options in SCRIPTS.items():
        (directory / name).write_text(checked_task(options).script)


def samples(program, *arguments):
    """The samples that a program on the host prints, as they come."""
    argv = ("docker", "exec", CONTAINER, "python3", f"/opt/bench/{program}", *map(str, arguments))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        sys.exit(f"{program} on the host: exit code {process.returncode}")

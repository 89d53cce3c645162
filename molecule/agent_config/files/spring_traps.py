# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the Agent's user set traps for root in its own directory, and see that root springs none.

spring_traps.py DIRECTORY    DIRECTORY has the collection's module_utils, as a tree of
ansible_collections

Runs as root on the mail host. Each trap is set with the rights of dd-agent; then the Agent is
described, and its files are written and removed, in check mode and for real. All of it must end
soon, refuse, leave /etc and the targets as they were, and repeat nothing of what is in them."""

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, sys.argv[1])

from ansible_collections.mailops.postfix.plugins.module_utils._agent import (
    config as agent_config,
)  # noqa: E402 # the path comes first
from ansible_collections.mailops.postfix.plugins.module_utils._agent import (
    info as agent_info,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import (
    errors,
    runner,
)  # noqa: E402 # the path comes first
from ansible_collections.mailops.postfix.plugins.module_utils._host import (
    system as host,
)

AGENT = "/etc/datadog-agent"
KEPT = "/opt/datadog-agent.kept"
TARGET = "/etc/mailops-target"
TARGETS = ("/etc", "/etc/shadow", "/etc/sudoers", TARGET)
# Seconds; far less is needed, and what hangs takes longer.
SOON = 30
RACE = 5
USER = ("setpriv", "--reuid", "dd-agent", "--regid", "dd-agent", "--init-groups")
OPTIONS = {
    "content": "instances: []\n",
    "backup": True,
}
FILES = {
    "datadog.yaml": "datadog_yaml",
    "environment": "environment",
    "conf.d/postfix.d/conf.yaml": "none",
}


def traps():
    """Each trap's name, the commands that set it, where logs are enabled, and the kind of the
    refusal."""
    for path, logs in FILES.items():
        for target in TARGETS[1:] + ("/dev/zero", "/proc/self/mem", "/dev/tty"):
            yield f"{path} -> {target}", f"rm -f {path}; ln -s {target} {path}", logs, "unsafe_path"
        yield path + ", a FIFO", f"rm -f {path}; mkfifo {path}", logs, "unsafe_path"
        yield path + ", a directory", f"rm -f {path}; mkdir {path}", logs, "unsafe_path"
        yield path + ", without an end", f"rm -f {path}; truncate -s 1T {path}", logs, "unsafe_path"
    for path in ("conf.d", "conf.d/postfix.d"):
        yield path + " -> /etc", f"mv {path} moved; ln -s /etc {path}", "none", "unsafe_path"
        yield path + ", a FIFO", f"mv {path} moved; mkfifo {path}", "none", "unsafe_path"
    yield (
        "confd_path of /etc",
        "echo confd_path: /etc >>datadog.yaml",
        "datadog_yaml",
        "permission_denied",
    )
    yield (
        "DD_CONFD_PATH of /etc",
        "echo DD_CONFD_PATH=/etc >environment",
        "environment",
        "permission_denied",
    )


def settle():
    """The Agent's directory as it was, without conf.yaml's and environment's."""
    shutil.rmtree(AGENT)
    subprocess.run(("cp", "-a", KEPT, AGENT), check=True)


def shape():
    """What must not change: content, owner, mode and time of change of the targets, and the names
    in /etc."""
    return [
        (
            os.stat(path),
            open(path, "rb").read() if os.path.isfile(path) else sorted(os.listdir(path)),
        )
        for path in TARGETS
    ]


def state_of(found):
    return [
        (status.st_ino, status.st_uid, status.st_gid, status.st_mode, status.st_nlink, content)
        for status, content in found
    ]


def configure(logs, state, check_mode):
    options = dict(OPTIONS, logs_enabled_in=logs, state=state)
    try:
        return None, repr(agent_config.configure(options, runner.Deadline(SOON), check_mode))
    except errors.HostError as error:
        return error.kind, repr(error.as_dict())


def faults(name, commands, logs, kind, secrets):
    """What is not as it must be with one trap."""
    settle()
    subprocess.run(USER + ("sh", "-euc", commands), cwd=AGENT, check=True)
    begun = time.monotonic()
    described = agent_info.describe_agent(runner.Runner(runner.Deadline(SOON)), host.Host(), {})
    # What is merely no file, or too large, is not read for a description.
    if (
        not described["unknown"]
        and kind == "unsafe_path"
        and not name.startswith(
            ("conf.d/postfix.d/conf.yaml, a d", "conf.d/postfix.d/conf.yaml, w")
        )
    ):
        yield "described without a word"
    said = [repr(described)]
    for state in ("present", "absent"):
        for check_mode in (True, False):
            answer, text = configure(logs, state, check_mode)
            said.append(text)
            # Nobody but dd-agent is kept from another place, and there is nothing to remove.
            wanted = (
                None if kind == "permission_denied" and (state == "absent" or check_mode) else kind
            )
            if answer != wanted:
                yield f"{state}, check mode {check_mode}: {text}"
    if time.monotonic() - begun > SOON:
        yield f"took {int(time.monotonic() - begun)} s"
    if any(secret in text for secret in secrets for text in said):
        yield "repeats what is in a target"


def race():
    """Root writes while dd-agent swaps the directory for a link to /etc; every run ends in a file
    of dd-agent or in a refusal."""
    settle()
    script = (
        "import ctypes, time\nwhile True: ctypes.CDLL(None).renameat2(-100, b'postfix.d', -100,"
        " b'link', 2), time.sleep(0.002)"
    )
    commands = 'ln -s /etc link; exec python3 -c "$0"'
    swapper = subprocess.Popen(
        USER + ("sh", "-euc", commands, script), cwd=AGENT + "/conf.d", start_new_session=True
    )
    ends = set()
    try:
        end = time.monotonic() + RACE
        while time.monotonic() < end:
            kind, text = configure("none", "present", False)
            ends.add(kind)
            if kind not in (None, "unsafe_path", "command_failed"):
                yield text
            configure("none", "absent", False)
    finally:
        os.killpg(swapper.pid, 9)
        swapper.wait()
    if "unsafe_path" not in ends:
        yield f"was none: {ends}"


def main():
    with open(TARGET, "w", encoding="ascii") as stream:
        stream.write("# a secret that nobody may read\n# logs_enabled: false\n")
    os.chmod(TARGET, 0o600)
    before = shape()
    secrets = [
        line
        for dummy, content in before
        for line in (content.decode().splitlines() if isinstance(content, bytes) else [])
        if len(line) > 12
    ]
    broken = []
    for name, commands, logs, kind in traps():
        broken += [f"{name}: {fault}" for fault in faults(name, commands, logs, kind, secrets)]
        if state_of(shape()) != state_of(before):
            broken.append(f"{name}: a target or /etc changed")
    broken += [f"race: {fault}" for fault in race()]
    if state_of(shape()) != state_of(before):
        broken.append("race: a target or /etc changed")
    os.remove(TARGET)
    settle()
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()

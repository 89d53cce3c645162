# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with Postfix's tools as recorded, asked by the module's functions and by the script in
each shell."""

from __future__ import annotations

import pathlib
import shlex
import shutil
import subprocess

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import Host
from ansible_collections.mailops.postfix.plugins.module_utils._queue.gathering import gather
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather import script
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather.gatherer import checked_task

# make unit installs them on Debian.
SHELLS = {"dash": "dash", "bash": "bash --posix", "busybox": "busybox sh"}
ONE = "-               -               y         /etc/postfix\n"
POSTCONF = "-hx multi_instance_name config_directory queue_directory"


class Machine:
    """A directory with programs and a spool, and both ways to ask it."""

    def __init__(self, directory: pathlib.Path, shell: str) -> None:
        self.spool = directory / "spool"
        self.bin = directory / "bin"
        self._recorded = directory / "recorded"
        for made in (self.spool, self.bin, self._recorded):
            made.mkdir()
        for queue in QUEUES:
            (self.spool / queue).mkdir()
        self._shell = shell
        self._replies: dict[str, dict[str, str]] = {}
        self.path = f"{self.bin}:/usr/bin:/bin"
        if shell == "busybox":
            # Its own tools, as on a host that has no others; Debian's lacks cksum.
            for tool in ("awk", "env", "find", "setsid", "sleep", "stat", "tr", "uniq"):
                (self.bin / tool).symlink_to(shutil.which("busybox"))

    def reply(self, command: str, stdout: str | bytes = "", rc: int = 0, stderr: str = "") -> None:
        """What a command prints, and how it ends."""
        program, dummy, arguments = command.partition(" ")
        at = self._recorded / str(len(list(self._recorded.iterdir())))
        at.mkdir()
        data = stdout if isinstance(stdout, bytes) else stdout.encode()
        (at / "out").write_bytes(data)
        (at / "err").write_text(stderr)
        self.act(command, f"cat {at}/out; cat {at}/err >&2; exit {rc}")

    def act(self, command: str, action: str) -> None:
        """What a command does, in the words of a shell."""
        program, dummy, arguments = command.partition(" ")
        replies = self._replies.setdefault(program, {})
        replies[arguments] = action
        cases = "\n".join(f"{shlex.quote(words)}) {todo} ;;" for words, todo in replies.items())
        text = f'#!/bin/sh\ncase "$*" in\n{cases}\nesac\necho "$0 $*" >&2\nexit 111\n'
        (self.bin / program).write_text(text)
        (self.bin / program).chmod(0o755)

    def instance(self, directory: str = "", name: str = "", spool: str | None = None) -> None:
        """An instance; the default one without a directory."""
        option = f"-c {directory} " if directory else ""
        where = self.spool if spool is None else spool
        self.reply(
            f"postconf {option}{POSTCONF}", f"{name}\n{directory or '/etc/postfix'}\n{where}\n"
        )

    def fill(self, **counts: int) -> None:
        for queue, count in counts.items():
            for number in range(count):
                (self.spool / queue / f"{number:06X}").touch()

    def run(self, text: str, path: str | None = None) -> bytes:
        """What the script prints."""
        return subprocess.run(
            ["/bin/sh", "-c", script.command()],
            input=text.encode(),
            env={"PATH": path or self.path, "MAIL_CONFIG": "/elsewhere", "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            check=False,
        ).stdout

    def by_script(self, **options):
        """Facts, warnings and errors. Raises UnseenError."""
        task = checked_task(options)
        return task.facts(self.run(task.script))

    def by_module(self, monkeypatch, **options):
        """The same by the module's functions."""
        task = checked_task(options)
        monkeypatch.setenv("PATH", self.path)
        runner = Runner(Deadline(task.timeout))
        return gather(runner, Host(), task.directories, task.request)


@pytest.fixture(params=SHELLS)
def machine(request, tmp_path, monkeypatch):
    """A machine with one instance and empty queues."""
    shell = SHELLS[request.param]
    assert shutil.which(shell.split()[0]), f"no {request.param} here: make unit installs it"
    monkeypatch.setattr(
        script, "SHELL", f"{shutil.which(shell.split()[0])} {shell.partition(' ')[2]}"
    )
    made = Machine(tmp_path, request.param)
    made.reply("postmulti -l", ONE)
    made.instance()
    made.reply("postqueue -j")
    return made


@pytest.fixture
def both(machine, monkeypatch):
    """The answer of both ways, which has to be the same."""

    def ask(**options):
        found = machine.by_script(**options)
        assert found == machine.by_module(monkeypatch, **options)
        return found

    return ask

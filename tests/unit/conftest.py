# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the unit tests share: samples of real output, and a runner that plays recorded commands."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host import runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

COLLECTIONS = pathlib.Path(runner.__file__).parents[6]
SAMPLES = pathlib.Path(__file__).parent / "samples"


class Recording:
    """A runner whose commands are (stdout, rc, stderr) by command line; it notes what was asked of
    it, and finds programs in /usr/bin."""

    uid = os.geteuid()

    def __init__(self, commands, deadline=None, programs=()):
        self.deadline = deadline or Deadline(30)
        self.asked = []
        self._commands = commands
        self._programs = programs

    def find(self, name):
        return "/usr/bin/" + name if name in self._programs else None

    def start(self, argv):
        self.asked.append(" ".join(argv))
        return RecordedProcess(argv, *self._commands[" ".join(argv)])

    def run(self, argv, stdin=None):
        process = self.start(argv)
        return process.rc, list(process.lines()), process.stderr, argv


class RecordedProcess:
    def __init__(self, argv, stdout, rc=0, stderr=""):
        self.args, self.stdout, self.rc, self.stderr = argv, stdout, rc, stderr

    def lines(self):
        return iter(
            self.stdout.split("\n")[:-1]
            if self.stdout.endswith("\n")
            else self.stdout.split("\n")
            if self.stdout
            else []
        )

    def finish(self):
        return self.rc, self.stderr


@pytest.fixture
def recording():
    return Recording


@pytest.fixture
def sample():
    return lambda name: (SAMPLES / name).read_text(encoding="utf-8")


@pytest.fixture
def playbook(tmp_path):
    """Runs ansible-playbook in tmp_path with these arguments; returns the process that ended."""

    def run(*arguments):
        return subprocess.run(
            [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), *arguments],
            cwd=str(tmp_path),
            env={
                "HOME": str(tmp_path),
                "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the unit tests share: samples of real output, and a runner that plays recorded commands."""

from __future__ import annotations

import os
import pathlib

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

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

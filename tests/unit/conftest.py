# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the unit tests share: samples of real output, and a runner that plays recorded commands."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host import runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

COLLECTIONS = pathlib.Path(runner.__file__).parents[6]
ROOT = pathlib.Path(__file__).resolve().parents[2]
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


class Datadog:
    """The stand-in of Datadog's API, as a test looks at it and changes it by hand."""

    api_key = "0" * 31 + "a"
    application_key = "0" * 39 + "b"

    def __init__(self, url):
        self.url = url

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path,
            None if body is None else json.dumps(body).encode(),
            {"DD-API-KEY": self.api_key, "DD-APPLICATION-KEY": self.application_key},
            method=method,
        )
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            return {"status": error.code, **json.load(error)}

    def control(self, *faults, **others):
        self.ask("PUT", "/_control", {"faults": faults, **others})

    def requests(self, *methods):
        """(method, path) of what came since the test began, of these methods or of all."""
        asked = self.ask("GET", "/_control")["requests"]
        return [(method, path) for method, path in asked if method in methods or not methods]

    def assets(self, kind):
        """kind: dashboard, monitor, pipeline."""
        return self.ask("GET", "/_control")["assets"][kind]


@pytest.fixture(scope="session")
def datadog_process():
    with subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "datadog_api")], stdout=subprocess.PIPE, text=True
    ) as process:
        yield Datadog(process.stdout.readline().strip())
        process.terminate()


@pytest.fixture
def datadog(datadog_process):
    """The stand-in of Datadog's API with an empty account."""
    datadog_process.ask("DELETE", "/_control")
    return datadog_process

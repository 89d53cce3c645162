# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that a host runs, made of guard.sh and work.sh: a request in, text out."""

from __future__ import annotations

import functools
import pathlib
import re
import shlex

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import LONGEST, SBIN
from ansible_collections.mailops.postfix.plugins.module_utils._host.system import (
    LOCK_PIECE,
    LOCK_READS,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instances import (
    DIRECTORIES,
    LISTED,
    PARAMETERS,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.gathering import Request

SHELL = "/bin/sh"
# Stand for what only the script knows.
_DIRECTORY = "@directory@"
_FUNCTIONS = {
    "postmulti_list": commands.postmulti_list(),
    "postconf_directories": commands.postconf_parameters(DIRECTORIES),
    "postconf_listed": commands.postconf_parameters(LISTED, _DIRECTORY),
    "postconf_values": commands.postconf_values(PARAMETERS, _DIRECTORY),
    "postqueue_json": commands.postqueue_json(_DIRECTORY),
    "find_queues": commands.find_queues([_DIRECTORY]),
    "stat_file": commands.stat_file(_DIRECTORY),
}
_NO_TERMINAL = """if [ -t 0 ]; then
    echo
    echo "mailops-postfix lacks input without a terminal"
    exit
fi"""
_NOT_SENT = re.compile(r"^\s*(#.*\n)?", re.MULTILINE)


def command(environment: str = "") -> str:
    """The command line that runs the script from standard input, with no more of the environment
    than the module's commands have. environment: assignments, which may set PATH."""
    line = f'exec env -i PATH="$PATH" LC_ALL=C {SHELL} -s'
    return f"{environment} {SHELL} -c {shlex.quote(line)}" if environment else line


def render(request: Request, directories: list[str] | None, timeout: int, mark: str) -> str:
    """The script for a request. directories: configuration directories, or None for every enabled
    instance; timeout: seconds; mark: a word that nothing else on the host prints."""
    values = {
        "mark": mark,
        "timeout": str(min(timeout, LONGEST)),
        "method": "find" if request.queue_directory else request.method,
        "queues": " ".join(request.queues),
        "queue_directory": request.queue_directory or "",
        "sbin": " ".join(SBIN),
        "lock_reads": str(LOCK_READS),
        "lock_piece": str(LOCK_PIECE),
    }
    work = "\n".join([*_assignments(values), _functions(), _text("work.sh")])
    guard = "\n".join(
        [*_assignments({"mark": mark, "shell": SHELL, "work": work}), _text("guard.sh")]
    )
    arguments = shlex.join(directories or [])
    # A shell runs what it has read so far; a function it runs when it has all of it. On a terminal
    # it would get an altered script, and wait for more.
    return f"{_NO_TERMINAL}\nmain() {{\n{guard}}}\nmain {arguments}\n"


def _assignments(values: dict[str, str]) -> list[str]:
    return [f"{name}={shlex.quote(value)}" for name, value in values.items()]


@functools.lru_cache
def _functions() -> str:
    """A shell function for each command line, which takes what the script knows as arguments."""
    return "\n".join(f"{name}() {{ $how {_words(argv)}; }}" for name, argv in _FUNCTIONS.items())


def _words(argv: list[str]) -> str:
    words = shlex.join(argv)
    return words.replace(f"-c {_DIRECTORY}", '${1:+-c "$1"}').replace(_DIRECTORY, '"$@"')


@functools.lru_cache
def _text(name: str) -> str:
    """A part of the script without comments, empty lines and indentation, which need not travel."""
    return _NOT_SENT.sub("", (pathlib.Path(__file__).parent / name).read_text(encoding="utf-8"))

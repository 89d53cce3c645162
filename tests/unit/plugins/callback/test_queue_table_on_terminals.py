# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The callback on a pseudo-terminal: real runs of Ansible on few hosts, and stored results of
thousands."""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet import table

REPLAY = pathlib.Path(__file__).parent / "replay.py"
# The callback itself stays out of this process, where it would make of the modules under test a
# part of the controller.
COLLECTIONS = pathlib.Path(table.__file__).parents[6]
LOCALES = {"unicode": {"LC_ALL": "C.UTF-8"}, "ascii": {"LC_ALL": "C"}}
ESCAPE = re.compile("\x1b\\[[0-9;]*m")
WIDE = """
host     maildrop  incoming  active  deferred  hold  corrupt  total
mx2             0         0       0         7     2        0      9  ████████████████████
mx1             0         0       1         3     0        0      4  ████████▉
mx3             0         0       0         0     0        0      0
───────────────────────────────────────────────────────────────────
3 hosts         0         0       1        10     2        0     13
"""
NARROW = """
host     drop  inc  act  def  hold  corr  total
mx2         0    0    0    7     2     0      9  ███████████
mx1         0    0    1    3     0     0      4  ████▉
mx3         0    0    0    0     0     0      0
───────────────────────────────────────────────
3 hosts     0    0    1   10     2     0     13
"""
LANGUAGE_C = """
host    drop  inc  act  def  hold  corr  total
mx1        0    0    1    3     0     0      4  ############
----------------------------------------------
1 host     0    0    1    3     0     0      4
"""


@pytest.fixture
def run(tmp_path):
    """Runs a command, on a terminal of so many columns if there are any; returns what it wrote
    and its exit code."""

    def start(command, columns=None, **environment):
        clean = {
            "HOME": str(tmp_path),
            "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
            "TERM": "xterm",
            "PYTHONPATH": str(COLLECTIONS),
        }
        clean.update(
            ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS), ANSIBLE_CONFIG=str(tmp_path / "ansible.cfg")
        )
        clean.update(environment or LOCALES["unicode"])
        if columns is None:
            done = subprocess.run(
                command,
                cwd=tmp_path,
                env=clean,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            return done.stdout + done.stderr, done.returncode
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env=clean,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        ) as process:
            os.close(slave)
            written = b"".join(iter(lambda: read(master), b""))
            os.close(master)
        return written.decode().replace("\r\n", "\n"), process.returncode

    return start


def read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:
        # Linux says so where the other end of the terminal is closed.
        return b""


@pytest.fixture
def replay(run, tmp_path, fleet_of):
    """Plays runs on so many hosts each; returns what was written."""

    def start(numbers, columns=None, **environment):
        (tmp_path / "runs.json").write_text(
            json.dumps([fleet_of(number) for number in numbers]), encoding="utf-8"
        )
        written, rc = run(
            [sys.executable, str(REPLAY), str(tmp_path / "runs.json")],
            columns,
            MAILOPS_QUEUE_TABLE_ROWS="5",
            **environment,
        )
        assert rc == 0, written
        return written

    return start


@pytest.fixture
def spools(tmp_path):
    """Three hosts, mx1 to mx3, with files in their queues, one that cannot be reached, and the
    settings of README."""
    files = {"mx1": {"active": 1, "deferred": 3}, "mx2": {"deferred": 7, "hold": 2}, "mx3": {}}
    for host, counts in files.items():
        for queue in ("maildrop", "incoming", "active", "deferred", "hold", "corrupt"):
            (tmp_path / host / queue).mkdir(parents=True)
            for name in range(counts.get(queue, 0)):
                (tmp_path / host / queue / str(name)).touch()
    (tmp_path / "ssh").write_text("#!/bin/sh\nexit 255\n", encoding="utf-8")
    (tmp_path / "ssh").chmod(0o755)
    lost = f"lost ansible_connection=ssh ansible_ssh_executable={tmp_path}/ssh\n"
    mail = (
        "[mail]\nmx1\nmx2\nmx3\n[mail:vars]\nansible_connection=local\n"
        f"ansible_python_interpreter={sys.executable}\n"
    )
    (tmp_path / "hosts").write_text(lost + mail, encoding="utf-8")
    settings = (
        "[defaults]\ninventory = hosts\nforks = 3\ncallbacks_enabled ="
        " mailops.postfix.queue_table\nbin_ansible_callbacks = true\n"
    )
    (tmp_path / "ansible.cfg").write_text(settings, encoding="utf-8")
    return tmp_path


def ad_hoc(spools, hosts):
    return [
        "ansible",
        hosts,
        "-m",
        "mailops.postfix.postfix_queue",
        "-a",
        f"queue_directory={spools}/{{{{ inventory_hostname }}}}",
    ]


@pytest.mark.parametrize("form", ["unicode", "ascii"])
@pytest.mark.parametrize("columns", [60, 100, 200])
def test_fills_the_terminal(replay, expected, columns, form):
    numbers = (1, 3, 2000)
    written = replay(numbers, columns, **LOCALES[form])
    assert "\x1b[" in written
    assert ESCAPE.sub("", written).splitlines() == [
        line for number in numbers for line in ["", *expected(number, columns, form)]
    ]


@pytest.mark.parametrize("value", ["1", "please"])
def test_honours_no_color(replay, expected, value):
    written = replay([3], 60, NO_COLOR=value, **LOCALES["unicode"])
    assert written.splitlines() == ["", *expected(3, 60, "unicode")]


def test_has_colours_only_on_a_terminal(replay, expected):
    assert replay([3], **LOCALES["unicode"]).splitlines()[:7] == [
        "",
        *expected(3, 200, "unicode")[:6],
    ]


def test_follows_the_output_of_an_ad_hoc_run(run, spools):
    written, rc = run(ad_hoc(spools, "mail"), 100)
    assert rc == 0, written
    ordinary, table = ESCAPE.sub("", written).split("\nhost ")
    assert "\nhost " + table == WIDE
    assert sorted(re.findall(r"(?m)^(mx[123]) \| SUCCESS => ", ordinary)) == ["mx1", "mx2", "mx3"]


def test_is_all_that_a_quiet_run_shows(run, spools):
    written, rc = run(
        ad_hoc(spools, "mail"),
        60,
        ANSIBLE_STDOUT_CALLBACK="mailops.postfix.queue_table",
        **LOCALES["unicode"],
    )
    assert (ESCAPE.sub("", written), rc) == (NARROW, 0)


def test_is_ascii_where_the_language_is_c(run, spools):
    written, rc = run(ad_hoc(spools, "mx1"), 60, LANG="C")
    assert rc == 0, written
    assert ESCAPE.sub("", written).endswith("\n" + LANGUAGE_C)


def test_tells_each_host_that_a_loop_delegates_to(run, spools):
    count = {"mailops.postfix.postfix_queue": {"queue_directory": f"{spools}/{{{{ item }}}}"}}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [dict(count, loop=["mx1", "mx2", "lost"], delegate_to="{{ item }}")],
    }
    (spools / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    written, rc = run(["ansible-playbook", "play.yml"])
    assert rc == 4, written
    lines = written[written.index("\nhost ") :].splitlines()
    assert lines[:4] == WIDE.splitlines()[:4]
    assert lines[5] == "3 hosts         ?         ?      1+       10+    2+        ?    13+"
    assert [line.split()[0] for line in lines[8:]] == ["unreachable:", "lost"]


@pytest.mark.parametrize(
    "returned", [{"results": []}, {"ansible_job_id": "1.2"}, {"skipped": True}]
)
def test_no_host_hides_from_the_sum(run, spools, returned):
    """A loop's result, a job that has only started, and a condition that does not hold look like
    this, but the task has none of these."""
    (spools / "python").write_text(f"#!/bin/sh\necho '{json.dumps(returned)}'\n", encoding="utf-8")
    (spools / "python").chmod(0o755)
    with (spools / "hosts").open("a", encoding="utf-8") as hosts:
        hosts.write(
            f"[more]\nmx4 ansible_connection=local ansible_python_interpreter={spools}/python\n"
        )
    written, dummy = run(ad_hoc(spools, "mx1,mx4"))
    lines = written[written.index("\nhost ") :].splitlines()
    assert [line for line in lines if line.startswith("2 hosts ")], written
    assert [line for line in lines if line.startswith("  mx4 ")], written


def test_shows_only_what_is_bad_where_there_are_limits(run, spools):
    command = ad_hoc(spools, "mail")
    options = {
        "queue_directory": f"{spools}/{{{{ inventory_hostname }}}}",
        "limits": {"deferred": {"count": 5}},
    }
    command[-1] = json.dumps(options)
    written, rc = run(
        command, 100, ANSIBLE_STDOUT_CALLBACK="mailops.postfix.queue_table", **LOCALES["unicode"]
    )
    assert rc == 2, written
    lines = ESCAPE.sub("", written).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["host", "mx2", "2"], written
    assert lines[3].split()[1:4] == ["within", "the", "limits"]
    assert lines[-1].startswith("  mx2  limits: the count of deferred is 7, above 5")


def test_zeros_and_rules_are_never_bold_black(replay):
    written = replay([3], 100)
    assert "\x1b[2m" in written and "1;30" not in written


@pytest.mark.parametrize("when", [{"when": "inventory_hostname == 'mx1'"}, {}])
def test_host_that_a_condition_leaves_out_is_none_of_the_fleet(run, spools, when):
    count = {"mailops.postfix.postfix_queue": {"queue_directory": f"{spools}/mx1"}}
    play = {"hosts": "mx1,mx2", "gather_facts": False, "tasks": [{"block": [count], **when}]}
    (spools / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    written, rc = run(["ansible-playbook", "play.yml"])
    assert rc == 0, written
    assert ("\n1 host " if when else "\n2 hosts ") in written, written


def test_is_silent_where_the_module_did_not_run(run, spools):
    (spools / "play.yml").write_text(
        '[{"hosts": "mx1", "gather_facts": false, "tasks": [{"debug": {"msg": "mx1"}}]}]',
        encoding="utf-8",
    )
    written, rc = run(["ansible-playbook", "play.yml"])
    assert rc == 0, written
    assert re.search(r"\nPLAY RECAP \*+\nmx1 .*\n\n$", written), written

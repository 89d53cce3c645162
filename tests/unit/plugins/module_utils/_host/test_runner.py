# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner against real processes."""

from __future__ import annotations

import os
import stat
import time

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host import children
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Puts a shell script named probe on PATH."""

    def write(text):
        path = tmp_path / "probe"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:relative:{os.environ['PATH']}")

    return write


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as status:
            return status.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_lines_code_and_stderr(script):
    script("printf 'one\\ntwo\\n\\nlast'; echo oops >&2; exit 69")
    rc, lines, stderr, argv = Runner(Deadline(30)).run(["probe"])
    assert (rc, lines, stderr) == (69, ["one", "two", "", "last"], "oops\n")
    assert os.path.isabs(argv[0])


def test_environment_and_directory(script, monkeypatch):
    monkeypatch.setenv("MAIL_CONFIG", "/etc/postfix-other")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    script("pwd; env")
    lines = Runner(Deadline(30)).run(["probe"])[1]
    names = sorted(line.split("=")[0] for line in lines[1:])
    assert lines[0] == "/"
    assert "LC_ALL=C" in lines
    assert set(names) - {"PWD", "_", "SHLVL", "OLDPWD"} == {"LC_ALL", "PATH"}
    assert any(
        line.startswith("PATH=") and "/usr/sbin" in line and "relative" not in line
        for line in lines
    )


def test_what_a_command_reads(script):
    script("cat")
    assert Runner(Deadline(30)).run(["probe"], b"one\ntwo\n")[1] == ["one", "two"]


def test_nothing_can_be_asked(script):
    script("read answer && echo got; tty")
    assert Runner(Deadline(30)).run(["probe"])[1] == ["not a tty"]


def test_bytes_that_are_no_utf8(script):
    script("printf 'a\\377b\\n'")
    assert Runner(Deadline(30)).run(["probe"])[1] == ["a\ufffdb"]


def test_lines_longer_than_a_read(script):
    script("i=0; while [ $i -lt 3000 ]; do printf '%0100d' $i; i=$((i+1)); done; echo; echo end")
    lines = Runner(Deadline(30)).run(["probe"])[1]
    assert [len(line) for line in lines] == [300000, 3]


@pytest.mark.parametrize("seconds", [3_000_000, 10**30])
def test_more_time_than_the_system_can_wait(script, seconds):
    script("echo one")
    assert Runner(Deadline(seconds)).run(["probe"])[1] == ["one"]
    assert children.as_user(os.geteuid(), Deadline(seconds), lambda: 1) == 1


def test_missing_program():
    with pytest.raises(HostError) as caught:
        Runner(Deadline(30)).run(["postnothing", "-j"])
    assert caught.value.kind == "not_installed"


@pytest.mark.parametrize(
    "content, cause",
    [("\x7fELF\x02\x01\x01", "Exec format error"), ("#!/nowhere/sh\n", "No such file")],
)
def test_program_that_this_host_cannot_run(script, tmp_path, content, cause):
    script("")
    (tmp_path / "probe").write_text(content)
    with pytest.raises(HostError) as caught:
        Runner(Deadline(30)).run(["probe"])
    assert caught.value.kind == "command_failed"
    assert "probe cannot be executed: " + cause in caught.value.message


def test_run_as_where_root_may_not_change_users(script, monkeypatch):
    script("echo never")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    runner = Runner(Deadline(30), run_as="root")
    monkeypatch.setattr(os, "setgroups", refused)
    with pytest.raises(HostError) as caught:
        runner.run(["probe"])
    assert caught.value.kind == "command_failed"
    assert "CAP_SETUID" in caught.value.hint


def refused(groups):
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("trap", ["", "trap '' TERM;"])
def test_what_hangs_is_ended_with_its_children(script, tmp_path, trap):
    script(
        f"{trap} sleep 600 & echo $! > {tmp_path}/child; echo started; {trap} sleep 600; sleep 600;"
        f" touch {tmp_path}/waited"
    )
    with pytest.raises(HostError) as caught:
        Runner(Deadline(1)).run(["probe"])
    assert caught.value.kind == "timeout"
    assert "did not end within 1 s" in caught.value.message
    assert not (tmp_path / "waited").exists()
    child = int((tmp_path / "child").read_text())
    for dummy in range(50):
        if not alive(child):
            break
        time.sleep(0.1)
    assert not alive(child)


def test_endless_output_ends_with_the_deadline(script):
    script("while :; do echo x; done")
    process = Runner(Deadline(1)).start(["probe"])
    with pytest.raises(HostError) as caught:
        for dummy in process.lines():
            pass
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize("text", ["yes $(printf %0100d 0)", "yes | tr -d '\\n'"])
def test_no_more_output_is_kept_than_fits(script, text):
    script(text)
    with pytest.raises(HostError) as caught:
        Runner(Deadline(30)).run(["probe"])
    assert caught.value.kind == "command_failed"
    assert "more than 16777216 bytes" in caught.value.message


def test_no_command_starts_after_the_deadline(script):
    script("echo late")
    with pytest.raises(HostError) as caught:
        Runner(Deadline(0)).run(["probe"])
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize("name", ["root", "no-such-user"])
def test_run_as_needs_root_and_a_user(name, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0 if name != "root" else 1000)
    with pytest.raises(HostError) as caught:
        Runner(Deadline(30), run_as=name)
    assert caught.value.kind == "bad_argument"
    assert f"run_as={name}" in caught.value.message

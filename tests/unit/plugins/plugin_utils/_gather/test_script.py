# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script in each shell, on a machine with recorded programs: it finds what the module's
functions find there, or says why the module has to be asked."""

from __future__ import annotations

import ctypes
import fcntl
import os
import pathlib
import pty
import signal
import subprocess
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._gather import script
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather.gatherer import (
    UnseenError,
    checked_task,
)

ONE = "-               -               y         /etc/postfix\n"
POSTCONF = "-hx multi_instance_name config_directory queue_directory"
DIRECTORIES = "config_directory multi_instance_directories"
LISTED = "multi_instance_name multi_instance_group multi_instance_enable"
NO_OTHERS = "config_directory = /etc/postfix\nmulti_instance_directories =\n"
ENABLED = "multi_instance_name =\nmulti_instance_group =\nmulti_instance_enable = yes\n"
MESSAGE = (
    '{"queue_name": "deferred", "queue_id": "6451E24E097", "arrival_time": 1795529935,'
    ' "message_size": 256, "forced_expire": false, "sender": "a@example.com", "recipients":'
    ' [{"address": "d@example.org", "delay_reason": "mailbox busy"}]}'
)
DOWN = (
    "postqueue: fatal: Queue report unavailable - mail system is down (Connect to the Postfix"
    " showq service: Connection refused)\n"
)
# Every way in which postqueue refuses: exit code and stderr.
REFUSALS = [
    (69, "postqueue: fatal: User nobody(65534) is not allowed to view the mail queue\n"),
    (69, DOWN),
    (69, "postqueue: fatal: Queue report unavailable - mail system is down\n"),
    (69, "postqueue: fatal: Connect to the Postfix showq service: Permission denied\n"),
    (
        69,
        "postqueue: error: unauthorized configuration directory name: /etc/postfix/\n"
        "postqueue: fatal: specify parameters in /etc/postfix/main.cf\n",
    ),
    (69, "postqueue: fatal: malformed showq server response\n"),
    (69, "postqueue: fatal: open /etc/postfix/main.cf: No such file or directory\n"),
    (75, "something else\n\n"),
    (1, ""),
    (
        0,
        "postqueue: warning: Mail system is down -- accessing queue directly (Connect to the"
        " Postfix showq service: Connection refused)\n",
    ),
]


PR_SET_CHILD_SUBREAPER = 36
SHELLS = ["dash", "bash", "busybox"]
# Where all shells do the same.
one_shell = pytest.mark.parametrize("machine", ["dash"], indirect=True)
# Bash has the tools of dash.
all_tools = pytest.mark.parametrize("machine", ["dash", "busybox"], indirect=True)


def counts(found):
    return found[0]["counts"]


def test_counts_every_file(both, machine):
    machine.fill(incoming=3, deferred=2, corrupt=1)
    hashed = machine.spool / "deferred" / "A" / "B"
    hashed.mkdir(parents=True)
    for name in (b"ABC", b"line\nbreak", b"caf\xe9", b".hidden", b"-type", b"tab\t", b"back\\n"):
        (hashed / os.fsdecode(name)).touch()
    (machine.spool / "hold" / "link").symlink_to("/etc/passwd")
    os.mkfifo(machine.spool / "active" / "fifo")
    assert counts(both()) == {
        "maildrop": 0,
        "incoming": 3,
        "active": 0,
        "deferred": 9,
        "hold": 0,
        "corrupt": 1,
    }


@pytest.mark.parametrize("options", [{"queues": ["deferred", "hold"]}, {"method": "find"}])
def test_counts_what_is_asked_for(both, machine, options):
    machine.fill(deferred=2, maildrop=4)
    assert counts(both(**options))["deferred"] == 2


def test_counts_in_a_directory_without_postfix(both, machine):
    machine.fill(hold=2)
    (machine.bin / "postmulti").unlink()
    facts = both(queue_directory=f"{machine.spool}/")[0]
    assert facts["counts"]["hold"] == 2
    assert facts["instances"][0]["running"] is None


def test_counts_where_paths_are_odd(both, machine):
    odd = machine.spool / "with 'quotes' and $(blanks) \\n"
    for queue in ("deferred", "hold"):
        (odd / queue).mkdir(parents=True)
        (odd / queue / "file").touch()
    machine.instance(spool=str(odd))
    assert counts(both(queues=["deferred", "hold"])) == {"deferred": 1, "hold": 1}


def test_counts_each_instance_once(both, machine, tmp_path):
    directories = []
    for name in ("one", "two", "off"):
        (tmp_path / name / "spool" / "hold").mkdir(parents=True)
        (tmp_path / name / "spool" / "hold" / name).touch()
        machine.instance(str(tmp_path / name), name, str(tmp_path / name / "spool"))
        directories.append(str(tmp_path / name))
    (tmp_path / "link").symlink_to("two")
    machine.instance(spool=str(tmp_path / "one" / "spool"))
    lines = [("-", "y", directories[0]), ("two", "y", directories[1])]
    lines += [("two", "y", str(tmp_path / "link")), ("off", "n", directories[2])]
    machine.reply(
        "postmulti -l", "".join(f"{name:15} - {on:9} {path}\n" for name, on, path in lines)
    )
    facts = both(queues=["hold"])[0]
    assert facts["total"] == 2
    assert [one["name"] for one in facts["instances"]] == ["-", "two"]
    asked = [directories[1], directories[1] + "/", directories[2]]
    machine.instance(directories[1] + "/", "two", str(tmp_path / "two" / "spool"))
    assert both(queues=["hold"], config_directory=asked)[0]["total"] == 2


def test_lists_the_instances_where_postmulti_fails(both, machine, tmp_path):
    paths = []
    for name in ("main", "two", "off", "broken"):
        paths.append(str(tmp_path / name))
        (tmp_path / name / "spool" / "hold").mkdir(parents=True)
        (tmp_path / name / "spool" / "hold" / name).touch()
        machine.instance(paths[-1], name, f"{paths[-1]}/spool")
        enabled = "no" if name == "off" else "yes"
        machine.reply(f"postconf -c {paths[-1]} -x {LISTED}", ENABLED.replace("yes", enabled))
    refusal = "postconf: fatal: open main.cf: Permission denied\n"
    for question in (f"-x {LISTED}", POSTCONF):
        machine.reply(f"postconf -c {paths[3]} {question}", "", 1, refusal)
    machine.instance(spool=f"{paths[0]}/spool")
    machine.reply(f"postconf -c {paths[1]}/ -x {LISTED}", ENABLED)
    machine.reply("postmulti -l", "", 1)
    others = f"{paths[1]}, {paths[2]} {paths[1]}/ {paths[3]}"
    machine.reply(
        f"postconf -x {DIRECTORIES}",
        f"config_directory = {paths[0]}\nmulti_instance_directories = {others}\n",
    )
    facts, dummy, errors = both(queues=["hold"])
    assert [one["counts"]["hold"] for one in facts["instances"]] == [1, 1]
    assert [(error["kind"], error["config_directory"]) for error in errors] == [
        ("command_failed", paths[3])
    ]
    machine.reply(f"postconf -x {DIRECTORIES}", "", 1, refusal)
    assert both(queues=["hold"])[0] is None


@all_tools
@pytest.mark.parametrize("queues", [{}, {"queues": ["deferred"]}])
def test_counts_a_listing_on_the_host(both, machine, sample, queues):
    machine.reply("postqueue -j", sample("postqueue_j_mixed.jsonl"))
    assert counts(both(method="postqueue", **queues))["deferred"] == 5
    machine.reply("postqueue -j", sample("postqueue_j_3.11_bounce.jsonl"))
    both(method="postqueue", **queues)


@all_tools
@pytest.mark.parametrize(
    "line",
    [
        MESSAGE[:-1],
        MESSAGE + " ",
        MESSAGE + "x",
        MESSAGE.replace("deferred", "corrupt"),
        MESSAGE.replace("mailbox", "a raw \t tab"),
        MESSAGE.replace("mailbox", "a raw\nnewline"),
        MESSAGE.replace("mailbox", '"quote'),
        MESSAGE.replace("mailbox", "\\x"),
        MESSAGE.replace("mailbox", "\0"),
        MESSAGE + "\0",
        MESSAGE.replace("256", "0256"),
        MESSAGE.replace("message_size", "queue_name"),
        "",
        "Welcome",
    ],
)
def test_does_not_judge_a_line_that_postfix_does_not_print(machine, line):
    machine.reply("postqueue -j", f"{MESSAGE}\n{line}\n{MESSAGE}\n")
    with pytest.raises(UnseenError, match="lines of another kind"):
        machine.by_script(method="postqueue")


@one_shell
@pytest.mark.parametrize(("rc", "stderr"), REFUSALS)
@pytest.mark.parametrize("listing", ["", f"{MESSAGE}\n"])
def test_classifies_refusals_as_the_module(both, machine, rc, stderr, listing):
    machine.reply("postqueue -j", listing, rc, stderr)
    both(method="postqueue")


@one_shell
def test_leaves_an_old_postqueue_to_the_module(machine):
    machine.reply("postqueue -j", "", 69, "postqueue: invalid option -- 'j'\nusage: postqueue\n")
    with pytest.raises(UnseenError, match="does not run postqueue -p"):
        machine.by_script(method="postqueue")


@one_shell
def test_reports_a_bad_main_cf_as_the_module(both, machine):
    error = "postconf: fatal: open /etc/absent/main.cf: No such file or directory\n"
    machine.reply(
        "postconf -c /etc/absent -hx multi_instance_name config_directory queue_directory",
        "",
        1,
        error,
    )
    errors = both(config_directory="/etc/absent")[2]
    assert [found["kind"] for found in errors] == ["bad_config"]


@one_shell
@pytest.mark.parametrize("program", ["postmulti", "postconf", "postqueue"])
def test_reports_a_missing_program_as_the_module(machine, both, program):
    (machine.bin / program).unlink()
    machine.path = f"relative:{machine.path}:/usr/sbin/../sbin"
    if program == "postmulti":  # then postconf lists the instances
        machine.reply(f"postconf -x {DIRECTORIES}", NO_OTHERS)
        machine.reply(f"postconf -c /etc/postfix -x {LISTED}", ENABLED)
        assert both(method="postqueue")[2] == []
    else:
        assert both(method="postqueue")[2][0]["kind"] == "not_installed"


@pytest.mark.parametrize(
    ("text", "running"),
    [(None, False), ("99999999\n", False), ("             99999999\n", False), ("", None)],
)
def test_sees_that_no_master_runs(both, machine, text, running):
    (machine.spool / "pid").mkdir()
    if text is not None:
        (machine.spool / "pid" / "master.pid").write_text(text)
    if running is None:
        with pytest.raises(UnseenError, match="whether a master runs"):
            machine.by_script()
    else:
        facts, warnings, dummy = both()
        assert facts["instances"][0]["running"] is False
        assert len(warnings) == 1
        assert both(require_running=True)[2][0]["kind"] == "not_running"


def test_sees_that_a_master_runs(both, machine):
    (machine.spool / "pid").mkdir()
    with (machine.spool / "pid" / "master.pid").open("w") as file:
        file.write(f"{os.getpid()}\n")
        file.flush()
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert both()[0]["instances"][0]["running"] is True
    with pytest.raises(UnseenError, match="whether a master runs"):
        machine.by_script()  # the process lives, and only the module looks what it has open


def test_takes_no_fifo_for_a_pid_file(machine):
    (machine.spool / "pid").mkdir()
    os.mkfifo(machine.spool / "pid" / "master.pid")
    assert "not a regular file" in machine.by_script()[0]["instances"][0]["running_why"]


@one_shell
@pytest.mark.parametrize("name", ["hold", "corrupt"])
def test_leaves_a_queue_that_is_no_directory_to_the_module(machine, name):
    (machine.spool / name).rmdir()
    with pytest.raises(UnseenError, match="not a directory"):
        machine.by_script()
    (machine.spool / name).symlink_to("/etc")
    with pytest.raises(UnseenError, match="not a directory"):
        machine.by_script()


@all_tools
def test_follows_no_link_that_replaces_a_directory(machine, tmp_path):
    """Whoever owns the queues replaces directories by links, all the time."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for number in range(100):
        (elsewhere / str(number)).touch()
    for name in ("A", "B", "C", "D"):
        (machine.spool / "deferred" / name).mkdir()
    swap = (
        "while :; do for d in A B C D; do rmdir $d; ln -s $1 $d; rm $d; mkdir $d; done;"
        " rmdir ../hold; ln -s $1 ../hold; rm ../hold; mkdir ../hold; done"
    )
    swapping = subprocess.Popen(
        ["sh", "-c", swap, "sh", str(elsewhere)],
        cwd=machine.spool / "deferred",
        stderr=subprocess.DEVNULL,
    )
    try:
        for dummy in range(10):
            try:
                assert set(counts(machine.by_script(queues=["deferred", "hold"])).values()) == {0}
            except UnseenError:
                pass
    finally:
        swapping.kill()
        swapping.wait()


def replace(machine, tool, action):
    """Put this action, in the words of a shell, in place of a tool."""
    (machine.bin / tool).unlink(missing_ok=True)
    (machine.bin / tool).write_text(f"#!/bin/sh\n{action}\n")
    (machine.bin / tool).chmod(0o755)


@one_shell
@pytest.mark.parametrize("by", ["ln -s /etc", "mkfifo", "touch"])
def test_does_not_count_what_replaces_a_queue(machine, by):
    """After the script has looked at it, and before find begins."""
    machine.fill(deferred=3)
    queue = machine.spool / "deferred"
    replace(machine, "find", f'mv {queue} {queue}.away; {by} {queue}; exec /usr/bin/find "$@"')
    with pytest.raises(UnseenError, match="replaced while it was counted"):
        machine.by_script()


@pytest.mark.parametrize("machine", ["dash", "bash"], indirect=True)
@pytest.mark.parametrize("action", ["cat >/dev/null", "head -n 1"])
def test_no_count_of_a_killed_tool(machine, action):
    """As the kernel does where memory or processes run out; find itself ends well."""
    machine.fill(deferred=3, hold=2)
    replace(machine, "uniq", f"{action}; kill -9 $$")
    with pytest.raises(UnseenError, match="ended the counting"):
        machine.by_script()


@pytest.mark.parametrize("machine", ["busybox"], indirect=True)
@pytest.mark.parametrize(
    ("tool", "action"),
    [
        ("tr", "head -n 1 >/dev/null; kill -9 $$"),
        ("awk", 'case $(pwd) in */deferred) kill -9 $$ ;; esac; exec busybox awk "$@"'),
        ("find", "case $* in *' d '*) kill -9 $$ ;; esac; exec busybox find \"$@\""),
    ],
)
def test_no_count_of_a_killed_tool_of_busybox(machine, tool, action):
    machine.fill(deferred=3)
    (machine.spool / "deferred" / "A").mkdir()
    (machine.spool / "deferred" / "A" / "A1").touch()
    replace(machine, tool, action)
    with pytest.raises(UnseenError):
        machine.by_script()


@all_tools
def test_counts_no_directory_twice(machine, monkeypatch):
    """The mail owner may give names that look like two."""
    for name in ("A", "A\n", "A\n./B", "ended"):
        (machine.spool / "deferred" / name).mkdir(parents=True)
        (machine.spool / "deferred" / name / "A1").touch()
    try:
        found = machine.by_script()
    except UnseenError:
        found = None
    assert found in (None, machine.by_module(monkeypatch))


@one_shell
def test_takes_no_two_paths_for_one(machine, tmp_path):
    listed = ""
    for number, name in enumerate((b"a\xe9", b"a\xe8")):
        spool = os.fsencode(tmp_path) + b"/" + name
        os.makedirs(spool + b"/hold")
        directory = tmp_path / str(number)
        directory.mkdir()
        asked = f"-c {directory} {POSTCONF}" if number else POSTCONF
        machine.reply(f"postconf {asked}", b"x\n%s\n%s\n" % (bytes(directory), spool))
        listed += f"{number} - y {directory}\n"
    machine.reply("postmulti -l", listed)
    with pytest.raises(UnseenError, match="not UTF-8"):
        machine.by_script(queues=["hold"])


@pytest.mark.parametrize("value", ["YES", "Yes", "maybe", "No"])
def test_leaves_out_no_instance_that_starts(both, machine, tmp_path, value):
    """Postfix takes capitals; where it takes a value for an error, postmulti fails."""
    for name in ("main", "two"):
        path = tmp_path / name
        (path / "spool" / "hold").mkdir(parents=True)
        (path / "spool" / "hold" / name).touch()
        machine.instance(str(path), name, f"{path}/spool")
        machine.reply(f"postconf -c {path} -x {LISTED}", ENABLED)
    machine.reply(f"postconf -c {path} -x {LISTED}", ENABLED.replace("yes", value))
    machine.instance(spool=f"{tmp_path}/main/spool")
    machine.reply("postmulti -l", "", 1)
    machine.reply(
        f"postconf -x {DIRECTORIES}",
        f"config_directory = {tmp_path}/main\nmulti_instance_directories = {path}\n",
    )
    assert both(queues=["hold"])[0]["total"] == (1 if value == "No" else 2)


def test_reads_no_script_from_a_terminal(machine):
    """It would be altered there, and would have no end."""
    task = checked_task({})
    outside, inside = pty.openpty()
    shell = subprocess.Popen(
        ["/bin/sh", "-c", script.command()],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env={"PATH": machine.path},
        start_new_session=True,
    )
    os.close(inside)
    writing = threading.Thread(target=os.write, args=(outside, task.script.encode()), daemon=True)
    writing.start()
    printed = b""
    try:
        while True:
            printed += os.read(outside, 65536)
    except OSError:
        pass  # nobody holds the other end any more
    finally:
        shell.wait()
        os.close(outside)
    with pytest.raises(UnseenError, match="without a terminal"):
        task.facts(printed)


def leftovers(word):
    """The processes with this word in their command line, once those that were killed have had time
    to end."""
    for dummy in range(50):
        found = []
        for directory in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if word.encode() in (directory / "cmdline").read_bytes():
                    found.append(directory.name)
            except OSError:
                continue
        if not found:
            break
        time.sleep(0.1)
    return found


@pytest.mark.parametrize(
    ("machine", "command"),
    [(shell, "postqueue -j") for shell in SHELLS] + [("dash", "postmulti -l")],
    indirect=["machine"],
)
def test_ends_what_hangs_with_its_children(machine, monkeypatch, command):
    seconds = f"61.{os.getpid()}1"
    waits = f"sleep {seconds} && touch {machine.spool}/waited"
    machine.act(command, f"({waits}) & trap '' TERM; sleep {seconds}; {waits}")
    found = machine.by_script(method="postqueue", timeout=1)
    assert not leftovers(seconds)
    assert not (machine.spool / "waited").exists()
    assert found == machine.by_module(monkeypatch, method="postqueue", timeout=1)
    assert found[2][0]["kind"] == "timeout"


def test_ends_a_count_that_hangs(machine, monkeypatch):
    seconds = f"61.{os.getpid()}2"
    replace(machine, "find", f"sleep {seconds}")
    facts, dummy, errors = machine.by_script(timeout=1)
    assert facts is None
    assert errors[0]["message"] == f"counting in {machine.spool} did not end within 1 s"
    assert not leftovers(seconds)


def test_leaves_nothing_running(machine):
    task = checked_task({"timeout": 100_000 + os.getpid() % 100_000})
    task.facts(machine.run(task.script))
    assert not leftovers(str(task.timeout))
    assert not leftovers(task.mark)


def test_leaves_no_process_to_be_reaped(machine):
    """The first process of a container may reap nothing; here it is a subreaper that does not."""
    children = pathlib.Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = children.read_text()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        for dummy in range(3):
            machine.by_script()
        assert children.read_text() == before
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def test_says_at_once_that_something_ended_it(machine):
    """Not after its timeout, which is longer than a test may take."""
    # The shell that runs the work is the parent of the one that waits for postmulti.
    machine.act(
        "postmulti -l", "read -r pid name state parent rest </proc/$PPID/stat; kill -9 $parent"
    )
    timeout = 200_000 + os.getpid() % 100_000
    with pytest.raises(UnseenError, match="something ended the script"):
        machine.by_script(timeout=timeout)
    assert not leftovers(str(timeout))


def test_waits_for_no_process_that_cannot_be_ended(machine):
    """A process of another group that holds everything it was given stands for one that hangs in
    the kernel."""
    machine.act("postqueue -j", f"setsid sleep 61.0789 & echo $! >{machine.spool}/pid; wait")
    try:
        found = machine.by_script(method="postqueue", timeout=1)
    finally:
        # It is still there.
        os.kill(int((machine.spool / "pid").read_text()), signal.SIGKILL)
    assert found[2][0]["kind"] == "timeout"


@all_tools
@pytest.mark.parametrize("tool", ["find", "uniq", "tr", "awk", "stat"])
def test_says_which_tool_is_missing(machine, tmp_path, tool):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("env", "setsid", "cksum", "find", "uniq", "tr", "awk", "stat", "sleep"):
        if name != tool:
            found = machine.bin / name
            (tools / name).symlink_to(found if found.exists() else f"/usr/bin/{name}")
    task = checked_task({})
    with pytest.raises(UnseenError, match=f"there is no {tool}"):
        task.facts(machine.run(task.script, str(tools)))


@pytest.mark.parametrize("tool", ["setsid", "cksum"])
def test_says_that_it_cannot_answer(machine, tmp_path, tool):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("env", "setsid", "cksum"):
        if name != tool:
            (tools / name).symlink_to(f"/usr/bin/{name}")
    task = checked_task({})
    with pytest.raises(UnseenError, match="lacks setsid or cksum"):
        task.facts(machine.run(task.script, str(tools)))


def test_runs_no_part_of_a_script(machine):
    text = checked_task({}).script
    for end in range(0, len(text) - 2, 97):
        assert machine.run(text[:end]) == b""


def test_prints_no_more_than_it_may(machine):
    machine.reply("postmulti -l", ONE + "x" * 70000)
    with pytest.raises(UnseenError, match="more than 64 KiB"):
        machine.by_script()


@one_shell
def test_sends_a_few_kilobytes(machine):
    assert len(checked_task({}).script) < 9 * 1024


lines = st.sampled_from(
    [
        MESSAGE,
        MESSAGE.replace("deferred", "hold"),
        MESSAGE[:40],
        "",
        "x\0",
        '{"queue_name": "hold"}',
    ]
)
endings = st.sampled_from([*REFUSALS, (0, ""), (0, "a warning\n"), (127, ""), (137, "")])


@one_shell
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(listing=st.lists(lines, max_size=4), end=st.sampled_from(["", "\n"]), ending=endings)
def test_same_outputs_same_answer(machine, monkeypatch, listing, end, ending):
    machine.reply("postqueue -j", "\n".join(listing) + end, *ending)
    try:
        found = machine.by_script(method="postqueue")
    except UnseenError:
        return
    assert found == machine.by_module(monkeypatch, method="postqueue")


words = st.sampled_from(["-", "a", "y", "n", "/etc/postfix", "/etc/two", "two words", "", "  "])


@one_shell
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    listed=st.lists(st.lists(words, min_size=3, max_size=5).map(" ".join), max_size=3),
    values=st.lists(st.sampled_from(["", "name", "SPOOL", "/absent", "a\tb"]), max_size=4),
    endings=st.tuples(endings, endings),
)
def test_same_instances_same_answer(machine, monkeypatch, listed, values, endings):
    text = "".join(f"{value}\n" for value in values).replace("SPOOL", str(machine.spool))
    machine.reply(
        "postmulti -l", "".join(f"{line}\n" for line in [ONE.strip(), *listed]), *endings[0]
    )
    machine.reply(f"postconf {POSTCONF}", text, *endings[1])
    machine.instance("/etc/two", "two")
    try:
        found = machine.by_script(queues=["hold"])
    except UnseenError:
        return
    assert found == machine.by_module(monkeypatch, queues=["hold"])

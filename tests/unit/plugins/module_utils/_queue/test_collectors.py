# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import time

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS, HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline
from ansible_collections.mailops.postfix.plugins.module_utils._queue.collectors import (
    FindCollector,
    PostqueueCollector,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import Details
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES

NO_JSON = (
    "",
    69,
    (
        "postqueue: invalid option -- 'j'\nusage: postqueue -f | postqueue -i queueid | postqueue"
        " -p | postqueue -s site\n"
    ),
)
MALFORMED = "postqueue: fatal: malformed showq server response\n"


@pytest.fixture
def spool(tmp_path, sample):
    for queue in QUEUES:
        (tmp_path / queue).mkdir()
    for name in sample("find_mixed.txt").splitlines():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
def agents_find(recording, spool):
    """A runner for the Agent's find in hold, with what it prints; {hold} stands for the
    directory."""
    hold = str(spool / "hold")

    def play(stdout, rc=0, stderr=""):
        return recording(
            {
                f"sudo -n -u postfix find {hold} -type f": (
                    stdout.format(hold=hold),
                    rc,
                    stderr.format(hold=hold),
                )
            }
        )

    return play


def path_of(directory):
    """The path of an open directory."""
    return os.readlink(f"/proc/self/fd/{directory}")


def refusal(collector, queues=QUEUES):
    with pytest.raises(HostError) as caught:
        collector.collect(queues)
    assert caught.value.kind in KINDS and caught.value.hint
    return caught.value


# find


def test_walk_counts_every_file(recording, spool):
    counts, warnings = FindCollector(recording({}), str(spool)).collect(QUEUES)
    assert counts == {
        "maildrop": 1,
        "incoming": 2,
        "active": 1,
        "deferred": 5,
        "hold": 2,
        "corrupt": 1,
    }
    assert warnings == []


@pytest.mark.parametrize(
    "number, kind",
    [
        (errno.EACCES, "permission_denied"),
        (errno.EPERM, "permission_denied"),
        (errno.EIO, "io_error"),
        (errno.ESTALE, "io_error"),
        (errno.ELOOP, "io_error"),
        (errno.EMFILE, "io_error"),
        (errno.ENOSPC, "io_error"),
    ],
)
@pytest.mark.parametrize("place", ["", "/9"])
def test_walk_refused(recording, spool, monkeypatch, number, kind, place):
    scandir = os.scandir

    def refusing(path):
        if path_of(path) == f"{spool}/deferred{place}":
            raise OSError(number, os.strerror(number), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    error = refusal(FindCollector(recording({}), str(spool)), ["deferred"])
    assert error.kind == kind
    assert f"{spool}/deferred{place} cannot be read: {os.strerror(number)}" == error.message


@pytest.mark.parametrize("number, kind", [(errno.EIO, "io_error"), (errno.ESTALE, "io_error")])
def test_queue_that_cannot_be_looked_at(recording, spool, monkeypatch, number, kind):
    def refusing(path):
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(os, "lstat", refusing)
    assert refusal(FindCollector(recording({}), str(spool))).kind == kind


def test_spool_that_is_a_file_or_a_circle_of_links(recording, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name, kind in (("file", "missing_queue"), ("circle", "io_error")):
        assert refusal(FindCollector(recording({}), str(tmp_path / name))).kind == kind


def test_path_that_is_longer_than_a_path_may_be(recording, tmp_path):
    (tmp_path / "hold").mkdir()
    here = os.getcwd()
    os.chdir(str(tmp_path / "hold"))
    for dummy in range(20):
        os.mkdir("x" * 250)
        os.chdir("x" * 250)
    open("file", "w").close()
    os.chdir(here)
    assert FindCollector(recording({}), str(tmp_path)).collect(["hold"])[0] == {"hold": 1}


@pytest.mark.parametrize("moved", ["9", "9/below"])
def test_directory_that_becomes_a_link_leads_nowhere(
    recording, spool, tmp_path, monkeypatch, moved
):
    """The mail owner may put a link in its place, or in that of one above it, at any moment."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "below").mkdir(parents=True)
    for number in range(7):
        (elsewhere / f"{number}").touch()
        (elsewhere / "below" / f"{number}").touch()
    deferred = spool / "deferred"
    (deferred / "9" / "below").mkdir()
    before = FindCollector(recording({}), str(spool)).collect(["deferred"])[0]["deferred"]

    def swapping(function):
        def swap(path, *arguments, **options):
            if str(path).endswith("below") and not (deferred / moved).is_symlink():
                (deferred / moved).rename(spool / "aside")
                (deferred / moved).symlink_to(elsewhere)
            return function(path, *arguments, **options)

        return swap

    for name in ("open", "scandir"):
        monkeypatch.setattr(os, name, swapping(getattr(os, name)))
    found = FindCollector(recording({}), str(spool)).collect(["deferred"])[0]
    assert (deferred / moved).is_symlink()
    assert found == {"deferred": before}


def test_names_that_are_not_utf_8(recording, spool, monkeypatch):
    (spool / "hold" / "caf\udce9").touch()
    assert FindCollector(recording({}), str(spool)).collect(["hold"])[0] == {"hold": 3}
    (spool / "hold" / "d\udce9").mkdir()
    scandir = os.scandir

    def refusing(path):
        if path_of(path).endswith("d\udce9"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert "hold/d\udce9" in refusal(FindCollector(recording({}), str(spool)), ["hold"]).message


def test_walk_counts_a_file_once_whatever_its_directory_is_called(recording, spool):
    directory = spool / "hold" / "4\n" / str(spool).lstrip("/") / "hold"
    directory.mkdir(parents=True)
    (directory / "file").touch()
    assert FindCollector(recording({}), str(spool)).collect(["hold"])[0] == {"hold": 3}


@pytest.mark.parametrize("call", ["scandir", "lstat"])
def test_mount_that_hangs(recording, spool, monkeypatch, call):
    def hang(path):
        time.sleep(60)
        (spool / "waited").touch()

    monkeypatch.setattr(os, call, hang)
    error = refusal(FindCollector(recording({}, Deadline(0.5)), str(spool)))
    assert not (spool / "waited").exists()
    assert error.kind == "timeout"
    assert f"counting in {spool} did not end within 0.5 s" in error.message


@pytest.mark.parametrize("sudo_user", [None, "postfix"])
def test_queue_that_is_no_directory_is_no_empty_queue(recording, spool, sudo_user):
    (spool / "gone").symlink_to(spool / "hold")
    (spool / "file").touch()
    collector = FindCollector(recording({}), str(spool), sudo_user)
    for queue, cause in (
        ("gone", "is not a directory"),
        ("file", "is not a directory"),
        ("absent", "does not exist"),
    ):
        error = refusal(collector, [queue])
        assert error.kind == "missing_queue"
        assert cause in error.message


def test_walk_ends_with_the_deadline(recording, spool):
    error = refusal(FindCollector(recording({}, Deadline(0)), str(spool)))
    assert (error.kind, error.message) == ("timeout", f"counting in {spool} did not end within 0 s")


def test_command_is_the_agents(agents_find, spool):
    commands = agents_find("{hold}/A\n{hold}/B/C\n")
    assert FindCollector(commands, str(spool), "postfix").collect(["hold"])[0] == {"hold": 2}
    assert commands.asked == [f"sudo -n -u postfix find {spool}/hold -type f"]


def test_command_counts_files_not_lines(agents_find, spool):
    commands = agents_find("{hold}/A\nB\n\n{hold}/C\n")
    assert FindCollector(commands, str(spool), "postfix").collect(["hold"])[0] == {"hold": 2}


@pytest.mark.parametrize(
    "stdout, rc, stderr, kind",
    [
        ("", 1, "sudo: a password is required\n", "sudo_refused"),
        ("", 1, "find: '{hold}': Permission denied\n", "permission_denied"),
        ("{hold}/A\n", 1, "find: '{hold}/B': Permission denied\n", "permission_denied"),
        ("", 1, "find: '{hold}': No such file or directory\n", "missing_queue"),
        ("{hold}/A\n", 1, "", "command_failed"),
        ("{hold}/A\n", -9, "", "command_failed"),
        ("{hold}/A\n", 2, "find: '{hold}/B': No such file or directory\n", "command_failed"),
    ],
)
def test_command_that_fails(agents_find, spool, stdout, rc, stderr, kind):
    error = refusal(FindCollector(agents_find(stdout, rc, stderr), str(spool), "postfix"), ["hold"])
    stderr = stderr.format(hold=spool / "hold")
    assert (error.kind, error.rc, error.stderr) == (kind, rc, stderr)
    cause = stderr.strip() or f"exit code {rc} without a message"
    assert error.message == f"{spool}/hold could not be counted: {cause}"
    assert error.as_dict()["command"] == f"sudo -n -u postfix find {spool}/hold -type f"


# Sun Nov 22 12:13:44 2026 UTC, when the message of this name arrived.
ARRIVED, NAME = 1795349624, "4jXSfJ6vGQzL82j"


@pytest.mark.parametrize("sudo_user", [None, "postfix"])
def test_names_of_files_give_the_ages(agents_find, spool, sudo_user):
    for path in (spool / "hold").iterdir():
        path.unlink()
    for name in (NAME, "123456.789"):
        (spool / "hold" / name).touch()
    details = Details(["age"], ["hold"], 10, now=ARRIVED + 400.0)
    runner = agents_find("{hold}/A/" + NAME + "\n{hold}/123456.789\n")
    counts = FindCollector(runner, str(spool), sudo_user).count(["hold"], details)
    assert counts == {"hold": 2}
    assert (details.ages["hold"].oldest, details.ages["hold"].counts) == (ARRIVED, [0, 1] + 8 * [0])


@pytest.mark.parametrize("sudo_user", [None, "postfix"])
def test_a_name_without_an_arrival_time_has_no_age(agents_find, spool, sudo_user):
    for path in (spool / "hold").iterdir():
        path.unlink()
    (spool / "hold" / "03D1C24C0B7").touch()
    collector = FindCollector(agents_find("{hold}/A/03D1C24C0B7\n"), str(spool), sudo_user)
    with pytest.raises(HostError) as caught:
        collector.collect(["hold"], Details(["age"], ["hold"], 10))
    assert (caught.value.kind, caught.value.message, caught.value.hint) == (
        "unknowable",
        "the age of a message cannot be read from the name of its file: 03D1C24C0B7",
        "Only long queue IDs contain the arrival time (postconf enable_long_queue_ids). Leave out"
        " queue_directory to get the age from Postfix.",
    )


def test_command_over_files_that_vanish(agents_find, spool):
    commands = agents_find("{hold}/A\n", 1, "find: '{hold}/B': No such file or directory\n")
    assert FindCollector(commands, str(spool), "postfix").collect(["hold"])[0] == {"hold": 1}


def test_command_counts_although_sudo_grumbles(agents_find, spool):
    commands = agents_find(
        "{hold}/A\n",
        1,
        "sudo: setrlimit(RLIMIT_CORE): Operation not permitted\n"
        "find: '{hold}/B': No such file or directory\n",
    )
    assert FindCollector(commands, str(spool), "postfix").collect(["hold"])[0] == {"hold": 1}


def test_sudo_is_not_asked_again_once_it_refused(agents_find, spool):
    commands = agents_find("", 1, "sudo: a password is required\n")
    refusal(FindCollector(commands, str(spool), "postfix"), ["hold", "corrupt"])
    assert len(commands.asked) == 1


# postqueue


def test_json_listing(recording, sample):
    commands = recording({"postqueue -j": (sample("postqueue_j_mixed.jsonl"),)})
    counts, warnings = PostqueueCollector(commands).collect(QUEUES)
    assert counts == {
        "maildrop": 1,
        "incoming": 1,
        "active": 1,
        "deferred": 5,
        "hold": 2,
        "corrupt": None,
    }
    assert warnings == []


def test_json_listing_gives_details(recording, sample):
    commands = recording({"postqueue -j": (sample("postqueue_j_mixed.jsonl"),)})
    details = Details(["size"], ["hold"], 10)
    assert PostqueueCollector(commands).collect(["hold"], details)[0] == {"hold": 2}
    assert details.sizes["hold"] > 0


def test_json_listing_of_an_empty_queue(recording):
    counts, dummy = PostqueueCollector(recording({"postqueue -j": ("",)})).collect(QUEUES)
    assert counts == {
        "maildrop": 0,
        "incoming": 0,
        "active": 0,
        "deferred": 0,
        "hold": 0,
        "corrupt": None,
    }


def test_stopped_postfix_seen_by_root_is_a_note(recording, sample):
    commands = recording(
        {
            "postqueue -c /etc/postfix-2 -j": (
                sample("postqueue_j_mixed.jsonl"),
                0,
                sample("root_down_stderr.txt"),
            )
        }
    )
    counts, warnings = PostqueueCollector(commands, "/etc/postfix-2").collect(["deferred"])
    assert counts == {"deferred": 5}
    assert len(warnings) == 1 and "Mail system is down" in warnings[0]


@pytest.mark.parametrize(
    "name, known, unmarked",
    [
        ("postqueue_p_long_mixed.txt", {"active": 1, "hold": 2}, 7),
        ("postqueue_p_short_ids_5_deferred.txt", {"active": 0, "hold": 0}, 5),
    ],
)
def test_plain_listing_shows_what_is_known(recording, sample, name, known, unmarked):
    commands = recording({"postqueue -j": NO_JSON, "postqueue -p": (sample(name),)})
    counts, warnings = PostqueueCollector(commands).collect(QUEUES)
    assert counts == dict(
        {"maildrop": None, "incoming": None, "deferred": None, "corrupt": None}, **known
    )
    assert warnings == [
        "This Postfix has no 'postqueue -j', and 'postqueue -p' does not distinguish maildrop,"
        f" incoming and deferred: {unmarked} messages are in these three queues together."
    ]


def test_plain_listing_of_an_empty_queue_is_known(recording):
    commands = recording({"postqueue -j": NO_JSON, "postqueue -p": ("Mail queue is empty\n",)})
    counts, warnings = PostqueueCollector(commands).collect(QUEUES)
    assert counts == {
        "maildrop": 0,
        "incoming": 0,
        "active": 0,
        "deferred": 0,
        "hold": 0,
        "corrupt": None,
    }
    assert warnings == []


def test_warnings_of_newer_postfix_are_no_refusal(recording, sample):
    warning = "postqueue: warning: support for parameter x will be removed; instead, specify y"
    commands = recording({"postqueue -j": (sample("postqueue_j_mixed.jsonl"), 0, warning + "\n")})
    counts, warnings = PostqueueCollector(commands).collect(["deferred"])
    assert counts == {"deferred": 5}
    assert warnings == [warning]


@pytest.mark.parametrize("cut", [0, 300, -100])
def test_listing_cut_short_by_a_failure(recording, sample, cut):
    stdout = sample("postqueue_j_mixed.jsonl")[:cut] if cut else ""
    error = refusal(PostqueueCollector(recording({"postqueue -j": (stdout, 69, MALFORMED)})))
    assert error.kind == ("truncated_listing" if cut else "showq_failed")
    assert error.message == f"the queue could not be listed: {MALFORMED.strip()}"
    assert (error.rc, error.stderr, error.command) == (69, MALFORMED, ["postqueue", "-j"])


def test_listing_cut_short_without_a_failure(recording, sample):
    error = refusal(
        PostqueueCollector(recording({"postqueue -j": (sample("postqueue_j_mixed.jsonl")[:-100],)}))
    )
    assert error.kind == "truncated_listing"


def test_plain_listing_cut_short(recording, sample):
    listing = sample("postqueue_p_long_mixed.txt")[:-40]
    error = refusal(
        PostqueueCollector(recording({"postqueue -j": NO_JSON, "postqueue -p": (listing,)}))
    )
    assert error.kind == "truncated_listing"


@pytest.mark.parametrize(
    ("listing", "kind", "flaw"),
    [
        ("[]\n", "unparsed_listing", "not a message of a known queue: '[]'"),
        ("Welcome!\n", "truncated_listing", "the listing ends inside a message: 'Welcome!'"),
    ],
)
def test_listing_that_is_something_else(recording, listing, kind, flaw):
    warning = "postqueue: warning: x\n"
    error = refusal(PostqueueCollector(recording({"postqueue -j": (listing, 0, warning)})))
    assert (error.kind, error.message) == (kind, f"the listing is not usable: {flaw}")
    assert (error.command, error.rc, error.stderr) == (["postqueue", "-j"], 0, warning)


def test_plain_listing_has_no_details(recording):
    details = Details(["size", "age"], ["hold"], 10)
    with pytest.raises(HostError) as caught:
        PostqueueCollector(recording({"postqueue -j": NO_JSON})).collect(["hold"], details)
    assert (caught.value.kind, caught.value.message, caught.value.hint) == (
        "unknowable",
        "this Postfix has no 'postqueue -j', and 'postqueue -p' does not show age, size",
        "Leave out details, or update Postfix to 3.1 or later.",
    )


def test_postqueue_ended_by_a_signal(recording, sample):
    error = refusal(
        PostqueueCollector(recording({"postqueue -j": (sample("postqueue_j_mixed.jsonl"), -9, "")}))
    )
    assert (error.kind, error.rc) == ("truncated_listing", -9)
    assert error.message == "the queue could not be listed: exit code -9 without a message"

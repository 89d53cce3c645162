# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A frame that did not arrive as it was sent is never facts."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather.frame import (
    NoAnswerError,
    checksum,
    pack,
    unpack,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather.gatherer import (
    UnseenError,
    checked_task,
)

MARK = "0123456789abcdef"
QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
FIND = " ".join(commands.find_queues(f"/spool/{queue}" for queue in QUEUES))
STAT = "stat -L -c %f %i %d /spool/pid/master.pid"
COUNTED = "     12 f 1 /spool/deferred\nended\n"


def run(command, stdout):
    return f"run {command}\nprogram /bin/x\nrc 0\nerr 0\n\nout {len(stdout)}\n{stdout}\n"


BODY = (
    "path /usr/bin\n"
    + run("postmulti -l", "-               -               y         /etc/postfix\n")
    + run(
        "postconf -hx multi_instance_name config_directory queue_directory",
        "\n/etc/postfix\n/spool\n",
    )
    + run(FIND, COUNTED)
    + run(STAT, "8180 2908867 137\n")
    + "locks 59\n60: FLOCK  ADVISORY  WRITE 294 00:89:2908867 0 EOF\nsize 145\n"
    "file /spool/pid/master.pid\nholder unseen\nstate done"
).encode()
FRAME = pack(BODY, MARK)
TASK = checked_task({})._replace(mark=MARK)


def test_a_whole_frame_is_facts():
    facts, warnings, errors = TASK.facts(FRAME)
    assert (facts["counts"]["deferred"], facts["instances"][0]["running"]) == (12, True)
    assert (warnings, errors) == ([], [])


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("     12 f 1 /spool/deferred\n", "something ended the counting"),
        ("", "something ended the counting"),
        ("     12 f 0 /spool/deferred\nended\n", "replaced while it was counted"),
        ("      1 l 0 /spool/deferred\nended\n", "replaced while it was counted"),
        ("     12 f 1 /spool/other\nended\n", "something else"),
        ("     12 /spool/deferred\nended\n", "something else"),
    ],
)
def test_no_other_list_of_files_is_facts(printed, why):
    body = BODY.replace(run(FIND, COUNTED).encode(), run(FIND, printed).encode())
    with pytest.raises(UnseenError, match=why):
        TASK.facts(pack(body, MARK))


def test_counts_what_comes_in_parts():
    """A hashed directory holds files of two depths, and something that is no file."""
    printed = (
        "      2 f 1 /spool/deferred\n      3 f 2 /spool/deferred\n      1 l 1 /spool/deferred\n"
    )
    printed += "      7 f 1 /spool/deferred\nended\n"
    body = BODY.replace(run(FIND, COUNTED).encode(), run(FIND, printed).encode())
    assert TASK.facts(pack(body, MARK))[0]["counts"]["deferred"] == 12


def test_no_prefix_is_facts():
    for end in range(len(FRAME)):
        with pytest.raises((HostError, UnseenError)) as caught:
            TASK.facts(FRAME[:end])
        if end >= len("mailops-postfix"):
            assert caught.value.kind == "torn_answer"


@given(st.integers(0, len(FRAME) - 1), st.integers(1, 255))
def test_no_frame_with_another_byte_is_facts(position, change):
    torn = bytearray(FRAME)
    torn[position] ^= change
    with pytest.raises((HostError, UnseenError)):
        TASK.facts(bytes(torn))


@given(st.binary(min_size=1), st.integers(0, len(FRAME)))
def test_nothing_may_be_added(extra, position):
    with pytest.raises((HostError, UnseenError)):
        TASK.facts(FRAME[:position] + extra + FRAME[position:])


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (b"Welcome to mx1!\n" + FRAME, "before it stands 'Welcome to mx1!'"),
        (FRAME + b"logout\n", "after it stands 'logout'"),
        (FRAME[:-20], "its end is missing"),
        (
            FRAME.replace(b"     12 f 1 /spool", b"     13 f 1 /spool"),
            "its checksum or length is another",
        ),
        (FRAME[:20], "it is incomplete"),
        (pack(BODY, "fedcba9876543210"), "its end is missing"),
        (FRAME + FRAME, "after it stands"),
    ],
)
def test_says_what_is_torn(output, why):
    with pytest.raises(HostError) as caught:
        unpack(output, MARK)
    assert caught.value.kind == "torn_answer"
    assert why in caught.value.message


@pytest.mark.parametrize("output", [b"", b"This account is currently not available.\n"])
def test_asks_the_module_without_an_answer(output):
    with pytest.raises(NoAnswerError):
        unpack(output, MARK)


@pytest.mark.parametrize("data", [b"", b"1", b"\0", bytes(range(256)), b"x" * 70000])
def test_computes_what_cksum_prints(data):
    said = subprocess.run(["cksum"], input=data, stdout=subprocess.PIPE, check=True).stdout
    assert said.split()[0] == b"%d" % checksum(data)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils._access import acl
from ansible_collections.mailops.postfix.plugins.module_utils._access.acl import Acl, AclError

AGENT = 949
MODE_0640 = {"user:": "rw-", "group:": "r--", "other:": "---"}
MODE_0600 = {"user:": "rw-", "group:": "---", "other:": "---"}

permissions = strategies.sampled_from(["---", "r--", "-w-", "--x", "rw-", "r-x", "rwx"])


@strategies.composite
def access_lists(draw):
    """Entries as a file system keeps them: with named entries there is a mask; our user is
    sometimes among them."""
    entries = {tag: draw(permissions) for tag in ("user:", "group:", "other:")}
    named = draw(
        strategies.dictionaries(
            strategies.sampled_from([f"user:{AGENT}", "user:950", "group:37"]), permissions
        )
    )
    if named or draw(strategies.booleans()):
        named["mask:"] = draw(permissions)
    return dict(entries, **named)


def test_a_file(sample):
    found = acl.parse_acl(sample("getfacl_file_trixie.txt").split("\n"))
    assert (found.owner, found.group, found.default) == (0, 4, {})
    assert found.entries == dict(
        MODE_0640, **{"user:949": "r--", "user:950": "rw-", "group:37": "r--", "mask:": "r--"}
    )


def test_a_directory(sample):
    found = acl.parse_acl(sample("getfacl_directory_trixie.txt").split("\n"))
    assert found.entries["group:4"] == "r-x"
    assert found.default == {
        "user:": "rwx",
        "group:": "r-x",
        "group:4": "r-x",
        "mask:": "r-x",
        "other:": "r-x",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "user::rw-",
        "# owner: 0\n# group: 0\nuser::rw-\ngroup::r--\nother::---\nuser:dd-agent:r--",
    ],
)
def test_what_is_no_access_list(text):
    with pytest.raises(AclError):
        acl.parse_acl(text.split("\n"))


@pytest.mark.parametrize(
    "uid, gids, by",
    [
        (0, [], "owner"),
        (AGENT, [], "acl"),
        (950, [], "acl"),
        (951, [37], "acl"),
        (951, [4], "group"),
        (951, [100], None),
    ],
)
def test_who_reads(sample, uid, gids, by):
    assert (
        acl.allows(acl.parse_acl(sample("getfacl_file_trixie.txt").split("\n")), uid, gids, "r")
        == by
    )


@pytest.mark.parametrize(
    "entries, gids, by",
    [
        (dict(MODE_0640, **{"user:949": "---", "mask:": "r--"}), [4], None),
        (dict(MODE_0640, **{"user:949": "r--", "mask:": "---"}), [], None),
        (dict(MODE_0640, **{"group:": "---", "group:37": "r--", "mask:": "r--"}), [4, 37], "acl"),
        ({"user:": "rw-", "group:": "---", "other:": "r--"}, [4], None),
        ({"user:": "rw-", "group:": "---", "other:": "r--"}, [5], "other"),
    ],
)
def test_the_first_entry_that_fits_decides(entries, gids, by):
    assert acl.allows(Acl(0, 4, entries, {}), AGENT, gids, "r") == by


def test_a_mode():
    assert acl.acl_of_mode(0, 4, 0o100640) == Acl(0, 4, MODE_0640, {})


@pytest.mark.parametrize("entries", [MODE_0640, MODE_0600])
def test_in_and_out(entries):
    after = acl.with_user(entries, AGENT, "r")
    assert after == dict(entries, **{"user:949": "r--", "mask:": "r--"})
    assert acl.difference(entries, after) == (["user:949:r--", "mask::r--"], [])
    back = acl.without_user(after, AGENT, "r", None, None)
    assert back == entries
    assert acl.difference(after, back) == ([], ["user:949", "mask:"])


def test_a_mode_that_was_closed_meanwhile_stays_closed():
    # chmod 0600 on a file with an access list changes its mask, not its group's entry.
    closed = dict(acl.with_user(MODE_0640, AGENT, "r"), **{"mask:": "---"})
    assert acl.without_user(closed, AGENT, "r", None, None) == MODE_0600


def test_a_mask_that_others_need_stays():
    after = acl.with_user(MODE_0600, AGENT, "r")
    shared = dict(after, **{"user:950": "r--"})
    assert acl.without_user(shared, AGENT, "r", None, None) == dict(
        MODE_0600, **{"user:950": "r--", "mask:": "r--"}
    )


@hypothesis.given(access_lists(), strategies.sampled_from("rx"))
def test_nobody_else_gains_and_all_comes_back(entries, bit):
    agent = f"user:{AGENT}"
    try:
        after = acl.with_user(entries, AGENT, bit)
    except AclError:
        assert bit not in entries["mask:"]
        return
    for uid, gids in ((950, []), (951, [4]), (951, [37]), (951, [])):
        for wanted in "rwx":
            assert acl.allows(Acl(0, 4, after, {}), uid, gids, wanted) == acl.allows(
                Acl(0, 4, entries, {}), uid, gids, wanted
            )
    assert acl.allows(Acl(0, 4, after, {}), AGENT, [], bit) == "acl"
    assert acl.without_user(after, AGENT, bit, entries.get(agent), entries.get("mask:")) == entries

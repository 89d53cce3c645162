# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import grp
import os

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils import access as access_module
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.access import Access, Account, Opener, close
from ansible_collections.mailops.postfix.plugins.module_utils.logrotate import Rotation

AGENT = Account("agent", 949, frozenset([949]))
ADM = 4
COPIES = Rotation("created", None, None, None)
MODED = Rotation("created", 0o640, "root", "adm")
OPEN = "# owner: 0\n# group: 0\nuser::rwx\ngroup::r-x\nother::r-x"
CLOSED = OPEN.replace("other::r-x", "other::---")
LOG = "# owner: 0\n# group: %d\nuser::rw-\ngroup::r--\nother::---"


class Commands:
    """A runner that answers getfacl by path and notes everything else."""

    def __init__(self, answers):
        self.answers = answers
        self.done = []

    def find(self, name):
        return "/usr/bin/" + name

    def run(self, argv):
        if argv[0] != "getfacl":
            self.done.append(" ".join(argv))
            return 0, [], "", argv
        return 0, self.answers.get(argv[-1], OPEN).split("\n"), "", argv


@pytest.fixture
def log(tmp_path):
    """A log in a directory of its own, as its real path."""
    path = os.path.realpath(str(tmp_path / "mail.log"))
    with open(path, "w"):
        return path


@pytest.fixture
def host(monkeypatch, log):
    """Makes an Access and an Opener on a host with these access lists and this rotation of all files."""
    monkeypatch.setattr(access_module, "_supports_acls", lambda path: True)
    monkeypatch.setattr(access_module.RotationFinder, "find", lambda self, path: self.rotation)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(({0: "root", ADM: "adm"}[gid], "x", gid, [])))
    monkeypatch.setattr(grp, "getgrnam", lambda name: grp.struct_group((name, "x", {"adm": ADM, "systemd-journal": 999}[name], ["agent"])))

    def make(answers=None, rotation=COPIES, account=AGENT):
        commands = Commands({log: LOG % ADM} if answers is None else answers)
        access = Access(commands, account.name)
        monkeypatch.setattr(access_module.RotationFinder, "rotation", rotation, raising=False)
        return commands, access, Opener(commands, account, access)

    return make


def granted(opener):
    return [(grant["means"], grant["path"] or grant["group"]) for grant in opener.grants]


def test_an_access_list_where_it_lasts(host, log):
    commands, access, opener = host()
    opener.open_file(log, "auto")
    assert opener.grants == [{"means": "acl", "path": log, "group": None, "uid": 949, "before": None, "mask": None}]
    assert opener.outlook(log) == (True, None)
    assert commands.done == []
    access.apply()
    assert commands.done == ["setfacl -n -m user:949:r--,mask::r-- -- " + log]


def test_the_group_where_it_does_not(host, log):
    commands, access, opener = host(rotation=MODED)
    opener.open_file(log, "auto")
    assert granted(opener) == [("group", "adm")]
    access.apply()
    assert commands.done == ["usermod -a -G adm agent"]


def test_the_group_where_access_lists_cannot_be_changed(host, log, monkeypatch):
    monkeypatch.setattr(Commands, "find", lambda self, name: None if name == "setfacl" else "/usr/bin/" + name)
    dummy, dummy, opener = host()
    opener.open_file(log, "auto")
    assert granted(opener) == [("group", "adm")]


def test_the_group_where_the_file_system_keeps_no_access_lists(host, log, monkeypatch):
    monkeypatch.setattr(access_module, "_supports_acls", lambda path: False)
    dummy, dummy, opener = host()
    opener.open_file(log, "auto")
    assert granted(opener) == [("group", "adm")]


@pytest.mark.parametrize(
    "means, rotation, says",
    [("auto", MODED, "create 0640 root adm.*group, root, is not one"), ("group", COPIES, "group, root, is not one")],
)
def test_never_the_group_of_root(host, log, means, rotation, says):
    dummy, access, opener = host({log: LOG % 0}, rotation)
    with pytest.raises(QueueError, match=says):
        opener.open_file(log, means)
    assert opener.grants == []
    assert not access.is_changed()


def test_an_entry_that_denies_outweighs_the_group(host, log):
    denied = LOG % ADM + "\nuser:949:---\nmask::r--"
    dummy, dummy, opener = host({log: denied}, MODED)
    with pytest.raises(QueueError, match="group, adm, may not read it"):
        opener.open_file(log, "group")
    opener.open_file(log, "acl")
    assert (opener.grants[0]["before"], opener.grants[0]["mask"]) == ("---", "r--")


@pytest.mark.parametrize(
    "gids, answer",
    [([ADM], LOG % ADM), ([949], LOG % ADM + "\nuser:949:r--\nmask::r--"), ([949], (LOG % 0).replace("other::---", "other::r--"))],
)
def test_what_is_open_already(host, log, gids, answer):
    dummy, access, opener = host({log: answer}, account=AGENT._replace(gids=frozenset(gids)))
    opener.open_file(log, "auto")
    assert opener.grants == []
    assert not access.is_changed()


def test_an_access_list_that_does_not_last_makes_way_for_the_group(host, log):
    dummy, dummy, opener = host({log: LOG % ADM + "\nuser:949:r--\nmask::r--"}, MODED)
    opener.open_file(log, "acl")
    assert opener.grants == []
    with pytest.raises(QueueError, match="create 0640 root adm"):
        # A user's own entry counts before his groups, and nothing else is to be had.
        host({log: LOG % 0 + "\nuser:949:r--\nmask::r--"}, MODED)[2].open_file(log, "auto")
    opener.open_file(log, "auto")
    assert granted(opener) == [("group", "adm")]


def test_each_closed_directory_once(host, log):
    directory = os.path.dirname(log)
    commands, access, opener = host({log: LOG % ADM, directory: CLOSED, os.path.dirname(directory): CLOSED})
    opener.open_file(log, "auto")
    opener.open_file(log, "auto")
    assert granted(opener) == [("acl", log), ("acl", os.path.dirname(directory)), ("acl", directory)]
    access.apply()
    assert "setfacl -n -m user:949:--x,mask::r-x -- " + directory in commands.done


def test_a_group_that_opens_the_directory_too(host, log):
    directory = os.path.dirname(log)
    dummy, dummy, opener = host({log: LOG % ADM, directory: CLOSED.replace("group: 0", "group: %d" % ADM)}, MODED)
    opener.open_file(log, "auto")
    assert granted(opener) == [("group", "adm")]


def test_a_link_is_followed_and_its_own_way_opened(host, log, tmp_path):
    os.mkdir(str(tmp_path / "links"))
    os.symlink(log, str(tmp_path / "links" / "maillog"))
    links = os.path.join(os.path.dirname(log), "links")
    dummy, dummy, opener = host({log: LOG % ADM, links: CLOSED})
    opener.open_file(os.path.join(links, "maillog"), "auto")
    assert granted(opener) == [("acl", log), ("acl", links)]


def test_a_directory_of_its_own(host, log):
    directory = os.path.dirname(log)
    commands, access, opener = host(rotation="no stanza")
    opener.open_file(log, "directory")
    assert granted(opener) == [("directory", directory), ("acl", log)]
    access.apply()
    assert commands.done[0].startswith("setfacl -n -m default:user::rwx,default:group::---,default:other::---,default:user:949:r--,default:mask::r-- -- ")


def test_the_journal_once(host):
    commands, access, opener = host()
    opener.open_journal()
    opener.open_journal()
    access.apply()
    assert commands.done == ["usermod -a -G systemd-journal agent"]


def test_what_was_interrupted_goes_on(host, log):
    directory = os.path.dirname(log)
    begun = {log: LOG % ADM + "\nuser:949:r--\nmask::r--", directory: CLOSED}
    dummy, dummy, opener = host(begun)
    opener.open_file(log, "auto")
    assert granted(opener) == [("acl", directory)]


def test_taking_back(host, log):
    with open(log + ".1", "w"), open(log + "ical", "w"):
        opened = LOG % ADM + "\nuser:949:r--\nmask::r--"
    commands, access, dummy = host({log: opened, log + ".1": opened, log + "ical": opened})
    grant = {"means": "acl", "path": log, "group": None, "uid": 949, "before": None, "mask": None}
    close(access, "agent", [grant, dict(grant, means="group", group="adm"), dict(grant, path=log + ".gone")])
    assert "agent is in adm" in access.diff()["before"]
    assert "agent is not in adm" in access.diff()["after"]
    access.apply()
    taken = "setfacl -n -x user:949,mask: -- "
    assert commands.done == ["gpasswd -d agent adm", taken + log, taken + log + ".1"]


def test_taking_back_what_is_gone(host, log):
    commands, access, dummy = host()
    close(access, "other", [{"means": "group", "path": None, "group": "adm", "uid": None, "before": None, "mask": None}])
    close(access, "other", [{"means": "acl", "path": log, "group": None, "uid": 949, "before": None, "mask": None}])
    assert not access.is_changed()


def test_a_default_access_list_that_is_ours_goes_wholly(host, log):
    directory = os.path.dirname(log)
    ours = OPEN + "\ndefault:user::rwx\ndefault:user:949:r--\ndefault:group::---\ndefault:mask::r--\ndefault:other::---"
    commands, access, dummy = host({directory: ours, log: LOG % 0 + "\nuser:949:r--\nmask::r--"})
    close(access, "agent", [{"means": "directory", "path": directory, "group": None, "uid": 949, "before": None, "mask": None}])
    access.apply()
    assert commands.done == ["setfacl -k -- " + directory, "setfacl -n -x user:949,mask: -- " + log]


def test_a_command_that_fails(host, log):
    commands, access, opener = host()
    opener.open_file(log, "auto")
    commands.run = lambda argv: (1, [], "setfacl: no\n", argv)
    with pytest.raises(QueueError) as caught:
        access.apply()
    assert (caught.value.kind, caught.value.rc, caught.value.message) == ("command_failed", 1, "setfacl: no")

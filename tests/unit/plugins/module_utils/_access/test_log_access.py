# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import grp
import json
import os
import pwd

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._access import changes, log_opener
from ansible_collections.mailops.postfix.plugins.module_utils._access import (
    log_access as access,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.acl import (
    Acl,
    acl_of_mode,
    allows,
    shown,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.logrotate import Rotation
from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._host import files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

GIDS = {"root": 0, "adm": 4, "shadow": 42, "systemd-journal": 999, "users": 1000, "nogroup": 65534}
UIDS = {"root": 0, "agent": 949, "other": 950}
COPIES = Rotation("created", None, None, None)
MODED = Rotation("created", 0o640, "root", "adm")


class Host:
    """A host whose access lists, groups and main.cf are kept here; its files are real."""

    def __init__(self, directory):
        self.directory = os.path.realpath(str(directory))
        self.acls, self.members, self.main_cf = {}, {}, {}
        self.foreign = set()
        self.rotation = COPIES
        self.missing = set()
        self.done = []
        self.before_setfacl = lambda path: None

    def path(self, name):
        return os.path.join(self.directory, name)

    def log(self, name="mail.log", mode=0o640, group="adm", owner=0):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w"):
            self.acls[path] = acl_of_mode(owner, GIDS[group], mode)
        return path

    def acl(self, path):
        return self.acls.get(path, acl_of_mode(0, 0, 0o755))

    def state(self):
        return (
            {path: (shown(acl.entries), shown(acl.default)) for path, acl in self.acls.items()},
            sorted(self.members.items()),
            dict(self.main_cf),
        )

    def gids(self, user):
        return [UIDS[user]] + [GIDS[group] for group in self.members.get(user, ())]

    def reads(self, user, path):
        above = [path[:end] or "/" for end, letter in enumerate(path) if letter == "/"]
        entered = all(
            allows(self.acl(directory), UIDS[user], self.gids(user), "x") for directory in above
        )
        return bool(
            entered
            and os.path.exists(path)
            and allows(self.acl(path), UIDS[user], self.gids(user), "r")
        )

    def find(self, name):
        return None if name in self.missing else "/usr/bin/" + name

    def run(self, argv):
        if self.find(argv[0]) is None:
            raise HostError("not_installed", f"{argv[0]} was not found")
        lines = getattr(self, "_" + argv[0])(argv[1:])
        if argv[0] not in ("getfacl", "journalctl") and lines is None:
            self.done.append(" ".join(argv))
        return (1 if lines is False else 0), lines or [], "", argv

    def _getfacl(self, arguments):
        acl = self.acl(os.readlink(arguments[-1]))
        entries = [
            (prefix, entry)
            for prefix, part in (("", acl.entries), ("default:", acl.default))
            for entry in part.items()
        ]
        return [f"# owner: {acl.owner}", f"# group: {acl.group}"] + [
            f"{prefix}{tag}:{bits}" for prefix, (tag, bits) in entries
        ]

    def _setfacl(self, arguments):
        self.before_setfacl(os.readlink(arguments[-1]))
        path = os.readlink(arguments[-1])
        acl = self.acl(path)
        parts = {
            "": dict(acl.entries),
            "default:": {} if arguments[0] == "-k" else dict(acl.default),
        }
        for option, text in zip(arguments, arguments[1:]):
            for entry in text.split(",") if option in ("-m", "-x") else ():
                part = parts["default:" if entry.startswith("default:") else ""]
                entry = entry[8:] if entry.startswith("default:") else entry
                if option == "-m":
                    part[entry.rpartition(":")[0]] = entry.rpartition(":")[2]
                else:
                    del part[entry]
        self.acls[path] = Acl(acl.owner, acl.group, parts[""], parts["default:"])

    def _usermod(self, arguments):
        self.members.setdefault(arguments[3], []).append(arguments[2])

    def _gpasswd(self, arguments):
        self.members[arguments[1]].remove(arguments[2])

    def _journalctl(self, dummy):
        return ["a message"] if "systemd-journal" in self.members.get("agent", ()) else False

    def _postconf(self, arguments):
        known = {"maillog_file": "", "maillog_file_permissions": "0600"}
        return [
            "{} = {}".format(*item)
            for item in (self.main_cf if "-n" in arguments else dict(known, **self.main_cf)).items()
        ]


@pytest.fixture
def host(monkeypatch, tmp_path):
    (tmp_path / "host").mkdir()
    made = Host(tmp_path / "host")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        pwd,
        "getpwnam",
        lambda name: pwd.struct_passwd((name, "x", UIDS[name], UIDS[name], "", "/", "/bin/false")),
    )
    monkeypatch.setattr(os, "getgrouplist", lambda name, gid: made.gids(name))
    groups = {
        name: lambda name=name: grp.struct_group(
            (name, "x", GIDS[name], [user for user in made.members if name in made.members[user]])
        )
        for name in GIDS
    }
    monkeypatch.setattr(grp, "getgrnam", lambda name: groups[name]())
    monkeypatch.setattr(
        grp, "getgrgid", lambda gid: groups[{gid: name for name, gid in GIDS.items()}[gid]]()
    )
    for module in (files, changes):
        monkeypatch.setattr(
            module,
            "is_foreign",
            lambda status: any(os.path.samestat(status, os.stat(path)) for path in made.foreign),
        )
    monkeypatch.setattr(
        changes.Node, "has_acl", lambda node: len(made.acl(os.readlink(node.address)).entries) > 3
    )
    monkeypatch.setattr(changes, "MainCf", functools.partial(MainCf, made))
    for module in (access, log_opener):
        monkeypatch.setattr(module, "Runner", lambda deadline, run_as=None: made)
    monkeypatch.setattr(log_opener, "as_user", functools.partial(read_as, made))
    monkeypatch.setattr(log_opener.RotationFinder, "find", lambda self, names: made.rotation)
    made.record = tmp_path / "record"
    monkeypatch.setattr(
        access,
        "Record",
        functools.partial(Record, directory=str(made.record), earlier=str(tmp_path / "earlier")),
    )
    return made


class MainCf:
    def __init__(self, host, *dummy):
        self._host = host

    def plan(self, parameters, state):
        return None

    def replace(self, dummy, parameters, state):
        for name, value in parameters.items():
            self._host.main_cf[name] = value
            if state == "absent":
                del self._host.main_cf[name]


def read_as(host, uid, deadline, function, path):
    if not host.reads({number: name for name, number in UIDS.items()}[uid], path):
        raise HostError("permission_denied", path)


def ensure(check=False, user="agent", **options):
    return access.ensure(dict(options, user=user), Deadline(60), check)


def refused(**options):
    with pytest.raises(access.Refusal) as caught:
        ensure(**options)
    return caught.value


def granted(result):
    return [(entry["kind"], entry["path"] or entry["group"]) for entry in result["granted"]]


def test_one_entry_that_lasts_and_is_revoked(host):
    log = host.log()
    before = host.state()
    seen = ensure(check=True, paths=[log])
    assert host.state() == before and not host.record.exists()
    result = ensure(paths=[log])
    assert result == dict(
        seen, logs=[{"path": log, "readable": True, "why": None, "lasts": True, "warning": None}]
    )
    assert (result["changed"], granted(result)) == (True, [("acl", log)])
    assert len(host.done) == 1 and host.done[0].startswith(
        "setfacl -n -m user:949:r--,mask::r-- -- /proc/"
    )
    assert ensure(paths=[log])["changed"] is False
    assert ensure(state="absent")["changed"] is True
    assert host.state() == before and not host.record.exists()
    assert ensure(state="absent")["changed"] is False


@pytest.mark.parametrize(
    "rotation, says",
    [
        (MODED, "create 0640 root adm"),
        ("no stanza", "no stanza"),
        (Rotation("left", None, None, None), "nocreate"),
    ],
)
def test_auto_never_gives_what_may_not_last_nor_a_group(host, rotation, says):
    log = host.log()
    host.rotation = rotation
    refusal = refused(paths=[log])
    assert (refusal.kind, refusal.result["changed"], host.done) == ("bad_argument", False, [])
    assert says in refusal.message
    assert ensure(paths=[log], means="acl")["logs"][0]["lasts"] is (
        None if rotation == "no stanza" else False
    )


def test_without_the_package_acl_auto_is_an_error(host):
    host.missing = {"setfacl", "getfacl"}
    for means in ("auto", "acl", "directory"):
        refusal = refused(paths=[host.log("own/mail.log")], means=means)
        assert (refusal.kind, refusal.hint, host.done) == (
            "not_installed",
            "Install the package acl on this host.",
            [],
        )
    host.missing = {"setfacl"}
    assert ensure(paths=[host.log(mode=0o644)])["changed"] is False


@pytest.mark.parametrize(
    "group, joins",
    [("adm", True), ("users", True), ("shadow", False), ("root", False), ("nogroup", False)],
)
def test_a_group_only_where_it_may_be_had_for_a_log(host, group, joins):
    log = host.log(group=group)
    if joins:
        assert granted(ensure(paths=[log], means="group")) == [("group", group)]
        ensure(state="absent")
        assert host.done == [f"usermod -a -G {group} agent", f"gpasswd -d agent {group}"]
    else:
        refusal = refused(paths=[log], means="group")
        assert (refusal.kind, host.done) == ("bad_argument", [])
        assert "yourself" in refusal.hint


def test_what_is_planted_is_refused(host):
    shadow, log = host.log("etc/shadow", group="shadow"), host.path("log/mail.log")
    os.mkdir(host.path("log"))
    plants = {
        "is a symbolic link": lambda: os.symlink(shadow, log),
        "is a FIFO": lambda: os.mkfifo(log),
        "has 2 hard links": lambda: os.link(shadow, log),
        "is a directory": lambda: os.mkdir(log),
    }
    for says, plant in plants.items():
        plant()
        for means in ("auto", "acl", "group", "directory"):
            refusal = refused(paths=[log], means=means)
            assert refusal.kind == "unsafe_path"
            assert says in refusal.message
        assert says in ensure(paths=[log], means="none")["logs"][0]["why"]
        (os.rmdir if os.path.isdir(log) else os.unlink)(log)
    assert host.done == []


def test_a_link_on_the_way_is_followed_only_where_root_alone_made_it(host):
    log = host.log("var/mail.log")
    os.symlink(host.path("var"), host.path("links"))
    host.acls[host.directory] = acl_of_mode(0, 0, 0o700)
    assert granted(ensure(paths=[host.path("links/mail.log")])) == [
        ("acl", host.path("links/mail.log")),
        ("acl", host.directory),
    ]
    ensure(state="absent")
    assert len(host.acl(log).entries) == 3
    host.foreign = {host.directory}
    assert refused(paths=[host.path("links/mail.log")]).kind == "unsafe_path"


def test_a_file_of_roots_that_others_may_have_moved_there(host):
    log = host.log("log/mail.log")
    host.foreign = {host.path("log")}
    assert "may have put it there" in refused(paths=[log]).message
    os.chown(log, 104, -1)
    assert ensure(paths=[log])["changed"] is True


def test_a_file_that_is_replaced_meanwhile_gets_nothing(host):
    log = host.log()
    host.log("secret", 0o600)

    def swap(path):
        host.before_setfacl = lambda path: None
        host.acls[host.path("kept")] = host.acls[log]
        os.rename(log, host.path("kept"))
        os.symlink(host.path("secret"), log)

    host.before_setfacl = swap
    before = host.acl(log)
    assert "was replaced" in refused(paths=[log]).message
    assert host.acl(host.path("kept")) == before
    assert len(host.acl(host.path("secret")).entries) == 3


def test_absent_leaves_what_the_path_leads_to_now_and_remembers(host):
    log, shadow = host.log(), host.log("shadow")
    ensure(paths=[log])
    host.acls[shadow] = host.acls[host.path("kept")] = host.acls[log]
    os.rename(log, host.path("kept"))
    os.symlink(shadow, log)
    result = ensure(state="absent")
    assert result["changed"] is False
    assert "is a symbolic link, so access there is not revoked" in result["warnings"][0]
    assert "user:949" in host.acls[shadow].entries
    os.rename(host.path("kept"), log)
    assert ensure(state="absent")["changed"] is True
    assert "user:949" not in host.acls[log].entries and not host.record.exists()


def test_closed_directories_are_opened_and_closed_again(host):
    log = host.log("closed/inner/mail.log")
    host.acls[host.path("closed")] = host.acls[host.path("closed/inner")] = acl_of_mode(0, 0, 0o750)
    before = host.state()
    result = ensure(paths=[log])
    assert granted(result) == [
        ("acl", log),
        ("acl", host.path("closed")),
        ("acl", host.path("closed/inner")),
    ]
    assert host.acl(host.path("closed")).entries["user:949"] == "--x"
    ensure(state="absent")
    assert host.state() == before


def test_rotated_copies_lose_the_entry_too(host):
    log, copy, other = host.log(), host.log("mail.log.1"), host.log("mail.logical")
    ensure(paths=[log])
    host.acls[copy] = host.acls[other] = host.acls[log]
    os.mkfifo(host.path("mail.log.2"))
    result = ensure(state="absent")
    assert ["user:949" in host.acls[path].entries for path in (log, copy, other)] == [
        False,
        False,
        True,
    ]
    assert "mail.log.2 is a FIFO" in result["warnings"][0]


def test_exclusive_revokes_what_is_no_longer_needed(host):
    one, two = host.log("one"), host.log("two", group="adm")
    before = host.state()
    ensure(paths=[one])
    ensure(paths=[two], means="group", journal=True)
    assert ensure(paths=[two], means="acl")["changed"] is False
    result = ensure(paths=[two], means="acl", exclusive=True)
    assert granted(result) == [("acl", two)]
    assert host.members == {"agent": []} and "user:949" not in host.acls[one].entries
    assert ensure(paths=[two], means="acl", exclusive=True)["changed"] is False
    ensure(state="absent")
    host.members.clear()
    assert host.state() == before


def test_exclusive_leaves_rotated_copies_of_what_stays(host):
    log, copy = host.log(), host.log("mail.log.1")
    ensure(paths=[log])
    host.acls[copy] = host.acls[log]
    assert ensure(paths=[log], exclusive=True)["changed"] is False
    ensure(journal=True, exclusive=True)
    assert [len(host.acls[path].entries) for path in (log, copy)] == [3, 3]


def test_two_users_of_one_log(host):
    log = host.log("closed/mail.log")
    host.acls[host.path("closed")] = acl_of_mode(0, 0, 0o700)
    before = host.state()
    for first, second in (("agent", "other"), ("other", "agent")):
        ensure(paths=[log])
        ensure(paths=[log], user="other")
        ensure(state="absent", user=first)
        assert not host.reads(first, log) and host.reads(second, log)
        ensure(state="absent", user=second)
        assert host.state() == before


def test_an_entry_of_somebody_elses_comes_back(host):
    log = host.log()
    entries = dict(host.acls[log].entries, **{"user:949": "-w-", "user:7": "r--", "mask:": "rw-"})
    host.acls[log] = host.acls[log]._replace(entries=entries)
    ensure(paths=[log], means="acl")
    assert host.acls[log].entries["user:949"] == "rw-"
    ensure(state="absent")
    assert host.acls[log].entries == entries


def test_a_mask_that_would_open_the_file_to_others(host):
    log = host.log()
    host.acls[log] = host.acls[log]._replace(
        entries=dict(host.acls[log].entries, **{"user:7": "r--", "mask:": "---"})
    )
    assert "who would get it, too" in refused(paths=[log], means="acl").message
    assert not host.record.exists()


@pytest.mark.parametrize("heals", ["present", "absent"])
@pytest.mark.parametrize("changes_first", [False, True])
def test_what_was_interrupted_is_healed(host, changes_first, heals):
    log = host.log()
    before = host.state()

    def interrupt(path):
        if changes_first:
            host.before_setfacl = lambda path: None
            host.acls[log] = host.acls[log]._replace(
                entries=dict(host.acls[log].entries, **{"user:949": "r--", "mask:": "r--"})
            )
        raise KeyboardInterrupt

    host.before_setfacl = interrupt
    with pytest.raises(KeyboardInterrupt):
        ensure(paths=[log])
    host.before_setfacl = lambda path: None
    assert len(json.loads((host.record / "grants.json").read_text())["grants"]) == 1
    if heals == "present":
        assert ensure(paths=[log])["logs"][0]["readable"] is True
    ensure(state="absent")
    assert host.state() == before and not host.record.exists()


def test_a_log_that_postfix_writes_itself(host):
    log = host.log("own/maillog", 0o600, "root")
    host.rotation = "no stanza"
    host.main_cf = {"maillog_file": log}
    host.log("main.cf")
    host.acls[host.path("own")] = acl_of_mode(0, 0, 0o755)
    before, instance = host.state(), host.directory
    result = ensure(maillog_file_of=[instance])
    assert granted(result) == [
        ("directory", host.path("own")),
        ("acl", log),
        ("parameter", host.path("main.cf")),
    ]
    assert (
        result["logs"][0]["path"],
        result["logs"][0]["readable"],
        result["logs"][0]["lasts"],
    ) == (log, True, True)
    assert host.main_cf["maillog_file_permissions"] == "0640"
    assert ensure(maillog_file_of=[instance], exclusive=True)["changed"] is False
    # Another user needs them, too, as long as it is not revoked.
    assert granted(ensure(maillog_file_of=[instance], user="other")) == [
        ("directory", host.path("own")),
        ("acl", log),
    ]
    ensure(state="absent")
    assert host.main_cf["maillog_file_permissions"] == "0640" and host.reads("other", log)
    ensure(state="absent", user="other")
    assert host.state() == before


def test_a_directory_that_is_not_the_logs_own(host):
    log = host.log("own/maillog")
    host.log("own/maillog-20261124.gz")
    host.log("own/other")
    refusal = refused(paths=[log], means="directory")
    assert (refusal.kind, host.done) == ("bad_argument", [])
    assert "holds other files than this log: other" in refusal.message


def test_no_log_at_all(host):
    refusal = refused()
    assert (refusal.kind, refusal.errors[0][0]) == ("bad_argument", None)
    assert "maillog_file_of" in refused(means="none").message


@pytest.mark.parametrize(
    "options, says",
    [
        ({"user": "root", "journal": True}, "user: 'root'"),
        ({"paths": ["mail.log"]}, "'mail.log' is not a plain absolute path"),
        ({"paths": ["/var/../mail.log"]}, "not a plain absolute path"),
        ({"paths": ["/nonexistent/mail.log"]}, "there is no /nonexistent/mail.log"),
        (
            {"paths": ["/nonexistent/mail.log"], "means": "directory"},
            "there is no directory /nonexistent",
        ),
        ({"maillog_file_of": ["/etc/postfix"]}, "writes no log file itself"),
    ],
)
def test_bad_options(host, options, says):
    refusal = refused(**options)
    assert (refusal.kind, host.done) == ("bad_argument", [])
    assert says in refusal.message


def test_what_keeps_a_user_out(host):
    log = host.log("closed/mail.log")
    assert ensure(paths=[log], means="none")["logs"][0]["why"].startswith(
        "the file cannot be read: (group::r--"
    )
    host.acls[host.path("closed")] = acl_of_mode(0, 0, 0o700)
    logs = ensure(paths=[log, "/nonexistent/a", host.path("b")], means="none", journal=True)["logs"]
    assert logs[0]["why"].startswith(
        f"the directory {host.path('closed')} cannot be entered: (group::---"
    )
    assert [log["why"] for log in logs[1:]] == [
        "there is no directory /nonexistent",
        "there is no such file",
        "",
    ]
    assert host.done == [] and not host.record.exists()


def test_a_record_of_an_unknown_kind(host):
    host.record.mkdir()
    (host.record / "grants.json").write_text(
        '{"grants": [{"by": "log_access", "user": "agent", "kind": "take"}]}'
    )
    assert refused(state="absent").kind == "bad_record"


def test_what_the_first_version_gave_is_revoked(host, tmp_path):
    log, opened = host.log(), host.log("opened.log")
    os.chmod(opened, 0o644)
    host.acls[log] = host.acls[log]._replace(
        entries=dict(host.acls[log].entries, **{"user:949": "r--", "mask:": "r--"})
    )
    host.members["agent"] = ["adm"]
    earlier = {
        "log_request": {"user": "agent"},
        "log": [
            {"means": "acl", "path": log, "uid": 949, "before": None, "mask": None, "group": None},
            {"means": "group", "group": "adm", "path": None},
        ],
        "log_modes": [{"path": opened, "mode": "0600"}],
    }
    (tmp_path / "earlier").write_text(json.dumps(earlier))
    assert ensure(state="absent")["changed"] is True
    assert len(host.acls[log].entries) == 3 and host.members == {"agent": []}
    assert os.stat(opened).st_mode & 0o777 == 0o600
    assert not (tmp_path / "earlier").exists()

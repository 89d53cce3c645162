# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is granted in main.cf over several runs, users and interruptions, and that exactly that
is revoked."""

from __future__ import annotations

import collections
import copy
import json
import os
import pwd

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._access import mailq_access
from ansible_collections.mailops.postfix.plugins.module_utils._access.parameter_grants import (
    value_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

MAILQ = "authorized_mailq_users"
REACHABLE = "alternate_config_directories"
DEFAULT, OUT, IN = "/etc/postfix", "/etc/postfix-out", "/etc/postfix-in"
FOLDED = "authorized_mailq_users=root,\n# note\n\n\tadmin\n  carol"


class Interrupted(Exception):
    pass


class Host:
    """main.cf of several instances as lines by name, Postfix as it answers users, and the
    record; ensure() works on them."""

    def __init__(self, **main_cf):
        self.main_cf = {DEFAULT: {}, OUT: {}, IN: {}}
        for name, value in main_cf.items():
            self.main_cf[DEFAULT][name] = value if "=" in value else f"{name} = {value}"
        self.record = []
        self.postfix = True
        self.left = None
        self.listing = None
        self.between = None
        self.broken = None

    def words(self, directory, name, default=""):
        value = value_of(name, self.main_cf.get(directory, {}).get(name))
        return (default if value is None else value).replace(",", " ").split()

    def value(self, name, directory=DEFAULT):
        return value_of(name, self.main_cf[directory].get(name))

    def refusal(self, directory, user):
        if directory != DEFAULT and directory not in self.words(DEFAULT, REACHABLE):
            return HostError("config_directory_refused", "refused")
        listed = self.words(directory, MAILQ, "static:anyone")
        first = next(
            (word for word in listed if word.lstrip("!") == user or "static:" in word), "!"
        )
        return HostError("not_authorized", "shut out") if first.startswith("!") else None

    def allowed(self, *directories, user="dd-agent"):
        return not any(self.refusal(directory, user) for directory in directories)

    def step(self):
        """Every change of the host passes here; a run ends after as many as are left."""
        if self.left == 0:
            raise Interrupted
        self.left = None if self.left is None else self.left - 1

    def run(
        self,
        directories=(),
        user="dd-agent",
        exact=(),
        exclusive=False,
        present=True,
        steps=None,
        check_mode=False,
    ):
        self.left = steps
        options = {
            "user": user,
            "config_directory": list(directories),
            "authorized_mailq_users": list(exact),
            "exclusive": exclusive,
        }
        return mailq_access.ensure(
            dict(options, state="present" if present else "absent"), Deadline(60), check_mode
        )

    def __eq__(self, other):
        return (self.main_cf, self.record) == (other.main_cf, other.record)


@pytest.fixture(autouse=True)
def host(monkeypatch):  # noqa: C901 # the fakes that one test after the other needs, each simple
    """The host that ensure() works on; world(host) puts another in its place."""
    current = [Host()]

    class Record:
        def __init__(self, deadline, check_mode):
            self.check_mode = check_mode
            self.kept = copy.deepcopy(current[0].record)

        def __enter__(self):
            return self

        def __exit__(self, *dummy):
            pass

        def entries(self, by, user=None):
            return [dict(entry) for entry in self.kept if user in (None, entry["user"])]

        def replace(self, by, user, entries):
            noted = [entry for entry in self.kept if entry["user"] != user] + [
                dict(entry, by=by, user=user) for entry in entries
            ]
            if noted != self.kept and not self.check_mode:
                current[0].step()
                current[0].record = json.loads(json.dumps(noted))
            self.kept = noted

    class MainCf:
        def __init__(self, runner, directory, workspace):
            self.path, self.directory = directory + "/main.cf", directory

        def read(self):
            if self.directory not in current[0].main_cf:
                raise HostError("bad_config", f"there is no {self.path}")
            return b""

        def setting(self, name):
            self.read()
            return current[0].main_cf[self.directory].get(name)

        def plan(self, parameters, state, raw=None):
            if not current[0].postfix:
                raise HostError("not_installed", "postconf was not found")
            if self.directory == current[0].broken:
                raise HostError("bad_config", "main.cf is wrong")
            before = {
                name: value_of(name, lines)
                for name, lines in current[0].main_cf[self.directory].items()
            }
            assert (
                not raw
                or {name: value_of(name, lines) for name, lines in raw.items()} == parameters
            )
            return collections.namedtuple("Plan", "settings_before")(before)

        def replace(self, plan, parameters, state, raw=None, unchanged=False):
            host = current[0]
            if host.between:
                host.main_cf[self.directory].update(host.between)
                host.between = None
                return None
            host.step()
            for name in parameters:
                host.main_cf[self.directory].pop(name, None)
            host.main_cf[self.directory].update(raw or {})
            return plan

    class Runner:
        def __init__(self, deadline, run_as=None):
            pass

        def find(self, name):
            return name if current[0].postfix else None

    def answer(runner, argv):
        return [", ".join(current[0].words(argv[2], MAILQ, "static:anyone"))]

    def listing(run, directory):
        return current[0].listing or current[0].refusal(directory, run._user)

    monkeypatch.setattr(mailq_access, "Record", Record)
    monkeypatch.setattr(mailq_access, "MainCf", MainCf)
    monkeypatch.setattr(mailq_access, "Runner", Runner)
    monkeypatch.setattr(mailq_access, "answer", answer)
    monkeypatch.setattr(
        mailq_access,
        "describe_instance",
        lambda runner: collections.namedtuple("I", "config_directory")(DEFAULT),
    )
    monkeypatch.setattr(mailq_access._Run, "_listing", listing)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: None)

    def use(**main_cf):
        current[0] = main_cf["host"] if "host" in main_cf else Host(**main_cf)
        return current[0]

    return use


def settle(host, **run):
    """Run, as foreseen, and see that a second run changes nothing."""
    kept = copy.deepcopy(host)
    foreseen = host.run(**run, check_mode=True)
    assert host == kept
    assert foreseen["changed"] == host.run(**run)["changed"]
    assert not host.run(**run)["changed"]
    assert not host.run(**run, check_mode=True)["changed"]


def test_open_list_stays(host):
    host = host()
    assert not host.run()["changed"]
    assert host == Host()


@pytest.mark.parametrize(
    "before",
    [
        "root, admin",
        "root admin",
        "admin,\troot",
        "!mallory, admin",
        "admin, !static:all",
        FOLDED,
        "authorized_mailq_users =",
    ],
)
def test_added_and_revoked(host, before):
    host = host(authorized_mailq_users=before)
    lines = host.main_cf[DEFAULT][MAILQ]
    words = host.words(DEFAULT, MAILQ)
    result = host.run()
    assert host.words(DEFAULT, MAILQ) == ["dd-agent"] + words
    assert result["parameters"] == [
        {
            "config_directory": DEFAULT,
            "name": MAILQ,
            "before": value_of(MAILQ, lines),
            "after": ", ".join(filter(None, ["dd-agent", value_of(MAILQ, lines)])),
        }
    ]
    assert result["diff"][0]["before"] == lines.replace("# note\n\n", "") + "\n"
    settle(host)
    settle(host, present=False)
    assert host.main_cf[DEFAULT] == {MAILQ: lines} and host.record == []


def test_user_who_was_there_before_stays(host):
    host = host(authorized_mailq_users="dd-agent, root")
    settle(host)
    settle(host, present=False)
    assert host.value(MAILQ) == "dd-agent, root"


@pytest.mark.parametrize(
    "listed",
    [
        "!dd-agent, static:anyone",
        "admin, !dd-agent",
        "!static:all, dd-agent",
        "admin, !/etc/postfix/deny",
        "!hash:/etc/deny, admin",
    ],
)
def test_shut_out_on_purpose(host, listed):
    host = host(authorized_mailq_users=listed)
    with pytest.raises(HostError, match="exclude dd-agent on purpose") as caught:
        host.run()
    assert caught.value.kind == "bad_argument" and MAILQ in caught.value.hint
    assert host.value(MAILQ) == listed and host.record == []
    # Whoever names the whole list knows.
    settle(host, exact=["dd-agent"])


def test_changed_by_an_admin_and_revoked(host):
    host = host(authorized_mailq_users="root, admin")
    settle(host)
    host.main_cf[DEFAULT][MAILQ] = "authorized_mailq_users = dd-agent, root, admin, carol"
    settle(host)
    settle(host, present=False)
    assert host.value(MAILQ) == "root, admin, carol"


def test_changed_and_changed_back_by_an_admin(host):
    host = host(authorized_mailq_users=FOLDED)
    settle(host)
    host.main_cf[DEFAULT][MAILQ] = "authorized_mailq_users = root admin,carol dd-agent"
    settle(host)
    settle(host, present=False)
    assert host.main_cf[DEFAULT] == {MAILQ: FOLDED}


def test_replaced_by_an_admin(host):
    host = host(authorized_mailq_users="root")
    settle(host)
    host.main_cf[DEFAULT][MAILQ] = "authorized_mailq_users = carol"
    copied = copy.deepcopy(host)
    settle(host)
    assert host.value(MAILQ) == "dd-agent, carol"
    settle(host, present=False)
    assert host.value(MAILQ) == "carol"
    assert copied.record and copied.value(MAILQ) == "carol"


def test_replaced_list_stays_when_revoked(host):
    host = host(authorized_mailq_users="root")
    settle(host)
    host.main_cf[DEFAULT][MAILQ] = "authorized_mailq_users = carol"
    settle(host, present=False)
    assert host.value(MAILQ) == "carol" and host.record == []


def test_opened_and_given_by_an_admin(host):
    """What was granted is gone, so what an admin gives afterwards is not this module's to
    revoke."""
    host = host(authorized_mailq_users="root")
    settle(host)
    del host.main_cf[DEFAULT][MAILQ]
    settle(host)
    host.main_cf[DEFAULT][MAILQ] = "authorized_mailq_users = root, dd-agent"
    settle(host)
    settle(host, present=False)
    assert host.value(MAILQ) == "root, dd-agent"


@pytest.mark.parametrize("before", [None, "root", "root, dd-agent", "static:anyone", FOLDED])
def test_exact_list_changed_twice(host, before):
    host = host(**({MAILQ: before} if before else {}))
    main_cf = json.dumps(host.main_cf)
    for exact in (
        ["dd-agent", "root"],
        ["root", "dd-agent"],
        ["alice", "/etc/postfix/mailq"],
        ["dd-agent"],
    ):
        host.listing = HostError("command_failed", "whatever the table has")
        host.run(exact=exact)
        assert host.value(MAILQ) == ", ".join(exact)
    host.listing = None
    settle(host, exact=["dd-agent"])
    settle(host, present=False)
    assert json.dumps(host.main_cf) == main_cf and host.record == []


def test_exact_list_that_is_there_already(host):
    host = host(authorized_mailq_users="root dd-agent")
    assert not host.run(exact=["root", "dd-agent"])["changed"]
    assert not host.run(present=False)["changed"]
    assert host.value(MAILQ) == "root dd-agent" and host.record == []


@pytest.mark.parametrize(
    "exact",
    [
        ["root"],
        ["!dd-agent", "static:anyone"],
        ["!static:anyone", "dd-agent"],
        ["a b"],
        ["$mynetworks"],
        ["a,dd-agent"],
    ],
)
def test_exact_list_that_cannot_be(host, exact):
    with pytest.raises(HostError, match=MAILQ) as caught:
        host().run(exact=exact)
    assert caught.value.kind == "bad_argument"


@pytest.mark.parametrize(
    "run",
    [
        {"user": "a b"},
        {"user": "!a"},
        {"user": ""},
        {"directories": ["etc"]},
        {"directories": [OUT + "/"]},
        {"directories": ["/a b"]},
    ],
)
def test_refused_before_any_change(host, run):
    with pytest.raises(HostError) as caught:
        host().run(**run)
    assert caught.value.kind == "bad_argument"


def test_still_refused_after_the_change(host):
    host = host(authorized_mailq_users="root")
    host.listing = HostError("not_authorized", "shut out")
    with pytest.raises(HostError) as caught:
        host.run()
    assert caught.value.kind == "not_authorized"
    with pytest.raises(HostError):
        host.run(check_mode=True)
    host.run(present=False)
    assert host.value(MAILQ) == "root" and host.record == []


def test_one_broken_instance_keeps_no_other_from_being_revoked(host):
    host = host()
    for place in (DEFAULT, OUT):
        host.main_cf[place][MAILQ] = "authorized_mailq_users = root"
    settle(host, directories=[DEFAULT, OUT])
    host.broken = DEFAULT
    with pytest.raises(HostError) as caught:
        host.run(present=False)
    assert caught.value.kind == "bad_config" and host.value(MAILQ, OUT) == "root"
    host.broken = None
    settle(host, present=False)
    assert host.value(MAILQ) == "root" and host.record == []


def test_stopped_postfix_is_no_refusal(host):
    host = host()
    host.listing = HostError("mail_system_down", "down")
    result = host.run()
    assert result["listings"] == [{"config_directory": DEFAULT, "error": "mail_system_down"}]
    assert "down (mail_system_down)" in result["warnings"][0]


def test_instances_made_reachable(host):
    host = host(alternate_config_directories="/etc/postfix-old")
    host.main_cf[IN][MAILQ] = "authorized_mailq_users = root"
    settle(host, directories=[DEFAULT, OUT, IN])
    assert host.allowed(DEFAULT, OUT, IN)
    assert host.value(MAILQ, IN) == "dd-agent, root" and host.main_cf[OUT] == {}
    # One of them is no longer needed.
    settle(host, directories=[DEFAULT, IN])
    assert host.allowed(DEFAULT, OUT, IN)
    settle(host, directories=[DEFAULT, IN], exclusive=True)
    assert set(host.words(DEFAULT, REACHABLE)) == {"/etc/postfix-old", IN}
    settle(host, present=False)
    assert host.main_cf == {
        DEFAULT: {REACHABLE: "alternate_config_directories = /etc/postfix-old"},
        OUT: {},
        IN: {MAILQ: "authorized_mailq_users = root"},
    }


def test_one_instance_for_another(host):
    host = host()
    settle(host, directories=[OUT])
    settle(host, directories=[IN], exclusive=True)
    assert host.value(REACHABLE) == IN and host.allowed(IN)
    settle(host, present=False)
    assert host == Host()


def test_directory_that_was_there_before_stays(host):
    host = host(alternate_config_directories=OUT)
    settle(host, directories=[OUT, IN])
    settle(host, directories=[IN], exclusive=True)
    assert set(host.words(DEFAULT, REACHABLE)) == {OUT, IN}
    settle(host, present=False)
    assert host.value(REACHABLE) == OUT


@pytest.mark.parametrize("order", [("alice", "bob"), ("bob", "alice")])
@pytest.mark.parametrize(
    "before", [{MAILQ: FOLDED}, {MAILQ: "root", REACHABLE: "/etc/postfix-old"}]
)
def test_two_users(host, before, order):
    host = host(**before)
    host.main_cf[OUT][MAILQ] = FOLDED
    main_cf = copy.deepcopy(host.main_cf)
    for user in ("alice", "bob"):
        settle(host, user=user, directories=[DEFAULT, OUT])
    assert host.allowed(DEFAULT, OUT, user="alice") and host.allowed(DEFAULT, OUT, user="bob")
    settle(host, user=order[0], present=False)
    assert host.allowed(DEFAULT, OUT, user=order[1]) and not host.allowed(DEFAULT, user=order[0])
    settle(host, user=order[1], present=False)
    assert host.main_cf == main_cf and host.record == []


def test_list_replaced_between_two_users(host):
    host = host(authorized_mailq_users="root")
    settle(host, user="alice")
    host.main_cf[DEFAULT][MAILQ] = "authorized_mailq_users = carol"
    settle(host, user="bob")
    settle(host, user="alice")
    settle(host, user="bob", present=False)
    settle(host, user="alice", present=False)
    assert host.value(MAILQ) == "carol" and host.record == []


def test_change_by_an_admin_in_between_is_kept(host):
    host = host(authorized_mailq_users="root")
    host.between = {MAILQ: "authorized_mailq_users = root, carol"}
    host.run()
    assert host.value(MAILQ) == "dd-agent, root, carol"
    settle(host, present=False)
    assert host.value(MAILQ) == "root, carol"


def test_instance_that_was_removed(host):
    host = host()
    host.main_cf[OUT][MAILQ] = "authorized_mailq_users = root"
    settle(host, directories=[OUT])
    del host.main_cf[OUT]
    settle(host, present=False)
    assert host.main_cf == {DEFAULT: {}, IN: {}} and host.record == []


def test_postconf_that_is_not_found(host, monkeypatch):
    host = host(authorized_mailq_users="root")
    settle(host)
    host.postfix = False
    monkeypatch.setattr(mailq_access._Run, "_is_installed", lambda run, directory: True)
    with pytest.raises(HostError) as caught:
        host.run(present=False)
    assert caught.value.kind == "not_installed" and host.record
    monkeypatch.setattr(mailq_access._Run, "_is_installed", lambda run, directory: False)
    assert not host.run(present=False)["changed"]
    assert host.record == []


def test_grants_of_version_0_1_0(host):
    """The value only, without its lines."""
    host = host(authorized_mailq_users="dd-agent, root, admin", alternate_config_directories=OUT)
    place = {
        "by": "mailq_access",
        "user": "dd-agent",
        "kind": "parameter",
        "config_directory": DEFAULT,
    }
    host.record = [
        dict(
            place,
            name=MAILQ,
            tokens=["dd-agent"],
            before="root, admin",
            values=["dd-agent, root, admin"],
        ),
        dict(place, name=REACHABLE, tokens=[OUT], before=None, values=[OUT]),
    ]
    settle(host, present=False)
    assert (
        host.main_cf[DEFAULT] == {MAILQ: "authorized_mailq_users = root, admin"}
        and host.record == []
    )


STEPS = [
    {"directories": [DEFAULT]},
    {"directories": [DEFAULT, OUT]},
    {"directories": [IN], "exclusive": True},
    {"directories": [DEFAULT, OUT], "exact": ["dd-agent", "alice"]},
    {"directories": [DEFAULT, IN], "exact": ["bob", "dd-agent"], "exclusive": True},
    {"directories": [DEFAULT, OUT], "user": "watcher"},
    {"present": False},
]


@pytest.mark.parametrize("second", STEPS)
@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("before", [{}, {MAILQ: FOLDED}, {MAILQ: "dd-agent root", REACHABLE: OUT}])
def test_interrupted(host, before, first, second):
    """Whatever ran before, and wherever a run ended, the next one reaches its end, and revoking
    leaves what was there at first."""
    use = host
    start = use(**before)
    start.main_cf[OUT][MAILQ] = "authorized_mailq_users = admin"
    main_cf = copy.deepcopy(start.main_cf)
    start.run(**first)
    for steps in range(100):
        host = use(host=copy.deepcopy(start))
        try:
            host.run(**second, steps=steps)
        except Interrupted:
            ended = False
        else:
            ended = True
        for run in (second, {"present": False}):
            copied = use(host=copy.deepcopy(host))
            settle(copied, **run)
            if run.get("present", True):
                assert copied.allowed(*run["directories"], user=run.get("user", "dd-agent"))
            for user in ("watcher", "dd-agent"):
                copied.run(user=user, present=False)
            assert copied.main_cf == main_cf and copied.record == []
        if ended:
            return
    raise AssertionError("no end")

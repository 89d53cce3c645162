# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role gives in main.cf over several runs, and that it takes back exactly that."""

from __future__ import annotations

import json

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_grants import plan_grants
from ansible_collections.mailops.postfix.tests.injection.places import host, instance, plan

MAILQ = "authorized_mailq_users"
REACHABLE = "alternate_config_directories"
LOG_MODE = "maillog_file_permissions"
DEFAULT, OUT, IN = "/etc/postfix", "/etc/postfix-out", "/etc/postfix-in"


class Host:
    """main.cf of several instances, Postfix as it answers the Agent's user, and the record; runs of the role change them."""

    def __init__(self, **main_cf):
        self.main_cf = {DEFAULT: {}, OUT: {}, IN: {}}
        for name, value in main_cf.items():
            self.main_cf[DEFAULT][name] = value
        self.record = {}
        self.wrote = []

    def probe(self, directory, user):
        """Errors of postqueue -c, for lists of users only."""
        reachable = directory == DEFAULT or directory in self.words(DEFAULT, REACHABLE)
        listed = self.words(directory, MAILQ, "static:anyone")
        first = next((word for word in listed if word.lstrip("!") == user or "static:" in word), "!")
        kinds = (["config_directory_refused"] if not reachable else []) or (["not_authorized"] if first.startswith("!") else [])
        return {"item": directory, "errors": [{"kind": kind} for kind in kinds]}

    def words(self, directory, name, default=""):
        return self.main_cf[directory].get(name, default).replace(",", " ").split()

    def run(self, directories=(DEFAULT,), method="postqueue", exact=(), user="dd-agent", log_mode=None, present=True, until="end"):
        """One run of the role, or its part until an interruption (record, set, take_back); returns the problems."""
        names = {DEFAULT: "-", OUT: "postfix-out", IN: "postfix-in"}
        described = host(*(instance(name, authorized_mailq_users=self.words(place, MAILQ, "static:anyone")) for place, name in names.items()))
        planned = plan(described, method=method, instances=[{"config_directory": directory} for directory in directories])
        assert planned["problems"] == []
        if log_mode:
            planned["logs"]["parameters"] = [{"config_directory": DEFAULT, "path": None, "mode": "0600", "value": log_mode}]
        probes = [self.probe(directory, user) for directory in directories] if method == "postqueue" else []
        main_cf = [{"item": place, "stdout_lines": ["%s = %s" % pair for pair in lines.items()]} for place, lines in self.main_cf.items()]
        grants = plan_grants(self.record, planned if present else None, described, probes, main_cf, user, list(exact))
        if grants["problems"]:
            return grants["problems"]
        # The record is kept as JSON.
        self.record = json.loads(json.dumps({"parameters": grants["meanwhile"]}))
        for step in ("set", "take_back"):
            if until in ("record", step):
                return []
            for change in grants[step]:
                self.wrote.append((change["config_directory"], change["name"], change["value"]))
                if change["value"] is None:
                    del self.main_cf[change["config_directory"]][change["name"]]
                else:
                    self.main_cf[change["config_directory"]][change["name"]] = change["value"]
        if until == "end":
            self.record = json.loads(json.dumps({"parameters": grants["afterwards"]}))
        return []

    def allowed(self, *directories, user="dd-agent"):
        return all(not self.probe(directory, user)["errors"] for directory in directories)


def settle(host, **run):
    """Run until a second run changes nothing."""
    for dummy in range(3):
        host.wrote = []
        assert host.run(**run) == []
        if not host.wrote:
            return
    raise AssertionError(host.wrote)


def test_open_list_stays():
    host = Host()
    assert host.run() == []
    assert host.wrote == [] and host.record == {"parameters": []}


@pytest.mark.parametrize("before", ["root, admin", "root admin", "admin,\troot", "!mallory, admin", "admin, !static:all", ""])
def test_added_and_taken_back(before):
    host = Host(authorized_mailq_users=before)
    assert host.run() == []
    assert host.main_cf[DEFAULT][MAILQ] == (", ".join(["dd-agent", before]) if before else "dd-agent")
    settle(host)
    assert host.run(present=False) == []
    assert host.main_cf[DEFAULT] == {MAILQ: before} and host.record == {"parameters": []}


def test_user_who_was_there_before_stays():
    host = Host(authorized_mailq_users="dd-agent, root")
    settle(host)
    host.run(present=False)
    assert host.main_cf[DEFAULT] == {MAILQ: "dd-agent, root"}


@pytest.mark.parametrize(
    "listed", ["!dd-agent, static:anyone", "admin, !dd-agent", "!static:all, dd-agent", "admin, !/etc/postfix/deny", "!hash:/etc/deny, admin"]
)
def test_shut_out_on_purpose(listed):
    host = Host(authorized_mailq_users=listed)
    (problem,) = host.run()
    assert problem.startswith("authorized_mailq_users of /etc/postfix shuts dd-agent out on purpose") and "datadog_postfix_method=find" in problem
    assert host.main_cf[DEFAULT] == {MAILQ: listed}
    assert host.run(method="find") == []
    # Whoever names the whole list knows.
    assert host.run(exact=["dd-agent"]) == []


def test_list_of_the_default_instance_in_force():
    """Nobody loses access where the list that shuts the user out is not in main.cf."""
    described = host(instance(authorized_mailq_users=["root", "admin"]))
    probes = [{"item": DEFAULT, "errors": [{"kind": "not_authorized"}]}]
    grants = plan_grants({}, plan(method="postqueue"), described, probes, [{"item": DEFAULT, "stdout_lines": []}], "dd-agent", [])
    assert grants["set"] == [{"config_directory": DEFAULT, "name": MAILQ, "value": "dd-agent, root, admin"}]


def test_changed_by_an_admin_and_taken_back():
    host = Host(authorized_mailq_users="root, admin")
    settle(host)
    host.main_cf[DEFAULT][MAILQ] = "dd-agent, root, admin, carol"
    settle(host)
    host.run(present=False)
    assert host.main_cf[DEFAULT] == {MAILQ: "root, admin, carol"}


def test_replaced_by_an_admin():
    host = Host(authorized_mailq_users="root")
    settle(host)
    host.main_cf[DEFAULT][MAILQ] = "carol"
    settle(host)
    assert host.main_cf[DEFAULT] == {MAILQ: "dd-agent, carol"}
    host.run(present=False)
    assert host.main_cf[DEFAULT] == {MAILQ: "carol"}


def test_opened_and_given_by_an_admin():
    """What the role had given is gone, so what an admin gives afterwards is not the role's to take."""
    host = Host(authorized_mailq_users="root")
    settle(host)
    del host.main_cf[DEFAULT][MAILQ]
    settle(host)
    host.main_cf[DEFAULT][MAILQ] = "root, dd-agent"
    settle(host)
    host.run(present=False)
    assert host.main_cf[DEFAULT] == {MAILQ: "root, dd-agent"}


@pytest.mark.parametrize("before", [None, "root", "root, dd-agent", "static:anyone"])
def test_exact_list_changed_twice(before):
    host = Host(**({MAILQ: before} if before else {}))
    main_cf = json.dumps(host.main_cf)
    for exact in (["dd-agent", "root"], ["root", "dd-agent"], ["alice", "/etc/postfix/mailq"], ["dd-agent"]):
        host.run(exact=exact)
        assert host.main_cf[DEFAULT] == {MAILQ: ", ".join(exact)}
    settle(host, exact=["dd-agent"])
    host.run(present=False)
    assert json.dumps(host.main_cf) == main_cf and host.record == {"parameters": []}


def test_exact_list_that_is_there_already():
    host = Host(authorized_mailq_users="root dd-agent")
    host.run(exact=["root", "dd-agent"])
    host.run(present=False)
    assert host.main_cf[DEFAULT] == {MAILQ: "root dd-agent"} and host.wrote == []


@pytest.mark.parametrize("exact", [["root"], ["!dd-agent", "static:anyone"], ["!static:anyone", "dd-agent"]])
def test_exact_list_without_the_user(exact):
    (problem,) = Host().run(exact=exact)
    assert problem.startswith("datadog_postfix_authorized_mailq_users: %r shuts the Agent's user out" % exact)


def test_switch_to_find():
    host = Host(authorized_mailq_users="root")
    settle(host, directories=[DEFAULT, OUT])
    assert host.main_cf[DEFAULT][REACHABLE] == OUT
    host.run(directories=[DEFAULT, OUT], method="find")
    assert host.main_cf == {DEFAULT: {MAILQ: "root"}, OUT: {}, IN: {}} and host.record == {"parameters": []}


def test_instances_made_reachable():
    host = Host(alternate_config_directories="/etc/postfix-old")
    host.main_cf[IN][MAILQ] = "root"
    settle(host, directories=[DEFAULT, OUT, IN])
    assert host.allowed(DEFAULT, OUT, IN)
    assert host.main_cf[IN] == {MAILQ: "dd-agent, root"} and host.main_cf[OUT] == {}
    # One of them is no longer monitored.
    settle(host, directories=[DEFAULT, IN])
    assert set(host.words(DEFAULT, REACHABLE)) == {"/etc/postfix-old", IN}
    host.run(present=False)
    assert host.main_cf == {DEFAULT: {REACHABLE: "/etc/postfix-old"}, OUT: {}, IN: {MAILQ: "root"}}


def test_one_instance_for_another():
    host = Host()
    settle(host, directories=[OUT])
    settle(host, directories=[IN])
    assert host.main_cf[DEFAULT] == {REACHABLE: IN} and host.allowed(IN)
    host.run(present=False)
    assert host.main_cf == {DEFAULT: {}, OUT: {}, IN: {}}


def test_directory_that_was_there_before_stays():
    host = Host(alternate_config_directories=OUT)
    settle(host, directories=[OUT, IN])
    settle(host, directories=[IN])
    assert set(host.words(DEFAULT, REACHABLE)) == {OUT, IN}
    host.run(present=False)
    assert host.main_cf[DEFAULT] == {REACHABLE: OUT}


def test_another_user():
    host = Host(authorized_mailq_users="root")
    settle(host)
    settle(host, user="datadog")
    assert host.words(DEFAULT, MAILQ) == ["datadog", "root"]
    host.run(user="datadog", present=False)
    assert host.main_cf[DEFAULT] == {MAILQ: "root"}


def test_log_mode():
    host = Host(maillog_file_permissions="0600")
    settle(host, method="find", log_mode="0644")
    assert host.main_cf[DEFAULT] == {LOG_MODE: "0644"}
    host.run(method="find")
    assert host.main_cf[DEFAULT] == {LOG_MODE: "0600"}
    settle(host, method="find", log_mode="0644")
    host.main_cf[DEFAULT][LOG_MODE] = "0640"
    host.run(method="find")
    assert host.main_cf[DEFAULT] == {LOG_MODE: "0640"}


def test_instance_that_was_removed():
    host = Host()
    host.main_cf[OUT][MAILQ] = "root"
    settle(host, directories=[OUT])
    host.main_cf[OUT] = {}
    host.run(present=False)
    assert host.main_cf == {DEFAULT: {}, OUT: {}, IN: {}}


STEPS = [
    {"directories": [DEFAULT]},
    {"directories": [DEFAULT, OUT]},
    {"directories": [IN]},
    {"directories": [DEFAULT, OUT], "exact": ["dd-agent", "alice"]},
    {"directories": [DEFAULT, IN], "exact": ["bob", "dd-agent"]},
    {"directories": [OUT], "method": "find"},
    {"present": False},
]


@pytest.mark.parametrize("until", ["record", "set", "take_back", "unrecorded"])
@pytest.mark.parametrize("second", STEPS)
@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("before", [{}, {MAILQ: "root"}, {MAILQ: "dd-agent root", REACHABLE: OUT}])
def test_interrupted(before, first, second, until):
    """Whatever ran before, and wherever a run ended, the next one reaches its end, and removal leaves what was there at first."""
    host = Host(**before)
    host.main_cf[OUT][MAILQ] = "admin"
    main_cf = json.dumps(host.main_cf, sort_keys=True)
    host.run(**first)
    host.run(**second, until=until)
    for run in (second, first):
        copied = Host()
        copied.main_cf, copied.record = json.loads(json.dumps(host.main_cf)), host.record
        settle(copied, **run)
        if run.get("method") != "find" and run.get("present", True):
            assert copied.allowed(*run["directories"])
        copied.run(present=False)
        assert json.dumps(copied.main_cf, sort_keys=True) == main_cf
    host.run(present=False)
    assert json.dumps(host.main_cf, sort_keys=True) == main_cf and host.record == {"parameters": []}

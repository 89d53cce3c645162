# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in the sudoers file, and what is left of it after changes and interruptions; real
sudo is tried in molecule."""

from __future__ import annotations

import json
import os
import pwd
import re

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._access import (
    sudo_access,
    sudo_policy,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._host import files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.managed import MARKER
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

COMMANDS = ["find /var/spool/postfix/hold -type f"]
RULE = "dd-agent ALL=(postfix) NOPASSWD: /usr/bin/find /var/spool/postfix/hold -type f\n"


class Interrupted(Exception):
    pass


class Sudo:
    """A runner with as much of sudo's programs as these tests need: a line with "wrong" is no rule,
    and settings are those in known."""

    def __init__(self, place):
        self.place = place
        self.programs = {"sudo", "visudo", "cvtsudoers"}
        self.known = {"requiretty", "log_allowed", "pam_session", "secure_path"}
        self.version = [
            "Sudo version 1.9.16",
            "visudo grammar version 50",
            f"Sudoers path: {place}/sudoers",
        ]

    def find(self, name):
        return name if name in self.programs else None

    def run(self, argv):
        if argv[0] == "sudo":
            # It mails root about a policy that is wrong.
            assert self.run(["visudo", "-c"])[0] == 0
            return 0, self.version, "", argv
        if argv == ["visudo", "-V"]:
            return 0, self.version, "", argv
        if argv == ["visudo", "-c"]:
            argv = argv + [str(self.place / "sudoers")]
        lines = list(self.read(argv[-1]))
        if argv[0] == "visudo":
            said = [
                f"{path}:{number}: syntax error"
                for path, number, line in lines
                if not self.takes(line)
            ]
            return len(said[:1]), [], "".join(line + "\n" for line in said), argv
        defaults = [
            line.partition(" ")[2]
            for dummy, dummy, line in lines
            if re.match("Defaults( |:dd-agent )", line)
        ]
        options = [self.option(text) for text in defaults]
        return (
            0,
            [json.dumps({"Defaults": [{"Options": [option]} for option in options]})],
            "",
            argv,
        )

    def takes(self, line):
        return "wrong" not in line and not (
            line.startswith("Defaults") and set(re.findall(r"!([a-z_]+)", line)) - self.known
        )

    def option(self, text):
        name, sign, value = text.partition("=")
        return {name: value} if sign else {name.lstrip("!"): not name.startswith("!")}

    def read(self, path):
        with open(path) as file:
            for number, line in enumerate(file, 1):
                included = re.match(r"(?:#| *@)includedir +(.*)", line)
                directory = (
                    os.path.join(os.path.dirname(path), included[1].strip('"'))
                    if included
                    else "/nowhere"
                )
                for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
                    if (
                        os.path.isfile(os.path.join(directory, name))
                        and "." not in name
                        and not name.endswith("~")
                    ):
                        yield from self.read(os.path.join(directory, name))
                if not included:
                    yield path, number, line.rstrip("\n")


class Host:
    def __init__(self, place):
        self.place = place
        self.directory = place / "sudoers.d"
        self.directory.mkdir()
        self.path = str(self.directory / "mailops")
        self.sudo = Sudo(place)
        self.policy(f"@includedir {self.directory}\n")
        self.left = None

    def policy(self, text):
        (self.place / "sudoers").write_text(text)

    def put(self, name, text):
        (self.directory / name).write_text(text)

    def files(self):
        return {
            name: (self.directory / name).read_text() for name in os.listdir(str(self.directory))
        }

    def run(self, check_mode=False, **options):
        given = {
            "user": "dd-agent",
            "run_as": "postfix",
            "commands": COMMANDS,
            "path": self.path,
            "quiet": False,
            "state": "present",
        }
        given.update(options)
        return sudo_access.ensure(given, Deadline(60), check_mode)

    def recorded(self):
        with Record(Deadline(60), True, str(self.place / "record"), "/nonexistent") as record:
            return record.entries("sudo_access")

    def step(self):
        if self.left == 0:
            raise Interrupted
        self.left = None if self.left is None else self.left - 1


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host(tmp_path)
    monkeypatch.setattr(
        sudo_access,
        "Record",
        lambda deadline, check_mode: Record(
            deadline, check_mode, str(tmp_path / "record"), "/nonexistent"
        ),
    )
    monkeypatch.setattr(sudo_access, "Runner", lambda deadline: host.sudo)
    monkeypatch.setattr(sudo_policy, "_PATH", str(tmp_path / "sudoers"))
    monkeypatch.setattr(files, "is_foreign", lambda status: False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        pwd, "getpwnam", lambda name: {"dd-agent": 1, "postfix": 2, "watcher": 3}[name]
    )
    monkeypatch.setattr(
        sudo_access, "_is_program", lambda path: path.startswith(("/usr/bin/", "/opt/bin/"))
    )
    # The owner is root's only where root runs the tests.
    monkeypatch.setattr(
        sudo_access, "_is_in_order", lambda path: os.stat(path).st_mode & 0o777 == 0o440
    )
    write, unlink, replace = files.write, os.unlink, Record.replace

    def stepping(call):
        def stepped(*arguments, **keywords):
            host.step()
            return call(*arguments, **keywords)

        return stepped

    def write_file(path, content, mode, group=None):
        host.step()
        write(path, content, mode)

    monkeypatch.setattr(files, "write", write_file)
    monkeypatch.setattr(
        sudo_access.os,
        "unlink",
        lambda path, **at: (host.step() if at else None, unlink(path, **at))[1],
    )
    monkeypatch.setattr(Record, "replace", stepping(replace))
    return host


def refusal(call, *arguments, **options):
    with pytest.raises(HostError) as caught:
        call(*arguments, **options)
    return caught.value


def test_rule(host):
    foreseen = host.run(check_mode=True)
    assert host.files() == {} and host.recorded() == []
    assert host.run() == foreseen
    assert foreseen["programs"] == ["/usr/bin/find"] and foreseen["changed"]
    assert host.files() == {
        "mailops": f"{MARKER}\n# dd-agent may run exactly these commands as postfix.\n{RULE}"
    }
    assert not host.run()["changed"]
    assert host.run(state="absent")["changed"]
    assert host.files() == {} and host.recorded() == []
    assert not host.run(state="absent")["changed"]


def test_command_without_arguments_takes_none(host):
    host.run(commands=["/usr/bin/id"])
    assert host.files()["mailops"].endswith('NOPASSWD: /usr/bin/id ""\n')


def test_quiet(host):
    host.run(quiet=True)
    (alias,) = set(re.findall("MAILOPS_[0-9A-F]{16}", host.files()["mailops"]))
    assert f"Defaults!{alias} !log_allowed, !pam_session\n" in host.files()["mailops"]
    # Both files may be there for a moment, or after an interruption.
    host.run(quiet=True, path=host.path + "2")
    assert alias not in host.files()["mailops2"]


def test_quiet_where_sudo_does_not_know_it(host):
    host.sudo.known = {"requiretty", "pam_session"}
    result = host.run(quiet=True)
    assert "log_allowed" in result["warnings"][0]
    assert "log_allowed" not in host.files()["mailops"]
    host.sudo.known = set()
    assert "log_allowed, pam_session" in host.run(quiet=True)["warnings"][0]
    assert "Cmnd_Alias" not in host.files()["mailops"]


@pytest.mark.parametrize("setting", ["Defaults requiretty\n", "Defaults:dd-agent requiretty\n"])
def test_requiretty(host, setting):
    host.policy(setting + f"@includedir {host.directory}\n")
    host.run()
    assert "Defaults:dd-agent !requiretty\n" in host.files()["mailops"]
    host.policy(setting + f"Defaults !requiretty\n@includedir {host.directory}\n")
    host.run()
    assert "requiretty" not in host.files()["mailops"]


def test_requiretty_in_a_file_that_is_read_later(host):
    host.put("zz", "Defaults requiretty\n")
    error = refusal(host.run)
    assert (
        error.kind == "bad_policy"
        and error.message.startswith(str(host.directory / "zz"))
        and "sorts after" in error.hint
    )
    assert list(host.files()) == ["zz"] and host.recorded() == []
    host.run(path=str(host.directory / "zzz"))
    os.remove(str(host.directory / "zz"))
    host.policy(f"@includedir {host.directory}\nDefaults requiretty\n")
    assert refusal(host.run).message.startswith(str(host.place / "sudoers"))


def test_without_cvtsudoers(host):
    """As with sudo-rs."""
    host.sudo.programs.remove("cvtsudoers")
    host.put(
        "aa", 'Defaults secure_path="/opt/bin:/usr/bin"\nDefaults:other secure_path=/usr/bin\n'
    )
    assert host.run()["programs"] == ["/opt/bin/find"]
    assert "!requiretty" in host.files()["mailops"]
    host.sudo.version = ["visudo version 0.2.5"]
    host.sudo.known = set()
    host.run()
    assert "!requiretty" not in host.files()["mailops"]


def test_program_is_found_as_sudo_finds_it(host):
    host.put("aa", "Defaults secure_path=/nowhere:/opt/bin:/usr/bin\n")
    assert host.run(commands=COMMANDS + ["/usr/bin/find /x", "id"])["programs"] == [
        "/opt/bin/find",
        "/usr/bin/find",
        "/opt/bin/id",
    ]
    host.put("aa", "Defaults secure_path=/nowhere\n")
    error = refusal(host.run)
    assert error.kind == "bad_argument" and "/nowhere" in error.message


def test_policy_that_is_not_valid(host):
    host.put("zz", "something wrong\n")
    error = refusal(host.run)
    assert (
        error.kind == "bad_policy"
        and str(host.directory / "zz") + ":1: syntax error" in error.message
    )
    assert list(host.files()) == ["zz"] and host.recorded() == []


def test_policy_that_would_not_be_valid(host, monkeypatch):
    monkeypatch.setattr(sudo_access, "sudoers", lambda *dummy: MARKER + "\nwrong\n")
    error = refusal(host.run)
    assert error.kind == "bad_policy" and host.path + ":2: syntax error" in error.message
    assert host.files() == {} and host.recorded() == []


def test_own_file_that_is_broken(host):
    host.put("mailops", MARKER + "\nwrong\n")
    assert host.run()["changed"]
    assert RULE in host.files()["mailops"]


def test_names_that_sudo_skips(host):
    for name in ("a.b", "a~"):
        host.put(name, "wrong\n")
    (host.directory / "sub").mkdir()
    host.run()
    (host.directory / "sub").rmdir()


@pytest.mark.parametrize(
    "line",
    ["", "# @includedir {0}\n", " #includedir {0}\n", "@includedir /nowhere\n", "@include {0}\n"],
)
def test_directory_that_is_not_included(host, line):
    host.policy(line.format(host.directory))
    error = refusal(host.run)
    assert error.kind == "bad_policy" and f"@includedir {host.directory}" in error.hint


@pytest.mark.parametrize(
    "line",
    [
        "#includedir {0}/\n",
        "  @includedir   {0}\n",
        '@includedir "{0}"\n',
        "@includedir sudoers.d\n",
    ],
)
def test_directory_that_is_included(host, line):
    host.policy(line.format(host.directory))
    host.put("zz", "wrong\n")
    assert "zz:1" in refusal(host.run).message


@pytest.mark.parametrize("state", ["present", "absent"])
def test_file_of_somebody_else(host, state):
    host.put("mailops", "# mine\n")
    if state == "present":
        assert refusal(host.run).kind == "bad_policy"
    else:
        assert not host.run(state="absent")["changed"]
    assert host.files() == {"mailops": "# mine\n"}
    os.remove(host.path)
    host.run()
    host.put("mailops", "# mine\n")
    assert refusal(host.run, state=state).kind == "bad_policy"
    assert host.files() == {"mailops": "# mine\n"} and host.recorded()


def test_left_by_an_earlier_version(host):
    host.put("mailops", MARKER + "\nold\n")
    assert host.run(state="absent")["changed"]
    assert host.files() == {}


def test_file_of_another_user_is_not_removed(host):
    host.run()
    host.run(user="watcher")
    assert "watcher ALL" in host.files()["mailops"]
    assert not host.run(state="absent")["changed"]
    assert host.run(user="watcher", state="absent")["changed"]


@pytest.mark.parametrize(
    "path", ["sudoers.d/a", "/a/../b", "/a b", "/a*", "/a/b.c", "/a/b~", "/a/", "/", "/a\n"]
)
def test_paths_that_are_refused(host, path):
    for state in ("present", "absent"):
        error = refusal(host.run, path=path, state=state)
        assert error.kind == "bad_argument" and error.message.startswith(f"path: {path!r}")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "a,b",
        "%adm",
        "#0",
        "+g",
        "ALL",
        "A_B",
        "Defaults",
        "sudoedit",
        "root",
        "a\n",
        "nobody-here",
        "a\\",
    ],
)
def test_names_that_are_refused(host, name):
    for option in ("user", "run_as"):
        error = refusal(host.run, **{option: name})
        assert error.kind == "bad_argument" and error.message.startswith(option)
    assert host.recorded() == []


@pytest.mark.parametrize(
    "command",
    [
        "",
        " ",
        "find /a*",
        "find  /a",
        "find /a:b",
        "find /a,",
        "find \\",
        "find '/a'",
        "find /a;id",
        "find /a\nALL",
        "./find",
        "bin/find",
        "find /a/../b",
    ]
    + [
        "!find",
        "-",
        "%find",
        "sudoedit /a",
        "/usr/bin/sudoedit /a",
        "/usr/bin/",
        "find $HOME",
        "find ^a$",
        "no\u0308",
        "find\t/a",
        "..",
        "/..",
    ],
)
def test_commands_that_are_refused(host, command):
    if command == "-":
        host.put("aa", "Defaults secure_path=/nowhere\n")
    error = refusal(host.run, commands=COMMANDS + [command])
    assert error.kind == "bad_argument" and error.message.startswith("commands")
    assert "mailops" not in host.files() and host.recorded() == []


def test_no_sudo(host):
    host.sudo.programs.clear()
    assert refusal(host.run).kind == "not_installed"
    assert not host.run(state="absent")["changed"]


def test_only_root(host, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert refusal(host.run).kind == "permission_denied"


@pytest.mark.parametrize(
    "second",
    [
        {},
        {"path": "2"},
        {"user": "watcher"},
        {"state": "absent"},
        {"commands": ["id"], "quiet": True},
    ],
)
def test_interrupted(host, second):
    """Wherever a run ended, the next one reaches its end, and revoking leaves nothing."""
    options = dict(second, path=host.path + second.get("path", ""))
    for steps in range(20):
        host.left = None
        host.run()
        host.left = steps
        try:
            host.run(**options)
        except Interrupted:
            ended = False
        else:
            ended = True
        host.left = None
        host.run(**options)
        assert not host.run(**options)["changed"]
        for user in ("watcher", "dd-agent"):
            host.run(user=user, state="absent")
        assert host.files() == {} and host.recorded() == []
        if ended:
            return
    raise AssertionError("no end")

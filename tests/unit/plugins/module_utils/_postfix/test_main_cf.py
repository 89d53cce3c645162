# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import stat

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS, HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.main_cf import (
    MainCf,
    check_parameters,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    fold,
    split_raw,
)

DEFAULTS = {
    "relayhost": "",
    "inet_interfaces": "all",
    "inet_protocols": "all",
    "tcp_windowsize": "0",
    "authorized_mailq_users": "static:anyone",
}
TEXT = (
    "# head\nrelayhost = a,\n   b\n\n# note\ninet_interfaces = $mine\nmine = 192.0.2.1\nslip = 1\n"
)


class Postconf:
    """A runner with as much of postconf as these tests need; what it really does is tested against
    real ones."""

    def __init__(self, refuse=None):
        self.deadline = Deadline(5)
        self.asked = []
        self._refuse = refuse

    def run(self, argv):
        self.asked.append(argv)
        dummy, dummy, directory, option = argv[:4]
        path = os.path.join(directory, "main.cf")
        with open(path) as file:
            text = file.read()
        settings = re.sub(r"^[ \t]*(#.*)?\n", "", text, flags=re.MULTILINE)
        pairs = dict(re.findall(r"^(\w+)[ \t]*=[ \t]*((?:.|\n[ \t])*)$", settings, re.MULTILINE))
        known = dict(
            DEFAULTS,
            **{
                name: value
                for name, value in pairs.items()
                if name in DEFAULTS or "$" + name in text
            },
        )
        if self._refuse and self._refuse in text:
            return 1, [], "postconf: fatal: macro processing error\n", argv
        if option == "-n":
            unused = "".join(
                "postconf: warning: {}: unused parameter: {}={}\n".format(path, *pair)
                for pair in pairs.items()
                if pair[0] not in known
            )
            return (
                0,
                [f"{name} = {fold(value)}" for name, value in pairs.items() if name in known],
                unused,
                argv,
            )
        if option == "-x":
            lines = [
                "{} = {}".format(
                    name,
                    re.sub(
                        r"\$(\w+)", lambda said: pairs.get(said.group(1), ""), fold(known[name])
                    ),
                )
                for name in argv[4:]
                if name in known
            ]
            return 0, lines, "", argv
        for setting in argv[4:]:
            name, sign, value = setting.partition("=")
            pattern = re.compile(rf"^{name}[ \t]*=(?:.|\n[ \t])*\n", re.MULTILINE)
            line = f"{name} = {value.strip()}\n" if option == "-e" else ""
            text = (
                pattern.sub(lambda dummy, line=line: line, text)
                if pattern.search(text)
                else text + line
            )
        with open(path, "w") as file:
            file.write(text)
        return 0, [], "", argv


@pytest.fixture
def directory(tmp_path):
    path = tmp_path / "etc"
    path.mkdir()
    (path / "main.cf").write_text(TEXT)
    (path / "main.cf").chmod(0o640)
    (path / "master.cf").touch()
    return path


@pytest.fixture
def main_cf(directory, tmp_path):
    (tmp_path / "draft").mkdir()
    return MainCf(Postconf(), str(directory), str(tmp_path / "draft"))


def change(main_cf, parameters, state="present"):
    parameters = check_parameters(parameters, state)
    return main_cf.replace(main_cf.plan(parameters, state), parameters, state)


def refusal(call, *arguments):
    with pytest.raises(HostError) as caught:
        call(*arguments)
    assert caught.value.kind in KINDS
    return caught.value


@pytest.mark.parametrize(
    "name", ["", "#a", "a b", "a=b", "$a", "-e", "a\n", "a\tb", "{a}", 1, None]
)
def test_names(name):
    assert refusal(check_parameters, {name: "x"}, "present").kind == "bad_argument"
    assert refusal(check_parameters, {name: None}, "absent").kind == "bad_argument"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\x00", "\x7f", "\udc80", None, ["a"], {"a": 1}])
def test_values_that_cannot_be_set(value):
    assert refusal(check_parameters, {"relayhost": value}, "present").kind == "bad_argument"


def test_values():
    given = {"a": True, "b": False, "c": 5, "d": 0.5, "e": "", "f": "\tx  $y \u00e9\U0001f600"}
    assert check_parameters(given, "present") == {
        "a": "yes",
        "b": "no",
        "c": "5",
        "d": "0.5",
        "e": "",
        "f": "\tx  $y \u00e9\U0001f600",
    }
    assert check_parameters({"smtp-x_destination_concurrency_limit": None}, "absent") == {
        "smtp-x_destination_concurrency_limit": ""
    }


def test_other_white_space_is_no_change(main_cf, directory):
    plan = main_cf.plan({"relayhost": " a,  b"}, "present")
    assert plan.before == plan.after == TEXT.encode()
    assert plan.needs == {"relayhost": "none"}
    assert (plan.settings_before["relayhost"], plan.settings_after["relayhost"]) == ("a, b", "a, b")


def test_change_keeps_the_rest(main_cf, directory):
    plan = change(main_cf, {"relayhost": "c"})
    assert (
        (directory / "main.cf").read_text() == TEXT.replace("a,\n   b", "c") == plan.after.decode()
    )
    assert stat.S_IMODE(os.stat(str(directory / "main.cf")).st_mode) == 0o640
    assert sorted(os.listdir(str(directory))) == ["main.cf", "master.cf"]
    again = main_cf.plan({"relayhost": "c"}, "present")
    assert again.before == again.after


def test_plan_writes_nothing(main_cf, directory):
    before = os.stat(str(directory))
    main_cf.plan({"relayhost": "c"}, "present")
    assert (directory / "main.cf").read_text() == TEXT
    assert os.stat(str(directory)).st_mtime_ns == before.st_mtime_ns


def test_absent(main_cf, directory):
    plan = change(main_cf, {"relayhost": "", "tcp_windowsize": ""}, "absent")
    assert (directory / "main.cf").read_text() == TEXT.replace("relayhost = a,\n   b\n", "")
    assert plan.unknown == []
    again = main_cf.plan({"relayhost": ""}, "absent")
    assert again.before == again.after


def test_absent_removes_what_postfix_does_not_know(main_cf, directory):
    plan = change(main_cf, {"slip": ""}, "absent")
    assert (plan.unknown, plan.needs) == ([], {"slip": "none"})
    assert (directory / "main.cf").read_text() == TEXT.replace("slip = 1\n", "")
    again = main_cf.plan({"slip": ""}, "absent")
    assert again.before == again.after
    assert again.unknown == ["slip"]


@pytest.mark.parametrize(
    "parameters", [{"nonesuch": "1"}, {"slip": "1"}, {"relayhost": "c", "nonesuch": "1"}]
)
def test_unknown_names(main_cf, directory, parameters):
    assert refusal(main_cf.plan, parameters, "present").kind == "unknown_parameter"
    assert (directory / "main.cf").read_text() == TEXT


def test_name_that_another_parameter_uses_is_known(main_cf):
    plan = main_cf.plan({"relayhost": "$own", "own": "x"}, "present")
    assert plan.settings_after["own"] == "x"


@pytest.mark.parametrize(
    "parameters, needs",
    [
        ({"relayhost": "c"}, "reload"),
        ({"inet_protocols": "ipv4"}, "restart"),
        ({"inet_protocols": "all"}, "none"),
        ({"inet_interfaces": "192.0.2.1"}, "none"),
        ({"mine": "192.0.2.2"}, "restart"),
        ({"tcp_windowsize": "1"}, "restart"),
        ({"authorized_mailq_users": "root"}, "none"),
    ],
)
def test_needs(main_cf, parameters, needs):
    assert list(main_cf.plan(parameters, "present").needs.values()) == [needs]


def test_value_that_postfix_cannot_read(directory, tmp_path):
    (tmp_path / "draft").mkdir()
    main_cf = MainCf(Postconf(refuse="${"), str(directory), str(tmp_path / "draft"))
    error = refusal(main_cf.plan, {"relayhost": "${"}, "present")
    assert error.kind == "bad_argument"
    assert "macro processing error" in error.message


def test_change_in_between_is_kept(main_cf, directory):
    plan = main_cf.plan({"relayhost": "c"}, "present")
    (directory / "main.cf").write_text(TEXT + "# more\n")
    main_cf.replace(plan, {"relayhost": "c"}, "present")
    assert (directory / "main.cf").read_text() == TEXT.replace("a,\n   b", "c") + "# more\n"


def test_leftover_of_a_crash(main_cf, directory):
    (directory / "main.cf.tmp").write_text("half")
    (directory / "main.cf.tmp").chmod(0o644)
    change(main_cf, {"relayhost": "c"})
    assert (directory / "main.cf").read_text() == TEXT.replace("a,\n   b", "c")
    assert sorted(os.listdir(str(directory))) == ["main.cf", "master.cf"]


def test_link_stays_a_link(directory, tmp_path):
    (directory / "main.cf").rename(directory / "real.cf")
    (directory / "main.cf").symlink_to("real.cf")
    (tmp_path / "draft").mkdir()
    change(MainCf(Postconf(), str(directory), str(tmp_path / "draft")), {"relayhost": "c"})
    assert (directory / "main.cf").is_symlink()
    assert "relayhost = c\n" in (directory / "real.cf").read_text()


def test_failure_to_write_leaves_all_as_it_was(main_cf, directory, monkeypatch):
    plan = main_cf.plan({"relayhost": "c"}, "present")

    def failing(*dummy):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", failing)
    error = refusal(main_cf.replace, plan, {"relayhost": "c"}, "present")
    assert error.kind == "io_error"
    assert "No space left" in error.message
    assert (directory / "main.cf").read_text() == TEXT
    assert sorted(os.listdir(str(directory))) == ["main.cf", "master.cf"]


def test_no_main_cf(tmp_path):
    error = refusal(MainCf(Postconf(), str(tmp_path), str(tmp_path)).read)
    assert error.kind == "bad_config"
    assert str(tmp_path / "main.cf") in error.message


def test_lock_that_another_holds(main_cf, directory):
    import fcntl

    main_cf._runner.deadline = Deadline(0.2)
    plan = main_cf.plan({"relayhost": "c"}, "present")
    with open(str(directory / "main.cf.tmp"), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        assert refusal(main_cf.replace, plan, {"relayhost": "c"}, "present").kind == "timeout"
    assert (directory / "main.cf").read_text() == TEXT


FOLDED = "relayhost = a,\n   b"


def put_back(main_cf, lines, unchanged=False):
    parameters, raw = (
        {"relayhost": fold(split_raw(lines)[0].partition("=")[2])},
        {"relayhost": lines},
    )
    return main_cf.replace(
        main_cf.plan(parameters, "present", raw), parameters, "present", raw, unchanged
    )


def test_lines_come_back_as_they_were(main_cf, directory):
    assert main_cf.setting("relayhost") == FOLDED
    assert main_cf.setting("tcp_windowsize") is None
    change(main_cf, {"relayhost": "c"})
    assert main_cf.setting("relayhost") == "relayhost = c"
    put_back(main_cf, FOLDED)
    assert (directory / "main.cf").read_text() == TEXT
    # Also where the value is the same by then.
    change(main_cf, {"relayhost": "c"})
    change(main_cf, {"relayhost": "a, b"})
    put_back(main_cf, FOLDED)
    assert (directory / "main.cf").read_text() == TEXT


def test_lines_come_back_among_comments_that_changed(main_cf, directory):
    lines = "relayhost=a,\n# one\n\n   b"
    (directory / "main.cf").write_text("relayhost = c\n# one\n\ninet_protocols = all\n")
    put_back(main_cf, lines)
    assert (directory / "main.cf").read_text() == lines + "\ninet_protocols = all\n"
    (directory / "main.cf").write_text("relayhost = c\n# two\n")
    put_back(main_cf, lines)
    assert (directory / "main.cf").read_text() == "relayhost=a,\n   b\n# two\n"


def test_lines_that_mean_something_else(main_cf, directory):
    error = refusal(
        main_cf.plan, {"relayhost": "a, b"}, "present", {"relayhost": "relayhost = a,\nb"}
    )
    assert error.kind == "bad_argument"
    assert (directory / "main.cf").read_text() == TEXT


def test_only_where_the_value_is_unchanged(main_cf, directory):
    plan = main_cf.plan({"relayhost": "c"}, "present")
    (directory / "main.cf").write_text(TEXT + "tcp_windowsize = 1\n")
    assert main_cf.replace(plan, {"relayhost": "c"}, "present", unchanged=True)
    plan = main_cf.plan({"relayhost": "d"}, "present")
    text = TEXT.replace("a,", "b,")
    (directory / "main.cf").write_text(text)
    assert main_cf.replace(plan, {"relayhost": "d"}, "present", unchanged=True) is None
    assert (directory / "main.cf").read_text() == text
    assert sorted(os.listdir(str(directory))) == ["main.cf", "master.cf"]

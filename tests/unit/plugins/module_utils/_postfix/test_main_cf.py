# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import os
import re
import stat
import time

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

    def __init__(self, refuse=None, instead=None):
        """refuse: text in main.cf that cannot be read; instead: what the nth command answers, by
        n."""
        self.deadline = Deadline(60)
        self.asked = []
        self._refuse = refuse
        self._instead = instead or {}

    def run(self, argv):
        self.asked.append(argv)
        dummy, dummy, directory, option = argv[:4]
        path = os.path.join(directory, "main.cf")
        # Else Postfix waits before it reads the file.
        assert os.path.getmtime(path) < time.time() - 2
        if len(self.asked) in self._instead:
            return *self._instead[len(self.asked)], argv
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
        settings = re.sub(r"^[ \t]*(#.*)?\n", "", text, flags=re.MULTILINE)
        pairs = dict(re.findall(r"^(\w+)[ \t]*=[ \t]*((?:.|\n[ \t])*)$", settings, re.MULTILINE))
        known = dict(
            DEFAULTS,
            **{
                name: value
                for name, value in pairs.items()
                if name in DEFAULTS or re.search(rf"\$[{{(]?{name}\b", text)
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
                        r"\$[{(]?(\w+)[)}]?",
                        lambda said: pairs.get(said.group(1), ""),
                        fold(known[name]),
                    ),
                )
                for name in argv[4:]
                if name in known
            ]
            unknown = "".join(
                f"postconf: warning: {name}: unknown parameter\n"
                for name in argv[4:]
                if name not in known
            )
            return 0, lines, unknown, argv
        for setting in argv[4:]:
            name, sign, value = setting.partition("=")
            pattern = re.compile(rf"^{name}[ \t]*=(?:.|\n[ \t])*\n", re.MULTILINE)
            line = f"{name} = {value.strip()}\n" if option == "-e" else ""
            text = (
                pattern.sub(lambda dummy, line=line: line, text)
                if pattern.search(text)
                else text + line
            )
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
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


def open_files():
    return len(os.listdir("/proc/self/fd"))


def answering(directory, tmp_path, **options):
    """A MainCf of which postconf answers something else."""
    (tmp_path / "draft").mkdir()
    return MainCf(Postconf(**options), str(directory), str(tmp_path / "draft"))


@pytest.mark.parametrize(
    "name", ["", "#a", "a b", "a=b", "$a", "-e", "a\n", "a\tb", "{a}", 1, None]
)
def test_names(name):
    for parameters, state in (({name: "x"}, "present"), ({name: None}, "absent")):
        error = refusal(check_parameters, parameters, state)
        assert (error.kind, error.message) == (
            "bad_argument",
            f"parameters: {name!r} is no parameter name",
        )


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\x00", "\x7f", "\udc80"])
def test_values_of_more_than_a_line(value):
    error = refusal(check_parameters, {"relayhost": value}, "present")
    assert (error.kind, error.message, error.hint) == (
        "bad_argument",
        "parameters: the value of relayhost contains a newline or another control character",
        "Give one line of text.",
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "null"), (["a"], "a list"), ({"a": 1}, "a dict")]
)
def test_values_that_are_no_text(value, shown):
    error = refusal(check_parameters, {"relayhost": value}, "present")
    assert (error.kind, error.message, error.hint) == (
        "bad_argument",
        f"parameters: the value of relayhost is {shown}, not text",
        "Give text, '' for an empty value.",
    )


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


def test_the_draft_is_edited_one_parameter_at_a_time(main_cf, directory, tmp_path):
    (directory / "main.cf.proto").touch()
    draft = str(tmp_path / "draft")
    edit = {"relayhost": "c", "inet_protocols": "ipv4"}
    show = ["postconf", "-c", draft, "-n"]
    ask = ["postconf", "-c", draft, "-x", *edit, "inet_interfaces", "tcp_windowsize"]
    for dummy in range(2):
        main_cf._runner.asked.clear()
        main_cf.plan(edit, "present")
        assert main_cf._runner.asked == [
            show,
            ask,
            ["postconf", "-c", draft, "-e", "relayhost=c"],
            ["postconf", "-c", draft, "-e", "inet_protocols=ipv4"],
            show,
            ask,
        ]
    main_cf._runner.asked.clear()
    main_cf.plan({"relayhost": ""}, "absent")
    assert main_cf._runner.asked[2] == ["postconf", "-c", draft, "-X", "relayhost"]
    # Postfix finds there what main.cf refers to.
    assert sorted(os.listdir(draft)) == ["main.cf", "master.cf"]
    assert os.readlink(draft + "/master.cf") == f"{directory}/master.cf"


def test_a_plan_says_what_postfix_reads(main_cf, directory):
    plan = main_cf.plan({"inet_interfaces": "all", "relayhost": "a, b"}, "present")
    assert plan.before.decode() == TEXT
    assert plan.after.decode() == TEXT.replace("$mine", "all")
    settings = {"relayhost": "a, b", "inet_interfaces": "$mine", "mine": "192.0.2.1", "slip": "1"}
    assert (plan.settings_before, plan.settings_after) == (
        settings,
        dict(settings, inet_interfaces="all"),
    )
    assert plan.needs == {"inet_interfaces": "restart", "relayhost": "none"}
    assert plan.unknown == []
    # As postconf would warn of the file itself. That slip is not used is nothing new.
    assert plan.warnings == [
        f"postconf: warning: {directory}/main.cf: unused parameter: mine=192.0.2.1"
    ]


def test_what_is_gone_is_not_said_to_be_unknown(main_cf):
    plan = main_cf.plan({"mine": "", "nonesuch": ""}, "absent")
    assert (plan.unknown, plan.warnings) == (["nonesuch"], [])


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
    error = refusal(main_cf.plan, parameters, "present")
    unknown = [name for name in parameters if name != "relayhost"]
    assert (error.kind, error.message) == (
        "unknown_parameter",
        f"Postfix does not know the parameter {unknown[0]}",
    )
    assert (directory / "main.cf").read_text() == TEXT


def test_all_unknown_names_are_given(main_cf):
    error = refusal(main_cf.plan, {"one": "1", "two": "2"}, "present")
    assert error.message == "Postfix does not know the parameter one, two"


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


@pytest.mark.parametrize("use", ["$own", "${own}", "$(own)", "a, $own b"])
@pytest.mark.parametrize(("before", "after"), [("all", None), (None, "all"), (None, None)])
def test_what_another_parameter_uses_needs_the_same(main_cf, directory, use, before, after):
    before, after = before or use, after or use
    (directory / "main.cf").write_text(
        f"inet_interfaces = {before}\nown = 192.0.2.1\nrelayhost = $own\n"
    )
    plan = main_cf.plan({"inet_interfaces": after, "own": "192.0.2.2"}, "present")
    assert plan.needs["own"] == "restart"


@pytest.mark.parametrize("use", ["$own_x", "own", "$owner"])
def test_what_only_looks_alike_is_no_use(main_cf, directory, use):
    (directory / "main.cf").write_text(f"relayhost = $own\nown = 1\n{use.strip('$')} = 2\n")
    plan = main_cf.plan({"inet_interfaces": use, "own": "3"}, "present")
    assert plan.needs == {"inet_interfaces": "restart", "own": "reload"}


def test_what_does_not_change_needs_nothing(main_cf):
    plan = main_cf.plan({"mine": "192.0.2.1", "inet_interfaces": "$mine, ::1"}, "present")
    assert plan.needs == {"mine": "none", "inet_interfaces": "restart"}


def test_removal_of_a_parameter_and_of_its_use(main_cf):
    plan = main_cf.plan({"mine": "", "inet_interfaces": ""}, "absent")
    assert plan.needs == {"mine": "restart", "inet_interfaces": "restart"}


def test_a_change_beside_one_that_needs_a_restart(main_cf):
    plan = main_cf.plan({"relayhost": "c", "inet_protocols": "ipv4"}, "present")
    assert plan.needs == {"relayhost": "reload", "inet_protocols": "restart"}


def test_value_that_postfix_cannot_read(directory, tmp_path):
    main_cf = answering(directory, tmp_path, refuse="${")
    error = refusal(main_cf.plan, {"relayhost": "${"}, "present")
    assert (error.kind, error.message) == (
        "bad_argument",
        "parameters: with this change Postfix could not read main.cf: postconf: fatal: macro"
        " processing error",
    )
    assert (error.command, error.rc, error.stderr) == (
        ["postconf", "-c", f"{tmp_path}/draft", "-n"],
        1,
        "postconf: fatal: macro processing error\n",
    )


def test_value_that_postfix_refuses_without_a_word(directory, tmp_path):
    main_cf = answering(directory, tmp_path, instead={4: (3, [], "")})
    error = refusal(main_cf.plan, {"relayhost": "c"}, "present")
    assert error.message.endswith("could not read main.cf: exit code 3 without a message")


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_output_that_is_not_understood(directory, tmp_path, number):
    main_cf = answering(directory, tmp_path, instead={number: (0, ["Welcome!"], "")})
    error = refusal(main_cf.plan, {"relayhost": "c"}, "present")
    assert (error.kind, error.message) == (
        "command_failed",
        "the output of postconf is not understood: not a parameter: 'Welcome!'",
    )


@pytest.mark.parametrize(
    ("number", "stderr", "kind", "cause"),
    [
        (
            1,
            "postconf: fatal: open {}/main.cf: Permission denied",
            "bad_config",
            "postconf: fatal: open {}/main.cf: Permission denied",
        ),
        (3, "", "command_failed", "exit code 1 without a message"),
    ],
)
def test_postconf_that_fails(directory, tmp_path, number, stderr, kind, cause):
    shown = stderr.format(directory)
    main_cf = answering(
        directory, tmp_path, instead={number: (1, [], stderr.format(tmp_path / "draft"))}
    )
    error = refusal(main_cf.plan, {"relayhost": "c"}, "present")
    assert (error.kind, error.rc, error.stderr) == (kind, 1, shown)
    assert error.message == f"{directory}/main.cf cannot be changed: {cause.format(directory)}"
    assert error.command == main_cf._runner.asked[-1]


def test_change_in_between_is_kept(main_cf, directory):
    plan = main_cf.plan({"relayhost": "c"}, "present")
    (directory / "main.cf").write_text(TEXT + "# more\n")
    main_cf.replace(plan, {"relayhost": "c"}, "present")
    assert (directory / "main.cf").read_text() == TEXT.replace("a,\n   b", "c") + "# more\n"


def test_a_value_that_changed_in_between_is_changed_all_the_same(main_cf, directory):
    plan = main_cf.plan({"relayhost": "c"}, "present")
    (directory / "main.cf").write_text("relayhost = d\n")
    assert main_cf.replace(plan, {"relayhost": "c"}, "present").settings_before == {
        "relayhost": "d"
    }
    assert (directory / "main.cf").read_text() == "relayhost = c\n"


def plain_leftover(path, directory):
    path.write_text("half" * 1000)
    path.chmod(0o600)


def readable_leftover(path, directory):
    path.write_text("half" * 1000)
    path.chmod(0o644)


def other_file(path, directory):
    (directory / "master.cf").chmod(0o600)
    os.link(directory / "master.cf", path)


def pipe(path, directory):
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("leave", [plain_leftover, readable_leftover, other_file, pipe])
def test_leftover_of_a_crash(main_cf, directory, leave):
    leave(directory / "main.cf.tmp", directory)
    before = open_files()
    change(main_cf, {"relayhost": "c"})
    assert open_files() == before
    assert (directory / "main.cf").read_text() == TEXT.replace("a,\n   b", "c")
    assert (directory / "master.cf").read_text() == ""
    assert sorted(os.listdir(str(directory))) == ["main.cf", "master.cf"]


def test_leftover_before_an_empty_file(main_cf, directory):
    (directory / "main.cf").write_text("relayhost = a\n")
    plain_leftover(directory / "main.cf.tmp", directory)
    change(main_cf, {"relayhost": ""}, "absent")
    assert (directory / "main.cf").read_text() == ""


def test_leftover_of_another_user(main_cf, directory, monkeypatch):
    plain_leftover(directory / "main.cf.tmp", directory)
    own = os.geteuid()
    users = [own + 1]
    monkeypatch.setattr(os, "geteuid", lambda: users.pop() if users else own)
    with open(directory / "main.cf.tmp") as leftover:
        change(main_cf, {"relayhost": "c"})
        assert not os.path.samestat(os.fstat(leftover.fileno()), os.stat(directory / "main.cf"))


def test_a_link_in_place_of_the_lock_is_not_followed(main_cf, directory):
    plan = main_cf.plan({"relayhost": "c"}, "present")
    (directory / "main.cf.tmp").symlink_to("master.cf")
    error = refusal(main_cf.replace, plan, {"relayhost": "c"}, "present")
    assert (error.kind, error.message) == (
        "io_error",
        f"{directory}/main.cf.tmp cannot be written: Too many levels of symbolic links",
    )
    assert (directory / "master.cf").read_text() == ""


def test_owner_mode_and_time_of_the_new_file(main_cf, directory, monkeypatch):
    owners = []
    monkeypatch.setattr(os, "chown", lambda *arguments: owners.append(arguments))
    os.utime(directory / "main.cf", (0, 0))
    before = os.stat(directory / "main.cf")
    change(main_cf, {"relayhost": "c"})
    after = os.stat(directory / "main.cf")
    assert owners == [(f"{directory}/main.cf.tmp", before.st_uid, before.st_gid)]
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert after.st_mtime > time.time() - 60


def test_link_stays_a_link(directory, tmp_path):
    (directory / "main.cf").rename(directory / "real.cf")
    (directory / "main.cf").symlink_to("real.cf")
    (tmp_path / "draft").mkdir()
    change(MainCf(Postconf(), str(directory), str(tmp_path / "draft")), {"relayhost": "c"})
    assert (directory / "main.cf").is_symlink()
    assert "relayhost = c\n" in (directory / "real.cf").read_text()


@pytest.mark.parametrize(
    ("raised", "kind", "hint"),
    [
        (OSError(28, "No space left on device"), "io_error", KINDS["io_error"]),
        (
            PermissionError(13, "Permission denied"),
            "permission_denied",
            "Run as root (become: true).",
        ),
    ],
)
def test_failure_to_write_leaves_all_as_it_was(main_cf, directory, monkeypatch, raised, kind, hint):
    plan = main_cf.plan({"relayhost": "c"}, "present")

    def failing(*dummy):
        raise raised

    monkeypatch.setattr(os, "fsync", failing)
    before = open_files()
    error = refusal(main_cf.replace, plan, {"relayhost": "c"}, "present")
    assert open_files() == before
    assert (error.kind, error.message, error.hint) == (
        kind,
        f"{directory}/main.cf cannot be written: {raised.strerror}",
        hint,
    )
    assert (directory / "main.cf").read_text() == TEXT
    assert sorted(os.listdir(str(directory))) == ["main.cf", "master.cf"]


def test_no_main_cf(tmp_path):
    main_cf = MainCf(Postconf(), str(tmp_path), str(tmp_path))
    error = refusal(main_cf.read)
    assert (error.kind, error.message, error.hint) == (
        "bad_config",
        f"there is no {tmp_path}/main.cf",
        "Give the configuration directory of an instance.",
    )
    (tmp_path / "main.cf").mkdir()
    error = refusal(main_cf.read)
    assert (error.kind, error.message) == (
        "io_error",
        f"{tmp_path}/main.cf cannot be read: Is a directory",
    )


def test_main_cf_that_is_a_device(tmp_path):
    (tmp_path / "main.cf").symlink_to("/dev/null")
    error = refusal(MainCf(Postconf(), str(tmp_path), str(tmp_path)).read)
    assert (error.kind, error.message) == ("bad_config", "/dev/null is not a file")


def test_lock_that_another_holds(main_cf, directory):
    main_cf._runner.deadline = Deadline(0.2)
    plan = main_cf.plan({"relayhost": "c"}, "present")
    with open(str(directory / "main.cf.tmp"), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        before = open_files()
        error = refusal(main_cf.replace, plan, {"relayhost": "c"}, "present")
        assert open_files() == before
    assert (error.kind, error.message, error.hint) == (
        "timeout",
        f"another process has kept {directory}/main.cf.tmp locked for too long",
        "Find the process that locks this file ('lslocks').",
    )
    assert (directory / "main.cf").read_text() == TEXT


@pytest.mark.parametrize("leaves", ["nothing", "its own file"])
def test_lock_that_another_gives_up(main_cf, directory, monkeypatch, leaves):
    """As postconf does: it gives its file the name main.cf, and the next one makes a new file."""
    plan = main_cf.plan({"relayhost": "c"}, "present")
    held = open(directory / "main.cf.tmp", "w")
    os.fchmod(held.fileno(), 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        os.unlink(directory / "main.cf.tmp")
        if leaves == "its own file":
            (directory / "main.cf.tmp").write_text("half")
        held.close()

    monkeypatch.setattr(time, "sleep", sleep)
    main_cf.replace(plan, {"relayhost": "c"}, "present")
    assert slept == [0.05]
    assert (directory / "main.cf").read_text() == TEXT.replace("a,\n   b", "c")
    assert sorted(os.listdir(str(directory))) == ["main.cf", "master.cf"]


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
    main_cf._runner.asked.clear()
    put_back(main_cf, FOLDED)
    assert "-e" not in [command[3] for command in main_cf._runner.asked]
    # Also where the value is the same by then.
    change(main_cf, {"relayhost": "c"})
    change(main_cf, {"relayhost": "a, b"})
    put_back(main_cf, FOLDED)
    assert (directory / "main.cf").read_text() == TEXT


def test_lines_come_back_where_the_file_changed_in_between(main_cf, directory):
    change(main_cf, {"relayhost": "c"})
    parameters, raw = {"relayhost": "a, b"}, {"relayhost": FOLDED}
    plan = main_cf.plan(parameters, "present", raw)
    with open(directory / "main.cf", "a") as file:
        file.write("# more\n")
    main_cf.replace(plan, parameters, "present", raw)
    assert (directory / "main.cf").read_text() == TEXT + "# more\n"


def test_all_lines_that_set_a_parameter_come_back(main_cf, directory):
    text = "relayhost = a\n# between\nmine = 1\nrelayhost = a,\n\tb\ninet_interfaces = $mine\n"
    (directory / "main.cf").write_text(text)
    lines = main_cf.setting("relayhost")
    assert lines == "relayhost = a\nrelayhost = a,\n\tb"
    (directory / "main.cf").write_text(
        text.replace("relayhost = a,\n\tb", "relayhost = c").replace("= a\n", "= c\n")
    )
    put_back(main_cf, lines.partition("\n")[2])
    assert "relayhost = a,\n\tb\ninet_interfaces" in (directory / "main.cf").read_text()


def test_text_that_is_not_utf_8(main_cf, directory):
    text = "# caf\u00e9 \udce9\n" + TEXT
    (directory / "main.cf").write_text(text, encoding="utf-8", errors="surrogateescape")
    change(main_cf, {"relayhost": "c"})
    assert main_cf.setting("relayhost") == "relayhost = c"
    put_back(main_cf, FOLDED)
    assert (directory / "main.cf").read_bytes() == text.encode("utf-8", "surrogateescape")


def test_lines_come_back_among_comments_that_changed(main_cf, directory):
    lines = "relayhost=a,\n# one\n\n   b"
    (directory / "main.cf").write_text("# a\nrelayhost = c\n# one\n\ninet_protocols = all\n")
    put_back(main_cf, lines)
    assert (directory / "main.cf").read_text() == f"# a\n{lines}\ninet_protocols = all\n"
    (directory / "main.cf").write_text("relayhost = c\n# two\n")
    put_back(main_cf, lines)
    assert (directory / "main.cf").read_text() == "relayhost=a,\n   b\n# two\n"


def test_lines_that_mean_something_else(main_cf, directory):
    error = refusal(
        main_cf.plan, {"relayhost": "a, b"}, "present", {"relayhost": "relayhost = a,\nb"}
    )
    assert (error.kind, error.message) == (
        "bad_argument",
        "parameters: Postfix would read relayhost as 'a,', not as 'a, b'",
    )
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

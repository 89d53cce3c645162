# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils import commands
from ansible_collections.mailops.postfix.plugins.module_utils.agent_info import describe_agent
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.host import Host, User

DD_AGENT = User("dd-agent", 997, "dd-agent", ["adm", "dd-agent"], "/opt/datadog-agent")
CVTSUDOERS = " ".join(commands.cvtsudoers_defaults("dd-agent", "/etc/sudoers"))
VALID = "/etc/sudoers: parsed OK\n/etc/sudoers.d/README: parsed OK\n"


class AgentHost(Host):
    """A host whose only user is dd-agent, and whose policy of sudo is in /etc/sudoers."""

    def user(self, name):
        return DD_AGENT if name == "dd-agent" else None

    def exists(self, path):
        return path == "/etc/sudoers"


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "conf.d" / "postfix.d").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def describe(recording, sample, directory):
    def run(is_root=True, user="dd-agent", programs=("datadog-agent", "sudo"), **played):
        plays = {"sudo -V": (sample("sudo_version_trixie.txt"),), "visudo -c": (VALID,), CVTSUDOERS: (sample("cvtsudoers_exempt_trixie.json"),)}
        plays.update({{"visudo": "visudo -c", "cvtsudoers": CVTSUDOERS, "sudo": "sudo -V"}[name]: play for name, play in played.items()})
        runner = recording(plays, programs=programs)
        described = describe_agent(runner, AgentHost(), user, "datadog-agent", str(directory), is_root)
        return described, [(flaw["what"], flaw["why"]) for flaw in described["unknown"]], runner.asked

    return run


def test_everything_is_known(describe, directory):
    (directory / "datadog.yaml").write_text("logs_enabled: true\n")
    (directory / "environment").write_text("DD_LOGS_ENABLED=false\n")
    (directory / "conf.d" / "postfix.d" / "conf.yaml").touch()
    described, unknown, asked = describe()
    assert described == {
        "installed": True,
        "binary": "/usr/bin/datadog-agent",
        "user": {"name": "dd-agent", "uid": 997, "group": "dd-agent", "groups": ["adm", "dd-agent"], "home": "/opt/datadog-agent"},
        "config_directory": str(directory),
        "config_directory_exists": True,
        "postfix_configurations": [str(directory / "conf.d" / "postfix.d" / "conf.yaml")],
        "logs_enabled": {"file": True, "environment": False},
        "sudo": {"installed": True, "version": "1.9.16p2", "policy_valid": True, "policy_message": "", "requiretty": False},
        "unknown": [],
    }


def test_nothing_is_there(describe, directory):
    (directory / "conf.d" / "postfix.d").rmdir()
    (directory / "conf.d").rmdir()
    directory.rmdir()
    described, unknown, asked = describe(user="nobody-here", programs=())
    assert unknown == asked == []
    assert described == {
        "installed": False,
        "binary": None,
        "user": None,
        "config_directory": str(directory),
        "config_directory_exists": False,
        "postfix_configurations": [],
        "logs_enabled": {"file": None, "environment": None},
        "sudo": {"installed": False, "version": None, "policy_valid": None, "policy_message": "", "requiretty": None},
        "unknown": [],
    }


def test_files_that_the_agent_loads(describe, directory):
    folder = directory / "conf.d" / "postfix.d"
    loaded = [folder / ".hidden.yaml", folder / "a.yml", folder / "conf.yaml", directory / "conf.d" / "postfix.yaml", directory / "conf.d" / "postfix.yml"]
    skipped = [folder / "conf.yaml.example", folder / "conf.yaml.default", folder / "b.YAML", directory / "conf.d" / "other.yaml", directory / "postfix.yaml"]
    for path in loaded + skipped:
        path.touch()
    (folder / "dir.yaml").mkdir()
    assert describe()[0]["postfix_configurations"] == sorted(str(path) for path in loaded)


def test_link_to_a_directory_is_not_followed(describe, directory):
    folder = directory / "conf.d" / "postfix.d"
    folder.rmdir()
    (directory / "elsewhere").mkdir()
    (directory / "elsewhere" / "conf.yaml").touch()
    folder.symlink_to(directory / "elsewhere")
    assert describe()[0]["postfix_configurations"] == []


def test_setting_that_is_not_plain(describe, directory):
    (directory / "datadog.yaml").write_text("{logs_enabled: true}\n")
    described, unknown, asked = describe()
    assert described["logs_enabled"]["file"] is None
    assert unknown == [("logs_enabled.file", "%s/datadog.yaml: line 1: the form of this document is not understood" % directory)]


def test_what_is_closed(describe, directory, monkeypatch):
    (directory / "datadog.yaml").write_text("logs_enabled: true\n")

    def refuse(*dummy):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    described, unknown, asked = describe(is_root=False, sudo=("Sudo version 1.9.16p2\n",))
    monkeypatch.undo()
    assert described["postfix_configurations"] is None
    assert described["sudo"] == {"installed": True, "version": "1.9.16p2", "policy_valid": None, "policy_message": "", "requiretty": None}
    assert [what for what, dummy in unknown] == ["postfix_configurations", "logs_enabled.file", "sudo.policy_valid", "sudo.requiretty"]
    assert unknown[1][1] == "%s/datadog.yaml cannot be read" % directory
    assert asked == ["sudo -V"]


def test_requiretty(describe, sample):
    assert describe(cvtsudoers=(sample("cvtsudoers_requiretty_trixie.json"),))[0]["sudo"]["requiretty"] is True


def test_policy_that_is_not_valid(describe):
    complaint = "/etc/sudoers.d/dd-agent:1:46: syntax error\ndd-agent ALL=(postfix) NOPASSWD /usr/bin/find\n" + " " * 45 + "^\n"
    described, unknown, asked = describe(visudo=("", 1, complaint))
    assert (described["sudo"]["policy_valid"], described["sudo"]["policy_message"]) == (False, complaint.rstrip("\n"))
    assert unknown == [("sudo.requiretty", "sudo's policy is not valid")]
    assert CVTSUDOERS not in asked
    described = describe(visudo=(VALID, 1, "/etc/sudoers.d/operator: bad permissions, should be mode 0440\n"))[0]
    assert described["sudo"]["policy_message"] == "/etc/sudoers.d/operator: bad permissions, should be mode 0440"


@pytest.mark.parametrize(
    "played, flaw",
    [
        ({"sudo": ("odd\n",)}, ("sudo.version", "no version in what 'sudo -V' prints")),
        ({"sudo": ("Sudo version 1.9\n",)}, ("sudo.requiretty", "'sudo -V' does not tell where sudo's policy is")),
        ({"cvtsudoers": ("", 1, "cvtsudoers: unknown option\n")}, ("sudo.requiretty", "cvtsudoers: cvtsudoers: unknown option")),
        ({"cvtsudoers": ("no JSON",)}, ("sudo.requiretty", "not the Defaults of a policy: 'no JSON'")),
    ],
)
def test_answers_that_tell_nothing(describe, played, flaw):
    described, unknown, asked = describe(**played)
    assert flaw in unknown
    assert described["sudo"]["requiretty"] is None


def test_programs_that_are_missing(describe, monkeypatch, recording):
    run = recording.run

    def missing(self, argv):
        if argv[0] in ("visudo", "cvtsudoers"):
            raise QueueError("not_installed", "%s was not found" % argv[0], argv)
        return run(self, argv)

    monkeypatch.setattr(recording, "run", missing)
    described, unknown, asked = describe()
    assert unknown == [("sudo.policy_valid", "visudo was not found"), ("sudo.requiretty", "cvtsudoers was not found")]
    assert described["sudo"]["policy_message"] == ""

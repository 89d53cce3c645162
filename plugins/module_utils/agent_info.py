# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describes the Datadog Agent of a host and what sudo has for its user, as far as the caller's rights go."""

from __future__ import annotations

import os

from ansible_collections.mailops.postfix.plugins.module_utils import commands
from ansible_collections.mailops.postfix.plugins.module_utils.agent_settings import SettingError, parse_environment_switch, parse_yaml_switch
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.sudo import SudoError, parse_requiretty, parse_version

_CHECK = "postfix"
_SUFFIXES = (".yaml", ".yml")


def describe_agent(runner, host, user, binary, config_directory, is_root):
    """What there is (dict); its C(unknown) is a list of dict (what, why)."""
    unknown = []
    program = runner.find(binary)
    found = host.user(user)
    in_file, in_environment = os.path.join(config_directory, "datadog.yaml"), os.path.join(config_directory, "environment")
    return {
        "installed": program is not None,
        "binary": program,
        "user": dict(found._asdict()) if found else None,
        "config_directory": config_directory,
        "config_directory_exists": host.is_directory(config_directory),
        "postfix_configurations": _known("postfix_configurations", _configurations, unknown, host, os.path.join(config_directory, "conf.d")),
        "logs_enabled": {
            "file": _known("logs_enabled.file", _setting, unknown, host, in_file, parse_yaml_switch, "logs_enabled"),
            "environment": _known("logs_enabled.environment", _setting, unknown, host, in_environment, parse_environment_switch, "DD_LOGS_ENABLED"),
        },
        "sudo": _sudo(runner, host, user, is_root, unknown),
        "unknown": unknown,
    }


def _known(what, find, unknown, *arguments):
    """What find returns, or None and an entry in unknown."""
    try:
        return find(*arguments)
    except (QueueError, SettingError, SudoError) as error:
        unknown.append({"what": what, "why": getattr(error, "message", None) or str(error)})
        return None


def _configurations(host, directory):
    """The files that the Agent loads for its check by their names, as comp/core/autodiscovery/providers/config_reader.go has it."""
    folder = os.path.join(directory, _CHECK + ".d")
    # The Agent does not follow a link to a directory here.
    names = [] if host.is_link(folder) else host.files_in(folder)
    paths = [os.path.join(folder, name) for name in names if name.endswith(_SUFFIXES)]
    own = [_CHECK + suffix for suffix in _SUFFIXES]
    return sorted(paths + [os.path.join(directory, name) for name in host.files_in(directory) if name in own])


def _setting(host, path, parse, name):
    text = host.read_if_any(path)
    try:
        return None if text is None else parse(text, name)
    except SettingError as error:
        raise SettingError("%s: %s" % (path, error)) from None


def _sudo(runner, host, user, is_root, unknown):
    facts = {"installed": runner.find("sudo") is not None, "version": None, "policy_valid": None, "policy_message": "", "requiretty": None}
    if not facts["installed"]:
        return facts
    facts["version"], paths = _known("sudo.version", _version, unknown, runner) or (None, [])
    if not is_root:
        unknown += [{"what": what, "why": "only root may read sudo's policy"} for what in ("sudo.policy_valid", "sudo.requiretty")]
        return facts
    facts["policy_valid"], facts["policy_message"] = _known("sudo.policy_valid", _policy, unknown, runner) or (None, "")
    facts["requiretty"] = _known("sudo.requiretty", _requiretty, unknown, runner, host, user, paths, facts["policy_valid"])
    return facts


def _version(runner):
    # With a policy that is wrong it complains, and still answers.
    return parse_version(runner.run(commands.sudo_version())[1])


def _policy(runner):
    rc, lines, stderr, dummy = runner.run(commands.visudo_check())
    said = [line for line in lines + stderr.splitlines() if line.strip() and not line.endswith(": parsed OK")]
    return rc == 0, "" if rc == 0 else "\n".join(said) or "exit code %d without a message" % rc


def _requiretty(runner, host, user, paths, valid):
    if valid is False:
        raise SudoError("sudo's policy is not valid")
    existing = [path for path in paths if host.exists(path)]
    if not existing:
        raise SudoError("'sudo -V' does not tell where sudo's policy is")
    rc, lines, stderr, argv = runner.run(commands.cvtsudoers_defaults(user, existing[0]))
    if rc != 0:
        raise SudoError("%s: %s" % (argv[0], stderr.strip() or "exit code %d without a message" % rc))
    return parse_requiretty("\n".join(lines))

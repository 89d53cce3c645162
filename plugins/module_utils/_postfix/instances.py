# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Postfix instances of a host, as Postfix lists and describes them."""

from __future__ import annotations

import os
from typing import Callable, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    cause_of,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ListedInstance,
    ParameterError,
    parse_instances,
    parse_parameters,
    split_list,
)

# What postconf is asked for an instance, for the list of instances, and for one of the list.
PARAMETERS = ("multi_instance_name", "config_directory", "queue_directory")
DIRECTORIES = ("config_directory", "multi_instance_directories")
LISTED = ("multi_instance_name", "multi_instance_group", "multi_instance_enable")


class Instance(NamedTuple):
    """An instance. name is V(-) if not set."""

    name: str
    config_directory: str
    queue_directory: str


def answer(runner: Runner, argv: list[str]) -> list[str]:
    """The lines that a command prints. Raises HostError if it fails."""
    rc, lines, stderr, argv = runner.run(argv)
    if rc != 0:
        kind = (
            postfix_refusal(stderr)
            if argv[0].rpartition("/")[2].startswith("post")
            else "command_failed"
        )
        raise HostError(kind, cause_of(stderr, rc), argv, rc, stderr)
    return lines


def list_instances(
    runner: Runner, real_path: Callable[[str], str] = os.path.realpath
) -> list[ListedInstance]:
    """The instances of the host, the default instance first, each once.

    An instance with an unreadable main.cf has only its config_directory. real_path: gives a path
    without symbolic links, which shows that two are the same instance. Raises HostError if not even
    the default instance can be listed."""
    try:
        listed = parse_instances(answer(runner, commands.postmulti_list()))
    except ParameterError as error:
        raise _not_listed(error) from None
    except HostError:
        # One unreadable main.cf makes postmulti fail for all instances, mostly without a message;
        # postconf names it.
        listed = [_listed(runner, directory) for directory in _directories(runner)]
    # Postfix lists a directory as often as multi_instance_directories names it.
    once: dict[str, ListedInstance] = {}
    for instance in listed:
        once.setdefault(real_path(instance.config_directory), instance)
    return list(once.values())


def instance_at(
    runner: Runner, listed: list[ListedInstance] | None, config_directory: str
) -> ListedInstance:
    """The instance with this configuration directory, from those listed (None: unknown) or from its
    own main.cf.

    An instance that is not listed is not enabled, because C(postfix start) does not start it. With
    an unreadable main.cf name and group are None."""
    for instance in listed or []:
        if instance.config_directory == config_directory:
            return instance
    return _listed(runner, config_directory)._replace(enabled=None if listed is None else False)


def describe_instance(runner: Runner, config_directory: str | None = None) -> Instance:
    """The instance with this configuration directory, or the default instance.

    Raises HostError (bad_config, not_installed, ...)."""
    argv = commands.postconf_values(PARAMETERS, config_directory)
    lines = answer(runner, argv)
    if len(lines) != len(PARAMETERS):
        raise HostError(
            "command_failed",
            f"postconf printed {len(lines)} lines for {len(PARAMETERS)} parameters of the instance",
            argv,
            0,
        )
    name, directory, queue_directory = lines
    # Whatever -c says, Postfix 3.10 prints the default directory while main.cf is a second old.
    return Instance(name or "-", config_directory or directory, queue_directory)


def _directories(runner: Runner) -> list[str]:
    try:
        values = parse_parameters(answer(runner, commands.postconf_parameters(DIRECTORIES)))
        default, others = [values[parameter] for parameter in DIRECTORIES]
        return [default, *split_list(others)]
    except (ParameterError, KeyError) as error:
        raise _not_listed(error) from None


def _not_listed(error: Exception) -> HostError:
    return HostError("unparsed_listing", f"the instances could not be listed: {error}")


def _listed(runner: Runner, directory: str) -> ListedInstance:
    try:
        values = parse_parameters(answer(runner, commands.postconf_parameters(LISTED, directory)))
        name, group, enabled = [values[parameter] for parameter in LISTED]
    except (HostError, ParameterError, KeyError):
        return ListedInstance(None, None, None, directory)
    # Postfix accepts capitals and refuses other values; an instance with one of those is counted.
    started = {"yes": True, "no": False}.get(enabled.lower())
    return ListedInstance(name or "-", group or "-", started, directory)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Postfix instances of a host, as Postfix itself lists and describes them."""

from __future__ import annotations

import collections

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    postfix_refusal,
    reason_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ListedInstance,
    ParameterError,
    parse_instances,
    parse_parameters,
    split_list,
)

_PARAMETERS = ("multi_instance_name", "config_directory", "queue_directory")
_LISTED = ("multi_instance_name", "multi_instance_group", "multi_instance_enable")

Instance = collections.namedtuple("Instance", "name config_directory queue_directory")


def answer(runner, argv):
    """The lines that a command answers. Raises HostError where it fails."""
    rc, lines, stderr, argv = runner.run(argv)
    if rc != 0:
        kind = (
            postfix_refusal(stderr)
            if argv[0].rpartition("/")[2].startswith("post")
            else "command_failed"
        )
        raise HostError(kind, reason_of(stderr, rc), argv, rc, stderr)
    return lines


def list_instances(runner):
    """The ListedInstance (list) of the host, the default instance first.

    One whose main.cf cannot be read has only its config_directory, the rest is None. Raises
    HostError where not even the default one can be listed."""
    try:
        return parse_instances(answer(runner, commands.postmulti_list()))
    except ParameterError as error:
        raise _not_listed(error) from None
    except HostError:
        # One main.cf that cannot be read makes postmulti fail for all instances, mostly without a
        # word; postconf names it.
        return [_listed(runner, directory) for directory in _directories(runner)]


def instance_at(runner, listed, config_directory):
    """The ListedInstance that has this configuration directory, of those listed (None where they
    are not known) or by its own main.cf.

    What is not listed C(postfix start) does not start. A main.cf that cannot be read leaves None
    for the names."""
    for instance in listed or []:
        if instance.config_directory == config_directory:
            return instance
    return _listed(runner, config_directory)._replace(enabled=None if listed is None else False)


def describe_instance(runner, config_directory=None):
    """The Instance that has this configuration directory (str; default: the default instance); its
    name is V(-) where it has none.

    Raises HostError (bad_config, not_installed, ...).
    """
    argv = commands.postconf_values(_PARAMETERS, config_directory)
    lines = answer(runner, argv)
    if len(lines) != len(_PARAMETERS):
        raise HostError(
            "command_failed",
            f"postconf does not describe the instance, it answers {len(lines)} lines",
            argv,
            0,
        )
    name, directory, queue_directory = lines
    # Postfix 3.10 names the default directory, whatever -c says, while main.cf is but a second old.
    return Instance(name or "-", config_directory or directory, queue_directory)


def _directories(runner):
    try:
        values = parse_parameters(
            answer(
                runner,
                commands.postconf_parameters(["config_directory", "multi_instance_directories"]),
            )
        )
        return [values["config_directory"]] + split_list(values["multi_instance_directories"])
    except (ParameterError, KeyError) as error:
        raise _not_listed(error) from None


def _not_listed(error):
    return HostError("unparsed_listing", f"the instances could not be listed: {error}")


def _listed(runner, directory):
    try:
        values = parse_parameters(answer(runner, commands.postconf_parameters(_LISTED, directory)))
        name, group, enabled = [values[parameter] for parameter in _LISTED]
    except (HostError, ParameterError, KeyError):
        return ListedInstance(None, None, None, directory)
    return ListedInstance(name or "-", group or "-", enabled == "yes", directory)

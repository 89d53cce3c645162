# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Postfix instance, as Postfix itself describes it."""

from __future__ import annotations

import collections

from ansible_collections.mailops.postfix.plugins.module_utils import commands
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.refusals import postfix_refusal

_PARAMETERS = ("multi_instance_name", "config_directory", "queue_directory")

Instance = collections.namedtuple("Instance", "name config_directory queue_directory")


def describe_instance(runner, config_directory=None):
    """The Instance that has this configuration directory (str; default: the default instance); its name is V(-) where it has none.

    Raises QueueError (bad_config, not_installed, ...).
    """
    rc, lines, stderr, argv = runner.run(commands.postconf_values(_PARAMETERS, config_directory))
    if rc != 0 or len(lines) != len(_PARAMETERS):
        said = stderr.strip() or "exit code %d, %d lines" % (rc, len(lines))
        raise QueueError(postfix_refusal(stderr), "postconf does not describe the instance: %s" % said, argv, rc, stderr)
    name, directory, queue_directory = lines
    # Postfix 3.10 names the default directory, whatever -c says, while main.cf is but a second old.
    return Instance(name or "-", config_directory or directory, queue_directory)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instances import (
    Instance,
    describe_instance,
)


def test_directory_that_was_named_is_the_instances_own(recording):
    """What Postfix 3.10 answers just after a change of main.cf."""
    commands = {
        "postconf -c /etc/postfix-out -hx multi_instance_name config_directory queue_directory": (
            "out\n/etc/postfix\n/var/spool/postfix-out\n",
        )
    }
    assert describe_instance(recording(commands), "/etc/postfix-out") == Instance(
        "out", "/etc/postfix-out", "/var/spool/postfix-out"
    )


def test_default_instance(recording):
    commands = {
        "postconf -hx multi_instance_name config_directory queue_directory": (
            "\n/etc/postfix\n/var/spool/postfix\n",
        )
    }
    assert describe_instance(recording(commands)) == Instance(
        "-", "/etc/postfix", "/var/spool/postfix"
    )

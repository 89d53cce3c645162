# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays stored results to the callback queue_table, as a run of postfix_queue on that many hosts
would.

replay.py RUNS    RUNS: a JSON file, a list of runs, each a list of [host, "ok", "failed" or
"unreachable", result]"""

from __future__ import annotations

import json
import locale
import sys
import types

from ansible.plugins.loader import callback_loader, init_plugin_loader


def main():
    # As Ansible does, but for its refusal of what is not UTF-8.
    locale.setlocale(locale.LC_ALL, "")
    init_plugin_loader([])
    with open(sys.argv[1], encoding="utf-8") as runs:
        for events in json.load(runs):
            replay(events)


def replay(events):
    callback = callback_loader.get("mailops.postfix.queue_table")
    callback.set_options()
    task = types.SimpleNamespace(
        action="mailops.postfix.postfix_queue",
        args={},
        async_val=0,
        delegate_to=None,
        loop=None,
        _uuid="task",
    )
    for name, event, returned in events:
        host = types.SimpleNamespace(get_name=lambda name=name: name)
        getattr(callback, "v2_runner_on_" + event)(
            types.SimpleNamespace(host=host, task=task, result=returned)
        )
    callback.v2_playbook_on_stats(object())


if __name__ == "__main__":
    main()

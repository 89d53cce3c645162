# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives the results of made-up hosts to the callback queue_table, and prints the table and a line
of JSON: the s that its parts took.

table.py HOSTS"""

from __future__ import annotations

import json
import sys
import time
import types

import made_up
from ansible.plugins.loader import callback_loader, init_plugin_loader


def main():
    init_plugin_loader([])
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
    taking = 0.0
    for name in made_up.names(int(sys.argv[1])):
        event, returned = made_up.returned(name)
        host = types.SimpleNamespace(get_name=lambda name=name: name)
        result = types.SimpleNamespace(host=host, task=task, result=returned)
        began = time.monotonic()
        getattr(callback, f"v2_runner_on_{event}")(result)
        taking += time.monotonic() - began
    began = time.monotonic()
    callback.v2_playbook_on_stats(object())
    laying_out = time.monotonic() - began
    print(json.dumps({"Take the results": taking, "Print the table": laying_out}))


if __name__ == "__main__":
    main()

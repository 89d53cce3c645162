# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands for the play that counts: gives each host what the module would have returned there, where
Ansible's strategy puts it. Then notes when each task begins."""

from __future__ import annotations

DOCUMENTATION = r"""
name: made_up_results
type: aggregate
short_description: Results for the playbook report, and its times
description:
  - For E(BENCH_MADE_UP_HOSTS) hosts. Writes lines of JSON to the file E(BENCH_CLOCK), the name of
    each task and when it began in s.
author:
  - The mailops.postfix authors (@mailops)
options: {}
"""

import json
import os
import sys
import time

from ansible.plugins.callback import CallbackBase

sys.path.append(os.path.join(os.path.dirname(__file__), ".."))
import made_up


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "made_up_results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_play_start(self, play):
        if play.get_name() == "Write the report":
            give_results(play.get_variable_manager())
            note("Begin the play")

    def v2_playbook_on_task_start(self, task, is_conditional):
        note(task.get_name())

    def v2_playbook_on_stats(self, stats):
        note("end")


def give_results(variables):
    for name in made_up.names(int(os.environ["BENCH_MADE_UP_HOSTS"])):
        event, result = made_up.returned(name)
        skipped = {"skipped": True, "changed": False}
        registered = {
            "__report_started": "2026-11-22T12:00:00Z",
            "__report_result": dict(result, failed=event == "failed"),
            "__report_counted": skipped if event == "ok" else result,
        }
        variables.set_nonpersistent_facts(name, registered)
        variables.set_host_facts(name, result.get("ansible_facts", {}))


def note(name):
    with open(os.environ["BENCH_CLOCK"], "a", encoding="utf-8") as file:
        file.write(json.dumps({"name": name, "at": time.monotonic()}) + "\n")

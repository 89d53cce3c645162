# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans Datadog monitoring on the controller, without a connection to the host."""

from __future__ import annotations

import re
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.mailops.postfix.plugins.plugin_utils.agent_plan import agent_plan

_OPTION = re.compile(r"(?:__)?datadog_postfix_")


class ActionModule(ActionBase):
    _requires_connection = False
    _VALID_ARGS = frozenset(("postfix", "agent", "options", "official"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        # Facts outweigh the variables of an inventory, so a host that returns them would choose its own options.
        returned = sorted(name for name in (task_vars or {}).get("ansible_facts", {}) if _OPTION.match(name))
        if returned:
            hint = "Look at the task that returned them; once it no longer does, 'ansible-playbook --flush-cache' removes them."
            return dict(result, failed=True, msg="This host returned facts that would override options of the role: %s. %s" % (", ".join(returned), hint))
        arguments = self._task.args
        plan = agent_plan(arguments.get("postfix") or {}, arguments["agent"], arguments["options"], arguments.get("official") or {})
        problems, warnings = plan.pop("problems"), plan.pop("warnings")
        if problems:
            return dict(result, failed=True, msg="\n".join(problems), problems=problems)
        return dict(result, changed=False, warnings=warnings, plan=plan)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans Datadog monitoring on the controller, without a connection to the host."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan.plan import agent_plan


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core carries no types
    _requires_connection = False
    _VALID_ARGS = frozenset(("postfix", "agent", "options", "official", "assets"))

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = self._task.args
        plan = agent_plan(
            arguments.get("postfix") or {},
            arguments["agent"],
            arguments["options"],
            arguments.get("official") or {},
            arguments.get("assets") or {},
        )
        problems, warnings = plan.pop("problems"), plan.pop("warnings")
        if problems:
            return dict(result, failed=True, msg="\n".join(problems), problems=problems)
        # Ansible shows the same warning once, whichever host it is about.
        host = (task_vars or {})["inventory_hostname"]
        warnings = [f"{host}: {warning}" for warning in warnings]
        return dict(result, changed=False, warnings=warnings, plan=plan)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts in one round trip, by a shell script; where that cannot be, the module does it."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.results import as_text, result
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather.gatherer import (
    Task,
    UnseenError,
    checked_task,
    command,
    refusal,
)

_display = Display()


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core carries no types
    _supports_check_mode = True
    _supports_async = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        answer: dict[str, Any] = super().run(tmp, task_vars)
        try:
            return dict(answer, **self._gather(task_vars or {}))
        except UnseenError as error:
            why = "of no_log" if self._task.no_log else error
            _display.v(f"postfix_queue: sends the module, because {why}", self._host(task_vars))
        wrap_async = self._task.async_val
        # Ansible adds to these, and a retry begins with the task's own.
        arguments = dict(self._task.args)
        answer.update(
            self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=wrap_async)
        )
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return answer

    def _gather(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result, by the script. Raises UnseenError where only the module can find it."""
        wanted = self._templar.template(task_vars.get("mailops_postfix_gatherer", True))
        if not boolean(wanted, strict=False):
            raise UnseenError("mailops_postfix_gatherer is false")
        task = checked_task(self._task.args)
        why = refusal(self._connection, self._task.async_val)
        if why:
            raise UnseenError(why)
        try:
            facts, warnings, errors = self._ask(task)
        except HostError as error:
            facts, warnings, errors = None, [], [dict(error.as_dict(), config_directory=None)]
        found = result(facts, errors)
        return dict(found, warnings=as_text(warnings)) if warnings else found

    def _ask(self, task: Task) -> tuple[dict[str, Any] | None, list[str], list[dict[str, Any]]]:
        """Facts, warnings and errors. Raises HostError (torn_answer) and UnseenError."""
        line = command(self._compute_environment_string().strip())
        said = self._low_level_execute_command(line, in_data=task.script.encode())
        # Ansible decodes bytes so that they can be had again.
        return task.facts(said["stdout"].encode("utf-8", "surrogateescape"), said["stderr"])

    def _host(self, task_vars: dict[str, Any] | None) -> str | None:
        return self._task.delegate_to or (task_vars or {}).get("inventory_hostname")

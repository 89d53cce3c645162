# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the report of a play's hosts and has Ansible's copy write it.

A filter would get each host's results from a template, which costs more than all else here."""

from __future__ import annotations

import datetime
import os
import shutil
import tempfile
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.formats import (
    FORMATS,
    report_of,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import Report, plain


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core carries no types
    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        dummy, options = self.validate_argument_spec(
            {
                "directory": {"type": "str", "required": True},
                "mode": {"type": "raw", "default": "0640"},
                "results": {"type": "list", "elements": "str", "required": True},
                "started": {"type": "str", "required": True},
            }
        )
        now = datetime.datetime.now(datetime.timezone.utc)
        report = report_of(
            self._results(variables, options["results"]),
            options["started"],
            now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            variables["ansible_version"]["full"],
        )
        files = [self._write(report, name, options, variables) for name in FORMATS]
        totals = {name: plain(report["totals"][name]) for name in ("hosts", "messages")}
        changed = any(file["changed"] for file in files)
        return dict(result, changed=changed, totals=totals)

    def _results(self, variables: dict[str, Any], names: list[str]) -> dict[str, list[Any]]:
        """What was registered under these names, by host of the play. It is never a template."""
        found = {}
        for host in variables["ansible_play_hosts_all"]:
            registered = variables["hostvars"].raw_get(host)
            found[host] = [self._as_text(registered.get(name, {})) for name in names]
        return found

    def _as_text(self, result: dict[str, Any]) -> dict[str, Any]:
        """Before ansible-core 2.20 registered warnings are objects, of which a template makes the
        text."""
        warnings = result.get("warnings") or []
        if all(isinstance(warning, str) for warning in warnings):
            return result
        templar = self._templar.copy_with_new_env(available_variables={"warnings": warnings})
        texts = templar.evaluate_expression(trust_as_template("warnings"))
        return dict(result, warnings=[str(text) for text in texts])

    def _write(
        self, report: Report, name: str, options: dict[str, Any], variables: dict[str, Any]
    ) -> dict[str, Any]:
        """Write the report in a format; what copy returns. Raises AnsibleActionFail."""
        directory = tempfile.mkdtemp(dir=C.DEFAULT_LOCAL_TMP)
        try:
            source = os.path.join(directory, f"report.{name}")
            with open(source, "w", encoding="utf-8", newline="") as file:
                file.write(FORMATS[name](report))
            copied = self._copy(source, options, variables)
        finally:
            shutil.rmtree(directory)
        if copied.get("failed"):
            raise AnsibleActionFail(f"report.{name}: {copied.get('msg')}")
        return copied

    def _copy(
        self, source: str, options: dict[str, Any], variables: dict[str, Any]
    ) -> dict[str, Any]:
        task = self._task.copy()
        destination = os.path.join(options["directory"], os.path.basename(source))
        task.args = {"src": source, "dest": destination, "mode": options["mode"]}
        action = self._shared_loader_obj.action_loader.get(
            "ansible.legacy.copy",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        return dict(action.run(task_vars=variables))

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of a run of Ansible, as they come."""

from __future__ import annotations

import typing

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import Host
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import (
    Reading,
    combine,
    read,
)


class Run:
    """Of several tasks that counted on a host, the last one counts; of a loop, all of its items."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[str | None, list[Reading]]] = {}
        self._lost: dict[str, Reading] = {}
        self._counting = False

    def start_play(self) -> None:
        """Hosts that were unreachable before they could be counted belong to the fleet, but only
        where their play counts."""
        if self._counting:
            for host, reading in self._lost.items():
                self._answers.setdefault(host, (None, [reading]))
        self._lost = {}
        self._counting = False

    def add(self, host: str, task: str, result: typing.Any, failed: bool = False) -> None:
        """A result of postfix_queue; task: what identifies the task."""
        self._counting = True
        last, readings = self._answers.get(host, (None, []))
        readings = readings if last == task else []
        self._answers[host] = (task, [*readings, read(result, failed)])

    def lose(self, host: str, result: typing.Any) -> None:
        """A host that is unreachable for a task that does not count."""
        self._lost[host] = read(result)

    def hosts(self) -> list[Host]:
        """The fleet; empty where nothing was counted."""
        self.start_play()
        return [combine(host, readings) for host, (dummy, readings) in self._answers.items()]

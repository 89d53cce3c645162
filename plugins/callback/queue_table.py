# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: queue_table
type: aggregate
short_description: Show the queues of the fleet as a table at the end of a run
version_added: 0.1.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Prints one table after a run in which M(mailops.postfix.postfix_queue) counted, with a line for
    each host, the worst first, and a line of totals.
  - Hosts with several instances have a line for each of them. The age of the oldest message is a
    column if ages are known.
  - V(?) is an unknown number, and V(5+) means 5 or more. A stopped Postfix is marked, because its
    empty queues look healthy.
  - Below the table are the errors by kind, each kind with its hint, then the hosts with the cause.
    A cause that takes more than three lines is cut in the middle.
  - If the task has O(mailops.postfix.postfix_queue#module:limits), only hosts with errors have a
    line. One line sums up the hosts within the limits.
  - If several tasks counted on a host, the table shows the last one. It shows all items of a loop.
  - On a terminal the table fits the width. To make room, it shortens headings first, then drops the
    bar, thousands separators and wide gaps, shortens host names, and last drops the columns
    C(maildrop), C(incoming), C(corrupt), C(active), C(hold), the oldest and C(deferred), in this
    order. It never shortens numbers. Elsewhere E(COLUMNS) sets a width, and without it the table is
    as wide as it needs.
  - The colours are Ansible's, so E(NO_COLOR) and E(ANSIBLE_NOCOLOR) turn them off. In a locale that
    is not UTF-8, or in C(C), the table is plain ASCII.
requirements:
  - enabled in C(callbacks_enabled); ad-hoc runs also need C(bin_ansible_callbacks=true), because
    Ansible loads no callbacks for them without it; or set as
    C(ANSIBLE_STDOUT_CALLBACK=mailops.postfix.queue_table), which shows only the table
options:
  sort:
    description:
      - What to sort hosts by, the largest first - V(total), the age of the V(oldest) message, or a
        queue. V(host) sorts by name.
      - A number that is unknown in part ranks by its known part, before an equal number that is
        known.
    type: str
    choices: [total, oldest, host, maildrop, incoming, active, deferred, hold, corrupt]
    default: total
    ini:
      - section: callback_queue_table
        key: sort
    env:
      - name: MAILOPS_QUEUE_TABLE_SORT
  rows:
    description:
      - How many lines of hosts and instances, and how many errors, to show. The rest is summed up.
        V(0) shows all.
      - Every kind of error has at least one line.
    type: int
    default: 40
    ini:
      - section: callback_queue_table
        key: rows
    env:
      - name: MAILOPS_QUEUE_TABLE_ROWS
"""

import locale
import os
import shutil
import sys
import typing

from ansible import constants as C
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import ANSIBLE_COLOR, stringc

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.run import Run
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.table import (
    BAD,
    BAR,
    DIM,
    HEADING,
    UNSURE,
    Options,
    lay_out,
)

ACTIONS = ("mailops.postfix.postfix_queue", "ansible.legacy.postfix_queue", "postfix_queue")


class CallbackModule(CallbackBase):  # type: ignore[misc] # ansible-core carries no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "mailops.postfix.queue_table"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        super().__init__(*args, **kwargs)
        self._run = Run()
        self._has_limits = False

    def v2_playbook_on_play_start(self, play: typing.Any) -> None:
        self._run.start_play()

    def v2_runner_on_ok(self, result: typing.Any) -> None:
        self._add(result)

    def v2_runner_on_failed(self, result: typing.Any, ignore_errors: bool = False) -> None:
        self._add(result, failed=True)

    def v2_runner_on_skipped(self, result: typing.Any) -> None:
        # Without a condition it is the host that says so, not Ansible.
        if _counts(result.task) and not result.task.when and result.task.loop is None:
            self._add(result)

    def v2_runner_item_on_ok(self, result: typing.Any) -> None:
        self._add(result, item=True)

    def v2_runner_item_on_failed(self, result: typing.Any) -> None:
        self._add(result, failed=True, item=True)

    def v2_runner_on_unreachable(self, result: typing.Any) -> None:
        if not _counts(result.task):
            self._run.lose(_host(result), dict(result.result, unreachable=True))
        elif not _sums_a_loop_up(result):
            self._run.add(_host(result), result.task._uuid, dict(result.result, unreachable=True))

    def v2_playbook_on_stats(self, stats: typing.Any) -> None:
        hosts = self._run.hosts()
        if hosts:
            options = Options(
                _room(),
                _wants_ascii(),
                self.get_option("sort"),
                max(0, self.get_option("rows")),
                self._has_limits,
            )
            self._show(lay_out(hosts, options))

    def _add(self, result: typing.Any, failed: bool = False, item: bool = False) -> None:
        returned = result.result
        only_started = (
            result.task.async_val and "ansible_job_id" in returned and not returned.get("finished")
        )
        if only_started or not item and _sums_a_loop_up(result):
            return
        facts = returned.get("ansible_facts")
        if _counts(result.task) or isinstance(facts, dict) and "postfix_queue" in facts:
            self._has_limits = bool(result.task.args.get("limits"))
            self._run.add(_host(result, item), result.task._uuid, returned, failed)

    def _show(self, lines: list[list[tuple[str, str]]]) -> None:
        plain = "\n".join("".join(text for text, dummy in line) for line in lines)
        coloured = "\n".join("".join(_colour(*piece) for piece in line) for line in lines)
        # Ansible takes some values of NO_COLOR for false.
        self._display.display(
            "\n" + (plain if os.environ.get("NO_COLOR") else coloured), screen_only=True
        )
        self._display.display("\n" + plain, log_only=True)


def _colour(text: str, style: str) -> str:
    """The text in Ansible's colour of that style, plain where Ansible does without."""
    if style == DIM:
        # Ansible's dark gray is a bold black, which dark terminals do not show.
        return f"\033[2m{text}\033[0m" if ANSIBLE_COLOR else text
    colours = {
        HEADING: C.COLOR_HIGHLIGHT,
        UNSURE: C.COLOR_CHANGED,
        BAR: C.COLOR_VERBOSE,
        BAD: C.COLOR_ERROR,
    }
    return str(stringc(text, colours[style])) if style in colours else text


def _host(result: typing.Any, item: bool = False) -> str:
    """The host that was counted. Which one a loop delegates to is known for its items only."""
    delegated = result.task.delegate_to if item or result.task.loop is None else None
    return str(delegated or result.host.get_name())


def _sums_a_loop_up(result: typing.Any) -> bool:
    """Whether the result is that of a loop, whose items came one by one; it lacks them where it is
    censored. A host can send such a result for any task, to be left out."""
    return result.task.loop is not None and not {"results", "censored"}.isdisjoint(result.result)


def _counts(task: typing.Any) -> bool:
    return task.action in ACTIONS


def _room() -> int | None:
    """The columns of the terminal, None where there is none."""
    return shutil.get_terminal_size((0, 0)).columns or None


def _wants_ascii() -> bool:
    """Ansible itself insists on UTF-8, but Python turns the locale C into C.UTF-8 where LC_ALL is
    not set."""
    if (
        locale.nl_langinfo(locale.CODESET).replace("-", "").lower() != "utf8"
        or "utf" not in (sys.stdout.encoding or "").lower()
    ):
        return True
    coerced = os.environ.get("LC_CTYPE") == "C.UTF-8" and not os.environ.get("LC_ALL")
    return coerced and os.environ.get("LANG", "") in ("", "C", "POSIX")

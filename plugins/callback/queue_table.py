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
  - After a run in which M(mailops.postfix.postfix_queue) counted, prints one table - a line for
    each host, the worst first, and a line of totals.
  - Hosts with several instances have a line for each of them too. Where ages were asked for, the
    age of the oldest message is a column.
  - V(?) is a number that is not known, and V(5+) one of which 5 are known.
    Hosts that failed or could not be reached are at the end, with the kind of their error.
  - Of several tasks that counted on a host, the last tells; of a loop, all of its items.
  - On a terminal the table fits its width - headings are shortened first, then the bar goes, then
    thousands separators and wide gaps, then host names are shortened, and last the columns of
    C(maildrop), C(incoming), C(corrupt), C(active), C(hold), the oldest and C(deferred) go. Numbers
    are never shortened. Elsewhere E(COLUMNS) sets a width, and without it the table is as wide as
    it takes.
  - Colours are Ansible's, so E(NO_COLOR) and E(ANSIBLE_NOCOLOR) turn them off. In a locale that is
    not UTF-8, or C(C), the table is plain ASCII.
requirements:
  - enabled in C(callbacks_enabled), and for ad-hoc runs C(bin_ansible_callbacks=true), without
    which Ansible loads no callback for them
options:
  sort:
    description:
      - What makes a host worse than another - V(total), the age of its V(oldest) message or one of
        its queues. V(host) sorts by name.
      - A number that is not known ranks by what is known of it, just before one that is the same
        and known.
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
      - How many hosts, and how many errors, are shown. One more line sums the others. V(0) shows
        all.
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

from ansible import constants as C
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import stringc

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.table import (
    BAD,
    BAR,
    HEADING,
    NOTHING,
    UNSURE,
    lay_out,
)

ACTIONS = ("mailops.postfix.postfix_queue", "ansible.legacy.postfix_queue", "postfix_queue")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "mailops.postfix.queue_table"
    CALLBACK_NEEDS_ENABLED = True

    # The end of a run that was told: ansible-core before 2.19 loads a callback twice that is
    # enabled and for stdout too.
    _told = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._fleet = Fleet()

    def v2_playbook_on_play_start(self, play):
        self._fleet.start_play()

    def v2_runner_on_ok(self, result):
        self._add(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._add(result, failed=True)

    def v2_runner_item_on_ok(self, result):
        self._add(result, item=True)

    def v2_runner_item_on_failed(self, result):
        self._add(result, failed=True, item=True)

    def v2_runner_on_unreachable(self, result):
        if not (_counts(result._task) and _sums_a_loop_up(result)):
            self._fleet.lose(
                _host(result),
                result._task._uuid,
                str(result._result.get("msg", "")),
                _counts(result._task),
            )

    def v2_playbook_on_stats(self, stats):
        hosts, failures = self._fleet.tell()
        if hosts and stats is not CallbackModule._told:
            CallbackModule._told = stats
            self._show(
                lay_out(
                    hosts,
                    failures,
                    _room(),
                    _wants_ascii(),
                    self.get_option("sort"),
                    max(0, self.get_option("rows")),
                )
            )

    def _add(self, result, failed=False, item=False):
        returned = result._result
        only_started = "ansible_job_id" in returned and not returned.get("finished")
        if only_started or not item and _sums_a_loop_up(result):
            return
        facts = returned.get("ansible_facts")
        if _counts(result._task) or isinstance(facts, dict) and "postfix_queue" in facts:
            self._fleet.add(_host(result, item), result._task._uuid, returned, failed)

    def _show(self, lines):
        colours = {
            HEADING: C.COLOR_HIGHLIGHT,
            NOTHING: C.COLOR_DEBUG,
            UNSURE: C.COLOR_CHANGED,
            BAR: C.COLOR_VERBOSE,
            BAD: C.COLOR_ERROR,
        }
        plain = "\n".join("".join(text for text, dummy in line) for line in lines)
        # stringc leaves the colours out where Ansible does without, which takes some values of
        # NO_COLOR for false.
        coloured = "\n".join(
            "".join(
                stringc(text, colours[style]) if style in colours else text for text, style in line
            )
            for line in lines
        )
        self._display.display(
            "\n" + (plain if os.environ.get("NO_COLOR") else coloured), screen_only=True
        )
        self._display.display("\n" + plain, log_only=True)


def _host(result, item=False):
    """Whom a loop delegates to is known for its items only."""
    delegated = result._task.delegate_to if item or result._task.loop is None else None
    return delegated or result._host.get_name()


def _sums_a_loop_up(result):
    """Whether the result is that of a loop whose items came one by one; it lacks them where it is
    censored."""
    return (
        "results" in result._result
        or "censored" in result._result
        and result._task.loop is not None
    )


def _counts(task):
    return task.action in ACTIONS


def _room():
    """The columns of the terminal, None where there is none."""
    return shutil.get_terminal_size((0, 0)).columns or None


def _wants_ascii():
    """Ansible itself insists on UTF-8, but Python turns the locale C into C.UTF-8 where LC_ALL is
    not set."""
    if (
        locale.nl_langinfo(locale.CODESET).replace("-", "").lower() != "utf8"
        or "utf" not in (sys.stdout.encoding or "").lower()
    ):
        return True
    coerced = os.environ.get("LC_CTYPE") == "C.UTF-8" and not os.environ.get("LC_ALL")
    return coerced and os.environ.get("LANG", "") in ("", "C", "POSIX")

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: datadog_assets
short_description: Define what the collection owns in a Datadog account
version_added: 1.0.0
author:
  - The mailops.postfix authors (@mailops)
description:
  - Returns a dashboard, a log pipeline and monitors for Postfix as Datadog's API takes them. The
    role P(mailops.postfix.datadog_assets#role) applies them with M(mailops.postfix.datadog_asset).
  - Warns if monitors are wanted and there is no recipient.
options:
  _input:
    description:
      - Options of the role, without their prefix C(datadog_assets_). An option that is left out has
        the role's default. Those about the account, such as the site and the keys, are not known.
    type: dict
    required: true
  ids:
    description:
      - The ids of the monitors V(silent_zero_sizes) and V(silent_zero_log) in the account, by these
        names. The query of the monitor V(silent_zero) has C(${silent_zero_sizes}) and
        C(${silent_zero_log}) where they are not known.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Write the dashboard with a limit of our own, to import it by hand
  ansible.builtin.copy:
    content: >-
      {{ ({'active_limit': 50000, 'active_threshold': 45000} | mailops.postfix.datadog_assets
      | selectattr('name', 'eq', 'dashboard') | first).definition | to_nice_json }}
    dest: dashboard.json
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - A dictionary for each asset, in an order in which they can be created. Remove them in the
      reverse order.
    - C(kind) and C(name) are those of M(mailops.postfix.datadog_asset), C(definition) is the body,
      and C(wanted) says whether the options ask for it.
  type: list
  elements: dict
"""

import typing

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.assets import assets
from ansible_collections.mailops.postfix.plugins.plugin_utils._assets.options import (
    MONITORS,
    checked,
)

_display = Display()


def datadog_assets(
    options: dict[str, typing.Any], ids: dict[str, typing.Any] | None = None
) -> list[dict[str, typing.Any]]:
    """The assets, see RETURN. Raises AnsibleFilterError with everything that is wrong with the
    options."""
    found, problems = checked(options)
    if problems:
        raise AnsibleFilterError("\n".join(problems))
    if not found["recipients"] and set(MONITORS) & set(found["wanted"]):
        _display.warning(
            "datadog_assets_recipients is empty, so the monitors notify nobody. Set it, for"
            " example to ['@mail-team@example.com']."
        )
    return assets(found, {name: one for name, one in (ids or {}).items() if one})


class FilterModule:
    def filters(self) -> dict[str, typing.Any]:
        return {"datadog_assets": datadog_assets}

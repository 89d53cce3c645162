# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attributes of the collection's modules for ansible-doc."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: C(module_defaults) for the group sets defaults of all modules of the collection.
    support: full
    membership: [mailops.postfix.postfix]
  check_mode:
    description: Runs in check mode and shows what it would change.
  diff_mode:
    description: Shows what changes in diff mode.
  facts:
    description: Returns host facts.
  idempotent:
    description: A second run changes nothing.
  platform:
    description: The systems on which the module runs.
"""

    # For modules that change nothing.
    READS = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: The module changes nothing, so check mode makes no difference.
  diff_mode:
    support: N/A
    details: The module changes nothing.
  facts:
    support: full
  idempotent:
    support: full
    details: RV(ignore:changed) is always V(false).
  platform:
    platforms: posix
    support: full
"""

    # For modules that change something.
    CHANGES = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  facts:
    support: none
  idempotent:
    support: full
  platform:
    platforms: posix
    support: full
"""

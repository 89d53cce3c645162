# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules of this collection can do, in the words of ansible-doc."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and tells then what it would do.
  diff_mode:
    description: Shows in diff mode what changes.
  facts:
    description: Returns host facts.
  idempotent:
    description: A second run in a row changes nothing.
  platform:
    description: The systems that the module runs on.
"""

    # For modules that only look.
    READS = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: It only reads, so it does the same in check mode.
  diff_mode:
    support: N/A
    details: It changes nothing.
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

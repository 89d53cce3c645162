# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's surroundings, whatever else the test run has loaded."""

from __future__ import annotations

import pytest
from ansible.module_utils import _internal


@pytest.fixture(autouse=True)
def on_a_host(monkeypatch):
    """Where another test has loaded parts of Ansible's controller, its display would take the
    warnings that a module returns."""
    monkeypatch.setattr(_internal, "is_controller", False)

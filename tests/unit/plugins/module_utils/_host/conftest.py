# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import tempfile

import pytest

OTHER = 54321


@pytest.fixture
def own():
    """A directory that nobody but root can change, on the way to it as well."""
    with tempfile.TemporaryDirectory(dir="/var/lib") as directory:
        yield directory


@pytest.fixture
def foreign():
    """A directory that belongs to another user, in the shared one of temporary files; pytest's own
    are closed to others."""
    with tempfile.TemporaryDirectory() as directory:
        if os.geteuid() == 0:
            os.chown(directory, OTHER, OTHER)
        yield directory

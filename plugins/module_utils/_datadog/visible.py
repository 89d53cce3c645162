# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text of an account, fit for a terminal, which would act on an escape sequence."""

from __future__ import annotations

import json


def visible(text: str, keep: str = "") -> str:
    """The text with JSON's escape for each character that is not seen, or that reorders what is
    around it; keep: characters that stay as they are."""
    return "".join(
        one if one.isprintable() or one in keep else json.dumps(one)[1:-1] for one in text
    )

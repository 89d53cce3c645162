# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What marks a file as written by this collection, and how diff mode shows a change of one."""

from __future__ import annotations

# The first line of the role's files since version 0.1.0.
MARKER = "# Managed by Ansible (mailops.postfix.datadog_postfix): changes are overwritten."


def marked(text: str | None) -> bool:
    """Whether a file's text begins with the marker; None for no file."""
    return text is not None and text.startswith(MARKER + "\n")


def difference(path: str, before: str | None, after: str | None) -> dict[str, str]:
    """A file's change as Ansible shows it in diff mode; None for no file. Bytes that are not UTF-8
    come as question marks, since a result must not hold them."""
    return {
        "before_header": path,
        "after_header": path,
        "before": printable(before or ""),
        "after": printable(after or ""),
    }


def printable(text: str) -> str:
    """The text with question marks for what stands for bytes that are not UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def permissions(mode: int, uid: int, gid: int) -> str:
    """Mode and owners as diff mode shows them where only they change."""
    return f"mode {mode:04o}, uid {uid}, gid {gid}\n"

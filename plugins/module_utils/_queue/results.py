# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result that postfix_queue returns."""

from __future__ import annotations

from typing import Any


def result(facts: dict[str, Any] | None, errors: list[dict[str, Any]]) -> dict[str, Any]:
    """The result with these facts, if any, and these errors; with an error it is a failure."""
    answer = as_text({"ansible_facts": {"postfix_queue": facts}} if facts else {})
    if not errors:
        return dict(answer, changed=False)
    errors = as_text(errors)
    msg = " ".join(_describe(error) for error in errors)
    return dict(answer, failed=True, msg=msg, errors=errors)


def as_text(value: Any) -> Any:
    """The same with every character that UTF-8 does not know replaced; names of files may contain
    any bytes, and Ansible refuses them in a result."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: as_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_text(part) for part in value]
    return value


def _describe(error: dict[str, Any]) -> str:
    """An error in one line."""
    where = f" ({error['config_directory']})" if error["config_directory"] else ""
    return f"{error['kind']}{where}: {error['message']}. {error['hint']}"

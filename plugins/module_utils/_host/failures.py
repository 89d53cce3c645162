# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors that several modules raise alike: about an option, the caller's rights, or what the
system answers."""

from __future__ import annotations

import os
import pwd

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError


def bad_argument(option: str, value: object, wrong: str, hint: str) -> HostError:
    """The HostError about the value of an option; wrong completes the sentence that begins with
    the value."""
    return HostError("bad_argument", f"{option}: {value!r} {wrong}", hint=f"{hint}.")


def find_user(option: str, name: str) -> pwd.struct_passwd:
    """The user that an option names. Raises HostError (bad_argument)."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise bad_argument(
            option, name, "is not a user on this host", "Create the user or correct the name"
        ) from None


def require_root(what: str) -> None:
    """Raises HostError (permission_denied) for callers other than root; what: "only root can" is
    put before it."""
    if os.geteuid() != 0:
        raise HostError(
            "permission_denied", f"only root can {what}", hint="Run as root (become: true)."
        )


def of_system(error: OSError, path: str | None = None) -> HostError:
    """The HostError for an error of the system; path: where it happened, if the error does not
    say."""
    kind = "permission_denied" if isinstance(error, PermissionError) else "command_failed"
    place = error.filename if isinstance(error.filename, str) else path
    reason = str(error.strerror or error)
    return HostError(
        kind,
        f"{place}: {reason}" if place else reason,
        hint="Look at this file and its directory as root ('namei -l').",
    )

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error kinds from what commands say when they refuse: text in, kind out.

Texts of Postfix: postqueue(1), src/postqueue/postqueue.c and src/util/msg_output.c. All fatal
errors of postqueue exit 69, so only the text distinguishes them. Texts of sudo: sudo(8),
plugins/sudoers/logging.c. Texts of find: GNU findutils and BSD find."""

from __future__ import annotations

import re

_POSTFIX = (
    (re.compile(r"fatal: User .* is not allowed to view the mail queue"), "not_authorized"),
    (re.compile(r"fatal: Queue report unavailable - mail system is down"), "mail_system_down"),
    (re.compile(r"error: unauthorized configuration directory name"), "config_directory_refused"),
    (re.compile(r"fatal: Connect to the Postfix showq service: Permission denied"), "no_setgid"),
    (re.compile(r"fatal: malformed showq server response"), "showq_failed"),
    (
        re.compile(
            r"fatal: (open \S+/(main|master)\.cf|bad string length|bad numerical|bad"
            r" boolean|\S+/main\.cf, line \d+)"
        ),
        "bad_config",
    ),
)
_POSTFIX_CAUSE = re.compile(r"^\S+: (?:fatal|panic|error): ")
_NO_JSON = re.compile(r"invalid option -- '?j'?|illegal option -- j")
# sudo reports these two and runs the command all the same.
_SUDO = re.compile(
    r"^(sudo: (?!unable to resolve host|setrlimit\()|Sorry, user |\S+ is not (in the sudoers"
    r" file|allowed to run sudo))",
    re.MULTILINE,
)
_FIND = re.compile(
    r"^(?:/\S*/)?find: (?P<quote>['\"\u2018]?)(?P<path>/.*?)['\"\u2019]?: (?P<reason>[^:]+)$"
)
_GONE = ("No such file or directory", "Not a directory")
_FIND_KINDS = {
    "Permission denied": "permission_denied",
    "Input/output error": "io_error",
    "Stale file handle": "io_error",
    "File name too long": "io_error",
    "Too many levels of symbolic links": "io_error",
}


def cause_of(stderr: str, rc: int) -> str:
    """The line of a failed command's stderr that names the cause: the last one in which Postfix
    calls it fatal or an error, or else the last one; the exit code if there is none."""
    lines = stderr.strip().splitlines()
    causes = [line for line in lines if _POSTFIX_CAUSE.match(line)] or lines
    return causes[-1] if causes else f"exit code {rc} without a message"


def postfix_refusal(stderr: str) -> str:
    """The kind of a failure of postqueue or postconf; V(command_failed) for an unknown text."""
    for pattern, kind in _POSTFIX:
        if pattern.search(stderr):
            return kind
    return "command_failed"


def lacks_json(stderr: str) -> bool:
    """Whether postqueue said that it has no option -j, as before Postfix 3.1."""
    return bool(_NO_JSON.search(stderr))


def is_sudo_refusal(stderr: str) -> bool:
    """Whether sudo itself, not the command that it runs, refused."""
    return bool(_SUDO.search(stderr))


def find_refusal(stderr: str, directory: str) -> str | None:
    """The kind of the first failure of C(find DIRECTORY) with exit code 1, run by sudo or not;
    None if find said no more than that entries below the directory vanished."""
    said_by_find = [_FIND.match(line) for line in stderr.splitlines()]
    if not any(said_by_find):
        return "sudo_refused" if is_sudo_refusal(stderr) else "command_failed"
    # find ran, so sudo did not refuse, whatever else it said.
    for line, said in zip(stderr.splitlines(), said_by_find):
        if said is None:
            if line.strip() and not line.startswith("sudo: "):
                return "command_failed"
        elif said.group("reason") not in _GONE:
            return _FIND_KINDS.get(said.group("reason"), "command_failed")
        elif said.group("path") == directory:
            return "missing_queue"
    return None

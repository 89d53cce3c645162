# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the commands say when they refuse, turned into error kinds: text in, kind out.

Texts of Postfix: postqueue(1), src/postqueue/postqueue.c and src/util/msg_output.c. All fatal
errors of postqueue exit 69, so only the text tells them apart. Texts of sudo: sudo(8),
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
_NO_JSON = re.compile(r"invalid option -- '?j'?|illegal option -- j")
_SUDO = re.compile(
    r"^(sudo: (?!unable to resolve host)|Sorry, user |\S+ is not (in the sudoers file|allowed to"
    r" run sudo))",
    re.MULTILINE,
)
_FIND = re.compile(
    r"^(?:/\S*/)?find: (?P<quote>['\"\u2018]?)(?P<path>/.*?)['\"\u2019]?: (?P<reason>[^:]+)$"
)


def reason_of(stderr: str, rc: int) -> str:
    """What a failed command said, or its exit code where it said nothing."""
    return stderr.strip() or f"exit code {rc} without a message"


def postfix_refusal(stderr: str) -> str:
    """The kind of a failure of postqueue or postconf; V(command_failed) where the text is not
    known."""
    for pattern, kind in _POSTFIX:
        if pattern.search(stderr):
            return kind
    return "command_failed"


def lacks_json(stderr: str) -> bool:
    """Whether postqueue said that it has no option -j, as before Postfix 3.1."""
    return bool(_NO_JSON.search(stderr))


def is_sudo_refusal(stderr: str) -> bool:
    """Whether sudo itself, not the command under it, refused. Its note on an unresolvable host name
    is no refusal."""
    return bool(_SUDO.search(stderr))


def find_refusal(stderr: str, directory: str):
    """The kind of the first real failure of C(find DIRECTORY), or None where all that it says is
    that entries below it vanished."""
    for line in stderr.splitlines():
        said = _FIND.match(line)
        if not said:
            if line.startswith("sudo: unable to resolve host") or not line.strip():
                continue
            return "command_failed"
        gone = said.group("reason") == "No such file or directory"
        if gone and said.group("path") == directory:
            return "missing_queue"
        if said.group("reason") == "Permission denied":
            return "permission_denied"
        if not gone:
            return "command_failed"
    return None

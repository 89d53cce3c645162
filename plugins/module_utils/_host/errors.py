# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error of everything that reads or changes a host, and the closed list of its kinds, each with
a hint."""

from __future__ import annotations

import shlex
from typing import Any

KINDS = {
    "bad_argument": "Correct this option.",
    "not_installed": (
        "Install Postfix. To count in a directory without Postfix, set queue_directory."
    ),
    "agent_not_installed": (
        "Install the Datadog Agent, or set binary to its program (on macOS"
        " /opt/datadog-agent/bin/agent/agent)."
    ),
    "agent_starting": (
        "Wait until the Agent runs ('datadog-agent status'), which writes these files when it first"
        " starts. Then run this again."
    ),
    "bad_config": (
        "Run 'postconf -n' for this instance as the same user, and correct the main.cf that it"
        " names."
    ),
    "unknown_parameter": (
        "Correct the name ('postconf -d' lists all). Another parameter must use a name of your own,"
        " as $name or as a restriction class."
    ),
    "config_directory_refused": (
        "Add the directory, letter for letter and without a trailing slash, to"
        " alternate_config_directories or multi_instance_directories in the default main.cf, or run"
        " as root."
    ),
    "not_authorized": "Add the user to authorized_mailq_users of this instance, or run as root.",
    "mail_system_down": (
        "Start this Postfix instance. Only root can list the queue of a stopped one."
    ),
    "not_running": (
        "Start this Postfix instance, or look in the mail log for the reason why it stopped."
    ),
    "no_setgid": (
        "Check that postqueue is set-gid to Postfix's setgid_group, on a mount without nosuid and"
        " not under no_new_privs, and that the user can enter the queue directory and its 'public'"
        " directory. 'postfix set-permissions' restores the modes."
    ),
    "showq_failed": (
        "If this instance never ran, start it. Otherwise look in the mail log for the reason that"
        " showq gives."
    ),
    "truncated_listing": (
        "Look in the mail log for the reason why showq stopped, correct it, and run this again."
        " A partial listing is not a count."
    ),
    "unparsed_listing": (
        "Run the command by hand and look at its output. A listing that is not understood is"
        " not a count."
    ),
    "permission_denied": (
        "Run as root (become: true), set sudo_user to go through sudo, or use method=postqueue."
    ),
    "sudo_refused": (
        "Compare the command with 'sudo -l' of the calling user. User, run-as user, path and"
        " arguments must match, with NOPASSWD."
    ),
    "bad_policy": "Correct the file that is named with 'visudo -f FILE', then run this again.",
    "unsafe_path": (
        "Look at it ('ls -ld') and at who can write to its directory, remove what does not belong"
        " there, then run this again."
    ),
    "bad_record": (
        "Correct this file, which says what was granted on this host. Or look for the grants"
        " yourself ('getfacl' of the log and its directory, 'id' of the user, /etc/sudoers.d,"
        " 'postconf -n'), revoke them, and remove the file."
    ),
    "missing_queue": (
        "If this instance never ran, start it, which creates its queues. Otherwise compare the path"
        " with 'postconf queue_directory'."
    ),
    "io_error": ("Look at this path ('namei -l'), and at its disk or mount ('df', 'dmesg')."),
    "unknowable": "Use method=find as root or with sudo_user, or do not ask for it.",
    "limit_exceeded": (
        "Look at the messages with 'postqueue -p', or with details=age,domains,reasons."
    ),
    "check_failed": (
        "Correct what the check reports, as the Agent's user sees it. Then run the command by hand"
        " as that user."
    ),
    "unparsed_check": (
        "Run the command by hand as the same user and look at its output. A result that is not"
        " understood proves nothing."
    ),
    "not_provisioned": "Run the role datadog_postfix on this host.",
    "not_as_planned": (
        "Run the role again. If somebody changed it on purpose, set the role's options accordingly."
    ),
    "wrong_number": (
        "Look at what the check says ('datadog-agent check postfix' as the Agent's user), then run"
        " the role again."
    ),
    "agent_not_running": (
        "Look for the reason ('systemctl status datadog-agent', 'journalctl -u datadog-agent'),"
        " then start it."
    ),
    "agent_outdated": (
        "Restart the Agent ('systemctl restart datadog-agent'), or run the role again."
    ),
    "agent_restricted": "Correct the Agent's unit ('systemctl cat datadog-agent').",
    "log_not_open": "Look at 'datadog-agent status', section Logs Agent, for the reason.",
    "datadog_forbidden": (
        "Give the application key, and the user who owns it, the permissions for this kind of"
        " asset."
    ),
    "datadog_wrong_site": (
        "Compare site with the address of your Datadog pages (https://app.datadoghq.eu is site"
        " datadoghq.eu), and the API key with the organization's settings."
    ),
    "datadog_unreachable": (
        "Look at the network and the proxy of the host that runs this (https_proxy), and compare"
        " site with the address of your Datadog pages."
    ),
    "datadog_rate_limited": (
        "Run this again later, or raise timeout. Other users of the keys share the limit."
    ),
    "datadog_refused": "Correct the definition where Datadog says.",
    "datadog_answer": (
        "Run this again. If it stays, look at what answers in place of Datadog's API, such as a"
        " proxy."
    ),
    "datadog_ambiguous": (
        "Remove the marker from the asset that is not this collection's, then run this again."
    ),
    "torn_answer": (
        "If a start-up file of the login shell prints something, remove that. If the connection was"
        " cut, run this again. With mailops_postfix_gatherer=false the module is sent instead."
    ),
    "timeout": (
        "Look for a stopped Postfix master (state T in ps) or a disk that hangs. If the queue is"
        " only large, raise timeout."
    ),
    "command_failed": (
        "Run the command by hand as the same user. Its exit code and stderr are given here."
    ),
}


class HostError(Exception):
    """Why a host could not be read or changed.

    kind: one of KINDS; message: the cause in one sentence; hint: what to do (default: that of
    the kind); command: argument list or None; rc: exit code, negative for a signal, or None;
    stderr: str."""

    def __init__(
        self,
        kind: str,
        message: str,
        command: list[str] | None = None,
        rc: int | None = None,
        stderr: str = "",
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint or KINDS[kind]
        self.command = command
        self.rc = rc
        self.stderr = stderr

    def as_dict(self) -> dict[str, Any]:
        """The error as a module returns it; the command is one string, quoted to be pasted into a
        shell."""
        return {
            "kind": self.kind,
            "message": self.message,
            "hint": self.hint,
            "command": (
                " ".join(shlex.quote(word) for word in self.command) if self.command else None
            ),
            "rc": self.rc,
            "stderr": self.stderr.strip(),
        }


def os_error(error: OSError, path: str) -> HostError:
    """The HostError (permission_denied, io_error) for a path that exists and cannot be read."""
    kind = "permission_denied" if isinstance(error, PermissionError) else "io_error"
    return HostError(kind, f"{path} cannot be read: {error.strerror or error}")

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error of the collectors, and the closed list of its kinds, each with what to do about
it."""

from __future__ import annotations

import shlex

KINDS = {
    "bad_argument": "Correct the option that is named.",
    "not_installed": (
        "Install Postfix. postfix_queue can count in a directory without asking Postfix, with"
        " queue_directory."
    ),
    "agent_not_installed": (
        "Install the Datadog Agent, or name its program in binary, on macOS"
        " /opt/datadog-agent/bin/agent/agent."
    ),
    "agent_starting": (
        "Wait until the Agent runs ('datadog-agent status'), which writes these files at its first"
        " start, then run this again."
    ),
    "bad_config": (
        "Run 'postconf -n' for this instance as the same user and correct the main.cf that it"
        " names."
    ),
    "unknown_parameter": (
        "Correct the name ('postconf -d' lists all); a name of one's own must be used by another"
        " parameter, as $name or as a restriction class."
    ),
    "config_directory_refused": (
        "Name the directory, letter for letter and without a trailing slash, in"
        " alternate_config_directories or multi_instance_directories of the default main.cf, or run"
        " as root."
    ),
    "not_authorized": "Add the user to authorized_mailq_users of this instance, or run as root.",
    "mail_system_down": (
        "Start this Postfix instance; only root can list the queue of a stopped one."
    ),
    "no_setgid": (
        "Check that postqueue is set-gid to Postfix's setgid_group, on a mount without nosuid and"
        " not under no_new_privs, and that the queue directory and its 'public' directory can be"
        " entered; 'postfix set-permissions' restores the modes."
    ),
    "showq_failed": (
        "Start this instance if it never ran; else look in the mail log for the reason that showq"
        " gives."
    ),
    "truncated_listing": (
        "Look in the mail log for why showq stopped, hint that, and run again; a part of a listing"
        " is no count."
    ),
    "unparsed_listing": (
        "Run the command by hand and look at what it prints; a listing that is not understood is no"
        " count."
    ),
    "permission_denied": (
        "Run as root (become: true), give sudo_user to go through sudo, or use method=postqueue."
    ),
    "sudo_refused": (
        "Compare the command with 'sudo -l' of the calling user: user, run-as user, path and"
        " arguments must match, with NOPASSWD."
    ),
    "bad_policy": "Correct the file that is named with 'visudo -f FILE', then run this again.",
    "unsafe_path": (
        "Look at it ('ls -ld') and at who can write to its directory, remove what does not belong"
        " there, then run this again."
    ),
    "bad_record": (
        "Correct this file, which says what was granted on this host; or look for that yourself"
        " ('getfacl' of the log and its directory, 'id' of the user, /etc/sudoers.d, 'postconf"
        " -n'), revoke it, and remove the file."
    ),
    "missing_queue": (
        "Start this instance if it never ran, which makes its queues; else compare the path with"
        " 'postconf queue_directory'."
    ),
    "unknowable": "Use method=find as root or with sudo_user, or do not ask for it.",
    "limit_exceeded": (
        "Look at what waits there: 'postqueue -p', or this module with details=age,domains,reasons."
    ),
    "check_failed": (
        "Mend what the check names, as the Agent's user sees it; then run the command by hand as"
        " that user."
    ),
    "unparsed_check": (
        "Run the command by hand as the same user and look at what it prints; a result that is not"
        " understood proves nothing."
    ),
    "not_provisioned": "Run the role datadog_postfix on this host.",
    "not_as_planned": (
        "Run the role again; where somebody changed it on purpose, set the role's options"
        " accordingly."
    ),
    "wrong_number": (
        "Look at what the check says ('datadog-agent check postfix' as the Agent's user), then run"
        " the role again."
    ),
    "agent_not_running": (
        "Look why ('systemctl status datadog-agent', 'journalctl -u datadog-agent'), then start it."
    ),
    "agent_outdated": (
        "Restart the Agent ('systemctl restart datadog-agent'), or run the role again."
    ),
    "agent_restricted": "Correct the Agent's unit ('systemctl cat datadog-agent').",
    "log_not_open": "Look at 'datadog-agent status', section Logs Agent, for the reason.",
    "timeout": (
        "Look for a stopped Postfix master (state T in ps) or a disk that hangs; where the queue is"
        " only large, raise timeout."
    ),
    "command_failed": (
        "Run the command by hand as the same user; its exit code and stderr are given here."
    ),
}


class HostError(Exception):
    """Why a number cannot be told.

    kind: one of KINDS; message: the cause in one sentence; hint: what to do (default: that of
    the kind); command: argument list or None; rc: exit code, negative for a signal, or None;
    stderr: str."""

    def __init__(self, kind, message, command=None, rc=None, stderr="", hint=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint or KINDS[kind]
        self.command = command
        self.rc = rc
        self.stderr = stderr

    def as_dict(self):
        """The error as a module returns it; the command is one shell-quoted string, to be
        pasted."""
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

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command line of the collection, built in one place.

The output of Postfix is read as text with every version. Since 3.11 C(postconf) and C(postmulti)
print JSON as well, but that of C(postmulti -jl) is wrong in 3.11.7: it cuts each group to its first
letter."""

from __future__ import annotations

from typing import Iterable


def postconf_values(names: Iterable[str], config_directory: str | None = None) -> list[str]:
    """Values of main.cf parameters, one a line, C($name) expanded (postconf(1): -h, -x)."""
    return ["postconf", *_instance(config_directory), "-hx", *names]


def postconf_parameters(names: Iterable[str], config_directory: str | None = None) -> list[str]:
    """Parameters as C(name = value), C($name) expanded (postconf(1): -x).

    An unknown name gives a warning and no line."""
    return ["postconf", *_instance(config_directory), "-x", *names]


def postconf_set(config_directory: str) -> list[str]:
    """The parameters that main.cf sets, as C(name = value) (postconf(1): -n).

    A setting that Postfix does not use gives a warning and no line."""
    return ["postconf", *_instance(config_directory), "-n"]


def postconf_edit(config_directory: str, name: str, value: str) -> list[str]:
    """Set a parameter in main.cf (postconf(1): -e)."""
    return ["postconf", *_instance(config_directory), "-e", f"{name}={value}"]


def postconf_exclude(config_directory: str, name: str) -> list[str]:
    """Remove a parameter from main.cf (postconf(1): -X)."""
    return ["postconf", *_instance(config_directory), "-X", name]


def postmulti_list() -> list[str]:
    """Every instance, one a line (postmulti(1): -l)."""
    return ["postmulti", "-l"]


def systemctl_show(properties: Iterable[str], units: Iterable[str]) -> list[str]:
    """Properties of units, one paragraph a unit; any user may ask (systemctl(1))."""
    return ["systemctl", "show", f"--property={','.join(properties)}", "--", *units]


def systemctl_show_utc(properties: Iterable[str], units: Iterable[str]) -> list[str]:
    """The same with times in UTC, whatever the host's time zone."""
    return ["env", "TZ=UTC", *systemctl_show(properties, units)]


def launchctl_print(service: str) -> list[str]:
    """The state of a service in the system domain of macOS (launchctl(1))."""
    return ["launchctl", "print", "system/" + service]


def postqueue_json(config_directory: str | None = None) -> list[str]:
    """The queue as JSON lines (postqueue(1): -j, Postfix 3.1 and later)."""
    return ["postqueue", *_instance(config_directory), "-j"]


def postqueue_plain(config_directory: str | None = None) -> list[str]:
    """The queue in sendmail's traditional format (postqueue(1): -p)."""
    return ["postqueue", *_instance(config_directory), "-p"]


def find_files(directory: str) -> list[str]:
    """The regular files below a directory."""
    return ["find", directory, "-type", "f"]


def find_queues(directories: Iterable[str]) -> list[str]:
    """Type and depth of each file, link and so on below the directories, and which of them it is
    below. At depth 0 something has replaced that directory.

    Only GNU find knows all of these words; the first of its own changes nothing."""
    own = ["-noignore_readdir_race", "!", "-type", "d", "-printf", "%y %d %H\\n"]
    return ["find", "-P", *directories, *own]


def stat_file(path: str) -> list[str]:
    """Mode in hexadecimal, inode and device of a file, links followed (GNU and busybox)."""
    return ["stat", "-L", "-c", "%f %i %d", path]


def sudo_find_files(user: str, directory: str) -> list[str]:
    """The command of the Datadog Agent's check (datadog_checks/postfix/postfix.py), with -n so that
    sudo never asks for a password.

    sudo finds C(find) itself, through its secure_path, as it does for the Agent."""
    return ["sudo", "-n", "-u", user, *find_files(directory)]


def agent_check(binary: str, check: str) -> list[str]:
    """One run of a check of the Datadog Agent; prints lines of text, then JSON.

    binary: a name or an absolute path."""
    return [binary, "check", check, "--json"]


def sudo_version() -> list[str]:
    """The version of sudo and, for root, the path of its policy (sudo(8): -V).

    Works with an invalid policy, too."""
    return ["sudo", "-V"]


def sudo_list() -> list[str]:
    """What the calling user may run through sudo; never asks for a password (sudo(8): -l, -n)."""
    return ["sudo", "-n", "-l"]


def visudo_version() -> list[str]:
    """The version of visudo and, except for sudo-rs, that of its grammar (visudo(8): -V)."""
    return ["visudo", "-V"]


def visudo_check() -> list[str]:
    """Check sudo's policy (visudo(8): -c). Rejects file modes that sudo accepts."""
    return ["visudo", "-c"]


def visudo_check_file(path: str) -> list[str]:
    """Check a policy and all that it includes (visudo(8): -c, -f)."""
    return ["visudo", "-cf", path]


def cvtsudoers_defaults(user: str, path: str) -> list[str]:
    """The Defaults lines of a policy that may apply to a user, by name or by group, as JSON without
    aliases (cvtsudoers(1)).

    C(sudo -l -U) would be shorter, but fails where requiretty is set. Lines for a command or a
    run-as user are omitted, because C(Defaults:USER) cannot override them. The user's lines are
    complete, so !requiretty does not hide an earlier requiretty."""
    return [
        "cvtsudoers",
        "-f",
        "json",
        "-e",
        "-M",
        "-m",
        f"user={user}",
        "-d",
        "global,host,user",
        "-s",
        "aliases,privileges",
        path,
    ]


def getfacl(path: str) -> list[str]:
    """Both access lists of a file or directory, owners as numbers, no comments (getfacl(1))."""
    return ["getfacl", "-pnE", "--", path]


def setfacl(path: str, changed: Iterable[str], removed: Iterable[str]) -> list[str]:
    """Set and remove entries at once; setfacl does not recalculate the mask (setfacl(1): -n)."""
    changes = (("-m", ",".join(changed)), ("-x", ",".join(removed)))
    options = [word for option, entries in changes if entries for word in (option, entries)]
    return ["setfacl", "-n", *options, "--", path]


def setfacl_no_default(directory: str) -> list[str]:
    """Remove the default access list of a directory (setfacl(1): -k)."""
    return ["setfacl", "-k", "--", directory]


def usermod_add(user: str, group: str) -> list[str]:
    """Add a user to a group (usermod(8))."""
    return ["usermod", "-a", "-G", group, user]


def gpasswd_delete(user: str, group: str) -> list[str]:
    """Remove a user from a group (gpasswd(1))."""
    return ["gpasswd", "-d", user, group]


def journal_last() -> list[str]:
    """The last message of the system journal (journalctl(1)).

    Without --system a user would get messages of their own."""
    return ["journalctl", "--system", "--quiet", "--no-pager", "--lines=1", "--output=cat"]


def journal_of(identifiers: Iterable[str]) -> list[str]:
    """The last messages in the system journal with one of these identifiers (journalctl(1))."""
    matches = [f"SYSLOG_IDENTIFIER={identifier}" for identifier in identifiers]
    return [
        "journalctl",
        "--system",
        "--quiet",
        "--no-pager",
        "--lines=50",
        "--output=cat",
        *matches,
    ]


def postlog(config_directory: str, tag: str) -> list[str]:
    """Log standard input the way this instance's daemons log (postlog(1))."""
    return ["postlog", *_instance(config_directory), "-p", "info", "-t", tag]


def logrotate_version() -> list[str]:
    """The version of logrotate and its build options (logrotate(8))."""
    return ["logrotate", "--version"]


def _instance(config_directory: str | None) -> list[str]:
    return ["-c", config_directory] if config_directory else []

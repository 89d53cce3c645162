# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command line of the collection, built in one place."""

from __future__ import annotations


def postconf_values(names, config_directory=None):
    """Values of main.cf parameters, a line each, C($name) expanded (postconf(1): -h, -x)."""
    return ["postconf"] + _instance(config_directory) + ["-hx"] + list(names)


def postconf_parameters(names, config_directory=None):
    """Parameters as C(name = value), C($name) expanded; an unknown name is left out with a
    warning (postconf(1): -x)."""
    return ["postconf"] + _instance(config_directory) + ["-x"] + list(names)


def postconf_set(config_directory):
    """What main.cf sets, as C(name = value); what it sets to no purpose comes as a warning
    (postconf(1): -n)."""
    return ["postconf"] + _instance(config_directory) + ["-n"]


def postconf_edit(config_directory, name, value):
    """Sets a parameter in main.cf (postconf(1): -e)."""
    return ["postconf"] + _instance(config_directory) + ["-e", f"{name}={value}"]


def postconf_exclude(config_directory, name):
    """Removes a parameter from main.cf (postconf(1): -X)."""
    return ["postconf"] + _instance(config_directory) + ["-X", name]


def postmulti_list():
    """Every instance, a line each (postmulti(1): -l)."""
    return ["postmulti", "-l"]


def systemctl_show(properties, units):
    """Properties of units, a paragraph each; works for everybody (systemctl(1))."""
    return ["systemctl", "show", f"--property={','.join(properties)}", "--"] + list(units)


def systemctl_show_utc(properties, units):
    """The same with times in UTC, whatever the host's time zone."""
    return ["env", "TZ=UTC"] + systemctl_show(properties, units)


def launchctl_print(service):
    """The state of a service of macOS's system domain (launchctl(1))."""
    return ["launchctl", "print", "system/" + service]


def postqueue_json(config_directory=None):
    """The queue as JSON lines (postqueue(1): -j, Postfix 3.1 and later)."""
    return ["postqueue"] + _instance(config_directory) + ["-j"]


def postqueue_plain(config_directory=None):
    """The queue in the traditional form of sendmail (postqueue(1): -p)."""
    return ["postqueue"] + _instance(config_directory) + ["-p"]


def find_files(directory):
    """The regular files below a directory."""
    return ["find", directory, "-type", "f"]


def sudo_find_files(user, directory):
    """The command that the Datadog Agent's check runs (datadog_checks/postfix/postfix.py), with
    -n so that it never asks.

    sudo finds C(find) itself, through its secure_path, as it does for the Agent.
    """
    return ["sudo", "-n", "-u", user] + find_files(directory)


def agent_check(binary, check):
    """One run of a check of the Datadog Agent, its result as JSON after lines of text; binary is
    a name or an absolute path."""
    return [binary, "check", check, "--json"]


def sudo_version():
    """sudo's version, and for root where its policy is (sudo(8): -V); it answers with a wrong
    policy too."""
    return ["sudo", "-V"]


def sudo_list():
    """What the calling user may run through sudo; never asks (sudo(8): -l, -n)."""
    return ["sudo", "-n", "-l"]


def visudo_version():
    """visudo's version, with sudo's original its grammar's as well (visudo(8): -V)."""
    return ["visudo", "-V"]


def visudo_check():
    """Whether sudo's policy is valid; it complains of modes that sudo accepts, too (visudo(8):
    -c)."""
    return ["visudo", "-c"]


def visudo_check_file(path):
    """Whether a policy, with all that it includes, is valid (visudo(8): -c, -f)."""
    return ["visudo", "-cf", path]


def cvtsudoers_defaults(user, path):
    """The Defaults lines of a policy that may apply to a user, by name or by group, as JSON
    without aliases (cvtsudoers(1)).

    C(sudo -l -U) would be shorter, but itself fails where requiretty is set. Lines for a command
    or a run-as user are left out, since C(Defaults:USER) cannot undo them. The user's lines come
    whole, so !requiretty does not hide an earlier requiretty."""
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


def getfacl(path):
    """Both access lists of a file or directory, owners by number, without remarks (getfacl(1))."""
    return ["getfacl", "-pnE", "--", path]


def setfacl(path, changed, removed):
    """Sets and removes entries at once, none of them worked out by setfacl (setfacl(1): -n)."""
    return (
        ["setfacl", "-n"]
        + (["-m", ",".join(changed)] if changed else [])
        + (["-x", ",".join(removed)] if removed else [])
        + ["--", path]
    )


def setfacl_no_default(directory):
    """Removes the default access list of a directory (setfacl(1): -k)."""
    return ["setfacl", "-k", "--", directory]


def usermod_add(user, group):
    """Adds a user to a group (usermod(8))."""
    return ["usermod", "-a", "-G", group, user]


def gpasswd_delete(user, group):
    """Takes a user out of a group (gpasswd(1))."""
    return ["gpasswd", "-d", user, group]


def journal_last():
    """The last message of the system's journal, which is not a user's own one (journalctl(1))."""
    return ["journalctl", "--system", "--quiet", "--no-pager", "--lines=1", "--output=cat"]


def journal_of(identifiers):
    """The last messages of the system's journal that were logged under one of these names
    (journalctl(1))."""
    matches = [f"SYSLOG_IDENTIFIER={identifier}" for identifier in identifiers]
    return [
        "journalctl",
        "--system",
        "--quiet",
        "--no-pager",
        "--lines=50",
        "--output=cat",
    ] + matches


def postlog(config_directory, tag):
    """Logs what it reads, the way this instance's daemons do (postlog(1))."""
    return ["postlog"] + _instance(config_directory) + ["-p", "info", "-t", tag]


def logrotate_version():
    """What logrotate was built with (logrotate(8))."""
    return ["logrotate", "--version"]


def _instance(config_directory):
    return ["-c", config_directory] if config_directory else []

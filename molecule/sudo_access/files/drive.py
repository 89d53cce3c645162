# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Grants and revokes commands through the real sudo of this host, also through sudo-rs where it is,
and compares it with what was."""

from __future__ import annotations

import glob
import multiprocessing
import os
import re
import subprocess
import sys

from ansible_collections.mailops.postfix.plugins.module_utils._access import sudo_access
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

QUEUES = ["/var/spool/postfix/" + queue for queue in ("incoming", "active", "deferred")]
COMMANDS = [f"find {queue} -type f" for queue in QUEUES]
FILE, OTHER = sudo_access.PATH, "/etc/sudoers.d/mailops-other"
KEPT = "/opt/sudoers.kept"
RUST = "/usr/lib/cargo/bin"


def run(check_mode=False, **options):
    given = {
        "user": "dd-agent",
        "run_as": "postfix",
        "commands": COMMANDS,
        "path": FILE,
        "quiet": False,
        "state": "present",
    }
    given.update(options)
    return sudo_access.ensure(given, Deadline(60), check_mode)


def sh(command):
    return subprocess.run(
        ["sh", "-ec", command], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def sudo(command, user="dd-agent"):
    argv = [
        "setpriv",
        "--reuid=" + user,
        "--regid=" + user,
        "--init-groups",
        "sudo",
        "-n",
        "-u",
        "postfix",
    ] + command.split(" ")
    return subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        check=False,
    )


def allowed(commands=COMMANDS, user="dd-agent"):
    return [sudo(command, user).returncode == 0 for command in commands] == [True] * len(commands)


def state():
    found = {}
    for path in (
        ["/etc/sudoers"]
        + glob.glob("/etc/sudoers.d/*")
        + glob.glob("/etc/sudoers.d/.*")
        + glob.glob("/var/lib/mailops-postfix/*")
    ):
        if os.path.isfile(path):
            status = os.stat(path)
            with open(path, "rb") as file:
                found[path] = (file.read(), status.st_mode, status.st_uid, status.st_gid)
    return found


def put(path, text, mode=0o440):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def four_times(**options):
    """As foreseen, and nothing the second time."""
    before = state()
    foreseen = run(check_mode=True, **options)
    assert state() == before, "check mode changed something"
    done = run(**options)
    assert done == foreseen, (foreseen, done)
    kept = state()
    for check_mode in (False, True):
        again = run(check_mode=check_mode, **options)
        assert not again["changed"] and again["diff"] == [], again
    assert state() == kept
    return done


def refused(kind, says, **options):
    before = state()
    for check_mode in (True, False):
        try:
            run(check_mode=check_mode, **options)
        except HostError as error:
            assert error.kind == kind and re.search(says, error.message + " " + error.hint), (
                error.kind,
                error.message,
                error.hint,
            )
            assert "/tmp/" not in error.message, error.message
        else:
            raise AssertionError(f"{options} was not refused")
    assert state() == before


def granted_and_revoked():
    assert not allowed(COMMANDS[:1])
    for quiet in (False, True):
        done = four_times(quiet=quiet)
        assert done["programs"] == ["/usr/bin/find"], done
        assert oct(os.stat(FILE).st_mode) == "0o100440"
        assert allowed()
        for command in (
            "find /var/spool/postfix/hold -type f",
            COMMANDS[0] + " -ls",
            "find",
            "true",
        ):
            assert not allowed([command]), command
    four_times(commands=["id", "/usr/bin/true"])
    assert allowed(["id", "true"]) and not allowed(["id -u"]) and not allowed(["true now"])
    four_times(state="absent")
    assert not allowed(COMMANDS[:1])


def renamed():
    run(quiet=True)
    done = four_times(path=OTHER, quiet=True)
    assert len(done["diff"]) == 2 and not os.path.exists(FILE) and allowed()
    four_times(state="absent")
    assert not os.path.exists(OTHER)


def another_user_takes_over():
    run()
    four_times(user="watcher")
    assert allowed(user="watcher") and not allowed()
    assert not run(state="absent")["changed"]
    four_times(user="watcher", state="absent")


def left_by_an_earlier_version():
    put(FILE, sudo_access.MARKER + "\ndd-agent ALL=(postfix) NOPASSWD: /usr/bin/find /x -type f\n")
    four_times(state="absent")


def own_file_is_broken():
    run()
    put(FILE, sudo_access.MARKER + "\nthis is no rule\n")
    four_times()
    assert allowed()
    os.chmod(FILE, 0o644)
    four_times()
    assert oct(os.stat(FILE).st_mode) == "0o100440"
    put(FILE, "# mine now\n")
    refused("bad_policy", "does not begin with")
    refused("bad_policy", "does not begin with", state="absent")
    os.unlink(FILE)
    run(state="absent")


def file_of_somebody_else():
    put(FILE, "# mine\n")
    refused("bad_policy", "does not begin with")
    assert not run(state="absent")["changed"]
    os.unlink(FILE)
    os.symlink("/etc/shadow", FILE)
    refused("unsafe_path", "symbolic link")
    os.unlink(FILE)


def foreign_file_is_broken():
    put("/etc/sudoers.d/zz-broken", "this is no rule\n")
    refused("bad_policy", "/etc/sudoers.d/zz-broken:1")
    # Names that sudo skips do not count, nor does a mode that sudo reads.
    os.rename("/etc/sudoers.d/zz-broken", "/etc/sudoers.d/zz.broken")
    put("/etc/sudoers.d/aa-open", "# nothing\n", 0o644)
    run()
    run(state="absent")
    os.unlink("/etc/sudoers.d/zz.broken")
    os.unlink("/etc/sudoers.d/aa-open")


def not_included():
    sh("sed -i '/includedir/d' /etc/sudoers")
    refused("bad_policy", "@includedir /etc/sudoers.d")
    sh(
        "echo '@include more' >> /etc/sudoers; echo '# nothing' > /etc/more; chmod 0440 /etc/more;"
        " echo '#includedir /etc/sudoers.d/' >> /etc/sudoers"
    )
    run()
    assert allowed()
    run(state="absent")
    sh(f"cp -p {KEPT} /etc/sudoers; rm /etc/more")


def requiretty():
    put("/etc/sudoers.d/aa-tty", "Defaults requiretty\n")
    run()
    assert allowed() and "!requiretty" in state()[FILE][0].decode()
    os.unlink("/etc/sudoers.d/aa-tty")
    four_times()
    assert "!requiretty" not in state()[FILE][0].decode()
    run(state="absent")
    put("/etc/sudoers.d/zz-tty", "Defaults requiretty\n")
    refused("bad_policy", "/etc/sudoers.d/zz-tty sets requiretty.*sorts after")
    run(path="/etc/sudoers.d/zzz-mailops")
    assert allowed()
    run(state="absent")
    os.unlink("/etc/sudoers.d/zz-tty")
    sh("echo 'Defaults requiretty' >> /etc/sudoers")
    refused("bad_policy", "/etc/sudoers sets requiretty")
    sh(f"cp -p {KEPT} /etc/sudoers")


def another_find():
    sh("cp /usr/bin/find /usr/local/bin/find")
    done = four_times()
    assert done["programs"] == ["/usr/local/bin/find"] and allowed()
    os.unlink("/usr/local/bin/find")
    done = four_times()
    assert done["programs"] == ["/usr/bin/find"] and allowed()
    sh("sed -i '/secure_path/d' /etc/sudoers")
    assert not four_times()["changed"]
    sh(f"cp -p {KEPT} /etc/sudoers")
    refused("bad_argument", "none of the directories", commands=["no-such-program -x"])
    run(state="absent")


def side_by_side():
    users = ["dd-agent", "operator", "watcher"]
    with multiprocessing.Pool(3) as pool:
        pool.map(_grant, users)
        assert all(allowed(user=user) for user in users)
        pool.map(_revoke, users)


def _grant(user):
    return run(user=user, path="/etc/sudoers.d/for-" + user, quiet=True)


def _revoke(user):
    return run(user=user, state="absent")


def refusals():
    for command in (
        "find /var/spool/* -type f",
        "./find",
        "find /a,/b",
        "find /a:b",
        "find  /a",
        "",
        "/usr/bin/find\n",
        "find /../etc",
        "ALL",
        "sudoedit /x",
    ):
        refused("bad_argument", "commands", commands=[command])
    for user in ("root", "ALL", "%adm", "#0", "a b", "Defaults", "nobody-here"):
        refused("bad_argument", "user", user=user)
        refused("bad_argument", "run_as", run_as=user)
    for path in (
        "/etc/sudoers.d/a.b",
        "/etc/sudoers.d/a~",
        "sudoers.d/a",
        "/etc/sudoers.d/../x",
        "/etc/sudoers.d/a b",
    ):
        refused("bad_argument", "path", path=path)
    refused("bad_policy", "does not include", path="/etc/mailops")


def rust():
    """sudo-rs knows no requiretty and no pam_session, in some versions no log_allowed, and has no
    cvtsudoers."""
    if not os.path.exists(RUST + "/visudo"):
        return
    # Its visudo refuses what the hosts' own file has.
    sh("mv /etc/sudoers.d/dd-agent-no-mail /opt/")
    sh("for name in sudo visudo cvtsudoers; do mv $(command -v $name) /opt/$name.kept; done")
    sh(f"ln -s {RUST}/sudo /usr/bin/sudo; ln -s {RUST}/visudo /usr/sbin/visudo")
    try:
        for quiet in (True, False):
            done = four_times(quiet=quiet)
            assert [
                re.search("log_allowed", warning) is not None for warning in done["warnings"]
            ] == [True] * quiet, done
            assert allowed() and not allowed(["find /etc"])
        put("/etc/sudoers.d/zz-broken", "this is no rule\n")
        refused("bad_policy", "/etc/sudoers.d/zz-broken", commands=COMMANDS[:1])
        os.unlink("/etc/sudoers.d/zz-broken")
        sh("cp /usr/bin/find /usr/local/bin/find")
        assert four_times()["programs"] == ["/usr/local/bin/find"] and allowed()
        os.unlink("/usr/local/bin/find")
        four_times(state="absent")
        assert not allowed(COMMANDS[:1])
    finally:
        sh(
            "mv /opt/sudo.kept /usr/bin/sudo; mv /opt/visudo.kept /usr/sbin/visudo; mv"
            " /opt/cvtsudoers.kept /usr/bin/cvtsudoers"
        )
        sh("mv /opt/dd-agent-no-mail /etc/sudoers.d/")


def no_sudo():
    hidden = sh(
        "for name in sudo visudo; do path=$(command -v $name); mv $path $path.hidden; echo $path;"
        " done"
    ).split()
    try:
        refused("not_installed", "Install sudo")
        assert not run(state="absent")["changed"]
    finally:
        for path in hidden:
            os.rename(path + ".hidden", path)


def mails():
    return sh(
        "find /var/spool/postfix/maildrop /var/spool/postfix/incoming /var/spool/postfix/deferred"
        " -type f | wc -l"
    )


def main():
    cases = [
        granted_and_revoked,
        renamed,
        another_user_takes_over,
        left_by_an_earlier_version,
        own_file_is_broken,
        file_of_somebody_else,
        foreign_file_is_broken,
        not_included,
        requiretty,
        another_find,
        side_by_side,
        refusals,
        rust,
        no_sudo,
    ]
    sh(f"cp -p /etc/sudoers {KEPT}")
    before = state()
    waiting = mails()
    for case in cases:
        case()
        after = state()
        assert after == before, (
            f"{case.__name__} left something:"
            f" {[path for path in after.keys() | before if after.get(path) != before.get(path)]}"
        )
    sh(f"rm {KEPT}")
    assert mails() == waiting, "sudo mailed root"


if __name__ == "__main__":
    sys.exit(main())

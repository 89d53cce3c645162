# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Grants and revokes access to the queues of real Postfix instances on this host, and compares
it with what was; prints what is wrong."""

from __future__ import annotations

import glob
import multiprocessing
import os
import subprocess
import sys

from ansible_collections.mailops.postfix.plugins.module_utils._access import mailq_access
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

DEFAULT, OTHER = "/etc/postfix", "/etc/postfix-other"
PLACES = [DEFAULT, OTHER]
LINES = "authorized_mailq_users = root,\n# who else\n    admin,\n\n\tcarol\n"


def run(user="watcher", check_mode=False, **options):
    options = dict({"user": user, "state": "present"}, **options)
    return mailq_access.ensure(options, Deadline(60), check_mode)


def sh(command):
    return subprocess.run(
        ["sh", "-ec", command], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def lists(user, directory):
    argv = [
        "setpriv",
        "--reuid=" + user,
        "--regid=" + user,
        "--init-groups",
        "postqueue",
        "-c",
        directory,
        "-p",
    ]
    return (
        subprocess.run(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode
        == 0
    )


def state():
    """All that a run may change."""
    found = {}
    for path in [f"{place}/main.cf" for place in PLACES] + glob.glob("/var/lib/mailops-postfix/*"):
        if os.path.isfile(path):
            status = os.stat(path)
            with open(path, "rb") as file:
                found[path] = (file.read(), status.st_mode, status.st_uid, status.st_gid)
        else:
            found[path] = None
    return found


def four_times(**options):
    """As foreseen, and nothing the second time."""
    before = state()
    foreseen = run(check_mode=True, **options)
    assert state() == before, "check mode changed something"
    done = run(**options)
    assert done["changed"] == foreseen["changed"] and done["diff"] == foreseen["diff"], (
        foreseen,
        done,
    )
    kept = state()
    for check_mode in (False, True):
        again = run(check_mode=check_mode, **options)
        assert not again["changed"] and again["diff"] == [], again
    assert state() == kept
    return done


def refused(kind, **options):
    before = state()
    for check_mode in (True, False):
        try:
            run(check_mode=check_mode, **options)
        except HostError as error:
            assert error.kind == kind, (kind, error.kind, error.message)
        else:
            raise AssertionError(f"{options} was not refused")
    assert state() == before


def prepare():
    sh(f"cp -p {DEFAULT}/main.cf /opt/main.cf.kept")
    sh("postconf -X authorized_mailq_users alternate_config_directories")
    with open(DEFAULT + "/main.cf", "a") as file:
        file.write(LINES + "soft_bounce = no\n")
    sh(f"""
        cp -a {DEFAULT} {OTHER}
        postconf -c {OTHER} -e queue_directory=/var/spool/postfix-other \
            data_directory=/var/lib/postfix-other \
            master_service_disable=inet \
            multi_instance_name=postfix-other multi_instance_enable=yes authorized_mailq_users=root
        postconf -c {OTHER} -X alternate_config_directories multi_instance_directories
        mkdir -p /var/spool/postfix-other
        install -d -o postfix /var/lib/postfix-other
        postfix -c {OTHER} start 2>/dev/null
        """)


def clean():
    # After a failure there may be no instance to stop, and that must not hide the failure.
    sh(f"""
        postfix -c {OTHER} stop 2>/dev/null || true
        rm -rf {OTHER} /var/spool/postfix-other /var/lib/postfix-other
        test ! -e /opt/main.cf.kept || mv /opt/main.cf.kept {DEFAULT}/main.cf
        """)


def added_and_revoked():
    assert not lists("watcher", DEFAULT) and not lists("watcher", OTHER)
    done = four_times(config_directory=PLACES)
    assert [item["error"] for item in done["listings"]] == [None, None], done
    assert lists("watcher", DEFAULT) and lists("watcher", OTHER) and not lists("operator", DEFAULT)
    four_times(state="absent")


def another_user_stays():
    four_times(config_directory=[OTHER])
    four_times(user="operator", config_directory=[OTHER])
    four_times(state="absent")
    assert lists("operator", OTHER) and not lists("watcher", OTHER)
    four_times(user="operator", state="absent")


def exact_list_and_exclusive():
    four_times(config_directory=PLACES, authorized_mailq_users=["root", "watcher"])
    assert lists("watcher", OTHER)
    four_times(config_directory=[DEFAULT], exclusive=True)
    assert lists("watcher", DEFAULT) and not lists("watcher", OTHER)
    four_times(state="absent")


def edited_list():
    four_times()
    sh("postconf -e 'authorized_mailq_users = root, watcher, dave'")
    four_times(state="absent")
    assert sh("postconf -h authorized_mailq_users") == "root, dave\n"
    sh(f"cp -p /opt/lines.kept {DEFAULT}/main.cf")


def stopped_and_gone():
    sh(f"postfix -c {OTHER} stop 2>/dev/null")
    done = four_times(config_directory=[OTHER])
    assert done["listings"][0]["error"] == "mail_system_down", done
    sh(f"mv {OTHER} {OTHER}.gone")
    run(state="absent")
    sh(
        f"mv {OTHER}.gone {OTHER}; postconf -c {OTHER} -e authorized_mailq_users=root; postfix -c"
        f" {OTHER} start 2>/dev/null"
    )


def postconf_not_found():
    run()
    sh("mv /usr/sbin/postconf /usr/sbin/postconf.hidden")
    try:
        refused("not_installed", state="absent")
    finally:
        sh("mv /usr/sbin/postconf.hidden /usr/sbin/postconf")
    run(state="absent")


def side_by_side():
    """Two runs and an editor at once lose nothing."""
    users = ["watcher", "operator", "dd-agent"]
    with multiprocessing.Pool(4) as pool:
        editor = pool.apply_async(
            sh, ("for i in 1 2 3 4 5; do postconf -e bounce_size_limit=4000$i; done",)
        )
        pool.starmap(run, [(user, False) for user in users])
        editor.get()
        assert all(lists(user, DEFAULT) for user in users)
        assert sh("postconf -h bounce_size_limit") == "40005\n"
        pool.map(_revoke, users)
    sh("postconf -X bounce_size_limit")


def _revoke(user):
    return run(user, state="absent")


def refusals():
    refused("bad_argument", user="nobody-here")
    refused("bad_argument", config_directory=[OTHER + "/"])
    refused("bad_argument", authorized_mailq_users=["root"])
    refused("bad_config", config_directory=["/etc/postfix-absent"])
    sh("postconf -e 'authorized_mailq_users = !watcher, static:anyone'")
    refused("bad_argument")
    sh(f"cp -p /opt/lines.kept {DEFAULT}/main.cf")


def main():
    cases = [
        added_and_revoked,
        another_user_stays,
        exact_list_and_exclusive,
        edited_list,
        stopped_and_gone,
        postconf_not_found,
        side_by_side,
        refusals,
    ]
    try:
        prepare()
        sh(f"cp -p {DEFAULT}/main.cf /opt/lines.kept")
        before = state()
        for case in cases:
            case()
            after = state()
            assert after == before, (
                f"{case.__name__} left something:"
                f" {[p for p in after.keys() | before if after.get(p) != before.get(p)]}"
            )
    finally:
        clean()
        sh("rm -f /opt/lines.kept")


if __name__ == "__main__":
    sys.exit(main())

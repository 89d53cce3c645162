# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._access import logrotate
from ansible_collections.mailops.postfix.plugins.module_utils._access.logrotate import (
    LogrotateError,
    Rotation,
)

COPIES = Rotation("created", None, None, None)
RED_HAT = """
weekly
rotate 4
create
dateext
/var/log/cron
/var/log/maillog
/var/log/messages
{
    missingok
    sharedscripts
    postrotate
        /usr/bin/systemctl kill -s HUP rsyslog.service >/dev/null 2>&1 || true
    endscript
}
"""
SUSE = """
weekly
create
/var/log/warn /var/log/messages /var/log/mail /var/log/mail.info {
    compress
    dateext
    maxage 365
    rotate 99
    missingok
    notifempty
    size +4096k
    create 640 root root
    sharedscripts
    postrotate
        /usr/bin/systemctl reload syslog.service > /dev/null
    endscript
}
"""


def found(text, path="/var/log/mail.log"):
    return logrotate.rotation(logrotate.parse(text), [path])


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie"])
def test_what_debian_ships(sample, release):
    text = sample(f"logrotate_{release}.conf")
    assert found(text) == COPIES
    assert found(text, "/var/log/mail.info") == (COPIES if release == "bullseye" else None)


def test_what_red_hat_and_suse_ship():
    assert found(RED_HAT, "/var/log/maillog") == COPIES
    assert found(SUSE, "/var/log/mail") == Rotation("created", 0o640, "root", "root")


@pytest.mark.parametrize(
    "before, inside, rotation",
    [
        ("", "", Rotation("left", None, None, None)),
        ("create", "", COPIES),
        ("create", "nocreate", Rotation("left", None, None, None)),
        ("nocreate", "create", COPIES),
        ("create 0600 root root", "", Rotation("created", 0o600, "root", "root")),
        ("create 0600 root root", "create", COPIES),
        ("", "create root adm", Rotation("created", None, "root", "adm")),
        ("", "create 0640", Rotation("created", 0o640, None, None)),
        ("", "create=0640 root adm # ours", Rotation("created", 0o640, "root", "adm")),
        ("create", "copytruncate", Rotation("kept", None, None, None)),
        ("copytruncate", "nocopytruncate\ncreate", COPIES),
        ("", "copy", Rotation("kept", None, None, None)),
        ("", "postrotate\nnocreate }\nendscript\ncreate", COPIES),
    ],
)
def test_what_holds_for_a_file(before, inside, rotation):
    assert found(f"{before}\n/var/log/mail.log {{\n{inside}\n}}\ncreate 0600\n") == rotation


@pytest.mark.parametrize(
    "pattern, fits",
    [
        ("/var/log/*.log", True),
        ("/var/log/mail.*", True),
        ('"/var/log/mail.log"', True),
        ("/var/log/a /var/log/mail.log", True),
        ("/var/log/a\n# and\n/var/log/mail.log\n", True),
        ("/var/*", False),
        ("/var/log/mail.log.1", False),
    ],
)
def test_which_files_a_stanza_is_for(pattern, fits):
    assert (found(f"create\n{pattern} {{\nweekly\n}}\n") is not None) == fits


@pytest.mark.parametrize(
    "text",
    [
        "/var/log/mail.log {\ncreate\n",
        "/var/log/mail.log\n",
        "/var/log/mail.log {\npostrotate\n}\n",
        "/var/log/mail.log {\nkeepacls\n}\n",
        "/var/log/mail.log {\ncreate 0649 root adm\n}\n",
        "/var/log/mail.log {\ncreate 0640 root adm }\n",
        "/var/log/mail.log {\ncreate\n}\n/var/log/*.log {\ncreate\n}\n",
    ],
)
def test_what_is_not_understood_of_the_stanza_for_the_file(text):
    with pytest.raises(LogrotateError):
        found(text)


# What logrotate 3.22 makes of the braces was tried: all but text behind a closing one, which is
# passed over with an error.
@pytest.mark.parametrize(
    "odd",
    [
        "/x { daily }",
        "/x {\ndaily\n} # end",
        "/x {\ndaily }",
        "/x {\nkeepacls\n}",
        "/x {\ncreate 0649 }",
        "/x {\n}\n/x {\n}",
        "keepacls",
        "} # end",
        '"/x y" {\n}',
    ],
)
def test_what_is_odd_elsewhere_does_not_matter(odd):
    assert found(f"create\n{odd}\n/var/log/mail.log {{\ncopytruncate\n}}\n") == Rotation(
        "kept", None, None, None
    )
    assert found(f"create\n/var/log/mail.log {{\nweekly\n}}\n{odd}\n") == COPIES
    assert found(f"create\n{odd}\n/var/log/mail.log {{\nweekly\n}}\n") == COPIES


def test_a_stanza_on_one_line():
    assert found("/var/log/mail.log { copytruncate }\n") == Rotation("kept", None, None, None)


def test_a_file_that_ends_within_the_stanza_of_another():
    assert found("/var/log/mail.log {\ncreate\n}\n/x {\ncreate\n") == COPIES


def test_a_file_by_either_name():
    nodes = logrotate.parse("/var/log/mail.log {\ncreate\n}\n")
    assert logrotate.rotation(nodes, ["/data/log/mail.log", "/var/log/mail.log"]) == COPIES


@pytest.mark.parametrize(
    "name, read",
    [
        ("rsyslog", True),
        ("rsyslog.conf", True),
        (".rsyslog", False),
        ("rsyslog.dpkg-old", False),
        ("rsyslog~", False),
    ],
)
def test_names_that_are_passed_over(name, read):
    assert logrotate.is_read(name, logrotate.parse("create")) == read


def test_names_that_cannot_be_told():
    with pytest.raises(LogrotateError):
        logrotate.is_read("rsyslog", logrotate.parse("tabooext + .off"))

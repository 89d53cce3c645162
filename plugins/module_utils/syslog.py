# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parsers of rsyslog's and syslog-ng's configuration share: syslog's names, and verdicts on conditions.

The question is always the same: where does a message of this facility, at level info, under this name, go? Most conditions can be
decided without seeing the message. Some depend on its text, and some on what the parsers do not understand; a verdict says which.
"""

from __future__ import annotations

import collections

FACILITIES = {name: number for number, name in enumerate("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp".split())}
FACILITIES.update({"local%d" % number: 16 + number for number in range(8)})
FACILITY_ALIASES = {"security": "auth"}
SEVERITIES = {"emerg": 0, "panic": 0, "alert": 1, "crit": 2, "err": 3, "error": 3, "warning": 4, "warn": 4, "notice": 5, "info": 6, "debug": 7}
INFO = SEVERITIES["info"]

# Verdicts: for every such message, for none, for some (it depends on the text), and not understood.
ALL, NONE, SOME, UNKNOWN = "all", "none", "some", "unknown"

# facility: a key of FACILITIES; name: Postfix's syslog_name, which comes before the slash, as in postfix/smtpd[123].
Message = collections.namedtuple("Message", "facility name")

# path: absolute; timestamps: V(traditional), V(rfc3339) or None; named: whether the rule names the facility or Postfix, and not just any message.
LogFile = collections.namedtuple("LogFile", "path timestamps named")

# files: list of LogFile; unsure: list of str, why there may be others; sources: names of the local inputs.
Destinations = collections.namedtuple("Destinations", "files unsure sources")


class SyslogError(ValueError):
    """A configuration that is not understood."""


def verdict(truth):
    """The verdict for a condition whose truth (bool) is known."""
    return ALL if truth else NONE


def invert(one):
    return {ALL: NONE, NONE: ALL}.get(one, one)


def both(one, other):
    for found in (NONE, UNKNOWN, SOME):
        if found in (one, other):
            return found
    return ALL


def either(one, other):
    return invert(both(invert(one), invert(other)))


def compare(known, operator, value, whole=True):
    """The verdict on C(known operator value); with whole=False only the beginning of the text is known."""
    if operator == "equal":
        return verdict(known == value) if whole else (SOME if value.startswith(known) else NONE)
    if operator == "startswith":
        if known.startswith(value):
            return ALL
        return SOME if not whole and value.startswith(known) else NONE
    if operator == "contains":
        if value in known:
            return ALL
        return NONE if whole else SOME
    return UNKNOWN

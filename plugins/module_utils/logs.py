# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds where an instance's log goes: its own file, the files of a syslog daemon, or journald."""

from __future__ import annotations

import posixpath
import re

from ansible_collections.mailops.postfix.plugins.module_utils import rsyslog, syslog_ng
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.syslog import FACILITIES, FACILITY_ALIASES, Message, SyslogError
from ansible_collections.mailops.postfix.plugins.module_utils.systemd import parse_forwarding

_DEEPEST = 16

# Each daemon's unit, its pid files, its parser, its configuration and what its includes are relative to. syslog-ng's scl.conf
# only defines blocks for other files to use.
_DAEMONS = {
    "rsyslog": ("rsyslog.service", ("/run/rsyslogd.pid", "/var/run/rsyslogd.pid"), "rsyslogd", rsyslog, "/etc/rsyslog.conf"),
    "syslog-ng": (
        "syslog-ng.service",
        ("/run/syslog-ng.pid", "/run/syslog-ng/syslog-ng.pid", "/var/run/syslog-ng.pid", "/var/lib/syslog-ng/syslog-ng.pid"),
        "syslog-ng",
        syslog_ng,
        "/etc/syslog-ng/syslog-ng.conf",
    ),
}
SYSLOG_UNITS = [daemon[0] for daemon in _DAEMONS.values()]
_OTHER_FILE = re.compile(r"argv\[\]=[^;]* -f ?([^ ;]+)")
_PREDEFINED = "scl.conf"
_JOURNALD = ("/usr/lib/systemd/journald.conf", "/etc/systemd/journald.conf")
_JOURNALD_PARTS = ("/usr/lib/systemd/journald.conf.d", "/usr/local/lib/systemd/journald.conf.d", "/run/systemd/journald.conf.d", "/etc/systemd/journald.conf.d")
_NOTHING = {"destination": None, "files": None, "unit": None}


class LogFinder:
    """Finds the log of each instance of one host.

    units: systemd's properties of SYSLOG_UNITS by name (dict), empty without systemd, None where systemd did not answer.
    """

    def __init__(self, host, units):
        self._host = host
        self._units = units
        self._trees = {}

    def find(self, values, unit, unknown):
        """The log (dict) of an instance with these parameters (dict of str) and this unit; appends (what, why) to unknown."""
        if values.get("maillog_file"):
            return self._own_file(values["maillog_file"], unknown)
        facility = FACILITY_ALIASES.get(values["syslog_facility"].lower(), values["syslog_facility"].lower())
        if facility not in FACILITIES:
            unknown.append(("log", "syslog_facility %s is not known" % facility))
            return dict(_NOTHING)
        try:
            daemons = self._running_daemons()
        except QueueError as error:
            unknown.append(("log", error.message))
            return dict(_NOTHING)
        if len(daemons) > 1:
            unknown.append(("log", "%s both run" % " and ".join(daemons)))
            return dict(_NOTHING)
        if daemons:
            log = self._of_daemon(daemons[0], Message(facility, values["syslog_name"]), unknown)
            if log:
                return log
        if not self._host.has_systemd():
            unknown.append(("log", "%s, and there is no journald" % ("%s writes it to no file" % daemons[0] if daemons else "no syslog daemon runs")))
            return dict(_NOTHING)
        if unit is None:
            unknown.append(("log.unit", "the unit is not known"))
        return {"destination": "journald", "files": [], "unit": unit}

    def _own_file(self, path, unknown):
        # postlogd(8) always writes traditional times. /dev/stdout is what the master was started with.
        return {"destination": "maillog_file", "files": [self._described(path, "traditional", unknown)], "unit": None}

    def _described(self, path, timestamps, unknown):
        mode = None
        try:
            mode = self._host.mode(path) if not path.startswith("/dev/") else None
        except QueueError as error:
            unknown.append(("log.files.mode", error.message))
        if timestamps is None:
            unknown.append(("log.files.timestamps", "the template for %s is not understood" % path))
        return {"path": path, "mode": mode, "timestamps": timestamps}

    def _running_daemons(self):
        running = [name for name in _DAEMONS if self._runs(name)]
        if not running and self._units is None:
            raise QueueError("command_failed", "systemd does not tell which syslog daemon runs")
        return running

    def _runs(self, name):
        unit, pid_files, program, dummy, dummy = _DAEMONS[name]
        if (self._units or {}).get(unit, {}).get("ActiveState") in ("active", "reloading"):
            return True
        for path in pid_files:
            try:
                pid = int(self._host.read(path))
                return self._host.program_of(pid) == program
            except (QueueError, ValueError):
                continue
        return False

    def _of_daemon(self, name, message, unknown):
        """The log (dict), or None where the daemon gets no such messages or keeps them in no file."""
        parser, path = _DAEMONS[name][3:]
        said = _OTHER_FILE.search((self._units or {}).get(_DAEMONS[name][0], {}).get("ExecStart", ""))
        path = said.group(1) if said else path
        try:
            if name not in self._trees:
                self._trees[name] = self._load(parser, path, posixpath.dirname(path), 0)
            found = parser.destinations(self._trees[name], message)
        except (QueueError, SyslogError) as error:
            unknown.append(("log.files", "%s: %s" % (name, getattr(error, "message", None) or error)))
            return {"destination": name, "files": None, "unit": None}
        if not found.sources:
            return None
        if found.sources == ["imuxsock"] and self._host.has_systemd():
            forwards = self._forwards(unknown)
            if not forwards:
                return None if forwards is False else dict(_NOTHING)
        for why in found.unsure:
            unknown.append(("log.files", "%s: %s" % (name, why)))
        if not found.files:
            return {"destination": name, "files": None, "unit": None} if found.unsure else None
        files = sorted(found.files, key=lambda file: not file.named)
        return {"destination": name, "files": [self._described(file.path, file.timestamps, unknown) for file in files], "unit": None}

    def _load(self, parser, path, directory, depth):
        """The nodes of a file and of all that it includes."""
        if depth > _DEEPEST:
            raise SyslogError("%s: files include each other" % path)
        try:
            return self._expand(parser, parser.parse(self._host.read(path)), directory, depth)
        except SyslogError as error:
            raise SyslogError("%s: %s" % (path, error) if not str(error).startswith("/") else str(error)) from None

    def _expand(self, parser, nodes, directory, depth):
        expanded = []
        for node in nodes:
            if isinstance(node, parser.Include):
                if node.pattern == _PREDEFINED:
                    continue
                for path in self._included(posixpath.join(directory, node.pattern)):
                    expanded += self._load(parser, path, directory, depth + 1)
            elif isinstance(node, rsyslog.If):
                expanded.append(
                    node._replace(
                        then=self._expand(parser, node.then, directory, depth),
                        otherwise=self._expand(parser, node.otherwise, directory, depth),
                    )
                )
            elif isinstance(node, rsyslog.Object):
                expanded.append(node._replace(body=self._expand(parser, node.body, directory, depth)))
            else:
                expanded.append(node)
        return expanded

    def _included(self, pattern):
        # A directory stands for all files in it.
        return [name for path in self._host.names(pattern) for name in (self._host.names(path + "/*") if self._host.is_directory(path) else [path])]

    def _forwards(self, unknown):
        """Whether journald hands messages on to the syslog daemon's socket; None, with a reason, where that is not known."""
        parts = {posixpath.basename(path): path for directory in _JOURNALD_PARTS for path in self._host.names(directory + "/*.conf")}
        texts = []
        try:
            for path in [path for path in _JOURNALD if self._host.names(path)] + [parts[name] for name in sorted(parts)]:
                texts.append(self._host.read(path))
        except QueueError as error:
            unknown.append(("log", error.message))
            return None
        forwards = parse_forwarding(texts)
        if forwards is None:
            unknown.append(("log", "journald's configuration does not tell whether the syslog daemon gets messages (ForwardToSyslog)"))
        return forwards

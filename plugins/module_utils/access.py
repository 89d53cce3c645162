# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a user read logs, as narrowly as lasts, and takes that back: first a plan, then the changes."""

from __future__ import annotations

import collections
import errno
import glob
import grp
import os
import pwd
import stat

from ansible_collections.mailops.postfix.plugins.module_utils import commands
from ansible_collections.mailops.postfix.plugins.module_utils.acl import (
    AclError,
    acl_of_mode,
    allows,
    default_for,
    difference,
    parse_acl,
    permissions_of,
    shown,
    with_user,
    without_user,
)
from ansible_collections.mailops.postfix.plugins.module_utils.errors import QueueError
from ansible_collections.mailops.postfix.plugins.module_utils.rotation import RotationFinder, outlook

_JOURNAL_GROUP = "systemd-journal"
_TOO_WIDE = ("root", "wheel")

Account = collections.namedtuple("Account", "name uid gids")


def find_account(name):
    """The Account of a user other than root. Raises QueueError (bad_argument)."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise QueueError("bad_argument", "user=%s: there is no such user on this host" % name, mend="Create the user or correct user.") from None
    if user.pw_uid == 0:
        raise QueueError("bad_argument", "user=%s: this user reads everything anyway" % name, mend="Name the user who is to read the log.")
    return Account(name, user.pw_uid, frozenset(os.getgrouplist(name, user.pw_gid)))


def check_paths(paths):
    """Raises QueueError (bad_argument) for what is no absolute path."""
    for path in paths:
        if not os.path.isabs(path):
            raise QueueError("bad_argument", "paths: %s is not an absolute path" % path, mend="Give the path from / on.")


class Access:
    """What is changed on a host: access lists of paths, and groups of the user. Nothing is changed before apply()."""

    def __init__(self, runner, user):
        self._runner = runner
        self._user = user
        self._before = {}
        self._after = {}
        self.joined = []
        self.left = []

    def acl(self, path):
        """The Acl of a path as planned. Raises QueueError, FileNotFoundError."""
        if path not in self._after:
            self._before[path] = self._after[path] = self._read(path)
        return self._after[path]

    def set_entries(self, path, entries):
        self._after[path] = self.acl(path)._replace(entries=entries)

    def set_default(self, path, default):
        self._after[path] = self.acl(path)._replace(default=default)

    def is_changed(self):
        return bool(self.joined or self.left or self._changed())

    def apply(self):
        """Raises QueueError (command_failed, not_installed)."""
        for group in self.joined:
            self._run(commands.usermod_add(self._user, group))
        for group in self.left:
            self._run(commands.gpasswd_delete(self._user, group))
        for path in self._changed():
            before, after = self._before[path], self._after[path]
            changed, removed = difference(before.entries, after.entries)
            if after.default or not before.default:
                more, less = difference(before.default, after.default)
                changed += ["default:" + entry for entry in more]
                removed += ["default:" + tag for tag in less]
            else:
                self._run(commands.setfacl_no_default(path))
            if changed or removed:
                self._run(commands.setfacl(path, changed, removed))

    def diff(self):
        """What changes, before and after, as text."""
        out, within = "%s is not in %s", "%s is in %s"
        before = [out % (self._user, group) for group in self.joined] + [within % (self._user, group) for group in self.left]
        after = [within % (self._user, group) for group in self.joined] + [out % (self._user, group) for group in self.left]
        return {"before": _text(before + self._lines(self._before)), "after": _text(after + self._lines(self._after))}

    def _lines(self, acls):
        lines = []
        for path in self._changed():
            lines.append("%s %s" % (path, shown(acls[path].entries)))
            if self._before[path].default != self._after[path].default:
                lines.append("%s default %s" % (path, shown(acls[path].default)))
        return lines

    def _changed(self):
        return [path for path, after in self._after.items() if after != self._before[path]]

    def _read(self, path):
        status = os.stat(path)
        try:
            rc, lines, stderr, argv = self._runner.run(commands.getfacl(path))
        except QueueError as error:
            if error.kind != "not_installed":
                raise
            return acl_of_mode(status.st_uid, status.st_gid, status.st_mode)
        if rc != 0:
            raise QueueError("command_failed", "the access list of %s cannot be read" % path, argv, rc, stderr)
        try:
            return parse_acl(lines)
        except AclError as error:
            raise QueueError("command_failed", "getfacl's answer for %s is not understood: %s" % (path, error), argv) from None

    def _run(self, command):
        rc, dummy, stderr, argv = self._runner.run(command)
        if rc != 0:
            raise QueueError("command_failed", stderr.strip() or "exit code %d" % rc, argv, rc, stderr)


class Opener:
    """Plans, in an Access, what lets an Account read logs; grants tells what that is."""

    def __init__(self, runner, account, access):
        self._access = access
        self._account = account
        self._gids = account.gids
        self._finder = RotationFinder(runner)
        self._has_tools = bool(runner.find("getfacl") and runner.find("setfacl"))
        self.grants = []

    def open_file(self, path, means):
        """Raises QueueError where that means does not serve."""
        target = _target(path, means == "directory")
        if means == "directory":
            self._open_directory(os.path.dirname(target))
        if os.path.exists(target):
            self._open(target, means)
        for directory in dict.fromkeys(_above(target) + _above(path)):
            if not allows(self._access.acl(directory), self._account.uid, self._gids, "x"):
                self._add(directory, "x")

    def open_journal(self):
        """Raises QueueError where the host has no group for it."""
        try:
            group = grp.getgrnam(_JOURNAL_GROUP)
        except KeyError:
            message = "journal=true: there is no group %s on this host" % _JOURNAL_GROUP
            raise QueueError("bad_argument", message, mend="Leave journal out; name the log's files in paths.") from None
        self._join(group)

    def outlook(self, path):
        """Whether the user still reads a file after its next rotation (bool, None where not known), and a warning or None."""
        target = os.path.realpath(path)
        if not os.path.isfile(target):
            return None, None
        acl = self._access.acl(target)
        inherits = "r" in (permissions_of(self._access.acl(os.path.dirname(target)).default, self._account.uid) or "")
        by = allows(acl, self._account.uid, self._gids, "r")
        return outlook(by, _group_name(acl.group), inherits, self._finder.find(target)) if by else (None, None)

    def obstacle(self, path):
        """What keeps the user from reading a file, as far as access lists tell. None where nothing does."""
        for directory in _above(os.path.realpath(path)) + _above(path):
            if not os.path.isdir(directory):
                return "there is no directory %s" % directory
            if not allows(self._access.acl(directory), self._account.uid, self._gids, "x"):
                return "the directory %s cannot be entered: %s" % (directory, shown(self._access.acl(directory).entries))
        if not os.path.exists(path):
            return "there is no such file"
        acl = self._access.acl(os.path.realpath(path))
        return None if allows(acl, self._account.uid, self._gids, "r") else "the file cannot be read: %s" % shown(acl.entries)

    def _open(self, target, means):
        lasts = self.outlook(target)[0]
        acl = self._access.acl(target)
        if allows(acl, self._account.uid, self._gids, "r") and (lasts is not False or means in ("acl", "directory")):
            return
        against = {}
        for candidate in ("acl", "group") if means == "auto" else ("group",) if means == "group" else ("acl",):
            against[candidate] = getattr(self, "_against_" + candidate)(target, acl, means == "auto")
            if against[candidate] is None:
                self._add(target, "r") if candidate == "acl" else self._join(grp.getgrgid(acl.group))
                return
        message = "means=%s: %s cannot be let read %s: %s" % (means, self._account.name, target, "; ".join("%s, %s" % reason for reason in against.items()))
        raise QueueError("bad_argument", message, mend=_MENDS[means])

    def _against_acl(self, target, acl, must_last):
        lacking = self._lacking(target)
        if lacking:
            return lacking
        try:
            with_user(acl.entries, self._account.uid, "r")
        except AclError as error:
            return str(error)
        lasts, why = outlook("acl", None, False, self._finder.find(target))
        return why if must_last and not lasts else None

    def _against_group(self, target, acl, must_last):
        name = _group_name(acl.group)
        if name is None or acl.group == 0 or name in _TOO_WIDE:
            return "the file's group, %s, is not one to be in for a log" % (name or acl.group)
        if not allows(acl, self._account.uid, self._gids | {acl.group}, "r"):
            return "the file's group, %s, may not read it" % name
        lasts, why = outlook("group", name, False, self._finder.find(target))
        return why if must_last and lasts is False else None

    def _lacking(self, path):
        """Why there can be no access list. None where there can."""
        if not self._has_tools:
            return "getfacl and setfacl are not installed"
        return None if _supports_acls(path) else "its file system keeps no access lists"

    def _open_directory(self, directory):
        acl = self._access.acl(directory)
        if "r" in (permissions_of(acl.default, self._account.uid) or ""):
            return
        message = "means=directory: %s " % directory
        if acl.default:
            raise QueueError("bad_argument", message + "has a default access list already", mend="Remove it (setfacl -k) or choose another means.")
        lacking = self._lacking(directory)
        if lacking:
            raise QueueError("bad_argument", message + "cannot be opened: " + lacking, mend=_MENDS["directory"])
        self._access.set_default(directory, default_for(self._account.uid))
        self._grant("directory", path=directory)

    def _add(self, path, bit):
        acl = self._access.acl(path)
        lacking = self._lacking(path)
        if lacking:
            mend = "Install acl where it is missing, or let %s in by its group or mode." % self._account.name
            raise QueueError("bad_argument", "%s cannot be opened: %s" % (path, lacking), mend=mend)
        try:
            entries = with_user(acl.entries, self._account.uid, bit)
        except AclError as error:
            mend = "Set its mask ('setfacl -m m::rx') or mode as it should be."
            raise QueueError("bad_argument", "%s cannot be opened: %s" % (path, error), mend=mend) from None
        self._grant("acl", path=path, before=permissions_of(acl.entries, self._account.uid), mask=acl.entries.get("mask:"))
        self._access.set_entries(path, entries)

    def _join(self, group):
        if group.gr_gid not in self._gids:
            self._gids = self._gids | {group.gr_gid}
            self._access.joined.append(group.gr_name)
            self._grant("group", group=group.gr_name)

    def _grant(self, means, path=None, group=None, before=None, mask=None):
        uid = None if means == "group" else self._account.uid
        self.grants.append({"means": means, "path": path, "group": group, "uid": uid, "before": before, "mask": mask})


_MENDS = {
    "auto": (
        "Install acl where it is missing; change the file's stanza for logrotate to a 'create' without a mode; "
        "or give means=acl and run this again after each rotation."
    ),
    "acl": "Install acl, use a file system with access lists, or give means=group.",
    "group": "Give means=acl, or let the program that makes the file give it a group of its own, which may read it.",
    "directory": "Install acl, or use a file system with access lists.",
}


def close(access, user, grants):
    """Plans, in an Access, to take back grants (list of dict); what is no longer there is no change."""
    for grant in grants:
        means, path = grant["means"], grant["path"]
        if means == "group":
            _leave(access, user, grant["group"])
        elif os.path.isdir(path):
            if means == "directory":
                _close_default(access, path, grant["uid"])
            else:
                _close(access, path, "x", grant)
        else:
            # Rotated copies have the access list of the log that they once were.
            for copy in [path] + sorted(glob.glob(glob.escape(path) + "[.-]*")):
                _close(access, copy, "r", grant)


def _leave(access, user, group):
    try:
        members = grp.getgrnam(group).gr_mem
    except KeyError:
        return
    if user in members and group not in access.left:
        access.left.append(group)


def _close_default(access, directory, uid):
    default = access.acl(directory).default
    access.set_default(directory, {} if default == default_for(uid) else without_user(default, uid, "r", None, None))
    for name in sorted(os.listdir(directory)):
        _close(access, os.path.join(directory, name), "r", {"uid": uid, "before": None, "mask": None})


def _close(access, path, bit, grant):
    if os.path.isdir(path) == (bit == "x") and os.path.exists(path) and not os.path.islink(path):
        access.set_entries(path, without_user(access.acl(path).entries, grant["uid"], bit, grant["before"], grant["mask"]))


def _text(lines):
    return "".join(line + "\n" for line in lines)


def _target(path, may_be_missing):
    """The file that a path leads to. Raises QueueError (bad_argument)."""
    target = os.path.realpath(path)
    if may_be_missing and not os.path.lexists(target):
        directory = os.path.dirname(target)
        if not os.path.isdir(directory):
            raise QueueError("bad_argument", "paths: there is no directory %s" % directory, mend="Create it, for this log alone.")
    elif not os.path.exists(target):
        mend = "Write a line to it first (for a syslog daemon's: 'logger -p mail.info test'), or correct paths."
        raise QueueError("bad_argument", "paths: there is no %s" % path, mend=mend)
    elif not stat.S_ISREG(os.stat(target).st_mode):
        raise QueueError("bad_argument", "paths: %s is not a file" % path, mend="Name the log file itself.")
    if may_be_missing:
        _check_own_directory(target)
    return target


def _check_own_directory(target):
    directory, log = os.path.split(target)
    others = [name for name in sorted(os.listdir(directory)) if name != log and not name.startswith((log + ".", log + "-"))]
    if others:
        message = "means=directory: in %s there is not only %s but also %s" % (directory, log, ", ".join(others[:3]))
        raise QueueError("bad_argument", message, mend="Have this log written to a directory of its own.")


def _above(path):
    """The directories on the way to a path, from / on."""
    directories = []
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        directories.insert(0, path)
    return directories


def _group_name(gid):
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return None


def _supports_acls(path):
    try:
        os.getxattr(path, "system.posix_acl_access")
    except AttributeError:
        return False
    except OSError as error:
        return error.errno == errno.ENODATA
    return True

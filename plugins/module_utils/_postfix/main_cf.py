# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes main.cf: drafts the new text with Postfix's own editor beside the file, looks at it
with Postfix's eyes, then puts it in place.

C(postconf -e) on the file itself gives it to root with mode 0644, drops its access list, and
turns a link into a file (measured with 3.5, 3.7 and 3.10), and only afterwards can one ask what
Postfix makes of it. So it works on a draft here."""

from __future__ import annotations

import collections
import contextlib
import fcntl
import os
import re
import shutil
import stat
import time

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    cause_of,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ParameterError,
    fold,
    parse_parameters,
    parse_unused,
    raw_settings,
    split_raw,
)

# What postconf(5) says of a parameter. Everything else that runs follows "Whenever you make a
# change to the main.cf or master.cf file, execute postfix reload" (BASIC_CONFIGURATION_README). The
# same in Postfix 3.5, 3.7 and 3.10.
_RESTART = (
    "inet_interfaces",  # "you need to stop and start Postfix when this parameter changes"
    "inet_protocols",  # "you MUST stop and start Postfix after changing this parameter"
    # "to change this parameter without stopping Postfix, you need to first terminate all Postfix
    # TCP servers"
    "tcp_windowsize",
)
# Only postqueue(1), postdrop(1), sendmail(1), postfix(1) and postmulti(1) list these among their
# parameters, no daemon's manual does, and each of these commands reads main.cf anew.
_NOTHING = (
    "alternate_config_directories",
    "authorized_flush_users",
    "authorized_mailq_users",
    "authorized_submit_users",
    "maillog_file_compressor",
    "maillog_file_rotate_suffix",
    "multi_instance_directories",
    "multi_instance_enable",
    "multi_instance_group",
    "multi_instance_wrapper",
    "postmulti_control_commands",
    "postmulti_start_commands",
    "postmulti_stop_commands",
)

# Characters that mean something to postconf or in main.cf are not in it, nor is a leading dash.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:\[\]-]*\Z")
_PAUSE = 0.05

# before, after: the file's text (bytes); settings_before, settings_after: what main.cf sets (dict
# of str), by Postfix's reading; needs: restart, reload or none, by name; unknown: names that
# Postfix does not know; warnings: what postconf newly warns of.
Plan = collections.namedtuple(
    "Plan", "before after settings_before settings_after needs unknown warnings"
)

_View = collections.namedtuple("_View", "settings effective warnings")


def check_parameters(parameters, state):
    """The parameters with their values as text (dict of str). Raises HostError (bad_argument)."""
    texts = {}
    for name, value in parameters.items():
        if not isinstance(name, str) or not _NAME.match(name):
            raise HostError("bad_argument", f"parameters: {name!r} is not a name of a parameter")
        texts[name] = _text(name, value) if state == "present" else ""
    return texts


def _text(name, value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        shown = "null" if value is None else "a " + type(value).__name__
        raise HostError(
            "bad_argument",
            f"parameters: the value of {name} is {shown}, not text",
            hint="Give text; '' for an empty value.",
        )
    if re.search(r"[^\t -\ud7ff\ue000-\U0010ffff]|\x7f", value):
        raise HostError(
            "bad_argument",
            f"parameters: the value of {name} holds a newline or another control character",
            hint="Give one line.",
        )
    return value


class MainCf:
    """The main.cf of one configuration directory. workspace: an empty directory of the caller's
    own."""

    def __init__(self, runner, config_directory, workspace):
        self._runner = runner
        self._directory = config_directory
        self._draft = workspace
        # Where main.cf is a link, the file that it leads to is changed.
        self.path = os.path.realpath(os.path.join(config_directory, "main.cf"))

    def read(self):
        try:
            with open(self.path, "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise HostError("bad_config", f"{self.path} is not a file")
                return file.read()
        except FileNotFoundError:
            raise HostError(
                "bad_config",
                f"there is no {self.path}",
                hint="Name the configuration directory of an instance.",
            ) from None
        except OSError as error:
            raise HostError(
                "permission_denied",
                f"{self.path} cannot be read: {error.strerror}",
                hint="Run as root (become: true).",
            ) from None

    def setting(self, name: str) -> str | None:
        """The lines that set a parameter, as they stand in the file; None where it does not set
        it."""
        return "\n".join(raw_settings(self.read().decode("utf-8", "surrogateescape"), name)) or None

    def plan(self, parameters, state, raw=None):
        """What would change (Plan), without a change to the file. Raises HostError, among others
        for unknown names.

        raw: lines as setting returns them, by name, that are to stand for the new values, which
        they must mean."""
        before = self.read()
        self._lay_out(before)
        view = self._view(parameters)
        if state == "present":
            changing = {
                name: value
                for name, value in parameters.items()
                if view.settings.get(name) != fold(value)
                or (raw and raw[name] != self.setting(name))
            }
            # One at a time: postconf adds the new ones of a call in an order that changes from run
            # to run.
            edits = [
                commands.postconf_edit(self._draft, name, value) for name, value in changing.items()
            ]
        else:
            changing = {name: value for name, value in parameters.items() if name in view.settings}
            edits = [commands.postconf_exclude(self._draft, name) for name in changing]
        after, seen = before, view
        if changing:
            path = os.path.join(self._draft, "main.cf")
            for edit in edits:
                self._run(edit)
                self._settle(path)
            after = self._with_raw(path, raw or {})
            seen = self._view_after(parameters)
        unknown = [name for name in parameters if name not in seen.effective]
        if state == "present":
            self._check(parameters, seen, unknown)
        else:
            unknown = [
                name for name in unknown if name not in view.effective and name not in changing
            ]
        needs = {
            name: self._needs(name, view, seen) if name in changing else "none"
            for name in parameters
        }
        warnings = [
            line
            for line in seen.warnings
            if line not in view.warnings and "unknown parameter" not in line
        ]
        return Plan(before, after, view.settings, seen.settings, needs, unknown, warnings)

    def replace(self, plan, parameters, state, raw=None, unchanged=False):
        """Puts the text of a plan in place, all or nothing; returns the plan that was carried
        out, made anew where the file had changed.

        With unchanged only where these parameters still have the values of the plan; else
        nothing is done, and None returned."""
        with self._locked() as temporary:
            if self.read() != plan.before:
                seen, plan = plan.settings_before, self.plan(parameters, state, raw)
                if unchanged and any(
                    seen.get(name) != plan.settings_before.get(name) for name in parameters
                ):
                    os.unlink(self.path + ".tmp")
                    return None
            try:
                self._write(temporary, plan.after)
            except OSError as error:
                raise HostError(
                    "permission_denied",
                    f"{self.path} cannot be written: {error.strerror}",
                    hint="Run as root (become: true).",
                ) from None
        return plan

    def _with_raw(self, path, raw):
        """The draft's text, once the lines in raw have taken the place of those that postconf
        wrote."""
        with open(path, "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
        for name, lines in raw.items():
            wanted, written = raw_settings(lines, name), raw_settings(text, name)
            # postconf gave each of several settings the same value, of which the last one counts,
            # and left the comments behind them.
            found = (
                [
                    place.start()
                    for place in re.finditer(f"^{re.escape(written[-1])}$", text, re.MULTILINE)
                ]
                if written
                else []
            )
            for start, setting in zip(reversed(found), reversed(wanted)):
                own, remarks = split_raw(setting)
                parted = "\n".join([written[-1], remarks])
                kept = remarks and text.startswith(parted + "\n", start)
                text = (
                    text[:start]
                    + (setting if kept else own)
                    + text[start + len(parted if kept else written[-1]) :]
                )
        if raw:
            with open(path, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
            self._settle(path)
        return text.encode("utf-8", "surrogateescape")

    def _lay_out(self, text):
        """Makes the draft's directory: a copy of main.cf, links to all else that Postfix reads
        with it."""
        path = os.path.join(self._draft, "main.cf")
        with open(path, "wb") as file:
            file.write(text)
        self._settle(path)
        for name in os.listdir(self._directory):
            link = os.path.join(self._draft, name)
            if not name.startswith("main.cf") and not os.path.lexists(link):
                os.symlink(os.path.join(self._directory, name), link)

    def _settle(self, path):
        # Postfix waits up to two seconds before it trusts a file that was changed just now.
        past = time.time() - 60
        os.utime(path, (past, past))

    def _view(self, parameters):
        lines, warnings = self._run(commands.postconf_set(self._draft))
        settings = dict(parse_unused("\n".join(warnings)), **self._parsed(lines))
        lines, more = self._run(
            commands.postconf_parameters(
                list(dict.fromkeys(list(parameters) + list(_RESTART))), self._draft
            )
        )
        shown = [line.replace(self._draft, self._directory) for line in warnings + more]
        return _View(
            {name: fold(value) for name, value in settings.items()},
            self._parsed(lines),
            list(dict.fromkeys(shown)),
        )

    def _view_after(self, parameters):
        try:
            return self._view(parameters)
        except HostError as error:
            message = "parameters: Postfix could not read main.cf with this change: {}".format(
                error.stderr.strip().split("\n")[0]
            )
            raise HostError(
                "bad_argument", message, error.command, error.rc, error.stderr
            ) from None

    def _parsed(self, lines):
        try:
            return parse_parameters(lines)
        except ParameterError as error:
            raise HostError(
                "command_failed", f"postconf's answer is not understood: {error}"
            ) from None

    def _run(self, command):
        rc, lines, stderr, argv = self._runner.run(command)
        if rc != 0:
            said = stderr.replace(self._draft, self._directory)
            raise HostError(
                postfix_refusal(said),
                f"{self.path} cannot be changed: {cause_of(said, rc)}",
                argv,
                rc,
                said,
            )
        return lines, [line for line in stderr.split("\n") if line]

    def _check(self, parameters, seen, unknown):
        if unknown:
            raise HostError(
                "unknown_parameter", "Postfix does not know {}".format(", ".join(unknown))
            )
        for name, value in parameters.items():
            if seen.settings.get(name) != fold(value):
                raise HostError(
                    "bad_argument",
                    f"parameters: Postfix would read {name} as {seen.settings.get(name)!r}, not as"
                    f" {fold(value)!r}",
                )

    def _needs(self, name, view, seen):
        """What a change of this parameter needs. One that others refer to counts like them."""
        if (
            any(view.effective.get(other) != seen.effective.get(other) for other in _RESTART)
            and name not in _NOTHING
        ):
            changed = [
                other
                for other in _RESTART
                if view.effective.get(other) != seen.effective.get(other)
            ]
            if name in changed or any(
                self._refers(
                    seen.settings.get(other, "") + " " + view.settings.get(other, ""), name
                )
                for other in changed
            ):
                return "restart"
        if name in view.effective and view.effective[name] == seen.effective.get(name):
            return "none"
        return "none" if name in _NOTHING else "reload"

    def _refers(self, value, name):
        return re.search(rf"\$[{{(]?{re.escape(name)}(?![A-Za-z0-9_])", value) is not None

    @contextlib.contextmanager
    def _locked(self):
        """Holds the lock that postconf itself takes to change the file: on main.cf.tmp, which is
        to become main.cf (edit_file(3))."""
        path = self.path + ".tmp"
        temporary = self._lock(path)
        try:
            yield temporary
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(path)
            raise
        finally:
            os.close(temporary)

    def _lock(self, path):
        while True:
            try:
                temporary = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            except OSError as error:
                raise HostError(
                    "permission_denied",
                    f"{path} cannot be written: {error.strerror}",
                    hint="Run as root (become: true).",
                ) from None
            try:
                while not self._try_lock(temporary):
                    if not self._runner.deadline.remaining():
                        hint = "Look for the process that holds a lock on this file."
                        raise HostError(
                            "timeout",
                            f"another change of main.cf has locked {path} for too long",
                            hint=hint,
                        )
                    time.sleep(_PAUSE)
                if self._is_ours(temporary, path):
                    return temporary
            except BaseException:
                os.close(temporary)
                raise
            os.close(temporary)

    def _try_lock(self, temporary):
        try:
            fcntl.flock(temporary, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def _is_ours(self, temporary, path):
        """Whether the file that was locked still has its name and is fit for use; a leftover of
        a crash is removed."""
        ours = os.fstat(temporary)
        try:
            if not os.path.samestat(ours, os.lstat(path)):
                return False
        except FileNotFoundError:
            return False
        if (
            not stat.S_ISREG(ours.st_mode)
            or ours.st_nlink != 1
            or stat.S_IMODE(ours.st_mode) != 0o600
            or ours.st_uid != os.geteuid()
        ):
            os.unlink(path)
            return False
        os.ftruncate(temporary, 0)
        return True

    def _write(self, temporary, text):
        path = self.path + ".tmp"
        with open(temporary, "wb", closefd=False) as file:
            file.write(text)
        status = os.stat(self.path)
        os.chown(path, status.st_uid, status.st_gid)
        # Mode, access list and security label.
        shutil.copystat(self.path, path)
        os.utime(path)
        os.fsync(temporary)
        os.rename(path, self.path)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change main.cf: edit a draft with postconf, see how Postfix reads it, then put it in place.

On the file itself C(postconf -e) sets owner root and mode 0644, drops the access list, replaces a
link with a file (seen with 3.5, 3.7 and 3.10), and how Postfix reads the change can be seen only
afterwards."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
import time
from typing import Any, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    cause_of,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ParameterError,
    fold,
    parse_parameters,
    parse_unused,
    raw_settings,
    split_raw,
)

# From postconf(5). For all others that daemons use: "Whenever you make a change to the main.cf or
# master.cf file, execute postfix reload" (BASIC_CONFIGURATION_README). The same in Postfix 3.5, 3.7
# and 3.10.
_RESTART = (
    "inet_interfaces",  # "you need to stop and start Postfix when this parameter changes"
    "inet_protocols",  # "you MUST stop and start Postfix after changing this parameter"
    # "to change this parameter without stopping Postfix, you need to first terminate all Postfix
    # TCP servers"
    "tcp_windowsize",
)
# Only the manuals of commands list these: postqueue(1), postdrop(1), sendmail(1), postfix(1) and
# postmulti(1), which read main.cf whenever they run.
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

# Without a leading dash and without characters that are special to postconf or in main.cf.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:\[\]-]*\Z")
# Seconds.
_PAUSE = 0.05
_AS_ROOT = "Run as root (become: true)."


class Plan(NamedTuple):
    """A change of main.cf. before, after: the file's text; settings_before, settings_after: what it
    sets, as Postfix reads it; needs: restart, reload or none, by name; unknown: names that Postfix
    does not know; warnings: those of postconf that the change causes."""

    before: bytes
    after: bytes
    settings_before: dict[str, str]
    settings_after: dict[str, str]
    needs: dict[str, str]
    unknown: list[str]
    warnings: list[str]


class _View(NamedTuple):
    """What Postfix reads in the draft. settings: what it sets; effective: the values in effect of
    the parameters that Postfix knows."""

    settings: dict[str, str]
    effective: dict[str, str]
    warnings: list[str]


def check_parameters(parameters: dict[Any, Any], state: str) -> dict[str, str]:
    """The parameters with their values as text. Raises HostError (bad_argument)."""
    texts = {}
    for name, value in parameters.items():
        if not isinstance(name, str) or not _NAME.match(name):
            raise HostError("bad_argument", f"parameters: {name!r} is no parameter name")
        texts[name] = _text(name, value) if state == "present" else ""
    return texts


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        shown = "null" if value is None else "a " + type(value).__name__
        raise HostError(
            "bad_argument",
            f"parameters: the value of {name} is {shown}, not text",
            hint="Give text, '' for an empty value.",
        )
    if re.search(r"[^\t -\ud7ff\ue000-\U0010ffff]|\x7f", value):
        raise HostError(
            "bad_argument",
            f"parameters: the value of {name} contains a newline or another control character",
            hint="Give one line of text.",
        )
    return value


class MainCf:
    """The main.cf of one configuration directory. workspace: an empty directory for the draft."""

    def __init__(self, runner: Runner, config_directory: str, workspace: str) -> None:
        self._runner = runner
        self._directory = config_directory
        self._draft = workspace
        # If main.cf is a link, its target is changed.
        self.path = os.path.realpath(os.path.join(config_directory, "main.cf"))

    def read(self) -> bytes:
        """The file's text. Raises HostError (bad_config, permission_denied, io_error)."""
        try:
            with open(self.path, "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise HostError("bad_config", f"{self.path} is not a file")
                return file.read()
        except FileNotFoundError:
            raise HostError(
                "bad_config",
                f"there is no {self.path}",
                hint="Give the configuration directory of an instance.",
            ) from None
        except OSError as error:
            raise _os_error(error, self.path, "read") from None

    def setting(self, name: str) -> str | None:
        """The lines of the file that set a parameter; None if none does."""
        return "\n".join(raw_settings(self.read().decode("utf-8", "surrogateescape"), name)) or None

    def plan(
        self, parameters: dict[str, str], state: str, raw: dict[str, str] | None = None
    ) -> Plan:
        """The change, with the file as it is. Raises HostError, also for unknown names.

        raw: the lines to write, as setting returns them, by name; Postfix must read the new values
        in them."""
        before = self.read()
        self._lay_out(before)
        view = self._view(parameters)
        changing = self._changing(parameters, state, raw, view)
        after, seen = before, view
        if changing:
            after = self._edit(changing, state, raw or {})
            seen = self._view_after(parameters)
        unknown = [name for name in parameters if name not in seen.effective]
        if state == "present":
            self._check(parameters, seen, unknown)
        else:
            unknown = [
                name for name in unknown if name not in view.effective and name not in changing
            ]
        return Plan(
            before,
            after,
            view.settings,
            seen.settings,
            {name: _needs(name, view, seen) if name in changing else "none" for name in parameters},
            unknown,
            [
                line
                for line in seen.warnings
                if line not in view.warnings and "unknown parameter" not in line
            ],
        )

    def replace(
        self,
        plan: Plan,
        parameters: dict[str, str],
        state: str,
        raw: dict[str, str] | None = None,
        unchanged: bool = False,
    ) -> Plan | None:
        """Put the text of a plan in place, all or nothing; returns the plan carried out, a new one
        if the file has changed since.

        unchanged: if one of these parameters no longer has the plan's value before, do nothing and
        return None."""
        with self._locked() as temporary:
            if self.read() != plan.before:
                expected, plan = plan.settings_before, self.plan(parameters, state, raw)
                if unchanged and any(
                    expected.get(name) != plan.settings_before.get(name) for name in parameters
                ):
                    os.unlink(self.path + ".tmp")
                    return None
            try:
                self._write(temporary, plan.after)
            except OSError as error:
                raise _os_error(error, self.path, "written") from None
        return plan

    def _changing(
        self, parameters: dict[str, str], state: str, raw: dict[str, str] | None, view: _View
    ) -> dict[str, str]:
        """Those of the parameters that the file does not yet set, or leave out, as wanted."""
        if state == "absent":
            return {name: value for name, value in parameters.items() if name in view.settings}
        return {
            name: value
            for name, value in parameters.items()
            if view.settings.get(name) != fold(value) or (raw and raw[name] != self.setting(name))
        }

    def _edit(self, changing: dict[str, str], state: str, raw: dict[str, str]) -> bytes:
        """Change the draft; returns its text."""
        path = os.path.join(self._draft, "main.cf")
        # One at a time: the order in which postconf adds several new ones is random.
        for name, value in changing.items():
            if state == "present":
                self._run(commands.postconf_edit(self._draft, name, value))
            else:
                self._run(commands.postconf_exclude(self._draft, name))
            _backdate(path)
        return self._with_raw(path, raw)

    def _with_raw(self, path: str, raw: dict[str, str]) -> bytes:
        """Replace the lines that postconf wrote with those in raw; returns the draft's text."""
        with open(path, "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
        for name, lines in raw.items():
            wanted, written = raw_settings(lines, name), raw_settings(text, name)
            # postconf gives repeated settings the same value, and puts the comments behind them.
            found = [
                place.start()
                for place in re.finditer(f"^{re.escape(written[-1])}$", text, re.MULTILINE)
            ]
            for start, setting in zip(reversed(found), reversed(wanted)):
                own, comments = split_raw(setting)
                moved = "\n".join([written[-1], comments])
                kept = comments and text.startswith(moved + "\n", start)
                text = (
                    text[:start]
                    + (setting if kept else own)
                    + text[start + len(moved if kept else written[-1]) :]
                )
        if raw:
            with open(path, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
            _backdate(path)
        return text.encode("utf-8", "surrogateescape")

    def _lay_out(self, text: bytes) -> None:
        """Fill the draft's directory: a copy of main.cf, and links to the other files there."""
        path = os.path.join(self._draft, "main.cf")
        with open(path, "wb") as file:
            file.write(text)
        _backdate(path)
        for name in os.listdir(self._directory):
            link = os.path.join(self._draft, name)
            if not name.startswith("main.cf") and not os.path.lexists(link):
                os.symlink(os.path.join(self._directory, name), link)

    def _view(self, parameters: dict[str, str]) -> _View:
        lines, warnings = self._run(commands.postconf_set(self._draft))
        settings = {**parse_unused("\n".join(warnings)), **self._parsed(lines)}
        names = dict.fromkeys([*parameters, *_RESTART])
        lines, more = self._run(commands.postconf_parameters(names, self._draft))
        shown = [line.replace(self._draft, self._directory) for line in warnings + more]
        return _View(
            {name: fold(value) for name, value in settings.items()},
            self._parsed(lines),
            list(dict.fromkeys(shown)),
        )

    def _view_after(self, parameters: dict[str, str]) -> _View:
        try:
            return self._view(parameters)
        except HostError as error:
            if error.rc is None:
                raise  # postconf did not refuse the change
            raise HostError(
                "bad_argument",
                "parameters: with this change Postfix could not read main.cf:"
                f" {cause_of(error.stderr, error.rc)}",
                error.command,
                error.rc,
                error.stderr,
            ) from None

    def _parsed(self, lines: list[str]) -> dict[str, str]:
        try:
            return parse_parameters(lines)
        except ParameterError as error:
            raise HostError(
                "command_failed", f"the output of postconf is not understood: {error}"
            ) from None

    def _run(self, command: list[str]) -> tuple[list[str], list[str]]:
        """The lines of a command on the draft, and its warnings. Raises HostError."""
        rc, lines, stderr, argv = self._runner.run(command)
        if rc != 0:
            stderr = stderr.replace(self._draft, self._directory)
            raise HostError(
                postfix_refusal(stderr),
                f"{self.path} cannot be changed: {cause_of(stderr, rc)}",
                argv,
                rc,
                stderr,
            )
        return lines, [line for line in stderr.split("\n") if line]

    def _check(self, parameters: dict[str, str], seen: _View, unknown: list[str]) -> None:
        if unknown:
            raise HostError(
                "unknown_parameter", f"Postfix does not know the parameter {', '.join(unknown)}"
            )
        for name, value in parameters.items():
            if seen.settings.get(name) != fold(value):
                raise HostError(
                    "bad_argument",
                    f"parameters: Postfix would read {name} as {seen.settings.get(name)!r}, not as"
                    f" {fold(value)!r}",
                )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        """Hold postconf's own lock for changes, on main.cf.tmp, which becomes main.cf
        (edit_file(3)); yields its file descriptor."""
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

    def _lock(self, path: str) -> int:
        while True:
            try:
                temporary = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            except OSError as error:
                raise _os_error(error, path, "written") from None
            try:
                while not _try_lock(temporary):
                    if not self._runner.deadline.remaining():
                        raise HostError(
                            "timeout",
                            f"another process has kept {path} locked for too long",
                            hint="Find the process that locks this file ('lslocks').",
                        )
                    time.sleep(_PAUSE)
                if _is_fit(temporary, path):
                    return temporary
            except BaseException:
                os.close(temporary)
                raise
            os.close(temporary)

    def _write(self, temporary: int, text: bytes) -> None:
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


def _os_error(error: OSError, path: str, action: str) -> HostError:
    message = f"{path} cannot be {action}: {error.strerror}"
    if isinstance(error, PermissionError):
        return HostError("permission_denied", message, hint=_AS_ROOT)
    return HostError("io_error", message)


def _backdate(path: str) -> None:
    # Postfix waits for up to two seconds before it reads a file that has just been changed.
    past = time.time() - 60
    os.utime(path, (past, past))


def _needs(name: str, view: _View, seen: _View) -> str:
    """What a change of this parameter needs; the same as the change of a parameter that uses it."""
    if name in _NOTHING:
        return "none"
    for other in _RESTART:
        if view.effective.get(other) != seen.effective.get(other) and (
            name == other
            or _uses(seen.settings.get(other, ""), name)
            or _uses(view.settings.get(other, ""), name)
        ):
            return "restart"
    return "none" if view.effective.get(name) == seen.effective.get(name) else "reload"


def _uses(value: str, name: str) -> bool:
    return re.search(rf"\$[{{(]?{re.escape(name)}(?![A-Za-z0-9_])", value) is not None


def _try_lock(temporary: int) -> bool:
    try:
        fcntl.flock(temporary, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _is_fit(temporary: int, path: str) -> bool:
    """Whether the locked file still has its name and is fit to become main.cf. Empties it; removes
    what a crash left there."""
    status = os.fstat(temporary)
    try:
        if not os.path.samestat(status, os.lstat(path)):
            return False
    except FileNotFoundError:
        return False
    if (
        not stat.S_ISREG(status.st_mode)
        or status.st_nlink != 1
        or stat.S_IMODE(status.st_mode) != 0o600
        or status.st_uid != os.geteuid()
    ):
        os.unlink(path)
        return False
    os.ftruncate(temporary, 0)
    return True

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs commands without a shell, within a deadline, where asked as another user, their output
read as a stream."""

from __future__ import annotations

import ctypes
import os
import pwd
import selectors
import shutil
import signal
import subprocess
import time

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

_CHUNK = 65536
_STDERR_KEPT = 65536
_STDOUT_KEPT = 16 << 20
_SBIN = ("/usr/sbin", "/sbin", "/usr/local/sbin")
_GRACE = 1.0


class Deadline:
    """The seconds that the whole gathering may take."""

    def __init__(self, seconds):
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self):
        """Seconds that are left, never below 0."""
        return max(0.0, self._end - time.monotonic())

    def check(self, doing):
        """Raises HostError (timeout) once the time is up; doing names the work in the message."""
        if not self.remaining():
            raise self.error(doing)

    def error(self, doing, command=None, stderr=""):
        """The HostError for work that did not end in time."""
        return HostError(
            "timeout",
            f"{doing} did not end within {self.seconds:g} s",
            command=command,
            stderr=stderr,
        )


class Runner:
    """Starts commands with LC_ALL=C, in the working directory /, as run_as (a user's name) or as
    the caller.

    Nothing of the caller's environment but PATH is passed on: MAIL_CONFIG, for one, would ask
    another instance."""

    def __init__(self, deadline, run_as=None, mounts_of=None):
        """mounts_of: a process (pid) in whose mount namespace the commands run, with run_as
        only."""
        self.deadline = deadline
        self._become = _Identity(run_as, mounts_of) if run_as else None
        path = [
            part
            for part in os.environ.get("PATH", os.defpath).split(os.pathsep)
            if os.path.isabs(part)
        ]
        self._path = os.pathsep.join(path + [part for part in _SBIN if part not in path])

    @property
    def uid(self) -> int:
        """The user with whose rights commands run."""
        return self._become.uid if self._become else os.geteuid()

    def find(self, name):
        """The path of a program (str), which is looked up in PATH and the sbin directories; None
        where there is none."""
        return shutil.which(name, path=self._path)

    def start(self, argv, said=None):
        """Starts argv, whose first word is looked up as find does; returns a Process. said: what
        it reads (bytes, at most 4096), nothing by default."""
        program = self.find(argv[0])
        if program is None:
            hint = None if argv[0].startswith("post") else f"Install {argv[0]} on this host."
            raise HostError(
                "not_installed", f"{argv[0]} was not found in {self._path}", command=argv, hint=hint
            )
        environment = {"PATH": self._path, "LC_ALL": "C"}
        if self._become:
            environment.update(self._become.environment)
        if said is None:
            return Process([program] + argv[1:], self.deadline, environment, self._become)
        reader, writer = os.pipe()
        try:
            # A pipe holds as much without anybody who reads it.
            os.write(writer, said)
            os.close(writer)
            return Process([program] + argv[1:], self.deadline, environment, self._become, reader)
        finally:
            os.close(reader)

    def run(self, argv, said=None):
        """Runs argv to its end, as start does; returns (rc, list of stdout's lines, stderr, argv
        as run). Raises HostError, of kind command_failed for more on stdout than can be kept."""
        process = self.start(argv, said)
        lines = list(process.lines(_STDOUT_KEPT))
        rc, stderr = process.finish()
        return rc, lines, stderr, process.args


class _Identity:
    """A user whose rights a child takes on before its program starts."""

    def __init__(self, name, mounts_of=None):
        self._mounts_of = mounts_of
        if os.geteuid() != 0:
            message = f"run_as={name}: only root can run commands as another user"
            raise HostError(
                "bad_argument", message, hint="Run as root (become: true) or leave run_as out."
            )
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            message = f"run_as={name}: there is no such user on this host"
            raise HostError(
                "bad_argument", message, hint="Create the user or correct run_as."
            ) from None
        self.uid, self._gid = user.pw_uid, user.pw_gid
        self._groups = os.getgrouplist(name, user.pw_gid)
        self.environment = {"HOME": user.pw_dir, "USER": name, "LOGNAME": name}

    def take_on(self):
        if self._mounts_of:
            _enter_mounts(self._mounts_of)
        os.setgroups(self._groups)
        os.setgid(self._gid)
        os.setuid(self.uid)


def _enter_mounts(pid):
    """Enters the mount namespace of a process. Raises OSError."""
    fd = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    # os.setns came with Python 3.12; 0 is any kind of namespace (setns(2)).
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.close(fd)


class Process(subprocess.Popen):
    """A running command. Read lines() to the end, then call finish(); what takes longer than the
    deadline is ended.

    AnsibleModule.run_command serves neither need: it holds all that a command prints, and waits
    for as long as it runs."""

    def __init__(self, argv, deadline, environment, identity=None, stdin=subprocess.DEVNULL):
        self._deadline = deadline
        self._said = b""
        deadline.check(argv[0])
        try:
            super().__init__(
                argv,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                env=environment,
                # No terminal for sudo to ask on, and one group to end.
                start_new_session=True,
                preexec_fn=identity.take_on if identity else None,
            )
        except PermissionError as error:
            message = f"{argv[0]} may not be executed: {error.strerror}"
            raise HostError(
                "permission_denied", message, command=argv, hint=f"Check the mode of {argv[0]}."
            ) from None
        except OSError as error:
            message = f"{argv[0]} cannot be executed: {error.strerror}"
            hint = f"Look at this program ('file {argv[0]}') and reinstall its package."
            raise HostError("command_failed", message, command=argv, hint=hint) from None
        except subprocess.SubprocessError:
            # From take_on; the child passes on no more than that.
            message = f"{argv[0]} could not be run as another user"
            hint = "Check that root has CAP_SETUID and CAP_SETGID here; a container may lack them."
            raise HostError("command_failed", message, command=argv, hint=hint) from None

    def lines(self, limit=None):
        """Yields stdout's lines, without their newlines, as they come; memory does not grow with
        their number. limit: bytes of them all."""
        parts = []
        size = 0
        with selectors.DefaultSelector() as selector:
            selector.register(self.stdout, selectors.EVENT_READ)
            selector.register(self.stderr, selectors.EVENT_READ)
            while selector.get_map():
                remaining = self._deadline.remaining()
                ready = selector.select(remaining) if remaining else []
                if not ready:
                    raise self._overdue()
                for key, dummy in ready:
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self.stderr:
                        self._said = (self._said + chunk)[:_STDERR_KEPT]
                    else:
                        size += len(chunk)
                        if limit is not None and size > limit:
                            raise self._endless(limit)
                        block, newline, tail = chunk.rpartition(b"\n")
                        if newline:
                            yield from (
                                b"".join(parts + [block]).decode("utf-8", "replace").split("\n")
                            )
                            parts = []
                        parts.append(tail)
        tail = b"".join(parts)
        if tail:
            yield tail.decode("utf-8", "replace")

    def finish(self):
        """Returns (rc, stderr) of the ended command; rc is negative for a signal."""
        try:
            rc = self.wait(self._deadline.remaining())
        except subprocess.TimeoutExpired:
            raise self._overdue() from None
        self._close()
        return rc, self._said.decode("utf-8", "replace")

    def _overdue(self):
        self._end()
        return self._deadline.error(
            " ".join(self.args), self.args, self._said.decode("utf-8", "replace")
        )

    def _endless(self, limit):
        self._end()
        message = f"{' '.join(self.args)} printed more than {limit} bytes"
        return HostError(
            "command_failed", message, self.args, stderr=self._said.decode("utf-8", "replace")
        )

    def _end(self):
        # sudo hands SIGTERM on to its command, which may be in another session; SIGKILL it cannot
        # hand on.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, number)
            except (ProcessLookupError, PermissionError):
                # Ended by now, or set-uid sudo, which only root may end and the closed pipes end.
                pass
            try:
                self.wait(_GRACE)
            except subprocess.TimeoutExpired:
                pass
        self._close()

    def _close(self):
        self.stdout.close()
        self.stderr.close()

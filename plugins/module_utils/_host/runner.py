# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run commands within a deadline, without a shell, on request as another user, and stream their
output."""

from __future__ import annotations

import ctypes
import os
import pwd
import selectors
import shutil
import signal
import subprocess
import time
from typing import IO, Iterator, cast

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

# Bytes.
_CHUNK = 65536
_STDERR_LIMIT = 65536
_STDOUT_LIMIT = 16 << 20
SBIN = ("/usr/sbin", "/sbin", "/usr/local/sbin")
# Seconds.
_GRACE = 1.0
# Eleven days; epoll(7) can wait for 24.
LONGEST = 1_000_000

CAPABILITIES_HINT = "Check that root has CAP_SETUID and CAP_SETGID here; a container may lack them."


class Deadline:
    """The time limit of all the work of one module run, in seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + min(seconds, LONGEST)

    def remaining(self) -> float:
        """The seconds until the limit, never below 0."""
        return max(0.0, self._end - time.monotonic())

    def check(self, doing: str) -> None:
        """Raise HostError (timeout) once the time is up; doing names the work in the message."""
        if not self.remaining():
            raise self.error(doing)

    def error(self, doing: str, command: list[str] | None = None, stderr: str = "") -> HostError:
        """The HostError (timeout) for work that did not end in time."""
        return HostError(
            "timeout",
            f"{doing} did not end within {self.seconds:g} s",
            command=command,
            stderr=stderr,
        )


class Runner:
    """Starts commands with LC_ALL=C, in the working directory /, as run_as (a user's name) or as
    the caller.

    Of the caller's environment only PATH is passed on; MAIL_CONFIG, for example, would select
    another instance."""

    def __init__(
        self, deadline: Deadline, run_as: str | None = None, mounts_of: int | None = None
    ) -> None:
        """mounts_of: pid of a process; commands run in its mount namespace. Needs run_as.

        Raises HostError (bad_argument)."""
        self.deadline = deadline
        self._become = _Identity(run_as, mounts_of) if run_as else None
        path = [
            part
            for part in os.environ.get("PATH", os.defpath).split(os.pathsep)
            if os.path.isabs(part)
        ]
        self._path = os.pathsep.join(path + [part for part in SBIN if part not in path])

    @property
    def uid(self) -> int:
        """The user with whose rights commands run."""
        return self._become.uid if self._become else os.geteuid()

    def find(self, name: str) -> str | None:
        """The path of a program in PATH or an sbin directory; None if there is none."""
        return shutil.which(name, path=self._path)

    def start(self, argv: list[str], stdin: bytes | None = None) -> Process:
        """Start argv; find looks up its first word. stdin: at most 4096 bytes.

        Raises HostError (not_installed, permission_denied, timeout)."""
        program = self.find(argv[0])
        if program is None:
            raise not_found(argv, self._path)
        environment = {"PATH": self._path, "LC_ALL": "C"}
        if self._become:
            environment.update(self._become.environment)
        argv = [program, *argv[1:]]
        if stdin is None:
            return Process(argv, self.deadline, environment, self._become)
        reader, writer = os.pipe()
        try:
            # A pipe buffers this much before anything reads it.
            os.write(writer, stdin)
            os.close(writer)
            return Process(argv, self.deadline, environment, self._become, reader)
        finally:
            os.close(reader)

    def run(
        self, argv: list[str], stdin: bytes | None = None
    ) -> tuple[int, list[str], str, list[str]]:
        """Run argv to its end; returns (rc, lines of stdout, stderr, argv as run). See start.

        Raises HostError, of kind command_failed if stdout exceeds 16 MiB."""
        process = self.start(argv, stdin)
        lines = list(process.lines(_STDOUT_LIMIT))
        rc, stderr = process.finish()
        return rc, lines, stderr, process.args


def not_found(argv: list[str], path: str) -> HostError:
    """The error (not_installed) for a command that no directory of path, as in PATH, has."""
    hint = None if argv[0].startswith("post") else f"Install {argv[0]} on this host."
    return HostError("not_installed", f"{argv[0]} was not found in {path}", command=argv, hint=hint)


class _Identity:
    """A user whose rights a child takes on before its program starts."""

    def __init__(self, name: str, mounts_of: int | None = None) -> None:
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

    def take_on(self) -> None:
        if self._mounts_of:
            _enter_mounts(self._mounts_of)
        os.setgroups(self._groups)
        os.setgid(self._gid)
        os.setuid(self.uid)


def _enter_mounts(pid: int) -> None:
    """Enter the mount namespace of a process. Raises OSError."""
    fd = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    # os.setns came with Python 3.12; 0 is any kind of namespace (setns(2)).
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.close(fd)


class Process:
    """A running command. Read lines() to the end, then call finish(); a command that exceeds the
    deadline is killed.

    AnsibleModule.run_command cannot do this: it keeps all output in memory and has no time
    limit."""

    def __init__(
        self,
        argv: list[str],
        deadline: Deadline,
        environment: dict[str, str],
        identity: _Identity | None = None,
        stdin: int = subprocess.DEVNULL,
    ) -> None:
        self.args = argv
        self._deadline = deadline
        self._stderr = b""
        deadline.check(argv[0])
        try:
            # run_command has no time limit, as above.
            self._popen = subprocess.Popen(  # pylint: disable=ansible-bad-function
                argv,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                env=environment,
                # No terminal for sudo to ask on, and one group to kill.
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
            raise HostError(
                "command_failed", message, command=argv, hint=CAPABILITIES_HINT
            ) from None
        self._out = cast(IO[bytes], self._popen.stdout)
        self._err = cast(IO[bytes], self._popen.stderr)

    def lines(self, limit: int | None = None) -> Iterator[str]:
        """Yield the lines of stdout, without newlines, as they come; memory does not grow with
        their number. limit: bytes in all.

        Raises HostError (timeout, command_failed)."""
        parts: list[bytes] = []
        size = 0
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            selector.register(self._err, selectors.EVENT_READ)
            while selector.get_map():
                remaining = self._deadline.remaining()
                ready = selector.select(remaining) if remaining else []
                if not ready:
                    raise self._overdue()
                for key, dummy in ready:
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self._err:
                        self._stderr = (self._stderr + chunk)[:_STDERR_LIMIT]
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

    def kill(self) -> None:
        """Kill the command; finish() then returns."""
        self._popen.kill()

    def finish(self) -> tuple[int, str]:
        """Wait for the command; returns (rc, stderr), rc negative for a signal.

        Raises HostError (timeout)."""
        try:
            rc = self._popen.wait(self._deadline.remaining())
        except subprocess.TimeoutExpired:
            raise self._overdue() from None
        self._close()
        return rc, self._stderr.decode("utf-8", "replace")

    def _overdue(self) -> HostError:
        self._end()
        return self._deadline.error(
            " ".join(self.args), self.args, self._stderr.decode("utf-8", "replace")
        )

    def _endless(self, limit: int) -> HostError:
        self._end()
        message = f"{' '.join(self.args)} printed more than {limit} bytes"
        return HostError(
            "command_failed", message, self.args, stderr=self._stderr.decode("utf-8", "replace")
        )

    def _end(self) -> None:
        # sudo forwards SIGTERM to its command, which may be in another session; SIGKILL it cannot
        # forward.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._popen.pid, number)
            except (ProcessLookupError, PermissionError):
                # It has ended, or it is set-uid sudo, which only root may kill; closing its pipes
                # ends that one.
                pass
            try:
                self._popen.wait(_GRACE)
            except subprocess.TimeoutExpired:
                pass
        self._close()

    def _close(self) -> None:
        self._out.close()
        self._err.close()

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sudo's policy on this host, and a private copy of it in which to try files before they are
installed.

Before 1.9.3 sudo does not recover from errors in its policy: with one wrong line in any file,
nobody can use sudo."""

from __future__ import annotations

import os
import re
import stat
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._host.sudo import (
    SudoError,
    parse_defaults,
    parse_secure_path,
    parse_version,
)

# sudo-rs does not say where its policy is.
_PATH, _RUST_PATH = "/etc/sudoers", "/etc/sudoers-rs"
_INCLUDE = re.compile(
    r'^(?P<head>(?:#|[ \t]*@)include(?P<dir>dir)?[ \t]+)(?P<path>"[^"\n]*"|(?:\\.|[^\s\\])+)',
    re.MULTILINE,
)


class Policy:
    """The policy, with a copy of it in workspace (an empty private directory); directory is the one
    of its @includedir that is of interest.

    Raises HostError (not_installed, bad_policy, unsafe_path, timeout).
    """

    def __init__(self, runner: Runner, workspace: str, directory: str) -> None:
        self._runner = runner
        self._directory = directory
        self._copied = os.path.join(workspace, "included")
        self._main = os.path.join(workspace, "sudoers")
        self.path = self._find_path()
        os.mkdir(self._copied, 0o700)
        self._lay_out()

    def _find_path(self) -> str:
        if self._runner.find("visudo") is None:
            raise HostError(
                "not_installed",
                "visudo was not found on this host",
                hint="Install sudo on this host.",
            )
        paths = [_PATH]
        # With a wrong policy the original sudo, which alone has a grammar version, mails root even
        # for sudo -V, perhaps into the queue that is monitored.
        if not any("grammar" in line for line in self._runner.run(commands.visudo_version())[1]):
            paths = [_RUST_PATH, _PATH]
        elif self._runner.run(commands.visudo_check())[0] == 0:
            rc, lines, stderr, argv = self._runner.run(commands.sudo_version())
            try:
                paths = parse_version(lines)[1] or paths
            except SudoError as error:
                raise HostError("command_failed", str(error), argv, rc, stderr) from None
        found = [path for path in paths if os.path.exists(path)]
        if not found:
            raise HostError(
                "bad_policy",
                f"sudo has no policy: there is no {' or '.join(paths)}",
                hint="Reinstall sudo.",
            )
        return found[0]

    def _lay_out(self) -> None:
        text = _read(self.path)
        base, real, found = os.path.dirname(self.path), os.path.realpath(self._directory), []

        def replaced(said: re.Match[str]) -> str:
            path = os.path.join(base, re.sub(r"\\(.)", r"\1", said["path"].strip('"')))
            if said["dir"] and os.path.realpath(path) == real:
                found.append(path)
                path = self._copied
            return f'{said["head"]}"{path}"' if re.search(r"\s", path) else f"{said['head']}{path}"

        text = _INCLUDE.sub(replaced, text)
        if not found:
            raise HostError(
                "bad_policy",
                f"{self.path} does not include the files in {self._directory}",
                hint=f"Run visudo and add the line '@includedir {self._directory}', or choose"
                " another path.",
            )
        self._write(self._main, text.encode("utf-8", "surrogateescape"), os.stat(self.path))
        for name in os.listdir(self._directory):
            path = os.path.join(self._directory, name)
            # sudo skips these names, and what is no file.
            if "." not in name and not name.endswith("~") and os.path.isfile(path):
                included = _INCLUDE.sub(self._absolute, _read(path))
                self._write(
                    os.path.join(self._copied, name),
                    included.encode("utf-8", "surrogateescape"),
                    os.stat(path),
                )

    def _absolute(self, said: re.Match[str]) -> str:
        if said["path"].startswith(("/", '"/')):
            return str(said[0])
        return f"{said['head']}{os.path.join(self._directory, said['path'])}"

    def _write(self, path: str, content: bytes, status: os.stat_result | None = None) -> None:
        with open(path, "wb") as file:
            file.write(content)
        if status is not None:
            os.chown(path, status.st_uid, status.st_gid)
        os.chmod(path, stat.S_IMODE(status.st_mode) if status is not None else 0o440)

    def put(self, name: str, content: bytes | None) -> None:
        """Puts a file of the directory in the copy; None removes it."""
        path = os.path.join(self._copied, name)
        if os.path.exists(path):
            os.unlink(path)
        if content is not None:
            self._write(path, content)

    def complaint(self) -> str | None:
        """What visudo complains of in the copy, with the names of the real files; None where it is
        valid."""
        rc, lines, stderr, dummy = self._runner.run(commands.visudo_check_file(self._main))
        if rc == 0:
            return None
        said = [
            line
            for line in lines + stderr.splitlines()
            if line.strip() and not line.endswith(": parsed OK")
        ]
        text = "\n".join(said) or f"exit code {rc} without a message"
        return text.replace(self._copied, self._directory).replace(self._main, self.path)

    def takes(self, user: str, setting: str) -> bool:
        """Whether this sudo knows a setting that is on or off."""
        probe = self._main + ".probe"
        self._write(probe, (f"Defaults:{user} !{setting}\n").encode())
        rc, lines, stderr, dummy = self._runner.run(commands.visudo_check_file(probe))
        return rc == 0 and "unknown" not in "\n".join(lines) + stderr

    def defaults(self, user: str) -> dict[str, Any] | None:
        """The settings that hold for a user, whatever the command; None where cvtsudoers is
        missing."""
        if self._runner.find("cvtsudoers") is None:
            return None
        rc, lines, stderr, argv = self._runner.run(commands.cvtsudoers_defaults(user, self._main))
        if rc != 0:
            raise HostError(
                "command_failed",
                f"cvtsudoers does not understand sudo's policy: {stderr.strip()}",
                argv,
                rc,
                stderr,
            )
        try:
            return parse_defaults("\n".join(lines))
        except SudoError as error:
            raise HostError("command_failed", str(error), argv, rc, stderr) from None

    def secure_path(self, user: str) -> list[str]:
        """The directories in which sudo looks for a program that is given by its name. Empty where
        the policy sets none."""
        defaults = self.defaults(user)
        if defaults is None:
            value = parse_secure_path("\n".join(text for dummy, text in self._texts()), user)
        else:
            value = defaults.get("secure_path")
        return [part for part in str(value or "").split(":") if part.startswith("/")]

    def mentions(self, setting: str, after: str) -> list[str]:
        """The files that are read after one of the directory and mention a setting."""
        later = False
        found = []
        for path, text in self._texts():
            if (
                later
                and re.search(rf"^[ \t]*Defaults[^\n]*\b{setting}\b", text, re.MULTILINE)
                and path not in found
            ):
                found.append(path)
            later = later or path == os.path.join(self._directory, after)
        return found

    def _texts(self) -> list[tuple[str, str]]:
        """The real paths and texts of the policy and of the directory's files, in the order in
        which sudo reads them."""
        with open(self._main, "rb") as file:
            parts = re.split(
                rf"^[ \t]*[@#]includedir[ \t]+{re.escape(self._copied)}.*$",
                _decoded(file.read()),
                maxsplit=1,
                flags=re.MULTILINE,
            )
        included = []
        for name in sorted(os.listdir(self._copied), key=os.fsencode):
            with open(os.path.join(self._copied, name), "rb") as file:
                included.append((os.path.join(self._directory, name), _decoded(file.read())))
        return [(self.path, parts[0])] + included + [(self.path, parts[1])]


def _read(path: str) -> str:
    # sudo follows links.
    return _decoded(files.read(os.path.realpath(path)) or b"")


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")

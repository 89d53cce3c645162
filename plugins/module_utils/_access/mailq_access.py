# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a user list the queue of Postfix instances, through parameters in main.cf, and revokes
exactly that.

What the user needs shows when the queue is listed as this user. The entries in the record are those
of parameter_grants."""

from __future__ import annotations

import os
import re
import tempfile
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._access.parameter_grants import (
    Notes,
    Place,
    Want,
    mailq_user_fault,
    step,
    value_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import (
    bad_argument,
    find_user,
    require_root,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.managed import (
    difference,
    printable,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    cause_of,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instances import (
    answer,
    describe_instance,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.main_cf import MainCf
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    split_list,
    split_raw,
)

MAILQ = "authorized_mailq_users"
REACHABLE = "alternate_config_directories"
_BY = "mailq_access"
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DIRECTORY = re.compile(r"(?:/[A-Za-z0-9_.+@-]+)+")
# Where Postfix keeps its daemons, unless main.cf says otherwise.
_DAEMONS = (
    "/usr/lib/postfix/sbin",
    "/usr/lib/postfix/bin",
    "/usr/lib/postfix",
    "/usr/libexec/postfix",
    "/usr/local/libexec/postfix",
)
# Seconds. A refusal comes at once; a listing may take long, and its first line is enough.
_PATIENCE = 10
_ROUNDS = 3
# What this module can change.
_REFUSALS = ("not_authorized", "config_directory_refused")


def ensure(options: dict[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Grants or revokes; options are those of the module. The result has changed, parameters,
    listings, diff and warnings. Raises HostError."""
    _check(options)
    require_root("list the queue as another user and change main.cf")
    with Record(deadline, check_mode) as record:
        run = _Run(options, record, deadline, check_mode)
        return run.revoke() if options["state"] == "absent" else run.grant()


def _check(options: dict[str, Any]) -> None:
    user, names = options["user"], options.get("authorized_mailq_users") or []
    if not _USER.fullmatch(user):
        raise bad_argument(
            "user", user, "is not a user name", "Use letters, digits, '_', '.' and '-' only"
        )
    if options["state"] == "absent":
        return
    find_user("user", user)
    for directory in options.get("config_directory") or []:
        if not _DIRECTORY.fullmatch(directory):
            raise bad_argument(
                "config_directory",
                directory,
                "is not a path that Postfix accepts",
                "Give an absolute path of letters, digits, '_', '.', '+', '@' and '-', without a"
                " slash at its end",
            )
    for name in names:
        fault = mailq_user_fault(name)
        if fault:
            raise bad_argument(MAILQ, name, *fault)
    lets_in = _lets_in(names, user)
    has_tables = any("/" in name or ":" in name for name in names)
    if names and (lets_in is False or (lets_in is None and not has_tables)):
        raise bad_argument(
            MAILQ,
            ", ".join(names),
            f"does not let {user} in",
            f"Add {user} to it, before anything that excludes the user",
        )


class _Run:
    """One run of the module, while it has the record locked."""

    def __init__(
        self, options: dict[str, Any], record: Record, deadline: Deadline, check_mode: bool
    ) -> None:
        self._user = options["user"]
        self._directories = options.get("config_directory") or []
        self._exact = options.get("authorized_mailq_users") or []
        self._exclusive = bool(options.get("exclusive"))
        self._record = record
        self._deadline = deadline
        self._runner = Runner(deadline)
        self._check_mode = check_mode
        # Each word that is needed, with its place.
        self._needed: set[tuple[str, str, str]] = set()
        # Before and after.
        self._changes: dict[Place, tuple[str | None, str | None]] = {}

    def grant(self) -> dict[str, Any]:
        default = describe_instance(self._runner).config_directory
        directories = list(dict.fromkeys(self._directories or [default]))
        for directory in directories:
            MainCf(self._runner, directory, "").read()
        self._needed = {(directory, MAILQ, self._user) for directory in directories} | {
            (default, REACHABLE, directory) for directory in directories
        }
        # Whether the list excludes the user often shows only once the directory is accepted.
        for dummy in range(_ROUNDS):
            listings = {directory: self._listing(directory) for directory in directories}
            wants = self._wants(listings, default)
            changed = [self._change_place(place, wants) for place in self._places(wants)]
            if not any(changed) or self._check_mode:
                break
        # In check mode what was planned may help.
        if not (self._check_mode and self._changes):
            for error in listings.values():
                if error and error.kind in _REFUSALS:
                    raise error
        return self._result(listings)

    def revoke(self) -> dict[str, Any]:
        errors = []
        for place in self._places([]):
            try:
                self._change_place(place, [])
            except HostError as error:
                # What other instances gave is revoked all the same.
                errors.append(error)
        if errors:
            raise errors[0]
        return self._result({})

    def _result(self, listings: dict[str, HostError | None]) -> dict[str, Any]:
        parameters, diff = [], []
        for (directory, name), (before, after) in self._changes.items():
            if before == after:
                continue
            values = [value_of(name, lines) for lines in (before, after)]
            shown = [None if value is None else printable(value) for value in values]
            parameters.append(
                {
                    "config_directory": directory,
                    "name": name,
                    "before": shown[0],
                    "after": shown[1],
                }
            )
            path = os.path.join(directory, "main.cf")
            diff.append(difference(path, _shown(before), _shown(after)))
        return {
            "changed": bool(diff),
            "parameters": parameters,
            "listings": [
                {"config_directory": directory, "error": error.kind if error else None}
                for directory, error in listings.items()
            ],
            "diff": diff,
            "warnings": [
                f"{error.message} ({error.kind}). {error.hint}"
                for error in listings.values()
                if error and error.kind not in _REFUSALS
            ],
        }

    def _listing(self, directory: str) -> HostError | None:
        """Why the user cannot list the queue; None where the user can. Nothing of a listing is
        kept."""
        patience = Deadline(min(_PATIENCE, self._deadline.remaining()))
        process = Runner(patience, run_as=self._user).start(commands.postqueue_plain(directory))
        try:
            listed = next(process.lines(), None) is not None
            if listed:
                process.kill()
            rc, stderr = process.finish()
        except HostError as error:
            self._deadline.check(f"listing the queue of {directory}")
            return error
        if listed or rc == 0:
            return None
        kind = postfix_refusal(stderr)
        message = f"{self._user} cannot list the queue of {directory}: {cause_of(stderr, rc)}"
        return HostError(kind, message, process.args, rc, stderr)

    def _wants(self, listings: dict[str, HostError | None], default: str) -> list[Want]:
        return [
            want
            for directory, error in listings.items()
            for want in self._wants_of(directory, default, error.kind if error else None)
        ]

    def _wants_of(self, directory: str, default: str, kind: str | None) -> list[Want]:
        refused = kind == "config_directory_refused"
        wants = [Want(default, REACHABLE, directory, None, "")] if refused else []
        if self._exact:
            return wants + [Want(directory, MAILQ, self._user, ", ".join(self._exact), "")]
        if kind in _REFUSALS:
            listed = split_list(
                " ".join(answer(self._runner, commands.postconf_values([MAILQ], directory)))
            )
            if not refused or not _lets_in(listed, self._user):
                self._refuse_exclusion(directory, listed)
                wants.append(Want(directory, MAILQ, self._user, None, ", ".join(listed)))
        return wants

    def _refuse_exclusion(self, directory: str, listed: list[str]) -> None:
        """The user is put first in the list, which must not override what somebody wrote to
        exclude the user: the name, or a file or table of such names."""
        excluding = [
            pattern
            for pattern in listed
            if pattern == "!" + self._user or re.match(r"!(?!static:).*[/:]", pattern)
        ]
        if not excluding and self._user in listed:
            earlier = listed[: listed.index(self._user)]
            excluding = [pattern for pattern in earlier if pattern.startswith("!")]
        if excluding:
            raise HostError(
                "bad_argument",
                f"user: {MAILQ} of {directory} seems to exclude {self._user} on purpose"
                f" ({', '.join(excluding)})",
                hint=f"Remove that from the list, or give the whole list in the option {MAILQ}.",
            )

    def _places(self, wants: list[Want]) -> list[Place]:
        """What to look at: what is to be set, what the user got earlier, and what is shared with
        another user."""
        places = [(want.directory, want.name) for want in wants]
        for entry in self._record.entries(_BY):
            place = (entry["config_directory"], entry["name"])
            shared = any(place + (token,) in self._needed for token in entry["tokens"])
            if entry["user"] == self._user or shared:
                places.append(place)
        return list(dict.fromkeys(places))

    def _change_place(self, place: Place, wants: list[Want]) -> bool:
        """Sets one parameter, or takes the user's words out of it; whether anything changed."""
        wants = [want for want in wants if (want.directory, want.name) == place]
        while True:
            # Somebody may change the same parameter in between.
            entries = [
                entry
                for entry in self._record.entries(_BY)
                if (entry["config_directory"], entry["name"]) == place
            ]
            now = self._now(place, bool(wants))
            exclusive = self._exclusive or not self._needed
            needed = {token for *where, token in self._needed if tuple(where) == place}
            planned = step(place, now, entries, self._user, wants, needed, exclusive)
            self._note(place, planned.pending)
            if planned.after == now or self._replace(place, now, planned.after):
                break
        self._note(place, planned.final)
        if planned.after == now:
            return False
        self._changes[place] = (self._changes.get(place, (now, None))[0], planned.after)
        return True

    def _note(self, place: Place, entries: Notes) -> None:
        for user, entry in entries.items():
            others = [
                other
                for other in self._record.entries(_BY, user)
                if (other["config_directory"], other["name"]) != place
            ]
            self._record.replace(_BY, user, others + ([entry] if entry else []))

    def _now(self, place: Place, wanted: bool) -> str | None:
        """The lines in main.cf. None where there are none, as where this instance, or all of
        Postfix, is gone."""
        try:
            lines = MainCf(self._runner, place[0], "").setting(place[1])
        except HostError as error:
            gone = not os.path.lexists(os.path.join(place[0], "main.cf"))
            if error.kind == "bad_config" and not wanted and gone:
                return None
            raise
        if lines is None or self._runner.find("postconf") is not None:
            return lines
        if self._is_installed(place[0]):
            raise HostError(
                "not_installed",
                "postconf was not found, although Postfix is installed",
                hint="Add the directory of postconf to root's PATH, then run this again.",
            )
        return None

    def _is_installed(self, directory: str) -> bool:
        """Whether Postfix is there although its postconf is not found."""
        found = MainCf(self._runner, directory, "").setting("daemon_directory")
        named = [value_of("daemon_directory", found) or ""]
        return any(
            os.path.exists(os.path.join(path, "master"))
            for path in named + list(_DAEMONS)
            if path.startswith("/")
        )

    def _replace(self, place: Place, now: str | None, after: str | None) -> bool:
        """Replaces lines; False where somebody else was quicker."""
        if self._check_mode:
            return True
        directory, name = place
        state = "absent" if after is None else "present"
        parameters = {name: value_of(name, after) or ""}
        raw = {name: after} if after is not None else None
        with tempfile.TemporaryDirectory(prefix="mailq_access-") as workspace:
            main_cf = MainCf(self._runner, directory, workspace)
            plan = main_cf.plan(parameters, state, raw)
            seen, expected = plan.settings_before.get(name), value_of(name, now)
            if seen == expected:
                return main_cf.replace(plan, parameters, state, raw, unchanged=True) is not None
            if main_cf.setting(name) != now:
                return False
            raise HostError(
                "bad_config",
                f"{main_cf.path}: Postfix reads {name} as {seen!r}, not as {expected!r}",
                hint=f"Correct these lines with 'postconf -c {directory} -e'.",
            )


def _lets_in(listed: list[str], user: str) -> bool | None:
    """Whether a list lets the user in by name or with everybody, None where neither is in it; files
    and tables are not looked into."""
    for pattern in listed:
        if pattern.lstrip("!") == user or pattern.lstrip("!").startswith("static:"):
            return not pattern.startswith("!")
    return None


def _shown(lines: str | None) -> str:
    return "" if lines is None else f"{split_raw(lines)[0]}\n"

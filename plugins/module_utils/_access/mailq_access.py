# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a user list the queue of Postfix instances, by parameters in main.cf, and revokes exactly
that.

What the user needs is found out by listing the queue as this user. The entries in the record are
those of parameter_grants."""

from __future__ import annotations

import os
import pwd
import re
import tempfile
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._access.parameter_grants import (
    Want,
    step,
    value_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    postfix_refusal,
    reason_of,
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
# A user, a file or a table, as authorized_mailq_users takes them (postconf(5)); no $, so that no
# other parameter comes in.
_PATTERN = re.compile(r"!?[A-Za-z0-9_./:+-]+")
# Where Postfix keeps its daemons, if main.cf does not say it.
_DAEMONS = (
    "/usr/lib/postfix/sbin",
    "/usr/lib/postfix/bin",
    "/usr/lib/postfix",
    "/usr/libexec/postfix",
    "/usr/local/libexec/postfix",
)
# A refusal comes at once; a listing need not come at all.
_PATIENCE = 10
_ROUNDS = 3
# What this module can change.
_REFUSALS = ("not_authorized", "config_directory_refused")


def ensure(options: dict[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Grants or revokes; options are those of the module. The result has changed, parameters,
    listings, diff and warnings. Raises HostError."""
    directories = _check(options)
    if os.geteuid() != 0:
        raise HostError(
            "permission_denied",
            "only root can list the queue as another user and change main.cf",
            hint="Run as root (become: true).",
        )
    with Record(deadline, check_mode) as record:
        run = _Run(options, record, deadline, check_mode)
        return run.revoke() if options["state"] == "absent" else run.grant(directories)


def _check(options: dict[str, Any]) -> list[str]:
    user, directories, names = (
        options["user"],
        options.get("config_directory") or [],
        options.get("authorized_mailq_users") or [],
    )
    if not _USER.fullmatch(user):
        raise _bad(
            "user", user, "is not a user's name", "Use letters, digits, '_', '.' and '-' only"
        )
    if options["state"] == "absent":
        return []
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise _bad(
            "user", user, "is not a user on this host", "Create the user or correct the name"
        ) from None
    for directory in directories:
        if not _DIRECTORY.fullmatch(directory):
            hint = (
                "Give an absolute path of letters, digits, '_', '.', '+', '@' and '-', without a"
                " slash at its end"
            )
            raise _bad("config_directory", directory, "is not a path that Postfix accepts", hint)
    for name in names:
        if not _PATTERN.fullmatch(name):
            raise _bad(
                MAILQ,
                name,
                "is not a user, a file or a table",
                "Give one name an entry, without blanks or commas",
            )
    lets_in = _lets_in(names, user)
    if names and (
        lets_in is False
        or (lets_in is None and not any("/" in name or ":" in name for name in names))
    ):
        raise _bad(
            MAILQ,
            ", ".join(names),
            "shuts the user out",
            f"Put {user} into it, before anything that shuts it out",
        )
    return list(dict.fromkeys(directories))


def _bad(option: str, value: str, wrong: str, hint: str) -> HostError:
    return HostError("bad_argument", f"{option}: {value!r} {wrong}", hint=hint + ".")


class _Run:
    """One run of the module, while it has the record locked."""

    def __init__(
        self, options: dict[str, Any], record: Record, deadline: Deadline, check_mode: bool
    ) -> None:
        self._user = options["user"]
        self._exact = options.get("authorized_mailq_users") or []
        self._exclusive = bool(options.get("exclusive"))
        self._record = record
        self._deadline = deadline
        self._runner = Runner(deadline)
        self._check_mode = check_mode
        # Before and after, by place (directory and name).
        self._changes: dict[tuple[str, str], tuple[str | None, str | None]] = {}

    def grant(self, directories: list[str]) -> dict[str, Any]:
        default = describe_instance(self._runner).config_directory
        directories = directories or [default]
        for directory in directories:
            MainCf(self._runner, directory, "").read()
        needed = {(directory, MAILQ, self._user) for directory in directories} | {
            (default, REACHABLE, directory) for directory in directories
        }
        # Where a directory is refused, whether the list shuts the user out shows for sure only
        # afterwards.
        for dummy in range(_ROUNDS):
            listings = {directory: self._listing(directory) for directory in directories}
            wants = [
                want
                for directory in directories
                for want in self._wants(directory, default, listings[directory])
            ]
            changed = [self._settle(place, wants, needed) for place in self._places(wants, needed)]
            if not any(changed) or self._check_mode:
                break
        for error in listings.values():
            # In check mode what was planned may help.
            if error and error.kind in _REFUSALS and not (self._check_mode and self._changes):
                raise error
        return self._result(listings)

    def revoke(self) -> dict[str, Any]:
        errors = []
        for place in self._places([], set()):
            try:
                self._settle(place, [], set())
            except HostError as error:
                # What another instance gave is revoked all the same.
                errors.append(error)
        if errors:
            raise errors[0]
        return self._result({})

    def _result(self, listings: dict[str, HostError | None]) -> dict[str, Any]:
        result: dict[str, Any] = {"changed": False, "parameters": [], "diff": [], "warnings": []}
        result["listings"] = [
            {"config_directory": directory, "error": error.kind if error else None}
            for directory, error in listings.items()
        ]
        for error in listings.values():
            if error and error.kind not in _REFUSALS:
                result["warnings"].append(f"{error.message} ({error.kind}). {error.hint}")
        for (directory, name), (before, after) in self._changes.items():
            if before == after:
                continue
            path = os.path.join(directory, "main.cf")
            values = {
                "before": _plain(value_of(name, before)),
                "after": _plain(value_of(name, after)),
            }
            result["changed"] = True
            result["parameters"].append(dict(values, config_directory=directory, name=name))
            result["diff"].append(
                {
                    "before_header": path,
                    "after_header": path,
                    "before": _shown(before),
                    "after": _shown(after),
                }
            )
        return result

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
        message = f"{self._user} cannot list the queue of {directory}: {reason_of(stderr, rc)}"
        return HostError(kind, message, process.args, rc, stderr)

    def _wants(self, directory: str, default: str, error: HostError | None) -> list[Want]:
        refused = error is not None and error.kind == "config_directory_refused"
        wants = [Want(default, REACHABLE, directory, None, "")] if refused else []
        if self._exact:
            return wants + [Want(directory, MAILQ, self._user, ", ".join(self._exact), "")]
        if refused or (error is not None and error.kind == "not_authorized"):
            listed = split_list(
                " ".join(answer(self._runner, commands.postconf_values([MAILQ], directory)))
            )
            if not refused or not _lets_in(listed, self._user):
                self._refuse_exclusion(directory, listed)
                wants.append(Want(directory, MAILQ, self._user, None, ", ".join(listed)))
        return wants

    def _refuse_exclusion(self, directory: str, listed: list[str]) -> None:
        """The user is put at the list's head, which must not outweigh what somebody wrote to
        exclude the user: the name, or a file or table of such names."""
        excluding = [
            pattern
            for pattern in listed
            if pattern == "!" + self._user or re.match(r"!(?!static:).*[/:]", pattern)
        ]
        if not excluding and self._user in listed:
            excluding = [
                pattern for pattern in listed[: listed.index(self._user)] if pattern.startswith("!")
            ]
        if excluding:
            message = "user: {} of {} seems to shut {} out on purpose ({})".format(
                MAILQ, directory, self._user, ", ".join(excluding)
            )
            raise HostError(
                "bad_argument",
                message,
                hint=f"Remove that from the list, or give the whole list in the option {MAILQ}.",
            )

    def _places(
        self, wants: list[Want], needed: set[tuple[str, str, str]]
    ) -> list[tuple[str, str]]:
        """What is to be looked at: what is to be set, what the user got earlier, and what is shared
        with another user."""
        places = [(want.directory, want.name) for want in wants]
        for entry in self._record.entries(_BY):
            place = (entry["config_directory"], entry["name"])
            if entry["user"] == self._user or any(
                place + (token,) in needed for token in entry["tokens"]
            ):
                places.append(place)
        return list(dict.fromkeys(places))

    def _settle(
        self, place: tuple[str, str], wants: list[Want], needed: set[tuple[str, str, str]]
    ) -> bool:
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
            planned = step(
                place, now, entries, self._user, wants, needed, self._exclusive or not needed
            )
            self._note(place, planned.meanwhile)
            if planned.after == now or self._change(place, now, planned.after):
                break
        self._note(place, planned.afterwards)
        if planned.after != now:
            self._changes[place] = (self._changes.get(place, (now, None))[0], planned.after)
        return planned.after != now

    def _note(self, place: tuple[str, str], entries: dict[str, dict[str, Any] | None]) -> None:
        for user, entry in entries.items():
            others = [
                other
                for other in self._record.entries(_BY, user)
                if (other["config_directory"], other["name"]) != place
            ]
            self._record.replace(_BY, user, others + ([entry] if entry else []))

    def _now(self, place: tuple[str, str], wanted: bool) -> str | None:
        """The lines in main.cf. None where there are none, as where this instance, or all of
        Postfix, is gone."""
        try:
            lines = MainCf(self._runner, place[0], "").setting(place[1])
        except HostError as error:
            if (
                error.kind == "bad_config"
                and not wanted
                and not os.path.lexists(os.path.join(place[0], "main.cf"))
            ):
                return None
            raise
        if lines is not None and self._runner.find("postconf") is None:
            if self._is_installed(place[0]):
                message = "postconf was not found, although Postfix is installed"
                raise HostError(
                    "not_installed",
                    message,
                    hint="Add the directory of postconf to PATH, for root, then run this again.",
                )
            return None
        return lines

    def _is_installed(self, directory: str) -> bool:
        """Whether Postfix is there although its postconf is not found."""
        found = MainCf(self._runner, directory, "").setting("daemon_directory")
        named = [value_of("daemon_directory", found) or ""]
        return any(
            os.path.exists(os.path.join(path, "master"))
            for path in named + list(_DAEMONS)
            if path.startswith("/")
        )

    def _change(self, place: tuple[str, str], now: str | None, after: str | None) -> bool:
        """Puts lines in the place of others; False where somebody else was quicker."""
        if self._check_mode:
            return True
        directory, name = place
        state = "absent" if after is None else "present"
        parameters, raw = (
            {name: value_of(name, after) or ""},
            ({name: after} if after is not None else None),
        )
        with tempfile.TemporaryDirectory(prefix="mailq_access-") as workspace:
            main_cf = MainCf(self._runner, directory, workspace)
            plan = main_cf.plan(parameters, state, raw)
            seen = plan.settings_before.get(name)
            if seen != value_of(name, now):
                if main_cf.setting(name) != now:
                    return False
                message = (
                    f"{main_cf.path}: Postfix reads {name} as {seen!r}, not as"
                    f" {value_of(name, now)!r}"
                )
                raise HostError(
                    "bad_config",
                    message,
                    hint=f"Correct these lines with 'postconf -c {directory} -e'.",
                )
            return main_cf.replace(plan, parameters, state, raw, unchanged=True) is not None


def _lets_in(listed: list[str], user: str) -> bool | None:
    """Whether a list lets the user in by name or with everybody, None where neither is in it; files
    and tables are not looked into."""
    for pattern in listed:
        if pattern.lstrip("!") == user or pattern.lstrip("!").startswith("static:"):
            return not pattern.startswith("!")
    return None


def _plain(text: str | None) -> str | None:
    # A result must not hold what stands for bytes that are not UTF-8.
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _shown(lines: str | None) -> str:
    return "" if lines is None else f"{_plain(split_raw(lines)[0])}\n"

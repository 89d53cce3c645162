# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a user read logs, with the least access that lasts, and revokes exactly that: the module
log_access without its wiring."""

from __future__ import annotations

import os
from typing import Any, Iterable

from ansible_collections.mailops.postfix.plugins.module_utils._access.changes import (
    Account,
    Changes,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.log_grants import (
    KINDS,
    Entry,
    Revoker,
    key_of,
    target_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.log_opener import (
    BY,
    LOG_MODE,
    Log,
    Opener,
    Refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._access.rotation import (
    RotationFinder,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import (
    bad_argument,
    find_user,
    of_system,
    require_root,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.parameters import (
    ParameterError,
    parse_parameters,
)

DEFAULTS: dict[str, Any] = {
    "paths": [],
    "maillog_file_of": [],
    "journal": False,
    "means": "auto",
    "exclusive": False,
    "state": "present",
}


def ensure(options: dict[str, Any], deadline: Deadline, check_mode: bool) -> dict[str, Any]:
    """Does what the options of log_access say (DEFAULTS for those that are missing) and returns
    what it returns, with warnings (list of str).

    Raises Refusal.
    """
    options = dict(DEFAULTS, **options)
    result: dict[str, Any] = {
        "changed": False,
        "granted": [],
        "logs": [],
        "warnings": [],
        "diff": {"before": "", "after": ""},
    }
    try:
        require_root("change access lists and groups")
        if options["state"] == "absent":
            _revoke(options["user"], deadline, check_mode, result)
        elif options["means"] == "none":
            _look(options, deadline, result)
        else:
            _grant(options, deadline, check_mode, result)
    except Refusal as refusal:
        raise Refusal(refusal.errors, result) from None
    except HostError as error:
        raise Refusal([(None, error)], result) from None
    except ParameterError as error:
        message = f"postconf printed something unexpected: {error}"
        raise Refusal([(None, HostError("command_failed", message))], result) from None
    except OSError as error:
        raise Refusal([(None, of_system(error))], result) from None
    return result


def _look(options: dict[str, Any], deadline: Deadline, result: dict[str, Any]) -> None:
    """Only shows what the user can read."""
    account, runner = _find_account(options["user"]), Runner(deadline)
    with Changes(runner, account) as changes:
        logs = _logs(options, changes)
        opener = Opener(changes, account, RotationFinder(runner), [], [])
        result["logs"] = opener.look(logs, deadline)
        _add_outlook(opener, logs, [seen for seen in result["logs"] if seen["readable"]])


def _grant(
    options: dict[str, Any], deadline: Deadline, check_mode: bool, result: dict[str, Any]
) -> None:
    account, runner = _find_account(options["user"]), Runner(deadline)
    with Record(deadline, check_mode) as record, Changes(runner, account) as changes:
        logs = _logs(options, changes)
        recorded, others = _recorded(record, account.name)
        opener = Opener(changes, account, RotationFinder(runner), recorded, others)
        found = opener.look(logs, deadline)
        if options["exclusive"]:
            revoker = Revoker(changes, others, deadline)
            kept = _plan_exclusively(opener, revoker, logs, found, options["means"])
            result["warnings"] = revoker.warnings
        else:
            opener.plan(logs, found, options["means"])
            kept = recorded
        new, targets = opener.noted, changes.targets()
        result.update(
            changed=bool(targets),
            granted=[_as_returned(entry) for entry in new if target_of(entry) in targets],
            diff=changes.diff(),
        )
        if not check_mode:
            pending = recorded + [entry for entry in new if entry not in recorded]
            record.replace(BY, account.name, pending)
            changes.apply()
            record.replace(BY, account.name, _without(kept, new) + new)
            if targets:
                found = opener.look(logs, deadline)
        _add_outlook(opener, logs, found)
    result["logs"] = found
    if not check_mode:
        _check(account.name, found)


def _add_outlook(opener: Opener, logs: list[Log], found: list[dict[str, Any]]) -> None:
    for seen in found:
        for log in logs:
            if log.path is not None and log.path == seen["path"]:
                seen["lasts"], seen["warning"] = opener.outlook(log)


def _plan_exclusively(
    opener: Opener,
    revoker: Revoker,
    logs: list[Log],
    found: list[dict[str, Any]],
    means: str,
) -> list[Entry]:
    """Plans to revoke all that is recorded and to give what is needed again; what is both does not
    change. Returns what cannot be revoked now."""
    dropped: set[Any] = set()
    while True:
        opener.changes.forget()
        revoker.warnings = []
        kept = _revoke_each(revoker, opener.recorded, dropped)
        opener.plan(logs, found, means)
        more = {key_of(entry) for entry in _without(opener.recorded, opener.noted)} - dropped
        if not more:
            return kept
        # What came of a grant goes with it, which may make another one necessary.
        dropped |= more


def _revoke_each(revoker: Revoker, entries: list[Entry], dropped: set[Any]) -> list[Entry]:
    """Revokes the last grant first; dropped: the keys of those that go with what came of them.
    Returns what cannot be revoked now."""
    kept = [
        entry for entry in reversed(entries) if not revoker.revoke(entry, key_of(entry) in dropped)
    ]
    return kept[::-1]


def _revoke(user: str, deadline: Deadline, check_mode: bool, result: dict[str, Any]) -> None:
    account = Account(user, -1, frozenset())
    with Record(deadline, check_mode) as record, Changes(Runner(deadline), account) as changes:
        recorded, others = _recorded(record, user)
        revoker = Revoker(changes, others, deadline)
        kept = _revoke_each(revoker, recorded, {key_of(entry) for entry in recorded})
        result.update(
            changed=bool(changes.targets()), diff=changes.diff(), warnings=revoker.warnings
        )
        if not check_mode:
            changes.apply()
            record.replace(BY, user, kept)


def _recorded(record: Record, user: str) -> tuple[list[Entry], list[Entry]]:
    """What log_access gave to this user, and to others."""
    entries = record.entries(BY)
    for entry in entries:
        if entry["kind"] not in KINDS:
            raise HostError(
                "bad_record", f"the record of grants has an entry of unknown kind, {entry['kind']}"
            )
    own = [entry for entry in entries if entry["user"] == user]
    return own, [entry for entry in entries if entry["user"] != user]


def _find_account(name: str) -> Account:
    user = find_user("user", name)
    if user.pw_uid == 0:
        raise bad_argument("user", name, "can read everything", "Name the user who reads the log")
    return Account(name, user.pw_uid, frozenset(os.getgrouplist(name, user.pw_gid)))


def _logs(options: dict[str, Any], changes: Changes) -> list[Log]:
    logs = [Log(path) for path in options["paths"]]
    for directory in options["maillog_file_of"]:
        values = parse_parameters(
            changes.run(commands.postconf_parameters(["maillog_file", LOG_MODE], directory))
        )
        path = values.get("maillog_file", "")
        if not path.startswith("/") or path.startswith("/dev/"):
            raise bad_argument(
                "maillog_file_of",
                directory,
                f"is an instance that writes no log file itself (maillog_file is '{path}')",
                "Leave it out, and name the files of a syslog daemon in paths",
            )
        logs.append(Log(path, directory, values.get(LOG_MODE)))
    for log in logs:
        path = log.path or ""
        if not os.path.isabs(path) or os.path.normpath(path) != path:
            hint = "Give the path from / on, without '..'"
            raise bad_argument("paths", path, "is not a plain absolute path", hint)
    logs += [Log(None)] if options["journal"] else []
    if not logs:
        raise HostError(
            "bad_argument",
            "no log is given in paths, maillog_file_of or journal",
            hint="Give one of them.",
        )
    return logs


def _without(entries: Iterable[Entry], others: list[Entry]) -> list[Entry]:
    keys = {key_of(other) for other in others}
    return [entry for entry in entries if key_of(entry) not in keys]


def _as_returned(entry: Entry) -> dict[str, Any]:
    path = entry.get("path")
    if entry["kind"] == "parameter":
        path = os.path.join(entry["config_directory"], "main.cf")
    return {"kind": entry["kind"], "path": path, "group": entry.get("group")}


def _check(user: str, found: list[dict[str, Any]]) -> None:
    """Raises Refusal if the change did not help; of a log that does not exist yet nothing is
    known."""
    hint = (
        "Look for a security module that denies it (SELinux: 'ausearch -m avc', AppArmor:"
        " 'journalctl -k -g apparmor')."
    )
    errors: list[tuple[str | None, HostError]] = []
    for log in found:
        path = log["path"]
        if not log["readable"] and (path is None or os.path.lexists(path)):
            message = f"{user} still cannot read {path or 'the journal'}: {log['why']}"
            errors.append((path, HostError("permission_denied", message, hint=hint)))
    if errors:
        raise Refusal(errors)

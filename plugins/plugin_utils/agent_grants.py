# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rights that the role gives the Agent's user beside sudo, and how they are taken back: parameters of Postfix, and access to logs.

What was given is kept in a record on the host (dict: parameters and log, both lists of dict), written before anything is given, so that exactly
this, and nothing that was there before, can be taken back, by a later run as well as after an interrupted one.
A parameter in the record has config_directory, name, tokens (the words that the role wants in it, or None for a whole value), before (the value in
main.cf before the role's first, None where it was not set) and values (what the role set; more than one where a run may have been interrupted).
"""

from __future__ import annotations

import re

from ansible_collections.mailops.postfix.plugins.plugin_utils import agent_values as values

MAILQ = "authorized_mailq_users"
REACHABLE = "alternate_config_directories"
LOG_MODE = "maillog_file_permissions"
_SEPARATORS = re.compile(r"[,\s]+")
# A user, a file or a table, as authorized_mailq_users takes them (postconf(5)); no $, so that no other parameter comes in.
_PATTERN = re.compile(r"!?[A-Za-z0-9_./:+-]+")


def plan_grants(record, plan, described, probes, main_cf, user, exact):
    """What to give and what to take back, as dict.

    record: as read, empty where there is none; plan: see agent_plan, None where everything is to be taken back; described: result of postfix_info;
    probes: results of postfix_queue with method=postqueue as the Agent's user, items being configuration directories, empty with method=find;
    main_cf: results of C(postconf -c DIR -n NAMES), items being DIR; user: the Agent's; exact: the value of datadog_postfix_authorized_mailq_users.

    Returns problems (list of str), set and take_back (list of dict: config_directory, name, value; value None removes the parameter), and the
    parameters for the record, meanwhile (until all is done) and afterwards.
    """
    wanted, kept, problems = [], set(), values.Problems()
    if plan:
        wanted, kept = _mailq(described, probes, user, exact, problems)
        for parameter in plan["logs"]["parameters"] if plan["logs"] else []:
            directory = parameter["config_directory"]
            wanted.append({"config_directory": directory, "name": LOG_MODE, "token": None, "value": parameter["value"]})
            kept.add((directory, LOG_MODE, None))
    current = _main_cf_values(main_cf)
    grants = {"problems": list(problems), "set": [], "take_back": [], "meanwhile": [], "afterwards": []}
    recorded = {(entry["config_directory"], entry["name"]): entry for entry in record.get("parameters") or []}
    wants = {}
    for want in wanted:
        wants.setdefault((want["config_directory"], want["name"]), []).append(want)
    for place in list({**recorded, **wants}):
        now = current.get(place[0], {}).get(place[1])
        staying = {token for directory, name, token in kept if (directory, name) == place}
        _settle(grants, place, now, recorded.get(place), wants.get(place, []), staying)
    return grants


def _main_cf_values(results):
    """What main.cf sets, by configuration directory."""
    found = {}
    for result in results:
        pairs = (line.partition("=") for line in result.get("stdout_lines") or [])
        found[result["item"]] = {name.strip(): value.strip() for name, dummy, value in pairs}
    return found


def _mailq(described, probes, user, exact, problems):
    """The parameters that let the Agent's user list the queues: those to set (list of dict: config_directory, name, token, value; value None puts
    the token before the value in main.cf, or before default where that sets none), and those to keep where the role set them before (set of
    directory, name and token)."""
    wanted, kept = [], set()
    found = {instance["config_directory"]: instance for instance in described["instances"]} if probes else {}
    names = _exact(exact, user, problems)
    for probe in probes:
        directory, default = probe["item"], next(iter(found))
        kept |= {(directory, MAILQ, user), (default, REACHABLE, directory)}
        kinds = {error["kind"] for error in probe.get("errors") or []}
        listed = found[directory][MAILQ] or []
        if "config_directory_refused" in kinds:
            wanted.append({"config_directory": default, "name": REACHABLE, "token": directory, "value": None, "default": ""})
        # Where the directory is refused, whether the list shuts the user out shows only afterwards.
        if names:
            wanted.append({"config_directory": directory, "name": MAILQ, "token": user, "value": ", ".join(names)})
        elif "not_authorized" in kinds or ("config_directory_refused" in kinds and not _lets_in(listed, user)):
            _refuse_exclusion(directory, listed, user, problems)
            wanted.append({"config_directory": directory, "name": MAILQ, "token": user, "value": None, "default": ", ".join(listed)})
    return wanted, kept


def _refuse_exclusion(directory, listed, user, problems):
    """The user is put at the list's head, which must not outweigh what somebody wrote to keep it out: its name, or a file or table of such names."""
    excluding = [pattern for pattern in listed if pattern == "!" + user or re.match(r"!(?!static:).*[/:]", pattern)]
    if not excluding and user in listed:
        excluding = [pattern for pattern in listed[: listed.index(user)] if pattern.startswith("!")]
    if excluding:
        problems.append(
            "authorized_mailq_users of %s shuts %s out on purpose, as it seems (%s). Take that out of the list, give the whole list in "
            "datadog_postfix_authorized_mailq_users, or use datadog_postfix_method=find." % (directory, user, ", ".join(excluding))
        )


def _settle(grants, place, now, entry, wants, staying):
    """Add to grants what is to be done with one parameter: now is its value in main.cf or None, entry what the record has of it or None."""
    given = now
    for want in wants:
        given = want["value"] if want["value"] is not None else _with(want["default"] if given is None else given, want["token"])
    if not entry and (not wants or (now is not None and _words(given) == _words(now))):
        # Somebody else sees to it, and takes it back.
        return
    had = entry["tokens"] if entry else []
    tokens = list(dict.fromkeys([token for token in had if token in staying] + [want["token"] for want in wants]))
    ours = entry and now is not None and (_is_ours(now, entry) or not (set(had) - set(_words(entry["before"]))).isdisjoint(_words(now)))
    # Where somebody replaced what the role had set, theirs is what was there before.
    before = entry["before"] if ours else now
    end = given
    if now is not None and not tokens and _is_ours(now, entry):
        end = before
    elif given is not None:
        leaving = set(had) - set(tokens) - set(_words(before))
        if not leaving.isdisjoint(_words(given)):
            end = ", ".join(word for word in _words(given) if word not in leaving) or (None if before is None else "")
    where = {"config_directory": place[0], "name": place[1]}
    passed = []
    if wants and (now is None or _words(given) != _words(now)):
        grants["set"].append(dict(where, value=given))
        passed.append(given)
    if end != given:
        grants["take_back"].append(dict(where, value=end))
        passed.append(end)
    earlier = entry["values"] if entry else []
    any_of = list(dict.fromkeys(value for value in earlier + passed if value is not None))
    grants["meanwhile"].append(dict(where, tokens=list(dict.fromkeys(had + tokens)), before=before, values=any_of))
    if tokens and end and (ours or wants):
        # Where nothing was to be done, either what is there is the role's, or an edit of it.
        last = passed[-1:] or [value for value in earlier if _words(value) == _words(now)] or earlier
        grants["afterwards"].append(dict(where, tokens=tokens, before=before, values=last))


def _is_ours(now, entry):
    return any(_words(now) == _words(value) for value in entry["values"])


def _with(value, token):
    return value if token in _words(value) else ", ".join(filter(None, [token, value]))


def _exact(given, user, problems):
    option = "datadog_postfix_authorized_mailq_users"
    names = values.texts(option, given, problems)
    for index, name in enumerate(names):
        if not _PATTERN.fullmatch(name):
            problems.add("%s[%d]" % (option, index), name, "is not a user, a file or a table", "Give one name an entry, without blanks or commas")
    lets_in = _lets_in(names, user)
    if names and (lets_in is False or (lets_in is None and not any("/" in name or ":" in name for name in names))):
        problems.add(option, names, "shuts the Agent's user out", "Have %s in it, before anything that shuts it out" % user)
    return names


def _lets_in(listed, user):
    """Whether a list lets the user in by its name or with everybody, None where neither is in it; files and tables are not looked into."""
    for pattern in listed:
        if pattern.lstrip("!") == user or pattern.lstrip("!").startswith("static:"):
            return not pattern.startswith("!")
    return None


def _words(value):
    return [word for word in _SEPARATORS.split(value or "") if word]

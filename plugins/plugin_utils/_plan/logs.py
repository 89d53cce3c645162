# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the logs of Postfix instances are, and the Agent's configuration that collects them."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan import values

_PREFIX = "datadog_postfix_"
_MEANS = ("auto", "acl", "group", "directory", "none")
# An address with what may surround it in a log, which a group keeps. An address is everything
# between angle brackets, blanks, quotes and letters of any script included, and whoever sends,
# receives or logs in may have no domain. A message ID looks like an address and is masked, too.
_ADDRESS = "|".join(
    (
        r"((?:from|to)=<)[^<>]+",
        r"(sasl_(?:username|sender)=)[^,\s]+",
        r"(<)[^<>\s][^<>]*@[^<>\s]+",
        r"(?:\"[^\"]*\"|[^\s<>()\[\],;:=]+)@(?:\[[^\[\]\s]*\]|[^\s<>()\[\],;:]+)",
    )
)
_IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_IPV6 = r"(?:IPv6:)?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
# What precedes a message in a file; in the journal there is nothing.
_LINE = (
    r"^(?:(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T\S+) \S+"
    r" \S+\[[0-9]+\]: )?"
)

# Named processing rules, for log lines as rsyslog, Postfix and journald write them. The patterns
# keep to RE2, which the Agent uses; it replaces a group's number by what the group matched.
RULES: dict[str, dict[str, str]] = {
    "mask_addresses": {
        "type": "mask_sequences",
        "name": "mask_addresses",
        "pattern": _ADDRESS,
        "replace_placeholder": "${1}${2}${3}[address]",
    },
    "mask_clients": {
        "type": "mask_sequences",
        "name": "mask_clients",
        "pattern": rf"(helo=<)[^<>]+|[A-Za-z0-9._-]*\[(?:{_IPV4}|{_IPV6})\]|\b{_IPV4}\b",
        "replace_placeholder": "${1}[client]",
    },
    "drop_connections": {
        "type": "exclude_at_match",
        "name": "drop_connections",
        # The last two are postscreen's. Not in the middle of a line, where others choose the words.
        "pattern": (
            _LINE + r"(?:(?:connect|disconnect|lost connection after [A-Z-]+(?: \([^)]*\))?) from"
            r" |(?:CONNECT from|DISCONNECT) \[)"
        ),
    },
}

_NOT_PARSED = (
    "%s: Datadog's Postfix pipeline parses only lines that begin with a time such as 'Nov 22"
    " 13:23:06'. These do not, so they arrive unparsed. %s, or create this collection's pipeline"
    " ('ansible-playbook mailops.postfix.datadog_assets'), and list it in datadog_assets_wanted for"
    " this host as well."
)
_TRADITIONAL = (
    "Have it written with such times (rsyslog: the template RSYSLOG_TraditionalFileFormat;"
    " syslog-ng: ts-format(bsd))"
)


def plan_logs(
    chosen: list[dict[str, Any]],
    unknown: list[dict[str, Any]],
    agent: dict[str, Any],
    options: dict[str, Any],
    common: dict[str, Any],
    problems: values.Problems,
) -> dict[str, Any]:
    """What to collect, as dict: entries (list of dict, for conf.yaml), paths (list of str: files
    that the Agent's user must read), journal (bool: it must read the journal), access (dict:
    paths, journal, maillog_file_of and means, arguments of log_access that give that), and unparsed
    (list of str: a warning for each source that Datadog's own pipeline does not parse).

    chosen: the instances as postfix_info describes them; the rest as in agent_plan. Adds to
    problems."""
    paths, units = _sources(chosen, unknown, options, problems)
    _check_switch(agent, options, problems)
    own = {}
    for instance in chosen:
        file = _first_file(instance)
        if file and instance["log"]["destination"] == "maillog_file" and file["path"] in paths:
            # Made anew without logrotate, so log_access has a way of its own for it.
            own[instance["config_directory"]] = file["path"]
    means = values.one_of(_PREFIX + "log_access", options["log_access"], _MEANS, problems)
    if agent["service_manager"] == "launchd" and means == "auto":
        # macOS has other access lists, and its logs were not tried.
        means = "none"
    return {
        "entries": _entries(paths, units, options, common, problems),
        "unparsed": _unparsed(chosen, paths, units),
        "paths": paths,
        "journal": bool(units),
        "access": {
            "paths": [path for path in paths if path not in own.values()],
            "journal": bool(units),
            "maillog_file_of": list(own),
            "means": means,
        },
    }


def _first_file(instance: dict[str, Any]) -> dict[str, Any] | None:
    files = (instance["log"] or {}).get("files")
    return files[0] if files else None


def _unparsed(chosen: list[dict[str, Any]], paths: list[str], units: list[str]) -> list[str]:
    """A warning for each source that Datadog's pipeline does not parse."""
    timestamps = {
        file["path"]: file["timestamps"]
        for instance in chosen
        for file in (instance["log"] or {}).get("files") or []
    }
    warnings = [
        _NOT_PARSED % (path, _TRADITIONAL)
        for path in paths
        if timestamps.get(path, "traditional") != "traditional"
    ]
    if units:
        hint = "Have a syslog daemon write a file with such times"
        warnings.append(_NOT_PARSED % ("journald", hint))
    return warnings


def _sources(
    chosen: list[dict[str, Any]],
    unknown: list[dict[str, Any]],
    options: dict[str, Any],
    problems: values.Problems,
) -> tuple[list[str], list[str]]:
    """The files and the systemd units from which to collect the log."""
    option = _PREFIX + "log_type"
    log_type = values.one_of(option, options["log_type"], ("auto", "file", "journald"), problems)
    paths = values.each(_path, _PREFIX + "log_paths", options["log_paths"], problems)
    units = values.each(values.unit, _PREFIX + "log_units", options["log_units"], problems)
    if paths and units:
        wrong = f"is given together with {_PREFIX}log_paths"
        problems.add(_PREFIX + "log_units", units, wrong, "Give only one of them")
    for name, given, other in (("log_paths", paths, "journald"), ("log_units", units, "file")):
        if given and log_type == other:
            wrong = f"does not fit {_PREFIX}{name}"
            problems.add(option, log_type, wrong, "Leave one of them out")
    if paths or units:
        return paths, units
    for instance in chosen:
        _find_source(instance, log_type, unknown, paths, units, problems)
    return list(dict.fromkeys(paths)), list(dict.fromkeys(units))


def _find_source(
    instance: dict[str, Any],
    log_type: str | None,
    unknown: list[dict[str, Any]],
    paths: list[Any],
    units: list[Any],
    problems: values.Problems,
) -> None:
    directory = instance["config_directory"]
    destination = (instance["log"] or {}).get("destination")
    journal = log_type == "journald" or (log_type == "auto" and destination == "journald")
    file = _first_file(instance)
    if journal and instance["unit"]:
        units.append(values.unit(f"unit of {directory}", instance["unit"], problems))
    elif file and not journal:
        paths.append(_path(f"log of {directory}", file["path"], problems))
    else:
        problems.append(_not_found(directory, log_type, journal, unknown))


def _not_found(
    directory: str, log_type: str | None, journal: bool, unknown: list[dict[str, Any]]
) -> str:
    reasons = [entry["why"] for entry in unknown if entry["config_directory"] in (None, directory)]
    why = "; ".join(reasons).rstrip(".") or f"no {'systemd unit' if journal else 'file'} is known"
    option = f"{_PREFIX}log_paths or {_PREFIX}log_units"
    if journal:
        option = f"{_PREFIX}log_units"
    elif log_type == "file":
        option = f"{_PREFIX}log_paths"
    return (
        f"The log of {directory} was not found ({why}). Give {option}, or set {_PREFIX}logs=false."
    )


def _entries(
    paths: list[str],
    units: list[str],
    options: dict[str, Any],
    common: dict[str, Any],
    problems: values.Problems,
) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = [{"type": "file", "path": path} for path in paths]
    if units:
        # One entry for all units: the Agent never reads a second one without a config_id of its
        # own.
        sources.append(
            {
                "type": "journald",
                "config_id": "postfix",
                "include_units": units,
                "process_raw_message": False,
            }
        )
    names = values.some_of(_PREFIX + "log_rules", options["log_rules"], tuple(RULES), problems)
    own_keys = ("type", "path", "include_units", "source", "service", "tags")
    extra = values.further_keys(_PREFIX + "log_extra", options["log_extra"], own_keys, problems)
    more = extra.pop("log_processing_rules", [])
    if not isinstance(more, list) or not all(map(_is_rule, more)):
        problems.add(
            _PREFIX + "log_extra.log_processing_rules",
            more,
            "is not a list of rules",
            "Give each rule a name and a type",
        )
        more = []
    rules = [RULES[name] for name in names] + more
    entry = {
        "source": "postfix",
        "service": common["service"],
        **({"tags": common["tags"]} if common["tags"] else {}),
        **({"log_processing_rules": rules} if rules else {}),
        # Agent 7.82 and later joins lines otherwise, and a joined line escapes rules that begin
        # with ^.
        "auto_multi_line_detection": False,
        **extra,
    }
    return [{**source, **entry} for source in sources]


def _is_rule(rule: Any) -> bool:
    return isinstance(rule, dict) and bool(rule.get("name")) and bool(rule.get("type"))


def _path(option: str, given: Any, problems: values.Problems) -> str | None:
    path = values.path(option, given, problems)
    if path and path.startswith("/dev/"):
        hint = (
            f"Set maillog_file to a file, or {_PREFIX}logs=false and let the Agent collect the"
            " container's output"
        )
        problems.add(option, path, "cannot be read as a file", hint)
    return path


def _check_switch(
    agent: dict[str, Any], options: dict[str, Any], problems: values.Problems
) -> None:
    """Whether log collection can be enabled where the option says."""
    option = _PREFIX + "logs_enabled_in"
    choices = ("datadog_yaml", "environment", "none")
    where = values.one_of(option, options["logs_enabled_in"], choices, problems)
    if agent["logs_enabled"]["environment"] is False and where != "environment":
        problems.append(
            "DD_LOGS_ENABLED is false in the Agent's environment file, which overrides"
            f" datadog.yaml. Remove it there, or set {option}=environment."
        )
    what = {"datadog_yaml": "file", "environment": "environment"}.get(where or "")
    for entry in agent.get("unknown") or []:
        if entry["what"] == f"logs_enabled.{what}":
            problems.append(
                f"Cannot see whether logs are enabled: {entry['why'].rstrip('.')}. Write the"
                f" setting plainly there, or choose another {option}."
            )

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the logs of Postfix instances are, and what the Agent has to be told to collect them."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan import values

_PREFIX = "datadog_postfix_"
_MEANS = ("auto", "acl", "group", "directory", "none")
# An address with what may stand around it in a log, kept by its group: an address is all that is
# between angle brackets, blanks, quotes and letters of any script included, and whoever sends,
# receives or logs in may have no domain. A message ID looks like an address, and is masked with
# them.
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
# What stands before a message in a file; in the journal there is nothing.
_LINE = (
    r"^(?:(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T\S+) \S+"
    r" \S+\[[0-9]+\]: )?"
)

# Named processing rules, for log lines as rsyslog, Postfix and journald have them. The patterns
# keep to RE2, which the Agent uses; it replaces a group's number by what the group holds.
RULES = {
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
        # The last two are postscreen's. Not in the midst of a line, where others choose the words.
        "pattern": (
            _LINE + r"(?:(?:connect|disconnect|lost connection after [A-Z-]+(?: \([^)]*\))?) from"
            r" |(?:CONNECT from|DISCONNECT) \[)"
        ),
    },
}

_NOT_PARSED = (
    "%s: Datadog's Postfix pipeline parses only lines that begin with a time such as 'Nov 22"
    " 13:23:06', and these do not, so they arrive unparsed. %s, or change the first grok rule of a"
    " copy of the pipeline."
)
_TRADITIONAL = (
    "Have it written with such times (rsyslog: the template RSYSLOG_TraditionalFileFormat;"
    " syslog-ng: ts-format(bsd))"
)


def plan_logs(chosen, unknown, agent, options, common, problems, warnings):
    """What is to be collected, as dict: entries (list of dict, for conf.yaml), paths (list of
    str: files that the Agent's user must read), journal (bool: it must read the journal), and
    access (dict: paths, journal, maillog_file_of and means, arguments of log_access that give
    that).

    chosen: the instances as postfix_info describes them; the rest as in agent_plan. Adds to
    problems and warnings."""
    paths, units = _sources(chosen, unknown, options, problems)
    timestamps = {
        file["path"]: file["timestamps"]
        for instance in chosen
        if instance["log"]
        for file in instance["log"]["files"] or []
    }
    for path in paths:
        if timestamps.get(path, "traditional") != "traditional":
            warnings.append(_NOT_PARSED % (path, _TRADITIONAL))
    if units:
        warnings.append(
            _NOT_PARSED % ("journald", "Have a syslog daemon write a file with such times")
        )
    _environment(agent, options, problems)
    # A file that Postfix writes itself is made anew without logrotate, so log_access has a way of
    # its own for it.
    own = {
        instance["config_directory"]: instance["log"]["files"][0]["path"]
        for instance in chosen
        if instance["log"]
        and instance["log"]["destination"] == "maillog_file"
        and instance["log"]["files"]
        and instance["log"]["files"][0]["path"] in paths
    }
    means = values.one_of(_PREFIX + "log_access", options["log_access"], _MEANS, problems)
    return {
        "entries": _entries(paths, units, options, common, problems),
        "paths": paths,
        "journal": bool(units),
        "access": {
            "paths": [path for path in paths if path not in own.values()],
            "journal": bool(units),
            "maillog_file_of": list(own),
            # macOS has other access lists, and its logs are not tried.
            "means": "none" if agent["service_manager"] == "launchd" and means == "auto" else means,
        },
    }


def _sources(chosen, unknown, options, problems):
    """The files and the systemd units (two lists of str) from which the log is collected."""
    given_type = values.one_of(
        _PREFIX + "log_type", options["log_type"], ("auto", "file", "journald"), problems
    )
    paths = _each(_path, "log_paths", options["log_paths"], problems)
    units = _each(values.unit, "log_units", options["log_units"], problems)
    if paths and units:
        problems.add(
            _PREFIX + "log_units",
            units,
            "is given together with datadog_postfix_log_paths",
            "Give only one of them",
        )
    if paths and given_type == "journald":
        problems.add(
            _PREFIX + "log_type",
            given_type,
            "does not fit datadog_postfix_log_paths",
            "Leave one of them out",
        )
    if units and given_type == "file":
        problems.add(
            _PREFIX + "log_type",
            given_type,
            "does not fit datadog_postfix_log_units",
            "Leave one of them out",
        )
    if paths or units:
        return paths, units
    for instance in chosen:
        log = instance["log"]
        journal = given_type == "journald" or (
            given_type == "auto" and log and log["destination"] == "journald"
        )
        directory = instance["config_directory"]
        if journal and instance["unit"]:
            units.append(values.unit(f"unit of {directory}", instance["unit"], problems))
        elif not journal and log and log["files"]:
            paths.append(_path(f"log of {directory}", log["files"][0]["path"], problems))
        else:
            _lost(instance, given_type, journal, unknown, problems)
    return list(dict.fromkeys(paths)), list(dict.fromkeys(units))


def _entries(paths, units, options, common, problems):
    sources = [{"type": "file", "path": path} for path in paths]
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
    extra = options["log_extra"]
    if not isinstance(extra, dict):
        problems.add(
            _PREFIX + "log_extra",
            extra,
            "is not a dictionary",
            "Write keys of a log entry and their values",
        )
        extra = {}
    for key in ("type", "path", "include_units", "source", "service", "tags"):
        if key in extra:
            problems.add(
                _PREFIX + "log_extra", key, "cannot be given here", "Use the option for it"
            )
    extra = values.plain(_PREFIX + "log_extra", extra, problems)
    more = extra.pop("log_processing_rules", [])
    if not isinstance(more, list) or not all(
        isinstance(rule, dict) and rule.get("name") and rule.get("type") for rule in more
    ):
        problems.add(
            _PREFIX + "log_extra.log_processing_rules",
            more,
            "is not a list of rules",
            "Give each rule a name and a type",
        )
        more = []
    rules = [dict(RULES[name]) for name in names] + more
    entries = []
    for source in sources:
        entry = dict(source, source="postfix", service=common["service"])
        if common["tags"]:
            entry["tags"] = list(common["tags"])
        if rules:
            entry["log_processing_rules"] = [dict(rule) for rule in rules]
        # Agent 7.82 and later joins lines otherwise, and a joined line escapes rules that begin
        # with ^.
        entry["auto_multi_line_detection"] = False
        entries.append(dict(entry, **extra))
    return entries


def _each(check, name, given, problems):
    option = _PREFIX + name
    return [
        check(f"{option}[{index}]", item, problems)
        for index, item in enumerate(values.texts(option, given, problems))
    ]


def _path(option, given, problems):
    path = values.path(option, given, problems)
    if path and path.startswith("/dev/"):
        hint = (
            "Set maillog_file to a file, or datadog_postfix_logs=false and let the Agent collect"
            " the container's output"
        )
        problems.add(option, path, "cannot be read as a file", hint)
    return path


def _lost(instance, given_type, journal, unknown, problems):
    options = {"journald": "datadog_postfix_log_units", "file": "datadog_postfix_log_paths"}
    reasons = [
        entry["why"]
        for entry in unknown
        if entry["config_directory"] in (None, instance["config_directory"])
    ]
    why = "; ".join(reasons).rstrip(".") or f"no {'systemd unit' if journal else 'file'} is known"
    option = options.get(
        "journald" if journal else given_type, " or ".join(sorted(options.values()))
    )
    problems.append(
        f"Where the log of {instance['config_directory']} goes could not be found ({why})."
        f" Give {option}, or set datadog_postfix_logs=false."
    )


def _environment(agent, options, problems):
    where = values.one_of(
        _PREFIX + "logs_enabled_in",
        options["logs_enabled_in"],
        ("datadog_yaml", "environment", "none"),
        problems,
    )
    enabled = agent["logs_enabled"]
    if enabled["environment"] is False and where != "environment":
        problems.append(
            "DD_LOGS_ENABLED is false in the Agent's environment file, which outweighs"
            " datadog.yaml. Take it out, or set datadog_postfix_logs_enabled_in=environment."
        )
    for entry in agent.get("unknown") or []:
        if (entry["what"], where) in (
            ("logs_enabled.file", "datadog_yaml"),
            ("logs_enabled.environment", "environment"),
        ):
            problems.append(
                f"Whether logs are enabled could not be told: {entry['why'].rstrip('.')}. Write it"
                " plainly there, or choose another datadog_postfix_logs_enabled_in."
            )

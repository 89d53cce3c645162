# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the Datadog Agent, for test hosts only. It is not Datadog's program and has
none of its code.

It runs one check, postfix, and repeats the faults of Datadog's check (3.4 and later, Agent
7.82), so that a verification can be tested against them: exit codes are ignored, failures count
as zero, and any line with a star or an exclamation mark is taken for an active or a held
message. Command lines, places, tags, the shape of the JSON and exit codes are those of the Agent
as its public sources and manuals tell them: DataDog/integrations-core, postfix/ and
datadog_checks_base/; DataDog/datadog-agent, pkg/cli/subcommands/check/command.go,
comp/core/autodiscovery/providers/config_reader.go, pkg/collector/check/stats/stats.go,
comp/core/ipc/impl/ipc.go and comp/logs/agent/impl/status_templates/logsagent.tmpl.

Limits:
- Nothing is sent anywhere, so lines of a log are not joined either. There is no Collector beyond
postfix, no autodiscovery, no secrets,
  no `--cfgpath`. ipc_cert.pem holds no certificate.
- Of datadog.yaml only logs_enabled, hostname and confd_path are heeded, of the environment
DD_LOGS_ENABLED, DD_HOSTNAME and DD_CONFD_PATH.
- `check` does not wait up to five seconds for a configuration to appear. Series come in the
order in which they were counted,
  where the Agent's order is not defined.
- Log processing rules are looked at but not applied.
- Texts other than those above are in the real ones' spirit, not theirs to the letter. Log files
are looked for every second,
  not every ten, and the Agent's own log is the journal, not /var/log/datadog. Of the journal
  only its current system file is held open.
- Other users than the Agent's and root are refused `status` and `configcheck` by the mode of a
state file, not by a token."""

import argparse
import glob
import hashlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import traceback

# The system's own Python has no yaml, as on a host where nobody asked for it.
sys.path.append("/opt/datadog-agent/embedded/lib")

VERSION = "7.82.0"
CHECK_VERSION = "3.4.0"
MAIN_FILE = "/etc/datadog-agent/datadog.yaml"
CONF_D = "/etc/datadog-agent/conf.d"
TOKENS = ("/etc/datadog-agent/auth_token", "/etc/datadog-agent/ipc_cert.pem")
STATE = "/opt/datadog-agent/run/stand-in.json"
# What Go makes of -1, which the Agent's command returns for any error; a failed unit shows it:
# "status=255/EXCEPTION".
FAILED = 255
TRUE = ("1", "t", "true", "y", "yes", "on")
FALSE = ("0", "f", "false", "n", "no", "off")
GENERIC_TAGS = [
    "cluster",
    "cluster_id",
    "cluster_name",
    "clusterid",
    "clustername",
    "env",
    "host",
    "host_name",
    "hostname",
    "service",
    "version",
]
METRIC = "postfix.queue.size"
RULES = ("exclude_at_match", "include_at_match", "mask_sequences", "multi_line")


class Failure(Exception):
    """The command cannot go on; the text goes to the user."""


class CheckError(Exception):
    """The check found fault; the text becomes its LastError."""


def reason(error):
    """An operating system's error as Go words it."""
    return (error.strerror or str(error)).lower()


def read_yaml(path):
    import yaml

    try:
        with open(path, encoding="utf-8") as stream:
            return yaml.safe_load(stream)
    except OSError as error:
        raise Failure(f"open {path}: {reason(error)}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Failure(f"yaml: {error}") from None


def read_settings():
    """The settings in datadog.yaml and the environment that are heeded here."""
    try:
        settings = read_yaml(MAIN_FILE) or {}
        if not isinstance(settings, dict):
            raise Failure(f"yaml: {MAIN_FILE} is no mapping")
    except Failure as error:
        raise Failure(
            "unable to set up global agent configuration: unable to load Datadog config file:"
            f" {error}"
        ) from None
    return {
        "logs_enabled": (
            str(os.environ.get("DD_LOGS_ENABLED", settings.get("logs_enabled"))).lower() in TRUE
        ),
        "hostname": (
            os.environ.get("DD_HOSTNAME") or settings.get("hostname") or socket.gethostname()
        ),
        "confd_path": os.environ.get("DD_CONFD_PATH") or settings.get("confd_path") or CONF_D,
    }


def read_configuration(path):
    """One file of the check's configuration; None where it is empty."""
    content = read_yaml(path)
    if content is None and os.path.getsize(path) == 0:
        return None
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise Failure(f"yaml: unmarshal errors: cannot unmarshal {content!r} into a mapping")
    instances = content.get("instances")
    instances = [] if instances is None else instances
    if not isinstance(instances, list) or not all(
        item is None or isinstance(item, dict) for item in instances
    ):
        raise Failure(
            f"yaml: unmarshal errors: cannot unmarshal {instances!r} into a list of instances"
        )
    if not instances and content.get("logs") is None:
        raise Failure("Configuration file contains no valid instances")
    return {
        "source": "file:" + path,
        "init_config": content.get("init_config"),
        "instances": instances,
        "logs": content.get("logs"),
    }


def read_configurations(directory):
    """All files of the check's configuration, and the error of the last bad one with no good one
    after it."""
    paths = []
    for entry in ("postfix.d", "postfix.yaml", "postfix.yml"):
        path = os.path.join(directory, entry)
        try:
            paths += (
                [os.path.join(path, name) for name in sorted(os.listdir(path))]
                if os.path.isdir(path)
                else [path]
            )
        except OSError as error:
            print(f"Skipping config directory {path}: {reason(error)}", file=sys.stderr)
    configurations, errors = [], {}
    for path in paths:
        if not path.endswith((".yaml", ".yml")) or not os.path.lexists(path) or os.path.isdir(path):
            continue
        try:
            configuration = read_configuration(path)
        except Failure as error:
            errors["postfix"] = str(error)
            continue
        if configuration:
            configurations.append(configuration)
            errors.pop("postfix", None)
    return configurations, errors


def is_boolean(value):
    return (
        value in (0, 1) if isinstance(value, (int, float)) else str(value).lower() in TRUE + FALSE
    )


def is_number(value):
    try:
        return isinstance(value, (int, float, str)) and float(value) is not None
    except ValueError:
        return False


def string_problems(name, value):
    return [] if isinstance(value, str) else [(name, "Input should be a valid string")]


def boolean_problems(name, value):
    return (
        []
        if is_boolean(value)
        else [(name, "Input should be a valid boolean, unable to interpret input")]
    )


def number_problems(name, value):
    return [] if is_number(value) else [(name, "Input should be a valid number")]


def strings_problems(name, value):
    if not isinstance(value, list):
        return [(name, "Input should be a valid tuple")]
    return [
        (f"{name} -> {number}", "Input should be a valid string")
        for number, item in enumerate(value, 1)
        if not isinstance(item, str)
    ]


def patterns_problems(name, value):
    if not isinstance(value, dict):
        return [(name, "Input should be a valid dictionary")]
    lists = [(key, value[key]) for key in ("include", "exclude") if value.get(key) is not None]
    return [
        problem
        for key, patterns in lists
        for problem in strings_problems(f"{name} -> {key}", patterns)
    ]


MODELS = {
    "SharedConfig": {
        "postfix_user": string_problems,
        "postqueue": boolean_problems,
        "service": string_problems,
    },
    "InstanceConfig": {
        "config_directory": string_problems,
        "directory": string_problems,
        "disable_generic_tags": boolean_problems,
        "empty_default_hostname": boolean_problems,
        "metric_patterns": patterns_problems,
        "min_collection_interval": number_problems,
        "queues": strings_problems,
        "service": string_problems,
        "tags": strings_problems,
    },
}


def validate(model, values):
    """Look at the types of what is known; unknown keys are accepted, and so is null."""
    problems = [
        problem
        for name, look in MODELS[model].items()
        if values.get(name) is not None
        for problem in look(name, values[name])
    ]
    if problems:
        lines = ["{}\n  {}".format(*problem) for problem in problems]
        number = f"{len(problems)} error{'s' if len(problems) > 1 else ''}"
        raise CheckError(
            "Detected {} while loading configuration model `{}`:\n{}".format(
                number, model, "\n".join(lines)
            )
        )


def output_of(*command):
    """What a command prints and its exit code; only one that cannot be started is an error."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except FileNotFoundError:
        raise CheckError(f'exec: "{command[0]}": executable file not found in $PATH') from None
    return done.stdout.decode("utf-8"), done.returncode


def count_files(path, user):
    """The number of files in a queue's directory, or 0 where sudo or find refused."""
    if not os.path.exists(path):
        raise CheckError(f"{path} does not exist")
    if os.geteuid() == 0:
        return sum(len(names) for parent, directories, names in os.walk(path))
    if output_of("sudo", "-l")[1] != 0:
        raise CheckError("The dd-agent user does not have sudo access")
    return len(output_of("sudo", "-u", user, "find", path, "-type", "f")[0].splitlines())


def count_listing(text):
    """The numbers of messages in a listing, each line judged for itself."""
    counts = {"active": 0, "hold": 0, "deferred": 0}
    lines = text.splitlines()
    if len(lines) < 2 or text.startswith("Mail queue is empty"):
        return counts
    for line in lines:
        if "*" in line:
            counts["active"] += 1
        elif "!" in line:
            counts["hold"] += 1
        elif line[:1].isalnum():
            counts["deferred"] += 1
    return counts


class Instance:
    """One instance of the check, with the statistics that the Agent keeps of it."""

    def __init__(self, configuration, number, hostname):
        self.init_config = configuration["init_config"] or {}
        self.settings = configuration["instances"][number] or {}
        self.hostname = hostname
        text = json.dumps([self.init_config, self.settings], sort_keys=True, default=str)
        interval = self.settings.get("min_collection_interval") or self.init_config.get(
            "min_collection_interval"
        )
        self.interval = float(interval) if interval and is_number(interval) else 15
        self.due = 0
        self.gauges = {}
        self.stats = {
            "CheckName": "postfix",
            "CheckVersion": CHECK_VERSION,
            "CheckConfigSource": f"{configuration['source']}[{number}]",
            "CheckLoader": "python",
            "CheckID": "postfix:" + hashlib.sha256(text.encode()).hexdigest()[:16],
            "Interval": int(self.interval * 1e9),
            "TotalRuns": 0,
            "TotalErrors": 0,
            "TotalWarnings": 0,
            "MetricSamples": 0,
            "Events": 0,
            "ServiceChecks": 0,
            "TotalMetricSamples": 0,
            "TotalEvents": 0,
            "TotalServiceChecks": 0,
            "AverageExecutionTime": 0,
            "LastExecutionTime": 0,
            "LastSuccessDate": 0,
            "LastError": "",
            "LastWarnings": [],
            "UpdateTimestamp": 0,
        }

    def is_wanted(self, metric):
        patterns = self.settings.get("metric_patterns") or {}
        include, exclude = (patterns.get(key) or [] for key in ("include", "exclude"))
        return not any(re.search(pattern, metric) for pattern in exclude) and (
            not include or any(re.search(pattern, metric) for pattern in include)
        )

    def gauge(self, queue, place, value):
        if not self.is_wanted(METRIC):
            return
        tags = self.settings.get("tags", []) + ["queue:" + queue, "instance:" + place]
        if str(self.settings.get("disable_generic_tags")).lower() in TRUE:
            tags = ["postfix_" + tag if tag.split(":")[0] in GENERIC_TAGS else tag for tag in tags]
        service = self.settings.get("service") or self.init_config.get("service")
        # Of equal series only the last stays.
        self.gauges[tuple(sorted(set(tags + (["service:" + service] if service else []))))] = value

    def check(self):
        validate("SharedConfig", self.init_config)
        validate("InstanceConfig", self.settings)
        directory, config_directory, queues = (
            self.settings.get(name) for name in ("directory", "config_directory", "queues")
        )
        # Not the validated value: the text "false" is true here.
        if self.init_config.get("postqueue"):
            if not config_directory:
                raise CheckError('using postqueue: missing required yaml "config_directory" entry')
            output_of("postconf", "authorized_mailq_users")
            for queue, count in count_listing(
                output_of("postqueue", "-c", config_directory, "-p")[0]
            ).items():
                self.gauge(queue, config_directory, count)
        else:
            if not directory or not queues:
                raise CheckError("using sudo: missing required yaml config entry")
            for queue in queues:
                count = count_files(
                    os.path.join(directory, queue), self.init_config.get("postfix_user", "root")
                )
                self.gauge(queue, os.path.basename(directory), count)
        try:
            output_of("postconf", "mail_version")
        except CheckError:
            # It would have told the version, which nothing depends on.
            pass

    def run(self):
        started = time.time()
        self.gauges = {}
        stats = self.stats
        stats["TotalRuns"] += 1
        try:
            self.check()
            stats["LastError"] = ""
            stats["LastSuccessDate"] = int(time.time())
        except Exception as error:  # pylint: disable=broad-except
            # Whatever goes wrong in a check is the check's error, not the Agent's.
            stats["LastError"] = json.dumps(
                [{"message": str(error), "traceback": traceback.format_exc()}]
            )
            stats["TotalErrors"] += 1
        stats["MetricSamples"] = len(self.gauges)
        stats["TotalMetricSamples"] += len(self.gauges)
        stats["UpdateTimestamp"] = int(time.time())
        stats["AverageExecutionTime"] = stats["LastExecutionTime"] = int(
            (time.time() - started) * 1000
        )

    def series(self):
        host = "" if self.settings.get("empty_default_hostname") else self.hostname
        common = {
            "metric": METRIC,
            "host": host,
            "type": "gauge",
            "interval": 0,
            "source_type_name": "System",
        }
        return [
            dict(common, points=[[self.stats["UpdateTimestamp"], value]], tags=list(tags))
            for tags, value in self.gauges.items()
        ]


def make_instances(configurations, errors, settings):
    """The instances of all files; where init_config is no mapping the check cannot be loaded."""
    instances = []
    for configuration in configurations:
        if isinstance(configuration["init_config"] or {}, dict):
            instances += [
                Instance(configuration, number, settings["hostname"])
                for number in range(len(configuration["instances"]))
            ]
        elif configuration["instances"]:
            errors["postfix"] = "could not load the check: init_config in {} is no mapping".format(
                configuration["source"]
            )
    return instances


class LogSource:
    """One entry under `logs`, and what came of it."""

    def __init__(self, configuration):
        self.configuration = configuration
        self.status = "Pending"
        self.bytes = 0
        self.streams = {}
        self.journal = []
        self.since = time.time()
        self.due = 0
        problem = self.problem()
        if problem:
            self.status = "Error: " + problem

    def problem(self):
        configuration = self.configuration
        if not isinstance(configuration, dict) or not configuration.get("type"):
            return "a log entry must have a type"
        if configuration["type"] == "file" and not configuration.get("path"):
            return "file source must have a path"
        for rule in configuration.get("log_processing_rules") or []:
            if not rule.get("name"):
                return "all processing rules must have a name"
            if rule.get("type") not in RULES:
                return "type {} is not supported for processing rule `{}`".format(
                    rule.get("type"), rule["name"]
                )
            try:
                re.compile(rule["pattern"])
            except (KeyError, TypeError, re.error):
                return "no valid pattern provided for processing rule: {}".format(rule["name"])
        return None

    def read(self):
        if not self.problem() and self.configuration["type"] == "file":
            try:
                self.read_files()
                self.status = "OK"
            except OSError as error:
                self.status = f"Error: open {error.filename}: {reason(error)}"
            except Failure as error:
                self.status = f"Error: {error}"
        elif not self.problem() and self.configuration["type"] == "journald":
            self.read_journal()

    def read_files(self):
        pattern = self.configuration["path"]
        excluded = {
            path
            for other in self.configuration.get("exclude_paths") or []
            for path in glob.glob(other)
        }
        paths = [path for path in sorted(glob.glob(pattern)) if path not in excluded]
        if not paths:
            wild = any(character in pattern for character in "*?[")
            raise Failure(
                f"no file matches {pattern}" if wild else f"file {pattern} does not exist"
            )
        for path in paths:
            stream = self.streams.get(path)
            rotated = stream and os.fstat(stream.fileno()).st_ino != os.stat(path).st_ino
            if stream:
                self.bytes += len(stream.read())
            if rotated or not stream:
                self.streams.pop(path, None)
                stream = open(path, "rb")
                if not rotated and self.configuration.get("start_position") not in (
                    "beginning",
                    "forceBeginning",
                ):
                    stream.seek(0, os.SEEK_END)
                self.streams[path] = stream

    def read_journal(self):
        """journald refuses nobody: who may not read sees an empty journal, and the status stays
        OK."""
        self.status = "OK"
        now = time.time()
        if now < self.due:
            return
        self.due = now + 10
        self.hold_journal()
        command = [
            "journalctl",
            "--quiet",
            "--output=cat",
            f"--since=@{int(self.since)}",
            f"--until=@{int(now)}",
        ]
        command += ["--unit=" + unit for unit in self.configuration.get("include_units") or []]
        command += (
            ["--directory=" + self.configuration["path"]] if self.configuration.get("path") else []
        )
        command += self.configuration.get("include_matches") or []
        self.bytes += len(output_of(*command)[0].encode())
        self.since = now

    def hold_journal(self):
        """Keep the files open that are written to now, as libsystemd does, where they may be
        read."""
        directories = (
            [self.configuration["path"]]
            if self.configuration.get("path")
            else ["/var/log/journal/*", "/run/log/journal/*"]
        )
        paths = [
            path
            for directory in directories
            for path in glob.glob(directory + "/system.journal")
            if os.access(path, os.R_OK)
        ]
        held, self.journal = self.journal, [open(path, "rb") for path in paths]
        for stream in held:
            stream.close()

    def state(self):
        shown = {
            "Type": "",
            "Path": "",
            "Service": "",
            "Source": "",
            "IncludeUnits": "",
            "ExcludeUnits": "",
            "ConfigId": "",
        }
        if isinstance(self.configuration, dict):
            for name, key in zip(
                shown,
                (
                    "type",
                    "path",
                    "service",
                    "source",
                    "include_units",
                    "exclude_units",
                    "config_id",
                ),
            ):
                value = self.configuration.get(key) or ""
                shown[name] = ", ".join(value) if isinstance(value, list) else str(value)
        shown["Status"] = self.status
        inputs = sorted(self.streams)
        return {
            "shown": {name: value for name, value in shown.items() if value},
            "inputs": inputs,
            "bytes": self.bytes,
        }


def make_sources(configurations, errors):
    """The log sources; of journald entries for the same journal only the first is ever read, and
    nothing is said of the others."""
    sources, journals = [], set()
    for configuration in configurations:
        logs = configuration["logs"]
        if logs is not None and not isinstance(logs, list):
            errors["postfix"] = f"invalid logs config: {logs!r} is no list"
            continue
        for entry in logs or []:
            source = LogSource(entry)
            if isinstance(entry, dict) and entry.get("type") == "journald":
                journal = entry.get("config_id") or entry.get("path") or "default"
                source.due = float("inf") if journal in journals else 0
                journals.add(journal)
            sources.append(source)
    return sources


def save(state):
    """Write the state whole or not at all."""
    with open(
        os.open(STATE + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w", encoding="utf-8"
    ) as stream:
        json.dump(state, stream, default=str)
    os.replace(STATE + ".new", STATE)


def write_tokens():
    """Write what the commands use to speak to the Agent, where it is not there yet."""
    for path in TOKENS:
        try:
            with open(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
            ) as stream:
                stream.write(secrets.token_hex(32))
        except FileExistsError:
            pass
        except OSError as error:
            raise Failure(
                f"error while creating or fetching auth token: open {path}: {reason(error)}"
            ) from None


def need_tokens():
    """Fail where the Agent has not yet run, or another user may not read what it wrote."""
    for path in TOKENS:
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError as error:
            text = (
                "unable to fetch auth token: open %s: %s (check needs auth_token and ipc_cert.pem,"
                " which the Agent writes at its first start)"
            )
            raise Failure(text % (path, reason(error))) from None


def run():
    """The Agent itself: what is configured now stays in force until it ends."""
    signal.signal(signal.SIGTERM, lambda *dummy: sys.exit(0))
    settings = read_settings()
    write_tokens()
    configurations, errors = read_configurations(settings["confd_path"])
    instances = make_instances(configurations, errors, settings)
    sources = make_sources(configurations, errors) if settings["logs_enabled"] else []
    state = {
        "pid": os.getpid(),
        "settings": settings,
        "configurations": configurations,
        "errors": errors,
    }
    try:
        while True:
            for source in sources:
                if source.due != float("inf"):
                    source.read()
            state["logs"] = [source.state() for source in sources]
            state["checks"] = [instance.stats for instance in instances]
            save(state)
            now = time.monotonic()
            for instance in instances:
                if instance.due <= now:
                    instance.due = now + instance.interval
                    instance.run()
                    save(state)
            time.sleep(1)
    finally:
        os.remove(STATE)


def running_state():
    """What the running Agent knows."""
    try:
        with open(STATE, encoding="utf-8") as stream:
            state = json.load(stream)
    except FileNotFoundError:
        state = None
    except OSError as error:
        raise Failure(f"open {STATE}: {reason(error)}") from None
    if not state or not os.path.exists(f"/proc/{state['pid']}"):
        raise Failure("could not reach the Agent: connection refused. Make sure that it is running")
    return state


def headline(text, line="="):
    return f"{text}\n{line * len(text)}"


def indent(text, depth):
    return "\n".join(" " * depth + line for line in text.splitlines())


def show_check(stats):
    lines = [
        "Instance ID: {} [{}]".format(stats["CheckID"], "ERROR" if stats["LastError"] else "OK"),
        "Configuration Source: {}".format(stats["CheckConfigSource"]),
        f"Total Runs: {stats['TotalRuns']}",
        f"Metric Samples: Last Run: {stats['MetricSamples']}, Total: {stats['TotalMetricSamples']}",
        "Events: Last Run: 0, Total: 0",
        "Service Checks: Last Run: 0, Total: 0",
        f"Average Execution Time : {int(stats['AverageExecutionTime'])}ms",
    ]
    for error in json.loads(stats["LastError"] or "[]"):
        lines += ["Error: " + error["message"], error["traceback"].rstrip()]
    return indent("\n".join(lines), 6)


def show_collector(checks, errors):
    print(
        "\n{}\n\n{}".format(
            "=========\nCollector\n=========", indent(headline("Running Checks"), 2)
        )
    )
    if not checks:
        print("    No checks have run yet")
    else:
        print("\n" + indent(headline(f"postfix ({CHECK_VERSION})", "-"), 4))
    for stats in checks:
        print(show_check(stats) + "\n")
    if errors:
        print(indent(headline("Config Errors"), 2))
    for name, error in errors.items():
        print(indent(headline(name, "-"), 4) + "\n" + indent(error, 6) + "\n")


def status():
    state = running_state()
    print(
        f"==========================\nAgent (v{VERSION}, a stand-in)\n==========================\n"
    )
    print(f"  Pid: {state['pid']}\n\n" + indent(headline("Paths"), 2))
    print(
        "    Config File: {}\n    conf.d: {}\n\n  Hostname: {}".format(
            MAIN_FILE, state["settings"]["confd_path"], state["settings"]["hostname"]
        )
    )
    show_collector(state["checks"], state["errors"])
    print("\n==========\nLogs Agent\n==========\n")
    if not state["settings"]["logs_enabled"]:
        print("  Logs Agent is not running")
        return
    print(
        "  ============\n  Integrations\n  ============\n\n{}".format(
            indent(headline("postfix", "-"), 2)
        )
    )
    for source in state["logs"]:
        first = "    - "
        for name, value in source["shown"].items():
            print(f"{first}{name}: {value}")
            first = "      "
        if source["inputs"]:
            print("      Inputs:\n{}".format(indent("\n".join(source["inputs"]), 8)))
        print(f"      Bytes Read: {source['bytes']}")


def configcheck():
    import yaml

    state = running_state()
    if state["errors"]:
        print("=== Configuration errors ===\n")
    for name, error in state["errors"].items():
        print(f"{name}: {error}\n")
    identifiers = {stats["CheckConfigSource"]: stats["CheckID"] for stats in state["checks"]}
    for configuration in state["configurations"]:
        print(
            "=== postfix check ===\nConfiguration provider: file\nConfiguration source: {}".format(
                configuration["source"]
            )
        )
        for number, instance in enumerate(configuration["instances"]):
            print(
                "Config for instance ID: {}".format(
                    identifiers.get(f"{configuration['source']}[{number}]", "none")
                )
            )
            print(yaml.safe_dump(instance).rstrip() + "\n~")
        for title, part in (
            ("Init Config", configuration["init_config"]),
            ("Log Config", configuration["logs"]),
        ):
            if part is not None:
                print(f"{title}:\n{yaml.safe_dump(part).rstrip()}")
        print("===\n")


def check(name, as_json, times):
    settings = read_settings()
    need_tokens()
    configurations, errors = (
        read_configurations(settings["confd_path"]) if name == "postfix" else ([], {})
    )
    instances = make_instances(configurations, errors, settings)
    if not instances:
        for error in errors.values():
            print(f"\nError: invalid config for {name}: {error}")
        raise Failure("no valid check found")
    if len(instances) > 1:
        print("Multiple check instances found, running each of them")
    results = []
    for instance in instances:
        for dummy in range(times):
            instance.run()
        series = instance.series()
        if as_json:
            # There is no key "metrics" where there are none.
            results.append(
                {
                    "aggregator": {"metrics": series} if series else {},
                    "runner": instance.stats,
                    "inventories": {},
                }
            )
        else:
            if series:
                print("=== Series ===\n" + json.dumps(series, indent=2))
            show_collector([instance.stats], {})
    if as_json:
        print(json.dumps(results, indent=2))
    elif times == 1:
        print(
            "Check has run only once, if some metrics are missing you can try again with"
            " --check-rate to see any other metric if available."
        )


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Failure(message)


def main():
    parser = Parser(
        prog="datadog-agent", description="A stand-in for the Datadog Agent, for test hosts."
    )
    commands = parser.add_subparsers(dest="command", parser_class=Parser)
    for name in ("run", "status", "configcheck", "version"):
        commands.add_parser(name)
    checking = commands.add_parser("check")
    checking.add_argument("name")
    checking.add_argument("--json", action="store_true")
    checking.add_argument(
        "--check-rate", "-r", dest="times", action="store_const", const=2, default=1
    )
    try:
        options = parser.parse_args()
        if options.command == "check":
            check(options.name, options.json, options.times)
        elif options.command == "run":
            run()
        elif options.command == "version":
            print(
                f"Agent {VERSION} - Commit: none - This is a stand-in for tests, not Datadog's"
                " Agent"
            )
        elif options.command in ("status", "configcheck"):
            read_settings()
            {"status": status, "configcheck": configcheck}[options.command]()
        else:
            parser.print_help()
    except Failure as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()

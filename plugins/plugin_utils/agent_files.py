# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of the files that the role datadog_postfix writes: the check's conf.yaml and the sudoers file."""

from __future__ import annotations

import re

import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.postfix.plugins.plugin_utils import agent_values as values

HEADER = "# Managed by Ansible (mailops.postfix.datadog_postfix): changes are overwritten."
_ALIAS = "DATADOG_POSTFIX_QUEUES"
_PLAIN_KEY = re.compile(r"[a-z][a-z_]+")


class _Dumper(yaml.SafeDumper):
    """Every text that is a value stands in double quotes, so that YAML 1.1 and 1.2 readers, the Agent has both, take it for a text."""

    def ignore_aliases(self, data):
        return True

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def represent_mapping(self, tag, mapping, flow_style=None):
        pairs = [(self.represent_data(key), self.represent_data(value)) for key, value in mapping.items()]
        for key, dummy in pairs:
            # YAML 1.1 has y and n for truth values, which PyYAML does not mind.
            if _PLAIN_KEY.fullmatch(key.value) and self.resolve(yaml.ScalarNode, key.value, (True, False)) == key.tag:
                key.style = None
        return yaml.MappingNode(tag, pairs, flow_style=False)


_Dumper.add_representer(str, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"'))


def conf_yaml(plan):
    """The content of postfix.d/conf.yaml for a plan (see agent_plan)."""
    init_config = {"postfix_user": plan["postfix_user"]} if plan["postfix_user"] else {"postqueue": True}
    content = {"init_config": init_config, "instances": [instance["entry"] for instance in plan["instances"]]}
    if plan["logs"]:
        content["logs"] = plan["logs"]["entries"]
    problems = values.Problems(plan["problems"])
    # A plan that was kept in a variable has Ansible's own types.
    content = values.plain("conf.yaml", content, problems)
    _refuse(problems)
    return "%s\n%s" % (HEADER, yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096, explicit_start=True))


def sudoers(plan, user, requiretty=False, quiet=False):
    """The content of the sudoers file for a plan: a rule a queue, each for exactly the command that the check runs.

    user: the Agent's; requiretty: lift it for this user; quiet: keep these commands out of sudo's log and out of PAM's sessions
    (sudoers(5): log_allowed, pam_session).
    """
    problems = values.Problems(plan["problems"])
    user = values.user("user", user, problems)
    run_as = values.user("postfix_user", plan["postfix_user"], problems)
    directories = [
        values.path("queue_directory", "%s/%s" % (instance["queue_directory"], queue), problems)
        for instance in plan["instances"]
        for queue in instance["queues"]
    ]
    # Nothing but what was looked at stands in a rule, whoever made the plan.
    _refuse(problems)
    commands = ["/usr/bin/find %s -type f" % directory for directory in directories]
    lines = [HEADER, "# The Agent's check counts the files of each queue with exactly these commands; nothing else is allowed."]
    if requiretty:
        lines.append("Defaults:%s !requiretty" % user)
    if quiet:
        lines.append("Cmnd_Alias %s = %s" % (_ALIAS, ", \\\n    ".join(commands)))
        lines.append("Defaults!%s !log_allowed, !pam_session" % _ALIAS)
    lines += ["%s ALL=(%s) NOPASSWD: %s" % (user, run_as, command) for command in commands]
    return "".join(line + "\n" for line in lines)


def _refuse(problems):
    if problems:
        raise AnsibleFilterError("The plan has problems: %s" % " ".join(problems))

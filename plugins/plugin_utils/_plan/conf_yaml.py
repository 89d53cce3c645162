# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of the check's conf.yaml."""

from __future__ import annotations

import re
from typing import Any

import yaml

from ansible_collections.mailops.postfix.plugins.module_utils._host.managed import MARKER
from ansible_collections.mailops.postfix.plugins.plugin_utils._plan import values

_PLAIN_KEY = re.compile(r"[a-z][a-z_]+")


class _Dumper(yaml.SafeDumper):  # type: ignore[misc] # PyYAML carries no types
    """Puts every text that is a value in double quotes, so that YAML 1.1 and 1.2 readers (the Agent
    has both) take it for a text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def represent_mapping(
        self, tag: str, mapping: dict[str, Any], flow_style: bool | None = None
    ) -> Any:
        pairs = [
            (self.represent_data(key), self.represent_data(value)) for key, value in mapping.items()
        ]
        for key, dummy in pairs:
            # YAML 1.1 takes y and n for booleans, which PyYAML does not mind.
            if (
                _PLAIN_KEY.fullmatch(key.value)
                and self.resolve(yaml.ScalarNode, key.value, (True, False)) == key.tag
            ):
                key.style = None
        return yaml.MappingNode(tag, pairs, flow_style=False)


_Dumper.add_representer(
    str, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"')
)


def conf_yaml(
    postfix_user: str | None,
    instances: list[dict[str, Any]],
    logs: list[dict[str, Any]],
    problems: values.Problems,
) -> str:
    """The content of postfix.d/conf.yaml. postfix_user: the run-as user of sudo, None to ask
    postqueue; instances, logs: lists of dict."""
    content: dict[str, Any] = {
        "init_config": {"postfix_user": postfix_user} if postfix_user else {"postqueue": True},
        "instances": instances,
    }
    if logs:
        content["logs"] = logs
    # Values of variables have Ansible's own types.
    content = values.plain("conf.yaml", content, problems)
    text = yaml.dump(
        content,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=4096,
        explicit_start=True,
    )
    return f"{MARKER}\n{text}"

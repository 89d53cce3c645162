# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import pathlib
import sys

from ansible_collections.mailops.postfix.tests.injection.places import (
    AGENT,
    OPTIONS,
    host,
    instance,
)

PLAYBOOK = pathlib.Path(__file__).resolve().parents[3] / "injection" / "templates.yml"
GIVEN = [
    "{{ 7*7 }}",
    "env:{{ lookup('pipe', 'id') }}",
    "{% raw %}",
    "{# x #}",
    "[1, 2]",
    "{'a': 1}",
    "yes",
]


def test_templates_stay_text(tmp_path, playbook, read):
    """With Ansible itself, which would make something else of them."""
    made_up = {
        "described": host(dict(instance(), name="NAME"), instance("postfix-out")),
        "agent": AGENT,
        "options": OPTIONS,
    }
    (tmp_path / "vars.json").write_text(
        json.dumps({"made_up": made_up, "directory": str(tmp_path)})
    )
    python = f"ansible_python_interpreter={sys.executable}"
    done = playbook(
        "-i", "localhost,", "-c", "local", "-e", "@vars.json", "-e", python, str(PLAYBOOK)
    )
    assert done.returncode == 0, done.stdout
    conf = read((tmp_path / "conf.yaml").read_text())
    assert conf["instances"][0]["tags"] == GIVEN + ["postfix_instance:{{ 7*7 }}"]
    assert conf["instances"][0]["key"] == conf["logs"][0]["key"] == conf["logs"][0]["tags"] == GIVEN

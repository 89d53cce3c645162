# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

from ansible_collections.mailops.postfix.tests.injection import places
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


def test_templates_stay_text(tmp_path, read):
    """With Ansible itself, which would make something else of them."""
    made_up = {
        "described": host(dict(instance(), name="NAME"), instance("postfix-out")),
        "agent": AGENT,
        "options": OPTIONS,
    }
    (tmp_path / "vars.json").write_text(
        json.dumps({"made_up": made_up, "directory": str(tmp_path)})
    )
    done = subprocess.run(
        [
            pathlib.Path(sys.executable).parent / "ansible-playbook",
            "-i",
            "localhost,",
            "-c",
            "local",
            "-e",
            "@vars.json",
            PLAYBOOK,
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(pathlib.Path(places.__file__).parents[5]),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    conf = read((tmp_path / "conf.yaml").read_text())
    assert conf["instances"][0]["tags"] == GIVEN + ["postfix_instance:{{ 7*7 }}"]
    assert conf["instances"][0]["key"] == conf["logs"][0]["key"] == conf["logs"][0]["tags"] == GIVEN

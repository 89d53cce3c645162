# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

from ansible_collections.mailops.postfix.tests.injection.places import (
    AGENT,
    OPTIONS,
    host,
    instance,
)

COLLECTIONS = pathlib.Path(__file__).resolve().parents[4] / ".build" / "collections"


def test_a_warning_names_its_host(tmp_path):
    """Ansible shows the same warning once, so without a name nobody sees which hosts it is for."""
    files = [{"path": "/var/log/mail.log", "mode": "0640", "timestamps": "rfc3339"}]
    described = host(instance(log=dict(instance()["log"], files=files)))
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {
                "mailops.postfix.datadog_plan": {
                    "postfix": described,
                    "agent": AGENT,
                    "options": OPTIONS,
                }
            }
        ],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    shown = subprocess.run(
        [
            pathlib.Path(sys.executable).parent / "ansible-playbook",
            "-i",
            "mx1,mx2,",
            tmp_path / "play.yml",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        env=dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS)),
    ).stdout
    text = " ".join(shown.split())
    for name in ("mx1", "mx2"):
        assert f"[WARNING]: {name}: /var/log/mail.log: Datadog's Postfix pipeline" in text

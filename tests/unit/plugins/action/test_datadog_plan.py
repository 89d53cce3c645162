# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.mailops.postfix.tests.injection.places import (
    AGENT,
    OPTIONS,
    host,
    instance,
)


def test_a_warning_names_its_host(tmp_path, playbook):
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
    done = playbook("-i", "mx1,mx2,", "play.yml")
    assert done.returncode == 0, done.stdout
    text = " ".join(done.stdout.split())
    for name in ("mx1", "mx2"):
        assert f"[WARNING]: {name}: /var/log/mail.log: Datadog's Postfix pipeline" in text

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each kind of error is provoked by its cause: here, by files, commands and the stand-in of
Datadog's API, or by a scenario, on a host with Postfix, sudo and the Agent."""

from __future__ import annotations

import json
import os
import pathlib
import re

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._agent import verification
from ansible_collections.mailops.postfix.plugins.module_utils._agent.check import run_check
from ansible_collections.mailops.postfix.plugins.module_utils._datadog import assets
from ansible_collections.mailops.postfix.plugins.module_utils._host import children, files
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import KINDS, HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.failures import find_user
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._queue.collectors import (
    FindCollector,
    PostqueueCollector,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import Details
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import HINTS, read
from ansible_collections.mailops.postfix.plugins.plugin_utils._gather import frame

MOLECULE = pathlib.Path(__file__).resolve().parents[3] / "molecule"
OTHER = 54321

# The scenario's file that asserts the kind.
ON_HOSTS = {
    "not_installed": "queue_refusals/vars/cases.yml",
    "bad_config": "queue_refusals/vars/cases.yml",
    "unknown_parameter": "postconf/converge.yml",
    "config_directory_refused": "queue_refusals/vars/cases.yml",
    "not_authorized": "queue_refusals/vars/cases.yml",
    "mail_system_down": "queue_refusals/vars/cases.yml",
    "not_running": "queue_refusals/converge.yml",
    "no_setgid": "queue_refusals/vars/cases.yml",
    "showq_failed": "queue_refusals/vars/cases.yml",
    "truncated_listing": "queue_refusals/vars/cases.yml",
    "sudo_refused": "queue_refusals/vars/cases.yml",
    "bad_policy": "sudo_access/files/drive.py",
    "limit_exceeded": "instances/converge.yml",
    "not_provisioned": "role/vars/find/scenario.yml",
    "not_as_planned": "role/vars/journald/scenario.yml",
    "wrong_number": "role/vars/find/scenario.yml",
    "agent_outdated": "role/vars/find/scenario.yml",
    "agent_restricted": "role/vars/find/scenario.yml",
    "log_not_open": "role/vars/find/scenario.yml",
}


class Provoked:
    """Provokes the kind of the method's name."""

    def __init__(self, tmp_path, monkeypatch, datadog):
        self.directory, self.monkeypatch, self.datadog = tmp_path, monkeypatch, datadog
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        self.runner = Runner(Deadline(30))

    def program(self, name, script):
        path = self.directory / name
        path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
        path.chmod(0o755)

    def agent(self, script):
        self.program("datadog-agent", script)
        for error in run_check(self.runner, "datadog-agent", "postfix")[2]:
            raise error

    def bad_argument(self):
        find_user("user", "nobody-here")

    def agent_not_installed(self):
        run_check(self.runner, str(self.directory / "absent"), "postfix")

    def agent_starting(self):
        self.agent("echo 'Error: unable to fetch authentication token' >&2; exit 255")

    def check_failed(self):
        runner = {"LastError": "no sudo", "LastWarnings": [], "TotalErrors": 1}
        said = json.dumps([{"aggregator": {}, "runner": runner}])
        self.agent(f"echo '{said}'")

    def unparsed_check(self):
        self.agent("echo 'Running the check'")

    def unparsed_listing(self):
        self.program("postqueue", 'echo \'{"queue_name": "elsewhere"}\'')
        PostqueueCollector(self.runner).collect(["active"])

    def missing_queue(self):
        FindCollector(self.runner, str(self.directory)).collect(["hold"])

    def io_error(self):
        FindCollector(self.runner, "/" + "x" * 300).collect(["hold"])

    def unknowable(self):
        (self.directory / "hold").mkdir()
        (self.directory / "hold" / "03D1C24C0B7").touch()
        details = Details(["age"], ["hold"], 10)
        FindCollector(self.runner, str(self.directory)).collect(["hold"], details)

    def permission_denied(self):
        uid = OTHER if os.geteuid() == 0 else os.geteuid()
        children.as_user(uid, Deadline(30), files.read, "/etc/shadow")

    def unsafe_path(self):
        (self.directory / "link").symlink_to("/etc/passwd")
        files.read(str(self.directory / "link"))

    def bad_record(self):
        (self.directory / "grants.json").write_text("[", encoding="utf-8")
        with Record(Deadline(30), directory=str(self.directory)):
            pass

    def agent_not_running(self):
        self.program("datadog-agent", 'echo \'[{"aggregator": {}, "runner": {}}]\'')
        plan = {
            "method": "find",
            "instances": [],
            "logs": {"paths": [], "journal": False},
            "agent": {
                "user": "nobody",
                "binary": "datadog-agent",
                "config_directory": str(self.directory),
                "service": "nonesuch.service",
            },
            "restart": {"wanted": True},
        }
        # Nothing was granted, and only root runs the check as another user.
        self.monkeypatch.setattr(verification, "_ENSURE", {})
        self.monkeypatch.setattr(
            verification, "Runner", lambda deadline, **identity: Runner(deadline)
        )
        try:
            verification.prove(plan, Deadline(30))
        except verification.Failures as failures:
            raise failures.errors[0] from None

    def timeout(self):
        self.program("postqueue", "exec sleep 60")
        PostqueueCollector(Runner(Deadline(0.3))).collect(["active"])

    def command_failed(self):
        self.program("postqueue", "echo 'postqueue: fatal: out of memory' >&2; exit 69")
        PostqueueCollector(self.runner).collect(["active"])

    def pipeline(self, *faults, **options):
        self.datadog.control(*faults)
        given = {
            "kind": "log_pipeline",
            "name": "deferred",
            "state": "present",
            "definition": {"name": "Postfix"},
            "api_url": self.datadog.url,
            "api_key": self.datadog.api_key,
            "application_key": self.datadog.application_key,
        }
        assets.ensure({**given, **options}, Deadline(30), False)

    def datadog_forbidden(self):
        self.pipeline(application_key="of-another-account")

    def datadog_wrong_site(self):
        self.pipeline(api_key="of-another-site")

    def datadog_unreachable(self):
        self.pipeline(api_url="http://nonesuch.invalid")

    def datadog_rate_limited(self):
        self.pipeline({"fault": "rate_limit", "reset": 3600})

    def datadog_refused(self):
        self.pipeline(definition={"name": "Postfix", "filter": "source:postfix"})

    def datadog_answer(self):
        self.pipeline({"fault": "redirect", "to": "/elsewhere"})

    def datadog_ambiguous(self):
        self.pipeline()
        (asset,) = self.datadog.assets("pipeline")
        clone = {"name": "Clone", "tags": asset["tags"]}
        self.datadog.ask("POST", "/api/v1/logs/config/pipelines", clone)
        self.pipeline()

    def torn_answer(self):
        frame.unpack(frame.pack(b"body", "mark")[:-1], "mark")


# What Ansible returns in place of the module's result, by the kind that the report gives it.
OF_THE_FLEET = {
    "unreachable": {"unreachable": True, "msg": "Connection timed out"},
    "module_failed": {"failed": True, "msg": "MODULE FAILURE", "rc": 1},
    "no_log": {"censored": "the output has been hidden", "changed": False},
    "not_gathered": {"changed": False},
    "unparsed_result": {"ansible_facts": {"postfix_queue": {"instances": 7}}},
}


def test_every_kind_is_provoked_somewhere():
    here = {name for name in vars(Provoked) if name in KINDS}
    assert here | set(ON_HOSTS) == set(KINDS)
    assert set(OF_THE_FLEET) == set(HINTS)


@pytest.mark.parametrize("kind", [name for name in vars(Provoked) if name in KINDS])
def test_its_cause_provokes_the_kind(kind, tmp_path, monkeypatch, datadog):
    provoked = Provoked(tmp_path, monkeypatch, datadog)
    with pytest.raises(HostError) as caught:
        getattr(provoked, kind)()
    assert caught.value.kind == kind
    assert caught.value.message and caught.value.hint


@pytest.mark.parametrize("kind", OF_THE_FLEET)
def test_what_ansible_returns_is_an_error_of_the_kind(kind):
    (instance,) = read(OF_THE_FLEET[kind]).instances
    assert [(error.kind, error.hint) for error in instance.errors] == [(kind, HINTS[kind])]


@pytest.mark.parametrize("kind", ON_HOSTS)
def test_a_scenario_asserts_the_kind(kind):
    asserted = rf"""(?:\bkind: |\bsays: |[=!]= \['|refused\("){kind}\b"""
    assert re.search(asserted, (MOLECULE / ON_HOSTS[kind]).read_text(encoding="utf-8"))

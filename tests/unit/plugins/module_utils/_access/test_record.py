# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import time

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._access.record import Record
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

GROUP = {"kind": "group", "group": "adm"}
EARLIER = {
    "log_request": {"user": "agent"},
    "log": [
        {
            "means": "acl",
            "path": "/var/log/mail.log",
            "group": None,
            "uid": 949,
            "before": None,
            "mask": None,
        },
        {
            "means": "group",
            "path": None,
            "group": "systemd-journal",
            "uid": None,
            "before": None,
            "mask": None,
        },
    ],
    "log_modes": [{"path": "/var/log/postfix.log", "mode": "0600"}],
    "parameters": [
        {
            "config_directory": "/etc/postfix",
            "name": "authorized_mailq_users",
            "tokens": ["agent"],
            "before": None,
            "values": ["agent, static:anyone"],
        },
        {
            "config_directory": "/etc/postfix",
            "name": "maillog_file_permissions",
            "tokens": [None],
            "before": None,
            "values": ["0644"],
        },
    ],
}


@pytest.fixture
def record(tmp_path):
    """Opens the record in a directory that is not there yet."""
    return lambda seconds=10, **more: Record(
        Deadline(seconds),
        directory=str(tmp_path / "record"),
        earlier=str(tmp_path / "earlier.json"),
        **more,
    )


def add(record, number):
    for turn in range(20):
        with record() as opened:
            entries = opened.entries("log_access", f"user{number}")
            opened.replace("log_access", f"user{number}", entries + [dict(GROUP, group=f"g{turn}")])


def hold(record, path):
    with record() as opened:
        opened.replace("log_access", "agent", [GROUP])
        path.write_text("held")
        time.sleep(60)


def test_what_is_noted_is_there_for_its_module_and_user_alone(record, tmp_path):
    with record() as opened:
        opened.replace("log_access", "agent", [GROUP])
        opened.replace("mailq_access", "agent", [{"kind": "parameter"}])
    with record() as opened:
        assert opened.entries("log_access", "agent") == [dict(GROUP, by="log_access", user="agent")]
        assert opened.entries("log_access", "watcher") == []
        assert [entry["kind"] for entry in opened.entries("mailq_access")] == ["parameter"]
    assert stat.S_IMODE((tmp_path / "record").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "record" / "grants.json").stat().st_mode) == 0o600


def test_the_directory_goes_with_the_last_entry(record, tmp_path):
    with record() as opened:
        opened.replace("log_access", "agent", [GROUP])
    with record() as opened:
        opened.replace("log_access", "agent", [])
    assert os.listdir(str(tmp_path)) == []


def test_check_mode_leaves_the_host_as_it_is(record, tmp_path):
    with record(check_mode=True) as opened:
        opened.replace("log_access", "agent", [GROUP])
        assert opened.entries("log_access", "agent")
    assert os.listdir(str(tmp_path)) == []


def test_two_at_once_lose_nothing(record):
    processes = [
        multiprocessing.get_context("fork").Process(target=add, args=(record, number))
        for number in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    with record() as opened:
        assert len(opened.entries("log_access")) == 40


def test_a_lock_is_waited_for_until_the_deadline_and_ends_with_its_process(record, tmp_path):
    process = multiprocessing.get_context("fork").Process(
        target=hold, args=(record, tmp_path / "held")
    )
    process.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    with pytest.raises(HostError) as caught, record(0.3):
        pass
    assert caught.value.kind == "timeout"
    process.kill()
    process.join()
    with record() as opened:
        assert opened.entries("log_access", "agent") == [dict(GROUP, by="log_access", user="agent")]


def test_what_the_first_version_left_is_imported_once(record, tmp_path):
    (tmp_path / "earlier.json").write_text(json.dumps(EARLIER))
    with record() as opened:
        entries = opened.entries("log_access", "agent")
        assert [entry["kind"] for entry in entries] == ["acl", "group", "mode", "parameter"]
        assert entries[0]["path"] == "/var/log/mail.log"
        assert [entry["name"] for entry in opened.entries("mailq_access", "agent")] == [
            "authorized_mailq_users"
        ]
        opened.replace("log_access", "agent", [])
    assert not (tmp_path / "earlier.json").exists()
    with record() as opened:
        assert opened.entries("log_access") == []
        assert len(opened.entries("mailq_access")) == 1


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"grants": [1]}', '{"grants": [{"kind": "acl"}]}']
)
def test_a_record_that_cannot_be_understood(record, tmp_path, text):
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "grants.json").write_text(text)
    with pytest.raises(HostError) as caught, record():
        pass
    assert caught.value.kind == "bad_record"


@pytest.mark.parametrize("text", ['{"log": [{}]}', '{"parameters": [1]}', '{"log_modes": 1}'])
def test_an_earlier_record_that_cannot_be_understood(record, tmp_path, text):
    (tmp_path / "earlier.json").write_text(text)
    with pytest.raises(HostError) as caught, record():
        pass
    assert caught.value.kind == "bad_record"

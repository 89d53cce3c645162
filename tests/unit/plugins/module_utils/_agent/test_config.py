# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing the Agent's files in a directory of the user who runs the tests."""

from __future__ import annotations

import getpass
import os
import pathlib
import pwd
import stat
import tempfile

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._agent.config import configure
from ansible_collections.mailops.postfix.plugins.module_utils._host import children
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.managed import MARKER
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Deadline

CONTENT = MARKER + "\ninstances: []\n"


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "datadog.yaml").write_text("api_key: secret\n# logs_enabled: false\n")
    return tmp_path


@pytest.fixture
def run(directory):
    def call(check_mode=False, **options):
        defaults = {
            "state": "present",
            "content": CONTENT,
            "backup": False,
            "logs_enabled_in": "none",
        }
        defaults.update(config_directory=str(directory), user=getpass.getuser())
        return configure(dict(defaults, **options), Deadline(30), check_mode)

    return call


@pytest.fixture
def refused(run):
    def call(kind, **options):
        with pytest.raises(HostError) as caught:
            run(**options)
        assert caught.value.kind == kind
        return caught.value.message

    return call


def tree(directory):
    """The files below a directory and their content; what is no file, and what cannot be read, is
    None."""
    return {
        str(path.relative_to(directory)): path.read_text() if path.is_file() else None
        for path in directory.rglob("*")
    }


def test_write_and_write_again(run, directory):
    result = run(logs_enabled_in="datadog_yaml")
    path = str(directory / "conf.d" / "postfix.d" / "conf.yaml")
    assert (result["changed"], result["file"], result["backup_file"]) == (True, path, None)
    main = str(directory / "datadog.yaml")
    assert result["diff"] == [
        {
            "before_header": main,
            "after_header": main,
            "before": "",
            "after": "logs_enabled: true\n",
        },
        {"before_header": path, "after_header": path, "before": "", "after": CONTENT},
    ]
    assert tree(directory) == {
        "conf.d": None,
        "conf.d/postfix.d": None,
        "conf.d/postfix.d/conf.yaml": CONTENT,
        "datadog.yaml": "api_key: secret\n# logs_enabled: false\nlogs_enabled: true\n",
    }
    assert [stat.S_IMODE(os.stat(name).st_mode) for name in (path, os.path.dirname(path))] == [
        0o640,
        0o755,
    ]
    assert run(logs_enabled_in="datadog_yaml") == {
        "changed": False,
        "file": path,
        "backup_file": None,
        "diff": [],
    }


def test_check_mode_changes_nothing(run, directory):
    before = tree(directory)
    planned = run(True, logs_enabled_in="environment")
    assert tree(directory) == before
    assert run(False, logs_enabled_in="environment") == planned
    assert not run(True, logs_enabled_in="environment")["changed"]


def test_environment(run, directory):
    path = directory / "environment"
    assert run(logs_enabled_in="environment")["changed"]
    assert path.read_text() == "DD_LOGS_ENABLED=true\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.write_text("DD_API_KEY=secret\nDD_LOGS_ENABLED=false\n")
    path.chmod(0o600)
    result = run(logs_enabled_in="environment")
    assert [(one["before"], one["after"]) for one in result["diff"]] == [
        ("DD_LOGS_ENABLED=false\n", "DD_LOGS_ENABLED=true\n")
    ]
    assert path.read_text() == "DD_API_KEY=secret\nDD_LOGS_ENABLED=true\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_mode_is_corrected(run, directory):
    run()
    path = directory / "conf.d" / "postfix.d" / "conf.yaml"
    path.chmod(0o600)
    result = run()
    assert result["changed"] and result["diff"][0]["before"].startswith("mode 0600")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_backup_of_what_others_wrote(run, directory):
    folder = directory / "conf.d" / "postfix.d"
    folder.mkdir()
    (folder / "conf.yaml").write_text("# by hand\n")
    assert run(True, backup=True)["backup_file"] is None
    backup = run(backup=True)["backup_file"]
    assert backup.startswith(str(folder / "conf.yaml.")) and backup.endswith("~")
    with open(backup) as file:
        assert file.read() == "# by hand\n"
    assert run(backup=True, content=MARKER + "\n# other\n")["backup_file"] is None
    assert sorted(os.listdir(str(folder))) == ["conf.yaml", os.path.basename(backup)]


def test_marker_is_put_before_the_content(run, directory):
    run(content="instances: []\n")
    assert tree(directory)["conf.d/postfix.d/conf.yaml"] == CONTENT


def test_removal(run, directory):
    assert not run(state="absent", content=None)["changed"]
    run(logs_enabled_in="datadog_yaml")
    before = tree(directory)
    assert run(True, state="absent")["changed"]
    assert tree(directory) == before
    result = run(state="absent", logs_enabled_in="datadog_yaml")
    assert result["diff"][0]["before"] == CONTENT and result["diff"][0]["after"] == ""
    del before["conf.d/postfix.d/conf.yaml"]
    assert tree(directory) == before
    assert not run(state="absent")["changed"]


def test_removal_leaves_what_others_wrote(run, directory):
    (directory / "conf.d" / "postfix.d").mkdir()
    (directory / "conf.d" / "postfix.d" / "conf.yaml").write_text("# theirs\n")
    assert not run(state="absent")["changed"]
    assert "conf.d/postfix.d/conf.yaml" in tree(directory)


def test_removal_without_an_agent(run, directory):
    result = run(state="absent", config_directory=str(directory / "absent"), user="nobody-here")
    assert (result["changed"], result["file"]) == (
        False,
        str(directory / "absent/conf.d/postfix.d/conf.yaml"),
    )


PLANTS = {
    "conf.d/postfix.d/conf.yaml": "none",
    "datadog.yaml": "datadog_yaml",
    "environment": "environment",
    "conf.d/postfix.d": "none",
    "conf.d": "none",
}


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.parametrize("kind", ["link", "fifo", "zero"])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_what_is_planted_is_refused_before_any_change(refused, directory, name, kind, state):
    target = directory.parent / "target"
    target.mkdir(exist_ok=True)
    (target / "conf.yaml").write_text(CONTENT)
    (directory / "conf.d" / "postfix.d").mkdir()
    path = directory / name
    if path.exists():
        path.rename(directory / "moved")
    if kind == "fifo":
        os.mkfifo(str(path))
    else:
        path.symlink_to(target if kind == "link" else "/dev/zero")
    before = tree(directory)
    assert str(path) in refused("unsafe_path", state=state, logs_enabled_in=PLANTS[name])
    assert tree(directory) == before
    assert (target / "conf.yaml").read_text() == CONTENT


def test_the_switch_is_refused_before_the_file_is_written(refused, directory):
    (directory / "datadog.yaml").write_text("logs_enabled: [false]\n")
    message = refused("bad_config", logs_enabled_in="datadog_yaml")
    assert (
        message == f"{directory}/datadog.yaml: line 1: the value of logs_enabled is not understood"
    )
    (directory / "datadog.yaml").unlink()
    assert (
        refused("agent_not_installed", logs_enabled_in="datadog_yaml")
        == f"there is no {directory}/datadog.yaml"
    )
    assert tree(directory) == {"conf.d": None}


@pytest.mark.parametrize(
    "options, kind, said",
    [
        ({"content": " \n"}, "bad_argument", "content: ' \\n' is empty"),
        ({"content": "#" * 300000}, "bad_argument", "content: '####################' begins"),
        ({"config_directory": "etc"}, "bad_argument", "config_directory: 'etc' "),
        ({"config_directory": "/nonesuch"}, "agent_not_installed", "there is no /nonesuch"),
        ({"user": "nobody-here"}, "bad_argument", "user: 'nobody-here' is not a user"),
    ],
)
def test_options_that_make_no_sense(refused, options, kind, said):
    assert refused(kind, **options).startswith(said)


def test_missing_conf_d(refused, directory):
    (directory / "conf.d").rmdir()
    assert refused("bad_config") == f"there is no directory {directory}/conf.d"
    (directory / "datadog.yaml").write_text("confd_path: conf.d\n")
    assert "not an absolute path" in refused("bad_config")


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
class TestOtherUsers:
    """In a directory that the user nobody can reach."""

    @pytest.fixture
    def tmp_path(self):
        """Apart from those of pytest, which another run of it closes to other users."""
        with tempfile.TemporaryDirectory() as path:
            yield pathlib.Path(path)

    @pytest.fixture
    def directory(self, directory):
        for path in [directory, *directory.rglob("*")]:
            os.chown(str(path), children.NOBODY, children.NOBODY)
        for path in directory.parents:
            if path.stat().st_mode & 0o001 == 0:
                path.chmod(0o711)
        return directory

    def test_files_are_the_owners(self, run, directory):
        run(user="nobody", logs_enabled_in="environment")
        paths = [
            directory / name
            for name in ("environment", "conf.d/postfix.d", "conf.d/postfix.d/conf.yaml")
        ]
        assert {path.stat().st_uid for path in paths} == {children.NOBODY}
        assert run(user="nobody", state="absent")["changed"]

    def test_directory_of_a_third_user(self, refused, directory):
        assert "belongs to uid 65534" in refused("bad_argument", user="daemon")
        assert "conf.d/postfix.d" not in tree(directory)

    def test_path_that_its_owner_may_not_choose(self, refused, directory):
        (directory / "datadog.yaml").write_text("confd_path: /etc\n")
        assert "/etc/postfix.d" in refused("permission_denied", user="nobody")
        assert not os.path.exists("/etc/postfix.d")

    @pytest.mark.parametrize("setting", ["file", "environment"])
    def test_conf_d_elsewhere(self, run, directory, setting):
        (directory / "elsewhere").mkdir()
        os.chown(str(directory / "elsewhere"), children.NOBODY, children.NOBODY)
        if setting == "file":
            (directory / "datadog.yaml").write_text(f"confd_path: '{directory}/elsewhere'\n")
        else:
            (directory / "datadog.yaml").write_text("confd_path: /nowhere\n")
            (directory / "environment").write_text(f"DD_CONFD_PATH={directory}/elsewhere\n")
        assert run(user="nobody")["file"] == str(directory / "elsewhere/postfix.d/conf.yaml")
        assert run(user="nobody", state="absent")["changed"]

    def test_directory_of_root(self, run):
        with tempfile.TemporaryDirectory(dir="/var/lib") as directory:
            os.mkdir(directory + "/conf.d")
            with open(directory + "/datadog.yaml", "w") as file:
                file.write("logs_enabled: false\n")
            os.chown(directory + "/datadog.yaml", children.NOBODY, 1)
            result = run(config_directory=directory, user="daemon", logs_enabled_in="datadog_yaml")
            status = os.stat(result["file"])
            assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (
                0,
                pwd.getpwnam("daemon").pw_gid,
                0o640,
            )
            # Another file's owner and group stay.
            status = os.stat(directory + "/datadog.yaml")
            assert (status.st_uid, status.st_gid) == (children.NOBODY, 1)
            assert not run(
                config_directory=directory, user="daemon", logs_enabled_in="datadog_yaml"
            )["changed"]

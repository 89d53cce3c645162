# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs every command line of the READMEs and of the documentation's pages, as a reader would.

run_pages.py SOURCE ARTEFACT INVENTORY WORK    SOURCE: a copy of the collection's files; ARTEFACT:
the built collection; INVENTORY: hosts with Postfix, in the group mail; WORK: a directory for it
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import time
from typing import Iterator

# What is not run here, and why.
ELSEWHERE = {
    "make demo": "a gate runs it",
    "make test": "it runs this",
    "cd example && molecule test": "a gate runs it",
    "ansible-galaxy collection install mailops.postfix": "it is not on Galaxy yet",
}
# The gate release-test runs its commands beside a release.
SIGNED = "versions.rst"
LIMIT = 300
# On the pages; here a repository of this checkout stands for it.
REPOSITORY = "https://github.com/mailops/postfix.git"
# Of Datadog's API.
STAND_IN = pathlib.Path(__file__).resolve().parents[1] / "datadog_api"
README_FILES = {"ini": "ansible.cfg", "yaml": "requirements.yml"}


def commands(text: str) -> list[str]:
    """The lines of a page that begin with a prompt, without their comments; in Markdown and in
    reStructuredText."""
    lines = re.findall(r"^ *\$ (.*)$", text, re.MULTILINE)
    return [re.sub(r"\s+# .*", "", line) for line in lines]


def readme_files(text: str) -> dict[str, str]:
    """The files that README shows, by name."""
    blocks = re.findall(r"^```(ini|yaml)\n(?:# \S+\n)?(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return {README_FILES[language]: body for language, body in blocks}


def page_files(text: str) -> dict[str, str]:
    """The files that a page shows, by name: those with a caption."""
    blocks = re.findall(
        r"^( *)\.\. code-block:: \w+\n\1   :caption: (\S+)\n\n((?:\1   .*\n|\n)+)",
        text,
        re.MULTILINE,
    )
    return {name: textwrap.dedent(body).strip("\n") + "\n" for dummy, name, body in blocks}


def repository(source: pathlib.Path, work: pathlib.Path) -> str:
    """The URL of a git repository with the files of source."""
    directory = work / "repository.git"
    subprocess.run(["git", "init", "--quiet", "--bare", directory], check=True)
    git = ["git", f"--git-dir={directory}", f"--work-tree={source}"]
    author = ["-c", "user.name=run_pages", "-c", "user.email=run_pages@example.com"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, *author, "commit", "--quiet", "--message=All"], check=True)
    return f"file://{directory}"


@contextlib.contextmanager
def account() -> Iterator[str]:
    """Variables, as JSON, with which the commands reach a stand-in of Datadog's API."""
    with subprocess.Popen([sys.executable, STAND_IN], stdout=subprocess.PIPE, text=True) as api:
        assert api.stdout
        url = api.stdout.readline().strip()
        keys = {"api_key": "0" * 31 + "a", "application_key": "0" * 39 + "b"}
        try:
            yield json.dumps(
                {f"datadog_assets_{name}": text for name, text in {"api_url": url, **keys}.items()}
            )
        finally:
            api.terminate()


def main() -> None:
    with account() as variables:
        run_all(variables)


def run_all(variables: str) -> None:
    """variables: of all hosts."""
    source, artefact, inventory, work = (
        pathlib.Path(argument).resolve() for argument in sys.argv[1:]
    )
    shutil.rmtree(work, ignore_errors=True)
    home = work / "home"
    home.mkdir(parents=True)
    absolute = work / "hosts.yml"
    hosts = (inventory / "hosts.yml").read_text(encoding="utf-8")
    absolute.write_text(hosts.replace("inventory_dir", f"'{inventory}'"), encoding="utf-8")
    url = repository(source, work)
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": os.environ.get("ANSIBLE_PIPELINING", "false"),
    }
    pages = [
        source / "README.md",
        *(page for page in sorted(source.glob("docs/docsite/rst/*.rst")) if page.name != SIGNED),
        *sorted(source.glob("roles/*/README.md")),
    ]
    texts = [page.read_text(encoding="utf-8").replace(REPOSITORY, url) for page in pages]
    common = readme_files(texts[0])
    done: set[tuple[str, str]] = set()
    failed = 0
    for page, text in zip(pages, texts):
        # README.md is of the directory that it is in, which may be called like a page.
        name = f"{page.parent.name}_readme" if page.suffix == ".md" else page.stem
        place = work / name
        (place / "inventory" / "group_vars").mkdir(parents=True)
        (place / "inventory" / "group_vars" / "all.yml").write_text(variables, encoding="utf-8")
        # With absolute paths, so that it may lie elsewhere.
        shutil.copy(absolute, place / "inventory" / "hosts.yml")
        own = {file: body for file, body in page_files(text).items() if body != common.get(file)}
        shown = {**common, **own}
        if "inventory = " not in shown["ansible.cfg"]:
            shown["ansible.cfg"] += "inventory = inventory\n"
        for file, body in shown.items():
            (place / file).parent.mkdir(exist_ok=True)
            (place / file).write_text(body, encoding="utf-8")
        for command in commands(text):
            # The same command means something else beside a page's own files.
            key = (name if own else "", command)
            if key in done:
                continue
            done.add(key)
            if command in ELSEWHERE:
                print(f"not run, {ELSEWHERE[command]}: {command}")
                continue
            failed += not runs(command, artefact, place, environment)
    if failed:
        sys.exit(f"{failed} commands of the READMEs and the pages failed")


def runs(
    command: str,
    artefact: pathlib.Path,
    place: pathlib.Path,
    environment: dict[str, str],
) -> bool:
    """Whether a command does what its page promises, which is to succeed."""
    started = time.monotonic()
    # Each way to install, though the one before it has installed already.
    command = command.replace("collection install", "collection install --force")
    done = subprocess.run(
        command.replace("mailops-postfix-VERSION.tar.gz", str(artefact)),
        shell=True,
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    verdict = "FAILED" if done.returncode else "right"
    print(f"{verdict} {time.monotonic() - started:5.1f} s  {place.name}: {command}", flush=True)
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0


if __name__ == "__main__":
    main()

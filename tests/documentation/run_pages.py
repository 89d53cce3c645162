# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs every command line of README.md and of the documentation's pages, as a reader would.

run_pages.py SOURCE ARTEFACT INVENTORY WORK    SOURCE: a copy of the collection's files; ARTEFACT:
the built collection; INVENTORY: hosts with Postfix, in the group mail; WORK: a directory for it
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import time

# What is not run here, and why.
ELSEWHERE = {
    "make demo": "a gate runs it",
    "make test": "it runs this",
    "ansible-galaxy collection install mailops.postfix": "it is not on Galaxy yet",
}
LIMIT = 300


def commands(text: str) -> list[str]:
    """The lines of a page that begin with a prompt, without their comments; in Markdown and in
    reStructuredText."""
    lines = re.findall(r"^ *\$ (.*)$", text, re.MULTILINE)
    return [re.sub(r"\s+# .*", "", line) for line in lines]


def files(text: str) -> dict[str, str]:
    """The files that a page shows, by name: those with a caption, and README's ansible.cfg."""
    found = {
        name: textwrap.dedent(body)
        for name, body in re.findall(
            r"^\.\. code-block:: \w+\n   :caption: (\S+)\n\n((?:   .*\n|\n)+)", text, re.MULTILINE
        )
    }
    for block in re.findall(r"^```ini\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        found["ansible.cfg"] = block
    return found


def main() -> None:
    source, artefact, inventory, work = (
        pathlib.Path(argument).resolve() for argument in sys.argv[1:]
    )
    readme = source / "README.md"
    shutil.rmtree(work, ignore_errors=True)
    home = work / "home"
    home.mkdir(parents=True)
    absolute = work / "hosts.yml"
    hosts = (inventory / "hosts.yml").read_text(encoding="utf-8")
    absolute.write_text(hosts.replace("inventory_dir", f"'{inventory}'"), encoding="utf-8")
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": os.environ.get("ANSIBLE_PIPELINING", "false"),
    }
    default = files(readme.read_text(encoding="utf-8"))["ansible.cfg"]
    done: set[str] = set()
    failed = 0
    for page in [readme, *sorted(source.glob("docs/docsite/rst/*.rst"))]:
        text = page.read_text(encoding="utf-8")
        place = work / page.stem
        (place / "inventory").mkdir(parents=True)
        # With absolute paths, so that it may lie elsewhere.
        shutil.copy(absolute, place / "inventory" / "hosts.yml")
        (place / "postfix").symlink_to(source)
        shown = {"ansible.cfg": default, **files(text)}
        if "inventory = " not in shown["ansible.cfg"]:
            shown["ansible.cfg"] += "inventory = inventory\n"
        for name, content in shown.items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_text(content, encoding="utf-8")
        for command in commands(text):
            # The same command means something else beside a page's own files.
            key = f"{page.stem if len(shown) > 1 else ''} {command}"
            if key in done:
                continue
            done.add(key)
            if command in ELSEWHERE:
                print(f"not run, {ELSEWHERE[command]}: {command}")
                continue
            failed += not runs(command, artefact, place, environment)
    if failed:
        sys.exit(f"{failed} commands of README.md and the pages failed")


def runs(
    command: str,
    artefact: pathlib.Path,
    place: pathlib.Path,
    environment: dict[str, str],
) -> bool:
    """Whether a command does what its page promises, which is to succeed."""
    started = time.monotonic()
    done = subprocess.run(
        command.replace("mailops-postfix-VERSION.tar.gz", f"--force {artefact}"),
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

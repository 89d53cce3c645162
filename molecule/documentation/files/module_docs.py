# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what ansible-doc knows of all modules, which takes it as long as one, to DIR: of each
module return-NAME.json, its RETURN, and examples-NAME.yml.

module_docs.py DIR"""

import json
import pathlib
import subprocess
import sys

MODULES = pathlib.Path(__file__).parents[3] / "plugins" / "modules"


def main():
    directory = pathlib.Path(sys.argv[1])
    names = [f"mailops.postfix.{path.stem}" for path in MODULES.glob("*.py")]
    printed = subprocess.run(["ansible-doc", "--json", *names], check=True, stdout=subprocess.PIPE)
    for name, known in json.loads(printed.stdout).items():
        short = name.rpartition(".")[2]
        (directory / f"examples-{short}.yml").write_text(known["examples"])
        (directory / f"return-{short}.json").write_text(json.dumps(known["return"]))


if __name__ == "__main__":
    main()

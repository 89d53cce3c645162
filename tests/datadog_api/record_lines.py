# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records log lines of Postfix with what the log pipeline makes of them, for the unit tests.

    PYTHONPATH=.build/collections python tests/datadog_api/record_lines.py FILE... >LINES.jsonl

A file has lines of a log, or, if its name ends in .journal, what "journalctl -o json" prints. Of
lines that differ only in numbers and queue IDs the first is kept. Read the result before you trust
it."""

from __future__ import annotations

import json
import pathlib
import re
import sys

from pipelines import run

PIPELINE = (
    pathlib.Path(__file__).resolve().parents[2] / "roles/datadog_assets/files/log_pipeline.json"
)
YEAR = 2026
_VARIES = re.compile(r"[0-9A-F]{10,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}|[0-9]+")


def main() -> None:
    pipeline = json.loads(PIPELINE.read_text(encoding="utf-8"))
    seen = set()
    for name in sys.argv[1:]:
        for line in pathlib.Path(name).read_text(encoding="utf-8").splitlines():
            log = _of_journal(json.loads(line)) if name.endswith(".journal") else {"message": line}
            found, rules = run(pipeline, log, YEAR)
            form = _VARIES.sub("0", f"{rules} {found['postfix.program']} {found['postfix.text']}")
            if form not in seen:
                seen.add(form)
                new = {key: value for key, value in found.items() if key not in log}
                print(json.dumps({"log": log, "rules": rules, "attributes": new}))


def _of_journal(entry):
    name = "SYSLOG_IDENTIFIER"
    return {"message": entry["MESSAGE"], f"journald.{name}": entry[name]}


if __name__ == "__main__":
    main()

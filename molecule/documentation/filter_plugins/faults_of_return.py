# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares what a module returned with the RETURN section of its documentation.

Everything returned must be documented with its type, everything documented must be returned at
least once with a value, what is "returned: always" must always be there, and null stands only where
the description speaks of V(null)."""

from __future__ import annotations

TYPES = {"str": str, "int": int, "float": float, "bool": bool, "dict": dict, "list": list}
# What Ansible adds to a result by itself.
COMMON = {
    "changed",
    "failed",
    "failed_when_result",
    "failed_when_suppressed_exception",
    "msg",
    "warnings",
    "deprecations",
    "exception",
    "invocation",
}


class Comparison:
    def __init__(self):
        self.faults = set()
        self.seen = set()

    def compare(self, documented, returned, path=""):
        for name, value in returned.items():
            if name not in documented:
                self.faults.add(f"{path}{name} is returned and not documented")
            else:
                self.compare_value(documented[name], value, path + name)
        for name, field in documented.items():
            if field["returned"] == "always" and name not in returned:
                self.faults.add(
                    f"{path}{name} is not returned, though documented as always returned"
                )

    def compare_value(self, field, value, path):
        if value is None:
            if "V(null)" not in " ".join(text(field["description"])):
                self.faults.add(f"{path} is null, which its description does not speak of")
            return
        self.seen.add(path)
        if not isinstance(value, TYPES[field["type"]]) or isinstance(value, bool) != (
            field["type"] == "bool"
        ):
            self.faults.add(f"{path} is {value!r}, documented as {field['type']}")
        elif field.get("contains"):
            for part in value if field["type"] == "list" else [value]:
                self.compare(field["contains"], part, path + ".")


def text(description):
    return [description] if isinstance(description, str) else description


def paths(documented, path=""):
    for name, field in documented.items():
        yield path + name
        yield from paths(field.get("contains") or {}, path + name + ".")


def faults_of_return(results, documented):
    """results: as C(register) has them; documented: RETURN. Returns what does not agree, sorted."""
    comparison = Comparison()
    for result in results:
        comparison.compare(
            documented, {key: value for key, value in result.items() if key not in COMMON}
        )
    for path in paths(documented):
        if path not in comparison.seen:
            comparison.faults.add(f"{path} is documented and was never returned")
    return sorted(comparison.faults)


class FilterModule:
    def filters(self):
        return {"faults_of_return": faults_of_return}

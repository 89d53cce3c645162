# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.reading import combine_calls
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report import assemble
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.report_csv import to_csv


def rows(**results):
    hosts = [combine_calls(host, [result]) for host, result in results.items()]
    return list(csv.DictReader(io.StringIO(to_csv(assemble(hosts, {})))))


def counted(name="-", directory="/etc/postfix", **counts):
    found = {
        "name": name,
        "config_directory": directory,
        "queue_directory": "/var/spool/postfix",
        "method": "find",
    }
    return {
        "ansible_facts": {
            "postfix_queue": {
                "instances": [dict(found, counts=dict(dict.fromkeys(QUEUES, 0), **counts))]
            }
        }
    }


def test_the_columns_are_stable():
    assert to_csv(assemble([], {})) == (
        "host,instance,config_directory,queue_directory,state,method,total,"
        "maildrop,incoming,active,deferred,hold,corrupt,size,oldest_age,oldest_arrival,oldest_queue,error,message,hint\r\n"
    )


def test_what_is_not_known_is_empty_and_not_zero():
    known, partly, unreachable = rows(
        a=counted(deferred=7),
        b=counted(deferred=7, corrupt=None),
        c={"unreachable": True, "msg": "no route"},
    )
    assert (known["total"], known["corrupt"], known["instance"]) == ("7", "0", "-")
    assert (partly["total"], partly["corrupt"], partly["deferred"]) == ("", "", "7")
    assert (
        unreachable["total"],
        unreachable["deferred"],
        unreachable["error"],
        unreachable["message"],
    ) == ("", "", "unreachable", "no route")


FORMULA = tuple("=+-@|;%\t\r\n＝＋－＠｜；")


@pytest.mark.parametrize(
    "text", [*(sign + "1+1" for sign in FORMULA), " =1+1", "=cmd|' /C calc'!A0"]
)
def test_no_cell_is_a_formula(text):
    cells = rows(a={"failed": True, "msg": text}, b=counted(name=text, directory=text))
    assert [
        cell for row in cells for cell in row.values() if cell.strip(" ").startswith(FORMULA)
    ] == []


@pytest.mark.parametrize("separator", ";|")
@pytest.mark.parametrize(
    "text", ["a{0}=1+1", "a{0} {0} @A1", '"a{0}-1"', 'a, b{0}+1"', 'a{0} "=1"']
)
def test_no_cell_is_a_formula_where_the_separator_is_another(separator, text):
    text = text.format(separator)
    hosts = [combine_calls("a", [{"failed": True, "msg": text}])]
    hosts.append(combine_calls("b", [counted(name=text, directory=text)]))
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        lines = io.StringIO(to_csv(assemble(hosts, {})))
        for row in csv.reader(lines, delimiter=separator, quoting=quoting):
            assert [cell for cell in row if cell.strip(' "').startswith(FORMULA)] == []


def test_numbers_and_usual_names_stay_as_they_are():
    (row,) = rows(a=counted(deferred=7))
    assert (row["host"], row["instance"], row["deferred"], row["total"]) == ("a", "-", "7", "7")


def test_separators_and_quotes_stay_within_their_cell():
    assert rows(a={"failed": True, "msg": 'a,"b";\nc'})[0]["message"] == 'a,"b"; c'

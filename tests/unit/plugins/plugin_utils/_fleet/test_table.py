# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table's layout: its exact text for each width, and what gives way where there is no room."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.run import Run
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.table import (
    BAD,
    BAR,
    HEADING,
    UNSURE,
    Options,
    lay_out,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet.terminal_text import width


def fill(events):
    run = Run()
    for host, event, returned in events:
        run.add(host, "task", returned, event == "failed")
    return run.hosts()


def text_of(lines):
    return ["".join(text for text, dummy in line) for line in lines]


def table(events, room=None, ascii_only=False, **options):
    return text_of(lay_out(fill(events), Options(room, ascii_only, **options)))


@pytest.fixture
def queued(instance, result):
    """An event for a host with so many deferred messages, or with these counts."""

    def make(host, counts, **options):
        counts = [0, 0, 0, counts, 0, 0] if isinstance(counts, int) else counts
        return host, "ok", result(instance(counts, **options))

    return make


def hosts_of(lines):
    """The hosts in the order of the table, from the line below the headings to the rule."""
    return [line.split()[0] for line in lines[1:] if line][
        : next(position for position, line in enumerate(lines) if line[0] in "─-") - 1
    ]


@pytest.mark.parametrize("form", ["unicode", "ascii"])
@pytest.mark.parametrize("room", [60, 100, 200])
@pytest.mark.parametrize("number", [1, 3, 2000])
def test_looks_as_expected(fleet_of, expected, number, room, form):
    lines = table(fleet_of(number), room, form == "ascii", rows=5)
    assert lines == expected(number, room, form)


@pytest.mark.parametrize(
    "number,rooms", [(1, range(20, 130)), (3, range(30, 130)), (2000, range(20, 130, 10))]
)
def test_fits_any_width(fleet_of, number, rooms):
    hosts = fill(fleet_of(number))
    for room in rooms:
        for ascii_only in (False, True):
            for line in text_of(lay_out(hosts, Options(room, ascii_only, rows=5))):
                assert width(line) <= room, (room, line)


def test_never_shortens_a_number(queued):
    for room in range(22, 130):
        lines = table([queued("a-host-with-a-rather-long-name.example.com", 1234567)], room)
        assert "1234567" in lines[1].replace(",", ""), (room, lines)


def test_is_as_wide_as_it_takes_without_a_terminal(queued):
    name = f"mx.{'x' * 200}.example.com"
    assert table([queued(name, 3)])[1].startswith(name + " ")


def test_says_which_columns_have_no_room(queued):
    lines = table([queued("mx-with-a-long-name.example.com", [1, 2, 3, 4000000, 5, 6])], 34)
    assert lines[0].split() == ["host", "def", "total"]
    assert lines[1].split() == ["mx-with-a…mple.com", "4000000", "4000017"]
    assert " ".join(lines[4:]) == "No room for maildrop, incoming, active, hold, corrupt."


def test_puts_the_worst_first(queued):
    events = [queued("mx1", 3), queued("mx10", 7), queued("mx9", 7), queued("mx2", 50)]
    assert hosts_of(table(events)) == ["mx2", "mx9", "mx10", "mx1"]


def test_ranks_what_is_unknown_by_what_is_known_of_it(queued):
    events = [
        queued("nothing", 0),
        queued("unknown", [None] * 6),
        queued("known", 8),
        queued("partly", [0, 0, 0, 8, 0, None]),
        queued("more", 9),
    ]
    assert hosts_of(table(events)) == ["more", "partly", "known", "unknown", "nothing"]


def test_sorts_as_asked(queued):
    events = [
        queued("mx2", [0, 0, 9, 1, 0, 0], ages=[None, None, 5, 7, None, None]),
        queued("mx10", [0, 0, 1, 2, 0, 0], ages=[None, None, 5, 99, None, None]),
        queued("mx1", [0, 0, 2, 0, 0, 0], ages=[None, None, 50, None, None, None]),
    ]
    order = {
        sort: hosts_of(table(events, sort=sort))
        for sort in ("total", "oldest", "host", "active", "deferred")
    }
    assert order == {
        "total": ["mx2", "mx10", "mx1"],
        "oldest": ["mx10", "mx1", "mx2"],
        "host": ["mx1", "mx2", "mx10"],
        "active": ["mx2", "mx1", "mx10"],
        "deferred": ["mx10", "mx2", "mx1"],
    }


def test_sums_the_hosts_that_are_not_shown(queued):
    lines = table([queued(f"mx{number}", number) for number in range(1, 101)], rows=2)
    assert hosts_of(lines) == ["mx100", "mx99", "…"]
    assert lines[3].split() == ["…", "98", "more", "0", "0", "0", "4,851", "0", "0", "4,851"]
    assert lines[-1].split() == ["100", "hosts", "0", "0", "0", "5,050", "0", "0", "5,050"]


def test_shows_all_hosts_with_rows_0(queued):
    assert (
        len(hosts_of(table([queued(f"mx{number}", number) for number in range(100)], rows=0)))
        == 100
    )


def test_sums_the_errors_that_are_not_shown(error, result):
    events = [
        (
            f"mx{number}",
            "failed",
            result(errors=[error("timeout" if number % 3 else "not_installed")]),
        )
        for number in range(10)
    ]
    assert table(events, rows=2) == [
        "timeout: Fix it.",
        "  mx1  the queue could not be listed",
        "  mx2  the queue could not be listed",
        "not_installed: Fix it.",
        "  mx0  the queue could not be listed",
        "… 7 more: 4 timeout, 3 not_installed",
    ]


def test_shows_only_the_queues_that_were_counted(queued, instance, result):
    facts = instance([4])
    assert facts["counts"] == {"maildrop": 4}
    assert table([("mx1", "ok", result(facts))])[0].split() == ["host", "maildrop", "total"]


def test_shows_ages_only_where_one_is_known(queued):
    assert "oldest" not in table([queued("mx1", 3)])[0]
    lines = table(
        [
            queued("mx1", 3),
            queued("mx2", 0, ages=[None] * 6),
            queued("mx3", 1, ages=[None, None, None, 59, None, None]),
        ]
    )
    assert lines[0].split()[-1] == "oldest"
    assert [line.split()[8] for line in lines[1:4]] == ["?", "59s", "-"]
    assert lines[5].split()[-1] == "59s+"


@pytest.mark.parametrize(
    "seconds,shown",
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m 59s"),
        (3600, "1h"),
        (86399, "23h 59m"),
        (100 * 86400 + 3600, "100d 1h"),
    ],
)
def test_shows_ages_in_two_units(queued, seconds, shown):
    assert table([queued("mx1", 1, ages=[None, None, None, seconds, None, None])])[-1].endswith(
        "  " + shown
    )


def test_shows_a_bar_for_what_is_not_zero(queued):
    events = [queued("mx1", 1000000), queued("mx2", 500000), queued("mx3", 1), queued("mx4", 0)]
    assert [line[line.rindex(" ") + 1 :] for line in table(events)[1:5]] == [
        "█" * 20,
        "█" * 10,
        "▏",
        "0",
    ]
    assert [line[line.rindex(" ") + 1 :] for line in table(events, ascii_only=True)[1:5]] == [
        "#" * 20,
        "#" * 10,
        "#",
        "0",
    ]


def test_aligns_wide_characters(queued):
    lines = table([queued("郵便", 3), queued("cafe\u0301", 2), queued("mx1.example.com", 1)])
    assert len({width(line[: line.index("  0") + 3]) for line in lines[1:4]}) == 1


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J", "\r", "\x00", "\x9b31m", "\u202e", "\u2028", "\ud800", "\n"]
)
def test_lets_nothing_hostile_through(queued, result, error, hostile):
    name = f"mx{hostile}1"
    failed = error("kind" + hostile, message="why" + hostile)
    events = [queued(name, 1), queued("mx2", 1), ("mx3", "failed", result(errors=[failed]))]
    for ascii_only in (False, True):
        assert hostile not in "".join(table(events, None, ascii_only))


def test_is_plain_ascii_where_asked_for(queued, result, error):
    events = [
        queued("mx-ä", 3),
        queued("mx-b", 1),
        ("mx-ü", "failed", result(errors=[error("timeout", message="geöffnet")])),
    ]
    for room in (30, 60, None):
        assert "".join(table(events, room, True, rows=1)).isascii()
    assert "mx-\\xe4" in table(events, None, True)[1]


def test_marks_what_a_colour_may_show(fleet_of):
    styles = {}
    for line in lay_out(fill(fleet_of(3)), Options(100)):
        for text, style in line:
            styles.setdefault(style, []).append(text.strip())
    assert styles[HEADING][0] == "host"
    assert all(set(text) <= set("█▏▎▍▌▋▊▉") for text in styles[BAR])
    assert styles[BAD] == ["mail_system_down", "mx2.example.com", "unreachable", "mx3.example.com"]
    assert "?" in styles[UNSURE]


def test_a_stopped_postfix_does_not_look_healthy(queued):
    lines = lay_out(fill([queued("mx1", 0, running=False), queued("mx2", 1)]), Options())
    assert lines[2][0] == ("mx1 (stopped)", BAD)
    assert text_of(lines)[5:] == [
        "Of 2 hosts: 1 stopped.",
        "",
        "not_running: Start this Postfix instance, or look in the mail log for the reason why it"
        " stopped.",
        "  mx1  /etc/postfix: Postfix is not running",
    ]


def test_an_error_keeps_its_cause(error, result):
    cause = "postqueue: fatal: Queue report unavailable - mail system is down"
    long = f"the queue could not be listed: {'x' * 500} {cause}"
    events = [("mx1.example.com", "failed", result(errors=[error("timeout", message=long)]))]
    for room in (60, 80):
        lines = table(events, room)
        assert len(lines) == 4
        assert "Queue report unavailable - mail system is down" in " ".join(
            line.strip() for line in lines
        )


@pytest.mark.parametrize(
    "prefix",
    [
        "Task failed: Module failed: ",
        "Task failed: Failed to connect to the host via ssh: ",
        'Task failed: Data could not be sent to remote host "192.0.2.1". Make sure this host can be'
        " reached over ssh: ",
    ],
)
def test_strips_what_ansible_writes_before_the_cause(prefix):
    events = [("mx1", "failed", {"failed": True, "msg": prefix + "no route"})]
    assert table(events)[-1] == "  mx1  no route"


def test_shows_each_hint_once(error, result):
    events = [(f"mx{number}", "failed", result(errors=[error("timeout")])) for number in range(9)]
    assert len([line for line in table(events) if "Fix it." in line]) == 1


def test_limits_the_rows_of_a_host_with_many_instances(instance, result):
    many = [
        instance([0, 0, 0, number, 0, 0], f"out{number}", f"/etc/{number}") for number in range(99)
    ]
    lines = table([("mx1", "ok", result(*many))], rows=5)
    assert [line.split()[0] for line in lines[:7]] == [
        "host",
        "mx1",
        "out0",
        "out1",
        "out2",
        "out3",
        "…",
    ]
    assert lines[6].split()[1:4] == ["95", "instances", "more"] and len(lines) == 9


def exceeded(host, count, instance, error, result):
    beyond = error("limit_exceeded", "/etc/postfix", f"limits: the count of deferred is {count}")
    return host, "failed", result(instance([0, 0, 0, count, 0, 0]), errors=[beyond])


def test_only_what_is_bad_is_shown_with_limits(queued, instance, error, result):
    events = [queued(f"mx{number}", number) for number in range(50)]
    assert table(events, only_errors=True) == ["50 hosts within the limits: 1,225 messages"]
    events.append(exceeded("bad", 900, instance, error, result))
    lines = table(events, only_errors=True)
    assert [line.split()[0] for line in lines[1:5]] == ["bad", "50", lines[3], "51"]
    assert lines[2].startswith("50 within the limits ") and lines[2].split()[-1] == "1,225"
    assert lines[5:] == [
        "Of 51 hosts: 1 over a limit.",
        "",
        "limit_exceeded: Fix it.",
        "  bad  /etc/postfix: limits: the count of deferred is 900",
    ]


def test_no_table_is_empty(error, result):
    events = [("mx1", "failed", result(errors=[error("timeout")]))]
    assert table(events, only_errors=True) == [
        "timeout: Fix it.",
        "  mx1  the queue could not be listed",
    ]

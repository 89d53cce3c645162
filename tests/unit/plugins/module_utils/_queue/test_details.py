# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes, ages, domains and reasons, message by message."""

from __future__ import annotations

import json

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import (
    AGE_BUCKETS,
    Ages,
    Details,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.listings import (
    ListingError,
    parse_json_listing,
)

# Sun Nov 22 12:13:44 2026 UTC, when the message of the first name arrived.
ARRIVED = 1795349624
NAME = "4jXSfJ6vGQzL82j"


def buckets(**counts):
    ends = [*map(str, AGE_BUCKETS), "more"]
    return [
        {"under": None if end == "more" else int(end), "count": counts.get("under" + end, 0)}
        for end in ends
    ]


def test_the_age_of_a_message_is_in_the_name_of_its_file():
    ages = Ages(ARRIVED + 4711)
    assert ages.add_file(NAME)
    assert ages.facts() == {
        "oldest_arrival": "2026-11-22T12:13:44Z",
        "oldest_age": 4711,
        "ages": buckets(under4800=1),
    }


def test_a_file_without_an_arrival_time_is_no_message_with_an_age():
    ages = Ages(ARRIVED)
    assert ages.add_file("123456.789")
    assert not ages.add_file("03D1C24C0B7")
    assert ages.facts() == {"oldest_arrival": None, "oldest_age": None, "ages": buckets()}


@pytest.mark.parametrize(
    ("age", "under"),
    [(0, "300"), (299, "300"), (300, "600"), (76799, "76800"), (76800, "more"), (-9, "300")],
)
def test_a_message_as_old_as_the_end_of_a_group_is_in_the_next(age, under):
    ages = Ages(ARRIVED)
    ages.add(ARRIVED - age)
    assert ages.facts()["ages"] == buckets(**{"under" + under: 1})
    assert ages.age == max(0, age)


@pytest.mark.parametrize("arrivals", [(5, 3, 4), (3, 5, 4), (4, 5, 3)])
def test_the_oldest_is_the_one_that_arrived_first(arrivals):
    ages = Ages(300.9)
    for arrival in arrivals:
        ages.add(arrival)
    assert (ages.oldest, ages.age) == (3, 297)
    assert ages.counts[0] == 3


def message(queue="deferred", **changed):
    return {
        "queue_name": queue,
        "queue_id": NAME,
        "arrival_time": ARRIVED,
        "message_size": 270,
        "sender": "alice@example.com",
        "recipients": [{"address": "bob@example.org"}],
        **changed,
    }


def gathered(wanted, messages, asked=None, exceeded=(), top=10):
    details = Details(wanted, ["deferred", "hold", "corrupt"], top, now=ARRIVED + 60.0)
    messages = list(messages)
    assert list(details.watch(messages)) == messages
    return details.facts(wanted if asked is None else asked, exceeded, ["deferred", "hold"])


def test_sizes_and_ages_are_those_of_each_queue():
    facts = gathered(
        ["size", "age"],
        [message(), message(message_size=30, arrival_time=ARRIVED - 600), message("active")],
    )
    assert facts == {
        "queues": {
            "deferred": {
                "size": 300,
                "oldest_arrival": "2026-11-22T12:03:44Z",
                "oldest_age": 660,
                "ages": buckets(under300=1, under1200=1),
            },
            "hold": {
                "size": 0,
                "oldest_arrival": None,
                "oldest_age": None,
                "ages": buckets(),
            },
            "corrupt": None,
        },
        "details_approximate": False,
    }


def test_only_what_is_asked_for_is_shown():
    assert gathered(["size", "age", "domains", "reasons"], [message()], asked=[]) == {}
    assert gathered(["size", "age"], [message()], asked=["size"])["queues"]["deferred"] == {
        "size": 270
    }
    assert set(gathered(["size", "age"], [message()], asked=["age"])["queues"]["deferred"]) == {
        "oldest_arrival",
        "oldest_age",
        "ages",
    }


def test_a_queue_over_its_limit_shows_its_size_and_age_in_any_case():
    facts = gathered(["size", "age"], [message()], asked=[], exceeded=["deferred"])
    assert list(facts["queues"]) == ["deferred"]
    assert (facts["queues"]["deferred"]["size"], facts["queues"]["deferred"]["oldest_age"]) == (
        270,
        60,
    )


def test_domains_of_senders_and_of_recipients():
    facts = gathered(
        ["domains"],
        [
            message(recipients=[{"address": "b@example.org"}, {"address": "c@example.net"}]),
            message(sender="MAILER-DAEMON"),
            message(sender="zoe@example.com"),
        ],
        top=1,
    )
    assert facts == {
        "senders": [{"domain": "example.com", "count": 2}],
        "senders_other": 1,
        "recipients": [{"domain": "example.org", "count": 3}],
        "recipients_other": 1,
        "details_approximate": False,
    }


def test_reasons_of_each_recipient():
    long = "4.2.2 mailbox full: " + "x" * 600
    facts = gathered(
        ["reasons"],
        [
            message(
                recipients=[
                    {"address": "b@example.org", "delay_reason": long},
                    {"address": "c@example.org", "bounce_reason": "5.1.1 no such user"},
                    {"address": "d@example.org"},
                ]
            )
        ],
    )
    assert facts["reasons_other"] == 0 and facts["details_approximate"] is False
    full, bounced = sorted(facts["reasons"], key=lambda row: row["bounced"])
    assert (full["status"], full["bounced"], full["count"], full["example"]) == (
        "4.2.2",
        False,
        1,
        long[:500],
    )
    assert (bounced["reason"], bounced["status"], bounced["bounced"], bounced["count"]) == (
        "5.1.1 no such user",
        "5.1.1",
        True,
        1,
    )


def test_many_values_make_the_frequencies_approximate():
    senders = ["a@often.example.com"] * 2 + [f"a@{number}.example.com" for number in range(20000)]
    facts = gathered(["domains"], [message(sender=sender, recipients=[]) for sender in senders])
    assert facts == {
        "senders": [{"domain": "often.example.com", "count": 2}],
        "senders_other": 20000,
        "recipients": [],
        "recipients_other": 0,
        "details_approximate": True,
    }


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        ("size", {"message_size": "270"}),
        ("size", {"message_size": True}),
        ("size", {"message_size": -1}),
        ("size", {"message_size": 2**48}),
        ("age", {"arrival_time": 1.5}),
        ("age", {"arrival_time": None}),
        ("domains", {"sender": None}),
        ("domains", {"recipients": None}),
        ("domains", {"recipients": [{}]}),
        ("reasons", {"recipients": [7]}),
        ("reasons", {"recipients": [{"delay_reason": 7}]}),
    ],
)
def test_a_message_that_lacks_what_is_wanted(wanted, changed):
    wrong = message(**changed)
    with pytest.raises(ListingError) as caught:
        gathered([wanted], [wrong])
    assert str(caught.value) == f"not a complete message: {wrong!r:.200}"
    other = ({"size", "age"} - {wanted}).pop()
    assert gathered([other], [wrong])


def test_the_largest_numbers_and_the_smallest():
    facts = gathered(["size"], [message(message_size=2**48 - 1), message("hold", message_size=0)])
    assert [facts["queues"][queue]["size"] for queue in ("deferred", "hold")] == [2**48 - 1, 0]


def test_now_is_the_moment_if_none_is_given(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 7.0)
    assert Details(["age"], ["hold"], 10).now == 7.0


def test_details_of_a_real_listing(sample):
    lines = sample("postqueue_j_mixed.jsonl").splitlines()
    facts = gathered(["size"], parse_json_listing(lines))
    sizes = {}
    for line in lines:
        listed = json.loads(line)
        sizes.setdefault(listed["queue_name"], []).append(listed["message_size"])
    assert facts["queues"]["deferred"] == {"size": sum(sizes["deferred"])}
    assert facts["queues"]["hold"] == {"size": sum(sizes["hold"])}

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a queue holds, nothing makes the parsers raise anything but their own error, or count
wrongly what they accept."""

from __future__ import annotations

import collections
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    find_refusal,
    is_sudo_refusal,
    lacks_json,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.addresses import (
    domain_of,
    sender_domain,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import (
    AGE_BUCKETS,
    DETAILS,
    Details,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.frequencies import Frequencies
from ansible_collections.mailops.postfix.plugins.module_utils._queue.listings import (
    ListingError,
    parse_json_listing,
    parse_plain_listing,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queue_ids import (
    arrival_time,
    is_temporary,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._queue.reasons import (
    enhanced_status,
    fold_reason,
)

BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
NOW = 1795349317
MARKERS = {"active": "*", "hold": "!"}

# What Postfix shows of an address or a reason: no control characters (src/util/printable.c), but
# anything else.
shown = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=100)
short_ids = st.from_regex(r"[0-9A-F]{6,16}", fullmatch=True)


def encode(number, digits, length=0):
    text = ""
    while number or len(text) < length:
        number, value = divmod(number, len(digits))
        text = digits[value] + text
    return text


_SECONDS = st.integers(380204032, 52**7 - 1)


@st.composite
def long_ids(draw, seconds=_SECONDS):
    """Long queue IDs, as src/global/mail_queue.h makes them."""
    micros, inode = draw(st.integers(0, 999999)), draw(st.integers(1, 2**64))
    return (
        encode(draw(seconds), BASE52, 6)
        + encode(micros, BASE52, 4)
        + "z"
        + encode(inode, BASE52[:-1])
    )


messages = st.fixed_dictionaries(
    {
        "queue_name": st.sampled_from(LISTED_QUEUES),
        "queue_id": st.one_of(short_ids, long_ids()),
        "arrival_time": st.integers(0, 2**33),
        "message_size": st.integers(0, 2**40),
        "forced_expire": st.booleans(),
        "sender": st.one_of(st.just("MAILER-DAEMON"), shown),
        "recipients": st.lists(
            st.one_of(
                st.fixed_dictionaries({"address": shown}),
                st.fixed_dictionaries({"address": shown, "delay_reason": shown}),
                st.fixed_dictionaries({"address": shown, "bounce_reason": shown}),
            ),
            max_size=4,
        ),
    }
)
spools = st.lists(messages, max_size=20)


def print_json(spool):
    return [json.dumps(message, ensure_ascii=False) for message in spool]


def print_plain(spool):
    """As src/postqueue/showq_compat.c does; the arrival time is that of any message."""
    if not spool:
        return ["Mail queue is empty"]
    lines = ["----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------"]
    for message in spool:
        marker = MARKERS.get(message["queue_name"], "") + ("#" if message["forced_expire"] else "")
        lines.append(
            f"{message['queue_id'] + marker:17} {int(message['message_size']):8} Sun Nov 22"
            f" 12:08:37 {message['sender']}"
        )
        reason = None
        for recipient in message["recipients"]:
            if recipient.get("delay_reason", reason) != reason:
                reason = recipient["delay_reason"]
                lines.append(" " * max(0, 76 - len(reason)) + f"({reason})")
            lines.append(f"{'':>47}{recipient['address']}")
        lines.append("")
    size = sum(message["message_size"] for message in spool)
    lines.append(
        f"-- {int(size // 1024)} Kbytes in {len(spool)} Request{'' if len(spool) == 1 else 's'}."
    )
    return lines


# Reading back


@given(spools)
def test_json_listing_is_read_back(spool):
    assert list(parse_json_listing(print_json(spool))) == spool


@given(spools)
def test_plain_listing_is_read_back(spool):
    found = [(message.queue, message.size) for message in parse_plain_listing(print_plain(spool))]
    assert found == [
        (
            message["queue_name"] if message["queue_name"] in MARKERS else None,
            message["message_size"],
        )
        for message in spool
    ]


@given(spools, st.data())
def test_part_of_a_plain_listing_is_refused(spool, data):
    lines = print_plain(spool)
    kept = data.draw(st.integers(0, len(lines) - 1))
    with pytest.raises(ListingError):
        list(parse_plain_listing(lines[:kept]))


@given(spools.filter(bool), st.data())
def test_json_listing_cut_inside_a_message_is_refused(spool, data):
    lines = print_json(spool)
    kept = data.draw(st.integers(1, len(lines[-1]) - 1))
    with pytest.raises(ListingError):
        list(parse_json_listing(lines[:-1] + [lines[-1][:kept]]))


@given(spools)
def test_details_are_those_of_the_messages(spool):
    details = Details(set(DETAILS), LISTED_QUEUES, top=10**6, now=NOW)
    assert list(details.watch(iter(spool))) == spool
    facts = details.facts(DETAILS, [], LISTED_QUEUES)
    for queue in LISTED_QUEUES:
        within = [message for message in spool if message["queue_name"] == queue]
        found = facts["queues"][queue]
        assert found["size"] == sum(message["message_size"] for message in within)
        assert sum(group["count"] for group in found["ages"]) == len(within)
        assert [group["under"] for group in found["ages"]] == [*AGE_BUCKETS, None]
        for position, end in enumerate(AGE_BUCKETS):
            younger = sum(1 for message in within if NOW - message["arrival_time"] < end)
            assert sum(group["count"] for group in found["ages"][: position + 1]) == younger
        oldest = min((message["arrival_time"] for message in within), default=None)
        assert found["oldest_age"] == (None if oldest is None else max(0, NOW - oldest))
    recipients = [recipient for message in spool for recipient in message["recipients"]]
    assert {row["domain"]: row["count"] for row in facts["recipients"]} == collections.Counter(
        domain_of(one["address"]) for one in recipients
    )
    assert {row["domain"]: row["count"] for row in facts["senders"]} == collections.Counter(
        sender_domain(message["sender"]) for message in spool
    )
    for bounced, field in ((False, "delay_reason"), (True, "bounce_reason")):
        assert sum(row["count"] for row in facts["reasons"] if row["bounced"] == bounced) == sum(
            1 for one in recipients if field in one
        )
    assert all(fold_reason(row["example"]) == row["reason"] for row in facts["reasons"])
    assert facts["senders_other"] == facts["recipients_other"] == facts["reasons_other"] == 0


@given(
    st.integers(380204032, 52**7 - 1).flatmap(
        lambda seconds: st.tuples(st.just(seconds), long_ids(st.just(seconds)))
    )
)
def test_long_queue_id_contains_the_arrival_time(pair):
    seconds, queue_id = pair
    assert arrival_time(queue_id) == seconds


@pytest.mark.parametrize(
    "queue_id, seconds", [("4jXSXw5BZYzL7yD", 1795349344), ("3Pt2mN2VXxznjll", 1300631508)]
)
def test_real_long_queue_ids(queue_id, seconds):
    assert arrival_time(queue_id) == seconds


@given(short_ids)
def test_short_queue_id_contains_no_arrival_time(queue_id):
    assert arrival_time(queue_id) is None
    assert not is_temporary(queue_id)


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=300), st.integers(4, 50))
def test_frequencies_are_never_further_off_than_they_say(texts, capacity):
    table = Frequencies(capacity)
    for text in texts:
        table.add(text)
    truth = collections.Counter(texts)
    rows, other = table.most_common(capacity)
    assert len(rows) <= capacity
    for text, count, dummy in rows:
        assert count <= truth[text] <= count + table.uncertainty
    for text in set(truth) - {row[0] for row in rows}:
        assert truth[text] <= table.uncertainty
    assert other + sum(row[1] for row in rows) == len(texts)
    assert table.uncertainty == 0 or len(truth) > capacity


# Anything


@given(st.lists(st.text(), max_size=20))
def test_any_lines_are_a_listing_or_refused(lines):
    for parse in (parse_json_listing, parse_plain_listing):
        try:
            list(parse(lines))
        except ListingError:
            pass


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(messages, st.sampled_from(["arrival_time", "message_size", "sender", "recipients"]), values)
def test_any_value_in_a_message_is_counted_or_refused(message, field, value):
    details = Details(set(DETAILS), LISTED_QUEUES, 10, now=NOW)
    try:
        list(details.watch([dict(message, **{field: value})]))
    except ListingError:
        return
    details.facts(DETAILS, [], LISTED_QUEUES)


@given(values)
def test_any_recipient_is_counted_or_refused(value):
    details = Details(set(DETAILS), ["hold"], 10, now=NOW)
    message = {
        "queue_name": "hold",
        "arrival_time": 1,
        "message_size": 1,
        "sender": "",
        "recipients": [value],
    }
    try:
        list(details.watch([message]))
    except ListingError:
        return
    details.facts(DETAILS, [], LISTED_QUEUES)


@given(st.text())
def test_any_text_is_an_address_a_reason_a_name_or_a_refusal(text):
    domain_of(text)
    sender_domain(text)
    fold_reason(text)
    enhanced_status(text)
    arrival_time(text)
    is_temporary(text)
    postfix_refusal(text)
    lacks_json(text)
    is_sudo_refusal(text)
    find_refusal(text, "/var/spool/postfix/hold")


@settings(deadline=None)
@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1",
        "a1",
        "a.",
        "1.",
        "-",
        "@",
        "[",
        "a@",
        "a[",
        "::",
        "1:",
        "Mon, ",
        "http://",
        "_.",
        "\u0131",
    ],
)
@given(st.integers(1, 40))
def test_folding_takes_no_longer_than_the_text_is_long(piece, times):
    # Backtracking that grows faster than the text would not come back from this.
    fold_reason.cache_clear()
    fold_reason(piece * times * 500)

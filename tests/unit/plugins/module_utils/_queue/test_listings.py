# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._queue.listings import (
    CutShort,
    ListingError,
    PlainMessage,
    parse_json_listing,
    parse_plain_listing,
)


def plain(text):
    return collections.Counter(message.queue for message in parse_plain_listing(text.splitlines()))


def test_json_sample_names_every_queue(sample):
    counts = collections.Counter(
        message["queue_name"]
        for message in parse_json_listing(sample("postqueue_j_mixed.jsonl").splitlines())
    )
    assert counts == {"maildrop": 1, "incoming": 1, "active": 1, "deferred": 5, "hold": 2}


def test_json_empty_queue():
    assert list(parse_json_listing([])) == []


@pytest.mark.parametrize("control", ["\t", "\x01", "\x1b", "\n", "\r", "\n\n"])
def test_json_raw_control_characters_in_strings(control):
    text = (
        f'{{"queue_name": "hold", "queue_id": "1", "sender": "a{control}b"}}\n{{"queue_name":'
        ' "hold", "queue_id": "2"}'
    )
    assert [message["queue_id"] for message in parse_json_listing(text.split("\n"))] == ["1", "2"]


def test_json_cut_inside_a_message(sample):
    listing = sample("postqueue_j_mixed.jsonl")[:-40].splitlines()
    with pytest.raises(CutShort, match="ends inside a message"):
        list(parse_json_listing(listing))


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "3",
        '{"queue_id": "1"}',
        '{"queue_name": "bounce"}',
        '{"queue_name": ["hold"]}',
        "null",
        '"hold"',
    ],
)
def test_json_that_is_no_message(line):
    with pytest.raises(ListingError):
        list(parse_json_listing([line]))


def test_json_garbage_does_not_pile_up():
    read = []
    with pytest.raises(ListingError, match="not a message in JSON: 'Mail queue is empty'"):
        list(
            parse_json_listing(
                read.append(number) or "Mail queue is empty" for number in range(1000000)
            )
        )
    assert len(read) < 1000


def test_plain_markers_in_addresses_and_reasons_are_no_markers(sample):
    assert plain(sample("postqueue_p_short_ids_5_deferred.txt")) == {None: 5}


def test_plain_long_and_short_ids_with_all_markers(sample):
    assert plain(sample("postqueue_p_long_mixed.txt")) == {"active": 1, "hold": 2, None: 7}


def test_plain_empty_queue():
    assert plain("Mail queue is empty\n") == {}


def test_plain_reports_sizes(sample):
    sizes = [
        message.size
        for message in parse_plain_listing(
            sample("postqueue_p_short_ids_5_deferred.txt").splitlines()
        )
    ]
    assert sizes == [259, 270, 270, 272, 278]


@pytest.mark.parametrize("kept", [0, 1, 2, 5, 10, 24, 26])
def test_plain_cut_short(sample, kept):
    lines = sample("postqueue_p_short_ids_5_deferred.txt").splitlines()[:kept]
    with pytest.raises(CutShort):
        list(parse_plain_listing(lines))


@pytest.mark.parametrize(
    "said, instead",
    [
        ("in 5 Requests", "in 6 Requests"),
        ("in 5 Requests", "in 4 Requests"),
        ("-- 1 Kbytes", "-- 2 Kbytes"),
    ],
)
def test_plain_closing_line_that_disagrees(sample, said, instead):
    listing = sample("postqueue_p_short_ids_5_deferred.txt").replace(said, instead)
    with pytest.raises(CutShort, match="the closing line says"):
        plain(listing)


@pytest.mark.parametrize(
    "said, instead",
    [
        ("-Queue ID-", "Queue"),
        ("E4B2224C07E  ", "E4B2224C07E? "),
        ("E4B2224C07E  ", "E4B2224C07Ez"),
        ("Sun Nov", "Sol Nov"),
        ("\n\n9A66A24C016", "\n9A66A24C016"),
        ("Requests.\n", "Requests.\nmore\n"),
        ("              (connect", "connect"),
    ],
)
def test_plain_line_out_of_place(sample, said, instead):
    listing = sample("postqueue_p_short_ids_5_deferred.txt")
    assert said in listing
    with pytest.raises(ListingError):
        plain(listing.replace(said, instead, 1))


def test_plain_something_after_an_empty_queue():
    with pytest.raises(ListingError):
        plain("Mail queue is empty\n\n")


HEADER = "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------"
MESSAGE = "9A66A24C016           2048 Sun Nov 22 12:08:37 a@example.com"
RECIPIENT = "                                         b@example.org"
CLOSING = "-- 2 Kbytes in 1 Request."
WHOLE = [HEADER, MESSAGE, RECIPIENT, "", CLOSING]


def test_plain_whole_listing():
    assert list(parse_plain_listing(WHOLE)) == [PlainMessage(None, 2048)]


@pytest.mark.parametrize(
    ("lines", "kind", "said"),
    [
        ([], CutShort, "the header line is missing: ''"),
        (["x" * 300], ListingError, f"the header line is missing: {'x' * 200!r}"),
        (WHOLE[:1], CutShort, "the closing line is missing after 0 messages"),
        (WHOLE[:4], CutShort, "the closing line is missing after 1 messages"),
        ([HEADER, MESSAGE, MESSAGE], ListingError, f"a line out of place: {MESSAGE!r}"),
        ([HEADER, RECIPIENT], ListingError, f"a line out of place: {RECIPIENT!r}"),
        ([HEADER, MESSAGE, CLOSING], ListingError, f"a line out of place: {CLOSING!r}"),
        ([*WHOLE, ""], ListingError, "a line after the end: ''"),
        (["Mail queue is empty", "more"], ListingError, "a line after the end: 'more'"),
        (
            [HEADER, MESSAGE, "", MESSAGE, "", "-- 4 Kbytes in 3 Requests."],
            CutShort,
            "the closing line says '-- 4 Kbytes in 3 Requests.', but 2 messages with 4 Kbytes were"
            " listed",
        ),
    ],
)
def test_plain_what_is_wrong_is_named(lines, kind, said):
    with pytest.raises(ListingError) as caught:
        list(parse_plain_listing(lines))
    assert (type(caught.value), str(caught.value)) == (kind, said)


@pytest.mark.parametrize(
    ("lines", "kind", "said"),
    [
        (['{"queue_name": "bounce"}'], ListingError, "not a message of a known queue: {!r}"),
        (['{"queue_name":'], CutShort, "the listing ends inside a message: {!r}"),
        (['{"queue_name":'] + ["x"] * 63, ListingError, "not a message in JSON: {!r}"),
    ],
)
def test_json_what_is_wrong_is_named(lines, kind, said):
    with pytest.raises(ListingError) as caught:
        list(parse_json_listing(lines))
    assert (type(caught.value), str(caught.value)) == (kind, said.format(lines[0]))


def test_json_a_message_of_as_many_lines_as_one_may_have():
    lines = ['{"queue_name": "hold", "sender": "'] + ["x"] * 62 + ['"}']
    (message,) = parse_json_listing(lines)
    assert message["sender"] == "\n" + "x\n" * 62

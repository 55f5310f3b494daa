"""Every tamper gives exactly the findings that it should, wherever the log lies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from audit_console.core.codec import MAX_SEQ
from audit_console.core.event import GENESIS_HASH
from audit_console.core.findings import Code
from audit_console.integrity.verifier import verify
from tests.support.chains import (
    BEGIN,
    event,
    linked,
    rehashed,
    v1_chain,
    v1_lines,
)
from tests.support.effort import UNMEASURED
from tests.support.judging import (
    Judgement,
    Span,
    in_order,
    judge_one_by_one,
    told,
)
from tests.support.stores import Store, Tables
from tests.support.tampers import (
    Lines,
    Tamper,
    both,
    branched,
    copied,
    edited,
    event_of,
    forged,
    inserted,
    order_breaks,
    removed,
    renumbered,
    replaced,
    respelled,
    shuffled,
    swapped,
)

COUNT = 12
LAST = COUNT - 1
FAR = 9 * 10**18
WHOLE = v1_lines(v1_chain(COUNT))
GARBAGE = b"\xff not an event"

Found = tuple[Code, Span]
NOTHING: list[Found] = []

Judge = Callable[[Lines], Judgement]

pytestmark = pytest.mark.usefixtures("parsers_stay")


@pytest.fixture
def judge(store: Store) -> Judge:
    def judged(lines: Lines) -> Judgement:
        with closing(store(lines)) as source:
            found = told(verify(source))
        if not isinstance(store, Tables):
            assert found == judge_one_by_one(lines)
        return found

    return judged


def told_by(store: Store, notices: Iterable[Found]) -> list[Found]:
    """Give the notices that a store can give: the rows of a table have no order."""
    order = Code.OUT_OF_ORDER
    kept = (one for one in notices if one[0] is not order or not isinstance(store, Tables))
    return in_order(kept)


def at(code: Code, first: int | None = None, last: int | None = None) -> Found:
    return code, (first, first if last is None else last)


def mismatch(seq: int | None) -> list[Found]:
    return [at(Code.EVENT_HASH_MISMATCH, seq)]


def relink(*seqs: int) -> list[Found]:
    return [at(Code.PREVIOUS_HASH_MISMATCH, seq) for seq in seqs]


EDITS: dict[str, Any] = {
    "chain": "audit.example.org/other",
    "id": "00000000-0000-4000-8000-000000000000",
    "recorded_at": "2020-01-01T00:00:00.000000Z",
    "timestamp": "2020-01-01T00:00:00.000000Z",
    "event_type": "authentication",
    "user_id": None,
    "action": "",
    "resource_type": "user",
    "resource_id": "other",
    "result": "success",
    "result_error": None,
    "details": '{"attempt":0}',
    "ip_address": "203.0.113.10",
    "user_agent": "x",
    "request_id": "\x01",
    "previous_hash": "f" * 64,
    "event_hash": "f" * 64,
}
PLACES = {"head": 0, "middle": 5, "tail": LAST}


@UNMEASURED
@pytest.mark.parametrize("index", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("field", EDITS)
def test_an_edited_field(judge: Judge, field: str, index: int) -> None:
    found = judge(edited(index, **{field: EDITS[field]})(WHOLE))
    assert found.beyond_the_unanchored_end == mismatch(index)
    assert found.notices == NOTHING
    assert found.counts[Code.NO_CHECKPOINT] == 1


@UNMEASURED
@pytest.mark.parametrize("index", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("seq", [0, 3, 6, LAST, COUNT, 900, FAR, MAX_SEQ])
def test_an_edited_seq(judge: Judge, seq: int, index: int) -> None:
    if seq == index:
        seq = 4
    found = judge(edited(index, seq=seq)(WHOLE))
    assert found.beyond_the_unanchored_end == mismatch(seq)
    assert found.notices == NOTHING


@UNMEASURED
@pytest.mark.parametrize("index", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("stored", ["", "f" * 63, "F" * 64, "é" * 64, "é" * 32, "0" * 64])
def test_a_hash_that_is_none(judge: Judge, stored: str, index: int) -> None:
    found = judge(edited(index, event_hash=stored)(WHOLE))
    assert found.beyond_the_unanchored_end == mismatch(index)


V1_TAMPERS: dict[str, tuple[Tamper, list[Found], list[Found]]] = {
    "nothing": (both(), NOTHING, NOTHING),
    "rehashed at the head": (edited(0, rehash=True, action="x"), relink(1), NOTHING),
    "rehashed in the middle": (edited(5, rehash=True, action="x"), relink(6), NOTHING),
    "rehashed at the tail leaves no trace": (
        edited(LAST, rehash=True, action="x"),
        NOTHING,
        NOTHING,
    ),
    "relinked and rehashed": (
        edited(5, rehash=True, previous_hash="f" * 64),
        relink(5, 6),
        NOTHING,
    ),
    "a first event with a link": (
        edited(0, rehash=True, previous_hash="f" * 64),
        relink(0, 1),
        NOTHING,
    ),
    "rehashed with a far seq": (
        edited(5, rehash=True, seq=FAR),
        [at(Code.GAP, 5), at(Code.GAP, COUNT, FAR - 1)],
        [at(Code.OUT_OF_ORDER, 6)],
    ),
    "rehashed with another chain": (
        edited(5, rehash=True, chain="other"),
        [at(Code.GAP, 5), at(Code.HEAD_MISSING, 0, 4)],
        NOTHING,
    ),
    "every line edited": (
        both(*(edited(index, action="x") for index in range(COUNT))),
        [found for seq in range(COUNT) for found in mismatch(seq)],
        NOTHING,
    ),
    "two edits": (
        both(edited(3, action="x"), edited(4, action="x")),
        mismatch(3) + mismatch(4),
        [],
    ),
    "head removed": (removed(0), [at(Code.HEAD_MISSING, 0)], NOTHING),
    "first half removed": (removed(0, 5), [at(Code.HEAD_MISSING, 0, 5)], NOTHING),
    "one removed": (removed(5), [at(Code.GAP, 5)], NOTHING),
    "a range removed": (removed(4, 7), [at(Code.GAP, 4, 7)], NOTHING),
    "two apart removed": (both(removed(8), removed(3)), [at(Code.GAP, 3), at(Code.GAP, 8)], []),
    "tail removed leaves no trace": (removed(LAST), NOTHING, NOTHING),
    "removed and the next edited": (
        both(edited(6, action="x"), removed(5)),
        [at(Code.GAP, 5, 6), *mismatch(6)],
        NOTHING,
    ),
    "removed behind garbage elsewhere": (
        both(removed(9), inserted(5, GARBAGE)),
        [at(Code.GAP, 9), at(Code.MALFORMED)],
        NOTHING,
    ),
    "removed before garbage elsewhere": (
        both(inserted(9, GARBAGE), removed(5)),
        [at(Code.GAP, 5), at(Code.MALFORMED)],
        NOTHING,
    ),
    "removed, and another made to link there": (
        both(edited(9, seq=900, previous_hash=v1_chain(5)[4].event_hash), removed(5)),
        [at(Code.GAP, 9), *mismatch(900)],
        NOTHING,
    ),
    "forged behind the true one": (forged(5, 6), [at(Code.FORK, 5)], NOTHING),
    "forged before the true one": (forged(5, 5), [at(Code.FORK, 5)], NOTHING),
    "forged at the end": (forged(5, COUNT), [at(Code.FORK, 5)], NOTHING),
    "forged at the beginning": (forged(5, 0), [at(Code.FORK, 5)], [at(Code.OUT_OF_ORDER, 0)]),
    "forged last event, behind": (forged(LAST, COUNT), [at(Code.FORK, LAST)], NOTHING),
    "forged last event, before": (forged(LAST, LAST), [at(Code.FORK, LAST)], NOTHING),
    "forged first event, behind": (forged(0, 1), [at(Code.CHAIN_RESTART, 0)], NOTHING),
    "forged first event with a link, before": (
        forged(0, 0, previous_hash="f" * 64),
        [at(Code.CHAIN_RESTART, 0)],
        NOTHING,
    ),
    "forged with a wrong link": (
        forged(5, 6, previous_hash="f" * 64),
        [at(Code.FORK, 5)],
        NOTHING,
    ),
    "forged with an early clock": (
        forged(5, 6, recorded_at="2020-01-01T00:00:00.000000Z"),
        [at(Code.FORK, 5)],
        NOTHING,
    ),
    "forged before with a late clock": (
        forged(5, 5, recorded_at="2030-01-01T00:00:00.000000Z"),
        [at(Code.FORK, 5)],
        NOTHING,
    ),
    "appended rightly": (lambda _: v1_lines(v1_chain(COUNT + 1)), NOTHING, NOTHING),
    "forked to the end": (branched(5, LAST, COUNT), [at(Code.FORK, 5, LAST)], NOTHING),
    "forked in the middle": (branched(5, 8, COUNT), [at(Code.FORK, 5, 8)], NOTHING),
    "forked in place": (branched(5, 8, 9), [at(Code.FORK, 5, 8)], NOTHING),
    "forked and longer": (branched(5, COUNT + 3, COUNT), [at(Code.FORK, 5, LAST)], NOTHING),
    "a second genesis": (branched(0, 3, COUNT), [at(Code.CHAIN_RESTART, 0, 3)], NOTHING),
    "a second, longer genesis": (
        branched(0, COUNT + 3, COUNT),
        [at(Code.CHAIN_RESTART, 0, LAST)],
        NOTHING,
    ),
    "a line twice": (copied(5, 6), [at(Code.DUPLICATE_SEQ, 5)], NOTHING),
    "a line twice, far apart": (copied(2, COUNT), [at(Code.DUPLICATE_SEQ, 2)], NOTHING),
    "the first line twice": (copied(0, 1), [at(Code.DUPLICATE_SEQ, 0)], NOTHING),
    "the last line twice": (copied(LAST, COUNT), [at(Code.DUPLICATE_SEQ, LAST)], NOTHING),
    "a line three times": (
        both(copied(5, 6), copied(5, 6)),
        [at(Code.DUPLICATE_SEQ, 5)],
        NOTHING,
    ),
    "a line twice, once edited": (
        lambda lines: edited(6, action="x")(copied(5, 6)(lines)),
        mismatch(5),
        NOTHING,
    ),
    "the file twice": (lambda lines: lines + lines, [at(Code.DUPLICATE_SEQ, 0, LAST)], NOTHING),
    "every second line, then all": (
        lambda lines: lines[::2] + lines,
        [at(Code.DUPLICATE_SEQ, seq) for seq in range(0, COUNT, 2)],
        NOTHING,
    ),
    "neighbours swapped": (swapped(4, 5), NOTHING, [at(Code.OUT_OF_ORDER, 4)]),
    "far lines swapped": (
        swapped(3, 8),
        NOTHING,
        [at(Code.OUT_OF_ORDER, 3), at(Code.OUT_OF_ORDER, 4)],
    ),
    "reversed": (
        lambda lines: lines[::-1],
        NOTHING,
        [at(Code.OUT_OF_ORDER, seq) for seq in range(LAST)],
    ),
    "halves exchanged": (
        lambda lines: lines[6:] + lines[:6],
        NOTHING,
        [at(Code.OUT_OF_ORDER, 0)],
    ),
    "renumbered after a removal": (
        both(removed(4), renumbered(4, -1, rehash=False)),
        [found for seq in range(4, LAST) for found in mismatch(seq)],
        NOTHING,
    ),
    "renumbered and rehashed": (
        both(removed(4), renumbered(4, -1, rehash=True)),
        relink(*range(4, LAST)),
        NOTHING,
    ),
    "an event made garbage": (replaced(5, GARBAGE), [at(Code.MALFORMED)], NOTHING),
    "the first made garbage": (replaced(0, GARBAGE), [at(Code.MALFORMED)], NOTHING),
    "the last made garbage": (replaced(LAST, GARBAGE), [at(Code.MALFORMED)], NOTHING),
    "two made garbage": (
        both(replaced(5, GARBAGE), replaced(6, GARBAGE)),
        [at(Code.MALFORMED)] * 2,
        NOTHING,
    ),
    "one made garbage, one removed": (
        both(replaced(5, GARBAGE), removed(6)),
        [at(Code.GAP, 5, 6), at(Code.MALFORMED)],
        NOTHING,
    ),
    "garbage added": (inserted(5, GARBAGE), [at(Code.MALFORMED)], NOTHING),
    "garbage before and behind": (
        lambda lines: [GARBAGE, *lines, GARBAGE],
        [at(Code.MALFORMED)] * 2,
        NOTHING,
    ),
    "another version": (
        lambda lines: replaced(5, lines[5].replace(b'"v":1', b'"v":2'))(lines),
        [at(Code.MALFORMED)],
        NOTHING,
    ),
    "too deep": (
        edited(5, details='{"a":' + "[" * 64 + "]" * 64 + "}"),
        [at(Code.OVERSIZE)],
        NOTHING,
    ),
    "too deep, by somebody who can hash": (
        edited(LAST, rehash=True, details='{"a":' * 200 + "1" + "}" * 200),
        [at(Code.OVERSIZE)],
        NOTHING,
    ),
    "many brackets, none of them deep": (
        edited(LAST, rehash=True, details='{"a":[' + ",".join(["[]"] * 100) + "]}"),
        NOTHING,
        NOTHING,
    ),
    "space around details, by somebody who can hash": (
        edited(LAST, rehash=True, details='\t{"a":1} '),
        mismatch(LAST),
        NOTHING,
    ),
    "an entry over the limit": (edited(5, action="x" * 70_000), [at(Code.OVERSIZE)], NOTHING),
    "blank lines added": (both(inserted(5, b"", b"  "), inserted(0, b"")), NOTHING, NOTHING),
    "respelled": (respelled(5), NOTHING, [at(Code.NONCANONICAL, 5)]),
    "all respelled": (
        both(*(respelled(index) for index in range(COUNT))),
        NOTHING,
        [at(Code.NONCANONICAL, seq) for seq in range(COUNT)],
    ),
    "respelled and edited": (both(edited(5, action="x"), respelled(5)), mismatch(5), NOTHING),
    "details respelled": (
        edited(5, details='{"model":"m\\u002d1", "attempt":5}'),
        NOTHING,
        [at(Code.NONCANONICAL, 5)],
    ),
    "details with a key added before its like": (
        edited(5, details='{"attempt":6,"attempt":5,"model":"m-1"}'),
        mismatch(5),
        NOTHING,
    ),
    "details with a lone surrogate, respelled": (
        both(edited(5, details='{"a":"\\ud800"}'), respelled(5)),
        mismatch(5),
        NOTHING,
    ),
    "a far seq": (
        lambda lines: lines + v1_lines([rehashed(event(FAR))]),
        [at(Code.GAP, COUNT, FAR - 1)],
        NOTHING,
    ),
    "the last seq there is, twice": (
        lambda lines: lines + v1_lines([rehashed(event(MAX_SEQ))]) * 2,
        [at(Code.DUPLICATE_SEQ, MAX_SEQ), at(Code.GAP, COUNT, MAX_SEQ - 1)],
        NOTHING,
    ),
    "everything removed": (lambda _: [], [at(Code.EMPTY)], NOTHING),
}


@pytest.mark.parametrize("name", V1_TAMPERS)
def test_a_tamper_of_a_v1_chain(store: Store, judge: Judge, name: str) -> None:
    tamper, expected, notices = V1_TAMPERS[name]
    found = judge(tamper(list(WHOLE)))
    assert found.beyond_the_unanchored_end == in_order(expected)
    assert found.notices == told_by(store, notices)


NOT_IN_A_TABLE: dict[str, tuple[Tamper, list[Found], list[Found]]] = {
    "carriage returns": (
        lambda lines: [line + b"\r" for line in lines],
        NOTHING,
        [at(Code.NONCANONICAL, seq) for seq in range(COUNT)],
    ),
    "a seq over the limit": (
        lambda lines: [*lines, lines[LAST].replace(b'"seq":11', b'"seq":9223372036854775808')],
        [at(Code.OVERSIZE)],
        NOTHING,
    ),
    "a field that holds no character": (edited(5, request_id="\x00"), mismatch(5), NOTHING),
}


@UNMEASURED
@pytest.mark.parametrize("store", ["archive", "memory"], indirect=True)
@pytest.mark.parametrize("name", NOT_IN_A_TABLE)
def test_a_tamper_that_is_of_lines_alone(judge: Judge, name: str) -> None:
    tamper, expected, notices = NOT_IN_A_TABLE[name]
    found = judge(tamper(list(WHOLE)))
    assert found.beyond_the_unanchored_end == expected
    assert found.notices == notices


@UNMEASURED
@pytest.mark.parametrize("seed", range(5))
def test_a_shuffled_chain_is_whole_but_out_of_order(store: Store, judge: Judge, seed: int) -> None:
    lines = shuffled(seed)(WHOLE)
    found = judge(lines)
    assert found.beyond_the_unanchored_end == NOTHING
    breaks = order_breaks([event_of(line).seq or 0 for line in lines])
    assert found.notices == told_by(store, (at(Code.OUT_OF_ORDER, seq) for seq in breaks))


def test_the_writers_clock_set_back_is_a_notice(judge: Judge) -> None:
    chain = [
        replace(one, recorded_at="2020-01-01T00:00:00.000000Z") if one.seq == 6 else one
        for one in v1_chain(COUNT)
    ]
    found = judge(v1_lines(linked(chain)))
    assert found.beyond_the_unanchored_end == NOTHING
    assert found.notices == [at(Code.CLOCK_BACKWARDS, 6)]


@UNMEASURED
def test_a_tamper_of_one_chain_leaves_the_other_alone(judge: Judge) -> None:
    other = v1_lines(v1_chain(COUNT, chain="other"))
    for tampered, expected, count in [
        (removed(5)(other), [at(Code.GAP, 5)], COUNT - 1),
        (edited(5, action="x")(other), mismatch(5), COUNT),
        (edited(5, previous_hash="f" * 64)(other), mismatch(5), COUNT),
        (edited(5, seq=900)(other), mismatch(900), COUNT),
    ]:
        mixed = [line for pair in zip(WHOLE, tampered, strict=False) for line in pair]
        found = judge(mixed)
        assert found.beyond_the_unanchored_end == expected
        assert found.notices == NOTHING
        assert found.counts[Code.NO_CHECKPOINT] == 2
        assert found.chains["other"][0] == count


def test_a_doubtful_line_of_one_chain_explains_no_gap_of_another_elsewhere(judge: Judge) -> None:
    other = edited(2, seq=900)(v1_lines(v1_chain(4, chain="other")))
    mixed = [*WHOLE[:3], *other, *WHOLE[3:7], *WHOLE[8:]]
    found = judge(mixed)
    assert found.beyond_the_unanchored_end == [*mismatch(900), at(Code.GAP, 7)]


def test_the_test_data_is_what_it_says() -> None:
    assert json.loads(WHOLE[0])["previous_hash"] == GENESIS_HASH
    assert json.loads(WHOLE[1])["timestamp"] > BEGIN.strftime("%Y-%m-%dT%H:%M:%S")

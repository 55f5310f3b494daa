"""A compiled pass calls nothing sound that the codec and the core would not."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from audit_console.columns import compiled
from audit_console.columns.links import LinkMarker
from audit_console.columns.schema import COLUMNS_HELD
from audit_console.columns.sound import SoundRun, moment, sound_run
from audit_console.core.codec import (
    EVENT_HASH_TAIL,
    MAX_ENTRY_BYTES,
    decode_bytes,
    encode_entry,
    end_line,
)
from audit_console.core.event import AuditEvent, parse_time
from audit_console.core.findings import Place
from audit_console.core.hashing import check_hash
from audit_console.core.merkle import node_hash
from audit_console.sources.archive.blocks import Block
from audit_console.sources.archive.parse import LineParser
from tests.support.chains import linked, rehashed, v1_chain, v1_lines
from tests.support.compiled import NEEDS_COMPILED
from tests.support.effort import UNMEASURED, examples
from tests.support.places import V1_VECTORS, text_of
from tests.support.strategies import VALUES, mutated_lines, replaced_values, v1_events

pytestmark = [NEEDS_COMPILED, UNMEASURED]  # what is judged here, columns judge elsewhere

CHAIN = v1_chain(9)
LINES = v1_lines(CHAIN)
RICH = rehashed(
    replace(
        CHAIN[0],
        user_id=None,
        action='say "no" to \\ and \n or \x01 é 日 \U0001f600',
        details='{"a":[1,-2.5e-7,{"b":null,"":[]},"\\u00e9\\/"],"c\\\\":true,"d":{},"é":false}',
        request_id="",
    )
)
FILE, LINE, OFFSET = 3, 7, 1_000
PLAIN_IDS = st.uuids().map(str)


def run_of(lines: Sequence[bytes]) -> SoundRun | None:
    return sound_run(FILE, LINE, OFFSET, text_of(lines))


def sound(lines: Sequence[bytes]) -> SoundRun:
    run = run_of(lines)
    assert run is not None
    return run


def hashed_again(line: bytes) -> bytes:
    """Give a line the hash of what stands in the place of its entry."""
    entry = line[:-EVENT_HASH_TAIL]
    event_hash = hashlib.sha256(b"\0" + entry).hexdigest()
    return entry + end_line("", event_hash).encode()


def assert_not_called_sound_wrongly(line: bytes) -> bool:
    """Hold what is told of a line, if anything is, against the codec."""
    run = run_of([line]) if b"\n" not in line else None
    if run is None:
        return False
    read = decode_bytes(line)
    assert isinstance(read, AuditEvent)
    hashed = check_hash(read, line.decode())
    assert hashed.canonical
    assert run.events == 1
    assert (run.chain, run.first_seq, run.first_link) == (read.chain, read.seq, read.previous_hash)
    assert run.last_hash == hashed.computed == read.event_hash
    assert run.first_recorded == parse_time(read.recorded_at or "")
    assert moment(run.timestamps[0]) == read.occurred_at
    assert run.event_id(0) == read.id
    return True


def assert_some_are_sound(lines: Iterable[bytes]) -> None:
    """Judge lines as the codec does; were all of them or none sound, that would tell nothing."""
    called = [assert_not_called_sound_wrongly(line) for line in lines]
    assert 0 < sum(called) < len(called)


def with_values(key: str, values: Iterable[bytes]) -> Iterator[bytes]:
    """Put each value into the place of that of a key."""
    before, after = re.split(
        rb'(?<="%s":)(?:"[^"]*"|\{[^}]*\}|[0-9]+)' % key.encode(), LINES[1], maxsplit=1
    )
    for value in values:
        yield before + value + after


def assert_sound(one: AuditEvent) -> None:
    (line,) = v1_lines([rehashed(one)])
    assert assert_not_called_sound_wrongly(line)


def test_what_a_run_tells() -> None:
    run = sound(LINES)
    assert (run.events, run.first_seq, run.last_seq) == (len(CHAIN), 0, len(CHAIN) - 1)
    assert [run.hash_at(index) for index in range(run.events)] == [one.event_hash for one in CHAIN]
    assert [moment(time) for time in run.timestamps] == [one.occurred_at for one in CHAIN]
    assert [run.event_id(index) for index in range(run.events)] == [one.id for one in CHAIN]
    told = run.as_run(["a", "b", "c", "d"])
    assert told.first_place == Place("d", LINE, CHAIN[0].id)
    assert (told.events, told.broken, told.last_computed) == (9, False, CHAIN[-1].event_hash)
    assert told.last_recorded == parse_time(CHAIN[-1].recorded_at or "")


def test_events_are_found_once_by_words_of_their_lines() -> None:
    run = sound(LINES)
    assert list(run.events_with(b'"')) == list(run.events_with(b"")) == list(enumerate(CHAIN))
    assert list(run.events_with(b'"change 8"')) == [(8, CHAIN[8])]
    assert list(run.events_with(b"change 9")) == []


def test_the_vectors_are_sound() -> None:
    run = sound_run(0, 1, 0, V1_VECTORS.read_bytes())
    assert run is not None
    assert (run.events, run.last_seq) == (200, 199)


@examples(150)
@given(v1_events(), PLAIN_IDS)
def test_events_of_the_format_are_sound(one: AuditEvent, plain_id: str) -> None:
    """But for what is rare: a seq of 19 digits, or details that nest very deep."""
    assert_sound(replace(one, id=plain_id, seq=min(one.seq or 0, 10**18 - 1)))


@pytest.mark.parametrize("more", range(2 * 64))
def test_the_last_block_of_a_hash_ends_anywhere(more: int) -> None:
    assert_sound(replace(CHAIN[0], action="x" * more))


def test_lines_may_be_as_short_as_they_get() -> None:
    """So many that the room for events, which goes by the length of the text, holds them all."""
    texts = ("id", "event_type", "action", "resource_type", "resource_id", "user_id")
    more = ("result_error", "ip_address", "user_agent", "request_id")
    nothing: dict[str, Any] = dict.fromkeys((*texts, *more), "")
    bare = replace(CHAIN[0], chain="a", details="{}", **nothing)
    chain = linked(replace(bare, seq=seq) for seq in range(200))
    assert sound(v1_lines(chain)).events == len(chain)


def test_an_entry_has_a_limit() -> None:
    room = MAX_ENTRY_BYTES - len(encode_entry(replace(CHAIN[0], action="")))
    assert_sound(replace(CHAIN[0], action="x" * room))
    assert run_of(v1_lines([rehashed(replace(CHAIN[0], action="x" * (room + 1)))])) is None


@examples(300)
@given(mutated_lines())
def test_mutated_lines_with_a_hash_that_holds(line: bytes) -> None:
    assert_not_called_sound_wrongly(line)
    assert_not_called_sound_wrongly(hashed_again(line))


@pytest.mark.parametrize("key", ["action", "user_id", "details", "chain", "id", "request_id"])
def test_every_character_and_escape(key: str) -> None:
    """As bytes: those that are none among them."""
    leads = [bytes([lead]) for lead in range(0x80, 0x100)]
    seconds = [bytes([byte]) for byte in (0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0)]
    tails = [b"", b"\x80", b"\xbf", b"\x80\x80", b"\xbf\xbf", b"\x80a", b"a\x80", b"\x80\xc0"]
    texts = [
        *(bytes([byte]) for byte in range(0x100)),
        *(b"\\" + bytes([byte]) for byte in range(0x100)),
        *(lead + second + tail for lead in leads for second in seconds for tail in tails),
        *(b"\\u%04x" % code for code in range(0x180)),
        *(b"\\u%04X" % code for code in range(0x180)),
        *(
            b"\\u" + code
            for code in (b"d7ff", b"d800", b"D800", b"DFFF", b"e000", b"00g0", b"g000", b"0g00")
        ),
        *(b"\\u000" + bytes([byte]) for byte in range(0x100)),
        *(b"\\u" + code for code in (b"", b"0", b"00", b"000", b"\xc3\xa900")),
    ]
    quoted = [b'"' + text + b'"' for text in texts]
    values = [b'{"a":%s}' % one for one in quoted] if key == "details" else quoted
    assert_some_are_sound(hashed_again(line) for line in with_values(key, values))


DETAILS = [
    *("0", "-0", "10", "1.5", "-1.25e10", "1E+5", "1e-5", "0.0", "true", "false", "null", '""'),
    *("00", "01", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "1e-", "-a", "0x1", "1a", "--1"),
    *("tru", "truex", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "'a'", "a", ""),
    *("[]", "[1]", "[1,2]", "[[],{}]", "[,]", "[1,]", "[,1]", "[1 ,2]", "[1", "[1}", "]", "[]]"),
    *("{}", '{"b":1}', '{"b":1,"c":[2]}', "{,}", '{"b":1,}', '{,"b":1}', '{"b"}', '{"b":}'),
    *('{"b" :1}', '{"b": 1}', "{b:1}", "{1:2}", '{"b":1', '{"b":1]', '{"b":1}}', '{"b"1}', "{1}"),
]


def test_details_of_every_shape() -> None:
    values = ['{"a":' + one + "}" for one in DETAILS] + DETAILS
    nested = ["[" * deep + "]" * deep for deep in range(1, 66)]
    values += ['{"a":' + one + "}" for one in nested]
    lines = with_values("details", [one.encode() for one in values])
    assert_some_are_sound(hashed_again(line) for line in lines)


def test_times_of_every_shape() -> None:
    shape = "2024-02-28T23:59:59.999999Z"
    days = [
        *("0000-01-01", "0001-01-01", "9999-12-31", "2023-02-29", "2024-02-29", "2024-02-30"),
        *("1900-02-29", "2000-02-29", "2024-00-10", "2024-13-01", "2024-04-30", "2024-04-31"),
        *("2024-01-00", "2024-01-32", "2024-12-31", "2100-02-28", "2100-02-29"),
    ]
    clocks = ["00:00:00", "24:00:00", "23:60:00", "23:59:60", "12:34:56"]
    times = [
        *(day + shape[10:] for day in days),
        *(shape[:11] + clock + shape[19:] for clock in clocks),
        *(shape[:at] + odd + shape[at + 1 :] for at in range(len(shape)) for odd in "0:-.TZ /9"),
        *(shape[:-1] + "0Z", shape[:-2] + "Z", shape + "Z", ""),
    ]
    values = [b'"%s"' % time.encode() for time in times]
    for key in ("recorded_at", "timestamp"):
        lines = [hashed_again(line) for line in with_values(key, values)]
        called = [assert_not_called_sound_wrongly(line) for line in lines]
        assert called == [isinstance(decode_bytes(line), AuditEvent) for line in lines]


def test_chains_and_seqs_of_every_shape() -> None:
    chains = [b'"%s"' % (b"a" * length) for length in (0, 1, 255, 256)]
    seqs = [
        b"0",
        b"00",
        b"01",
        b"-1",
        b"-0",
        b"1.0",
        b"1e0",
        b'"1"',
        b"",
        b" 1",
        b"9" * 18,
        b"9" * 19,
    ]
    for key, values in (("chain", chains), ("seq", seqs)):
        assert_some_are_sound(hashed_again(line) for line in with_values(key, values))


def test_results_are_those_of_the_format() -> None:
    values = [
        b'"success"',
        b'"failure"',
        b'"partial_success"',
        b'"Success"',
        b'""',
        b"null",
        b'"succes"',
    ]
    lines = [hashed_again(line) for line in with_values("result", values)]
    assert [assert_not_called_sound_wrongly(line) for line in lines] == [True] * 3 + [False] * 4


def test_every_odd_value_in_every_place() -> None:
    assert_some_are_sound(hashed_again(line) for line in replaced_values(LINES[1], VALUES))


@pytest.mark.parametrize("lines", [LINES[:2], v1_lines([RICH])], ids=["two", "rich"])
def test_every_byte_flipped(lines: Sequence[bytes]) -> None:
    text = text_of(lines)
    for at in range(len(text)):
        flipped = text[:at] + bytes([text[at] ^ 1 << at % 8]) + text[at + 1 :]
        assert sound_run(FILE, LINE, OFFSET, flipped) is None


def test_a_text_that_ends_anywhere() -> None:
    (line,) = v1_lines([RICH])
    for end in range(len(line)):
        assert sound_run(FILE, LINE, OFFSET, line[:end]) is None
        assert run_of([line[:end]]) is None
    assert_sound(RICH)


def test_what_is_no_run() -> None:
    for lines in (
        [],
        [b""],
        LINES[:3] + LINES[4:],
        LINES[:3] + LINES[2:],
        [LINES[1], LINES[0]],
        [*LINES, b""],
        [*LINES[:4], b"", *LINES[4:]],
        [line + b"\r" for line in LINES],
    ):
        assert run_of(lines) is None
    assert sound_run(FILE, LINE, OFFSET, text_of(LINES)[:-1]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 2},
        {"seq": 0},
        {"chain": "audit.example.org/best"},
        {"chain": "audit.example.org/test2"},
        {"chain": "audit.example.org/tes"},
        {"recorded_at": "2026-11-23T03:51:42.169414Z"},
        {"previous_hash": CHAIN[2].event_hash},
    ],
)
def test_each_of_what_joins_two_events(change: dict[str, Any]) -> None:
    second = rehashed(replace(CHAIN[1], **change))
    assert run_of(v1_lines([CHAIN[0], second])) is None
    assert run_of(v1_lines([CHAIN[0], CHAIN[1]])) is not None
    (alone,) = v1_lines([second])
    assert assert_not_called_sound_wrongly(alone)


def test_a_link_that_is_no_hash() -> None:
    for link in ("F" * 64, "é" * 32, '"' + "a" * 63, "\x00" * 64):
        line = LINES[0].replace(b"0" * 64, link.encode(), 1)
        assert not assert_not_called_sound_wrongly(hashed_again(line))


@examples(60)
@given(st.data())
def test_lines_put_together_are_sound_only_if_columns_find_nothing(data: st.DataObject) -> None:
    picked = st.sampled_from([*range(9), *range(9)])
    begin = data.draw(picked)
    indexes = list(range(begin, data.draw(st.integers(begin, 9))))
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(indexes)))
        indexes[at : at + data.draw(st.integers(0, 1))] = [data.draw(picked)]
    lines = [LINES[index] for index in indexes]
    parsed = LineParser().parse(Block(0, 1, 0, text_of(lines)))
    marked = LinkMarker().mark(parsed.events)
    follows = marked["joined"][1:].all() and (marked["check"] == "verified").all()
    assert (run_of(lines) is not None) == (bool(lines) and follows)


@examples(60)
@given(st.lists(st.tuples(v1_events(), PLAIN_IDS), min_size=1, max_size=9))
def test_rows_are_those_that_are_parsed(drawn: list[tuple[AuditEvent, str]]) -> None:
    recorded = sorted(one.recorded_at or "" for one, _ in drawn)
    events = linked(
        replace(one, chain=CHAIN[0].chain, id=plain_id, seq=seq, recorded_at=recorded[seq])
        for seq, (one, plain_id) in enumerate(drawn)
    )
    text = text_of(v1_lines(events))
    run = sound_run(FILE, LINE, OFFSET, text, with_rows=True)
    assert run is not None
    parsed = LineParser().parse(Block(FILE, LINE, OFFSET, text)).events
    expected = LinkMarker().mark(parsed).select(*COLUMNS_HELD)
    assert_frame_equal(run.rows, expected)


def test_links_are_those_of_the_events() -> None:
    told = [(one.seq, one.event_hash, one.previous_hash) for one in CHAIN[3:]]
    assert sound(LINES[3:]).links().rows() == told


def test_rows_are_made_only_for_who_asks() -> None:
    assert sound(LINES).rows.is_empty()


@pytest.mark.parametrize("pairs", [0, 1, 2, 3, 200])
def test_parents_are_hashed_as_one_by_one(pairs: int) -> None:
    assert compiled.parents is not None
    nodes = [random.Random(index).randbytes(32) for index in range(2 * pairs)]
    expected = [node_hash(nodes[at], nodes[at + 1]) for at in range(0, 2 * pairs, 2)]
    assert compiled.parents(b"".join(nodes)) == b"".join(expected)
    assert compiled.parents(b"".join(nodes) + b"\0" * 40) == b"".join(expected)

"""The fast parser says of every line what the scalar codec says of it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from audit_console.columns.frame import (
    Location,
    event_row,
    events_frame,
    malformed_frame,
    malformed_row,
)
from audit_console.core.codec import Malformed, decode_bytes, encode_line, oversize_line
from audit_console.core.event import AuditEvent
from audit_console.core.findings import KEEP_PER_CODE, Code
from audit_console.sources.archive import parse
from audit_console.sources.archive.blocks import Block, Unreadable
from audit_console.sources.archive.parse import LineParser
from tests.support.chains import v1_chain, v1_lines
from tests.support.effort import UNMEASURED, examples
from tests.support.places import UPSTREAM_VECTORS, V1_VECTORS, lines_of, text_of
from tests.support.strategies import VALUES, WHOLE_LINES, mutated_lines, replaced_values

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines

FIRST_LINE, OFFSET, FILE = 7, 1_000, 3


@pytest.fixture(scope="module")
def parser() -> Iterator[LineParser]:
    parser = LineParser()
    yield parser
    parser.close()


def one_by_one(lines: Sequence[bytes]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read lines by the scalar codec."""
    events, malformed = [], []
    offset = OFFSET
    for number, line in enumerate(lines, FIRST_LINE):
        at = Location(FILE, number, offset, len(line))
        offset += len(line) + 1
        event = decode_bytes(line)
        if isinstance(event, AuditEvent):
            events.append(event_row(event, line.decode(), at))
        elif line.strip(b" \t\r\x0b\x0c"):
            malformed.append(malformed_row(event, line, at))
    return events_frame(events), malformed_frame(malformed)


def assert_same(parser: LineParser, lines: Sequence[bytes]) -> None:
    data = text_of(lines)
    parsed = parser.parse(Block(FILE, FIRST_LINE, OFFSET, data))
    events, malformed = one_by_one(lines)
    assert_frame_equal(parsed.malformed, malformed)
    assert_frame_equal(parsed.events, events, categorical_as_str=True)
    assert parsed.lines == len(lines)


@examples(40)
@given(st.lists(WHOLE_LINES, min_size=12, max_size=12))
def test_whole_lines(parser: LineParser, lines: list[bytes]) -> None:
    assert_same(parser, lines)


@examples(100)
@given(st.lists(mutated_lines() | WHOLE_LINES, min_size=10, max_size=10))
def test_mutated_lines(parser: LineParser, lines: list[bytes]) -> None:
    assert_same(parser, lines)


@pytest.mark.parametrize("path", [V1_VECTORS, UPSTREAM_VECTORS], ids=["v1", "orchestrator"])
def test_the_vectors(parser: LineParser, path: Path) -> None:
    assert_same(parser, lines_of(path))


@pytest.mark.parametrize("path", [V1_VECTORS, UPSTREAM_VECTORS], ids=["v1", "orchestrator"])
def test_every_odd_value_in_every_field(parser: LineParser, path: Path) -> None:
    for line in lines_of(path)[1:4]:
        assert_same(parser, list(replaced_values(line, VALUES)))


@pytest.mark.parametrize("details", [None, '{"b":1,"a":2}', '{"a":1}'])
@pytest.mark.parametrize("stored", ["0" * 64, "é" * 32, "é" * 64])
def test_a_hash_that_does_not_hold(parser: LineParser, details: str | None, stored: str) -> None:
    event = replace(v1_chain(1)[0], details=details, event_hash=stored)
    assert_same(parser, [encode_line(event).encode()])


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
@pytest.mark.parametrize("path", [V1_VECTORS, UPSTREAM_VECTORS], ids=["v1", "orchestrator"])
def test_every_byte_flipped(parser: LineParser, path: Path, mask: int) -> None:
    line = lines_of(path)[1]
    flipped = [line[:at] + bytes([line[at] ^ mask]) + line[at + 1 :] for at in range(len(line))]
    assert_same(parser, [one for one in flipped if b"\n" not in one])


@pytest.mark.parametrize("path", [V1_VECTORS, UPSTREAM_VECTORS], ids=["v1", "orchestrator"])
def test_every_cut(parser: LineParser, path: Path) -> None:
    line = lines_of(path)[1]
    assert_same(parser, [line[:at] for at in range(len(line))])
    assert_same(parser, [line[at:] for at in range(len(line))])


def test_blank_lines_and_carriage_returns(parser: LineParser) -> None:
    one, two, *_ = lines_of(V1_VECTORS)
    assert_same(parser, [b"", one, b"", b" ", b"\t", two + b"\r", b"\r", b"\x0b", b"\x0c", b"\xa0"])
    assert_same(parser, [b""])
    assert_same(parser, [b"", b""])


def test_half_a_line_at_the_end_is_torn(parser: LineParser) -> None:
    whole, other, *_ = lines_of(V1_VECTORS)
    for cut in range(1, len(other), 9):
        data = whole + b"\n" + other[:cut]
        parsed = parser.parse(Block(0, 1, 0, data, unended=True))
        assert parsed.events.height == 1
        row = parsed.malformed.row(0, named=True)
        assert (row["code"], row["line"], row["offset"]) == (Code.TORN_TAIL, 2, len(whole) + 1)
        assert row["length"] == cut


def test_a_whole_line_without_a_newline_is_an_event(parser: LineParser) -> None:
    whole = lines_of(V1_VECTORS)[0]
    parsed = parser.parse(Block(0, 1, 0, whole, unended=True))
    assert (parsed.events.height, parsed.malformed.height) == (1, 0)


def test_a_bad_line_before_the_torn_one_is_not_torn(parser: LineParser) -> None:
    parsed = parser.parse(Block(0, 1, 0, b"{\n{", unended=True))
    assert parsed.malformed["code"].to_list() == [Code.MALFORMED, Code.TORN_TAIL]


def test_a_line_at_and_over_the_limit(parser: LineParser) -> None:
    line = lines_of(UPSTREAM_VECTORS)[0]
    room = (1 << 20) - len(line.replace(b'"details":null', b'"details":{"a":""}'))
    full = line.replace(b'"details":null', b'"details":{"a":"' + b"x" * room + b'"}')
    over = full.replace(b"xx", b"xxx", 1)
    assert (len(full), len(over)) == (1 << 20, (1 << 20) + 1)
    assert isinstance(decode_bytes(full), AuditEvent)
    bad = decode_bytes(over)
    assert isinstance(bad, Malformed)
    assert bad.code is Code.OVERSIZE
    assert_same(parser, [full, over, line])


@pytest.mark.parametrize("letter", ["x", "é"])
def test_an_entry_at_and_over_the_limit(parser: LineParser, letter: str) -> None:
    line = lines_of(V1_VECTORS)[0]
    event = decode_bytes(line)
    assert isinstance(event, AuditEvent)
    unpadded = encode_line(replace(event, action=""))
    padding = 65_535 + len(',"event_hash":""}') + 64 - len(unpadded.encode())
    text = letter * (padding // len(letter.encode())) + "x" * (padding % len(letter.encode()))
    full, over = v1_lines(replace(event, action=action) for action in (text, f"{text}x"))
    assert isinstance(decode_bytes(full), AuditEvent)
    bad = decode_bytes(over)
    assert isinstance(bad, Malformed)
    assert bad.code is Code.OVERSIZE
    assert_same(parser, [full, over, full + b" ", over + b" "])


def test_a_length_beyond_four_gigabytes_has_room(parser: LineParser) -> None:
    giant = Unreadable(5 << 30, b"x", oversize_line(5 << 30))
    parsed = parser.parse(Block(0, 1, 0, b"", unreadable=giant))
    assert parsed.malformed["length"].to_list() == [5 << 30]


PACKED = gzip.compress(b"{}", mtime=0), zlib.compress(b"{}"), b"(\xb5/\xfd", b"x\x01", b"x^{}"


@pytest.mark.parametrize("line", PACKED, ids=["gzip", "zlib", "zstd", "zlib too", "like it"])
def test_what_begins_like_a_packed_file_is_not_unpacked(parser: LineParser, line: bytes) -> None:
    assert_same(parser, [line, *v1_lines(v1_chain(3))])


@examples(60)
@given(st.lists(WHOLE_LINES | st.binary(max_size=70).filter(lambda line: b"\n" not in line)))
def test_short_lines_of_which_enough_are_listed_are_only_counted(
    parser: LineParser, lines: list[bytes]
) -> None:
    events, malformed = one_by_one(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parse, "KEEP_PER_CODE", 2)
        parsed = parser.parse(Block(FILE, FIRST_LINE, OFFSET, text_of(lines)))
    assert_frame_equal(parsed.events, events, categorical_as_str=True)
    assert_frame_equal(parsed.malformed.head(2), malformed.head(2))
    assert_frame_equal(parsed.malformed.drop("reason"), malformed.drop("reason"))


def test_a_short_line_at_the_end_is_torn_however_many_were_before(parser: LineParser) -> None:
    data = b"x\n" * (KEEP_PER_CODE + 5) + b"{"
    codes = parser.parse(Block(0, 1, 0, data, unended=True)).malformed["code"].to_list()
    assert codes == [Code.MALFORMED] * (KEEP_PER_CODE + 5) + [Code.TORN_TAIL]

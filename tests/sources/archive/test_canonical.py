"""Lines cut at their quotes: whatever is spliced into one, it is read as the codec reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.columns.times import LENGTH, read_times
from audit_console.core.codec import canonical_details, encode_line
from audit_console.core.event import parse_time
from audit_console.sources.archive.parse import LineParser
from tests.sources.archive.test_parse import assert_same
from tests.support.chains import rehashed, v1_chain
from tests.support.effort import UNMEASURED, every, examples
from tests.support.strategies import v1_events

pytestmark = UNMEASURED  # generated lines: what a line does is tested elsewhere

EVENT = replace(
    v1_chain(2)[1],
    user_id=None,
    action='say "no" to \\ and \n',
    details=canonical_details({"a": ['"', "\\", {"b": None}], "c\\": -1.5e-7, "": "é"}),
    request_id=None,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LINE = encode_line(rehashed(EVENT)).encode()
PIECES = [
    *(b'"', b"\\", b'\\"', b"\\\\", b'\\\\"', b'""', b",", b":", b"{", b"}", b"[", b"]", b" "),
    *(b"null", b"0", b"\t", b"\xc3", b"\xc3\xa9", b'","', b'":"', b'{"', b'"}', b"\\u0001", b"\\/"),
    *(
        b',"details":',
        b'"details":null',
        b',"ip_address":',
        b',"previous_hash":"',
        b'","event_hash":"',
    ),
]


@pytest.fixture(scope="module")
def parser() -> Iterator[LineParser]:
    parser = LineParser()
    yield parser
    parser.close()


def joints(line: bytes) -> list[int]:
    """Give the places beside what gives a line its structure."""
    marks = [found.start() for found in re.finditer(rb'[]"\\{}:,[]', line)]
    return sorted({*marks, *(at + 1 for at in marks)})


def test_every_piece_put_in_at_every_joint(parser: LineParser) -> None:
    places = joints(LINE)
    for number, piece in enumerate(PIECES):
        some = [places[index] for index in every(3, number % 3, len(places))]
        assert_same(parser, [LINE[:at] + piece + LINE[at:] for at in some])


@pytest.mark.parametrize(
    "chain",
    [
        "",
        "a" * 255,
        "a" * 256,
        "Audit",
        "a b",
        "a\n",
        "a\x7f",
        "\u0430udit",
        "a\u200b",
        "$(x)",
        "-",
    ],
)
def test_a_chain_has_a_name_of_the_format_or_is_none(parser: LineParser, chain: str) -> None:
    line = encode_line(rehashed(replace(EVENT, chain=chain))).encode()
    assert_same(parser, [LINE, line])


@pytest.mark.parametrize("length", [1, 2, 5])
def test_every_joint_taken_out_or_doubled(parser: LineParser, length: int) -> None:
    places = joints(LINE)
    assert_same(parser, [LINE[:at] + LINE[at + length :] for at in places])
    assert_same(parser, [LINE[: at + length] + LINE[at:] for at in places])


@examples(60)
@given(st.data())
def test_parts_of_a_line_moved_about(parser: LineParser, data: st.DataObject) -> None:
    line = encode_line(data.draw(v1_events())).encode()
    places = st.sampled_from(joints(line))
    lines = [line]
    for _ in range(12):
        begin, end, to = data.draw(places), data.draw(places), data.draw(places)
        lines.append(line[:to] + line[begin:end] + line[to:])
        lines.append(line[:begin] + line[end:])
    assert_same(parser, lines)


@pytest.mark.parametrize("key", ["previous_hash", "event_hash", "request_id", "ip_address"])
def test_an_escaped_quote_ends_no_value(parser: LineParser, key: str) -> None:
    """The value would have to end twice: at a quote inside, and at one that is escaped."""
    values = ['X"Y\\', "Y\\", '\\"Y\\', 'X"Y', "\\", '"', '","x":"\\', "Y\\\\"]
    before, _, after = re.split(rf'(?<="{key}":)(null|"[^"]*")', LINE.decode(), maxsplit=1)
    lines = [
        f'{before}"{value.rjust(width, "a")}"{after}'.encode()
        for value in values
        for width in (0, 64)
    ]
    assert_same(parser, [*lines, LINE])


@pytest.mark.parametrize("spelled", ["{}", "[{}]", '"x"', "1.50", "-0", "1E+400", '"\\u00e9\\/"'])
def test_details_at_every_depth(parser: LineParser, spelled: str) -> None:
    nested = ['{"a":' * depth + spelled + "}" * depth for depth in range(1, 66)]
    lines = [encode_line(rehashed(replace(EVENT, details=one))).encode() for one in nested]
    assert_same(parser, lines)


def columns(texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    rows = np.frombuffer("".join(texts).encode(), np.uint8).reshape(-1, LENGTH)
    return np.ascontiguousarray(rows.T)


NUMBERS = st.sampled_from([0, 1, 2, 12, 13, 23, 24, 28, 29, 30, 31, 32, 59, 60, 99])
TIMES = st.builds(
    "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}.{:06d}Z".format,
    st.sampled_from([0, 1, 1582, 1900, 1969, 1970, 2000, 2023, 2024, 9999]) | st.integers(0, 9999),
    *(NUMBERS,) * 5,
    st.integers(0, 999_999),
)
ODD = st.builds(
    lambda text, at, odd: text[:at] + odd + text[at + 1 :],
    TIMES,
    st.integers(0, LENGTH - 1),
    st.sampled_from("0 /:-+.TtZz\x00~"),
)


@examples(60)
@given(st.lists(TIMES | ODD, min_size=20, max_size=20))
def test_times_are_read_as_one_by_one(texts: list[str]) -> None:
    micros, holds = read_times(columns(texts))
    for text, time, held in zip(texts, micros.tolist(), holds.tolist(), strict=True):
        try:
            moment = parse_time(text)
        except ValueError:
            assert not held
        else:
            assert not held or (moment - EPOCH) // timedelta(microseconds=1) == time
            assert held or text[10:13] == "T24"

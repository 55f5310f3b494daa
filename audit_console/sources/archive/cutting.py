"""Canonical v1 lines cut into their values, a block of them at once.

A line is cut at its quotes, from the front up to the details and from the end back to
them. Every key must stand where it belongs, byte for byte, and between the quotes of a
value there is no other quote, since the quotes are taken one after the other. So the
pieces make up the whole line, and what `core.codec` would read in it is known once the
details are a JSON object, the times, the seq and the result are of their kind, and each
escape is the one that format v1 prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from audit_console.core.event import GENESIS_HASH

Positions: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

_QUOTE, _BACKSLASH, _LETTER_U, _NEWLINE, _FIRST_PRINTABLE = b'"\\u\n '
_PADDING = b'"' * 256 + b" " * 512
"""Behind the last line, so that a walk gone astray finds bytes and quotes to look at."""
_ESCAPED = np.frombuffer(b'"\\bfnrt', np.uint8)
_ESCAPED_BY_NUMBER = np.frombuffer(
    b"".join(b"%04x" % code for code in range(0x20) if code not in b"\b\f\n\r\t"), "<u4"
)
_NULL = b"null"
NULLABLE = ("user_id", "result_error", "ip_address", "user_agent", "request_id")
"""Keys with a string or null; `details` apart."""
_WORD = 8


@dataclass(frozen=True, slots=True)
class Span:
    """Where the values of one key begin and end in the block; `absent` where one is null."""

    begin: Positions
    end: Positions
    absent: Flags | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """Lines cut into values, for the lines of which `holds` is true.

    `spans` are between the quotes, but of `details` the whole value. `escapes` are the
    backslashes that begin an escape, and `escaped` the lines they stand in.
    """

    holds: Flags
    spans: dict[str, Span]
    escapes: Positions
    escaped: Positions
    text: _Text

    def characters(self, key: str, length: int) -> npt.NDArray[np.uint8]:
        """Give the first `length` characters of each value of `key`, one above the other."""
        pieces = self.text.pieces(self.spans[key].begin, length)
        return np.ascontiguousarray(pieces.view(np.uint8).reshape(-1, length).T)

    def rows_with_escapes(self, key: str) -> Positions:
        """Find the lines whose value of `key` has to be unescaped."""
        span = self.spans[key]
        rows = self.escaped
        inside = (self.escapes >= span.begin[rows]) & (self.escapes < span.end[rows])
        return np.unique(rows[inside])


def cut(data: bytes, begins: Positions, ends: Positions) -> Cut:
    """Cut the lines that begin and end at these places of a block, in order and not empty."""
    text = _Text(data)
    first = np.searchsorted(text.quotes, begins)
    last = np.append(first[1:], np.searchsorted(text.quotes, ends[-1:])) - 1
    front, back = _Front(text, begins, first), _Back(text, ends, last)
    spans = _cut_front(front) | _cut_back(back)
    spans["details"] = Span(front.at, back.at)
    holds = front.holds & back.holds & (front.quote <= back.quote + 1) & (front.at < back.at)
    escaped = np.searchsorted(begins, text.escapes, side="right") - 1
    in_details = (text.escapes >= front.at[escaped]) & (text.escapes < back.at[escaped])
    holds[escaped[text.odd_escapes & ~in_details]] = False
    holds[np.searchsorted(begins, text.control_characters, side="right") - 1] = False
    _empty(spans, np.flatnonzero(~holds), begins)
    return Cut(holds, spans, text.escapes, escaped, text)


def _empty(spans: dict[str, Span], rows: Positions, begins: Positions) -> None:
    """Let nothing be taken out of lines in which the places may be anywhere."""
    for span in spans.values():
        span.begin[rows] = span.end[rows] = begins[rows]


def _cut_front(line: _Front) -> dict[str, Span]:
    spans = {}
    line.pass_text('{"v":1,"chain":"')
    spans["chain"] = line.string()
    line.pass_text(',"seq":')
    spans["seq"] = line.number()
    for key in ("id", "recorded_at", "timestamp", "event_type"):
        line.pass_text(f',"{key}":"')
        spans[key] = line.string()
    line.pass_text(',"user_id":')
    spans["user_id"] = line.string_or_null()
    for key in ("action", "resource_type", "resource_id", "result"):
        line.pass_text(f',"{key}":"')
        spans[key] = line.string()
    line.pass_text(',"result_error":')
    spans["result_error"] = line.string_or_null()
    line.pass_text(',"details":')
    return spans


def _cut_back(line: _Back) -> dict[str, Span]:
    spans = {}
    line.pass_text('"}')
    spans["event_hash"] = line.string_of(len(GENESIS_HASH))
    line.pass_text('","event_hash":"')
    spans["previous_hash"] = line.string()
    line.pass_text(',"previous_hash":"')
    for key in ("request_id", "user_agent", "ip_address"):
        spans[key] = line.string_or_null()
        line.pass_text(f',"{key}":')
    return spans


class _Text:
    """The bytes of a block and its quotes, without those that are escaped."""

    def __init__(self, data: bytes) -> None:
        self._size = len(data)
        self.bytes = np.frombuffer(data + _PADDING, np.uint8)
        self.escapes = _escapes(self.bytes)
        quotes = self.bytes == _QUOTE
        behind = self.escapes + 1
        quotes[behind[self.bytes[behind] == _QUOTE]] = False
        self.quotes = np.flatnonzero(quotes)
        self._places: dict[int, npt.NDArray[np.void]] = {}

    @cached_property
    def control_characters(self) -> Positions:
        """Where control characters stand that end no line."""
        text = self.bytes[: self._size]
        bits = pl.Series(text)  # counts faster than an array of booleans
        if (bits < _FIRST_PRINTABLE).sum() == (bits == _NEWLINE).sum():
            return np.empty(0, np.int64)
        return np.flatnonzero((text < _FIRST_PRINTABLE) & (text != _NEWLINE))

    @cached_property
    def odd_escapes(self) -> Flags:
        """Which escapes are not the ones that format v1 prints."""
        by_number = self.pieces(self.escapes + 2, 4).view("<u4")
        escaped = self.bytes[self.escapes + 1]
        numbered: Flags = (escaped == _LETTER_U) & np.isin(by_number, _ESCAPED_BY_NUMBER)
        fine: Flags = numbered | np.isin(escaped, _ESCAPED)
        return ~fine

    def pieces(self, at: Positions, size: int) -> npt.NDArray[np.void]:
        """Copy `size` bytes from each place, side by side."""
        if size not in self._places:
            count = len(self.bytes) - size + 1
            self._places[size] = np.ndarray((count,), f"V{size}", self.bytes, strides=(1,))
        return self._places[size][at]

    def equal(self, at: Positions, expected: bytes) -> Flags:
        """Tell at which places these bytes stand."""
        words = -(-len(expected) // _WORD)
        found = self.pieces(at, words * _WORD).view("<u8").reshape(-1, words)
        same = np.ones(len(at), np.bool_)
        for word in range(words):
            piece = expected[word * _WORD :][:_WORD]
            column = found[:, word]
            if len(piece) < _WORD:
                column = column & np.uint64((1 << 8 * len(piece)) - 1)
            same &= column == np.uint64(int.from_bytes(piece, "little"))
        return same


def _escapes(text: npt.NDArray[np.uint8]) -> Positions:
    """Find the backslashes that begin an escape: in a row of them, every other one."""
    at = np.flatnonzero(text == _BACKSLASH)
    number = np.arange(len(at))
    begins_row = np.diff(at, prepend=-2) != 1
    row_begin = np.maximum.accumulate(np.where(begins_row, number, 0))
    begins_escape: Flags = (number - row_begin) % 2 == 0
    return at[begins_escape]


class _Walk:
    """Goes through all lines at the same time: `at` is the place in each of them.

    `quote` counts the quotes of the block: the one to come next.
    """

    def __init__(self, text: _Text, at: Positions, quote: Positions) -> None:
        self.at = at
        self.quote = quote
        self.holds = np.ones(len(at), np.bool_)
        self._text = text

    def _require_null(self, rows: Positions, at: Positions) -> None:
        self.holds[rows] &= self._text.equal(at, _NULL)


class _Front(_Walk):
    """A walk from the beginning of the lines on."""

    def pass_text(self, text: str) -> None:
        expected = text.encode()
        self.holds &= self._text.equal(self.at, expected)
        self.at = self.at + len(expected)
        self.quote = self.quote + text.count('"')

    def string(self) -> Span:
        """Pass a string behind its first quote."""
        span = Span(self.at, self._text.quotes[self.quote])
        self.at = span.end + 1
        self.quote = self.quote + 1
        return span

    def string_or_null(self) -> Span:
        quotes = self._text.quotes
        absent = quotes[self.quote] != self.at
        span = Span(self.at + 1, quotes[self.quote + 1], absent)
        nulls = np.flatnonzero(absent)
        self._require_null(nulls, self.at[nulls])
        null_ends = self.at[nulls] + len(_NULL)
        self.at = span.end + 1
        self.at[nulls] = null_ends
        self.quote = self.quote + np.where(absent, 0, 2)
        return span

    def number(self) -> Span:
        """Pass what stands before the comma before the next quote."""
        span = Span(self.at, self._text.quotes[self.quote] - 1)
        self.at = span.end
        return span


class _Back(_Walk):
    """A walk from the end of the lines back."""

    def pass_text(self, text: str) -> None:
        expected = text.encode()
        self.at = self.at - len(expected)
        self.holds &= self._text.equal(self.at, expected)
        self.quote = self.quote - text.count('"')

    def string(self) -> Span:
        """Pass a string before its last quote, up to its first one."""
        span = Span(self._text.quotes[self.quote] + 1, self.at)
        self.holds &= self._text.quotes[self.quote + 1] == self.at
        self.at = span.begin
        return span

    def string_of(self, length: int) -> Span:
        span = self.string()
        self.holds &= span.end - span.begin == length
        return span

    def string_or_null(self) -> Span:
        quotes = self._text.quotes
        absent = quotes[self.quote] != self.at - 1
        span = Span(quotes[self.quote - 1] + 1, self.at - 1, absent)
        nulls = np.flatnonzero(absent)
        null_begins = self.at[nulls] - len(_NULL)
        self._require_null(nulls, null_begins)
        self.at = span.begin - 1
        self.at[nulls] = null_begins
        self.quote = self.quote - np.where(absent, 0, 2)
        return span

"""Bytes of a file, cut into blocks of whole lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from audit_console.columns.frame import SHOWN_OF_MALFORMED
from audit_console.core.codec import MAX_LINE_BYTES, Malformed, oversize_line
from audit_console.sources.archive.text import BrokenContainer

FIRST_BLOCK_BYTES = 256 << 10
"""Small, so that a first page is there at once."""
LARGEST_BLOCK_BYTES = 8 << 20
MOST_LINES = 100_000
"""A block of more lines is cut further: a short line costs far more memory than its bytes."""


_NEWLINE = ord("\n")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that cannot be held: too long, or where compressed data ends in damage."""

    length: int
    start: bytes
    reason: Malformed


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one file, or one line that cannot be held.

    `first_line` counts from 1, `offset` in bytes of uncompressed text. `unended`
    says that the last line has no newline, because the file ends there.
    """

    file: int
    first_line: int
    offset: int
    data: bytes
    unended: bool = False
    unreadable: Unreadable | None = None


@dataclass(slots=True)
class _Position:
    line: int = 1
    offset: int = 0

    def advance(self, data: bytes, lines: int) -> None:
        self.line += lines
        self.offset += len(data)


def blocks(file: int, read: Callable[[int], bytes]) -> Iterator[Block]:
    """Cut what `read(size)` gives into blocks that grow from small to large.

    Never holds more than the largest block and one line. A longer line is skipped
    and its length counted; a container that breaks ends the file.
    """
    at = _Position()
    try:
        yield from _blocks(file, read, at)
    except BrokenContainer as broken:
        damage = Unreadable(0, b"", Malformed(str(broken), broken.code))
        yield Block(file, at.line, at.offset, b"", unreadable=damage)


def _blocks(file: int, read: Callable[[int], bytes], at: _Position) -> Iterator[Block]:
    size = FIRST_BLOCK_BYTES
    kept = rest = b""
    while chunk := rest or read(size):
        rest = b""
        size = min(size * 4, LARGEST_BLOCK_BYTES)
        end = chunk.rfind(b"\n") + 1
        if end:
            data = b"".join((kept, memoryview(chunk)[:end]))
            kept = chunk[end:]
            for part, lines in _parts(data):
                yield Block(file, at.line, at.offset, part)
                at.advance(part, lines)
        else:
            kept += chunk
        if len(kept) > MAX_LINE_BYTES:
            skipped, rest = _skip_line(kept, read)
            kept = b""
            yield Block(file, at.line, at.offset, b"", unreadable=skipped)
            at.line += 1
            at.offset += skipped.length + 1
    if kept:
        yield Block(file, at.line, at.offset, kept, unended=True)


def _parts(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Cut whole lines into smaller parts where they are very many; give the lines of each."""
    lines = _count_lines(data)
    if lines <= MOST_LINES:
        yield data, lines
        return
    begin = 0
    while begin < len(data):
        end = data.rfind(b"\n", begin, begin + MOST_LINES) + 1 or data.find(b"\n", begin) + 1
        part = data[begin:end]
        yield part, _count_lines(part)
        begin = end


def _count_lines(data: bytes) -> int:
    """Count newlines, several times faster than `bytes.count` and with a bit for each byte."""
    return int((pl.Series(np.frombuffer(data, np.uint8)) == _NEWLINE).sum())


def _skip_line(begun: bytes, read: Callable[[int], bytes]) -> tuple[Unreadable, bytes]:
    """Read to the end of an overlong line; give it and the bytes behind it."""
    length = len(begun)
    rest = b""
    while chunk := read(FIRST_BLOCK_BYTES):
        end = chunk.find(b"\n")
        if end >= 0:
            length += end
            rest = chunk[end + 1 :]
            break
        length += len(chunk)
    return Unreadable(length, begun[:SHOWN_OF_MALFORMED], oversize_line(length)), rest

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_console.core.codec import MAX_LINE_BYTES
from audit_console.core.findings import Code
from audit_console.sources.archive import blocks as module
from audit_console.sources.archive.blocks import LARGEST_BLOCK_BYTES, Block, blocks
from audit_console.sources.archive.text import BrokenContainer
from tests.support.effort import examples

Line = tuple[int, int, bytes | int]
"""Line number, offset, and the bytes; of an overlong line its length."""


def expected(data: bytes, limit: int) -> list[Line]:
    """Cut text into lines in the plainest way."""
    lines: list[Line] = []
    offset = 0
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else [], 1):
        lines.append((number, offset, len(line) if len(line) > limit else line))
        offset += len(line) + 1
    return lines


def found(cut: Sequence[Block], limit: int) -> list[Line]:
    """List the lines that blocks hold."""
    lines: list[Line] = []
    for block in cut:
        if block.unreadable is not None:
            assert block.unreadable.reason.code is Code.OVERSIZE
            assert block.unreadable.length > limit
            lines.append((block.first_line, block.offset, block.unreadable.length))
            continue
        offset = block.offset
        for number, line in enumerate(block.data.removesuffix(b"\n").split(b"\n")):
            shown = len(line) if len(line) > limit else line
            lines.append((block.first_line + number, offset, shown))
            offset += len(line) + 1
    return lines


def reader(data: bytes, largest: int) -> Callable[[int], bytes]:
    """Read in pieces of at most `largest` bytes, as a decompressor may."""
    text = io.BytesIO(data)
    return lambda size: text.read(min(size, largest))


@examples(300)
@given(
    st.lists(st.integers(0, 40), max_size=30),
    st.booleans(),
    st.sampled_from([1, 3, 8, 64]),
    st.sampled_from([1, 5, 1000]),
)
def test_blocks_hold_every_line_at_its_place(
    lengths: list[int], ended: bool, size: int, largest: int
) -> None:
    data = b"\n".join(bytes([65 + at % 26]) * length for at, length in enumerate(lengths))
    data += b"\n" if ended and lengths else b""
    limit = 16
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_LINES", 2)
        patch.setattr(module, "MAX_LINE_BYTES", limit)
        patch.setattr(module, "FIRST_BLOCK_BYTES", size)
        patch.setattr(module, "LARGEST_BLOCK_BYTES", 2 * size)
        cut = list(blocks(0, reader(data, largest)))
    assert found(cut, limit) == expected(data, limit)
    assert all(block.data.endswith(b"\n") for block in cut if not block.unended and block.data)
    assert [block.unended for block in cut[:-1]] == [False] * len(cut[:-1])


@pytest.mark.parametrize("overlong", [2 << 20, 5 << 20, (1 << 20) + 1])
def test_lines_around_overlong_ones_are_kept(overlong: int) -> None:
    giant = b"x" * overlong
    data = b"\n".join([b"a", giant, b"b", b"c", giant, giant, b"d", b""])
    cut = list(blocks(0, io.BytesIO(data).read))
    assert found(cut, MAX_LINE_BYTES) == expected(data, MAX_LINE_BYTES)
    assert all(len(block.data) <= LARGEST_BLOCK_BYTES + MAX_LINE_BYTES for block in cut)


def test_damage_ends_the_file_at_its_place() -> None:
    pieces = iter([b"a\nb\nhalf"])

    def read(_size: int) -> bytes:
        try:
            return next(pieces)
        except StopIteration:
            raise BrokenContainer("damaged", Code.MALFORMED) from None

    whole, damage = blocks(3, read)
    assert (whole.data, whole.unended) == (b"a\nb\n", False)
    assert damage.unreadable is not None
    assert (damage.file, damage.first_line, damage.offset) == (3, 3, 4)
    assert damage.unreadable.reason.reason == "damaged"


def test_very_many_lines_are_cut_further() -> None:
    data = b"\n" * (5 << 20)
    cut = list(blocks(0, io.BytesIO(data).read))
    assert max(block.data.count(b"\n") for block in cut) <= 100_000
    assert b"".join(block.data for block in cut) == data
    assert cut[-1].first_line == cut[-1].offset + 1

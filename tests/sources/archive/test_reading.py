"""Blocks are parsed one by one and handed on several at a time."""

from __future__ import annotations

import errno
import gzip
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from audit_console.columns.schema import CHECKED, JUDGED
from audit_console.errors import SourceUnreadable
from audit_console.sources.archive import blocks
from audit_console.sources.archive.files import ArchiveFile, find_files
from audit_console.sources.archive.reading import ParsedPiece, Runs, in_columns, read_pieces
from tests.support.chains import v1_chain, v1_lines
from tests.support.compiled import NEEDS_COMPILED
from tests.support.effort import UNMEASURED
from tests.support.places import text_of

LINES = v1_lines(v1_chain(60))
TEXT = text_of(LINES)
BLOCK_BYTES = 2 * len(LINES[0])


@contextmanager
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "FIRST_BLOCK_BYTES", BLOCK_BYTES)
        patch.setattr(blocks, "LARGEST_BLOCK_BYTES", BLOCK_BYTES)
        yield


def pieces_of(path: Path, columns: tuple[str, ...] = tuple(JUDGED)) -> list[ParsedPiece]:
    with small_blocks():
        return list(read_pieces(find_files([str(path)]), columns, digest=False, runs=Runs.NONE))


class FailingDisk(io.RawIOBase):
    """Gives the beginning of a text, then an error, as a disk with a bad sector does."""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self._rest = text

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


class FailingFile(ArchiveFile):
    def open_stored(self) -> io.BufferedReader:
        text = self.path.read_bytes()
        return io.BufferedReader(FailingDisk(text), buffer_size=1)


def test_what_was_read_before_a_fault_is_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(TEXT)
    (file,) = find_files([str(path)])
    failing = FailingFile(file.name, file.path, file.size, file.identity)
    blocks_read = len(TEXT) // BLOCK_BYTES
    seqs: list[int] = []

    def read() -> None:
        for piece in read_pieces([failing], tuple(JUDGED), digest=False, runs=Runs.NONE):
            assert piece.parsed is not None
            seqs.extend(piece.parsed.events["seq"])

    with small_blocks(), pytest.raises(SourceUnreadable, match="cannot read on: Input/output"):
        read()
    assert seqs == list(range(TEXT[: blocks_read * BLOCK_BYTES].count(b"\n")))


@UNMEASURED
def test_the_first_block_comes_alone_and_later_ones_four_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(TEXT)
    *pieces, end = pieces_of(path)
    sizes = [piece.parsed.lines for piece in pieces if piece.parsed is not None]
    assert sizes[0] in {1, 2}
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3]
    assert max(sizes) <= 4 * 2 + 1
    assert sum(sizes) == len(LINES)
    assert end.ends_file


@UNMEASURED
def test_no_line_is_lost_between_blocks_and_files(tmp_path: Path) -> None:
    for first, lines in ((0, LINES[:30]), (30, LINES[30:])):
        text = text_of(lines)
        (tmp_path / f"audit.{first:012}.jsonl").write_bytes(text)
    seqs, ends = [], []
    for piece in pieces_of(tmp_path):
        if piece.parsed is not None:
            seqs += piece.parsed.events["seq"].to_list()
        ends.append(piece.ends_file)
    assert seqs == list(range(60))
    assert (ends.count(True), ends[-1]) == (2, True)


@UNMEASURED
def test_packed_text_comes_whole_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl.gz"
    path.write_bytes(gzip.compress(TEXT))
    pieces = pieces_of(path)
    assert b"".join(piece.text for piece in pieces if piece.text is not None) == TEXT
    for piece in pieces:
        if piece.text is not None and piece.parsed is not None:
            assert piece.text.count(b"\n") == piece.parsed.lines


@UNMEASURED
@pytest.mark.parametrize("columns", [tuple(JUDGED), tuple(CHECKED)])
def test_events_have_the_columns_that_are_wanted(tmp_path: Path, columns: tuple[str, ...]) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(TEXT + b"{}\n" + TEXT[:100])
    for piece in pieces_of(path, columns):
        if piece.parsed is not None:
            assert tuple(piece.parsed.events.columns) == columns


@NEEDS_COMPILED
@UNMEASURED
def test_a_run_is_handed_on_as_it_is_and_can_be_had_in_columns(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(TEXT.replace(b'"change 30"', b'"changed 30"'))
    files = find_files([str(path)])
    with small_blocks():
        *pieces, end = read_pieces(files, tuple(JUDGED), digest=False, runs=Runs.BARE)
    assert end.ends_file
    assert sum(piece.lines for piece in pieces) == len(LINES)
    read = [piece.stored_bytes for piece in pieces]
    assert 0 < read[0] < read[-1] <= end.stored_bytes == path.stat().st_size
    assert read == sorted(read)
    (judged,) = [piece for piece in pieces if piece.run is None]
    assert judged.parsed is not None
    assert 30 in judged.parsed.events["seq"]
    for piece in pieces:
        parsed = in_columns(piece).parsed
        assert parsed is not None
        assert parsed.lines == piece.lines
        if (run := piece.run) is not None:
            begins = parsed.events.select("file", "line", "offset").row(0)
            assert begins == (run.file, run.first_line, run.offset)

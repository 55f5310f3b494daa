"""Blocks are parsed one by one and handed on several at a time."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from audit_console.columns.schema import CHECKED, JUDGED
from audit_console.sources.archive import blocks
from audit_console.sources.archive.files import find_files
from audit_console.sources.archive.reading import Piece, read_pieces
from tests.support.chains import v1_chain, v1_lines

LINES = v1_lines(v1_chain(60))
TEXT = b"".join(line + b"\n" for line in LINES)
BLOCK_BYTES = 2 * len(LINES[0])


def pieces_of(path: Path, columns: tuple[str, ...] = tuple(JUDGED)) -> list[Piece]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "FIRST_BLOCK_BYTES", BLOCK_BYTES)
        patch.setattr(blocks, "LARGEST_BLOCK_BYTES", BLOCK_BYTES)
        return list(read_pieces(find_files([str(path)]), columns, digest=False))


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


def test_no_line_is_lost_between_blocks_and_files(tmp_path: Path) -> None:
    for first, lines in ((0, LINES[:30]), (30, LINES[30:])):
        text = b"".join(line + b"\n" for line in lines)
        (tmp_path / f"audit.{first:012}.jsonl").write_bytes(text)
    seqs, ends = [], []
    for piece in pieces_of(tmp_path):
        if piece.parsed is not None:
            seqs += piece.parsed.events["seq"].to_list()
        ends.append(piece.ends_file)
    assert seqs == list(range(60))
    assert (ends.count(True), ends[-1]) == (2, True)


def test_packed_text_comes_whole_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl.gz"
    path.write_bytes(gzip.compress(TEXT))
    pieces = pieces_of(path)
    assert b"".join(piece.text for piece in pieces if piece.text is not None) == TEXT
    for piece in pieces:
        if piece.text is not None and piece.parsed is not None:
            assert piece.text.count(b"\n") == piece.parsed.lines


@pytest.mark.parametrize("columns", [tuple(JUDGED), tuple(CHECKED)])
def test_events_have_the_columns_that_are_wanted(tmp_path: Path, columns: tuple[str, ...]) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(TEXT + b"{}\n" + TEXT[:100])
    for piece in pieces_of(path, columns):
        if piece.parsed is not None:
            assert tuple(piece.parsed.events.columns) == columns

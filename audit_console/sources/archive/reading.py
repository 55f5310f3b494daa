"""Reads the blocks of a log's files in order and parses them on all cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from queue import SimpleQueue

from audit_console.columns.sound import SoundRun, sound_run
from audit_console.errors import SourceUnreadable
from audit_console.sources.archive.blocks import Block, blocks
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.archive.parse import LineParser, Parsed, joined

PARSERS = max(2, min(os.cpu_count() or 2, 8))
BLOCKS_TOGETHER = 4
"""Blocks whose events are handed on as one: what is asked of them next costs as much for few."""
READ_AHEAD = PARSERS + 2
"""Blocks under way, so that no parser waits for who takes them."""


class Runs(Enum):
    """Whether lines that are sound come as runs, and if so, whether their rows are wanted."""

    NONE = auto()
    BARE = auto()
    WITH_ROWS = auto()


@dataclass(frozen=True, slots=True)
class ParsedPiece:
    """Parsed blocks, one after the other, and how far their file had been read by then.

    `run` is in the place of `parsed` where all lines are sound. `text` is what they were before
    parsing, None where it stands in the file just so. `sha256` is of the stored file, given
    with the piece that ends it.
    """

    file: int
    parsed: Parsed | None
    stored_bytes: int
    text: bytes | None = None
    sha256: str | None = None
    run: SoundRun | None = None

    @property
    def ends_file(self) -> bool:
        """Whether the file is read to its end; such a piece holds no lines."""
        return self.parsed is None and self.run is None

    @property
    def lines(self) -> int:
        """Lines that were read, empty ones too."""
        if self.run is not None:
            return self.run.events
        return 0 if self.parsed is None else self.parsed.lines


def read_pieces(
    files: Sequence[ArchiveFile], columns: Collection[str], *, digest: bool, runs: Runs
) -> Generator[ParsedPiece]:
    """Read files in turn; each one's last piece is empty.

    The first piece is one block, so that a first page is there at once; later ones are more.

    Args:
        files: the files of the log, in its order.
        columns: of the events, as `LineParser.parse` takes them.
        digest: hash the stored files too.
        runs: whether sound lines come as runs.

    Raises:
        SourceUnreadable: a file cannot be read; what was read before has been given.
    """
    held, most = list[ParsedPiece](), 1
    with closing(_parsed_blocks(files, columns, digest=digest, runs=runs)) as parsed:
        try:
            for piece in parsed:
                if piece.parsed is not None:
                    held.append(piece)
                if held and (piece.parsed is None or len(held) == most):
                    yield _together(held)
                    held, most = [], min(most + 1, BLOCKS_TOGETHER)
                if piece.parsed is None:
                    yield piece
        except SourceUnreadable:
            if held:
                yield _together(held)
            raise


def in_columns(piece: ParsedPiece) -> ParsedPiece:
    """Parse the lines of a run, of which more is asked than it tells, into all columns."""
    run = piece.run
    if run is None:
        return piece
    block = Block(run.file, run.first_line, run.offset, run.text)
    return replace(piece, parsed=LineParser().parse(block), run=None)


def _together(pieces: Sequence[ParsedPiece]) -> ParsedPiece:
    if len(pieces) == 1:
        return pieces[0]
    texts = [piece.text for piece in pieces if piece.text is not None]
    parsed = joined([piece.parsed for piece in pieces if piece.parsed is not None])
    return replace(pieces[-1], parsed=parsed, text=b"".join(texts) if texts else None)


def _parsed_blocks(
    files: Sequence[ArchiveFile], columns: Collection[str], *, digest: bool, runs: Runs
) -> Generator[ParsedPiece]:
    pending: deque[Future[ParsedPiece]] = deque()
    with _parsers() as parsers, ThreadPoolExecutor(PARSERS) as pool:
        try:
            for raw in _raw_pieces(files, digest=digest):
                pending.append(pool.submit(_read, raw, columns, parsers, runs))
                while len(pending) > READ_AHEAD or (pending and pending[0].done()):
                    yield pending.popleft().result()
            yield from _results(pending)
        except SourceUnreadable:
            yield from _results(pending)
            raise
        finally:
            for future in pending:
                future.cancel()


def _results(pending: deque[Future[ParsedPiece]]) -> Iterator[ParsedPiece]:
    while pending:
        yield pending.popleft().result()


@dataclass(frozen=True, slots=True)
class _RawPiece:
    file: int
    block: Block | None
    stored_bytes: int
    compressed: bool
    sha256: str | None = None


def _raw_pieces(files: Sequence[ArchiveFile], *, digest: bool) -> Iterator[_RawPiece]:
    for index, file in enumerate(files):
        with closing(file.open()) as reader:
            sha256 = reader.hash_stored() if digest and file.original else None
            for block in blocks(index, reader.read):
                yield _RawPiece(index, block, reader.stored_bytes, reader.compressed)
            digested = sha256() if sha256 else None
            yield _RawPiece(index, None, reader.stored_bytes, reader.compressed, digested)


def _read(
    raw: _RawPiece, columns: Collection[str], parsers: SimpleQueue[LineParser], runs: Runs
) -> ParsedPiece:
    if raw.block is None:
        return ParsedPiece(raw.file, None, raw.stored_bytes, sha256=raw.sha256)
    text = raw.block.data if raw.compressed else None
    run = _run_of(raw.block, runs)
    if run is not None:
        return ParsedPiece(raw.file, None, raw.stored_bytes, text, run=run)
    parser = parsers.get()
    try:
        parsed = parser.parse(raw.block, columns)
    finally:
        parsers.put(parser)
    return ParsedPiece(raw.file, parsed, raw.stored_bytes, text)


def _run_of(block: Block, runs: Runs) -> SoundRun | None:
    if runs is Runs.NONE:
        return None
    with_rows = runs is Runs.WITH_ROWS
    return sound_run(block.file, block.first_line, block.offset, block.data, with_rows=with_rows)


@contextmanager
def _parsers() -> Iterator[SimpleQueue[LineParser]]:
    free: SimpleQueue[LineParser] = SimpleQueue()
    for _ in range(PARSERS):
        free.put(LineParser())
    try:
        yield free
    finally:
        for _ in range(PARSERS):
            free.get().close()

"""A log in files, as a source."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from threading import Lock
from typing import IO

import polars as pl

from audit_console.columns.frame import malformed_frame
from audit_console.columns.links import LinkMarker
from audit_console.columns.schema import PAGE
from audit_console.columns.stages import apply_stages
from audit_console.columns.table import EventTable, View
from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent
from audit_console.core.filters import Filter
from audit_console.core.findings import Code
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.errors import NotAnAuditLog, SourceUnreadable
from audit_console.sources.archive.beside import lines_beside
from audit_console.sources.archive.files import CHECKPOINTS, HOLDS, PRUNES, ArchiveFile
from audit_console.sources.archive.following import Follower
from audit_console.sources.archive.index import ArchiveIndex
from audit_console.sources.archive.reading import Piece, read_pieces
from audit_console.sources.archive.text import RandomAccess
from audit_console.sources.protocol import (
    NOTHING_NEW,
    AtEvent,
    AtRow,
    AtTime,
    Batch,
    Cursor,
    FileStatus,
    News,
    Order,
    Page,
    Status,
)

MALFORMED_KEPT = 10_000
"""Unreadable lines kept to be looked at; all are counted."""

_KEPT = [name for name in PAGE if name != "raw"]


class ArchiveSource:
    """Files of one log. With `keep`, what `batches` reads first stays to be paged through.

    With an index as well, its rows stand in for the log until all of it was read.
    """

    kind = "archive"

    def __init__(
        self,
        files: Sequence[ArchiveFile],
        label: str,
        *,
        keep: bool,
        follower: Follower,
        index: ArchiveIndex | None = None,
    ) -> None:
        self.label = label
        self._files = files
        self._keep = keep
        self._follower = follower
        self._table = EventTable(pl.DataFrame(schema={name: PAGE[name] for name in _KEPT}))
        self._malformed = malformed_frame(())
        self._texts: dict[int, RandomAccess] = {}
        self._texts_lock = Lock()
        self._closed = False
        self._begun = False
        self._index = index
        self._stand_in = index.find() if index else None
        self._read = Status(
            events=0,
            malformed=0,
            lines=0,
            bytes_read=0,
            bytes_total=sum(file.size for file in files),
            first=None,
            last=None,
            complete=False,
            stopped=False,
            files=tuple(FileStatus(file.name, file.size, 0, None) for file in files),
        )

    @property
    def status(self) -> Status:
        """How far the log has been read; see `Status.indexed`."""
        stand_in = self._stand_in
        return stand_in.over(self._read) if stand_in else self._read

    def prune_records(self) -> Sequence[str]:
        """Give the lines of the files `*.prunes.jsonl` beside the log."""
        return lines_beside(self._files, PRUNES)

    def checkpoints(self) -> Sequence[str]:
        """Give the lines of the files `*.checkpoints.jsonl` beside the log."""
        return lines_beside(self._files, CHECKPOINTS)

    def hold_changes(self) -> Sequence[str]:
        """Give the lines of the files `*.holds.jsonl` beside the log."""
        return lines_beside(self._files, HOLDS)

    def batches(self) -> Generator[Batch]:
        """Read the log; see `Source.batches`.

        A second pass leaves `status` alone, but for the hashes of files that a first one,
        which keeps what it reads, has no time for.
        """
        first_pass, self._begun = not self._begun, True
        digest = not (first_pass and self._keep)
        marker = LinkMarker()
        try:
            with closing(read_pieces(self._files, digest=digest)) as pieces:
                for piece in pieces:
                    batch = _batch(piece, marker)
                    if first_pass:
                        self._take_in(piece, batch)
                    elif piece.sha256 is not None:
                        self._read = _digested(self._read, piece)
                    if batch is not None:
                        yield batch
            if first_pass:
                self._finish()
        finally:
            if first_pass and not self._read.complete:
                self._stand_in = None
                self._read = replace(self._read, stopped=True)

    def page(
        self,
        where: Filter,
        *,
        order: Order,
        at: Cursor,
        limit: int,
        marks: Mapping[MarkKey, Marks] = NO_MARKS,
    ) -> Page:
        """Give up to `limit` events; see `Source.page`."""
        newest_first = order is Order.NEWEST_FIRST
        view = self._view(where, marks)
        first = _rank(view, at, newest_first=newest_first)
        count = 0 if first is None else limit
        rows = view.window(first or 0, count, newest_first=newest_first)
        return Page(
            rows=rows.with_columns(raw=self._raw_lines(rows)),
            first_row=first or 0,
            matched=view.height,
            read=view.events.height,
        )

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Count as the stages of a query say; see `Source.tally`."""
        return apply_stages(self._view(where, marks), by)

    def malformed(self, *, first: int, limit: int) -> pl.DataFrame:
        """Give unreadable lines; only the first 10,000 are kept."""
        return self._malformed.slice(first, limit)

    def news(self) -> News:
        """Count the lines that were ended since; see `Source.news`. What was piped in is whole."""
        if not self.status.complete or any(file.temporary for file in self._files):
            return NOTHING_NEW
        return self._follower.look()

    def close(self) -> None:
        """Give back files and remove temporary ones."""
        with self._texts_lock:
            self._closed = True
            for text in self._texts.values():
                text.close()
            self._texts.clear()
        for file in self._files:
            if file.temporary:
                file.path.unlink(missing_ok=True)

    def _view(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> View:
        if stand_in := self._stand_in:
            return stand_in.table.view(where, marks, growing=False)
        growing = not (self._read.complete or self._read.stopped)
        return self._table.view(where, marks, growing=growing)

    def _take_in(self, piece: Piece, batch: Batch | None) -> None:
        if batch is not None and self._keep:
            if piece.text is not None:  # before the rows: a page looks for their text here
                self._copy(piece.file, piece.text)
                self._index = None  # an index has no lines, and those of this file are elsewhere
            self._table.append(batch.events.select(_KEPT))
            if self._stand_in and not self._stand_in.meets(batch.events):
                self._drop_stand_in()
        if batch is not None and self._malformed.height < MALFORMED_KEPT:
            room = MALFORMED_KEPT - self._malformed.height
            self._malformed = pl.concat([self._malformed, batch.malformed.head(room)])
        if piece.ends_file:
            self._follower.was_read(self._files[piece.file], piece.stored_bytes)
        self._read = _advanced(self._read, self._files, piece, batch)

    def _finish(self) -> None:
        self._table.settle()
        if self._stand_in and not self._stand_in.was_met(self._read):
            self._drop_stand_in()
        is_new, self._stand_in = self._stand_in is None, None
        self._read = replace(self._read, complete=True)
        if self._index and is_new:
            self._index.write_beside(self._table.events, self._read)
        if self._read.events == 0 and self._malformed.height:
            self._require_torn_event()

    def _drop_stand_in(self) -> None:
        """Go on without an index that is not that of the log."""
        self._stand_in = None
        self._read = replace(self._read, index_differed=True)
        if self._index:
            self._index.discard()

    def _require_torn_event(self) -> None:
        """Accept a log of which nothing but half an event is left; refuse other files."""
        line = self._malformed.row(0, named=True)
        if line["code"] == Code.TORN_TAIL and line["start"].startswith(b"{"):
            return
        raise NotAnAuditLog(
            f"{self.label}: no line is an audit event; line {line['line']}: {line['reason']}",
            hint="open a log of one JSON object per line with the fields of an audit event",
        )

    def _copy(self, file: int, text: bytes) -> None:
        """Keep text that cannot be read again at any place of its own file."""
        try:
            self._text_of(file, _scratch_file).append(text)
        except OSError as error:
            raise SourceUnreadable(
                f"{self._files[file].name}: no room to unpack it: {error.strerror}",
                hint="set TMPDIR to a folder with more room, or unpack the file yourself",
            ) from error

    def _text_of(self, file: int, open_text: Callable[[], IO[bytes]]) -> RandomAccess:
        """Give the text of a file, opened once however many threads ask."""
        with self._texts_lock:
            if self._closed:
                raise SourceUnreadable(f"{self.label}: closed", hint="open the log again")
            if file not in self._texts:
                self._texts[file] = RandomAccess(open_text())
            return self._texts[file]

    def _raw_lines(self, rows: pl.DataFrame) -> pl.Series:
        lines = rows.select("file", "offset", "length", "id").iter_rows()
        return pl.Series("raw", [self._raw_line(*line) for line in lines], pl.String)

    def _raw_line(self, file: int, offset: int, length: int, event_id: str) -> str | None:
        """Read a line back; None where the file no longer holds it."""
        try:
            text = self._text_of(file, self._files[file].open_stored)
            raw = text.read_at(offset, length).decode()
        except (SourceUnreadable, OSError, ValueError):  # also of a file that is closed meanwhile
            return None
        event = decode_line(raw)
        return raw if isinstance(event, AuditEvent) and event.id == event_id else None


def _scratch_file() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="audit-console-")


def _batch(piece: Piece, marker: LinkMarker) -> Batch | None:
    if piece.parsed is None:
        return None
    return Batch(marker.mark(piece.parsed.events), piece.parsed.malformed)


def _rank(view: View, at: Cursor, *, newest_first: bool) -> int | None:
    match at:
        case AtRow(row):
            return row
        case AtTime(moment):
            return view.rank_of_time(moment, newest_first=newest_first)
        case AtEvent(event_id):
            return view.rank_of_event(event_id, newest_first=newest_first)


def _digested(status: Status, piece: Piece) -> Status:
    files = list(status.files)
    files[piece.file] = replace(files[piece.file], sha256=piece.sha256)
    return replace(status, files=tuple(files))


def _advanced(
    status: Status, files: Sequence[ArchiveFile], piece: Piece, batch: Batch | None
) -> Status:
    before = sum(file.size for file in files[: piece.file])
    lines = piece.parsed.lines if piece.parsed else 0
    held = status.files[piece.file]
    file = replace(held, lines=held.lines + lines, sha256=piece.sha256)
    status = replace(
        status,
        lines=status.lines + lines,
        bytes_read=before + piece.stored_bytes,
        files=(*status.files[: piece.file], file, *status.files[piece.file + 1 :]),
    )
    if batch is None:
        return status
    times = pl.col("timestamp")
    first, last = batch.events.select(first=times.min(), last=times.max()).row(0)
    return replace(
        status,
        events=status.events + batch.events.height,
        malformed=status.malformed + batch.malformed.height,
        first=min(filter(None, (status.first, first)), default=None),
        last=max(filter(None, (status.last, last)), default=None),
    )

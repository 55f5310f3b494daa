"""A log in files, as a source."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from itertools import chain, count
from threading import Lock
from typing import TypeVar

import polars as pl

from audit_console.columns.frame import malformed_frame, with_more_malformed
from audit_console.columns.held_rows import HeldRows
from audit_console.columns.links import LinkMarker
from audit_console.columns.schema import CHECKED, COLUMNS_HELD, JUDGED, LINE
from audit_console.columns.selection import Selection
from audit_console.columns.stages import apply_stages
from audit_console.columns.table import GrowingTable, View
from audit_console.core.beside import HOLDS
from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.findings import Code
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.core.query.stages import Count, Timeline
from audit_console.errors import NotAnAuditLog, SourceUnreadable
from audit_console.sources.archive.beside import Vouching, lines_beside
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.archive.following import Follower
from audit_console.sources.archive.foreign import hint_for
from audit_console.sources.archive.index import ArchiveIndex, ReadLog
from audit_console.sources.archive.lines import Lines
from audit_console.sources.archive.progress import advanced
from audit_console.sources.archive.reading import ParsedPiece, Runs, in_columns, read_pieces
from audit_console.sources.archive.shelf import ShelvedRows
from audit_console.sources.archive.stand_in import KEY, Differs, StandIn, StandInRows
from audit_console.sources.archive.stored import Damaged
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
    Part,
    Status,
)

ROWS_AT_ONCE = 10_000
"""Events of one part of what is given in the order of the log."""

ADDED_AT_ONCE = 16_384
"""Events read that are added to the table while a page waits."""

Answer = TypeVar("Answer")
AnyPart = TypeVar("AnyPart", bound=Part)

NOT_OF_THIS_LOG = (
    "the index was not that of this log: it is thrown away, and the rows are those of the log"
)


class ArchiveSource:
    """Files of one log. With `keep`, what `batches` reads first stays to be paged through.

    With an index as well, its rows stand in for the log until all of it was read.
    """

    kind = "archive"

    def __init__(  # noqa: PLR0913 - a log, what vouches for it, and what is kept of it
        self,
        files: Sequence[ArchiveFile],
        vouching: Vouching,
        label: str,
        *,
        keep: bool,
        follower: Follower,
        index: ArchiveIndex | None,
    ) -> None:
        self.label = label
        self._files = files
        self._vouching = vouching
        self._keep = keep
        self._follower = follower
        self._malformed = malformed_frame(())
        self._lines = Lines(files, label)
        self._rows_lock = Lock()
        self._begun = False
        self._index = index
        self._stand_in = index.find() if index else None
        self._table = _new_table(index if self._stand_in is None else None)
        self._index_was_foreign = False
        self._progress = Status(
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
        stand_in, read = self._stand_in, replace(self._progress, index_fault=self._index_fault)
        return read if stand_in is None or read.complete else stand_in.over(read)

    def prune_records(self) -> Sequence[str]:
        """Give the lines of the files `*.prunes.jsonl` beside the log."""
        return self._vouching.prunes

    def checkpoints(self) -> Sequence[str]:
        """Give the lines of the files `*.checkpoints.jsonl` beside the log."""
        return self._vouching.checkpoints

    def hold_changes(self) -> Sequence[str]:
        """Give the lines of the files `*.holds.jsonl` beside the log."""
        return lines_beside(self._files, HOLDS)

    def batches(self) -> Generator[Batch]:
        """Read the log; see `Source.batches`.

        A second pass leaves `status` alone.
        """
        return self._read(_batch, runs=False)

    def parts(self) -> Generator[Part]:
        """Read the log; see `Source.parts`."""
        return self._read(_part, runs=True)

    def chains(self) -> Sequence[str | None]:
        """Name the chains; see `Source.chains`."""
        return self.tally(EVERYTHING, by=[Count(("chain",))])["chain"].to_list()

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

        def page(view: View) -> Page:
            first = _rank(view, at, newest_first=newest_first)
            count = 0 if first is None else limit
            window = view.window(first or 0, count, newest_first=newest_first)
            return Page(self._whole(window), first or 0, view.height, view.events.height)

        return self._asked(where, marks, page)

    def in_log_order(
        self, where: Filter, *, marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> Generator[pl.DataFrame]:
        """Give all events as they stand in the files; see `Source.in_log_order`."""
        for first in count(0, ROWS_AT_ONCE):
            rows = self._asked(where, marks, partial(self._written, first))
            yield rows
            if rows.height < ROWS_AT_ONCE:
                return

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Count as the stages of a query say; see `Source.tally`."""
        return self._asked(where, marks, lambda view: apply_stages(view, by))

    def counts(self, where: Filter, *, by: Sequence[Count | Timeline]) -> list[pl.DataFrame]:
        """Count by one stage after the other; see `Source.counts`."""
        return [self.tally(where, by=[stage]) for stage in by]

    def malformed(self, *, first: int, limit: int) -> pl.DataFrame:
        """Give unreadable lines; only the first 10,000 are kept."""
        stand_in = None if self._progress.complete else self._stand_in
        of_all = self._malformed if stand_in is None else stand_in.malformed
        return of_all.slice(first, limit)

    def news(self) -> News:
        """Count the lines that were ended since; see `Source.news`. What was piped in is whole."""
        if not self.status.complete or any(file.temporary for file in self._files):
            return NOTHING_NEW
        return self._follower.look()

    def close(self) -> None:
        """Give back files and remove temporary ones."""
        self._lines.close()
        if isinstance(self._table.events, ShelvedRows) and not self._progress.complete:
            self._table.events.shelf.discard()  # else who writes the index has it
        for file in self._files:
            if file.temporary:
                file.path.unlink(missing_ok=True)

    def _read(
        self, judged: Callable[[ParsedPiece, LinkMarker], AnyPart | None], *, runs: bool
    ) -> Generator[AnyPart]:
        first_pass, self._begun = not self._begun, True
        marker = LinkMarker()
        keeps = first_pass and self._keep
        try:
            self._vouching.require_unpruned(self._files, self.label)
            columns = tuple(CHECKED if keeps else JUDGED)
            wanted = (Runs.WITH_ROWS if keeps else Runs.BARE) if runs else Runs.NONE
            pieces = read_pieces(self._files, columns, digest=first_pass, runs=wanted)
            with closing(pieces):
                for piece in pieces:
                    part = judged(piece, marker)
                    if first_pass:
                        self._take_in(piece, part)
                    if part is not None:
                        yield part
            if first_pass:
                self._finish()
        finally:
            if first_pass and not self._progress.complete:
                self._progress = replace(self._progress, stopped=True)
                if self._stand_in:
                    self._stand_in.settle(self._table.events.whole())

    def _asked(
        self, where: Filter, marks: Mapping[MarkKey, Marks], ask: Callable[[View], Answer]
    ) -> Answer:
        """Ask for the rows that a filter keeps; without the index when that is damaged."""
        if stand_in := self._stand_in:
            with suppress(Damaged):
                return ask(stand_in.view(where, marks))
            with self._rows_lock:
                self._drop_stand_in()
        growing = not (self._progress.complete or self._progress.stopped)
        try:
            return ask(self._table.view(where, marks, growing=growing))
        except Damaged as damage:
            raise SourceUnreadable(
                f"{self.label}: what is kept of it on disk was damaged: {damage}",
                hint="open the log again",
            ) from damage

    def _written(self, first: int, view: View) -> pl.DataFrame:
        return self._whole(view.written(first, ROWS_AT_ONCE))

    def _whole(self, window: Selection) -> pl.DataFrame:
        """Give rows with all that a page has of them.

        Those of an index are read from their lines: whole columns would have to be for it else.
        """
        if isinstance(window.events, StandInRows | ShelvedRows):
            columns = {name: pl.col(name) for name in (*LINE, KEY, "check")}
            places = window.select(**columns)
            rows = self._lines.rows_at(places)
            if window.events.key_of(rows).equals(places[KEY]):
                return rows
        rows = window.rows()
        return rows.with_columns(self._lines.raw_of(rows))

    def _take_in(self, piece: ParsedPiece, part: Part | None) -> None:
        if part is not None and self._keep:
            self._hold(piece, part)
        if isinstance(part, Batch):
            self._malformed = with_more_malformed(self._malformed, part.malformed)
        if piece.ends_file:
            self._follower.was_read(self._files[piece.file], piece.stored_bytes)
        self._progress = advanced(self._progress, self._files, piece, part)

    def _hold(self, piece: ParsedPiece, part: Part) -> None:
        if piece.text is not None:  # before the rows: a page looks for their text here
            self._lines.copy(piece.file, piece.text)
        rows = part.events if isinstance(part, Batch) else part.rows
        for events in rows.iter_slices(ADDED_AT_ONCE):
            with self._rows_lock:
                self._append(events)

    def _append(self, events: pl.DataFrame) -> None:
        if self._stand_in is not None:
            try:
                events = self._stand_in.meet(events)
            except (Damaged, Differs):
                self._drop_stand_in()
        self._table.append(events.select(*COLUMNS_HELD))

    def _finish(self) -> None:
        with self._rows_lock:
            if self._stand_in and not self._stand_in.was_met(self._progress, self._malformed):
                self._drop_stand_in()
            if self._stand_in and self._stand_in.outgrown:
                self._take_over(self._stand_in)
            self._table.settle()
            if self._stand_in:
                self._stand_in.settle(self._table.events.whole())
            self._progress = replace(self._progress, complete=True)
        if self._index and isinstance(self._table.events, ShelvedRows):
            self._index.write_beside(ReadLog(self._table.events, self._malformed, self._progress))
        if self._progress.events == 0 and self._malformed.height:
            self._require_torn_event()

    @property
    def _index_fault(self) -> str | None:
        if self._index_was_foreign:
            return NOT_OF_THIS_LOG
        return self._index.fault if self._index else None

    def _drop_stand_in(self) -> None:
        """Go on with the rows that were met, without an index that is not that of the log."""
        if self._stand_in is None:
            return
        try:
            self._take_over(self._stand_in)
        except Damaged as damage:
            raise SourceUnreadable(
                f"{self.label}: the index from which it is shown was damaged: {damage}",
                hint="open the log again",
            ) from damage
        finally:
            if self._index:
                self._index.discard()
        self._index_was_foreign = True

    def _take_over(self, stand_in: StandIn) -> None:
        """Have the rows that were met in a table of one's own; raises `Damaged`."""
        table = _new_table(self._index)
        for events in chain(stand_in.met(), [self._table.events.whole()]):
            table.append(events)
        self._table = table
        self._stand_in = None

    def _require_torn_event(self) -> None:
        """Accept a log of which nothing but half an event is left; refuse other files."""
        line = self._malformed.row(0, named=True)
        if line["code"] == Code.TORN_TAIL and line["start"].startswith(b"{"):
            return
        raise NotAnAuditLog(
            f"{self.label}: no line is an audit event; line {line['line']}: {line['reason']}",
            hint=hint_for(line["start"]),
        )


def _new_table(index: ArchiveIndex | None) -> GrowingTable:
    """Make a table without events; its texts go to disk where the log gets an index."""
    shelf = index.shelf() if index else None
    if shelf is None:
        return GrowingTable(HeldRows(pl.DataFrame(schema=COLUMNS_HELD)))
    return GrowingTable(ShelvedRows.none(shelf))


def _part(piece: ParsedPiece, marker: LinkMarker) -> Part | None:
    """Give a run as it is, unless what stands before it says that its link is broken."""
    if piece.run is not None and marker.takes(piece.run):
        return piece.run
    return _batch(in_columns(piece), marker)


def _batch(piece: ParsedPiece, marker: LinkMarker) -> Batch | None:
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

"""A log held as lines in memory: the reference that other sources are tested against.

It reads by `core.codec`, filters by `core.matching.matches` and sorts plain lists, so
that what it says follows from the format and nothing else.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from audit_console.columns.frame import (
    Location,
    event_row,
    events_frame,
    malformed_frame,
    malformed_row,
)
from audit_console.columns.links import LinkMarker
from audit_console.columns.schema import PAGE
from audit_console.columns.selection import Selection
from audit_console.columns.stages import apply_stages
from audit_console.core.codec import decode_bytes, encode_line
from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.matching import NO_MARKS, EventContext, MarkKey, Marks, matches
from audit_console.core.query import Stage
from audit_console.core.query.stages import Count, Timeline
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

BATCH_LINES = 5_000


@dataclass(frozen=True, slots=True)
class _Held:
    event: AuditEvent
    row: dict[str, object]

    def is_kept_by(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> bool:
        of_event = marks.get((self.event.id, self.event.event_hash), Marks())
        return matches(where, self.event, EventContext(str(self.row["check"]), of_event))


class MemorySource:
    """A log of lines, without their newlines. Reads `batch_lines` of them at a time.

    `later` are those written after it was opened; they may become more.
    """

    kind = "memory"

    def __init__(  # noqa: PLR0913 - a log, and what may stand beside it
        self,
        lines: Iterable[bytes],
        *,
        label: str = "memory",
        batch_lines: int = BATCH_LINES,
        prune_records: Sequence[str] = (),
        checkpoints: Sequence[str] = (),
        hold_changes: Sequence[str] = (),
        later: Sequence[bytes] = (),
    ) -> None:
        self.label = label
        self._prune_records = prune_records
        self._checkpoints = checkpoints
        self._hold_changes = hold_changes
        self._lines = list(lines)
        self._later = later
        self._batch_lines = batch_lines
        self._held: list[_Held] = []
        self._malformed = malformed_frame(())
        self._begun = False
        size = sum(len(line) + 1 for line in self._lines)
        self.status = Status(
            events=0,
            malformed=0,
            lines=0,
            bytes_read=0,
            bytes_total=size,
            first=None,
            last=None,
            complete=False,
            stopped=False,
            files=(FileStatus(label, size, 0, None),),
        )

    @classmethod
    def of_events(cls, events: Iterable[AuditEvent]) -> MemorySource:
        """Hold v1 events as the lines that a writer would store."""
        return cls(encode_line(event).encode() for event in events)

    def prune_records(self) -> Sequence[str]:
        """Give the prune records that the log was made with."""
        return self._prune_records

    def checkpoints(self) -> Sequence[str]:
        """Give the checkpoints that the log was made with."""
        return self._checkpoints

    def hold_changes(self) -> Sequence[str]:
        """Give the changes of holds that the log was made with."""
        return self._hold_changes

    def batches(self) -> Generator[Batch]:
        """Read the log; see `Source.batches`. A second pass leaves `status` alone."""
        first_pass, self._begun = not self._begun, True
        marker = LinkMarker()
        offset = 0
        try:
            for start in range(0, len(self._lines), self._batch_lines):
                lines = self._lines[start : start + self._batch_lines]
                events, batch = _read(lines, start + 1, offset, marker)
                offset += sum(len(line) + 1 for line in lines)
                if first_pass:
                    self._take_in(events, batch, start + len(lines), offset)
                yield batch
            if first_pass:
                self.status = replace(self.status, complete=True)
        finally:
            if first_pass and not self.status.complete:
                self.status = replace(self.status, stopped=True)

    def parts(self) -> Generator[Part]:
        """Read the log; see `Source.parts`. All of it comes in batches."""
        yield from self.batches()

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
        read = list(self._held)
        ordered = sorted(
            (held for held in read if held.is_kept_by(where, marks)),
            key=lambda held: held.event.occurred_at,
        )
        if order is Order.NEWEST_FIRST:
            ordered.reverse()
        first = _rank(ordered, order, at, read)
        window = [] if first is None else ordered[first : first + limit]
        return Page(
            rows=_rows(window),
            first_row=first or 0,
            matched=len(ordered),
            read=len(read),
        )

    def in_log_order(
        self, where: Filter, *, marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> Generator[pl.DataFrame]:
        """Give all events as they stand; see `Source.in_log_order`."""
        kept = [held for held in self._held if held.is_kept_by(where, marks)]
        for first in range(0, max(1, len(kept)), self._batch_lines):
            yield _rows(kept[first : first + self._batch_lines])

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Count as the stages of a query say; see `Source.tally`."""
        everything = len(self._held)
        order, at = Order.OLDEST_FIRST, AtRow(0)
        page = self.page(where, order=order, at=at, limit=everything, marks=marks)
        return apply_stages(Selection(page.rows.drop("raw")), by)

    def counts(self, where: Filter, *, by: Sequence[Count | Timeline]) -> list[pl.DataFrame]:
        """Count by one stage after the other; see `Source.counts`."""
        return [self.tally(where, by=[stage]) for stage in by]

    def malformed(self, *, first: int, limit: int) -> pl.DataFrame:
        """Give unreadable lines."""
        return self._malformed.slice(first, limit)

    def news(self) -> News:
        """Count the later lines; see `Source.news`."""
        return News(len(self._later)) if self.status.complete else NOTHING_NEW

    def close(self) -> None:
        """Nothing is held open."""

    def _take_in(self, events: Sequence[AuditEvent], batch: Batch, lines: int, offset: int) -> None:
        rows = batch.events.iter_rows(named=True)
        for event, row in zip(events, rows, strict=True):
            raw = self._lines[row["line"] - 1].decode()
            self._held.append(_Held(event, row | {"raw": raw}))
        self._malformed = pl.concat([self._malformed, batch.malformed])
        times = [held.event.occurred_at for held in self._held]
        self.status = replace(
            self.status,
            events=len(self._held),
            malformed=self._malformed.height,
            lines=lines,
            bytes_read=offset,
            first=min(times, default=None),
            last=max(times, default=None),
            files=(replace(self.status.files[0], lines=lines),),
        )


def _read(
    lines: Sequence[bytes], first_line: int, offset: int, marker: LinkMarker
) -> tuple[list[AuditEvent], Batch]:
    events: list[AuditEvent] = []
    rows: list[tuple[object, ...]] = []
    malformed: list[tuple[object, ...]] = []
    for number, line in enumerate(lines, first_line):
        at = Location(0, number, offset, len(line))
        offset += len(line) + 1
        event = decode_bytes(line)
        if isinstance(event, AuditEvent):
            events.append(event)
            rows.append(event_row(event, line.decode(), at))
        elif line and not line.isspace():
            malformed.append(malformed_row(event, line, at))
    return events, Batch(marker.mark(events_frame(rows)), malformed_frame(malformed))


def _rows(window: Sequence[_Held]) -> pl.DataFrame:
    rows = [[held.row[name] for name in PAGE] for held in window]
    return pl.DataFrame(rows, schema=PAGE, orient="row")


def _rank(ordered: Sequence[_Held], order: Order, at: Cursor, read: Sequence[_Held]) -> int | None:
    match at:
        case AtRow(row):
            return row
        case AtTime(moment):
            times = [held.event.occurred_at for held in ordered]
            if order is Order.NEWEST_FIRST:
                return sum(time > moment for time in times)
            return sum(time < moment for time in times)
        case AtEvent(event_id):
            wanted = next((held for held in read if held.event.id == event_id), None)
            ranks = (rank for rank, held in enumerate(ordered) if held is wanted)
            return next(ranks, None)

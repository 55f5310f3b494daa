"""A log in a PostgreSQL table, as a source.

Pages and tallies ask the server, so they are of the whole log at any time. What is asked is
what was there when the log was opened: events that are written meanwhile change no row
number and no count. Reading the log in batches serves its check alone.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import polars as pl
import psycopg

from audit_console.columns.filters import reads
from audit_console.columns.frame import malformed_frame, with_more_malformed
from audit_console.columns.memo import Memo
from audit_console.columns.stages import apply_to_rows
from audit_console.core.event import Scheme
from audit_console.core.filters import MARKS, Expression, FieldName, Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.core.query.stages import Count, Timeline
from audit_console.database import label_of
from audit_console.sources.postgres.asked import Asked, Point, Start, find_event, page_rows
from audit_console.sources.postgres.beside import (
    CHECKPOINTS,
    HOLDS,
    PRUNES,
    Records,
    Vouching,
    read_texts_beside,
    readable,
)
from audit_console.sources.postgres.checking import Checks
from audit_console.sources.postgres.connections import Connections
from audit_console.sources.postgres.counts import Counts
from audit_console.sources.postgres.extent import Extent, find_extent, news_beyond
from audit_console.sources.postgres.filters import condition
from audit_console.sources.postgres.layout import Layout, find_layout
from audit_console.sources.postgres.names import KnownNames
from audit_console.sources.postgres.reading import read_batches, read_texts
from audit_console.sources.postgres.rows import text_frame
from audit_console.sources.postgres.tallies import tally
from audit_console.sources.postgres.together import count_together
from audit_console.sources.protocol import (
    NOTHING_NEW,
    AtRow,
    AtTime,
    Batch,
    Cursor,
    News,
    Order,
    Page,
    Part,
    Status,
)

COUNTS = 8
"""Filters whose counts are kept."""

FAR = 10_000
"""From this row on, rows are counted before they are looked for."""

_Kept = tuple[tuple[Expression, ...], frozenset[tuple[MarkKey, Marks]], object]
"""What decides which events a filter keeps: its terms, and what they read beside the table."""


def open_postgres(dsn: str, *, label: str | None = None) -> PostgresSource:
    """Open the log in a database.

    Args:
        dsn: where it is, and how to get in.
        label: what to call the log; else it is called by its place.

    Raises:
        UsageError: the DSN is none.
        SourceError: there is no log, or it cannot be read. No password is named.
    """
    connections = Connections(dsn)
    try:
        with connections.question() as connection:
            layout = find_layout(connection, connections.schemas, label_of(dsn))
            extent = find_extent(connection, layout)
            vouching = Vouching.of(connection, layout.schema)
    except BaseException:
        connections.close()
        raise
    return PostgresSource(connections, layout, extent, vouching, label or label_of(dsn))


class PostgresSource:
    """The log in a table, as it was when it was opened."""

    kind = "postgresql"

    def __init__(
        self,
        connections: Connections,
        layout: Layout,
        extent: Extent,
        vouching: Vouching,
        label: str,
    ) -> None:
        self.label = label
        self._connections = connections
        self._layout = layout
        self._extent = extent
        self._vouching = vouching
        self._checks = Checks(extent.asked, extent.chains)
        self._names = KnownNames(connections, layout)
        self._counts: Memo[_Kept, Counts] = Memo(COUNTS)
        self._total: int | None = None
        self._malformed = malformed_frame(())
        self._begun = False
        self.status = Status(
            events=0,
            malformed=0,
            lines=0,
            bytes_read=0,
            bytes_total=None,
            first=extent.first,
            last=extent.last,
            complete=False,
            stopped=False,
            files=(),
            asks_store=True,
            event_bytes=extent.event_bytes,
        )

    def prune_records(self) -> Sequence[str]:
        """Give what the table `audit_prunes` holds; nothing where it is not there.

        Raises:
            SourceUnreadable: it is there and may not be read: a pruned log would lack its start.
        """
        return self._read(PRUNES)

    def checkpoints(self) -> Sequence[str]:
        """Give the notes of the table `audit_checkpoints`, as lines of JSON, oldest first.

        Raises:
            SourceUnreadable: it is there and may not be read: it may contradict the log.
        """
        return readable(self._vouching.checkpoints, CHECKPOINTS, self.label)

    def hold_changes(self) -> Sequence[str]:
        """Give what the table `audit_holds` holds; nothing where it is not there.

        Raises:
            SourceUnreadable: it is there and may not be read: what it holds must stay.
        """
        return self._read(HOLDS)

    def batches(self) -> Generator[Batch]:
        """Read the log; see `Source.batches`. A second pass leaves `status` alone."""
        first_pass, self._begun = not self._begun, True
        try:
            with self._connections.question(endless=True) as connection:
                self._vouching.require_unpruned(connection, self._layout.schema, self.label)
                for batch, size in read_batches(connection, self._extent.rows):
                    if first_pass:
                        self._take_in(batch, size)
                    yield batch
            if first_pass:
                self._checks.finish()
                self.status = replace(self.status, complete=True)
        finally:
            if first_pass and not self.status.complete:
                self.status = replace(self.status, stopped=True)

    def parts(self) -> Generator[Part]:
        """Read the log; see `Source.parts`. All of it comes in batches."""
        yield from self.batches()

    def chains(self) -> Sequence[str | None]:
        """Name the chains; those of format v1 are known without a look at their events."""
        if self._layout.scheme is Scheme.V1:
            return self._extent.chains
        return [] if self._extent.first is None else [None]

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
        asked = self._asked(where, marks)
        if isinstance(at, AtRow) and at.row < FAR:
            counts = self._counts.made(self._key(where, marks))
        else:
            counts = self._counted(where, marks)
        with self._connections.question() as connection:
            start, first = _start(connection, asked, counts, at, newest_first=newest_first)
            limit = 0 if start is None else limit
            texts = page_rows(
                connection, asked, start or Start(), newest_first=newest_first, limit=limit
            )
            rows = self._checks.page(connection, texts)
        return Page(
            rows=rows,
            first_row=first,
            matched=counts.total if counts else _all_seen(rows, first, limit),
            read=self._total,
        )

    def in_log_order(
        self, where: Filter, *, marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> Generator[pl.DataFrame]:
        """Give all events out of one statement; see `Source.in_log_order`."""
        asked = self._asked(where, marks)
        with self._connections.question(endless=True) as reading:
            for texts in chain([text_frame(())], read_texts(reading, asked)):
                with self._connections.question() as connection:
                    rows = self._checks.page(connection, texts)
                yield rows

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Count as the stages of a query say; see `Source.tally`."""
        if by and by[0] == Count():
            total = self._counted(where, marks).total
            counted = pl.DataFrame({"count": [total]}, schema={"count": pl.UInt32})
            return apply_to_rows(counted, by[1:])
        with self._connections.question() as connection:
            return tally(connection, self._asked(where, marks), by, self._checks)

    def counts(self, where: Filter, *, by: Sequence[Count | Timeline]) -> list[pl.DataFrame]:
        """Count by all stages in one pass over the table; see `Source.counts`."""
        with self._connections.question() as connection:
            span = self._extent.span_of(where)
            return count_together(connection, self._asked(where, NO_MARKS), by, span)

    def malformed(self, *, first: int, limit: int) -> pl.DataFrame:
        """Give rows that are no events; only the first 10,000 are kept."""
        return self._malformed.slice(first, limit)

    def news(self) -> News:
        """Count the events behind those the log had when it was opened; see `Source.news`."""
        if not self.status.complete:
            return NOTHING_NEW
        with self._connections.question() as connection:
            return news_beyond(self._extent, connection, self._layout)

    def close(self) -> None:
        """Give back the connections."""
        self._connections.close()

    def _read(self, records: Records) -> list[str]:
        """Read a table beside the log as it is now."""
        with self._connections.question() as connection:
            texts = read_texts_beside(connection, self._layout.schema, records)
        return readable(texts, records, self.label)

    def _take_in(self, batch: Batch, size: int) -> None:
        self._checks.note(batch.events)
        self._malformed = with_more_malformed(self._malformed, batch.malformed)
        status = self.status
        self.status = replace(
            status,
            events=status.events + batch.events.height,
            malformed=status.malformed + batch.malformed.height,
            lines=status.lines + batch.events.height + batch.malformed.height,
            bytes_read=status.bytes_read + size,
        )

    def _asked(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> Asked:
        names = self._names.judged_by(where)
        if not reads(where, {FieldName.CHECK}):
            made = condition(where, marks=marks, names=names)
            return self._extent.asked.that(made.text, **made.parameters)
        check = self._checks.expression()
        made = condition(where, marks=marks, check=check.text, names=names)
        return self._extent.asked.that(made.text, **made.parameters, **check.parameters)

    def _key(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> _Kept:
        checked = self._checks.version if reads(where, {FieldName.CHECK}) else None
        marks = marks if reads(where, MARKS) else NO_MARKS
        return where.active, frozenset(marks.items()), checked

    def _counted(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> Counts:
        return self._counts.get(self._key(where, marks), lambda: self._count(where, marks))

    def _count(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> Counts:
        first, last = self._extent.first, self._extent.last
        asked = self._asked(where, marks)
        if first is None or last is None:
            return Counts(asked, [])
        with self._connections.question() as connection:
            counts = Counts.of(connection, asked, first, last)
        if not where:
            self._total = counts.total
        return counts


def _start(
    connection: psycopg.Connection,
    asked: Asked,
    counts: Counts | None,
    at: Cursor,
    *,
    newest_first: bool,
) -> tuple[Start | None, int]:
    """Say where a page begins, None for nowhere, and the number of its first row."""
    if isinstance(at, AtRow):
        if counts is None:
            return Start(skip=at.row), at.row
        return counts.start_of_row(connection, at.row, newest_first=newest_first), at.row
    if counts is None:
        raise ValueError("the number of a time or an event is known by counts alone")
    if isinstance(at, AtTime):
        point: Point | None = Point(("timestamp",), (at.moment,))
    else:
        point = find_event(connection, asked, at.event_id)
    if point is None:
        return None, 0
    older = counts.before(connection, point, includes_point=newest_first)
    return Start(point), counts.total - older if newest_first else older


def _all_seen(rows: pl.DataFrame, first: int, limit: int) -> int | None:
    """Count a filter's events by a page that shows the last of them; None if it does not."""
    if rows.height < limit and (rows.height or not first):
        return first + rows.height
    return None

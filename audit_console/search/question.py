"""What is asked of a log: the events that a filter keeps, with the reader's marks beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from audit_console.core.around import resolve
from audit_console.core.filters import EVERYTHING, Expression, Field, Filter, lacking
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.core.query.stages import Count
from audit_console.sources.cancelling import refuse_if_cancelled
from audit_console.sources.protocol import AtEvent, AtRow, Order

if TYPE_CHECKING:  # the screens name questions before Polars is there
    from datetime import datetime

    import polars as pl

    from audit_console.sources.protocol import Cursor, Page, Source

PAGE_ROWS = 10_000
"""Events that are asked for at once where all are wanted."""


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """A source, a filter in which `around:` is resolved, and marks. Its methods block."""

    source: Source
    where: Filter
    marks: Mapping[MarkKey, Marks] = field(default_factory=lambda: NO_MARKS)

    def tally(self, *stages: Stage) -> pl.DataFrame:
        """Count the events as stages say; see `Source.tally`."""
        return self.source.tally(self.where, by=stages, marks=self.marks)

    def count(self) -> int:
        """Count the events."""
        return int(self.tally(Count()).item())

    def count_without(self, field: Field) -> int:
        """Count those of the events that lack a field."""
        return replace(self, where=lacking(self.where, field)).count()

    def page(self, at: Cursor, limit: int, *, order: Order) -> Page:
        """Give events; see `Source.page`."""
        return self.source.page(self.where, order=order, at=at, limit=limit, marks=self.marks)

    def in_time_order(self) -> Iterator[pl.DataFrame]:
        """Give all events, oldest first, some at a time; an empty frame for none."""
        for first in count(0, PAGE_ROWS):
            refuse_if_cancelled()
            rows = self.page(AtRow(first), PAGE_ROWS, order=Order.OLDEST_FIRST).rows
            yield rows
            if rows.height < PAGE_ROWS:
                return

    def in_log_order(self) -> Iterator[pl.DataFrame]:
        """Give all events; see `Source.in_log_order`."""
        with closing(self.source.in_log_order(self.where, marks=self.marks)) as parts:
            for rows in parts:
                refuse_if_cancelled()
                yield rows

    def narrowed(self, *terms: Expression) -> Question:
        """Ask for those of the events that also fit the terms."""
        return replace(self, where=Filter((*self.where.active, *terms)))


def resolved(where: Filter, source: Source) -> Filter:
    """Replace `around:` by the times of the events of a log. Blocks; for a thread.

    Raises:
        UsageError: there is no such event.
        SourceError: the log cannot be looked at.
    """
    everything = Question(source, EVERYTHING)

    def time_of(event_id: str) -> datetime | None:
        rows = everything.page(AtEvent(event_id), 1, order=Order.OLDEST_FIRST).rows
        return None if rows.is_empty() else rows.item(0, "timestamp")

    return resolve(where, time_of)

"""All events read so far, to be filtered, ordered and looked at by the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from audit_console.columns.filters import keeps, reads_marks
from audit_console.core.filters import Expression, Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks

REFRESH_AFTER_GROWTH = 1.25
"""A growing table is filtered and sorted again only when it has grown by this factor."""

_Kept = tuple[tuple[Expression, ...], frozenset[tuple[MarkKey, Marks]]]
"""What decides which events a view has: the terms, and the marks if a term reads them."""


@dataclass(frozen=True, slots=True)
class View:
    """Filtered events, oldest first.

    `index` holds the rows of `events` in that order, or is None where it is all of
    them as they stand. Ranks count from 0 in the order asked for; newest first is
    the exact reverse of oldest first.
    """

    events: pl.DataFrame
    index: pl.Series | None

    @property
    def height(self) -> int:
        """How many events the filter keeps."""
        return self.events.height if self.index is None else self.index.len()

    def window(self, first: int, count: int, *, newest_first: bool) -> pl.DataFrame:
        """Give up to `count` events from rank `first` on."""
        last = min(first + count, self.height)
        if first >= last:
            return self.events.clear()
        if not newest_first:
            return self._slice(first, last - first)
        return self._slice(self.height - last, last - first).reverse()

    def rank_of_time(self, moment: datetime, *, newest_first: bool) -> int:
        """Find the first rank that is not before `moment` in the order asked for."""
        times = self.events["timestamp"]
        if self.index is not None:
            times = times.gather(self.index)
        older = times.search_sorted(moment, side="right" if newest_first else "left")
        return self.height - older if newest_first else older

    def rank_of_event(self, event_id: str, *, newest_first: bool) -> int | None:
        """Find the rank of the first event of the log with this id."""
        rows = (self.events["id"] == event_id).arg_true()
        if rows.is_empty():
            return None
        rank: int | None = int(rows[0])
        if self.index is not None:
            rank = self.index.index_of(rank)
        return self.height - 1 - rank if newest_first and rank is not None else rank

    def _slice(self, first: int, count: int) -> pl.DataFrame:
        if self.index is None:
            return self.events.slice(first, count)
        return self.events[self.index.slice(first, count)]


@dataclass(slots=True)
class EventTable:
    """A growing table: one thread appends while others take views."""

    events: pl.DataFrame
    in_time_order: bool = True
    _views: dict[_Kept, View] = field(default_factory=dict)

    def append(self, events: pl.DataFrame) -> None:
        """Add events behind all others."""
        if events.is_empty():
            return
        times = pl.concat([self.events["timestamp"].tail(1), events["timestamp"]])
        self.in_time_order = self.in_time_order and times.is_sorted()
        self.events = pl.concat([self.events, events], rechunk=False)

    def view(
        self, where: Filter, marks: Mapping[MarkKey, Marks] = NO_MARKS, *, growing: bool
    ) -> View:
        """Give the events that `where` keeps, of those read so far.

        While the table grows the view may lag behind it, and says so by its `events`.
        """
        events, in_time_order = self.events, self.in_time_order
        if in_time_order and not where:
            return View(events, None)
        marks = marks if reads_marks(where) else NO_MARKS
        kept = (where.active, frozenset(marks.items()))
        held = self._views.get(kept)
        if held is not None and self._serves(held, events, growing=growing):
            return held
        view = View(events, _index(events, keeps(where, marks), in_time_order=in_time_order))
        self._views = {kept: view}
        return view

    @staticmethod
    def _serves(held: View, events: pl.DataFrame, *, growing: bool) -> bool:
        if growing:
            return events.height < held.events.height * REFRESH_AFTER_GROWTH
        return events.height == held.events.height


def _index(events: pl.DataFrame, keep: pl.Expr, *, in_time_order: bool) -> pl.Series:
    rows = events.lazy().select("timestamp", kept=keep).with_row_index("row")
    kept = rows.filter("kept").select("row", "timestamp")
    if not in_time_order:
        kept = kept.sort("timestamp", maintain_order=True)
    return kept.collect()["row"]

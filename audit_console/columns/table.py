"""All events read so far, to be filtered, ordered and looked at by the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import and_

import polars as pl

from audit_console.columns.filters import keeps, reads
from audit_console.columns.held_rows import GrowingRows
from audit_console.columns.memo import Memo
from audit_console.columns.selection import Codes, Columns, Selection, needed, places_of
from audit_console.core.filters import MARKS, Expression, Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks

REFRESH_AFTER_GROWTH = 1.25
"""A growing table is filtered and sorted again only when it has grown by this factor."""

VIEWS = 8
"""Views kept for those who ask for them again: a bit for each event."""

TERMS = 32
"""Terms of which is kept what they hold for: a bit for each event."""

FEW = 8
"""One row in so many, and fewer, are sorted by themselves; else they are taken out of all."""

OFTEN_IN_ORDER = ("seq", "timestamp")
"""Columns of which a range is found by bisection where they are in order."""

_Kept = tuple[tuple[Expression, ...], frozenset[tuple[MarkKey, Marks]]]
"""What decides which events a view has: the terms, and the marks if a term reads them."""


@dataclass(frozen=True, eq=False, slots=True)
class View(Selection):
    """Filtered events, oldest first.

    Ranks count from 0 in the order asked for; newest first is the exact reverse of
    oldest first.
    """

    _written: Memo[None, pl.Series] = field(default_factory=lambda: Memo(1))

    def window(self, first: int, count: int, *, newest_first: bool) -> Selection:
        """Select up to `count` events from rank `first` on."""
        last = max(first, min(first + count, self.height))
        if newest_first:
            places = pl.int_range(self.height - 1 - first, self.height - 1 - last, -1, eager=True)
        else:
            places = pl.int_range(first, last, eager=True)
        return self.at(places)

    def written(self, first: int, count: int) -> Selection:
        """Select up to `count` events from rank `first` on in the order of the log."""
        last = max(first, min(first + count, self.height))
        return self._as_written().at(pl.int_range(first, last, eager=True))

    def _as_written(self) -> Selection:
        if self.chosen is None or self._is_mask:
            return self
        rows = self._written.get(None, self.chosen.sort)
        return Selection(self.events, rows, self.codes)

    def rank_of_time(self, moment: datetime, *, newest_first: bool) -> int:
        """Find the first rank that is not before `moment` in the order asked for."""
        times = self.select(time=pl.col("timestamp"))["time"]
        older = times.search_sorted(moment, side="right" if newest_first else "left")
        return self.height - older if newest_first else older

    def rank_of_event(self, event_id: str, *, newest_first: bool) -> int | None:
        """Find the rank of the first event of the log with this id."""
        rows = (self.events["id"] == event_id).arg_true()
        if rows.is_empty():
            return None
        rank = self.place_of(int(rows[0]))
        return self.height - 1 - rank if newest_first and rank is not None else rank


class GrowingTable:
    """A growing table: one thread appends while others take views."""

    def __init__(self, rows: GrowingRows) -> None:
        self.events = rows
        self._in_time_order = rows["timestamp"].is_sorted()
        self._views = Views(rows, in_time_order=self._in_time_order, codes=None)

    def append(self, events: pl.DataFrame) -> None:
        """Add events behind all others."""
        if events.is_empty():
            return
        times = pl.concat([self.events["timestamp"].tail(1), events["timestamp"]])
        self._in_time_order = self._in_time_order and times.is_sorted()
        self.events = self.events.with_more(events)

    def settle(self) -> None:
        """Lay the values of each column side by side, when there will be no more of them.

        A column at a time, so that memory grows by no more than one.
        """
        for name in self.events.in_memory:
            self.events = self.events.side_by_side(name)

    def view(
        self, where: Filter, marks: Mapping[MarkKey, Marks] = NO_MARKS, *, growing: bool
    ) -> View:
        """Give the events that `where` keeps, of those read so far.

        While the table grows the view may lag behind it, and says so by its `events`.
        """
        events, in_time_order = self.events, self._in_time_order
        if growing and in_time_order and not where:
            return View(events)
        views = self._views
        if not views.serve(events, growing=growing):
            codes = None if growing else Codes(events)
            views = self._views = Views(events, in_time_order=in_time_order, codes=codes)
        return views.of(where, marks)


class Views:
    """Views of a table as it is at some time."""

    def __init__(self, events: Columns, *, in_time_order: bool, codes: Codes | None) -> None:
        self._events = events
        self._in_time_order = in_time_order
        self._codes = codes
        self._made: Memo[_Kept, View] = Memo(VIEWS)
        self._masks: Memo[_Kept, pl.Series] = Memo(TERMS)
        self._order: Memo[None, pl.Series] = Memo(1)
        self._are_in_order: Memo[str, bool] = Memo(len(OFTEN_IN_ORDER))

    def serve(self, events: Columns, *, growing: bool) -> bool:
        """Tell whether these views still do for a table that has these events."""
        if growing:
            return events.height < self._events.height * REFRESH_AFTER_GROWTH
        return self._codes is not None and events.height == self._events.height

    def of(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> View:
        """Give the view of what a filter keeps."""
        return self._made.get(
            _kept(where, marks), lambda: View(self._events, self._chosen(where, marks), self._codes)
        )

    def _chosen(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> pl.Series | None:
        masks = [self._mask(Filter((term,)), marks) for term in where.active]
        mask = reduce(and_, masks) if masks else None
        if mask is not None and mask.all():
            mask = None
        if self._in_time_order:
            return mask
        return self._by_time(mask)

    def _by_time(self, mask: pl.Series | None) -> pl.Series:
        """Put the rows for which a mask holds in the order of time; of all rows it is kept."""
        times = self._events["timestamp"]
        if mask is not None and int(mask.sum()) * FEW < times.len():
            return _sorted_by(times, places_of(mask))
        rows = pl.int_range(times.len(), dtype=pl.UInt32, eager=True)
        order = self._order.get(None, lambda: _sorted_by(times, rows))
        return order if mask is None else order.filter(mask.gather(order))

    def _mask(self, term: Filter, marks: Mapping[MarkKey, Marks]) -> pl.Series:
        """Tell the events for which a term holds; the next filter is likely to have it too."""
        return self._masks.get(_kept(term, marks), lambda: self._holding(term, marks))

    def _holding(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> pl.Series:
        kept = keeps(where, marks)
        events = needed(self._events, kept)
        in_order = [name for name in OFTEN_IN_ORDER if self._is_in_order(events, name)]
        events = events.with_columns(pl.col(name).set_sorted() for name in in_order)
        return events.lazy().select(kept=kept).collect()["kept"].rechunk()

    def _is_in_order(self, events: pl.DataFrame, name: str) -> bool:
        """Tell whether a column that is there is in order, which is looked at once."""
        if name not in events.columns:
            return False
        return self._are_in_order.get(name, lambda: _is_in_order(events[name]))


def _sorted_by(times: pl.Series, rows: pl.Series) -> pl.Series:
    """Sort numbers of rows by the times of the rows; those of one time stay as they stand."""
    timed = pl.DataFrame({"time": times.gather(rows), "row": rows})
    return timed.sort("time", maintain_order=True)["row"].rechunk()


def _is_in_order(column: pl.Series) -> bool:
    return not column.has_nulls() and column.is_sorted()


def _kept(where: Filter, marks: Mapping[MarkKey, Marks]) -> _Kept:
    """Name what decides which events are kept."""
    return where.active, frozenset(marks.items() if reads(where, MARKS) else ())

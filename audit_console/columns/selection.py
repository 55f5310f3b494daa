"""Some events in some order, of which only those columns are taken that are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import polars as pl

from audit_console.columns.memo import Memo
from audit_console.core.filters import FieldName
from audit_console.core.timespan import Duration

CODE = pl.UInt32

CODED_FROM = 8
"""Values are coded for a selection of at least one in so many events."""


LENGTHS = 2
"""Lengths of bins that are kept: of the timeline, and of the lines beside the facets."""


class Codes:
    """Texts of a whole table as numbers, made when they are first asked for.

    The code of a text is the row in which it stands first, so that a code is as good as
    the text, needs no dictionary, and is there for a missing text too. A field takes four
    bytes for each event of the table, kept as long as the table stays as it is.
    """

    def __init__(self, events: pl.DataFrame) -> None:
        self._events = events
        self._made: Memo[FieldName, pl.Series] = Memo(len(FieldName))

    def has(self, name: FieldName) -> bool:
        """Tell whether a field is coded."""
        return self._made.has(name)

    def of(self, name: FieldName, value: pl.Expr) -> pl.Series:
        """Give the codes of a field."""
        return self._made.get(name, partial(self._coded, value))

    def _coded(self, value: pl.Expr) -> pl.Series:
        rows = self._events.lazy().select(value=value).with_row_index("row")
        return rows.select(code=pl.col("row").first().over("value")).collect()["code"].rechunk()


@dataclass(frozen=True, eq=False, slots=True)
class Selection:
    """Events in an order.

    `index` holds the rows of `events` in that order, or is None where it is all of them
    as they stand. `codes` are of all `events`; they are None while there are ever more.
    """

    events: pl.DataFrame
    index: pl.Series | None = None
    codes: Codes | None = None
    _bins: Memo[Duration, pl.Series] = field(default_factory=lambda: Memo(LENGTHS))

    @property
    def height(self) -> int:
        """How many events there are."""
        return self.events.height if self.index is None else self.index.len()

    def at(self, places: pl.Series) -> Selection:
        """Select the events at these places of the order, in the order of the places."""
        index = places if self.index is None else self.index.gather(places)
        return Selection(self.events, index, self.codes)

    def head(self, count: int) -> Selection:
        """Select the first events."""
        return self.at(pl.int_range(min(count, self.height), dtype=pl.UInt32, eager=True))

    def rows(self) -> pl.DataFrame:
        """Give the events with all columns."""
        return self.events if self.index is None else self.events[self.index]

    def select(self, **columns: pl.Expr) -> pl.DataFrame:
        """Compute columns, of no more than they are made of."""
        roots = {name: None for column in columns.values() for name in column.meta.root_names()}
        events = pl.DataFrame([self.events[name] for name in roots])  # `select` makes it one chunk
        taken = events if self.index is None else events[self.index]
        return taken.lazy().select(**columns).collect(engine="streaming")

    def keys(self, name: FieldName, value: pl.Expr) -> pl.Series:
        """Give something that tells the values of a field apart: codes, or the values."""
        codes = self.codes
        if codes and (codes.has(name) or self.height * CODED_FROM >= self.events.height):
            coded = codes.of(name, value)
            return coded if self.index is None else coded.gather(self.index)
        return self.select(key=value)["key"]

    def bins(self, every: Duration, number: pl.Expr) -> pl.Series:
        """Give the number of the bin that each event is in."""
        return self._bins.get(every, lambda: _small(self.select(bin=number)["bin"]))


def _small(numbers: pl.Series) -> pl.Series:
    """Put whole numbers side by side in as few bytes as hold them."""
    return numbers.shrink_dtype().rechunk()

"""Some events in some order, of which only those columns are taken that are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

import numpy as np
import polars as pl

from audit_console.columns.bins import Bins, bins_of
from audit_console.columns.memo import Memo
from audit_console.columns.schema import EVENT
from audit_console.core.filters import FieldName
from audit_console.core.timespan import Duration

Rows = TypeVar("Rows", pl.DataFrame, pl.Series)

NAMES = ("user_id", "action", "resource_id", "ip_address")
"""Texts that an open table keeps as categories: as numbers, and each different text once."""

CODED_FROM = 8
"""Texts and times become numbers for a selection of at least one in so many events."""

LENGTHS = 2
"""Lengths of bins that are kept: of the timeline, and of the lines beside the facets."""

BLOCK = 1 << 16
"""Rows that are numbered at a time, to find some of them."""

MANY = 64
"""One row in so many, and more, are found by numbering all."""


class Columns(Protocol):
    """What a selection is made of: a frame, or columns that are read when they are asked for."""

    @property
    def height(self) -> int:
        """How many events there are."""
        ...

    @property
    def columns(self) -> list[str]:
        """The names of the columns, which are those of `columns.schema.PAGE` without `raw`."""
        ...

    def __getitem__(self, name: str, /) -> pl.Series:
        """Give a column."""
        ...


def needed(events: Columns, *values: pl.Expr) -> pl.DataFrame:
    """Give the columns that values are made of."""
    roots = {name: None for value in values for name in value.meta.root_names()}
    return pl.DataFrame([events[name] for name in roots])  # `select` makes it one chunk


class Codes:
    """Numbers for values of a whole table, made when they are first asked for.

    The code of a text is the row in which it stands first, so that a code is as good as
    the text, needs no dictionary, and is there for a missing text too. Resources are made of
    two texts that are numbers already, and so are their codes; a missing one has none. A
    field takes four bytes for each event of the table, kept as long as the table stays as it
    is. So do the bins that its times are in.
    """

    def __init__(self, events: Columns) -> None:
        self._events = events
        self._made: Memo[FieldName, pl.Series] = Memo(len(FieldName))
        self._bins: Memo[Duration, Bins] = Memo(LENGTHS)

    def has(self, name: FieldName) -> bool:
        """Tell whether a field is coded."""
        return self._made.has(name)

    def of(self, name: FieldName, value: pl.Expr) -> pl.Series:
        """Give the codes of a field."""
        return self._made.get(name, partial(self._coded, name, value))

    def has_bins(self, every: Duration) -> bool:
        """Tell whether bins of this length are there."""
        return self._bins.has(every)

    def bins(self, every: Duration) -> Bins:
        """Tell which bin each event is in."""
        return self._bins.get(every, lambda: bins_of(self._events["timestamp"], every))

    def _coded(self, name: FieldName, value: pl.Expr) -> pl.Series:
        if name is FieldName.RESOURCE and (codes := _pairs(self._events)) is not None:
            return codes
        values = needed(self._events, value).select(value=value)["value"]
        codes = _codes_by_hash(values)
        return _codes_by_value(values) if codes is None else codes


@dataclass(frozen=True, eq=False, slots=True)
class Selection:
    """Events in an order.

    `chosen` tells which: a mask over `events` where they are in the order in which they
    stand, the numbers of rows in another order, or None for all as they stand. `codes` are
    of all `events`; they are None while there are ever more.
    """

    events: Columns
    chosen: pl.Series | None = None
    codes: Codes | None = None
    _bins: Memo[Duration, Bins] = field(default_factory=lambda: Memo(LENGTHS))

    @property
    def height(self) -> int:
        """How many events there are."""
        if self.chosen is None:
            return self.events.height
        return int(self.chosen.sum()) if self._is_mask else self.chosen.len()

    @property
    def _is_mask(self) -> bool:
        return self.chosen is not None and self.chosen.dtype == pl.Boolean

    def at(self, places: pl.Series) -> Selection:
        """Select the events at these places of the order, in the order of the places."""
        return Selection(self.events, self._rows_at(places), self.codes)

    def _rows_at(self, places: pl.Series) -> pl.Series:
        if self.chosen is None:
            return places
        if not self._is_mask:
            return self.chosen.gather(places)
        return _rows_at(self.chosen, places)

    def place_of(self, row: int) -> int | None:
        """Give the place of a row of `events` in the order; None where it is not selected."""
        if self.chosen is None:
            return row
        if not self._is_mask:
            return self.chosen.index_of(row)
        return int(self.chosen.head(row).sum()) if self.chosen[row] else None

    def head(self, count: int) -> Selection:
        """Select the first events."""
        return self.at(pl.int_range(min(count, self.height), dtype=pl.UInt32, eager=True))

    def rows(self) -> pl.DataFrame:
        """Give the events with all columns, texts as such."""
        events = pl.DataFrame([self.events[name] for name in self.events.columns])
        return self._taken(events).cast({name: EVENT[name] for name in NAMES})

    def select(self, **columns: pl.Expr) -> pl.DataFrame:
        """Compute columns, of no more than they are made of."""
        events = needed(self.events, *columns.values())
        return self._taken(events).lazy().select(**columns).collect(engine="streaming")

    def keys(self, name: FieldName, value: pl.Expr) -> pl.Series:
        """Give something that tells the values of a field apart: codes, or the values."""
        codes = self.codes
        if value.meta.is_column():
            column = self.events[value.meta.output_name()]
            if _is_category(column.dtype):
                return self._taken(column.to_physical())
        if codes and (codes.has(name) or self._is_large):
            return self._taken(codes.of(name, value))
        return self.select(key=value)["key"]

    def bins(self, every: Duration) -> Bins:
        """Tell which bin each event is in."""
        codes = self.codes
        if codes and (codes.has_bins(every) or self._is_large):
            first, behind = codes.bins(every)
            return Bins(first, self._taken(behind))
        times = self.events["timestamp"]
        return self._bins.get(every, lambda: bins_of(self._taken(times), every))

    @property
    def _is_large(self) -> bool:
        return self.height * CODED_FROM >= self.events.height

    def _taken(self, of_all: Rows) -> Rows:
        if self.chosen is None:
            return of_all
        return of_all.filter(self.chosen) if self._is_mask else of_all[self.chosen]


def _row_numbers(values: pl.Series) -> pl.Series:
    return pl.int_range(values.len(), dtype=pl.UInt32, eager=True)


def places_of(mask: pl.Series) -> pl.Series:
    """Give the numbers of the rows of a mask, several times faster than `arg_true`."""
    return pl.int_range(mask.len(), dtype=pl.UInt32, eager=True).filter(mask)


def _rows_at(mask: pl.Series, places: pl.Series) -> pl.Series:
    """Give the rows of a mask at some places; for few of them no others are numbered."""
    if places.len() * MANY > mask.len():
        return places_of(mask).gather(places)
    wanted = places.to_numpy()
    starts = range(0, mask.len(), BLOCK)
    ends = np.cumsum([mask.slice(start, BLOCK).sum() for start in starts])
    blocks = np.searchsorted(ends, wanted, side="right")
    rows = np.empty(wanted.size, np.uint32)
    for block in np.unique(blocks):
        of_block = places_of(mask.slice(starts[block], BLOCK)).to_numpy() + starts[block]
        is_here = blocks == block
        rows[is_here] = of_block[wanted[is_here] - ends[block]]  # from the end of the block
    return pl.Series(rows)


def _codes_by_hash(values: pl.Series) -> pl.Series | None:
    """Give for each value the row in which it stands first; None if two have the same hash.

    Sorting hashes is several times faster than looking texts up in a table.
    """
    hashed = pl.DataFrame({"row": _row_numbers(values), "hash": values.hash()})
    rows, hashes = hashed.sort("hash", maintain_order=True)
    in_order = values.gather(rows)
    is_other = hashes.ne_missing(hashes.shift())  # true for the first: no hash is missing
    if (in_order.ne_missing(in_order.shift()) & ~is_other).any():
        return None
    first = rows.to_frame("row").select(pl.when(is_other).then("row"))["row"].forward_fill()
    codes = np.empty(values.len(), np.uint32)
    codes[rows.to_numpy()] = first.to_numpy()
    return pl.Series(codes)


def _codes_by_value(values: pl.Series) -> pl.Series:
    rows = pl.DataFrame({"row": _row_numbers(values), "value": values})
    return rows.select(pl.col("row").first().over("value"))["row"].rechunk()


def _pairs(events: Columns) -> pl.Series | None:
    """Make one number of type and id of a resource; None where that does not tell them apart.

    A slash in a type would let two pairs be one text. Numbers are no more than eight times
    the events, since what counts them has a byte for each.
    """
    types, ids = events["resource_type"], events["resource_id"]
    if not (_is_category(types.dtype) and _is_category(ids.dtype)):
        return None
    names = types.unique().drop_nulls()
    if names.cast(pl.String).str.contains("/", literal=True).any():
        return None
    ids, of_names = ids.to_physical(), names.to_physical()
    count = codes_in(ids)
    if names.len() * count > min(8 * events.height, 2**32 - 1):
        return None
    places = pl.zeros(codes_in(of_names), dtype=pl.UInt32, eager=True)
    places = places.scatter(of_names, pl.int_range(names.len(), dtype=pl.UInt32, eager=True))
    return (places.gather(types.to_physical()) * count + ids.cast(pl.UInt32)).rechunk()


def codes_in(codes: pl.Series) -> int:
    """Give the number that all codes are below."""
    highest: int | None = codes.to_frame("code").select(pl.col("code").max()).item()
    return 0 if highest is None else 1 + highest


def _is_category(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Categorical | pl.Enum)

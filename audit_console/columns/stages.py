"""Pipe stages over event columns.

The result of a stage has the columns that `core.query.stages` names. An event counts
once for each value that a field has of it, and once as missing where it has none; a value
in `details` without text, an object, is counted as missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from audit_console.columns.bins import bin_number, bin_start
from audit_console.columns.counting import counted, counted_pairs, distinct
from audit_console.columns.details import IS_NUMBER, values_at
from audit_console.columns.selection import Selection
from audit_console.core.filters import TEXT_ATTRIBUTES, WEEKDAYS, Field, FieldName
from audit_console.core.query.stages import (
    Count,
    First,
    Limit,
    Rare,
    Sort,
    Stage,
    Timeline,
    Top,
    event_field,
)
from audit_console.core.timespan import Duration
from audit_console.errors import UsageError

MAX_BINS = 1_000_000

_COUNT = {"count": pl.UInt32}


def apply_stages(events: Selection, stages: Sequence[Stage]) -> pl.DataFrame:
    """Pass events, in the order to count them, through stages.

    Args:
        events: with the columns of `columns.schema.PAGE` without `raw`.
        stages: as a query names them.

    Raises:
        UsageError: a timeline has too many bins.
    """
    match stages:
        case [Count(by), Count(()), *rest] if by:  # how many there are, without what they are
            count = _Rows(pl.DataFrame({"count": [_Events(events).groups(by)]}, schema=_COUNT))
            return _through_all(count, rest)
    return _through_all(_Events(events), stages)


def apply_to_rows(rows: pl.DataFrame, stages: Sequence[Stage]) -> pl.DataFrame:
    """Pass what a stage has counted through more stages.

    Raises:
        UsageError: a timeline has too many bins.
    """
    return _through_all(_Rows(rows), stages)


def _through_all(table: _Events | _Rows, stages: Sequence[Stage]) -> pl.DataFrame:
    for stage in stages:
        table = _through(table, stage)
    return table.rows()


def _through(  # noqa: PLR0911 - one for each stage
    table: _Events | _Rows, stage: Stage
) -> _Events | _Rows:
    match stage:
        case Limit(rows):
            return table.head(rows)
        case Sort(field, descending):
            return table.at(_sorted(table.first_values(field), field, descending=descending))
        case Count(()):
            return _Rows(pl.DataFrame({"count": [table.height]}, schema=_COUNT))
        case Count(by):
            return _Rows(table.counts(by))
        case Top(field, rows) | Rare(field, rows):
            counts = table.counts((field,))
            most = isinstance(stage, Top)
            return _Rows(counts.sort("count", descending=most, maintain_order=True).head(rows))
        case First(fields):
            return _Rows(table.firsts(fields, stage.columns(table.columns) or ()))
        case Timeline(every, by):
            return _Rows(timeline(table.bins(every, by), every, by))


class _Rows:
    """What a stage has counted."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self._rows = rows
        self.columns = tuple(rows.columns)
        self.height = rows.height

    def rows(self) -> pl.DataFrame:
        return self._rows

    def head(self, count: int) -> _Rows:
        return _Rows(self._rows.head(count))

    def at(self, places: pl.Series) -> _Rows:
        return _Rows(self._rows[places])

    def first_values(self, name: str) -> pl.Series:
        return self._rows[name]

    def counts(self, names: Sequence[str]) -> pl.DataFrame:
        return self._rows.group_by(names, maintain_order=True).len("count")

    def firsts(self, names: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
        rows = self._rows.select(columns).sort("time", maintain_order=True)
        return rows.unique(names, keep="first", maintain_order=True)

    def bins(self, every: Duration, by: str | None) -> pl.DataFrame:
        """Count by the number of a bin and by a column, in the order of the rows."""
        rows = self._rows.filter(pl.col("time").is_not_null())
        rows = rows.with_columns(bin=bin_number(pl.col("time"), every))
        names = ["bin"] if by is None else ["bin", by]
        return rows.group_by(names, maintain_order=True).len("count")


class _Events:
    """Events as they stand in the log, of which a field may have several values each.

    Values are told apart by keys, with the `row` of their event beside them, and only
    those of the result are looked up.
    """

    columns = None

    def __init__(self, events: Selection) -> None:
        self._events = events
        self.height = events.height

    def rows(self) -> pl.DataFrame:
        return self._events.rows()

    def head(self, count: int) -> _Events:
        return _Events(self._events.head(count))

    def at(self, places: pl.Series) -> _Events:
        return _Events(self._events.at(places))

    def first_values(self, name: str) -> pl.Series:
        field = event_field(name)
        if not field.path:
            return self._events.select(value=_value(field.name))["value"]
        first = self._values_at(field).unique("row", keep="first", maintain_order=True)
        return self._numbered().join(first, on="row", how="left", maintain_order="left")["text"]

    def counts(self, names: Sequence[str]) -> pl.DataFrame:
        keys = self._keys(names)
        counts = counted(keys.select(names))
        return self._values(_at(keys, counts["place"]), names).with_columns(counts["count"])

    def groups(self, names: Sequence[str]) -> int:
        """Count the combinations that `counts` gives."""
        keys = self._keys(names).select(names)
        if len(names) > 1 or not keys[names[0]].dtype.is_unsigned_integer():
            return keys.n_unique()
        return distinct(keys[names[0]])

    def firsts(self, names: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
        keys = self._keys(columns)
        keys = keys if "row" in keys.columns else keys.with_row_index("row")
        first = keys.sort("time", maintain_order=True).unique(
            names, keep="first", maintain_order=True
        )
        return self._values(first, columns)

    def bins(self, every: Duration, by: str | None) -> pl.DataFrame:
        """Count by the number of a bin and by a field, in the order of the events."""
        first, bins = self._events.bins(every)
        number = pl.col("bin").cast(pl.Int64) + first
        if by is None:
            counts = counted(bins.to_frame("bin"))
            return counts.select("count", bin=bins.gather(counts["place"])).with_columns(number)
        keys = self._keys((by,))
        if keys.height > bins.len():
            bins = bins.gather(keys["row"])
        counts = counted_pairs(bins, keys[by])
        values = self._values(_at(keys, counts["place"]), (by,))
        values = values.with_columns(counts["count"], bin=bins.gather(counts["place"]))
        return values.with_columns(number)

    def _keys(self, names: Sequence[str]) -> pl.DataFrame:
        """Tell values apart; an event with several has several rows, with its number in `row`."""
        fields = {name: event_field(name) for name in names}
        plain = {name: field for name, field in fields.items() if not field.path}
        keys = pl.DataFrame([self._key(field.name).alias(name) for name, field in plain.items()])
        if len(plain) == len(fields):
            return keys
        keys = self._numbered().with_columns(keys.iter_columns())
        for name, field in fields.items():
            if field.path:
                values = self._values_at(field).unique(maintain_order=True).rename({"text": name})
                keys = keys.join(values, on="row", how="left", maintain_order="left_right")
        return keys

    def _key(self, name: FieldName) -> pl.Series:
        if name in TEXT_ATTRIBUTES or name is FieldName.RESOURCE:
            return self._events.keys(name, _key(name))
        return self._events.select(key=_key(name))["key"]

    def _values(self, keys: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        """Give values for their keys."""
        fields = {name: event_field(name) for name in names}
        plain = {name: _value(field.name) for name, field in fields.items() if not field.path}
        values = self._events.at(keys["row"]).select(**plain) if plain else keys
        return pl.DataFrame([values[name] if name in plain else keys[name] for name in names])

    def _values_at(self, field: Field) -> pl.DataFrame:
        details = self._events.select(details=pl.col("details"))["details"]
        return values_at(details, field.path)

    def _numbered(self) -> pl.DataFrame:
        return pl.int_range(self.height, dtype=pl.UInt32, eager=True).to_frame("row")


def _at(keys: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """Take some keys, with the numbers of their events."""
    taken = keys[places]
    return taken if "row" in keys.columns else taken.with_columns(places.alias("row"))


def timeline(counts: pl.DataFrame, every: Duration, by: str | None) -> pl.DataFrame:
    """Make the rows of a timeline of counts by the number of their `bin`.

    Args:
        counts: columns `bin` and `count`, and `by` between them if there is one.
        every: length of a bin.
        by: the field that was counted by.

    Raises:
        UsageError: there are too many bins.
    """
    if not counts["bin"].is_sorted():
        counts = counts.sort("bin", maintain_order=True)
    if by is None and counts.height:
        counts = _without_gaps(counts)
    return counts.select(bin_start(pl.col("bin"), every).alias("time"), pl.exclude("bin"))


def _sorted(values: pl.Series, name: str, *, descending: bool) -> pl.Series:
    """Give the order of rows by a field; numbers in `details` as such, before texts."""
    order = values.to_frame("value")
    if name.startswith(FieldName.DETAILS):
        text = pl.col("value")
        number = pl.when(text.str.contains(IS_NUMBER)).then(text.cast(pl.Float64, strict=False))
        order = order.select(number.alias("number"), text)
    keys = order.columns
    order = order.with_row_index("row")
    return order.sort(keys, descending=descending, nulls_last=True, maintain_order=True)["row"]


def _key(name: FieldName) -> pl.Expr:
    """Give what tells the values of a field apart."""
    if name in TEXT_ATTRIBUTES:
        return pl.col(TEXT_ATTRIBUTES[name])
    return _value(name)


def _value(name: FieldName) -> pl.Expr:
    """Give the column of a field; texts as such, so that they sort by character."""
    time = pl.col("timestamp")
    match name:
        case FieldName.TIME:
            return time
        case FieldName.HOUR:
            return time.dt.hour()
        case FieldName.WEEKDAY:
            days = pl.Enum(WEEKDAYS)
            return (time.dt.weekday() - 1).cast(pl.UInt8).cat.to(days)
        case FieldName.SEQ:
            return pl.col("seq")
        case FieldName.RESOURCE:
            return pl.concat_str("resource_type", pl.lit("/"), "resource_id")
        case _:
            return pl.col(TEXT_ATTRIBUTES[name]).cast(pl.String)


def _without_gaps(counts: pl.DataFrame) -> pl.DataFrame:
    counts = counts.cast({"bin": pl.Int64})
    first, last = counts["bin"][0], counts["bin"][-1]
    if last - first >= MAX_BINS:
        raise UsageError(
            f"a timeline of more than {MAX_BINS:,} bins", hint="choose a longer unit, or a range"
        )
    bins = pl.DataFrame({"bin": pl.int_range(first, last + 1, eager=True)})
    filled = bins.join(counts, on="bin", how="left", maintain_order="left")
    return filled.with_columns(pl.col("count").fill_null(0))

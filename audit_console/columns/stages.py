"""Pipe stages over event columns.

The result of a stage has the columns that `core.query.stages` names. An event counts
once for each value that a field has of it, and once as missing where it has none; a value
in `details` without text, an object, is counted as missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from audit_console.columns.details import values_at
from audit_console.columns.schema import TIME
from audit_console.core.filters import TEXT_ATTRIBUTES, WEEKDAYS, FieldName
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
from audit_console.core.timespan import FIRST, UNITS, Duration
from audit_console.errors import UsageError

MAX_BINS = 1_000_000

_BEFORE_EPOCH = -int(FIRST.timestamp()) * 1_000_000
_MICROSECOND = timedelta(microseconds=1)
_NUMBER = r"\A-?[0-9]+(?:\.[0-9]+)?\z"


def apply_stages(events: pl.DataFrame, stages: Sequence[Stage]) -> pl.DataFrame:
    """Pass events, in the order to count them, through stages.

    Args:
        events: with the columns of `columns.schema.PAGE` without `raw`.
        stages: as a query names them.

    Raises:
        UsageError: a timeline has too many bins.
    """
    table = _Table(events, is_events=True)
    for stage in stages:
        table = table.through(stage)
    return table.rows


class _Table:
    def __init__(self, rows: pl.DataFrame, *, is_events: bool = False) -> None:
        self.rows = rows
        self._is_events = is_events

    def through(self, stage: Stage) -> _Table:
        """Give the table behind a stage."""
        match stage:
            case Limit(rows):
                return _Table(self.rows.head(rows), is_events=self._is_events)
            case Sort(field, descending):
                return _Table(self._sorted(field, descending=descending), is_events=self._is_events)
            case Count(by):
                return _Table(self._counts(by))
            case Top(field, rows) | Rare(field, rows):
                return _Table(self._extremes(field, most=isinstance(stage, Top)).head(rows))
            case First(fields):
                return _Table(self._firsts(stage, fields))
            case Timeline(every, by):
                return _Table(self._timeline(every, by))

    def _picked(self, names: Sequence[str]) -> pl.DataFrame:
        """Take columns, or values of events; an event with several has several rows."""
        if not self._is_events:
            return self.rows.select(names)
        fields = {name: event_field(name) for name in names}
        plain = {name: _value(field.name) for name, field in fields.items() if not field.path}
        picked = self.rows.select(**plain).with_row_index("row") if plain else _rows(self.rows)
        for name, field in fields.items():
            if field.path:
                values = values_at(self.rows["details"], field.path).unique(maintain_order=True)
                values = values.rename({"text": name})
                picked = picked.join(values, on="row", how="left", maintain_order="left_right")
        return picked.select(names)

    def _counts(self, names: Sequence[str]) -> pl.DataFrame:
        if not names:
            return pl.DataFrame({"count": [self.rows.height]}, schema={"count": pl.UInt32})
        return self._picked(names).group_by(names, maintain_order=True).len("count")

    def _extremes(self, name: str, *, most: bool) -> pl.DataFrame:
        return self._counts((name,)).sort("count", descending=most, maintain_order=True)

    def _firsts(self, stage: First, fields: Sequence[str]) -> pl.DataFrame:
        columns = stage.columns(None if self._is_events else tuple(self.rows.columns))
        picked = self._picked(columns or ()).sort("time", maintain_order=True)
        return picked.unique(fields, keep="first", maintain_order=True)

    def _timeline(self, every: Duration, by: str | None) -> pl.DataFrame:
        names = ("time",) if by is None else ("time", by)
        rows = self._picked(names).with_columns(bin=_bin_number(pl.col("time"), every))
        rows = rows.filter(pl.col("time").is_not_null())
        groups = ["bin"] if by is None else ["bin", by]
        counts = rows.group_by(groups, maintain_order=True).len("count")
        counts = counts.sort("bin", maintain_order=True)
        if by is None and counts.height:
            counts = _without_gaps(counts)
        return counts.select(_bin_start(pl.col("bin"), every).alias("time"), pl.exclude("bin"))

    def _sorted(self, name: str, *, descending: bool) -> pl.DataFrame:
        key = self._first_values(name)
        if name.startswith(FieldName.DETAILS):
            text = pl.col("key")
            number = pl.when(text.str.contains(_NUMBER)).then(text.cast(pl.Float64, strict=False))
            order = key.select(number.alias("number"), text)
        else:
            order = key
        order = order.with_row_index("row")
        keys = [column for column in order.columns if column != "row"]
        rows = order.sort(keys, descending=descending, nulls_last=True, maintain_order=True)["row"]
        return self.rows[rows]

    def _first_values(self, name: str) -> pl.DataFrame:
        """Take one value of each row, as the column `key`."""
        if self._is_events and event_field(name).path:
            values = values_at(self.rows["details"], event_field(name).path)
            first = values.unique("row", keep="first", maintain_order=True)
            joined = _rows(self.rows).join(first, on="row", how="left", maintain_order="left")
            return joined.select(key="text")
        return self._picked((name,)).select(key=name)


def _rows(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"))


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


def _bin_number(time: pl.Expr, every: Duration) -> pl.Expr:
    if every.unit in UNITS:
        length = every.count * UNITS[every.unit] // _MICROSECOND
        return (time.dt.timestamp("us") + _BEFORE_EPOCH) // length
    months = (time.dt.year().cast(pl.Int64) - 1) * 12 + time.dt.month() - 1
    return months // every.months


def _bin_start(number: pl.Expr, every: Duration) -> pl.Expr:
    if every.unit in UNITS:
        length = every.count * UNITS[every.unit] // _MICROSECOND
        return (number * length - _BEFORE_EPOCH).cast(TIME)
    months = number * every.months
    return pl.datetime(months // 12 + 1, months % 12 + 1, 1, time_unit="us", time_zone="UTC")


def _without_gaps(counts: pl.DataFrame) -> pl.DataFrame:
    first, last = counts["bin"][0], counts["bin"][-1]
    if last - first >= MAX_BINS:
        raise UsageError(
            f"a timeline of more than {MAX_BINS:,} bins", hint="choose a longer unit, or a range"
        )
    bins = pl.DataFrame({"bin": pl.int_range(first, last + 1, eager=True)})
    filled = bins.join(counts, on="bin", how="left", maintain_order="left")
    return filled.with_columns(pl.col("count").fill_null(0))

"""What goes, counted by type, user, resource, result and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from audit_console.core.filters import Filter
from audit_console.core.query.stages import Count, Timeline, Top
from audit_console.core.timespan import Duration
from audit_console.errors import UsageError
from audit_console.retention.spans import changes, events_of
from audit_console.sources.protocol import Source

if TYPE_CHECKING:  # a source brings Polars along
    import polars as pl

ROWS = 100
"""Values of a field that are listed; all are counted."""

_DAILY = Timeline(Duration(1, "d"), by="type")
_USERS = Count(("user",))
_RESOURCES = Count(("resource",))
_RESULTS = Count(("result",))


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Events by a field: the values that most have, and how many values there are."""

    field: str
    rows: tuple[tuple[str | None, int], ...]
    values: int


@dataclass(frozen=True, slots=True)
class Going:
    """The events that go.

    Attributes:
        events: how many.
        breakdowns: by type, user, resource and result.
        days: by day (UTC), those without any left out.
    """

    events: int = 0
    breakdowns: Sequence[Breakdown] = ()
    days: Sequence[tuple[datetime, int]] = ()


def count_going(source: Source, where: Filter) -> Going:
    """Count the events of a filter, in one look at them unless that is too much for the source.

    Raises:
        SourceError: the log cannot be looked at.
    """
    try:
        return _going(*_sums(source, where))
    except UsageError:
        return _going_one_by_one(source, where)


class GoingSums:
    """What goes of one chain by one cut-off after the other, as long as it begins as it did."""

    def __init__(self, source: Source, chain: str) -> None:
        self._source = source
        self._chain = chain
        self._counted: tuple[range, Sequence[pl.DataFrame]] = range(0), ()

    def count(self, seqs: range) -> Going:
        """Count the events that go, in one look at those that were not counted yet.

        Raises:
            SourceError: the log cannot be looked at.
        """
        try:
            sums = self._sums(seqs)
        except UsageError:
            return _going_one_by_one(self._source, self._events(seqs))
        self._counted = seqs, sums
        return _going(*sums)

    def _sums(self, seqs: range) -> Sequence[pl.DataFrame]:
        counted, sums = self._counted
        parts = changes(counted, seqs)
        if parts is None:
            return _sums(self._source, self._events(seqs))
        for sign, part in parts:
            others = _sums(self._source, self._events(part))
            sums = [_added(*pair, sign) for pair in zip(sums, others, strict=True)]
        return sums

    def _events(self, seqs: range) -> Filter:
        return events_of(self._chain, seqs.start, seqs.stop)


def _sums(source: Source, where: Filter) -> Sequence[pl.DataFrame]:
    """Count events by day and type, and by each other field, in one look at them."""
    return source.counts(where, by=[_DAILY, _USERS, _RESOURCES, _RESULTS])


def _added(sums: pl.DataFrame, others: pl.DataFrame, sign: int) -> pl.DataFrame:
    """Add counts, or take them away."""
    *keys, count = sums.columns
    signed = others.with_columns(others[count].cast(int) * sign)
    added = sums.with_columns(sums[count].cast(int)).vstack(signed).group_by(keys).sum()
    return added.filter(added[count] != 0)


def _going_one_by_one(source: Source, where: Filter) -> Going:
    """Count what has too many values to be counted together."""
    daily = source.tally(where, by=[_DAILY])
    fields = ("user", "resource", "result")
    return _of(daily, *(_breakdown_of(source, where, field) for field in fields))


def _going(daily: pl.DataFrame, *others: pl.DataFrame) -> Going:
    return _of(daily, *(_breakdown(counts, counts.columns[0]) for counts in others))


def _of(daily: pl.DataFrame, *others: Breakdown) -> Going:
    return Going(
        events=int(daily["count"].sum()),
        breakdowns=(_breakdown(daily, "type"), *others),
        days=tuple(_by(daily, "time").sort("time").iter_rows()),
    )


def _breakdown_of(source: Source, where: Filter, field: str) -> Breakdown:
    try:
        return _breakdown(source.tally(where, by=[Count((field,))]), field)
    except UsageError:
        return _most(source, where, field)


def _most(source: Source, where: Filter, field: str) -> Breakdown:
    """Count by a field with more values than a source gives: those that most have."""
    most = source.tally(where, by=[Top(field, ROWS)])
    values = source.tally(where, by=[Count((field,)), Count()])
    return Breakdown(field, _rows(most), int(values["count"][0]))


def _breakdown(counts: pl.DataFrame, field: str) -> Breakdown:
    by_value = _by(counts, field)
    return Breakdown(field, _rows(by_value), by_value.height)


def _rows(counts: pl.DataFrame) -> tuple[tuple[str | None, int], ...]:
    """Give values and counts, the highest first, and of equal ones by the value."""
    value, count = counts.columns
    ordered = counts.sort(count, value, descending=[True, False], nulls_last=True)
    return tuple(ordered.head(ROWS).iter_rows())


def _by(counts: pl.DataFrame, column: str) -> pl.DataFrame:
    """Add counts up by one of the columns that they were counted by."""
    return counts.select(column, "count").group_by(column).sum()

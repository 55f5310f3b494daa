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
from audit_console.sources.protocol import Source

if TYPE_CHECKING:  # a source brings Polars along
    import polars as pl

ROWS = 100
"""Values of a field that are listed; all are counted."""

_DAILY = Timeline(Duration(1, "d"), by="type")


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
    """Count the events of a filter.

    Each tally looks at all of them, so what has few values is counted beside something else.

    Raises:
        SourceError: the log cannot be looked at.
    """
    daily = source.tally(where, by=[_DAILY])
    users, results = _breakdowns(source, where, ("user", "result"))
    resources = _breakdowns(source, where, ("resource",))
    return Going(
        events=int(daily["count"].sum()),
        breakdowns=(_breakdown(daily, "type"), users, *resources, results),
        days=tuple(_by(daily, "time").iter_rows()),
    )


def _breakdowns(source: Source, where: Filter, fields: tuple[str, ...]) -> list[Breakdown]:
    """Count by some fields at once; one after the other where that is too much for the source."""
    try:
        counts = source.tally(where, by=[Count(fields)])
    except UsageError:
        if len(fields) == 1:
            return [_most(source, where, fields[0])]
        return [one for field in fields for one in _breakdowns(source, where, (field,))]
    return [_breakdown(counts, field) for field in fields]


def _most(source: Source, where: Filter, field: str) -> Breakdown:
    """Count by a field with more values than a source gives: those that most have."""
    most = source.tally(where, by=[Top(field, ROWS)])
    values = source.tally(where, by=[Count((field,)), Count()])
    return Breakdown(field, _rows(most), int(values["count"][0]))


def _breakdown(counts: pl.DataFrame, field: str) -> Breakdown:
    by_value = _by(counts, field)
    most = by_value.sort("count", descending=True, maintain_order=True).head(ROWS)
    return Breakdown(field, _rows(most), by_value.height)


def _rows(counts: pl.DataFrame) -> tuple[tuple[str | None, int], ...]:
    return tuple((_text(value), count) for value, count in counts.iter_rows())


def _by(counts: pl.DataFrame, column: str) -> pl.DataFrame:
    """Add counts up by one of the columns that they were counted by."""
    return counts.select(column, "count").group_by(column, maintain_order=True).sum()


def _text(value: object) -> str | None:
    return None if value is None else str(value)

"""What goes, counted by type, user, resource, result and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from audit_console.core.filters import Filter
from audit_console.core.query.stages import Count, Timeline
from audit_console.core.timespan import Duration
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
        UsageError: a field has more values than can be counted.
    """
    daily = source.tally(where, by=[_DAILY])
    users = source.tally(where, by=[Count(("user", "result"))])
    resources = source.tally(where, by=[Count(("resource",))])
    counted = {"type": daily, "user": users, "resource": resources, "result": users}
    return Going(
        events=int(daily["count"].sum()),
        breakdowns=tuple(_breakdown(counts, field) for field, counts in counted.items()),
        days=tuple(_by(daily, "time").iter_rows()),
    )


def _breakdown(counts: pl.DataFrame, field: str) -> Breakdown:
    by_value = _by(counts, field)
    most = by_value.sort("count", descending=True, maintain_order=True).head(ROWS)
    rows = tuple((_text(value), count) for value, count in most.iter_rows())
    return Breakdown(field, rows, by_value.height)


def _by(counts: pl.DataFrame, column: str) -> pl.DataFrame:
    """Add counts up by one of the columns that they were counted by."""
    return counts.select(column, "count").group_by(column, maintain_order=True).sum()


def _text(value: object) -> str | None:
    return None if value is None else str(value)

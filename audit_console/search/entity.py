"""Everything that a log says of one value: a user, an address, a resource, any field's value.

A card is about the whole log: the filter in force has no part in it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from audit_console.core.filters import EVERYTHING
from audit_console.core.narrowing import Value, value_term
from audit_console.core.query.stages import Count, Timeline, event_field
from audit_console.core.timespan import Duration
from audit_console.search.question import Question
from audit_console.sources.protocol import AtRow, Order

LISTED = ("result", "type", "user", "ip", "action", "resource", "agent", "error")
"""Fields whose values a card lists, in this order."""

SHOWN = 10
"""Values of a field that a card shows, the most common first."""


class Summary(NamedTuple):
    """How often and when a value is there.

    Attributes:
        matched: events that have it.
        read: events of the log.
        first: time of the earliest event that has it.
        last: time of the latest.
        partial: whether more of the log was still to be read, so that all numbers are a part.
    """

    matched: int
    read: int
    first: datetime | None
    last: datetime | None
    partial: bool


class Listing(NamedTuple):
    """The values of a field among the events of a card.

    Attributes:
        name: of the field, as a query names it.
        distinct: different values.
        missing: events without one.
        shown: the most common ones with their counts, ties in the order of the values.
    """

    name: str
    distinct: int
    missing: int
    shown: tuple[tuple[Value, int], ...]

    @property
    def more(self) -> int:
        """Values that are not shown."""
        return self.distinct - len(self.shown)


class Peak(NamedTuple):
    """A span of time and the events in it."""

    start: datetime
    events: int


class Busiest(NamedTuple):
    """The hour and the day, UTC, with the most events; of equals the earliest."""

    hour: Peak
    day: Peak


def about(question: Question, value: Value) -> Question:
    """Ask the whole log for the events with a value, whatever the filter was."""
    return replace(question, where=EVERYTHING).narrowed(value_term(value))


def listed_fields(value: Value) -> tuple[str, ...]:
    """Name the fields that a card lists; its own would be one value."""
    return tuple(name for name in LISTED if name != value.field.name)


def summary(asked: Question) -> Summary:
    """Say how often and when.

    Args:
        asked: what `about` gives.

    Raises:
        SourceError: the log cannot be looked at.
    """
    partial = asked.source.status.partial
    oldest = asked.page(AtRow(0), 1, order=Order.OLDEST_FIRST)
    newest = asked.page(AtRow(0), 1, order=Order.NEWEST_FIRST)
    read = oldest.read
    if read is None:
        read = replace(asked, where=EVERYTHING).count()
    if oldest.rows.is_empty():
        return Summary(0, read, None, None, partial)
    first, last = oldest.rows.item(0, "timestamp"), newest.rows.item(0, "timestamp")
    matched = asked.count() if newest.matched is None else newest.matched
    return Summary(matched, read, first, last, partial)


def listing(asked: Question, name: str) -> Listing:
    """Count the values of a field.

    Raises:
        SourceError: the log cannot be looked at.
    """
    found = asked.tally(Count((name,)))
    value, count = found.columns
    missing = int(found.filter(found[value].is_null())[count].sum())
    present = found.drop_nulls(value).cast({value: str})
    shown = present.sort(count, value, descending=[True, False]).head(SHOWN)
    field = event_field(name)
    return Listing(
        name=name,
        distinct=present.height,
        missing=missing,
        shown=tuple((Value(field, text), number) for text, number in shown.iter_rows()),
    )


def busiest(asked: Question) -> Busiest | None:
    """Find hour and day with the most events; None where there is none.

    Raises:
        SourceError: the log cannot be looked at.
    """
    hours: Counter[datetime] = Counter()
    days: Counter[datetime] = Counter()
    # With `by`, a timeline leaves out the hours without events: a log may span ages.
    rows = asked.tally(Timeline(Duration(1, "h"), by="result")).iter_rows()
    for time, _, count in rows:
        hour = time.astimezone(UTC)
        hours[hour] += count
        days[hour.replace(hour=0)] += count
    if not hours:
        return None
    return Busiest(_peak(hours), _peak(days))


def _peak(counts: Counter[datetime]) -> Peak:
    start = min(counts, key=lambda time: (-counts[time], time))
    return Peak(start, counts[start])

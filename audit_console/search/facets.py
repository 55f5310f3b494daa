"""The values of a field among the events of a question, each with its exact count.

What a screen shows comes first and costs least: how many values there are, then the count
of each, then the course of the few that are shown. Values stay in columns: a field may have
as many as there are events, and only those few become objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl

from audit_console.columns.memo import Memo
from audit_console.core.caseless import RUST, escape_wildcards, pattern_regex
from audit_console.core.filters import Has, Not, Term, joined
from audit_console.core.narrowing import Value, value_term
from audit_console.core.query import event_field
from audit_console.core.query.stages import Count, Timeline
from audit_console.core.timespan import Duration, bin_number
from audit_console.search.question import Question

BINS = 12
"""Spans that a sparkline counts in, at most."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a field, None where it is missing.

    Attributes:
        text: the value as text.
        count: events that have it.
        share: of the matching events, 0 to 1. The shares of a field with several values
            of one event add up to more than 1.
        spans: counts of the same events over time.
    """

    text: str | None
    count: int
    share: float
    spans: tuple[int, ...]


class ValueCounts(NamedTuple):
    """How often each value occurs.

    Attributes:
        matched: events that the question keeps.
        missing: events without the field.
        textless: events with a value in `details` that has no text, such as an object.
        values: columns `value` and `count`, in no order: to sort millions takes longer than
            to pick the few that are shown.
    """

    matched: int
    missing: int
    textless: int
    values: pl.DataFrame


class Picked(NamedTuple):
    """The first of the values that were found.

    Attributes:
        values: in the order asked for.
        found: how many were found in all.
        others: those asked for by their text that are not among them.
        absent: the events without the field.
        counts: what they were picked from.
    """

    values: tuple[FacetValue, ...]
    found: int
    others: tuple[FacetValue, ...]
    absent: FacetValue
    counts: ValueCounts


@dataclass(frozen=True, eq=False, slots=True)
class Facet:
    """Values of a field. What takes a look at the log blocks, the counts only once.

    Attributes:
        question: which events are counted.
        field: as a query names it.
        distinct: different values.
        partial: whether more of the log was still to be read, so that every number is a part.
        every: the length of the spans in which the events of a value are counted.
        spans: their numbers.
    """

    question: Question
    field: str
    distinct: int
    partial: bool
    every: Duration
    spans: range
    _counts: Memo[None, ValueCounts] = attribute(default_factory=lambda: Memo(1))

    @property
    def bins(self) -> int:
        """How many spans there are."""
        return len(self.spans)

    def counts(self) -> ValueCounts:
        """Count each value."""
        return self._counts.get(None, lambda: _counts(self.question, self.field))

    def commonest_first(self) -> list[tuple[str, int]]:
        """List every value with its count, the commonest first, ties by value."""
        return self.counts().values.sort("count", "value", descending=[True, False]).rows()

    def pick(
        self, limit: int, *, rare: bool = False, within: str = "", also: Iterable[str] = ()
    ) -> Picked:
        """Give the first values.

        Args:
            limit: how many.
            rare: rare ones first instead of common ones; ties by value in both orders.
            within: a part of the values to give, without case.
            also: values to give besides, also such as no event has.

        Raises:
            SourceError: the log cannot be looked at.
        """
        counts = self.counts()
        found = self._found(within)
        first = dict(_first(found, limit, rare=rare).iter_rows())
        others = [text for text in also if text not in first]
        is_other = pl.col("value").is_in(pl.Series(others, dtype=pl.String).implode())
        there = dict(counts.values.filter(is_other).iter_rows())
        courses = self._courses([*first, *there])

        def made(text: str | None, count: int) -> FacetValue:
            course = tuple(courses.get(text, [0] * self.bins))
            return FacetValue(text, count, count / counts.matched if count else 0.0, course)

        if counts.missing:
            courses |= self._courses([None])
        return Picked(
            values=tuple(made(text, count) for text, count in first.items()),
            found=found.height,
            others=tuple(made(text, there.get(text, 0)) for text in others),
            absent=made(None, counts.missing),
            counts=counts,
        )

    def _found(self, within: str) -> pl.DataFrame:
        values = self.counts().values
        if not within:
            return values
        part = pattern_regex(escape_wildcards(within), RUST, whole=False)
        return values.filter(pl.col("value").str.contains(part))

    def _courses(self, texts: Sequence[str | None]) -> dict[str | None, list[int]]:
        """Count the events of some values over time."""
        courses = {text: [0] * self.bins for text in texts}
        if not courses:
            return courses
        terms = [value_term(Value(event_field(self.field), text)) for text in texts]
        having = self.question.narrowed(*joined(terms))
        for time, value, count in having.tally(Timeline(self.every, by=self.field)).iter_rows():
            text = None if value is None else str(value)
            span = bin_number(time.astimezone(UTC), self.every)
            if text in courses and span in self.spans:
                courses[text][span - self.spans.start] += count
        return courses


def _first(found: pl.DataFrame, limit: int, *, rare: bool) -> pl.DataFrame:
    """Pick by count, and by text only among those of the last count that is picked."""
    counts = found["count"]
    last = counts.bottom_k(limit).max() if rare else counts.top_k(limit).min()
    if last is None:
        return found.clear()
    surely = found.filter(counts < last if rare else counts > last)
    texts = found.filter(counts == last)["value"].bottom_k(limit - surely.height)
    tied = texts.to_frame().with_columns(pl.lit(last, counts.dtype).alias("count"))
    order = pl.col("count") if rare else -pl.col("count")
    return pl.concat([surely, tied]).sort(order, pl.col("value"))


def facet(
    question: Question, field: str, window: tuple[datetime, datetime], *, counted: bool = True
) -> Facet:
    """Look at the values of a field over all events of a question.

    Args:
        question: what to count.
        field: as a query names it, one that `facet_fields.facet_field` gives.
        window: times between which sparklines run, both UTC. Events outside are counted
            all the same, and only not drawn.
        counted: whether values are counted now, and not only when they are asked for.

    Raises:
        SourceError: the log cannot be looked at.
    """
    partial = question.source.status.partial
    every = spark_every(*window)
    first, last = (bin_number(moment, every) for moment in window)
    spans = range(first, max(first, last) + 1)
    found = Facet(question, field, 0, partial, every, spans)
    if counted or event_field(field).path:  # where not every value is text
        return replace(found, distinct=found.counts().values.height)
    return replace(found, distinct=_distinct(question, field))


def spark_every(first: datetime, last: datetime, bins: int = BINS) -> Duration:
    """Choose the length of the spans of a sparkline: at most `bins` from first to last.

    Nobody reads it, so it need not be a round one.
    """
    return Duration(max(1, -((first - last) // ((bins - 1) * _SECOND))), "s")


def _distinct(question: Question, field: str) -> int:
    """Count the values alone."""
    having = question.narrowed(Term(event_field(field), Has()))
    return int(having.tally(Count((field,)), Count()).item())


def _counts(question: Question, field: str) -> ValueCounts:
    tally = question.tally(Count((field,)))
    counts = pl.DataFrame(
        {"value": tally[field].cast(pl.String), "count": tally["count"].cast(pl.Int64)}
    )
    values = counts.drop_nulls("value")
    matched = _total(counts)
    missing = without_text = matched - _total(values)
    if event_field(field).path:
        matched, missing = _of_events(question, field)
    return ValueCounts(matched, missing, max(0, without_text - missing), values)


def _total(counts: pl.DataFrame) -> int:
    return int(counts.select(pl.col("count").sum()).item())


def _of_events(question: Question, field: str) -> tuple[int, int]:
    """Count events where those of the values say nothing about it: an event may have several."""
    lacking = question.narrowed(Not(Term(event_field(field), Has())))
    matched, missing = (asked.count() for asked in (question, lacking))
    return matched, missing

"""The values of a field among the events of a question, each with its exact count.

Values stay in columns: a field may have as many as there are events, and only the few
that are shown become objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from audit_console.core.caseless import RUST, escape_wildcards, pattern_regex
from audit_console.core.filters import Has, Not, Term
from audit_console.core.query import event_field
from audit_console.core.query.stages import Timeline
from audit_console.core.timespan import Duration, bin_number, bin_start
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


class Picked(NamedTuple):
    """The first of the values that were found, and how many were found in all."""

    values: tuple[FacetValue, ...]
    found: int


@dataclass(frozen=True, eq=False, slots=True)
class Facet:
    """Values of a field.

    Attributes:
        field: as a query names it.
        matched: events that the question keeps.
        distinct: different values.
        missing: events without the field.
        textless: events with a value in `details` that has no text, such as an object.
        partial: whether more of the log was still to be read, so that every number is a part.
        bins: spans in which the events of a value are counted.
        counts: columns `value` and `count`, in no order: to sort millions takes longer than
            to pick the few that are shown.
        parts: columns `value`, `span` and `count`; null is missing.
    """

    field: str
    matched: int
    distinct: int
    missing: int
    textless: int
    partial: bool
    bins: int
    counts: pl.DataFrame
    parts: pl.DataFrame

    def pick(self, limit: int, *, rare: bool = False, within: str = "") -> Picked:
        """Give the first values.

        Args:
            limit: how many.
            rare: rare ones first instead of common ones; ties by value in both orders.
            within: a part of the values to give, without case.
        """
        found = self.counts
        if within:
            part = pattern_regex(escape_wildcards(within), RUST, whole=False)
            found = found.filter(pl.col("value").str.contains(part))
        order = (pl.col("count") if rare else -pl.col("count"), pl.col("value"))
        rows = found.bottom_k(limit, by=order).sort(order)
        return Picked(self._values(rows), found.height)

    def value(self, text: str) -> FacetValue:
        """Give one value, also one that no event has."""
        rows = self.counts.filter(pl.col("value") == text)
        return next(iter(self._values(rows)), FacetValue(text, 0, 0.0, (0,) * self.bins))

    def absent(self) -> FacetValue:
        """Give the events without the field."""
        spans = self._spans(self.parts.filter(pl.col("value").is_null())).get(None)
        return FacetValue(None, self.missing, self._share(self.missing), spans or (0,) * self.bins)

    def _values(self, rows: pl.DataFrame) -> tuple[FacetValue, ...]:
        spans = self._spans(self.parts.filter(pl.col("value").is_in(rows["value"].implode())))
        return tuple(
            FacetValue(text, count, self._share(count), spans[text])
            for text, count in rows.iter_rows()
        )

    def _share(self, count: int) -> float:
        return count / self.matched if self.matched else 0.0

    def _spans(self, parts: pl.DataFrame) -> dict[str | None, tuple[int, ...]]:
        spans: dict[str | None, list[int]] = {}
        for text, span, count in parts.select("value", "span", "count").iter_rows():
            counts = spans.setdefault(text, [0] * self.bins)
            if 0 <= span < self.bins:
                counts[span] += count
        return {text: tuple(counts) for text, counts in spans.items()}


def facet(question: Question, field: str, window: tuple[datetime, datetime]) -> Facet:
    """Count the values of a field over all events of a question.

    Every event has a time, so a tally over time leaves none out.

    Args:
        question: what to count.
        field: as a query names it, one that `facet_fields.facet_field` gives.
        window: times between which sparklines run, both UTC. Events outside are counted
            all the same, and only not drawn.

    Raises:
        SourceError: the log cannot be looked at.
    """
    partial = question.source.status.partial
    every = spark_every(*window)
    first, last = (bin_number(moment, every) for moment in window)
    tally = question.tally(Timeline(every, by=field))
    parts = _parts(tally, bin_start(first, every), every)
    counts = parts.group_by("value").agg(pl.col("count").sum())
    present = counts.drop_nulls("value")
    matched = _total(counts)
    missing = without_text = matched - _total(present)
    if event_field(field).path:
        matched, missing = _of_events(question, field)
    return Facet(
        field=field,
        matched=matched,
        distinct=present.height,
        missing=missing,
        textless=max(0, without_text - missing),
        partial=partial,
        bins=max(1, last - first + 1),
        counts=present,
        parts=parts,
    )


def spark_every(first: datetime, last: datetime, bins: int = BINS) -> Duration:
    """Choose the length of the spans of a sparkline: at most `bins` from first to last.

    Nobody reads it, so it need not be a round one.
    """
    return Duration(max(1, -((first - last) // ((bins - 1) * _SECOND))), "s")


def _parts(tally: pl.DataFrame, start: datetime, every: Duration) -> pl.DataFrame:
    time, value = (tally.to_series(index) for index in (0, 1))
    length = every.count * 1_000_000
    return pl.DataFrame(
        {
            "value": value.cast(pl.String),
            "span": (time - start).dt.total_microseconds() // length,
            "count": tally["count"].cast(pl.Int64),
        }
    )


def _total(counts: pl.DataFrame) -> int:
    return int(counts.select(pl.col("count").sum()).item())


def _of_events(question: Question, field: str) -> tuple[int, int]:
    """Count events where those of the values say nothing about it: an event may have several."""
    lacking = question.narrowed(Not(Term(event_field(field), Has())))
    matched, missing = (asked.count() for asked in (question, lacking))
    return matched, missing

"""The events of one request in their order, with the time that each of them took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from audit_console.core.filters import EVERYTHING, FieldName, equals
from audit_console.core.query.stages import Count
from audit_console.search.question import Question
from audit_console.sources.protocol import AtRow, Order

STEPS = 2_000
"""Steps that are fetched at once."""


class RequestExtent(NamedTuple):
    """How much a request did.

    Attributes:
        matched: events that name it.
        first: time of the earliest.
        last: time of the latest.
        results: how many events had which result, None for those without.
        partial: whether more of the log was still to be read, so that all numbers are a part.
    """

    matched: int
    first: datetime | None
    last: datetime | None
    results: Mapping[str | None, int]
    partial: bool

    @property
    def span(self) -> timedelta:
        """Time from the first event to the last."""
        return self.last - self.first if self.first and self.last else timedelta(0)


class RequestStep(NamedTuple):
    """An event of a request.

    Attributes:
        row: the event, with the columns of `columns.schema.PAGE`.
        offset: time since the first event.
        gap: time since the event before, None for the first.
    """

    row: Mapping[str, Any]
    offset: timedelta
    gap: timedelta | None


def events_of(question: Question, request_id: str) -> Question:
    """Ask the whole log for the events of a request, whatever the filter was."""
    return replace(question, where=EVERYTHING).narrowed(equals(FieldName.REQUEST, request_id))


def extent(asked: Question) -> RequestExtent:
    """Say how much the request did.

    Args:
        asked: what `events_of` gives.

    Raises:
        SourceError: the log cannot be looked at.
    """
    partial = asked.source.status.partial
    results = {
        None if result is None else str(result): count
        for result, count in asked.tally(Count(("result",))).iter_rows()
    }
    oldest = asked.page(AtRow(0), 1, order=Order.OLDEST_FIRST)
    newest = asked.page(AtRow(0), 1, order=Order.NEWEST_FIRST)
    if oldest.rows.is_empty():
        return RequestExtent(0, None, None, results, partial)
    first, last = oldest.rows.item(0, "timestamp"), newest.rows.item(0, "timestamp")
    return RequestExtent(sum(results.values()), first, last, results, partial)


def steps(asked: Question, before: Sequence[RequestStep], limit: int = STEPS) -> list[RequestStep]:
    """Give the steps that follow those fetched before.

    Args:
        asked: what `events_of` gives.
        before: all steps so far, from the first on.
        limit: how many to give, at most.

    Raises:
        SourceError: the log cannot be looked at.
    """
    page = asked.page(AtRow(len(before)), limit, order=Order.OLDEST_FIRST)
    start = before[0].row["timestamp"] if before else None
    previous = before[-1].row["timestamp"] if before else None
    found = []
    for row in page.rows.iter_rows(named=True):
        time = row["timestamp"]
        start = time if start is None else start
        found.append(RequestStep(row, time - start, None if previous is None else time - previous))
        previous = time
    return found

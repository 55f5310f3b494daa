"""Queries that mean the same at any time and to anybody, as a rule or a hold must."""

from __future__ import annotations

from datetime import UTC, datetime

from audit_console.core.filters import (
    MARKS,
    Around,
    Expression,
    FieldName,
    Filter,
    Term,
    all_of,
    map_terms,
)
from audit_console.core.query import parse, query_text
from audit_console.core.timespan import Anchor
from audit_console.errors import QueryError

_BESIDE_THE_LOG = (FieldName.CHECK, *MARKS)
_NO_CLOCK = Anchor(datetime(2000, 1, 1, tzinfo=UTC))


def lasting_filter(query: str) -> Filter:
    """Read a query that means the same at any time and to anybody.

    Raises:
        QueryError: it cannot be read, counts from the clock, or asks for more than the
            events themselves say.
    """
    read = parse(query, _NO_CLOCK)
    if read.clock_times:
        raise QueryError(read.clock_times[0] + 1, "a time that counts from the clock", "a date")
    if read.stages or not read.where:
        raise QueryError(1, "not a filter that keeps some of the events", "for all of them: id:*")
    map_terms(all_of(read.where.terms), _require_lasting)
    return read.where


def _require_lasting(term: Term) -> Expression:
    if term.field.name in _BESIDE_THE_LOG or isinstance(term.match, Around):
        raise QueryError(1, f"{term.field.name} can change, and the events cannot")
    return term


def lasting_text(query: str, now: datetime) -> str:
    """Print a query so that it lasts: times that count from the clock become dates.

    Raises:
        QueryError: it cannot be read, or asks for more than the events themselves say.
    """
    read = parse(query, Anchor(now))
    text = query_text(read.where, read.stages)
    lasting_filter(text)
    return text

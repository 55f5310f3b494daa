"""Filters made by pointing at a value: include it, exclude it, keep nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from audit_console.core.filters import (
    EVERYTHING,
    WEEKDAYS,
    Between,
    Exact,
    Expression,
    Field,
    FieldName,
    Filter,
    Has,
    Not,
    Range,
    Term,
    all_of,
    negate,
)
from audit_console.core.timespan import TICK


class How(StrEnum):
    """What to do with the value that was pointed at."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"
    REQUIRE = "require"
    LACK = "lack"


class Value(NamedTuple):
    """A value of a field as its text; None is missing."""

    field: Field
    text: str | None


def value_term(value: Value) -> Expression:
    """Make the term that keeps events with exactly this value."""
    if value.text is None:
        return Not(Term(value.field, Has()))
    if value.field.name in (FieldName.SEQ, FieldName.HOUR, FieldName.WEEKDAY):
        number = _number(value.text)
        return Term(value.field, Range(number, number))
    return Term(value.field, Exact(value.text))


def _number(text: str) -> Decimal:
    """Read a seq, an hour, or a weekday by its name."""
    return Decimal(WEEKDAYS.index(text) + 1 if text in WEEKDAYS else text)


def narrowed(where: Filter, how: How, values: Sequence[Value]) -> Filter:
    """Change a filter by the values that were pointed at.

    A value included on a field that is filtered for other values joins them: the same
    field twice is OR. What excludes stands apart, because all of it must hold. What says
    the very opposite goes: no event is of both.
    """
    terms = [value_term(value) for value in values]
    having = [Term(value.field, Has()) for value in values]
    match how:
        case How.ONLY:
            return EVERYTHING.with_terms(*terms)
        case How.INCLUDE:
            return _replaced(where, [negate(all_of(terms))], terms)
        case How.EXCLUDE:
            return _replaced(where, terms, [negate(all_of(terms))])
        case How.REQUIRE:
            return _replaced(where, [Not(term) for term in having], having)
        case _:
            return _replaced(where, having, [Not(term) for term in having])


def _replaced(where: Filter, old: Sequence[Expression], new: Sequence[Expression]) -> Filter:
    """Add terms that are not in force, and take away `old` if all of these are."""
    if all(term in where.active for term in old):
        for index in reversed(range(len(where.terms))):
            if index not in where.off and where.terms[index] in old:
                where = where.without(index)
    return where.with_terms(*(term for term in new if term not in where.active))


TIME = Field(FieldName.TIME)

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def window_of(where: Filter) -> Between:
    """Give the time that a filter bounds; None where it does not."""
    bounds = [bound for term in where.active if (bound := _time_bound(term)) is not None]
    starts = [bound.start for bound in bounds if bound.start is not None]
    ends = [bound.end for bound in bounds if bound.end is not None]
    return Between(max(starts, default=None), min(ends, default=None))


def without_time(where: Filter) -> Filter:
    """Take away what bounds the time of a filter; what is switched off stays."""
    for index in reversed(range(len(where.terms))):
        if index not in where.off and _time_bound(where.terms[index]) is not None:
            where = where.without(index)
    return where


def within(where: Filter, window: Between) -> Filter:
    """Put a time in the place of those that bound a filter."""
    return without_time(where).with_terms(Term(TIME, window))


def half_around(moment: datetime, window: tuple[datetime, datetime]) -> Between:
    """Give half of a time, a moment in its middle unless that leaves the time.

    Of more than a minute the bounds are whole seconds, so that they are easily read.
    """
    start, end = window
    half = (end - start) / 2
    first = min(max(moment - half / 2, start), end - half)
    last = first + half + TICK
    if half < _MINUTE:
        return Between(first, last)
    return Between(first.replace(microsecond=0), last.replace(microsecond=0) + _SECOND)


def _time_bound(term: Expression) -> Between | None:
    if isinstance(term, Term) and term.field == TIME and isinstance(term.match, Between):
        return term.match
    return None

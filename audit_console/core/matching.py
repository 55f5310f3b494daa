"""The meaning of a filter, in plain Python; every engine is tested against it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from types import MappingProxyType

from audit_console.core.automaton import Automaton
from audit_console.core.caseless import PYTHON, pattern_regex
from audit_console.core.details import number_in, texts_at
from audit_console.core.event import AuditEvent
from audit_console.core.filters import (
    SEARCHED,
    TEXT_ATTRIBUTES,
    And,
    AnyOf,
    Around,
    Between,
    Exact,
    Expression,
    Field,
    FieldName,
    Filter,
    Has,
    Inside,
    Like,
    Match,
    Not,
    Or,
    Range,
    Regex,
    Text,
)
from audit_console.core.regexes import read_regex


@dataclass(frozen=True, slots=True)
class Marks:
    """What a reader has noted on an event."""

    star: bool = False
    tags: frozenset[str] = frozenset()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class EventContext:
    """What is known of an event that its log does not say.

    `check` is one of `CHECKS`, None before the check.
    """

    check: str | None = None
    marks: Marks = Marks()


MarkKey = tuple[str, str | None]
"""An event's id and hash, so that a mark stays with what was marked."""

NO_MARKS: Mapping[MarkKey, Marks] = MappingProxyType({})

NO_CONTEXT = EventContext()


def matches(where: Filter, event: AuditEvent, context: EventContext = NO_CONTEXT) -> bool:
    """Tell whether `event` is kept by `where`, in which `around:` must be resolved."""
    return all(_holds(term, event, context) for term in where.active)


def _holds(expression: Expression, event: AuditEvent, context: EventContext) -> bool:
    match expression:
        case And(parts):
            return all(_holds(part, event, context) for part in parts)
        case Or(parts):
            return any(_holds(part, event, context) for part in parts)
        case Not(part):
            return not _holds(part, event, context)
        case Text(pattern):
            values = (getattr(event, attribute) for attribute in SEARCHED)
            search = _like(pattern, whole=False)
            return any(value is not None and search.search(value) for value in values)
        case _:
            return fits(expression.match, _values(expression.field, event, context))


Value = str | int | datetime | None
"""A value of a field. None is a value that is there but has no text."""


def _values(  # noqa: PLR0911 - one for each kind of field
    field: Field, event: AuditEvent, context: EventContext
) -> Collection[Value]:
    if field.name in TEXT_ATTRIBUTES:
        return _present(getattr(event, TEXT_ATTRIBUTES[field.name]))
    match field.name:
        case FieldName.RESOURCE:
            return (f"{event.resource_type}/{event.resource_id}",)
        case FieldName.DETAILS:
            return texts_at(event.details, field.path)
        case FieldName.SEQ:
            return _present(event.seq)
        case FieldName.CHECK:
            return _present(context.check)
        case FieldName.TIME | FieldName.HOUR | FieldName.WEEKDAY:
            return (_of_time(field.name, event.occurred_at),)
        case _:
            return mark_values(field.name, context.marks)


def mark_values(name: FieldName, marks: Marks) -> Collection[str]:
    """Give the values of `star`, `tag` or `note`."""
    if name is FieldName.STAR:
        return ("yes" if marks.star else "no",)
    if name is FieldName.TAG:
        return marks.tags
    return () if marks.note is None else (marks.note,)


def _present(value: Value) -> Collection[Value]:
    return () if value is None else (value,)


def _of_time(name: FieldName, moment: datetime) -> Value:
    match name:
        case FieldName.HOUR:
            return moment.hour
        case FieldName.WEEKDAY:
            return moment.isoweekday()
        case _:
            return moment


def fits(match: Match, values: Collection[Value]) -> bool:
    """Tell whether one of a field's values fits; none fits where there is none."""
    match match:
        case Has():
            return bool(values)
        case AnyOf(alternatives):
            return any(fits(alternative, values) for alternative in alternatives)
        case _:
            return any(_fits_one(match, value) for value in values)


def _fits_one(match: Match, value: Value) -> bool:
    match match, value:
        case ((Like() | Exact() | Regex()), str(text)):
            return fits_text(match, text)
        case Inside(network), str(text):
            return is_inside(text, network)
        case Range(), int(number):
            return in_range(match, Decimal(number))
        case Range(), str(text):
            measure = number_in(text)
            return measure is not None and in_range(match, measure)
        case Between(start, end), datetime() as moment:
            return (start is None or start <= moment) and (end is None or moment < end)
        case Around(), _:
            raise ValueError("around: must be resolved before it is used")
    return False


def fits_text(match: Like | Exact | Regex, text: str) -> bool:
    """Tell whether a text fits."""
    match match:
        case Exact(wanted):
            return text == wanted
        case Like(pattern):
            return _like(pattern, whole=True).search(text) is not None
        case _:
            return _regex(match.pattern).finds(text)


def in_range(limits: Range, number: Decimal) -> bool:
    """Tell whether a number lies within the bounds; see `Range` for those that go round."""
    low, high = limits.low, limits.high
    above = low is None or (low < number if limits.low_open else low <= number)
    below = high is None or (number < high if limits.high_open else number <= high)
    if low is not None and high is not None and high < low:
        return above or below
    return above and below


def is_inside(text: str, network: IPv4Network | IPv6Network) -> bool:
    """Tell whether a text is an address of the network."""
    if "%" in text:
        return False
    try:
        return ip_address(text) in network
    except ValueError:
        return False


@lru_cache(maxsize=512)
def _like(pattern: str, *, whole: bool) -> re.Pattern[str]:
    return re.compile(pattern_regex(pattern, PYTHON, whole=whole))


@lru_cache(maxsize=512)
def _regex(pattern: str) -> Automaton:
    return Automaton(read_regex(pattern))

"""What to keep of a log: filters as values. `core.matching.matches` fixes their meaning.

A filter is a list of terms that must all hold, each of which can be switched off without
being lost. Build terms with `all_of`, `any_of`, `negate` and `joined`: they keep them in
the one form that `core.query` prints and reads back as an equal filter.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network


class FieldName(StrEnum):
    """Fields as the query language names them."""

    ID = "id"
    TIME = "time"
    TYPE = "type"
    USER = "user"
    ACTION = "action"
    RESOURCE = "resource"
    RTYPE = "rtype"
    RID = "rid"
    RESULT = "result"
    ERROR = "error"
    IP = "ip"
    AGENT = "agent"
    REQUEST = "request"
    DETAILS = "details"
    CHAIN = "chain"
    CHECK = "check"
    SEQ = "seq"
    HASH = "hash"
    HOUR = "hour"
    WEEKDAY = "weekday"
    STAR = "star"
    TAG = "tag"
    NOTE = "note"


TEXT_ATTRIBUTES: dict[FieldName, str] = {
    FieldName.ID: "id",
    FieldName.TYPE: "event_type",
    FieldName.USER: "user_id",
    FieldName.ACTION: "action",
    FieldName.RTYPE: "resource_type",
    FieldName.RID: "resource_id",
    FieldName.RESULT: "result",
    FieldName.ERROR: "result_error",
    FieldName.IP: "ip_address",
    FieldName.AGENT: "user_agent",
    FieldName.REQUEST: "request_id",
    FieldName.CHAIN: "chain",
    FieldName.HASH: "event_hash",
}
"""Fields that are one text attribute of an event, and are named so in every store."""

MARKS = (FieldName.STAR, FieldName.TAG, FieldName.NOTE)
"""Fields that the reader's marks decide, and not the log."""

SEARCHED = ("action", "user_id", "resource_id", "result_error", "user_agent", "details")
"""Attributes that a bare word or phrase is looked for in."""

CHECKS = ("verified", "broken", "unverifiable")
"""States of an event's check: values of `chain:` that are no names of chains."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days by their number, 1 is Monday."""

_OPTIONAL = frozenset(
    {
        FieldName.USER,
        FieldName.ERROR,
        FieldName.IP,
        FieldName.AGENT,
        FieldName.REQUEST,
        FieldName.DETAILS,
        FieldName.CHAIN,
        FieldName.SEQ,
        FieldName.HASH,
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field; `path` leads into `details` and is empty otherwise."""

    name: FieldName
    path: tuple[str, ...] = ()


# What a value of the field must be. A field without value fits none of them.


@dataclass(frozen=True, slots=True)
class Has:
    """There is a value."""


@dataclass(frozen=True, slots=True)
class Like:
    """The whole text fits a pattern without case; see `core.caseless`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Exact:
    """The text is this one, character for character."""

    text: str


@dataclass(frozen=True, slots=True)
class Regex:
    """A part of the text fits a regular expression without case; see `core.regexes`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Range:
    """A number, hour or weekday from `low` to `high`, None where there is no bound.

    With two bounds both belong to it. Hours and weekdays go round: from 22 to 6 is 22, 23, 0 … 6.
    """

    low: Decimal | None = None
    high: Decimal | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """A time from `start` on and before `end`, both UTC, None where there is no bound."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """A time at most `span` from that of an event; to be replaced by `around.resolve`.

    It stands alone, not in `AnyOf`.
    """

    event_id: str
    span: timedelta


@dataclass(frozen=True, slots=True)
class Inside:
    """An address of a network; a single address is a network of one."""

    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these, two or more."""

    matches: tuple[Match, ...]


Match = Has | Like | Exact | Regex | Range | Between | Around | Inside | AnyOf


# Expressions.


@dataclass(frozen=True, slots=True)
class Term:
    """The field has a fitting value."""

    field: Field
    match: Match


@dataclass(frozen=True, slots=True)
class Text:
    """One of the attributes `SEARCHED` holds a part that fits the pattern without case."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; so an event that lacks the field is kept."""

    part: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Expression, ...]


Expression = Term | Text | Not | And | Or


@dataclass(frozen=True, slots=True)
class Filter:
    """All terms hold but those whose index is in `off`. No term keeps everything."""

    terms: tuple[Expression, ...] = ()
    off: frozenset[int] = field(default=frozenset())

    def __bool__(self) -> bool:
        return bool(self.active)

    @property
    def active(self) -> tuple[Expression, ...]:
        """The terms that are switched on."""
        return tuple(term for index, term in enumerate(self.terms) if index not in self.off)

    def with_terms(self, *terms: Expression) -> Filter:
        """Add terms; while all are on, values of the same field become alternatives."""
        if self.off:
            return replace(self, terms=(*self.terms, *terms))
        return Filter(joined((*self.terms, *terms)))

    def without(self, index: int) -> Filter:
        """Remove a term."""
        kept = [number for number in range(len(self.terms)) if number != index]
        off = frozenset(place for place, number in enumerate(kept) if number in self.off)
        return Filter(tuple(self.terms[number] for number in kept), off)

    def toggle(self, index: int) -> Filter:
        """Switch a term off, or on again."""
        return replace(self, off=self.off ^ {index})


EVERYTHING = Filter()


def equals(name: FieldName, value: str | int | None) -> Expression:
    """Make the term for exactly this value of a field; None is missing.

    A number is a value of `seq` alone, and a text is none of it.
    """
    field = Field(name)
    if value is None:
        return Not(Term(field, Has()))
    if isinstance(value, int) and name is FieldName.SEQ:
        return Term(field, Range(Decimal(value), Decimal(value)))
    return Term(field, Exact(str(value)))


def all_of(parts: Iterable[Expression]) -> Expression:
    """Make the expression that all parts hold; at least one part is given."""
    flat = tuple(_flattened(parts, And))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(parts: Iterable[Expression]) -> Expression:
    """Make the expression that one of the parts holds; at least one part is given."""
    flat = tuple(_flattened(parts, Or))
    return flat[0] if len(flat) == 1 else Or(flat)


def negate(part: Expression) -> Expression:
    """Make the expression that `part` does not hold."""
    return part.part if isinstance(part, Not) else Not(part)


def any_match(matches: Iterable[Match]) -> Match:
    """Make the match for any of those given, each once; at least one is given."""
    flat: dict[Match, None] = {}
    for match in matches:
        flat.update(dict.fromkeys(match.matches if isinstance(match, AnyOf) else (match,)))
    return next(iter(flat)) if len(flat) == 1 else AnyOf(tuple(flat))


def _flattened(parts: Iterable[Expression], kind: type[And | Or]) -> Iterator[Expression]:
    for part in parts:
        if isinstance(part, And | Or) and isinstance(part, kind):
            yield from part.parts
        else:
            yield part


def joined(terms: Sequence[Expression], apart: Container[int] = ()) -> tuple[Expression, ...]:
    """Make values of the same field alternatives, at the place of the first.

    Bounds on one side only (`since:`, `>`), `field:*`, negations and the indexes in
    `apart` stay terms of their own: of those, all must hold.
    """
    values: dict[Field, list[Match]] = {}
    kept: list[Expression | Field] = []
    for index, term in enumerate(terms):
        if index in apart or not isinstance(term, Term) or not is_alternative(term.match):
            kept.append(term)
        elif term.field in values:
            values[term.field].append(term.match)
        else:
            values[term.field] = [term.match]
            kept.append(term.field)
    return tuple(
        Term(part, any_match(values[part])) if isinstance(part, Field) else part for part in kept
    )


def is_alternative(match: Match) -> bool:
    """Tell whether a second match of this kind on the field would be another possibility."""
    match match:
        case Has() | Around():
            return False
        case Range(low, high):
            return low is not None and high is not None
        case Between(start, end):
            return start is not None and end is not None
        case _:
            return True


def map_terms(expression: Expression, change: Callable[[Term], Expression]) -> Expression:
    """Replace every term."""
    match expression:
        case Term():
            return change(expression)
        case Text():
            return expression
        case Not(part):
            return Not(map_terms(part, change))
        case And(parts):
            return And(tuple(map_terms(part, change) for part in parts))
        case _:
            return Or(tuple(map_terms(part, change) for part in expression.parts))


def terms_of(expression: Expression) -> Iterator[Term]:
    """Give every term."""
    match expression:
        case Term():
            yield expression
        case Not(part):
            yield from terms_of(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms_of(part)


def may_lack(where: Filter) -> tuple[Field, ...]:
    """List fields for which negated terms keep the events that lack them."""
    fields: dict[Field, None] = {}
    for term in where.active:
        if isinstance(term, Not) and isinstance(term.part, Term):
            named = term.part.field
            if named.name in _OPTIONAL and not isinstance(term.part.match, Has):
                fields[named] = None
    return tuple(fields)


def lacking(where: Filter, name: Field) -> Filter:
    """Narrow a filter to the events that lack a field."""
    return Filter((*where.active, Not(Term(name, Has()))))

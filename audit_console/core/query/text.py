"""Filter to text: what is printed reads back as an equal filter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from audit_console.core.caseless import literal, pieces, without_escapes
from audit_console.core.event import RESULTS
from audit_console.core.filters import (
    WEEKDAYS,
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
    Term,
    Text,
    is_alternative,
)
from audit_console.core.query.fields import field_text, quoted
from audit_console.core.query.scanner import KEYWORDS
from audit_console.core.query.stages import Stage
from audit_console.core.timespan import UNITS

_PLAIN = re.compile(r"(?!-)[\w@%+#.~$-]+")
_PLAIN_VALUE = re.compile(r"(?!/)[\w@%+#.~$:/-]+")
"""Runs of characters that need no quotes, in a bare word and behind a field."""


def filter_text(where: Filter) -> str:
    """Print the terms that are switched on."""
    return _conjunction(where.active)


def query_text(where: Filter, stages: Sequence[Stage]) -> str:
    """Print a filter and its stages."""
    return " ".join(filter(None, (filter_text(where), *(f"| {stage}" for stage in stages))))


def chips(where: Filter) -> tuple[tuple[str, bool], ...]:
    """List each term as text, and whether it is switched on."""
    return tuple(
        (expression_text(term), index not in where.off) for index, term in enumerate(where.terms)
    )


def expression_text(expression: Expression) -> str:
    """Print an expression that stands alone."""
    match expression:
        case Or(parts):
            return " OR ".join(
                f"({expression_text(part)})" if isinstance(part, Or) else expression_text(part)
                for part in parts
            )
        case And(parts):
            return _conjunction(parts)
        case Not(part):
            inner = expression_text(part)
            return f"-({inner})" if isinstance(part, And | Or | Not) else f"-{inner}"
        case Text(pattern):
            return _pattern_text(pattern, _PLAIN)
        case Term(_, Around(event_id, span)):
            return _around_text(event_id, span)
        case _:
            field = expression.field
            return f"{field_text(field)}:{match_text(field, expression.match)}"


def _conjunction(parts: Sequence[Expression]) -> str:
    """Print parts that must all hold; parentheses keep values of one field from joining."""
    fields: set[Field] = set()
    texts: list[str] = []
    for part in parts:
        text = expression_text(part)
        if isinstance(part, And | Or) and len(parts) > 1:
            text = f"({text})"
        elif isinstance(part, Term) and is_alternative(part.match):
            text = f"({text})" if part.field in fields else text
            fields.add(part.field)
        texts.append(text)
    return " ".join(texts)


def match_text(field: Field, match: Match) -> str:  # noqa: PLR0911 - one for each kind
    """Print what stands behind the colon."""
    match match:
        case Has():
            return "*"
        case Like(pattern):
            return _like_text(field, pattern)
        case Exact(text):
            return "=" + _exact_text(field, text)
        case Regex(pattern):
            return f"/{_regex_text(pattern)}/"
        case Range():
            return _range_text(field, match)
        case Between(start, end):
            return _between_text(start, end)
        case Inside(network):
            is_address = network.num_addresses == 1
            return str(network.network_address if is_address else network)
        case AnyOf(matches):
            return f"({' OR '.join(match_text(field, part) for part in matches)})"
        case _:
            raise ValueError("around: stands alone, not among other times")


def _like_text(field: Field, pattern: str) -> str:
    text = _pattern_text(pattern, _PLAIN_VALUE)
    is_whole = literal(pattern) is not None
    is_read_otherwise = {
        FieldName.IP: is_whole,
        FieldName.RESULT: is_whole and text.lower() not in RESULTS,
        FieldName.DETAILS: ".." in text,
    }
    return _pattern_text(pattern, None) if is_read_otherwise.get(field.name, False) else text


def _exact_text(field: Field, text: str) -> str:
    if field.name is FieldName.RESULT and text not in RESULTS:
        return quoted(text)
    return text if _is_plain(text, _PLAIN_VALUE) else quoted(text)


def _is_plain(text: str, plain: re.Pattern[str] | None) -> bool:
    return plain is not None and text.upper() not in KEYWORDS and plain.fullmatch(text) is not None


def _pattern_text(pattern: str, plain: re.Pattern[str] | None) -> str:
    """Print a pattern: wildcards as they are, what is not plain in quotes."""
    return "".join(_runs(pattern, plain)) or '""'


def _runs(pattern: str, plain: re.Pattern[str] | None) -> Iterator[str]:
    for is_wild, run in groupby(pieces(pattern), lambda piece: piece in ("*", "?")):
        text = without_escapes("".join(run))
        yield text if is_wild or _is_plain(text, plain) else quoted(text)


def _regex_text(pattern: str) -> str:
    return re.sub(r"\\.|/", lambda match: "\\/" if match[0] == "/" else match[0], pattern)


def _range_text(field: Field, limits: Range) -> str:
    low = None if limits.low is None else _number_text(field, limits.low)
    high = None if limits.high is None else _number_text(field, limits.high)
    if low is not None and high is not None:
        is_single = low == high and field.name is not FieldName.DETAILS
        return low if is_single else f"{low}..{high}"
    if low is not None:
        return f"{'>' if limits.low_open else '>='}{low}"
    return f"{'<' if limits.high_open else '<='}{high}"


def _number_text(field: Field, number: Decimal) -> str:
    return WEEKDAYS[int(number) - 1] if field.name is FieldName.WEEKDAY else format(number, "f")


def _between_text(start: datetime | None, end: datetime | None) -> str:
    if start is not None and end is not None:
        if _is_midnight(start) and _is_midnight(end):
            last = end - timedelta(days=1)
            return _day(start) if last == start else f"{_day(start)}..{_day(last)}"
        return f"{_instant(start)}..{_instant(end)}"
    if start is not None:
        return f">={_bound(start)}"
    return f"<{_bound(end)}" if end is not None else "*"


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _instant(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _bound(moment: datetime) -> str:
    return _day(moment) if _is_midnight(moment) else _instant(moment)


def _around_text(event_id: str, span: timedelta) -> str:
    unit = next(unit for unit in ("w", "d", "h", "m", "s") if not span % UNITS[unit])
    shown = event_id if _is_plain(event_id, _PLAIN_VALUE) else quoted(event_id)
    return f"around:{shown}±{span // UNITS[unit]}{unit}"

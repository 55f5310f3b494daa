"""A filter as an SQL condition; `core.matching.matches` fixes its meaning.

Every value is a parameter, every identifier stands in this file. The condition is true
for the events that are kept, and false or null for the others: null counts as false in
`WHERE`, and a negation is written `IS NOT TRUE`. It reads the columns of format v1 in
`audit_events`: texts as `text`, `details` too, `id` as `uuid` and `timestamp` as
`timestamptz`. The table must not accept details that are no `jsonb`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

from psycopg import sql

from audit_console.core.caseless import (
    POSTGRES,
    ascii_alone,
    pattern_regex,
    pieces,
    without_escapes,
)
from audit_console.core.details import MAX_DIGITS
from audit_console.core.filters import (
    MARKS,
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
    Term,
    Text,
)
from audit_console.core.matching import NO_MARKS, MarkKey, Marks, fits, mark_values
from audit_console.core.regexes import regex_for

UNCHECKED = sql.SQL("NULL::text")
"""The state of the check where none was made."""

Names = Mapping[FieldName, tuple[str, ...]]
"""All values of some fields. Each is judged once, here, and an index finds the events."""

NO_NAMES: Names = {}

MOST_PARTINGS = 8
"""Slashes in a resource that is looked up by the index of type and id."""

_TRUE, _FALSE = sql.SQL("TRUE"), sql.SQL("FALSE")
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_TIMESTAMP = sql.Identifier("timestamp")
_RESOURCE = sql.SQL("({} || '/' || {})").format(
    sql.Identifier("resource_type"), sql.Identifier("resource_id")
)
_NUMBERS: dict[FieldName, sql.Composable] = {
    FieldName.SEQ: sql.Identifier("seq"),
    FieldName.HOUR: sql.SQL("extract(hour FROM {} AT TIME ZONE 'UTC')").format(_TIMESTAMP),
    FieldName.WEEKDAY: sql.SQL("extract(isodow FROM {} AT TIME ZONE 'UTC')").format(_TIMESTAMP),
}


class Condition(NamedTuple):
    """Text for a `WHERE` clause, and the parameters that it names `f0`, `f1` and so on."""

    text: sql.Composable
    parameters: dict[str, object]


def condition(
    where: Filter,
    *,
    marks: Mapping[MarkKey, Marks] = NO_MARKS,
    check: sql.Composable = UNCHECKED,
    names: Names = NO_NAMES,
) -> Condition:
    """Compile a filter for a `WHERE` clause over `audit_events`.

    Args:
        where: `around:` must be resolved.
        marks: what the reader noted; it is not in the database.
        check: an expression for the state of an event's check, as text.
        names: all values of some fields.
    """
    compiler = _Compiler(marks, check, names)
    text = compiler.all_of(where.active)
    return Condition(text, compiler.parameters)


class _Compiler:
    def __init__(self, marks: Mapping[MarkKey, Marks], check: sql.Composable, names: Names) -> None:
        self._marks = marks
        self._check = check
        self._names = names
        self.parameters: dict[str, object] = {}

    def all_of(self, parts: Iterable[Expression]) -> sql.Composable:
        """Demand all parts."""
        return _joined(" AND ", [self._expression(part) for part in parts], empty=_TRUE)

    def _expression(self, expression: Expression) -> sql.Composable:
        match expression:
            case And(parts):
                return self.all_of(parts)
            case Or(parts):
                return _any([self._expression(part) for part in parts])
            case Not(Term(field, match)) if field.name in self._names and not _may_be_null(field):
                return self._named(field.name, match, fit=False)
            case Not(part):
                return sql.SQL("{} IS NOT TRUE").format(self._expression(part))
            case Text(pattern):
                texts = (sql.Identifier(name) for name in SEARCHED)
                return _any([self._like(text, pattern, whole=False) for text in texts])
            case Term(field, match):
                return self._term(field, match)

    def _term(self, field: Field, match: Match) -> sql.Composable:
        if field.name in MARKS:
            return self._marked(field.name, match)
        if field.name in self._names:
            return self._named(field.name, match)
        parts = match.matches if isinstance(match, AnyOf) else (match,)
        return _any([self._single(field, part) for part in parts])

    def _named(self, field: FieldName, match: Match, *, fit: bool = True) -> sql.Composable:
        """Test for those of the known names that fit, or for the others."""
        column, known = sql.Identifier(TEXT_ATTRIBUTES[field]), self._names[field]
        fitting = _fitting(known, match)
        names = [name for name in known if (name in fitting) is fit]
        if not names:
            return _FALSE
        if len(names) == 1:  # keeps the order of an index, which a list does not
            return sql.SQL("({} = {})").format(column, self._value(names[0]))
        if len(names) == len(known):
            return sql.SQL("({} IS NOT NULL)").format(column)
        return sql.SQL("({} = ANY ({}))").format(column, self._value(names))

    def _single(self, field: Field, match: Match) -> sql.Composable:
        if field.name is FieldName.DETAILS:
            return self._in_details(field.path, match)
        if field.name is FieldName.TIME:
            return self._time(match)
        if field.name in _NUMBERS:
            return self._number(_NUMBERS[field.name], match)
        if field.name is FieldName.CHECK:
            return self._text(self._check, match)
        if field.name is FieldName.RESOURCE:
            return self._resource(match)
        column = sql.Identifier(TEXT_ATTRIBUTES[field.name])
        return self._id(column, match) if field.name is FieldName.ID else self._text(column, match)

    def _value(self, value: object) -> sql.Placeholder:
        name = f"f{len(self.parameters)}"
        self.parameters[name] = value
        return sql.Placeholder(name)

    def _text(self, text: sql.Composable, match: Match) -> sql.Composable:
        match match:
            case Has():
                return sql.SQL("{} IS NOT NULL").format(text)
            case Exact(wanted):
                return self._with(wanted, lambda v: sql.SQL("{} = {}").format(text, v))
            case Like(pattern):
                return self._like(text, pattern, whole=True)
            case Regex(pattern):
                return self._regex(text, regex_for(pattern, POSTGRES))
            case Inside(network):
                inside = sql.SQL("CASE WHEN {0} ~ {1} THEN {0}::inet <<= {2}::inet ELSE FALSE END")
                return inside.format(text, self._value(_ADDRESS), self._value(str(network)))
            case _:
                return _FALSE

    def _with(
        self, value: str, test: Callable[[sql.Placeholder], sql.Composable]
    ) -> sql.Composable:
        """Test against a text, which fits nothing if PostgreSQL cannot hold it."""
        return _FALSE if "\0" in value else test(self._value(value))

    def _like(self, text: sql.Composable, pattern: str, *, whole: bool) -> sql.Composable:
        if not ascii_alone(pattern):
            return self._regex(text, pattern_regex(pattern, POSTGRES, whole=whole))
        like = _like_pattern(pattern) if whole else f"%{_like_pattern(pattern)}%"
        lower = sql.SQL('lower({} COLLATE "C")').format(text)
        return self._with(like, lambda value: sql.SQL("{} LIKE {}").format(lower, value))

    def _regex(self, text: sql.Composable, regex: str) -> sql.Composable:
        return self._with(regex, lambda v: sql.SQL('{} COLLATE "C" ~ {}').format(text, v))

    def _id(self, column: sql.Composable, match: Match) -> sql.Composable:
        """Look a whole id up by its index."""
        wanted = match.text if isinstance(match, Exact) else ""
        wanted = match.pattern.lower() if isinstance(match, Like) else wanted
        if is_uuid(wanted):
            return sql.SQL("{} = {}::uuid").format(column, self._value(wanted))
        return self._text(sql.SQL("{}::text").format(column), match)

    def _resource(self, match: Match) -> sql.Composable:
        """Look type and id up by their index, at each place where they may be parted."""
        text = match.text if isinstance(match, Exact) and "\0" not in match.text else ""
        if not 0 < text.count("/") <= MOST_PARTINGS:
            return self._text(_RESOURCE, match)
        places = [place for place, character in enumerate(text) if character == "/"]
        parted = sql.SQL("{} = {} AND {} = {}")
        rtype, rid = sql.Identifier("resource_type"), sql.Identifier("resource_id")
        return _any(
            [
                parted.format(rtype, self._value(text[:at]), rid, self._value(text[at + 1 :]))
                for at in places
            ]
        )

    def _number(self, number: sql.Composable, match: Match) -> sql.Composable:
        if not isinstance(match, Range):
            present = sql.SQL("{} IS NOT NULL").format(number)
            return present if match == Has() else _FALSE
        bounds: list[sql.Composable] = []
        if match.low is not None:
            operator = sql.SQL(">" if match.low_open else ">=")
            low = self._value(_whole(match.low))
            bounds.append(sql.SQL("{} {} {}").format(number, operator, low))
        if match.high is not None:
            operator = sql.SQL("<" if match.high_open else "<=")
            high = self._value(_whole(match.high))
            bounds.append(sql.SQL("{} {} {}").format(number, operator, high))
        if match.low is not None and match.high is not None and match.high < match.low:
            return _any(bounds)
        return _joined(" AND ", bounds, empty=_TRUE)

    def _time(self, match: Match) -> sql.Composable:
        match match:
            case Between(start, end):
                bounds: list[sql.Composable] = []
                if start is not None:
                    bounds.append(sql.SQL("{} >= {}").format(_TIMESTAMP, self._value(start)))
                if end is not None:
                    bounds.append(sql.SQL("{} < {}").format(_TIMESTAMP, self._value(end)))
                return _joined(" AND ", bounds, empty=_TRUE)
            case Around():
                raise ValueError("around: must be resolved before it is used")
            case _:
                return _TRUE if match == Has() else _FALSE

    def _in_details(self, path: tuple[str, ...], match: Match) -> sql.Composable:
        if any("\0" in key for key in path):
            return _FALSE
        values = details_values(self._value(details_path(path)))
        exists = sql.SQL("EXISTS (SELECT FROM {} WHERE {})").format(values, self._detail(match))
        if not isinstance(match, Exact) or "\0" in match.text:
            return exists
        indexed = self._value(f"{details_path(path)} ? ({_may_be(match.text)})")
        return sql.SQL("({}::jsonb @? {}::jsonpath AND {})").format(
            sql.Identifier("details"), indexed, exists
        )

    def _detail(self, match: Match) -> sql.Composable:
        if match == Has():
            return _TRUE
        text = sql.Identifier("t", "text")
        if not isinstance(match, Range):
            return self._text(text, match)
        is_number = sql.SQL("length({0}) <= {1} AND {0} ~ {2}").format(
            text, sql.Literal(MAX_DIGITS), self._value(r"\A-?[0-9]+(\.[0-9]+)?\Z")
        )
        within = self._number(sql.SQL("{}::numeric").format(text), match)
        return sql.SQL("CASE WHEN {} THEN {} ELSE FALSE END").format(is_number, within)

    def _marked(self, name: FieldName, match: Match) -> sql.Composable:
        """Test for the marked events that differ from all those without marks."""
        unmarked = fits(match, mark_values(name, Marks()))
        others = [
            key for key, of in self._marks.items() if fits(match, mark_values(name, of)) != unmarked
        ]
        known = [
            (event_id, event_hash or "") for event_id, event_hash in others if "\0" not in event_id
        ]
        among = sql.SQL(
            "({}::text, coalesce({}, '')) IN (SELECT * FROM unnest({}::text[], {}::text[]))"
        ).format(
            sql.Identifier("id"),
            sql.Identifier("event_hash"),
            self._value([event_id for event_id, _ in known]),
            self._value([event_hash for _, event_hash in known]),
        )
        return sql.SQL("{} IS NOT TRUE").format(among) if unmarked else among


@lru_cache(maxsize=64)
def _fitting(names: tuple[str, ...], match: Match) -> frozenset[str]:
    return frozenset(name for name in names if fits(match, (name,)))


def _may_be_null(field: Field) -> bool:
    return field.name is FieldName.USER


def details_path(path: tuple[str, ...]) -> str:
    """Write the way to values in details for `details_values`."""
    keys = "".join(f".{json.dumps(key, ensure_ascii=False)}" for key in path)
    return f"${keys}[*]"


def _may_be(text: str) -> str:
    """Write a test that each value with a text passes, and few others, as the index answers it."""
    spelled = [json.dumps(text, ensure_ascii=False)]
    if text in ("true", "false") or (len(text) <= MAX_DIGITS and _NUMBER.fullmatch(text)):
        spelled.append(text)
    return " || ".join(f"@ == {value}" for value in spelled)


def details_values(path: sql.Placeholder) -> sql.Composed:
    """Give a FROM item `t` with the `text` of each value at a path, and its `place` there."""
    return sql.SQL(
        "(SELECT place, CASE WHEN jsonb_typeof(value) IN ('string', 'boolean')"
        " OR jsonb_typeof(value) = 'number' AND length(value #>> '{{}}') <= {digits}"
        " THEN value #>> '{{}}' END AS text"
        " FROM jsonb_path_query({details}::jsonb, {path}::jsonpath)"
        " WITH ORDINALITY AS v(value, place) WHERE jsonb_typeof(value) <> 'null') AS t"
    ).format(details=sql.Identifier("details"), path=path, digits=sql.Literal(MAX_DIGITS))


def is_uuid(text: str) -> bool:
    """Tell whether a text is an id as events have them."""
    return _UUID.fullmatch(text) is not None


def _any(parts: list[sql.Composable]) -> sql.Composable:
    return _joined(" OR ", parts, empty=_FALSE)


def _joined(operator: str, parts: list[sql.Composable], *, empty: sql.SQL) -> sql.Composable:
    if len(parts) < 2:
        return sql.SQL("({})").format(parts[0] if parts else empty)
    return sql.SQL("({})").format(sql.SQL(operator).join(parts))


def _like_pattern(pattern: str) -> str:
    """Write a pattern for LIKE on text of which A to Z are in lower case."""
    signs = {"*": "%", "?": "_", "%": r"\%", "_": r"\_", "\\\\": r"\\"}
    written = (signs.get(piece) or without_escapes(piece) for piece in pieces(pattern))
    return "".join(written).translate(_LOWER)


def _whole(number: Decimal) -> Decimal | int:
    """Give a whole number as one, so that an index on a column of them can be used."""
    return int(number) if number == number.to_integral_value() else number


def _address_regex() -> str:
    """Tell the texts that are addresses, in any spelling that Python reads as one."""
    octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    v4 = rf"{octet}(\.{octet}){{3}}"
    group = "[0-9A-Fa-f]{1,4}"
    forms = [v4, f"({group}:){{7}}{group}", f"({group}:){{6}}{v4}"]
    for before in range(8):
        left = f"{group}(:{group}){{{before - 1}}}" if before else ""
        if before < 7:
            forms.append(f"{left}::({group}(:{group}){{0,{6 - before}}})?")
        else:
            forms.append(f"{left}::")
        if before < 6:
            forms.append(f"{left}::({group}:){{0,{5 - before}}}{v4}")
    return rf"\A({'|'.join(forms)})\Z"


_ADDRESS = _address_regex()

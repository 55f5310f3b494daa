"""What can stand at the cursor: fields, then operators, then values with their counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from audit_console.core.caseless import escape_wildcards
from audit_console.core.filters import CHECKS, MARKS, WEEKDAYS, Field, FieldName, Like
from audit_console.core.query.fields import FIELD_NAMES, TYPED_NAMES, read_term_field
from audit_console.core.query.kinds import SPLIT_AT_COMMA
from audit_console.core.query.scanner import Scanner
from audit_console.core.query.stages import NAMES as STAGE_NAMES
from audit_console.core.query.text import match_text
from audit_console.errors import QueryError

Values = Callable[[Field, str], Sequence[tuple[str, int | None]]]
"""Gives values of a field in the current result that have a part, without case, with their
counts where they were counted, in the order to show them. For `details` without a path it
gives the paths, as fields are typed."""

MOST = 50
"""Completions that are listed."""

_DETAILS = f"{FieldName.DETAILS}."
_PLAIN_NAMES = tuple(name for name in FIELD_NAMES if name != FieldName.DETAILS)
_STAGE_FIELDS = (*(name for name in _PLAIN_NAMES if name not in MARKS), _DETAILS)
_STEPS = ("1h", "1d", "1w", "1mo")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|\s+|[(),|]|[^\s"(),|]+', re.DOTALL)
_TEXT = ("=", "*", "(", "/")
_ORDER = ("*", ">", ">=", "<", "<=")
OPERATORS = frozenset((*_TEXT, *_ORDER))
_TIMES = ("-1h", "-24h", "-7d@d", "@d", "end-24h")
_OPERATORS = {
    FieldName.TIME: (*_ORDER, *_TIMES),
    FieldName.SEQ: _ORDER,
    FieldName.HOUR: _ORDER,
    FieldName.WEEKDAY: _ORDER,
    FieldName.STAR: (),
    FieldName.DETAILS: (*_TEXT, *_ORDER[1:]),
}
_KNOWN = {
    FieldName.WEEKDAY: WEEKDAYS,
    FieldName.STAR: ("yes", "no"),
    FieldName.CHAIN: CHECKS,
}
_AS_THEY_ARE = frozenset(
    {FieldName.IP, FieldName.HOUR, FieldName.SEQ, FieldName.WEEKDAY, FieldName.STAR}
)


@dataclass(frozen=True, slots=True)
class Completion:
    """Put `text` in the place of the characters from index `start` to before `end`."""

    start: int
    end: int
    text: str
    count: int | None = None


@dataclass(slots=True)
class _Place:
    """Where the word at the cursor starts, and the field whose value it is."""

    start: int = 0
    field: str | Field | None = None
    in_stage: bool = False


def complete(text: str, cursor: int, values: Values) -> list[Completion]:
    """List what can replace the word at the cursor, best first; never raises.

    Args:
        text: of the query.
        cursor: index of the character behind the cursor.
        values: of a field, in the current result.
    """
    before = text[:cursor]
    place = _find_place(before)
    if place.in_stage:
        found = _stage_words(before, place.start, values)
    elif place.field is None:
        found = _fields(before, place.start, values)
    else:
        found = _values(before, place, values)
    return list(islice(found, MOST))


def _find_place(before: str) -> _Place:
    place = _Place()
    outer: list[str | Field | None] = []
    for token in _TOKEN.finditer(before):
        if token[0] == "|":
            place = _Place(token.end(), in_stage=True)
        elif place.in_stage:
            continue
        elif token[0].isspace():
            place = _Place(token.end(), outer[-1] if outer else None)
        elif token[0] == "(":
            outer.append(place.field)
            place = _Place(token.end(), place.field)
        elif token[0] == ")":
            place = _Place(token.end())
            del outer[-1:]
        elif token[0] == "," and (outer or _splits(place.field)):
            place = _Place(token.end(), place.field)
        elif place.field is None:
            place = _behind_colon(before[: token.end()], place.start)
    return place


def _splits(field: str | Field | None) -> bool:
    return isinstance(field, Field) and field.name in SPLIT_AT_COMMA


def _behind_colon(before: str, start: int) -> _Place:
    scanner = Scanner(before)
    scanner.position = start + (before[start] == "-")
    try:
        field = read_term_field(scanner)
    except QueryError:
        field = None
    return _Place(start if field is None else scanner.position, field)


def _fields(before: str, start: int, values: Values) -> Iterator[Completion]:
    start += before[start : start + 1] == "-"
    written = before[start:].lower()
    if written.startswith(_DETAILS):
        for path in _paths(written, values):
            yield Completion(start, len(before), f"{path}:")
        return
    for name in TYPED_NAMES:
        if name.startswith(written):
            end = "." if name == FieldName.DETAILS else ":"
            yield Completion(start, len(before), name + end)


def _paths(written: str, values: Values) -> list[str]:
    """Give paths with the typed part, in lower case, first those that begin with it."""
    part = written.removeprefix(_DETAILS)
    offered = (path for path, _ in values(Field(FieldName.DETAILS), part))
    found = (path for path in offered if part in path.lower().removeprefix(_DETAILS))
    return sorted(found, key=lambda path: not path.lower().startswith(written))


def _values(before: str, place: _Place, values: Values) -> Iterator[Completion]:
    field = place.field
    written = before[place.start :]
    if not isinstance(field, Field):
        times = _TIMES if field != "around" else ()
        yield from _starting(times, written, place.start, len(before))
        return
    yield from _starting(_OPERATORS.get(field.name, _TEXT), written, place.start, len(before))
    start = place.start + written.startswith("=")
    prefix = before[start:].lstrip('"').lower()
    known = ((value, None) for value in _KNOWN.get(field.name, ()))
    counted = list(values(field, prefix))
    offered = [*counted, *(item for item in known if item[0] not in dict(counted))]
    for value, count in sorted(offered, key=lambda item: not item[0].lower().startswith(prefix)):
        if prefix in value.lower():
            yield Completion(start, len(before), _value_text(field, value), count)


def _value_text(field: Field, value: str) -> str:
    if field.name in _AS_THEY_ARE:
        return value
    return match_text(field, Like(escape_wildcards(value)))


def _starting(words: Iterable[str], written: str, start: int, end: int) -> Iterator[Completion]:
    for word in words:
        if word.startswith(written) and word != written:
            yield Completion(start, end, word)


def _stage_words(before: str, start: int, values: Values) -> Iterator[Completion]:
    last = re.split(r"[\s,]", before)[-1].rpartition("|")[2].lower()
    begin, end = len(before) - len(last), len(before)
    given = before[start:begin].lower().split()
    if last.startswith(_DETAILS) and given:
        return (Completion(begin, end, path) for path in _paths(last, values))
    return _starting(_words_after(given), last, begin, end)


def _words_after(given: Sequence[str]) -> Sequence[str]:
    """Give what can follow the words of a stage; a number of rows is nothing to offer."""
    words: Sequence[str] = ()
    match given:
        case []:
            words = STAGE_NAMES
        case ["timeline"]:
            words = _STEPS
        case ["sort"]:
            words = ("count", *_STAGE_FIELDS)
        case ["sort", _]:
            words = ("desc",)
        case ["count"] | ["timeline", _]:
            words = ("by",)
        case ["top" | "rare" | "first"] | ["count", "by"] | ["timeline", _, "by"]:
            words = _STAGE_FIELDS
        case ["first", *fields] | ["count", "by", *fields] if fields[-1].endswith(","):
            words = _STAGE_FIELDS
    return words

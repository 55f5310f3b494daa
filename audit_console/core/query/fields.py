"""The fields of a query by the names that are typed, and what to suggest for others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from audit_console.core.filters import TEXT_ATTRIBUTES, Field, FieldName
from audit_console.core.query.scanner import Scanner
from audit_console.errors import QueryError

TIME_WORDS = ("since", "until", "around")
"""Shorthands for `time:`."""

FIELD_NAMES = tuple(name.value for name in FieldName if name is not FieldName.CHECK)
TYPED_NAMES = (*FIELD_NAMES, *TIME_WORDS)
"""What can stand before a colon."""

_ALIASES = {attribute: name.value for name, attribute in TEXT_ATTRIBUTES.items()} | {
    "timestamp": "time",
    "username": "user",
    "address": "ip",
    "event": "type",
    "status": "result",
    "detail": "details.",
    "details": "details.",
}
"""Names from elsewhere, to be suggested for."""

_STEP = r'"(?:[^"\\]|\\.)*"|[^\s:"()|,.\\*?]+'
_NAME = re.compile(r'([^\s:"()|\\]+):')
_PATH = re.compile(rf"details((?:\.(?:{_STEP}))+)", re.DOTALL | re.IGNORECASE)
_STEPS = re.compile(rf"\.({_STEP})", re.DOTALL)
_PLAIN_STEP = re.compile(r"[\w$@#%+-]+")
_DETAILS = re.compile(r"details\.", re.IGNORECASE)


def read_term_field(scanner: Scanner) -> str | Field | None:
    """Read a field and its colon: a shorthand, a field, or None where no field is.

    Raises:
        QueryError: there is no such field.
    """
    start = scanner.position
    if _DETAILS.match(scanner.text, start):
        field = _read_path(scanner)
        if field is not None and scanner.take(":"):
            return field
        if ":" in scanner.text[start:].split(maxsplit=1)[0]:
            raise scanner.fault("a path is details.name or details.name.name", at=start)
        scanner.position = start
        return None
    match = scanner.take_match(_NAME)
    if match is None:
        return None
    name = match[1].lower()
    if name in TIME_WORDS:
        return name
    if name in FIELD_NAMES and name != FieldName.DETAILS:
        return Field(FieldName(name))
    rest = scanner.text[start:].split(maxsplit=1)[0]
    raise unknown_field(start, match[1], TYPED_NAMES, rest)


def read_stage_field(scanner: Scanner) -> tuple[int, str, Field | None]:
    """Read a field of a stage: where it starts, as it is written, and None if unknown."""
    start = scanner.position
    field = _read_path(scanner)
    if field is None:
        written = scanner.word(",").text
        known = written.lower() in FIELD_NAMES and written.lower() != FieldName.DETAILS
        field = Field(FieldName(written.lower())) if known else None
    return start, scanner.text[start : scanner.position], field


def _read_path(scanner: Scanner) -> Field | None:
    match = scanner.take_match(_PATH)
    if match is None:
        return None
    steps = (_unquoted(step) for step in _STEPS.findall(match[1]))
    return Field(FieldName.DETAILS, tuple(steps))


def _unquoted(step: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", step[1:-1]) if step.startswith('"') else step


def field_text(field: Field) -> str:
    """Write a field as it is typed."""
    if field.name is FieldName.CHECK:
        return FieldName.CHAIN
    return ".".join([field.name, *map(_step_text, field.path)])


def _step_text(step: str) -> str:
    return step if _PLAIN_STEP.fullmatch(step) else quoted(step)


def quoted(text: str) -> str:
    """Write text in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unknown_field(
    start: int, name: str, known: Iterable[str], rest: str | None = None
) -> QueryError:
    """Make the error for a name that is none of `known`.

    Args:
        start: index of the name.
        name: as it is written.
        known: what there is.
        rest: the whole word, where it could be meant as text; None in a stage.
    """
    known = tuple(known)
    colon = ":" if rest is not None else ""
    near = _ALIASES.get(name.lower(), "")
    if near.rstrip(".") not in known:
        near = next(iter(get_close_matches(name.lower(), known, n=1)), "")
    if near:
        hint = f"did you mean {near}{'name' if near.endswith('.') else ''}{colon} ?"
    elif rest is not None:
        hint = f"to search for text, quote it: {quoted(rest.replace(chr(34), ''))}"
    else:
        hint = "one of " + ", ".join(known)
    return QueryError(start + 1, f"unknown field {name[:40]}", hint)

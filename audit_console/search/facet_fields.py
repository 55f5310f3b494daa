"""Fields that facets are made of: those shown at first, and those that can be added."""

from __future__ import annotations

import json
from collections.abc import Iterator

from audit_console.core.filters import MARKS, Field, FieldName
from audit_console.core.query.fields import (
    FIELD_NAMES,
    field_text,
    read_stage_field,
    unknown_field,
)
from audit_console.core.query.scanner import Scanner
from audit_console.errors import QueryError

DEFAULT_FIELDS = ("type", "user", "action", "resource", "result", "ip", "agent", "request")

OPEN_FIELDS = frozenset({"user", "result", "ip"})
"""Fields whose values are shown at first; of the others, how many there are."""

MOST_PATHS = 1_000
"""Paths of one event that are offered."""

LONGEST_PATH = 200
"""Characters of a path that is offered, as it is typed."""

_OTHERS = {*MARKS, FieldName.TIME, FieldName.DETAILS}

FACET_FIELDS = tuple(name for name in FIELD_NAMES if name not in _OTHERS)
"""Names of the fields that need no path."""

_PATH_HINT = 'a path is details.name or details.name.name; quote odd names: details."a b"'


def facet_field(text: str) -> str:
    """Read a field as it is typed, and write it as facets name it.

    Raises:
        QueryError: there is no such field, or it has no facet.
    """
    scanner = Scanner(text)
    scanner.skip_space()
    start, written, field = read_stage_field(scanner)
    if not written:
        raise QueryError(start + 1, "a field is missing", "a field such as user, or details.name")
    if field is None:
        raise unknown_field(start, written.rstrip("."), FIELD_NAMES)
    if field.name in MARKS:
        raise QueryError(start + 1, f"marks such as {field.name} are for filters alone")
    if field.name is FieldName.TIME:
        raise QueryError(start + 1, "time has no facet", "the timeline counts events by time")
    scanner.skip_space()
    if scanner.peek():
        raise scanner.fault("a facet is of one field alone", _PATH_HINT)
    return field_text(field)


def details_fields(details: str | None) -> tuple[str, ...]:
    """Name the paths of an event's details that lead to values, in their order.

    Args:
        details: JSON as the event has it.
    """
    try:
        root = json.loads(details or "null", parse_int=str, parse_float=str)
        paths = dict.fromkeys(_paths(root, ()))
    except (ValueError, RecursionError):
        return ()
    fields = (field_text(Field(FieldName.DETAILS, path)) for path in list(paths)[:MOST_PATHS])
    return tuple(field for field in fields if len(field) <= LONGEST_PATH)


def _paths(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Walk as `core.details` does: an array stands for its elements, one level deep."""
    for part in value if isinstance(value, list) else (value,):
        if isinstance(part, dict):
            for key, child in part.items():
                yield from _paths(child, (*path, key))
        elif path and part is not None and not isinstance(part, list):
            yield path

"""The columns of the event table: which field, how wide, how a cell is worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from itertools import accumulate
from typing import Any, NamedTuple

from audit_console.core.filters import TEXT_ATTRIBUTES, Field, FieldName
from audit_console.core.narrowing import Value
from audit_console.core.safe_text import safe_text
from audit_console.tui.painting import Span, fit
from audit_console.tui.wording import CHECKS, MISSING, RESULTS, moment

EventRow = Mapping[str, Any]
"""One row of a page by column name; see `columns.schema.PAGE`."""


class Column(NamedTuple):
    """One column. Spare width is shared by `weight` up to `widest`."""

    name: str
    title: str
    narrowest: int
    widest: int
    weight: int
    fields: tuple[str, ...] = ()
    keep_end: bool = False


ALL_COLUMNS: tuple[Column, ...] = (
    Column("check", "", 1, 1, 0),
    Column("time", "time", 14, 26, 0),
    Column("type", "type", 14, 18, 2, ("event_type",)),
    Column("user", "user", 9, 32, 4, ("user_id",), keep_end=True),
    Column("action", "action", 13, 60, 4, ("action",)),
    Column("resource", "resource", 12, 48, 4, ("resource_type", "resource_id"), keep_end=True),
    Column("result", "result", 9, 9, 0, ("result",)),
    Column("ip", "ip", 15, 39, 1, ("ip_address",)),
    Column("error", "error", 12, 48, 3, ("result_error",)),
    Column("agent", "agent", 12, 40, 2, ("user_agent",)),
    Column("request", "request", 12, 36, 1, ("request_id",)),
    Column("details", "details", 16, 80, 4),
    Column("chain", "chain", 10, 32, 1, ("chain",)),
    Column("seq", "seq", 9, 12, 0, ("seq",)),
    Column("id", "id", 12, 36, 1, ("id",)),
    Column("hash", "hash", 12, 64, 0, ("event_hash",)),
)
BY_NAME = {column.name: column for column in ALL_COLUMNS}
FIXED = ("check", "time")
"""Columns that are always there, and first."""
DEFAULT_NAMES = ("type", "user", "action", "resource", "result", "ip")


def named(names: Sequence[str]) -> tuple[Column, ...]:
    """Give the columns with these names behind the fixed ones."""
    return tuple(BY_NAME[name] for name in (*FIXED, *names))


COLUMNS = named(DEFAULT_NAMES)
FROZEN = 2
"""Check mark and time stay in place while the others scroll sideways."""

TIME_WIDTHS = ((140, 26), (100, 19))
"""From how many cells on a time has its fraction, or its year; see `wording.moment`."""

GUTTER = 1
"""Cells before the first column, for the mark of the selected row."""

_CELL_LIMIT = 200

FIELDS: dict[str, Field] = {
    "seq": Field(FieldName.SEQ),
    **{attribute: Field(name) for name, attribute in TEXT_ATTRIBUTES.items()},
}
"""The field of each attribute of an event."""


def share_widths(
    available: int, columns: Sequence[Column] = COLUMNS, *, wide: bool = False
) -> tuple[int, ...]:
    """Divide `available` cells among columns.

    The sum with gutter and separators exceeds `available` when the narrowest
    widths do, or when `wide` asks for long values.
    """
    widths = [column.widest if wide else column.narrowest for column in columns]
    if wide:
        return tuple(widths)
    spare = available - total_width(widths)
    longer = next((time for room, time in TIME_WIDTHS if available >= room), widths[1])
    spare -= longer - widths[1]
    widths[1] = longer
    return _share(widths, columns, spare)


def _share(widths: list[int], columns: Sequence[Column], spare: int) -> tuple[int, ...]:
    while spare > 0:
        growing = [i for i, column in enumerate(columns) if column.weight > 0]
        growing = [i for i in growing if widths[i] < columns[i].widest]
        if not growing:
            break
        weights = sum(columns[i].weight for i in growing)
        before = spare
        for i in growing:
            share = max(1, before * columns[i].weight // weights)
            step = min(share, columns[i].widest - widths[i], spare)
            widths[i] += step
            spare -= step
    return tuple(widths)


def total_width(widths: Sequence[int]) -> int:
    """Count the cells of a whole row."""
    return GUTTER + sum(widths) + len(widths) - 1


def frozen_width(widths: Sequence[int]) -> int:
    """Count the cells of the gutter and the columns that do not scroll."""
    return GUTTER + sum(widths[:FROZEN]) + FROZEN


def end_at(widths: Sequence[int], edge: int) -> int:
    """Give where the column ends that an edge cuts, counted over a whole row; else the edge."""
    ends = accumulate(widths, lambda end, width: end + 1 + width, initial=GUTTER - 1)
    return next((max(edge, end) for end in ends if edge <= end + 1), edge)


def scrolled_to(widths: Sequence[int], column: int, left: int, room: int) -> int:
    """Give by how many cells to scroll, so that a column is in sight and none is cut at the left.

    A column that is wider than the room shows its beginning.

    Args:
        widths: of all columns.
        column: index of the one to be seen.
        left: cells scrolled so far.
        room: cells of a row in sight.
    """
    if column < FROZEN:
        return 0
    starts = [sum(widths[FROZEN:at]) + at - FROZEN for at in range(FROZEN, column + 1)]
    end = starts[-1] + widths[column] + frozen_width(widths) - room
    if end <= left <= starts[-1]:
        return left
    return next((start for start in starts if end <= start), starts[-1])


def cell(row: EventRow, column: Column, width: int, zone: tzinfo = UTC) -> Span:
    """Word one cell on exactly `width` cells, safe to show."""
    text, role = _content(row, column, width, zone)
    safe = safe_text(text, limit=_CELL_LIMIT)
    return Span(fit(safe, width, keep_end=column.keep_end), role)


def _content(row: EventRow, column: Column, width: int, zone: tzinfo) -> Span:
    match column.name:
        case "check":
            return CHECKS[row["check"]]
        case "time":
            return Span(moment(row["timestamp"], width=width, zone=zone), "muted")
        case "result":
            return RESULTS.get(row["result"], MISSING)
        case "resource":
            return Span(f"{row['resource_type'] or ''}/{row['resource_id'] or ''}")
        case _:
            role = {"user": "name", "details": "muted"}.get(column.name, "")
            return _text_or_missing(row[(*column.fields, column.name)[0]], role)


def _text_or_missing(value: object, role: str) -> Span:
    return MISSING if value is None else Span(str(value), role)


def values(row: EventRow, column: Column) -> tuple[Value, ...]:
    """Give what a cell holds as values to filter by."""
    return tuple(
        Value(FIELDS[field], None if row[field] is None else str(row[field]))
        for field in column.fields
    )


def value_text(row: EventRow, column: Column) -> str:
    """Give a cell's value as it is copied: the log's own text, uncut."""
    if column.name == "time":
        return moment(row["timestamp"]).replace(" ", "T") + "Z"
    if column.name == "check":
        return str(row["check"] or "")
    if column.name == "details":
        return str(row["details"] or "")
    return "/".join("" if row[field] is None else str(row[field]) for field in column.fields)

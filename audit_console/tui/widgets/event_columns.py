"""The columns of the event table: which field, how wide, how a cell is worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from audit_console.core.filters import Expression, FilterField, equals
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
    fields: tuple[FilterField, ...] = ()
    keep_end: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("check", "", 1, 1, 0),
    Column("time", "time (UTC)", 14, 26, 0),
    Column("type", "type", 14, 18, 2, ("event_type",)),
    Column("user", "user", 9, 32, 4, ("user_id",), keep_end=True),
    Column("action", "action", 13, 60, 4, ("action",)),
    Column("resource", "resource", 12, 48, 4, ("resource_type", "resource_id"), keep_end=True),
    Column("result", "result", 9, 9, 0, ("result",)),
    Column("ip", "ip", 15, 39, 1, ("ip_address",)),
)
FROZEN = 2
"""Check mark and time stay in place while the others scroll sideways."""

TIME_WIDTHS = ((140, 26), (100, 19))
"""From how many cells on a time has its fraction, or its year; see `wording.moment`."""

GUTTER = 1
"""Cells before the first column, for the mark of the selected row."""

_CELL_LIMIT = 200


def share_widths(available: int, *, wide: bool = False) -> tuple[int, ...]:
    """Divide `available` cells among the columns.

    The sum with gutter and separators exceeds `available` when the narrowest
    widths do, or when `wide` asks for long values.
    """
    widths = [column.widest if wide else column.narrowest for column in COLUMNS]
    if wide:
        return tuple(widths)
    spare = available - total_width(widths)
    longer = next((time for room, time in TIME_WIDTHS if available >= room), widths[1])
    spare -= longer - widths[1]
    widths[1] = longer
    return _share(widths, spare)


def _share(widths: list[int], spare: int) -> tuple[int, ...]:
    while spare > 0:
        growing = [i for i, column in enumerate(COLUMNS) if column.weight > 0]
        growing = [i for i in growing if widths[i] < COLUMNS[i].widest]
        if not growing:
            break
        weights = sum(COLUMNS[i].weight for i in growing)
        before = spare
        for i in growing:
            share = max(1, before * COLUMNS[i].weight // weights)
            step = min(share, COLUMNS[i].widest - widths[i], spare)
            widths[i] += step
            spare -= step
    return tuple(widths)


def total_width(widths: Sequence[int]) -> int:
    """Count the cells of a whole row."""
    return GUTTER + sum(widths) + len(widths) - 1


def frozen_width(widths: Sequence[int]) -> int:
    """Count the cells of the gutter and the columns that do not scroll."""
    return GUTTER + sum(widths[:FROZEN]) + FROZEN


def cell(row: EventRow, column: Column, width: int) -> Span:
    """Word one cell on exactly `width` cells, safe to show."""
    text, role = _content(row, column, width)
    safe = safe_text(text, limit=_CELL_LIMIT)
    return Span(fit(safe, width, keep_end=column.keep_end), role)


def _content(row: EventRow, column: Column, width: int) -> Span:
    match column.name:
        case "check":
            return CHECKS[row["check"]]
        case "time":
            return Span(moment(row["timestamp"], width=width), "muted")
        case "result":
            return RESULTS.get(row["result"], MISSING)
        case "resource":
            return Span(f"{row['resource_type'] or ''}/{row['resource_id'] or ''}")
        case "user":
            return Span(row["user_id"], "name") if row["user_id"] is not None else MISSING
        case _:
            value = row[column.fields[0]]
            return MISSING if value is None else Span(value)


def terms(row: EventRow, column: Column) -> tuple[Expression, ...]:
    """Give the filter terms that keep events with this cell's value."""
    return tuple(equals(field, row[field]) for field in column.fields)


def value_text(row: EventRow, column: Column) -> str:
    """Give a cell's value as it is copied: the log's own text, uncut."""
    if column.name == "time":
        return moment(row["timestamp"]).replace(" ", "T") + "Z"
    if column.name == "check":
        return str(row["check"] or "")
    return "/".join("" if row[field] is None else str(row[field]) for field in column.fields)


def row_text(row: EventRow) -> str:
    """Give a row as it is copied: tabs between the columns."""
    return "\t".join(value_text(row, column) for column in COLUMNS)

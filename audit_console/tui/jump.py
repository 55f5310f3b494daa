"""Where to jump: what the reader typed, read as a row, a time or an event id."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time

from audit_console.core.safe_text import safe_text
from audit_console.errors import UsageError
from audit_console.sources.protocol import AtEvent, AtRow, AtTime, Cursor

EXAMPLES = "row 1200 · time 2026-11-23 02:58 or 02:58:41 · an event id"


def parse_jump(text: str, *, day: date | None) -> Cursor:
    """Read a place to jump to.

    Args:
        text: a row number counting from 1, a time in UTC or an event id.
        day: the day that a time without one means.

    Raises:
        UsageError: the text is empty, or row 0.
    """
    text = text.strip()
    if not text:
        raise UsageError("nothing to jump to", hint=EXAMPLES)
    digits = text.removeprefix("#").replace(",", "")
    if digits.isascii() and digits.isdigit():
        if int(digits[:19]) == 0:
            raise UsageError("rows count from 1", hint=EXAMPLES)
        return AtRow(min(int(digits[:19]), 2**62) - 1)
    moment = _parse_moment(text, day)
    return AtEvent(text) if moment is None else AtTime(moment)


def _parse_moment(text: str, day: date | None) -> datetime | None:
    """Read a time, in UTC unless it says otherwise; None where the calendar lacks its day."""
    moment = _moment_as_written(text, day)
    if moment is None or moment.tzinfo is None:
        return moment and moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _moment_as_written(text: str, day: date | None) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    if day is not None and ":" in text:
        with suppress(ValueError):
            return datetime.combine(day, time.fromisoformat(text))
    return None


def not_found(cursor: Cursor, matched: int | None) -> str:
    """Say that there is no such place, and what there is."""
    match cursor:
        case AtRow(row):
            last = "" if matched is None else f"; the last one is {matched:,}"
            return f"there is no row {row + 1:,}{last}"
        case AtTime():
            return "no event at or after that time"
        case AtEvent(event_id):
            shown = safe_text(event_id, limit=60)
            return f"no event has the id {shown}; a time looks like 2026-11-23 02:58"

"""How numbers, sizes, times and states are worded."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from audit_console.core.chain_map import CellState
from audit_console.core.findings import FindingClass, Verdict
from audit_console.tui.painting import Span

VERDICTS: dict[Verdict, Span] = {
    Verdict.PASS: Span("✔ PASS", "ok"),
    Verdict.FAIL: Span("✘ FAIL", "bad"),
    Verdict.INCOMPLETE: Span("◐ INCOMPLETE", "warn"),
}
CLASSES: dict[FindingClass, Span] = {
    FindingClass.FAULT: Span("✘ fault ", "bad"),
    FindingClass.INCOMPLETE: Span("◐ open  ", "warn"),
    FindingClass.NOTICE: Span("· notice", "muted"),
}
STATES: dict[CellState, Span] = {
    CellState.SEALED: Span("█", "ok"),
    CellState.VERIFIED: Span("■", "ok"),
    CellState.PRUNED: Span("▁", "muted"),
    CellState.NOT_CHECKED: Span("·", "muted"),
    CellState.UNVERIFIABLE: Span("?", "warn"),
    CellState.BROKEN: Span("✘", "bad"),
}
CHECKS: dict[str | None, Span] = {
    "verified": Span("✔", "ok"),
    "broken": Span("✘", "bad"),
    "unverifiable": Span("·", "muted"),
    None: Span("·", "muted"),
}
RESULTS: dict[str, Span] = {
    "success": Span("✔ success", "muted"),
    "failure": Span("✘ failure", "bad"),
    "partial_success": Span("◐ partial", "warn"),
}
MISSING = Span("—", "muted")


def number(value: int) -> str:
    """Print a count with separators."""
    return f"{value:,}"


def size(value: int) -> str:
    """Print bytes to three digits in decimal units."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 999.5 or unit == "TB":
            break
        amount /= 1000
    digits = 0 if unit == "B" or amount >= 99.95 else 1
    return f"{amount:.{digits}f} {unit}"


def told(error: Exception) -> str:
    """Say what went wrong, and in a sentence of its own what to do, where that is known."""
    return f"{error}. {advice(error)}" if advice(error) else str(error)


def advice(error: Exception) -> str:
    """Say what to do about an error as a sentence, or nothing where that is not known."""
    hint: str = getattr(error, "hint", "")
    return hint[:1].upper() + hint[1:]


def minute(value: datetime) -> str:
    """Print a time to its minute, in UTC."""
    return f"{moment(value, width=19)[:16]}Z"


def moment(value: datetime | None, *, width: int = 26, zone: tzinfo = UTC) -> str:
    """Print a time: in full on 26 cells, without fraction on 19, without year on 14.

    In another zone than UTC, which is named beside the times, 32 or 25 cells hold how far
    it is from UTC besides. A time whose day the calendar lacks in that zone stays in UTC
    and ends in `Z`.
    """
    if value is None:
        return MISSING.text
    try:
        local = value.astimezone(zone)
    except OverflowError:
        text = value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "minutes") + "Z"
        return text if width >= len(text) else text[5:]
    if zone is not UTC:
        text = local.isoformat(" ", "microseconds" if width >= 26 else "seconds")
        if len(text) <= width:
            return text
    text = local.replace(tzinfo=None).isoformat(" ", "microseconds")
    if width >= 26:
        return text
    return text[:19] if width >= 19 else text[5:19]

"""The events that findings point to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import NamedTuple

from audit_console.core.codec import decode_line
from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING, Field, FieldName, Filter, Range, Term, equals
from audit_console.core.findings import Code, Finding
from audit_console.core.query import parse
from audit_console.core.timespan import Anchor
from audit_console.sources.protocol import AtEvent, AtRow, AtTime, Order, Source
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_window import RowsView

UNREADABLE = frozenset({Code.MALFORMED, Code.OVERSIZE, Code.TORN_TAIL})
"""Codes of findings that point to a line which is no event."""


def points_somewhere(finding: Finding) -> bool:
    """Tell whether a finding is about an event or a line, and not about a whole chain."""
    is_placed = finding.event_id is not None or finding.first_seq is not None
    return is_placed or finding.code in UNREADABLE


class FoundRow(NamedTuple):
    """A row of the events that `where` keeps."""

    row: int
    where: Filter


def find_event(view: RowsView, finding: Finding) -> FoundRow | None:
    """Find the event that a finding points to. Blocks; for a thread.

    A gap has no event of its own: the one behind it stands for it, or else the one
    before it.

    Raises:
        SourceError: the log cannot be looked at.
    """
    event_id = finding.event_id or next(_ids_by_seq(view, finding), None)
    return None if event_id is None else find_id(view, event_id)


def find_id(view: RowsView, event_id: str) -> FoundRow | None:
    """Find the event with an id; without the filter where that hides it. Blocks; for a thread.

    Raises:
        SourceError: the log cannot be looked at.
    """
    for where in dict.fromkeys((view.where, EVERYTHING)):
        page = replace(view, where=where).page(AtEvent(event_id), 1)
        if page.rows.height:
            return FoundRow(page.first_row, where)
    return None


class Neighbours(NamedTuple):
    """Some events, a few at most, and those on both sides of them; None where there is none."""

    before: EventRow | None
    rows: tuple[EventRow, ...]
    behind: EventRow | None


MOST_BETWEEN = 4
"""Events shown of those that a finding is about."""

MOST_LATE = 20
"""Events in order of time among which the next one by seq is found."""


def neighbours(view: RowsView, finding: Finding) -> Neighbours | None:
    """Find the events before, at and behind a finding. Blocks; for a thread.

    Where events have a seq, neighbours are those by seq, else those by time.

    Raises:
        SourceError: the log cannot be looked at.
    """
    everything = replace(view, where=EVERYTHING, order=Order.OLDEST_FIRST)
    if finding.first_seq is not None:
        return _neighbours_by_seq(everything, finding)
    if finding.event_id is None:
        return None
    found = everything.page(AtEvent(finding.event_id), 2)
    if found.rows.is_empty():
        return None
    here, *behind = found.rows.iter_rows(named=True)
    before = everything.page(AtRow(found.first_row - 1), 1) if found.first_row else None
    return Neighbours(
        None if before is None else before.rows.row(0, named=True),
        (here,),
        behind[0] if behind else None,
    )


def _neighbours_by_seq(view: RowsView, finding: Finding) -> Neighbours:
    first = finding.first_seq or 0
    last = first if finding.last_seq is None else finding.last_seq
    before = _rows_of_seqs(view, finding.chain, Range(None, Decimal(first - 1)), backwards=True)
    here = _rows_of_seqs(view, finding.chain, Range(Decimal(first), Decimal(last)))
    behind = _rows_of_seqs(view, finding.chain, Range(Decimal(last + 1), None))
    return Neighbours(
        before[-1] if before else None, tuple(here[:MOST_BETWEEN]), behind[0] if behind else None
    )


def _rows_of_seqs(
    view: RowsView, chain: str | None, seqs: Range, *, backwards: bool = False
) -> list[EventRow]:
    """Give some events of a range of seqs, by seq: its first in time, or its last."""
    order = Order.NEWEST_FIRST if backwards else Order.OLDEST_FIRST
    where = Filter((equals(FieldName.CHAIN, chain), Term(Field(FieldName.SEQ), seqs)))
    page = replace(view, where=where, order=order).page(AtRow(0), MOST_LATE)
    return sorted(page.rows.iter_rows(named=True), key=itemgetter("seq"))


NEAR = 20
"""Events on each side in time among which those that a link joins are found."""


def events_beside(source: Source, row: EventRow) -> Neighbours:
    """Find the events before and after one in its chain. Blocks; for a thread.

    Where events have no seq, they are found by their links, if they are near in time.

    Raises:
        SourceError: the log cannot be looked at.
    """
    view, seq = RowsView(source, EVERYTHING, Order.OLDEST_FIRST), row["seq"]
    if seq is None:
        return _beside_by_links(view, row)
    around = Range(Decimal(seq - 1), Decimal(seq + 1))
    by_seq = {found["seq"]: found for found in _rows_of_seqs(view, row["chain"], around)}
    return Neighbours(by_seq.get(seq - 1), (row,), by_seq.get(seq + 1))


def _beside_by_links(view: RowsView, row: EventRow) -> Neighbours:
    here = view.page(AtEvent(row["id"]), 1).first_row
    rows = view.page(AtRow(max(0, here - NEAR)), 2 * NEAR + 1).rows.rows(named=True)
    wanted, own = _previous_hash(row), row["event_hash"]
    before = (found for found in rows if wanted is not None and found["event_hash"] == wanted)
    behind = (found for found in rows if own is not None and _previous_hash(found) == own)
    return Neighbours(next(before, None), (row,), next(behind, None))


def _previous_hash(row: EventRow) -> str | None:
    event = None if row["raw"] is None else decode_line(row["raw"])
    return event.previous_hash if isinstance(event, AuditEvent) else None


MARKED = "star:yes OR tag:* OR note:* OR chain:broken"
"""The events that the reader marked, and those that the check found broken."""

TIES = 1_000
"""Events of one time among which the next one is found."""


def find_marked(view: RowsView, row: EventRow, *, behind: bool) -> int | None:
    """Find the next row, or the one before, of a view that is marked or broken.

    Raises:
        SourceError: the log cannot be looked at.
    """
    backwards = (view.order is Order.OLDEST_FIRST) is not behind
    order = Order.NEWEST_FIRST if backwards else Order.OLDEST_FIRST
    wanted = view.question.narrowed(*parse(MARKED, Anchor(row["timestamp"], None)).where.terms)
    page = wanted.page(AtTime(row["timestamp"]), TIES, order=order)
    here = _place_in_log(row)
    for found in page.rows.iter_rows(named=True):
        there = _place_in_log(found)
        if there < here if backwards else there > here:
            return view.page(AtEvent(found["id"]), 1).first_row
    return None


def _place_in_log(row: EventRow) -> tuple[datetime, int, int]:
    return row["timestamp"], row["file"], row["line"]


def _ids_by_seq(view: RowsView, finding: Finding) -> Iterator[str]:
    if finding.first_seq is None:
        return
    last = finding.first_seq if finding.last_seq is None else finding.last_seq
    for seq in (finding.first_seq, last + 1, finding.first_seq - 1):
        place = Filter((equals(FieldName.CHAIN, finding.chain), equals(FieldName.SEQ, seq)))
        page = replace(view, where=place).page(AtRow(0), 1)
        if page.rows.height:
            yield page.rows["id"][0]

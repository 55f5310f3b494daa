"""Filters made from cells, and the events that findings point to. Pure but for asking a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from audit_console.core.filters import EVERYTHING, Expression, Field, Filter, Not, Term, equals
from audit_console.core.findings import Code, Finding
from audit_console.sources.protocol import AtEvent, AtRow
from audit_console.tui.widgets.event_window import View


def including(where: Filter, terms: Sequence[Expression]) -> Filter:
    """Add terms; a field has one value, so a term on the same field gives way."""
    fields = {_field(term) for term in terms}
    kept = tuple(term for term in where.terms if _field(term) not in fields)
    return Filter((*kept, *terms))


def _field(term: Expression) -> Field | None:
    part = term.part if isinstance(term, Not) else term
    return part.field if isinstance(part, Term) else None


def without(where: Filter, term: Expression) -> Filter:
    """Remove a term."""
    return Filter(tuple(known for known in where.terms if known != term))


UNREADABLE = frozenset({Code.MALFORMED, Code.OVERSIZE, Code.TORN_TAIL})
"""Codes of findings that point to a line which is no event."""


class Found(NamedTuple):
    """A row of a view. `unfiltered` says that the filter hides it: the row counts without one."""

    row: int
    unfiltered: bool


def find_event(view: View, finding: Finding) -> Found | None:
    """Find the event that a finding points to. Blocks; for a thread.

    A gap has no event of its own: the one behind it stands for it, or else the one
    before it.

    Raises:
        SourceError: the log cannot be looked at.
    """
    event_id = finding.event_id or next(_ids_by_seq(view, finding), None)
    if event_id is None:
        return None
    for where in dict.fromkeys((view.where, EVERYTHING)):
        page = View(view.source, where, view.order).page(AtEvent(event_id), 1)
        if page.rows.height:
            return Found(page.first_row, unfiltered=where != view.where)
    return None


def _ids_by_seq(view: View, finding: Finding) -> Iterator[str]:
    if finding.first_seq is None:
        return
    last = finding.first_seq if finding.last_seq is None else finding.last_seq
    for seq in (finding.first_seq, last + 1, finding.first_seq - 1):
        place = Filter((equals("chain", finding.chain), equals("seq", seq)))
        page = View(view.source, place, view.order).page(AtRow(0), 1)
        if page.rows.height:
            yield page.rows["id"][0]

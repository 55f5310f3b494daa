"""Filters made from cells, and the events that findings point to. Pure but for asking a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit_console.core.filters import Equals, Filter
from audit_console.core.findings import Finding
from audit_console.sources.protocol import AtEvent, AtRow
from audit_console.tui.widgets.event_window import View


def including(where: Filter, terms: Sequence[Equals]) -> Filter:
    """Add terms; a field has one value, so a term on the same field gives way."""
    fields = {term.field for term in terms}
    kept = tuple(term for term in where.terms if term.field not in fields)
    return Filter((*kept, *terms))


def without(where: Filter, term: Equals) -> Filter:
    """Remove a term."""
    return Filter(tuple(known for known in where.terms if known != term))


def find_event(view: View, finding: Finding) -> int | None:
    """Find the row of the event that a finding points to. Blocks; for a thread.

    A gap has no event of its own: the one behind it stands for it, then the one
    before it.

    Raises:
        SourceError: the log cannot be looked at.
    """
    for event_id in _event_ids(view, finding):
        page = view.page(AtEvent(event_id), 1)
        if page.rows.height:
            return page.first_row
    return None


def _event_ids(view: View, finding: Finding) -> Iterator[str]:
    if finding.event_id is not None:
        yield finding.event_id
    if finding.first_seq is None:
        return
    last = finding.first_seq if finding.last_seq is None else finding.last_seq
    for seq in (finding.first_seq, last + 1, finding.first_seq - 1):
        place = Filter((Equals("chain", finding.chain), Equals("seq", seq)))
        page = View(view.source, place, view.order).page(AtRow(0), 1)
        if page.rows.height:
            yield page.rows["id"][0]

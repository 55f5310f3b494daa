"""Terms on the time of an event, replaced by that time before a filter is used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from audit_console.core.filters import (
    Around,
    Between,
    Expression,
    Filter,
    Match,
    Term,
    map_terms,
)
from audit_console.core.timespan import TICK, shifted
from audit_console.errors import UsageError

MAX_SPAN = timedelta(days=3660)


def resolve(where: Filter, time_of: Callable[[str], datetime | None]) -> Filter:
    """Replace `around:` by absolute times.

    Args:
        where: any filter.
        time_of: gives the time of the event with an id, None for an unknown id.

    Raises:
        UsageError: there is no such event.
    """

    def resolved(term: Term) -> Expression:
        return Term(term.field, _resolved(term.match, time_of))

    return Filter(tuple(map_terms(term, resolved) for term in where.terms), where.off)


def _resolved(match: Match, time_of: Callable[[str], datetime | None]) -> Match:
    if not isinstance(match, Around):
        return match
    moment = time_of(match.event_id)
    if moment is None:
        raise UsageError(
            f"around: there is no event {match.event_id}",
            hint="give the id of an event of this log",
        )
    return both_sides(moment, match.span)


def both_sides(moment: datetime, span: timedelta) -> Between:
    """Give the time that is at most `span` from a moment."""
    return Between(shifted(moment, -span), shifted(moment, span + TICK))

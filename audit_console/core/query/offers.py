"""What to offer for a query that finds nothing because the log ended earlier."""

from __future__ import annotations

from datetime import datetime

from audit_console.core.filters import Between, Expression, FieldName, Not, Term
from audit_console.core.query.parser import Query


def offer_end(text: str, query: Query, end: datetime) -> str | None:
    """Rewrite a query to count from the log's last event instead of the clock.

    Args:
        text: what `query` was read from.
        query: as it was read.
        end: time of the log's last event.

    Returns:
        None if the query does not begin behind `end`, or not relative to the clock.
    """
    if not query.clock_times or not any(_begins_behind(term, end) for term in query.where.active):
        return None
    for index in reversed(query.clock_times):
        rest = text[index:]
        text = text[:index] + "end" + rest.removeprefix("now")
    return text


def _begins_behind(term: Expression, end: datetime) -> bool:
    match term:
        case Term(field, Between(start, _)) if field.name is FieldName.TIME:
            return start is not None and start > end
        case Not(Term(field, Between(None, until))) if field.name is FieldName.TIME:
            return until is not None and until > end
        case _:
            return False

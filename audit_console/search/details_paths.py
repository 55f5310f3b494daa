"""The paths of details that occur in a log, as far as a look at some events tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from audit_console.core.filters import FieldName, equals
from audit_console.core.query.stages import Top
from audit_console.search.facet_fields import details_fields
from audit_console.search.question import Question
from audit_console.sources.protocol import AtRow, Order

EVENTS = 100
"""Events that are looked at of each type, at both ends."""

MOST_TYPES = 50
MOST_TEXT = 200_000
"""Characters of details that are looked at of each type, at both ends."""


def details_paths(question: Question) -> tuple[str, ...]:
    """Name the paths in the oldest and the newest events of each type, the commonest first.

    What details say depends on the type; so the rare type is asked as the common one is. Of a
    log of up to twice `EVENTS` events of each type no path is missing.

    Raises:
        SourceError: the log cannot be looked at.
    """
    found: Counter[str] = Counter()
    for event_type in question.tally(Top("type", MOST_TYPES))["type"]:
        of_type = question.narrowed(equals(FieldName.TYPE, event_type))
        for order in Order:
            for details in _some_details(of_type, order):
                found.update(details_fields(details))
    return tuple(path for path, _ in found.most_common())


def _some_details(question: Question, order: Order) -> Iterator[str]:
    room = MOST_TEXT
    for details in question.page(AtRow(0), EVENTS, order=order).rows["details"].drop_nulls():
        yield details
        room -= len(details)
        if room < 0:
            return

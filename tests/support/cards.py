"""All that a card says of a value, asked for at once."""

from __future__ import annotations

from typing import NamedTuple

from audit_console.core.narrowing import Value
from audit_console.search.entity import (
    Busiest,
    Listing,
    Summary,
    about,
    busiest,
    listed_fields,
    listing,
    summary,
)
from audit_console.search.question import Question


class Card(NamedTuple):
    """All that is said of one value."""

    summary: Summary
    busiest: Busiest | None
    listings: tuple[Listing, ...]


def card_of(question: Question, value: Value) -> Card:
    """Ask for all of it."""
    asked = about(question, value)
    listings = (listing(asked, name) for name in listed_fields(value))
    return Card(summary(asked), busiest(asked), tuple(listings))

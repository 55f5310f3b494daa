"""What a query is completed with: values of fields, and paths of details."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from audit_console.core.filters import Field, FieldName
from audit_console.core.query.completion import MOST
from audit_console.core.query.fields import field_text
from audit_console.search.facet_fields import FACET_FIELDS, details_fields
from audit_console.search.question import Question
from audit_console.tui.asking import asked, asked_at_rest
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.screens.investigate.investigation import Investigation
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.query_bar import QueryBar

if TYPE_CHECKING:  # Polars need not be there for the first paint
    from datetime import datetime

    from audit_console.search.facets import Facet

_COMPLETED = 50_000
"""Fields with more values are not completed: looking at each would hold up a key press."""

_NEVER_TWICE = frozenset({FieldName.ID, FieldName.SEQ, FieldName.HASH})
"""Fields of which each event has a value of its own."""

COUNTED_FIELDS = frozenset(FACET_FIELDS) - _NEVER_TWICE

_GROUP = "values"


class KnownValues:
    """What is known to stand in the events of the current look, once it was asked for."""

    def __init__(self, screen: ConsoleScreen, investigation: Investigation) -> None:
        self._screen = screen
        self._investigation = investigation
        # Not columns: the threads that answer those may be busy for as long as a question takes,
        # and what completes a query is looked at in the loop, at each key.
        self._known: dict[str, Sequence[tuple[str, int]]] = {}
        self._paths: tuple[str, ...] = ()
        self._looked_for: set[str] = set()

    def of(self, field: Field, part: str) -> Sequence[tuple[str, int | None]]:
        """Give the commonest values with a part in lower case, and their counts in the result.

        Those that no facet shows are counted now, and offered when they are. The paths of
        details are those of the selected event, and of others when these were looked at.
        """
        name = field_text(field)
        if name == FieldName.DETAILS:
            return [(path, None) for path in self.paths()]
        if name == FieldName.TAG:
            tags = {tag for marks in self._investigation.marks.values() for tag in marks.tags}
            return [(tag, None) for tag in sorted(tags)]
        known = self._known.get(name)
        if known is not None:
            return list(islice((value for value in known if part in value[0].lower()), MOST))
        if field.path or name in COUNTED_FIELDS:
            self._find_once(name)
        return []

    def paths(self) -> Sequence[str]:
        """Give the paths of details that are known; others are looked for now."""
        self._find_once(FieldName.DETAILS)
        row = self._screen.query_one(EventTable).selected
        here = () if row is None else details_fields(row["details"])
        return tuple(dict.fromkeys((*here, *self._paths)))

    async def keep(self, found: Sequence[Facet]) -> None:
        """Count the values that are not shown too, now that all that is shown is there."""
        for one in found:
            self._known.pop(one.field, None)
            if one.distinct <= _COMPLETED:
                self._known[one.field] = await asked(one.commonest_first)

    def stop(self) -> None:
        """Count no values, because nobody types."""
        self._screen.drop(_GROUP)

    def forget(self) -> None:
        """Count values anew, for they were those of another result."""
        self._known = {}
        self._paths = ()
        self._looked_for = set()

    def _find_once(self, name: str) -> None:
        if name not in self._looked_for:
            self._looked_for.add(name)
            self._screen.in_background(partial(self._find, name), _GROUP)

    async def _find(self, name: str) -> None:
        look = self._investigation.look
        try:
            await self._count(name)
        except (*CANNOT_BE_LOOKED_AT, asyncio.CancelledError) as error:
            self._looked_for.discard(name)
            if isinstance(error, asyncio.CancelledError):
                raise
        if look is self._investigation.look:
            self._screen.query_one(QueryBar).complete_again()
        else:
            self.forget()

    async def _count(self, name: str) -> None:
        window, turn = self._investigation.window, self._investigation.turn
        if window is None:
            return
        question = self._investigation.question
        if name == FieldName.DETAILS:
            self._paths = await asked_at_rest(turn, partial(_paths_of, question))
        else:
            count = partial(_values_of, question, name, window)
            await self.keep([await asked_at_rest(turn, count)])


def _paths_of(question: Question) -> tuple[str, ...]:
    from audit_console.search.details_paths import details_paths

    return details_paths(question)


def _values_of(question: Question, name: str, window: tuple[datetime, datetime]) -> Facet:
    """Count the values of a field, if they are not too many to complete with."""
    from audit_console.search.facets import facet

    found = facet(question, name, window, counted=False)
    if found.distinct <= _COMPLETED:
        found.counts()
    return found

"""What a query is completed with: values of fields, and paths of details. Base of Investigate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from textual import on

from audit_console.core.filters import Field, FieldName
from audit_console.core.query.completion import MOST
from audit_console.core.query.fields import field_text
from audit_console.search.facet_fields import FACET_FIELDS, details_fields
from audit_console.search.question import Question
from audit_console.tui.asking import asked_at_rest
from audit_console.tui.screens.investigate.surveying import COMPLETED, SurveyingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.query_bar import QueryBar
from audit_console.tui.widgets.query_hints import QueryHints

if TYPE_CHECKING:  # Polars need not be there for the first paint
    from datetime import datetime

    from audit_console.search.facets import Facet

_NEVER_TWICE = frozenset({FieldName.ID, FieldName.SEQ, FieldName.HASH})
"""Fields of which each event has a value of its own."""

COUNTED_FIELDS = frozenset(FACET_FIELDS) - _NEVER_TWICE


class CompletingScreen(SurveyingScreen):
    """Knows what stands in the events of the current look, once it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._completing: set[str] = set()
        self._paths: tuple[str, ...] = ()
        # Previews and values of a slow log wait for one another, and nobody for them.
        self._previews = Lock()

    def known_values(self, field: Field, part: str) -> Sequence[tuple[str, int | None]]:
        """Give the commonest values with a part in lower case, and their counts in the result.

        Those that no facet shows are counted now, and offered when they are. The paths of
        details are those of the selected event, and of others when these were looked at.
        """
        name = field_text(field)
        if name == FieldName.DETAILS:
            return [(path, None) for path in self.known_paths()]
        if name == FieldName.TAG:
            tags = {tag for marks in self.investigation.marks.values() for tag in marks.tags}
            return [(tag, None) for tag in sorted(tags)]
        known = self._known.get(name)
        if known is not None:
            return list(islice((value for value in known if part in value[0].lower()), MOST))
        if field.path or name in COUNTED_FIELDS:
            self._find_once(name)
        return []

    def known_paths(self) -> Sequence[str]:
        """Give the paths of details that are known; others are looked for now."""
        self._find_once(FieldName.DETAILS)
        row = self._table.selected
        here = () if row is None else details_fields(row["details"])
        return tuple(dict.fromkeys((*here, *self._paths)))

    def _find_once(self, name: str) -> None:
        if name not in self._completing:
            self._completing.add(name)
            self.in_background(partial(self._complete_later, name), "values")

    async def _complete_later(self, name: str) -> None:
        look = self.look
        try:
            await self._count_values(name)
        except (*CANNOT_BE_LOOKED_AT, asyncio.CancelledError) as error:
            self._completing.discard(name)
            if isinstance(error, asyncio.CancelledError):
                raise
        if look is self.look:
            self.query_one(QueryBar).complete_again()
        else:
            self.forget_values()

    async def _count_values(self, name: str) -> None:
        window = self.investigation.window
        if window is None:
            return
        if name == FieldName.DETAILS:
            self._paths = await asked_at_rest(
                self._previews, partial(_paths_of, self.investigation.question)
            )
        else:
            count = partial(_values_of, self.investigation.question, name, window)
            await self.keep_for_completion([await asked_at_rest(self._previews, count)])

    @on(QueryHints.Pointed)
    def _take_completion(self, event: QueryHints.Pointed) -> None:
        self.query_one(QueryBar).take(event.index)

    def stop_completing(self) -> None:
        """Count no values, because nobody types."""
        self.workers.cancel_group(self, "values")

    def forget_values(self) -> None:
        """Count values anew, for they were those of another result."""
        self._known = {}
        self._paths = ()
        self._completing = set()


def _paths_of(question: Question) -> tuple[str, ...]:
    from audit_console.search.details_paths import details_paths

    return details_paths(question)


def _values_of(question: Question, name: str, window: tuple[datetime, datetime]) -> Facet:
    """Count the values of a field, if they are not too many to complete with."""
    from audit_console.search.facets import facet

    found = facet(question, name, window, counted=False)
    if found.distinct <= COMPLETED:
        found.counts()
    return found

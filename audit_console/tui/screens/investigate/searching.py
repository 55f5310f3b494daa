"""Searches that have a name: standing reviews, and those that the reader saved."""

from __future__ import annotations

import asyncio
from functools import partial

from audit_console.errors import QueryError
from audit_console.search.reviews import Review
from audit_console.tui.saved import SavedSearch, SavedSearches
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.screens.investigate.querying import Querying
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets import event_columns as columns


class Searching:
    """Asks searches by their names, and saves them.

    Attributes:
        next: the review to ask when the load ends.
    """

    def __init__(self, screen: LookingScreen, querying: Querying, saved: SavedSearches) -> None:
        self._screen = screen
        self._querying = querying
        self._saved = saved
        self.next: Review | None = None

    def review(self, review: Review | None) -> None:
        """Ask the query of a standing review; it can be edited like any other.

        Its times count from the last event, so that it waits for the load to end.
        """
        if review is None:
            return
        session = self._screen.session
        if session is None or session.loading or session.status.last is None:
            self.next = review
            self._screen.notify("the review is asked when the load ends")
            return
        self.next = None
        query = self._screen.investigation.read_query(review.text)
        self._querying.ask(review.text, query, review=review.name)

    def list_saved(self) -> None:
        """List the saved searches."""
        from audit_console.tui.dialogs.saved_searches import SavedSearchesDialog

        self._screen.app.push_screen(SavedSearchesDialog(self._saved), self._ask)

    def _ask(self, search: SavedSearch | None) -> None:
        if search is None:
            return
        try:
            query = self._screen.investigation.read_query(search.query)
        except QueryError as error:
            self._screen.say(error)
            return
        shown = [name for name in search.columns if name in columns.BY_NAME]
        self._screen.table.choose_columns(shown)
        self._querying.ask(search.query, query, order=search.order)

    def save(self) -> None:
        """Ask for a name to keep the current search under."""
        from audit_console.tui.dialogs.saved_searches import NameSearchDialog

        taken = [search.name for search in self._saved.all()]
        dialog = NameSearchDialog(self._screen.look.as_typed, taken)
        self._screen.app.push_screen(dialog, self._keep)

    def _keep(self, name: str | None) -> None:
        if name is None:
            return
        look, shown = self._screen.look, self._screen.table.chosen_columns
        search = SavedSearch(name, look.as_typed, shown, look.order)
        self._screen.in_background(partial(self._store, search), "save")

    async def _store(self, search: SavedSearch) -> None:
        try:
            await asyncio.to_thread(self._saved.save, search)
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
            return
        self._screen.notify("the search is saved")

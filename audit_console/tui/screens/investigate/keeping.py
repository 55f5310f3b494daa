"""What the reader keeps of an investigation: marks, saved searches, files; and how it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import tzinfo
from functools import partial

from audit_console.errors import QueryError
from audit_console.search.reviews import Review
from audit_console.search.whole_files import write_file
from audit_console.tui.dialogs.export import (
    EVENT_FORMS,
    TABLE_FORMS,
    Export,
    ExportDialog,
    stem_of,
)
from audit_console.tui.saved import SavedSearch
from audit_console.tui.screens.investigate.going import GoingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.widgets import event_columns as columns
from audit_console.tui.widgets.status_lines import Completeness


class KeepingScreen(GoingScreen):
    """A look of which something can be kept."""

    # --- searches ----------------------------------------------------------------

    def review(self, review: Review | None) -> None:
        """Ask the query of a standing review; it can be edited like any other.

        Its times count from the last event, so that it waits for the load to end.
        """
        if review is None:
            return
        if self.session is None or self.session.loading or self.session.status.last is None:
            self.review_next = review
            self.notify("the review is asked when the load ends")
            return
        self.review_next = None
        self.ask(review.text, self.investigation.read_query(review.text), review=review.name)

    def action_reviews(self) -> None:
        """List the standing reviews."""
        from audit_console.tui.dialogs.reviews import ReviewsDialog

        self.app.push_screen(ReviewsDialog(), self.review)

    def action_save_search(self) -> None:
        """Ask for a name to keep this search under."""
        from audit_console.tui.dialogs.saved_searches import NameSearchDialog

        taken = [search.name for search in self._kept.searches.all()]
        self.app.push_screen(NameSearchDialog(self.look.as_typed, taken), self._save)

    def _save(self, name: str | None) -> None:
        if name is None:
            return
        names = tuple(column.name for column in self.table.columns[columns.FROZEN :])
        search = SavedSearch(name, self.look.as_typed, names, self.look.order)
        self.in_background(partial(self._store_search, search), "save")

    async def _store_search(self, search: SavedSearch) -> None:
        try:
            await asyncio.to_thread(self._kept.searches.save, search)
        except CANNOT_BE_LOOKED_AT as error:
            self.say(error)
            return
        self.notify("the search is saved")

    def action_saved_searches(self) -> None:
        """List the saved searches."""
        from audit_console.tui.dialogs.saved_searches import SavedSearchesDialog

        self.app.push_screen(SavedSearchesDialog(self._kept.searches), self._ask_saved)

    def _ask_saved(self, search: SavedSearch | None) -> None:
        if search is None:
            return
        try:
            query = self.investigation.read_query(search.query)
        except QueryError as error:
            self.say(error)
            return
        self.show_columns([name for name in search.columns if name in columns.BY_NAME])
        self.ask(search.query, query, order=search.order)

    # --- how it is shown ---------------------------------------------------------

    def action_columns(self) -> None:
        """Ask which columns to show."""
        from audit_console.tui.dialogs.columns import ColumnsDialog

        chosen = [column.name for column in self.table.columns[columns.FROZEN :]]
        names = [name for name in columns.BY_NAME if name not in columns.FIXED]
        self.app.push_screen(ColumnsDialog(chosen, names), self.show_columns)

    def show_columns(self, names: Sequence[str] | None) -> None:
        """Show other columns; without names those that are there stay."""
        if names:
            self.table.columns = columns.named(names)

    def action_zone(self) -> None:
        """Ask in which zone to show times."""
        from audit_console.tui.dialogs.zone import ZoneDialog

        if (row := self.event_in_sight()) is not None:
            dialog = ZoneDialog(self.table.zone, row["timestamp"])
            self.app.push_screen(dialog, self._show_zone)

    def _show_zone(self, zone: tzinfo | None) -> None:
        if zone is not None:
            self.table.zone = zone

    # --- files -------------------------------------------------------------------

    def action_export(self) -> None:
        """Ask for a file to write what is shown to."""
        if self.session is None:
            return
        if self.investigation.is_partial:
            self.notify("not all was read: the file will hold a part", severity="warning")
        stem = stem_of(self.session.source.label)
        forms = TABLE_FORMS if self.look.stages else EVENT_FORMS
        what = self._counted_events(self.session)
        dialog = ExportDialog(stem, self.session.places, forms, self._write, what)
        self.app.push_screen(dialog, self._pack)

    def _pack(self, export: Export | None) -> None:
        """Pack the events, of a log all of which was verified."""
        from audit_console.tui.dialogs.pack import PackDialog, case_of

        session = self.session
        if export is None:
            return
        if session is None or session.loading:
            self.notify("no package yet: the log is still being verified")
        elif session.verification is None or self.investigation.is_partial:
            self.notify("no package: not all of the log was verified", severity="error")
        else:
            make_case = partial(
                case_of, session, self.investigation.question, self.look.text, self._kept
            )
            self.app.push_screen(PackDialog(export.path, make_case, force=export.force))

    async def _write(self, export: Export) -> str:
        """Write what is shown to a file, and say what that is."""
        from audit_console.search.exporting import print_export

        question, stages = self.investigation.question, self.look.stages
        what = self._what_is_written(export.form)
        chunks = print_export(question, stages, export.form)
        await asyncio.to_thread(write_file, export.path, chunks, force=export.force)
        return f"written: {export.path}{what}"

    def _counted_events(self, session: Session) -> str:
        """Say how many events are shown; nothing while they are counted."""
        if not self.table.counted:
            return ""
        return f"{self.table.row_count:,} of {session.status.events:,} events read"

    def _what_is_written(self, form: str) -> str:
        """Say of which events a file tells, whether of them or of what was made of them."""
        from audit_console.search.exporting import OF_MARKS
        from audit_console.search.found import soundness

        session = self.session
        if session is None or not self.table.counted:
            return ""
        events = self._counted_events(session)
        if form.startswith(OF_MARKS):
            events = f"what is noted on {events}"
        elif self.look.stages:
            events = f"made of {events}"
        verified = None if session.partial else session.verification
        verdict = "not verified" if verified is None else verified.verdict
        lacking = self.query_one(Completeness).lacking
        without = [f"includes {count:,} without {field}" for field, count in lacking if count]
        parts = ("", events, *without, *soundness(session.status, verdict))
        return " · ".join(parts)

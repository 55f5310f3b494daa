"""The selected event in full: its detail, and the events beside it in its chain.

Base of Investigate.
"""

from __future__ import annotations

from functools import partial
from threading import Lock

from textual import on

from audit_console.core.matching import Marks
from audit_console.sources.protocol import Source
from audit_console.tui.asking import asked_at_rest
from audit_console.tui.belongings import Belongings
from audit_console.tui.clipboard import copy
from audit_console.tui.locating import Neighbours, events_beside
from audit_console.tui.screens.investigate.keeping import KeepingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_lines import Known
from audit_console.tui.widgets.event_table import EventTable


class DetailingScreen(KeepingScreen):
    """A look with a pane for the selected event."""

    def __init__(self, kept: Belongings) -> None:
        super().__init__(kept)
        self._beside: tuple[Source, str, Neighbours] | None = None
        self._turn_beside = Lock()

    @property
    def _detail(self) -> DetailPane:
        return self.query_one(DetailPane)

    def _show_event(self, row: EventRow | None) -> None:
        if row is None or self.session is None:
            if self.table.row_count == 0:
                self._detail.clear()
            return
        marks = self.investigation.marks.get((row["id"], row["event_hash"]), Marks())
        missing = self.session.missing_before(row["chain"], row["seq"])
        known = Known(marks, missing, self._known_beside(row))
        self._detail.show(row, self.session.file_name(row["file"]), known)

    def _known_beside(self, row: EventRow) -> Neighbours | None:
        """Give the events beside one in its chain; they are looked for now if not known."""
        session = self.session
        if session is None or row["event_hash"] is None:
            return None
        if self._beside is not None and self._beside[:2] == (session.source, row["id"]):
            return self._beside[2]
        if self.panes.has_detail and session.answers:
            self.in_background(partial(self._look_beside, session.source, row), "beside")
        return None

    async def _look_beside(self, source: Source, row: EventRow) -> None:
        try:
            beside = await asked_at_rest(self._turn_beside, partial(events_beside, source, row))
        except CANNOT_BE_LOOKED_AT as error:
            self.say(error)
            return
        self._beside = source, row["id"], beside
        self._show_event(self.table.selected)

    def show_marks(self) -> None:
        """Show the marks as they are now, those of the selected event in its detail too."""
        super().show_marks()
        self._show_event(self.table.selected)

    def _show_detail(self, *, show: bool) -> None:
        self.panes.has_detail = show
        if show:
            self._show_event(self.table.selected)
        if show and self.panes.are_stacked:
            self._detail.focus()
        elif not show:
            self.panes.focus_events()

    @on(EventTable.DetailAsked)
    def _toggle_detail(self) -> None:
        self._show_detail(show=not self.panes.has_detail)

    @on(DetailPane.CloseAsked)
    def _close_detail(self) -> None:
        self._show_detail(show=False)

    @on(DetailPane.EventAsked)
    def _go_beside(self, event: DetailPane.EventAsked) -> None:
        self.go_to_event(event.event_id)

    @on(DetailPane.CopyAsked)
    def _copy_of_detail(self, event: DetailPane.CopyAsked) -> None:
        copy(self.app, event.value, event.what)

"""The selected event in full: its detail, and the events beside it in its chain."""

from __future__ import annotations

from functools import partial
from threading import Lock

from audit_console.core.matching import Marks
from audit_console.sources.protocol import Source
from audit_console.tui.asking import asked_at_rest
from audit_console.tui.locating import Neighbours, events_beside
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.screens.investigate.investigation import Investigation
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_lines import Known
from audit_console.tui.widgets.event_table import EventTable


class Detailing:
    """Has the detail show the selected event."""

    def __init__(self, screen: ConsoleScreen, investigation: Investigation) -> None:
        self._screen = screen
        self._investigation = investigation
        self._beside: tuple[Source, str, Neighbours] | None = None
        self._turn = Lock()

    def show(self, row: EventRow | None) -> None:
        """Show an event with what is known of it now; None while it is fetched, or is none."""
        pane, session = self._screen.query_one(DetailPane), self._investigation.session
        if row is None or session is None:
            if self._screen.query_one(EventTable).row_count == 0:
                pane.clear()
            return
        marks = self._investigation.marks.get((row["id"], row["event_hash"]), Marks())
        missing = session.missing_before(row["chain"], row["seq"])
        known = Known(marks, missing, self._known_beside(row))
        pane.show(row, session.file_name(row["file"]), known)

    def _known_beside(self, row: EventRow) -> Neighbours | None:
        """Give the events beside one in its chain; they are looked for now if not known."""
        session = self._investigation.session
        if session is None or row["event_hash"] is None:
            return None
        if self._beside is not None and self._beside[:2] == (session.source, row["id"]):
            return self._beside[2]
        if self._screen.query_one(Panes).has_detail and session.answers:
            look = partial(self._look_beside, session.source, row)
            self._screen.in_background(look, "beside")
        return None

    async def _look_beside(self, source: Source, row: EventRow) -> None:
        try:
            beside = await asked_at_rest(self._turn, partial(events_beside, source, row))
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
            return
        self._beside = source, row["id"], beside
        self.show(self._screen.query_one(EventTable).selected)

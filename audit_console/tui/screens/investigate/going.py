"""Going to an event: by a finding, an id, a place; and to what belongs to the selected one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Finding
from audit_console.core.narrowing import How, Value, narrowed, within
from audit_console.search.question import Question
from audit_console.search.surrounding import span_around
from audit_console.tui.asking import ValueActions, asked
from audit_console.tui.dialogs.surrounding import Surrounding, SurroundingDialog
from audit_console.tui.locating import UNREADABLE, FoundRow, find_event, find_id
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.query_bar import QueryBar


class Going:
    """Finds events, and selects them."""

    def __init__(self, screen: LookingScreen) -> None:
        self._screen = screen
        self._investigation = screen.investigation

    def jump(self) -> None:
        """Ask where to go."""
        from audit_console.tui.dialogs.jump import JumpDialog

        table = self._screen.table
        if table.view is not None and self._screen.events_in_sight():
            self._screen.app.push_screen(JumpDialog(table.view, table.selected), self._go_to_row)

    def _go_to_row(self, row: int | None) -> None:
        if row is not None:
            self._screen.table.go_to(row)

    def bad_lines(self) -> None:
        """List the lines that could not be read."""
        from audit_console.tui.dialogs.bad_lines import BadLinesDialog

        if self._investigation.session is not None:
            self._screen.app.push_screen(BadLinesDialog(self._investigation.session))

    # --- events by finding and id ------------------------------------------------

    def to_finding(self, finding: Finding) -> None:
        """Go to the event that a finding points to, without the filter where that hides it."""
        self._screen.in_background(partial(self._find, finding), "finding")

    async def _find(self, finding: Finding) -> None:
        view = self._screen.table.view
        if view is None:
            return
        try:
            found = await asked(find_event, view, finding)
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
            return
        if found is None and finding.code in UNREADABLE:
            self.bad_lines()
        elif found is None:
            self._screen.notify("this finding points to no event that can be shown")
        else:
            self._select(found)

    def to_event(self, event_id: str | None) -> None:
        """Go to an event by its id, without the filter where that hides it."""
        if event_id is not None:
            self._screen.in_background(partial(self._find_id, event_id), "finding")

    async def _find_id(self, event_id: str) -> None:
        view = self._screen.table.view
        if view is None:
            return
        try:
            found = await asked(find_id, view, event_id)
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
            return
        if found is not None:
            self._select(found)

    def _select(self, found: FoundRow) -> None:
        screen, look, view = self._screen, self._investigation.look, self._screen.table.view
        if view is None:
            return
        if found.where != look.where:
            screen.notify("the filter hid this event; q goes back to it")
        if found.where != look.where or look.stages:
            screen.leave_place()
            self._investigation.steps.take(replace(look, where=found.where, stages=(), review=None))
            screen.table.go_to(found.row, view=replace(view, where=found.where))
            screen.show_look()
        else:
            screen.table.go_to(found.row)

    # --- what belongs to the selected event --------------------------------------

    def around(self) -> None:
        """Ask how far to look around the selected event."""
        if self._screen.event_in_sight() is not None:
            dialog = SurroundingDialog(has_filter=bool(self._investigation.look.where))
            self._screen.app.push_screen(dialog, self._around)

    def _around(self, around: Surrounding | None) -> None:
        if around is not None:
            # what is asked there is asked no longer
            self._screen.query_one(QueryBar).show(self._investigation.look.text)
            self._screen.in_background(partial(self._look_around, around), "ask")

    async def _look_around(self, around: Surrounding) -> None:
        row, session = self._screen.table.selected, self._investigation.session
        if row is None or session is None:
            return
        before = self._investigation.look
        where = before.where if around.keeps_filter else EVERYTHING
        question = Question(session.source, where, self._investigation.marks)
        event_id, moment = row["id"], row["timestamp"]
        try:
            window = await asked(span_around, question, event_id, moment, around.reach)
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
            return
        if self._investigation.look is not before:  # the reader went on, and the newest wins
            return
        where = within(where, window)
        self._screen.take(replace(before, where=where, stages=(), review=None, origin=event_id))
        self._screen.panes.focus_events()

    def card(self) -> None:
        """Sum up what the log says of the value under the cursor."""
        from audit_console.tui.dialogs.entity_card import EntityCardDialog

        values = self._values_pointed_at()
        if not values:
            self._screen.notify("there is no value here to sum up")
            return
        value = values[-1]
        if value.text is None:
            self._screen.notify("this event has no such value")
            return
        dialog = EntityCardDialog(self._investigation.question, value)
        self._screen.app.push_screen(dialog, self._show_counted)

    def _values_pointed_at(self) -> Sequence[Value]:
        """Give the value under the cursor of the pane that has the focus, else of the table."""
        focused = self._screen.focused
        if isinstance(focused, ValueActions):
            return focused.values_pointed_at()
        is_counted = self._investigation.look.stages
        return () if is_counted else self._screen.table.values_pointed_at()

    def _show_counted(self, values: Sequence[Value] | None) -> None:
        """Show the events that a line of a card counts: of the whole log, as it does."""
        if values is not None:
            look = self._investigation.look
            where = narrowed(look.where, How.ONLY, values)
            self._screen.take(replace(look, where=where, stages=(), review=None))

    def request(self) -> None:
        """List the events of the request that the selected event belongs to."""
        from audit_console.tui.dialogs.request_view import RequestDialog

        row = self._screen.event_in_sight()
        if row is None:
            return
        if row["request_id"] is None:
            self._screen.notify("this event belongs to no request")
            return
        dialog = RequestDialog(self._investigation.question, row["request_id"], row["id"])
        self._screen.app.push_screen(dialog, self.to_event)

"""Going to an event, and to what was looked at before: the dialogs that Investigate opens."""

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


class GoingScreen(LookingScreen):
    """A look that can be moved to other events."""

    def action_next_event(self) -> None:
        """Select the event below."""
        if self.events_in_sight():
            self.table.action_cursor_down()

    def action_previous_event(self) -> None:
        """Select the event above."""
        if self.events_in_sight():
            self.table.action_cursor_up()

    def action_jump(self) -> None:
        """Ask where to go."""
        from audit_console.tui.dialogs.jump import JumpDialog

        view = self.table.view
        if view is not None and self.events_in_sight():
            self.app.push_screen(JumpDialog(view, self.table.selected), self._go_to)

    def _go_to(self, row: int | None) -> None:
        if row is not None:
            self.table.go_to(row)

    # --- events by finding and id ------------------------------------------------

    def go_to_finding(self, finding: Finding) -> None:
        """Go to the event that a finding points to, without the filter where that hides it."""
        self.in_background(partial(self._find, finding), "finding")

    async def _find(self, finding: Finding) -> None:
        view = self.table.view
        if view is None:
            return
        try:
            found = await asked(find_event, view, finding)
        except CANNOT_BE_LOOKED_AT as error:
            self.say(error)
            return
        if found is None and finding.code in UNREADABLE:
            self.action_bad_lines()
        elif found is None:
            self.notify("this finding points to no event that can be shown")
        else:
            self._go_to_found(found)

    def go_to_event(self, event_id: str | None) -> None:
        """Go to an event by its id, without the filter where that hides it."""
        if event_id is not None:
            self.in_background(partial(self._find_id, event_id), "finding")

    async def _find_id(self, event_id: str) -> None:
        view = self.table.view
        if view is None:
            return
        try:
            found = await asked(find_id, view, event_id)
        except CANNOT_BE_LOOKED_AT as error:
            self.say(error)
            return
        if found is not None:
            self._go_to_found(found)

    def _go_to_found(self, found: FoundRow) -> None:
        view = self.table.view
        if view is None:
            return
        if found.where != self.look.where:
            self.notify("the filter hid this event; q goes back to it")
        if found.where != self.look.where or self.look.stages:
            self.leave_place()
            self.investigation.steps.take(
                replace(self.look, where=found.where, stages=(), review=None)
            )
            self.table.go_to(found.row, view=replace(view, where=found.where))
            self.show_look()
        else:
            self.table.go_to(found.row)

    def action_bad_lines(self) -> None:
        """List the lines that could not be read."""
        from audit_console.tui.dialogs.bad_lines import BadLinesDialog

        if self.session is not None:
            self.app.push_screen(BadLinesDialog(self.session))

    # --- around an event, and back -----------------------------------------------

    def action_surrounding(self) -> None:
        """Ask how far to look around the selected event."""
        if self.event_in_sight() is not None:
            self.app.push_screen(SurroundingDialog(has_filter=bool(self.look.where)), self._around)

    def _around(self, around: Surrounding | None) -> None:
        if around is not None:
            self.query_one(QueryBar).show(self.look.text)  # what is asked there is asked no longer
            self.in_background(partial(self._look_around, around), "ask")

    async def _look_around(self, around: Surrounding) -> None:
        row = self.table.selected
        if row is None or self.session is None:
            return
        before = self.look
        where = before.where if around.keeps_filter else EVERYTHING
        question = Question(self.session.source, where, self.investigation.marks)
        event_id, moment = row["id"], row["timestamp"]
        try:
            window = await asked(span_around, question, event_id, moment, around.reach)
        except CANNOT_BE_LOOKED_AT as error:
            self.say(error)
            return
        if self.look is not before:  # the reader went on meanwhile, and the newest wins
            return
        where = within(where, window)
        self.take(replace(before, where=where, stages=(), review=None, origin=row["id"]))
        self.panes.focus_events()

    def action_history(self) -> None:
        """List every step of this investigation."""
        from audit_console.tui.dialogs.history import HistoryDialog

        self.app.push_screen(HistoryDialog(self.investigation.steps), self.return_to)

    # --- what belongs to an event ------------------------------------------------

    def action_card(self) -> None:
        """Sum up what the log says of the value under the cursor."""
        from audit_console.tui.dialogs.entity_card import EntityCardDialog

        values = self._values_pointed_at()
        if not values:
            self.notify("there is no value here to sum up")
            return
        value = values[-1]
        if value.text is None:
            self.notify("this event has no such value")
            return
        self.app.push_screen(
            EntityCardDialog(self.investigation.question, value), self._show_counted
        )

    def _values_pointed_at(self) -> Sequence[Value]:
        """Give the value under the cursor of the pane that has the focus, else of the table."""
        focused = self.focused
        if isinstance(focused, ValueActions):
            return focused.values_pointed_at()
        return () if self.look.stages else self.table.values_pointed_at()

    def _show_counted(self, values: Sequence[Value] | None) -> None:
        """Show the events that a line of a card counts: of the whole log, as it does."""
        if values is not None:
            where = narrowed(self.look.where, How.ONLY, values)
            self.take(replace(self.look, where=where, stages=(), review=None))

    def action_request(self) -> None:
        """List the events of the request that the selected event belongs to."""
        from audit_console.tui.dialogs.request_view import RequestDialog

        row = self.event_in_sight()
        if row is None:
            return
        if row["request_id"] is None:
            self.notify("this event belongs to no request")
            return
        dialog = RequestDialog(self.investigation.question, row["request_id"], row["id"])
        self.app.push_screen(dialog, self.go_to_event)

"""Going to an event that a finding or an id names, and looking around the selected one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Finding
from audit_console.core.narrowing import within
from audit_console.search.question import Question
from audit_console.search.surrounding import span_around
from audit_console.tui.asking import asked
from audit_console.tui.dialogs.surrounding import Surrounding
from audit_console.tui.locating import UNREADABLE, FoundRow, find_event, find_id
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.query_bar import QueryBar


class Going:
    """Finds events, and selects them."""

    def __init__(self, screen: LookingScreen) -> None:
        self._screen = screen
        self._investigation = screen.investigation

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
            self._screen.action_bad_lines()
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
        screen.panes.uncover_events()

    def around(self, around: Surrounding | None) -> None:
        """Look around the selected event."""
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

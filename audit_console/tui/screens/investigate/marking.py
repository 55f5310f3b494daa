"""What the reader notes on events: stars, tags, notes; and from one such event to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from audit_console.core.matching import MarkKey, Marks
from audit_console.search.marks import MarkStore, known_tags
from audit_console.tui.asking import asked
from audit_console.tui.background import begin
from audit_console.tui.locating import find_marked
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.event_columns import EventRow


class Marking:
    """Keeps marks in their file, and what is on the screen in step with them."""

    def __init__(self, screen: LookingScreen, path: Path) -> None:
        self._screen = screen
        self._path = path
        self._store: MarkStore | None = None

    async def read(self) -> None:
        """Read the marks, and show them."""
        self._store = await asyncio.to_thread(MarkStore, self._path)
        if self._store.warning is not None:
            self._screen.notify(self._store.warning, severity="warning")
        self._show()

    def star(self, row: EventRow) -> None:
        """Star an event, or take its star away."""
        if (known := self._known()) is not None:
            marks = known.get(_key(row), Marks())
            self._note(_key(row), replace(marks, star=not marks.star))

    def edit(self, row: EventRow) -> None:
        """Ask for star, tags and note of an event."""
        from audit_console.tui.dialogs.mark import MarkDialog

        if (known := self._known()) is not None:
            dialog = MarkDialog(known.get(_key(row), Marks()), known_tags(known))
            self._screen.app.push_screen(dialog, partial(self._note, _key(row)))

    def _known(self) -> Mapping[MarkKey, Marks] | None:
        """Give what was noted; until it was read nothing is, and that is said."""
        if self._store is None:
            self._screen.notify("the marks are still being read")
        return None if self._store is None else self._store.marks

    def _note(self, key: MarkKey, marks: Marks | None) -> None:
        if marks is not None:  # beside what is noted on another event, of which none is dropped
            begin(self._screen, partial(self._change, key, marks), group="mark")

    async def _change(self, key: MarkKey, marks: Marks) -> None:
        if self._store is None:
            return
        try:
            await asyncio.to_thread(self._store.change, key, marks)
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
        self._show()

    def _show(self) -> None:
        screen = self._screen
        if self._store is not None and self._store.marks != screen.investigation.marks:
            screen.investigation.marks = self._store.marks
            screen.show_look()
        screen.detailing.show(screen.table.selected)

    def find(self, row: EventRow, *, behind: bool) -> None:
        """Select the next event that is marked or broken, or the one before."""
        self._screen.in_background(partial(self._find, row, behind=behind), "finding")

    async def _find(self, row: EventRow, *, behind: bool) -> None:
        table = self._screen.table
        if table.view is None:
            return
        try:
            found = await asked(find_marked, table.view, row, behind=behind)
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
            return
        if found is None:
            where = "below" if behind else "above"
            self._screen.notify(f"no event {where} is marked or broken")
        else:
            table.go_to(found)
            self._screen.panes.uncover_events()


def _key(row: EventRow) -> MarkKey:
    return row["id"], row["event_hash"]

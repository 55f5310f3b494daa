"""Jump to a time, a row or an event id; says when nothing is there."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.tui.asking import asked
from audit_console.tui.background import begin
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.jump import EXAMPLES, not_found, parse_jump
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_window import RowsView
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.wording import told


class JumpDialog(Dialog[int]):
    """Answers the number of a row of the view, counting from 0."""

    CSS_PATH: ClassVar[str] = "jump.tcss"

    def __init__(self, view: RowsView, selected: EventRow | None) -> None:
        super().__init__()
        self._view = view
        self._day = selected["timestamp"].date() if selected else None

    def compose(self) -> ComposeResult:
        """Make input and answer line."""
        box = Vertical(
            SafeInput(placeholder="time, row number or event id"),
            AnswerLine(),
            classes="dialog",
        )
        box.border_title = "jump to"
        box.border_subtitle = "Enter goes · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Show examples until there is an answer."""
        self._say(EXAMPLES, "muted")

    @on(SafeInput.Submitted)
    def _on_submitted(self, event: SafeInput.Submitted) -> None:
        begin(self, partial(self._jump, event.value), exclusive=True)

    async def _jump(self, text: str) -> None:
        try:
            cursor = parse_jump(text, day=self._day)
            page = await asked(self._view.page, cursor, 1)
        except CANNOT_BE_LOOKED_AT as error:
            self._say(told(error), "bad")
            return
        if page.rows.height:
            self.dismiss(page.first_row)
        else:
            self._say(not_found(cursor, page.matched), "bad")

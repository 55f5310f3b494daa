"""Base of the dialogs: a framed box over the screen, left with Esc."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import BindingType
from textual.screen import ModalScreen

from audit_console.tui.actions import Pane, bindings
from audit_console.tui.basic_screen import HEIGHTS, BasicScreen
from audit_console.tui.painting import ROLE_STYLES
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.text_pane import Paragraph

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer | None], BasicScreen[Answer | None]):
    """A dialog that answers None when it is closed."""

    PANE = Pane.DIALOG
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.DIALOG)
    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_STYLES
    # A list is as high as it says in lines: no part of the screen limits a box of its own height.
    VERTICAL_BREAKPOINTS = HEIGHTS

    def _say(self, text: str, role: str) -> None:
        """Say something on the answer line, in a dialog that has one."""
        self.query_one(AnswerLine).said = (Paragraph(text, role, is_prose=True),)

    async def action_help(self) -> None:
        """Show the keys of what has the focus here: no key of the app holds over a dialog."""
        await self.run_action("app.help")

    def action_close(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

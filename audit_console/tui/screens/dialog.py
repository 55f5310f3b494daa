"""Base of the dialogs: a framed box over the screen, left with Esc."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from rich.cells import chop_cells
from textual.binding import BindingType
from textual.screen import ModalScreen

from audit_console.core.safe_text import safe_text
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.painting import Line, Span

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer | None]):
    """A dialog that answers None when it is closed."""

    PANE = Pane.DIALOG
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.DIALOG)

    def action_close(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


def wrapped(text: str, width: int, role: str = "", *, limit: int = 2_000) -> list[Line]:
    """Break text over lines of at most `width` cells."""
    parts = chop_cells(safe_text(text, limit=limit), max(10, width - 2)) or [""]
    return [(Span(f" {part}", role),) for part in parts]

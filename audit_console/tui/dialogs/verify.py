"""What to verify: the whole log once more, or the range of time that is looked at."""

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.line_list import LineList


class Scope(Enum):
    """How much to verify."""

    WHOLE = auto()
    RANGE = auto()


class VerifyDialog(Dialog[Scope]):
    """Answers how much to verify."""

    CSS_PATH: ClassVar[str] = "verify.tcss"

    def __init__(self, time_range: str | None) -> None:
        """Make the dialog.

        Args:
            time_range: the range of time in words; None where the filter names none.
        """
        super().__init__()
        self._range = time_range

    def compose(self) -> ComposeResult:
        """Make the list."""
        box = Vertical(LineList(), classes="dialog")
        box.border_title = "verify"
        box.border_subtitle = "Enter verifies · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Offer both."""
        lines: list[Line] = [
            (Span(" the whole log, read again from where it is stored", "name"),),
            (
                Span(f" the range {self._range}", "name")
                if self._range
                else Span(" a range: give the query a time first, such as since:end-1d", "muted"),
            ),
        ]
        self.query_one(LineList).set_lines(lines)

    @on(LineList.Chosen)
    def _choose(self, event: LineList.Chosen) -> None:
        if event.index == 0:
            self.dismiss(Scope.WHOLE)
        elif self._range:
            self.dismiss(Scope.RANGE)

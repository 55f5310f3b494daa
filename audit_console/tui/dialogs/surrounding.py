"""How far to look around an event, and whether through the filter."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.errors import UsageError
from audit_console.search.surrounding import EXAMPLES, Reach, read_reach
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Span
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.text_lines import TextLines

OFFERED = "20"


class Surrounding(NamedTuple):
    """Events or time on each side; whether the filter stays in force."""

    reach: Reach
    keeps_filter: bool


class SurroundingDialog(Dialog[Surrounding]):
    """Answers how far to look."""

    CSS_PATH: ClassVar[str] = "surrounding.tcss"

    def __init__(self, *, has_filter: bool) -> None:
        super().__init__()
        self._choices = (False, True) if has_filter else (False,)

    def compose(self) -> ComposeResult:
        """Make input, choices and answer line."""
        box = Vertical(
            SafeInput(OFFERED, placeholder=EXAMPLES),
            LineList(),
            TextLines(id="answer"),
            classes="dialog",
        )
        box.border_title = "look around this event"
        box.border_subtitle = "↓ chooses · Enter looks · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Offer what the filter may do."""
        words = {False: " all events around it", True: " only events that the filter keeps"}
        self.query_one(LineList).set_lines([(Span(words[choice]),) for choice in self._choices])
        self.query_one(LineList).styles.height = len(self._choices)
        self.query_one(SafeInput).focus()
        self._tell("")

    @on(SafeInput.Submitted)
    @on(LineList.Chosen)
    def _answer(self) -> None:
        try:
            reach = read_reach(self.query_one(SafeInput).value)
        except UsageError as error:
            self._tell(str(error))
            return
        self.dismiss(Surrounding(reach, self._choices[self.query_one(LineList).cursor]))

    def _tell(self, wrong: str) -> None:
        """Say what can be typed, and below it what is wrong with what was."""
        lines = ((Span(f" {EXAMPLES}", "muted"),), (Span(f" {wrong}", "bad"),))
        self.query_one("#answer", TextLines).lines = lines

    def key_down(self) -> None:
        """Go from the input to the choices."""
        self.query_one(LineList).focus()

"""What of a log is previewed: how many days of it stay, or from which date on, and which chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.core.safe_text import safe_text
from audit_console.core.timespan import Anchor, read_moment
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Span
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput

EXAMPLES = "such as 2026-07-01, 2026-07-01T10:05Z or -90d@d, in UTC"


class SinceDialog(Dialog[datetime]):
    """Answers the moment from which on everything is kept."""

    CSS_PATH: ClassVar[str] = "retention_choices.tcss"

    def __init__(self, now: datetime) -> None:
        """Make the dialog; times may count from `now`."""
        super().__init__()
        self._now = now

    def compose(self) -> ComposeResult:
        """Make input and answer line."""
        box = Vertical(SafeInput(placeholder="a date"), AnswerLine(), classes="dialog")
        box.border_title = "keep what was recorded from"
        box.border_subtitle = "Enter previews · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Show examples until there is an answer."""
        self._say(EXAMPLES, "muted")

    @on(SafeInput.Submitted)
    def _on_submitted(self, event: SafeInput.Submitted) -> None:
        try:
            self.dismiss(read_moment(event.value.strip(), Anchor(self._now)).start)
        except ValueError as error:
            self._say(f"{error}: {EXAMPLES}", "bad")


class DaysDialog(Dialog[int]):
    """Answers how many days are kept."""

    CSS_PATH: ClassVar[str] = "retention_choices.tcss"

    def __init__(self, allowed: range) -> None:
        """Make the dialog for as many days as the slider has."""
        super().__init__()
        self._allowed = allowed

    def compose(self) -> ComposeResult:
        """Make input and answer line."""
        box = Vertical(SafeInput(placeholder="a number"), AnswerLine(), classes="dialog")
        box.border_title = "days that are kept"
        box.border_subtitle = "Enter previews · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Say which numbers there are until there is an answer."""
        self._say(self._numbers, "muted")

    @property
    def _numbers(self) -> str:
        return f"from {self._allowed[0]:,} to {self._allowed[-1]:,}, as on the slider"

    @on(SafeInput.Submitted)
    def _on_submitted(self, event: SafeInput.Submitted) -> None:
        digits = event.value.strip().removesuffix("d").replace(",", "")
        is_number = digits.isascii() and digits.isdigit()
        if is_number and int(digits[:19]) in self._allowed:
            self.dismiss(int(digits[:19]))
        else:
            self._say(f"a number {self._numbers}", "bad")


class ChainDialog(Dialog[str]):
    """Answers a chain of the log."""

    CSS_PATH: ClassVar[str] = "retention_choices.tcss"

    def __init__(self, chains: Sequence[str], current: str | None) -> None:
        """Make the dialog for several chains, one of which is previewed."""
        super().__init__()
        self._chains = chains
        self._current = current

    def compose(self) -> ComposeResult:
        """Make the list."""
        box = Vertical(LineList(), classes="dialog")
        box.border_title = "chains of this log"
        box.border_subtitle = "Enter previews · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Mark the chain that is previewed."""
        here = self._chains.index(self._current) if self._current in self._chains else 0
        lines = [
            (Span(" ▸ " if index == here else "   ", "key"), Span(safe_text(chain)))
            for index, chain in enumerate(self._chains)
        ]
        self.query_one(LineList).set_lines(lines, cursor=here)
        self.query_one(LineList).focus()

    @on(LineList.Chosen)
    def _choose(self, event: LineList.Chosen) -> None:
        self.dismiss(self._chains[event.index])

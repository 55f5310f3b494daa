"""The last question before anything is deleted: the name of the log."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.core.retention import PrunePlan
from audit_console.core.wording import count
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.wording import number


class ApplyDialog(Dialog[PrunePlan]):
    """Answers the plan once the name of its chain was typed."""

    CSS_PATH: ClassVar[str] = "apply_prune.tcss"

    def __init__(self, plan: PrunePlan, mark: Line) -> None:
        """Make the dialog for a plan and the mark of the log's environment."""
        super().__init__()
        self._plan = plan
        self._mark = mark

    def compose(self) -> ComposeResult:
        """Make text and input."""
        box = Vertical(TextLines(), SafeInput(placeholder="the name of the log"), classes="dialog")
        box.border_title = "delete for good"
        box.border_subtitle = "Enter deletes · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Say what goes."""
        self._say("type that name to delete them", "muted")
        self.query_one(SafeInput).focus()

    def _say(self, text: str, role: str) -> None:
        plan = self._plan
        lines: tuple[Line, ...] = (
            (Span(" the log", "muted"), *self._mark, Span(f" {plan.chain}", "name")),
            (
                Span(f" {count(plan.events, 'event')} go for good: ", "bad"),
                Span(f"seq {number(plan.pruned_from)} to {number(plan.pruned_to - 1)}"),
            ),
            (Span(f" plan {plan.sha256}", "muted"),),
            (Span(f" {text}", role),),
        )
        self.query_one(TextLines).lines = lines

    @on(SafeInput.Submitted)
    def _on_submitted(self, event: SafeInput.Submitted) -> None:
        if event.value.strip() == self._plan.chain:
            self.dismiss(self._plan)
        else:
            self._say("that is not its name; nothing was deleted", "bad")

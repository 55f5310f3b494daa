"""Every step of an investigation, its branches indented; Enter returns to one."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.core.wording import count
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.steps import Step, Steps
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.text_pane import Paragraph, TextPane


class HistoryDialog(Dialog[Step]):
    """Answers the step to return to."""

    CSS_PATH: ClassVar[str] = "history.tcss"

    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._walk = list(steps.walk())
        self._current = steps.current

    def compose(self) -> ComposeResult:
        """Make the list, and the whole query of the step under its cursor."""
        box = Vertical(LineList(id="steps"), TextPane(id="step"), classes="dialog")
        box.border_title = f"history · {count(len(self._walk), 'step')}"
        box.border_subtitle = "Enter returns · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Start on the current step."""
        at = next(i for i, (_, step) in enumerate(self._walk) if step is self._current)
        counts = [_matched(step) for _, step in self._walk]
        width = max(map(len, counts))
        lines = [
            self._line(depth, step, matched.rjust(width))
            for (depth, step), matched in zip(self._walk, counts, strict=True)
        ]
        self.query_one("#steps", LineList).set_lines(lines, cursor=at)
        self.query_one("#steps").focus()

    def _line(self, depth: int, step: Step, matched: str) -> Line:
        """Draw a step; what it matched stands first, where no long query can push it away."""
        here = step is self._current
        return (
            Span(f"{matched}  ", "muted"),
            Span(f"{'  ' * depth}{'▸' if here else '└'} ", "key" if here else "rule"),
            Span(step.look.title, "name" if here else ""),
        )

    @on(LineList.Moved, "#steps")
    def _on_moved(self, event: LineList.Moved) -> None:
        """Say what a step asks: its last term tells it from others, and lines are cut there."""
        title = self._walk[event.index][1].look.title
        self.query_one(TextPane).show([Paragraph(title, "name", is_prose=True)])

    @on(LineList.Chosen, "#steps")
    def _on_chosen(self, event: LineList.Chosen) -> None:
        self.dismiss(self._walk[event.index][1])


def _matched(step: Step) -> str:
    return "" if step.matched is None else count(step.matched, "event")

"""The help: keys of what has the focus, out of the action table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.tui.actions import ACTIONS, Pane, key_label
from audit_console.tui.keymap import UNCHANGED, Keymap, keymap_of
from audit_console.tui.painting import Line, Span
from audit_console.tui.screens.dialog import Dialog
from audit_console.tui.widgets.line_list import LineList

KEYS_WIDTH = 14


class HelpDialog(Dialog[None]):
    """Lists the keys of some panes."""

    CSS_PATH: ClassVar[str] = "help.tcss"

    def __init__(self, panes: Sequence[Pane]) -> None:
        super().__init__()
        self._panes = panes

    def compose(self) -> ComposeResult:
        """Make the list."""
        box = Vertical(LineList(), classes="dialog")
        box.border_title = "help"
        box.border_subtitle = "Esc closes"
        yield box

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one(LineList).set_lines(help_lines(self._panes, keymap_of(self)))


def help_lines(panes: Sequence[Pane], keymap: Keymap = UNCHANGED) -> list[Line]:
    """Word the help of some panes."""
    lines: list[Line] = []
    for pane in dict.fromkeys(panes):
        lines.append((Span(f" {pane.value}", "heading"),))
        for action in ACTIONS:
            if action.pane is pane:
                keys = " ".join(key_label(key) for key in keymap.keys(action))
                lines.append((Span(f"   {keys:<{KEYS_WIDTH}}", "key"), Span(action.explanation)))
        lines.append((Span(""),))
    return lines[:-1]

"""The help: keys of what has the focus, out of the action table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.tui.actions import Action, key_label
from audit_console.tui.painting import Line, Span
from audit_console.tui.screens.dialog import Dialog
from audit_console.tui.widgets.line_list import LineList

KEYS_WIDTH = 14


class HelpDialog(Dialog[None]):
    """Lists what keys do."""

    CSS_PATH: ClassVar[str] = "help.tcss"

    def __init__(self, keys: Iterable[tuple[Action, Sequence[str]]]) -> None:
        super().__init__()
        self._keys = tuple(keys)

    def compose(self) -> ComposeResult:
        """Make the list."""
        box = Vertical(LineList(), classes="dialog")
        box.border_title = "help"
        box.border_subtitle = "Esc closes"
        yield box

    def action_help(self) -> None:
        """Close: this is the help."""
        self.action_close()

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one(LineList).set_lines(help_lines(self._keys))


def help_lines(keys_of: Iterable[tuple[Action, Sequence[str]]]) -> list[Line]:
    """Word the help of actions and their keys, those of a pane under its name."""
    lines: list[Line] = []
    for pane, entries in groupby(keys_of, lambda entry: entry[0].pane):
        lines.append((Span(f" {pane.value}", "heading"),))
        for action, keys in entries:
            labels = " ".join(map(key_label, keys))
            lines.append((Span(f"   {labels:<{KEYS_WIDTH}}", "key"), Span(action.explanation)))
        lines.append((Span(""),))
    return lines[:-1]

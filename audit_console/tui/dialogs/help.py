"""The help: keys of what has the focus, out of the action table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.tui.actions import Action, key_label
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.line_list import LineList

KEYS_WIDTH = 14


class HelpDialog(Dialog[None]):
    """Lists what keys do; the one that is chosen is pressed where the help was asked for."""

    CSS_PATH: ClassVar[str] = "help.tcss"

    def __init__(self, keys: Iterable[tuple[Action, Sequence[str]]]) -> None:
        super().__init__()
        self._keys = tuple(keys)

    def compose(self) -> ComposeResult:
        """Make the list."""
        box = Vertical(LineList(), classes="dialog")
        box.border_title = "help"
        box.border_subtitle = "Enter does it · Esc closes"
        yield box

    async def action_help(self) -> None:
        """Close: this is the help."""
        self.action_close()

    def on_mount(self) -> None:
        """Fill the list."""
        self._lines = help_lines(self._keys)
        self.query_one(LineList).set_lines([line for line, _ in self._lines])

    @on(LineList.Chosen)
    def _press(self, event: LineList.Chosen) -> None:
        _, key = self._lines[event.index]
        if key is not None:
            self.dismiss(None)
            self.app.simulate_key(key)


def help_lines(keys_of: Iterable[tuple[Action, Sequence[str]]]) -> list[tuple[Line, str | None]]:
    """Word the help of actions and their keys, those of a pane under its name.

    Each line comes with the first key of its action.
    """
    lines: list[tuple[Line, str | None]] = []
    for pane, entries in groupby(keys_of, lambda entry: entry[0].pane):
        lines.append(((Span(f" {pane.value}", "heading"),), None))
        for action, keys in entries:
            labels = " ".join(map(key_label, keys))
            line = (Span(f"   {labels:<{KEYS_WIDTH}}", "key"), Span(action.explanation))
            lines.append((line, keys[0]))
        lines.append(((), None))
    return lines[:-1]

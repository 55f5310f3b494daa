"""Base of the full screens: a footer with the keys of what has the focus."""

from __future__ import annotations

from textual.screen import Screen

from audit_console.tui.actions import ACTIONS, key_label
from audit_console.tui.panes import panes_in_focus
from audit_console.tui.widgets.status_lines import KeyBar


class ConsoleScreen(Screen[None]):
    """A screen that has a `KeyBar`."""

    def on_mount(self) -> None:
        """Keep the footer in step with the focus."""
        self.watch(self, "focused", self._update_keys)

    def _update_keys(self) -> None:
        panes = panes_in_focus(self)
        entries = [
            (action.keys[0], key_label(action.keys[0]), action.title)
            for pane in panes
            for action in ACTIONS
            if action.pane is pane and action.in_footer
        ]
        for bar in self.query(KeyBar):
            bar.entries = tuple(entries)

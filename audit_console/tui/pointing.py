"""What the mouse does everywhere: its first button alone, and what is said of keys."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from textual.app import App
from textual.events import Click, Event, MouseDown, MouseUp
from textual.screen import Screen

from audit_console.tui.actions.keys import key_of_hint

BETWEEN = " · "
"""What parts hints from one another."""


class Pointing(App[None]):
    """An app in which other buttons than the first do nothing.

    Textual makes a click of each button. In a terminal the others paste, or open its menu.
    """

    ALLOW_SELECT = False

    async def on_event(self, event: Event) -> None:
        """Leave other buttons out."""
        if not isinstance(event, MouseDown | MouseUp) or event.button == 1:
            await super().on_event(event)


def press_hint(screen: Screen[Any], event: Click) -> None:
    """Press the key that a hint in the lower border under the pointer names."""
    widget, region = screen.get_widget_at(*event.screen_offset)
    at = event.screen_offset - region.offset
    if not widget.border_subtitle or at.y < region.height - 1:
        return
    key = key_of_hint(hint_at(widget.border_subtitle, region.width, at.x))
    if key is not None:
        # Not from here: a key that a widget sends does not go up to it.
        screen.app.call_next(screen.app.simulate_key, key)


def hint_at(hints: str, width: int, x: int) -> str:
    """Give the hint on a cell of a border that is so wide; its hints stand at its right end."""
    start = width - len(" ─╯") - cell_len(hints)
    for hint in hints.split(BETWEEN):
        if start <= x < start + cell_len(hint):
            return hint
        start += cell_len(hint + BETWEEN)
    return ""

"""What the mouse does everywhere: its first button and its wheel, and what is said of keys."""

from __future__ import annotations

from textual.app import App
from textual.events import Event, MouseDown, MouseUp


class Pointing(App[None]):
    """An app in which other buttons do nothing, and a hint of a key can be clicked.

    Textual makes a click of each button. In a terminal the others paste, or open its menu.
    """

    ALLOW_SELECT = False

    async def on_event(self, event: Event) -> None:
        """Leave other buttons out."""
        if not isinstance(event, MouseDown | MouseUp) or event.button == 1:
            await super().on_event(event)

    def action_press(self, key: str) -> None:
        """Press a key that was clicked.

        Not from where it was clicked: a key does not go up to the widget that sent it.
        """
        self.call_next(self.simulate_key, key)

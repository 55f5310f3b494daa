"""An app that does what a key is bound to before it looks at the next one."""

from __future__ import annotations

from textual.app import App
from textual.events import Event, Key


class PromptApp(App[None]):
    """Base of the app.

    Textual lets a key wait in the widget that has the focus when it comes. Of what is typed fast,
    or while the screen is held up, `/` would go to the table and all that follows as well: letters
    of a query would star, filter and quit.
    """

    async def on_event(self, event: Event) -> None:
        """Do what the key is bound to; what goes into a line is left to wait in its order."""
        if isinstance(event, Key) and not event.is_forwarded and not self._is_typing:
            for priority in (True, False):
                if await self._check_bindings(event.key, priority):
                    return
        await super().on_event(event)

    @property
    def _is_typing(self) -> bool:
        return self.focused is not None and self.focused.check_consume_key("a", "a")

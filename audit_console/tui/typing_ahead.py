"""Keys one after another: each is for what has the focus once those before it were handled.

Textual hands a key at once to what has the focus now. `/` moves the focus, and so does a dialog
that opens; what is typed fast behind it, or comes in one packet over a slow line, would be
commands of the screen before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key, Paste

from audit_console.tui.background import begin

_ROUNDS = 3
"""A key leads to a message, that to another one, and the last of them moves the focus."""

_MOST_SECONDS = 5.0
"""Should a widget never answer, keys go on without it."""


class TypingAhead(App[None]):
    """An app that handles a key when the one before it has had its effect."""

    def __init__(self) -> None:
        super().__init__()
        self._typed = deque[Key | Paste]()
        self._is_typing = False

    async def on_event(self, event: Event) -> None:
        """Put what is typed in line."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if not self._is_typing:
            self._is_typing = True
            begin(self, self._type, group="keys")

    async def _type(self) -> None:
        try:
            while self._typed:
                focus = self._focus
                await super().on_event(self._typed.popleft())
                with suppress(TimeoutError):
                    async with asyncio.timeout(_MOST_SECONDS):
                        await self._settle(focus)
        finally:
            self._is_typing = False

    @property
    def _focus(self) -> DOMNode:
        return self.focused or self.screen

    async def _settle(self, focus: DOMNode) -> None:
        """Wait until a key, and what it led to, went up from where it was typed."""
        for _ in range(_ROUNDS):
            for node in focus.ancestors_with_self:
                await _had_its_turn(node)
            focus = self._focus


async def _had_its_turn(node: DOMNode) -> None:
    """Wait until a node has handled what it has been sent so far."""
    turn = asyncio.Event()
    if node.call_later(turn.set):
        await turn.wait()

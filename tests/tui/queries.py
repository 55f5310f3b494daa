"""Queries that are typed into the bar and asked."""

from __future__ import annotations

import threading

from textual.pilot import Pilot

from audit_console.sources.cancelling import QUESTION_THREAD
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.steps import Look
from tests.tui.support import until

KEYS = {" ": "space", ":": "colon", "|": "vertical_line", "-": "minus", ",": "comma"}


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type into the field that has the focus, faster than every letter is drawn."""
    await pilot.app._press_keys([KEYS.get(character, character) for character in text])
    await pilot.pause()


async def ask(pilot: Pilot[None], text: str) -> None:
    """Type into the bar, behind what stands there, and ask."""
    await pilot.press("slash")
    await type_text(pilot, text)
    await pilot.press("enter")
    await until_asked(pilot)


async def until_asked(pilot: Pilot[None]) -> None:
    """Let the app run until the query is the look that is shown, and the focus has gone to it."""

    def is_asked() -> bool:
        return all(worker.is_finished for worker in pilot.app.workers if worker.group == "ask")

    await until(pilot, is_asked, "the query is asked")


def look_of(pilot: Pilot[None]) -> Look:
    screen = pilot.app.screen
    assert isinstance(screen, LookingScreen)
    return screen.look


def questions_under_way() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == QUESTION_THREAD]

"""How the tests of the screens wait, and what they share.

They wait for messages to be handled, not for the processor.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest
from textual._compositor import Compositor
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.message import Message
from textual.message_pump import MessagePump
from textual.notifications import Notification
from textual.pilot import Pilot
from textual.widgets import Input

from audit_console.tui.typing_ahead import TypingAhead

ROUNDS = 3
"""Messages lead to messages: a key to an action, the action to a change, this to a repaint."""
TURNS_WITHOUT_A_REST = 200
"""Of the loop; then others get the processor in between, for they are what is waited for."""


async def typed(pilot: Pilot[None]) -> None:
    """Let what was pressed have its turn: a key stands in line behind those before it."""
    app = pilot.app
    await asyncio.sleep(0)
    while app.is_running and _has_keys(app):  # noqa: ASYNC110 - nothing tells of an empty queue
        await asyncio.sleep(0)


def _has_keys(app: App[None]) -> bool:
    is_typing = isinstance(app, TypingAhead) and app._is_typing
    return is_typing or app._message_queue.qsize() > 0


async def handled(pilot: Pilot[None], rounds: int) -> None:
    """Let every widget handle what it was sent, and show what came of it."""
    await typed(pilot)
    for _ in range(rounds):
        await at_rest(pilot.app)
        pilot.app.screen._on_timer_update()


async def at_rest(app: App[None]) -> None:
    """Wait until the app and all widgets of its screen wait for messages.

    Textual's pilot sends a message to each and waits until all were handled, which is half of
    what a test of a screen costs.
    """
    turns = 0
    while app.screen_stack and app._exception is None and _is_busy(app):
        turns += 1
        await asyncio.sleep(0 if turns < TURNS_WITHOUT_A_REST else 0.001)


def _is_busy(app: App[None]) -> bool:
    return any(map(_has_work, (app, *app.screen.walk_children(with_self=True))))


def _has_work(pump: MessagePump) -> bool:
    """Tell whether it does anything but wait for a message; one that closes takes none."""
    arrived: asyncio.Event = pump._message_queue.ready_event
    return not (pump._closing or pump._closed) and (arrived.is_set() or not arrived._waiters)


@pytest.fixture(autouse=True, scope="session")
def parse_styles_once() -> Iterator[None]:
    """Let apps share what they parse: all have the same styles, a quarter of what a start costs."""
    parsed: dict[object, list[RuleSet]] = {}
    parse = Stylesheet._parse_rules

    def parse_once(sheet: Stylesheet, *source: object, **options: object) -> list[RuleSet]:
        key = (source, *sorted(options.items()), *sorted(sheet._variables.items()))
        if key not in parsed:
            # what Textual hands over is handed on, whatever it is
            parsed[key] = parse(sheet, *source, **options)  # type: ignore[arg-type]
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        patch.setattr(RuleSet, "__hash__", object.__hash__)  # the same in C: by identity
        yield


@pytest.fixture(autouse=True)
def paint_what_is_looked_at(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paint a frame when a test looks at the screen, not at each change: no terminal shows it.

    That is a third of what a test of a screen costs. A picture is of a screen that was painted.
    """
    if "snap_compare" not in request.fixturenames:
        monkeypatch.setattr(Compositor, "render_update", forget_what_changed)


def forget_what_changed(compositor: Compositor, **options: object) -> None:
    del options
    compositor._dirty_regions.clear()


@pytest.fixture(autouse=True)
def toasts_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a toast until the test ends: it may be seconds before a busy machine looks at it."""
    monkeypatch.setattr(Notification, "time_left", 3_600.0)


@pytest.fixture(autouse=True)
def screens_are_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set nothing apart: a program has one app until it ends, and the tests a thousand."""
    monkeypatch.setattr(gc, "freeze", lambda: None)


@pytest.fixture(autouse=True)
def cursors_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the cursor of an input from blinking: when a picture is taken depends on the machine."""
    monkeypatch.setattr(Input, "cursor_blink", False)


@pytest.fixture(autouse=True)
def panes_stay_while_messages_are_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    """End an app as a program ends: its loop first, and then its panes are taken away.

    Textual's tests take them away while the loop runs, which misses them if a load still speaks.
    """
    take_away = App._shutdown

    async def end(app: App[None]) -> None:
        if app.is_running:  # what takes a picture ends the loop by itself
            queue: asyncio.Queue[Message | None] = app._message_queue
            queue.put_nowait(None)
            await app.task
        await take_away(app)

    monkeypatch.setattr(App, "_shutdown", end)


@pytest.fixture(autouse=True)
def wait_for_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on when what was sent is handled.

    Textual's pilot waits for the processor to be idle, for up to a second after each key,
    which it never is while threads count; and what they find out, a test waits for anyway.
    """

    async def give_way(min_sleep: float = 0, max_sleep: float = 0) -> None:
        del min_sleep, max_sleep
        await asyncio.sleep(0)

    async def press(pilot: Pilot[None], *keys: str) -> None:
        for key in keys:
            await pilot.app._press_keys([key])
            await handled(pilot, ROUNDS)

    async def pause(pilot: Pilot[None], delay: float | None = None) -> None:
        await asyncio.sleep(delay or 0)
        await handled(pilot, ROUNDS if delay is None else 1)

    monkeypatch.setattr("textual.app.wait_for_idle", give_way)
    monkeypatch.setattr("textual.pilot.wait_for_idle", give_way)
    monkeypatch.setattr(Pilot, "press", press)
    monkeypatch.setattr(Pilot, "pause", pause)

"""Work beside the screen."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.exceptions import PanicException
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import WorkerFailed

from audit_console.sources.cancelling import QUESTION_THREAD
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Page
from audit_console.tui.asking import asked
from audit_console.tui.background import begin
from audit_console.tui.loader import Reading
from tests.support.effort import UNMEASURED
from tests.tui.support import make_app, make_lines, until, until_loaded, until_shown

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines


async def test_work_that_the_end_of_the_program_forestalls_is_not_complained_of() -> None:
    begun = []

    async def work() -> None:
        begun.append(True)

    app = App[None]()
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        async with app.run_test():
            begin(app, work).cancel()
        gc.collect()
    assert not begun
    assert not complaints


async def test_a_question_on_which_the_engine_panics_is_not_waited_for_for_ever() -> None:
    def panic() -> None:
        raise PanicException("a fault of the engine")

    with pytest.raises(RuntimeError, match="PanicException: a fault of the engine"):
        async with asyncio.timeout(30):
            await asked(panic)


class LastWords(Static):
    """Tells when it is taken away."""

    def __init__(self, gone: asyncio.Event) -> None:
        super().__init__()
        self._gone = gone

    def on_unmount(self) -> None:
        self._gone.set()


class DialogAtWork(ModalScreen[None]):
    """Looks for its pane when that was taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = asyncio.Event()
        self.looked = False

    def compose(self) -> ComposeResult:
        yield LastWords(self.gone)

    def on_mount(self) -> None:
        begin(self, self._work)

    async def _work(self) -> None:
        await self.gone.wait()
        self.looked = True
        self.query_one(LastWords)


async def test_an_answer_to_a_dialog_that_is_being_closed_is_no_fault() -> None:
    app = App[None]()
    async with app.run_test():
        dialog = DialogAtWork()
        await app.push_screen(dialog)
        await app.pop_screen()
        assert dialog.looked


async def test_a_pane_that_is_missing_in_a_hidden_one_is_a_fault() -> None:
    async def look_for_a_pane() -> None:
        app.screen.query_one(LastWords)

    async def look_in_a_hidden_one() -> None:
        async with app.run_test():
            hidden = Static()
            await app.mount(hidden)
            hidden.display = False
            await begin(hidden, look_for_a_pane).wait()

    app = App[None]()
    with pytest.raises(WorkerFailed, match="NoMatches"):
        await look_in_a_hidden_one()


class WatchedSource(MemorySource):
    """Keeps the names of the threads on which it is asked."""

    def __init__(self, lines: list[bytes]) -> None:
        super().__init__(lines)
        self.askers: set[str] = set()

    def page(self, *args: Any, **kwargs: Any) -> Page:
        self.askers.add(threading.current_thread().name)
        return super().page(*args, **kwargs)

    def malformed(self, *, first: int, limit: int) -> pl.DataFrame:
        self.askers.add(threading.current_thread().name)
        return super().malformed(first=first, limit=limit)


async def test_nobody_waits_at_the_end_for_what_only_reads(tmp_path: Path) -> None:
    lines = make_lines(20)
    lines[5] = lines[5].replace(b"action 5", b"action X")
    source = WatchedSource([*lines, b"no event"])
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 60)) as pilot:
        await until_loaded(pilot)
        await app.screen.run_action("bad_lines")
        await until_shown(pilot, "byte ")
        await pilot.press("escape", "3")
        await until_shown(pilot, "▸ here")
        await pilot.press("2", *"/since:end-5m", "enter", "v", "down", "enter")
        await until_shown(pilot, "Range verified")
    assert source.askers == {QUESTION_THREAD}


async def test_a_log_that_is_closed_is_let_go_without_a_look_for_garbage(tmp_path: Path) -> None:
    opened: list[weakref.ref[MemorySource]] = []

    def opener(places: Sequence[str]) -> MemorySource:
        source = MemorySource(make_lines(20), label=places[0])
        opened.append(weakref.ref(source))
        return source

    app = make_app(opener, tmp_path, places=["first"])
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        gc.disable()
        try:
            await pilot.press("a", "slash", *"user:user-1", "enter", "i", "4", "1")
            app.open(["second"], Reading.ANOTHER)
            await until_shown(pilot, "second")
            await until(pilot, lambda: opened[0]() is None, "the first log is let go")
        finally:
            gc.enable()


async def test_what_a_log_leaves_is_set_apart_when_it_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_apart: list[bool] = []
    app = make_app(MemorySource(make_lines(20)), tmp_path)
    monkeypatch.setattr(gc, "freeze", lambda: set_apart.append(app.verification is not None))
    async with app.run_test() as pilot:
        await until_loaded(pilot)
        await until(pilot, lambda: bool(set_apart))
    assert set_apart == [True]

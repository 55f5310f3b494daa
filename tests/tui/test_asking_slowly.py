"""Queries of a log that answers slowly: the newest wins, and nothing that was typed is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from audit_console.core.filters import EVERYTHING
from audit_console.errors import SourceUnreadable
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import AtEvent, Page, Source
from audit_console.tui.saved import QueryHistory
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.screens.investigate.screen import InvestigateScreen
from audit_console.tui.widgets.query_bar import QueryBar, QueryInput
from tests.support.effort import UNMEASURED
from tests.tui.support import (
    GatedSource,
    make_app,
    make_event,
    make_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)

AROUND = f"around:{make_event(20).id}±5m"
SIZE = (120, 40)


class Slow(MemorySource):
    """Holds back some answers until the test lets them go; one that is let go may fail."""

    def __init__(self, *, finds_slowly: bool = False, text: str = "user-1") -> None:
        super().__init__(make_lines(90))
        self.hold = threading.Event()
        self.asked = threading.Event()
        self.fails = False
        self._finds_slowly = finds_slowly
        self._text = text

    def page(self, where: Any, **asked: Any) -> Page:
        """Hold back where an event is, or pages of a filter."""
        finds = isinstance(asked["at"], AtEvent) and where == EVERYTHING
        if finds if self._finds_slowly else self._text in str(where):
            self.asked.set()
            self.hold.wait()
            if self.fails:
                raise SourceUnreadable("the disk is gone", hint="Look for it.")
        return super().page(where, **asked)


def opener_after(is_open: threading.Event) -> Callable[[Sequence[str]], Source]:
    """Make an opener that waits for the event."""

    def opener(_: Sequence[str]) -> Source:
        is_open.wait()
        return MemorySource(make_lines(90))

    return opener


async def ask(pilot: Pilot[None], text: str) -> None:
    """Type a query in place of the one in the bar, and ask it."""
    await pilot.press("slash", "ctrl+u")
    line_of(pilot).insert_text_at_cursor(text)
    await pilot.press("enter")


def line_of(pilot: Pilot[None]) -> QueryInput:
    return pilot.app.screen.query_one(QueryInput)


def text_of(pilot: Pilot[None]) -> str:
    screen = pilot.app.screen
    assert isinstance(screen, LookingScreen)
    return screen.look.text


@UNMEASURED
async def test_rows_of_a_newer_query_do_not_wait_for_those_of_the_one_before(
    tmp_path: Path,
) -> None:
    source = Slow()
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        try:
            await ask(pilot, "user:user-1")
            await until(pilot, source.asked.is_set, "the rows are asked for")
            await ask(pilot, "user:user-2 result:failure")
            await until_shown(pilot, "row 1 of 3 ")
        finally:
            source.hold.set()
        await pilot.pause()
        assert table_of(app).row_count == 3


@UNMEASURED
async def test_escape_takes_back_a_query_without_an_answer(tmp_path: Path) -> None:
    source = Slow()
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        try:
            await ask(pilot, "user:user-1")
            await until(pilot, source.asked.is_set, "the rows are asked for")
            await pilot.press("escape")
            await until_shown(pilot, "row 1 of 90 ")
            assert (text_of(pilot), line_of(pilot).value) == ("", "")
        finally:
            source.hold.set()
        await pilot.pause()
        assert table_of(app).row_count == 90
        await pilot.press("escape")  # there is nothing more to take back
        assert text_of(pilot) == ""


@UNMEASURED
async def test_escape_keeps_a_query_that_is_asked_again_of_a_log_that_grew(tmp_path: Path) -> None:
    source = Slow()
    source.hold.set()
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "matched")
        screen = app.screen
        assert isinstance(screen, InvestigateScreen)
        assert screen.session is not None
        source.hold.clear()
        try:
            screen.follow(screen.session)
            assert table_of(app).stale
            await pilot.press("escape")
            assert text_of(pilot) == "user:user-1"
        finally:
            source.hold.set()
        await until(pilot, lambda: not table_of(app).stale, "the rows are there again")


@UNMEASURED
async def test_the_bar_says_what_is_being_asked(tmp_path: Path) -> None:
    source = Slow(finds_slowly=True)
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        try:
            await ask(pilot, AROUND)
            await until_shown(pilot, "asking …")
            await pilot.press("slash", "x", "escape")
            assert line_of(pilot).value == AROUND
        finally:
            source.hold.set()
        await until_shown(pilot, "11 of 90 matched")
        assert line_of(pilot).value == text_of(pilot)
        assert "asking" not in screen_text(app)


async def test_a_query_that_fails_gives_the_bar_back_and_can_be_recalled(tmp_path: Path) -> None:
    source = Slow(finds_slowly=True)
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_loaded(pilot)
        source.fails = True
        source.hold.set()
        await ask(pilot, AROUND)
        await until_shown(pilot, "the disk is gone")
        assert line_of(pilot).value == ""
        assert "asking" not in screen_text(app)
        await pilot.press("slash", "up")
        assert line_of(pilot).value == f"{AROUND} "


@UNMEASURED
async def test_what_the_reader_did_after_a_query_holds_when_its_answer_comes(
    tmp_path: Path,
) -> None:
    source = Slow(finds_slowly=True)
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        try:
            await ask(pilot, AROUND)
            await pilot.press("f")
            await until(pilot, lambda: text_of(pilot) == "type:=authentication", "it is taken")
        finally:
            source.hold.set()
        workers = [worker for worker in app.workers if worker.group == "ask"]
        await until(pilot, lambda: all(one.is_finished for one in workers), "the answer came")
        assert text_of(pilot) == line_of(pilot).value == "type:=authentication"
        await pilot.press("slash", "up")
        assert line_of(pilot).value == f"{AROUND} "


@UNMEASURED
async def test_a_query_waits_for_the_log_to_be_open(tmp_path: Path) -> None:
    is_open = threading.Event()
    app = make_app(opener_after(is_open), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        try:
            await ask(pilot, "user:user-1")
            await until_shown(pilot, "asking …")
        finally:
            is_open.set()
        await until_shown(pilot, "30 of 90 matched")
        assert text_of(pilot) == line_of(pilot).value == "user:user-1"


@UNMEASURED
async def test_what_is_typed_while_the_log_opens_stays_a_query(tmp_path: Path) -> None:
    is_open = threading.Event()
    app = make_app(opener_after(is_open), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        try:
            await pilot.press("slash", *"user")
        finally:
            is_open.set()
        await until_loaded(pilot)
        await pilot.press(*"-1", "enter")
        await until_shown(pilot, "30 of 90 matched")
        assert text_of(pilot) == "user-1"


@UNMEASURED
async def test_what_was_typed_and_left_comes_back_with_the_up_key(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-2")
        await until_shown(pilot, "30 of 90 matched")
        await pilot.press("slash", "ctrl+u", *"abc", "escape")
        assert line_of(pilot).value == "user:user-2"
        await pilot.press("slash", "up")
        assert line_of(pilot).value == "abc"
        await pilot.press("up")
        assert line_of(pilot).value == "user:user-2 "


@UNMEASURED
async def test_a_query_comes_back_though_those_before_it_are_read_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on, is_read = threading.Event(), threading.Event()

    def read_slowly(_: QueryHistory) -> tuple[str, ...]:
        is_read.set()
        may_go_on.wait()
        return ("user:user-2",)

    monkeypatch.setattr(QueryHistory, "texts", read_slowly)
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        try:
            await until_shown(pilot, "row 1 of 90")
            await until(pilot, is_read.is_set, "what was asked before is read")
            await ask(pilot, "user:user-1")
        finally:
            may_go_on.set()
        await until_loaded(pilot)
        await pilot.press("slash", "ctrl+u", "up")
        assert line_of(pilot).value == "user:user-1 "
        await pilot.press("up")
        assert line_of(pilot).value == "user:user-2 "


@UNMEASURED
async def test_a_preview_of_a_part_gives_way_to_one_of_the_whole(tmp_path: Path) -> None:
    source = GatedSource(make_lines(90), batch_lines=30)
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 3 ")
        await pilot.press("slash", *"user-1")
        await until_shown(pilot, "would match 10 events so far")
        source.gate.release(9)
        await until_shown(pilot, "would match 30 events ")
        assert "so far" not in screen_text(app)


@UNMEASURED
async def test_values_complete_where_no_facet_is_shown(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-1 result:failure")
        await until_shown(pilot, "3 of 90 matched")
        await pilot.press("slash", *" user:er-1")
        await until_shown(pilot, "user-1  3")
        await pilot.press("tab")
        assert line_of(pilot).value == "user:user-1 result:failure user:user-1"
        await pilot.press("tab")
        assert line_of(pilot).has_focus
        assert line_of(pilot).value == "user:user-1 result:failure user:user-1"


@UNMEASURED
async def test_a_bar_that_is_left_by_the_mouse_shows_the_query_in_force(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"abc")
        await pilot.click(offset=(40, 20))
        await until(pilot, lambda: table_of(app).has_focus, "the table has the focus")
        assert line_of(pilot).value == ""
        await pilot.pause(0.3)
        assert "would match" not in screen_text(app)
        await pilot.press("slash", "up")
        assert line_of(pilot).value == "abc"


@UNMEASURED
async def test_a_dialog_over_the_bar_leaves_what_is_typed(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"abc", "f1")
        await until(pilot, lambda: len(app.screen_stack) > 1, "the help is open")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.query(QueryBar), "it is closed")
        assert line_of(pilot).value == "abc"
        assert line_of(pilot).has_focus

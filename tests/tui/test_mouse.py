"""The mouse works everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseDown, MouseUp
from textual.pilot import Pilot

from audit_console.core.query import chips
from audit_console.sources.memory import MemorySource
from audit_console.tui.widgets.days_slider import DaysSlider
from audit_console.tui.widgets.query_bar import QueryInput
from audit_console.tui.widgets.result_table import ResultTable
from audit_console.tui.widgets.rule_line import RuleLine
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask
from tests.tui.support import (
    GatedSource,
    PaneScreen,
    make_app,
    make_lines,
    screen_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)

SIZE = (80, 24)


class SliderApp(App[None]):
    """Shows a slider alone."""

    def get_default_screen(self) -> PaneScreen:
        return PaneScreen()

    def compose(self) -> ComposeResult:
        yield DaysSlider(30, 5)

    def on_mount(self) -> None:
        self.query_one(DaysSlider).reach(60)


def place_of(pilot: Pilot[None], text: str) -> tuple[int, int]:
    """Find a text on the screen."""
    for y, line in enumerate(screen_lines(pilot.app)):
        if text in line:
            return line.index(text), y
    raise AssertionError(f"{text!r} is not there\n{screen_text(pilot.app)}")


async def click(pilot: Pilot[None], text: str, *, times: int = 1) -> None:
    """Click where a text begins."""
    await until_shown(pilot, text)
    await pilot.click(offset=place_of(pilot, text), times=times)


async def press_button(pilot: Pilot[None], text: str, button: int) -> None:
    """Press and release a button where a text begins, as a terminal tells it."""
    x, y = place_of(pilot, text)
    for kind in (MouseDown, MouseUp):
        pilot.app.post_message(kind(None, x, y, 0, 0, button, shift=False, meta=False, ctrl=False))
    await pilot.pause()


async def test_what_a_dialog_says_of_keys_is_clicked(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await click(pilot, "? Help")
        await click(pilot, "Esc closes")
        await until(pilot, lambda: len(app.screen_stack) == 1, "the help is closed")


@UNMEASURED
async def test_what_stands_in_the_help_is_done_where_it_was_asked_for(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(80, 80)) as pilot:
        await until_loaded(pilot)
        await click(pilot, "? Help")
        await click(pilot, "Event table", times=2)
        assert len(app.screen_stack) == 2
        await click(pilot, "sort by time the other way", times=2)
        await until(pilot, lambda: len(app.screen_stack) == 1, "the help is closed")
        await until_shown(pilot, "time (UTC) ▼")
        await click(pilot, "? Help")
        await click(pilot, "screen 3: is the log whole", times=2)
        await until_shown(pilot, "map of the chains")


async def test_a_completion_and_the_keys_below_it_are_clicked(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await click(pilot, "a query, such as")
        await pilot.press("u", "s")
        await click(pilot, "▸ user:")
        await click(pilot, "user-1  10")
        assert app.screen.query_one(QueryInput).value == "user:user-1"
        await pilot.press("space")
        await click(pilot, "id:")
        await click(pilot, "*   ")
        assert app.screen.query_one(QueryInput).value == "user:user-1 id:*"
        await click(pilot, "Enter searches")
        await until_shown(pilot, "10 of 30 matched")
        await click(pilot, "/ user:user-1")
        await click(pilot, "Esc leaves")
        await until(pilot, lambda: table_of(app).has_focus, "the query is left")
        await until(pilot, lambda: "Esc leaves" not in screen_text(app), "the hints are gone")


@UNMEASURED
async def test_only_the_first_button_does_something(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        table = table_of(app)
        for button in (2, 3):
            await press_button(pilot, "action 3 ", button)
            await press_button(pilot, "? Help", button)
            assert (table.cursor_row, len(app.screen_stack)) == (0, 1)
        await press_button(pilot, "action 3 ", 1)
        await until(pilot, lambda: table.cursor_row == 3, "the row is selected")
        await press_button(pilot, "? Help", 1)
        await until(pilot, lambda: len(app.screen_stack) == 2, "the help is opened")


async def test_a_click_on_the_sign_folds_and_unfolds(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(80, 60)) as pilot:
        await until_loaded(pilot)
        await pilot.press("enter")
        await click(pilot, "▾ nested")
        await until_shown(pilot, '▸ nested {"deep":{"deeper":1}}')
        await click(pilot, "▸ nested")
        await until_shown(pilot, "▾ nested")
        await click(pilot, "nested", times=1)
        await pilot.pause()
        assert "▾ nested" in screen_text(app)
        await click(pilot, "nested", times=2)
        await until_shown(pilot, '▸ nested {"deep":{"deeper":1}}')


async def test_a_click_on_the_verdict_shows_what_it_rests_on(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.click(offset=(1, 0))
        await pilot.pause()
        assert "map of the chains" not in screen_text(app)
        await click(pilot, "◐ INCOMPLETE")
        await until_shown(pilot, "map of the chains")


async def test_a_click_on_what_stops_the_load_stops_it(tmp_path: Path) -> None:
    source = GatedSource(make_lines(30), batch_lines=10)
    app = make_app(source, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        source.gate.release()
        await until_shown(pilot, "10 events")
        await click(pilot, "Esc stops")
        source.gate.release(5)
        await until_shown(pilot, "◐ partial")


async def test_a_click_on_a_cell_of_a_result_points_at_its_value(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "| count by user,result | sort count desc")
        await until_shown(pilot, "user-0  success")
        x, y = place_of(pilot, "user-0  success")
        for cell, column in ((8, "result"), (17, "count"), (60, "count"), (7, "user"), (0, "user")):
            await pilot.click(offset=(x + cell, y))
            assert app.screen.query_one(ResultTable).column == column
        await pilot.click(offset=(x + 8, y))
        await click(pilot, "f Include")
        await until_shown(pilot, "/ result:=success")


@UNMEASURED
async def test_a_check_mark_that_is_clicked_leaves_enter_to_the_dialog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("x")
        await click(pilot, "CSV, no value")
        await click(pilot, "[ ] replace")
        await until_shown(pilot, "[x] replace")
        await click(pilot, "Enter writes")
        await until_shown(pilot, "written: memory.csv")


async def test_terms_that_find_no_room_are_brought_into_sight(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(60, 24)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "type:authentication result:success rtype:workflow user:user-1")
        await until_shown(pilot, " type:authentication ─")
        rule = app.screen.query_one(RuleLine)
        assert "user:user-1 " not in screen_lines(app)[2]
        while "user:user-1 " not in screen_lines(app)[2]:
            before = rule.cursor
            await click(pilot, " +")
            assert rule.cursor > before
        assert all(is_on for _, is_on in chips(rule.look.where))


async def test_the_words_beside_the_slider_do_not_move_it() -> None:
    app = SliderApp()
    async with app.run_test(size=SIZE) as pilot:
        slider = app.query_one(DaysSlider)
        for offset, days in (((3, 0), 30), ((78, 0), 30), ((22, 0), 5)):
            await pilot.click(slider, offset=offset)
            assert slider.days == days
        await pilot.mouse_down(slider, offset=(22, 0))
        await pilot.hover(slider, offset=(1, 0))
        await pilot.mouse_up(slider, offset=(1, 0))
        assert slider.days == 5

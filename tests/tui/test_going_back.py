"""Going back to a look goes back to the place where it was left."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from audit_console.sources.memory import MemorySource
from audit_console.tui.screens.investigate.screen import InvestigateScreen
from audit_console.tui.widgets.result_table import ResultTable
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask, look_of
from tests.tui.support import (
    HeldTallies,
    make_app,
    make_lines,
    table_of,
    until,
    until_loaded,
    until_shown,
)


async def until_matched(pilot: Pilot[None], matched: int) -> None:
    """Let the app run until so many rows are there, and the selected one is."""
    table = table_of(pilot.app)

    def is_there() -> bool:
        return table.row_count == matched and table.selected is not None and not table.stale

    await until(pilot, is_there, f"{matched} rows")


def line_of_cursor(pilot: Pilot[None]) -> int:
    table = table_of(pilot.app)
    return table.cursor_row - table.scroll_offset.y


@UNMEASURED
async def test_a_step_back_selects_the_event_that_was_selected(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(900)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press(*["pagedown"] * 4, *["up"] * 5, "l")
        await until_matched(pilot, 900)
        row, line, column = table_of(app).cursor_row, line_of_cursor(pilot), table_of(app).column
        await pilot.press("f")
        await until_matched(pilot, 300)
        await pilot.press("G", "l", "l")
        await pilot.press("q")
        await until_matched(pilot, 900)
        assert (table_of(app).cursor_row, line_of_cursor(pilot)) == (row, line)
        assert table_of(app).column == column
        assert column.name == "user"


@UNMEASURED
async def test_the_history_returns_to_the_place_in_each_branch(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(900)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("H")
        await until_shown(pilot, "history · 1 step ")
        await pilot.press("escape")
        await ask(pilot, "user:user-1")
        await until_matched(pilot, 300)
        await pilot.press(*["down"] * 70)
        await pilot.press("H")
        await until_shown(pilot, "history · 2 steps")
        await pilot.press("escape", "q")
        await until_matched(pilot, 900)
        await ask(pilot, "user:user-2 result:failure")
        await until_matched(pilot, 30)
        await pilot.press("G", "H")
        await until_shown(pilot, "history · 3 steps")
        await pilot.press("up", "enter")
        await until_matched(pilot, 300)
        assert table_of(app).cursor_row == 70
        await pilot.press("H", "down", "enter")
        await until_matched(pilot, 30)
        assert table_of(app).cursor_row == 29


@UNMEASURED
async def test_an_event_scrolled_out_of_sight_comes_back_into_it(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(900)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press(*["down"] * 7)
        table_of(app).scroll_to(y=60, animate=False)  # of events farther away no row is held
        await pilot.pause()
        await pilot.press("f")
        await until(pilot, lambda: table_of(app).row_count < 900)
        await pilot.press("q")
        await until_matched(pilot, 900)
        assert table_of(app).cursor_row == 7
        assert line_of_cursor(pilot) == 0


async def test_a_result_comes_back_with_its_row_and_column(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(900)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "| count by ip | sort ip")
        result = app.screen.query_one(ResultTable)
        await until(pilot, lambda: len(result.lines) == 250)
        await pilot.press(*["down"] * 60, "right", "enter")
        await until(pilot, lambda: not look_of(pilot).stages)
        await pilot.press("q")
        await until(pilot, lambda: bool(look_of(pilot).stages) and not result.has_class("-stale"))
        assert result.cell == (60, 1)
        assert result.has_focus


@UNMEASURED
async def test_a_result_that_is_counted_again_keeps_its_cursor(tmp_path: Path) -> None:
    source = HeldTallies(make_lines(900))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(160, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "| count by ip | sort ip")
        result = app.screen.query_one(ResultTable)
        await until(pilot, lambda: len(result.lines) == 250)
        await pilot.press(*["down"] * 60, *["up"] * 5)
        top = result.scroll_offset.y
        screen = app.screen
        assert isinstance(screen, InvestigateScreen)
        source.hold.clear()
        screen.survey.begin()
        try:
            await until(pilot, lambda: result.has_class("-stale"))
        finally:
            source.hold.set()
        await until(pilot, lambda: not result.has_class("-stale"))
        assert (result.cursor, result.scroll_offset.y) == (55, top)

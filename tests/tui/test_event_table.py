from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from textual.app import App
from textual.events import MouseScrollDown

from audit_console.core.filters import Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.errors import SourceUnreadable
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import AtRow, Cursor, Order, Page
from audit_console.tui.widgets.event_columns import scrolled_to
from audit_console.tui.widgets.event_window import Window
from tests.support.effort import UNMEASURED
from tests.tui.support import (
    GatedSource,
    HugeSource,
    make_app,
    make_event,
    make_lines,
    screen_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)


def test_windows_share_rows_that_are_the_same() -> None:
    rows = pl.DataFrame({"id": [str(number) for number in range(200)], "seq": [None] * 200})
    window = Window(10, rows)
    assert window.rows_shared_with(Window(110, rows.slice(100))) == range(110, 210)
    assert window.rows_shared_with(Window(0, rows.slice(50))) == range(0)
    assert window.rows_shared_with(Window(210, rows)) == range(0)
    assert window.rows_shared_with(Window(0)) == range(0)
    assert Window(0).rows_shared_with(window) == range(0)
    found = [row and row["id"] for row in map(window.row, (9, 10, 73, 74, 209, 210))]
    assert found == [None, "0", "63", "64", "199", None]


@UNMEASURED
async def test_rows_that_changed_since_they_were_fetched_are_drawn_anew(tmp_path: Path) -> None:
    source = ChangingSource(make_lines(5))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "alice")
        source.user = "mallory"
        table_of(app).refresh_rows()
        await until_shown(pilot, "mallory")
        assert "alice" not in screen_text(app)


@UNMEASURED
async def test_rows_that_are_gone_are_drawn_no_more(tmp_path: Path) -> None:
    source = ChangingSource(make_lines(5))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "action 4 ")
        source.most = 3
        table_of(app).refresh_rows()
        await until(pilot, lambda: table_of(app).row_count == 3)
        await pilot.pause()
        assert "action 2 " in screen_text(app)
        assert "action 4 " not in screen_text(app)


class ChangingSource(MemorySource):
    """A log whose rows are of another user, or fewer, from some moment on."""

    user = "alice"
    most = 5

    def page(
        self,
        where: Filter,
        *,
        order: Order,
        at: Cursor,
        limit: int,
        marks: Mapping[MarkKey, Marks] = NO_MARKS,
    ) -> Page:
        page = super().page(where, order=order, at=at, limit=limit, marks=marks)
        rows = page.rows.head(self.most).with_columns(user_id=pl.lit(self.user))
        return replace(page, rows=rows, matched=self.most)


@UNMEASURED
async def test_ten_million_rows_cost_no_more_than_those_in_sight(tmp_path: Path) -> None:
    source = HugeSource()
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        assert table_of(app).virtual_size.height == source.rows + 1
        await pilot.press("G")
        await until_shown(pilot, "row 10,000,000 of 10,000,000")
        await until(pilot, lambda: table_of(app).selected is not None)
        assert "action 9999999 " in screen_text(app)
        for _ in range(20):
            await pilot.press("pageup")
        await until(pilot, lambda: table_of(app).selected is not None)

        assert source.made < 40 * 300


@UNMEASURED
async def test_rows_under_way_are_placeholders(tmp_path: Path) -> None:
    source = HugeSource()
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        source.hold.clear()
        await pilot.press("G")
        await pilot.pause()
        try:
            assert screen_lines(app)[-3].startswith(" …")
        finally:
            source.hold.set()
        await until_shown(pilot, "action 9999999 ")


@UNMEASURED
async def test_a_late_answer_to_an_old_question_is_dropped(tmp_path: Path) -> None:
    source = HugeSource()
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        source.hold.clear()
        await pilot.press("r")
        await pilot.press("r")
        await pilot.press("r")
        await pilot.pause()
        pages = source.pages
        source.hold.set()
        await until(pilot, lambda: not table_of(app)._fetching)

        assert table_of(app).order is Order.NEWEST_FIRST
        assert table_of(app).cursor_row == source.rows - 1
        selected = table_of(app).selected
        assert selected is not None
        assert selected["id"] == make_event(0).id
        assert source.pages - pages <= 6


@UNMEASURED
async def test_holding_a_key_asks_one_question_at_a_time(tmp_path: Path) -> None:
    source = HugeSource()
    app = make_app(source, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        source.hold.clear()
        before = source.pages
        for _ in range(50):
            await pilot.press("pagedown")
        source.hold.set()
        await until(pilot, lambda: not table_of(app)._fetching)

        assert source.pages - before <= 4
        assert table_of(app).selected is not None


@UNMEASURED
async def test_sorting_keeps_the_selected_event_selected(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(500)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("pagedown", "down")
        table = table_of(app)
        chosen = table.selected
        assert chosen is not None
        assert "time (UTC) ▲" in screen_text(app)
        await pilot.press("r")
        await until_shown(pilot, "time (UTC) ▼")
        await until(pilot, lambda: table.selected is not None and table.cursor_row > 400)

        assert table.selected is not None
        assert table.selected["id"] == chosen["id"]


@UNMEASURED
async def test_rows_that_load_above_do_not_move_the_view(tmp_path: Path) -> None:
    source = GatedSource(make_lines(600), batch_lines=200)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        source.gate.release()
        await until(pilot, lambda: table_of(app).selected is not None)
        await pilot.press("r")
        await until(pilot, lambda: table_of(app).order is Order.NEWEST_FIRST)
        await until(pilot, lambda: not table_of(app)._fetching)
        await pilot.press("g", "down", "down")
        await until(pilot, lambda: table_of(app).selected is not None)
        chosen = table_of(app).selected
        assert chosen is not None
        before = [line for line in screen_lines(app) if f"{chosen['action']} " in line]
        row_before = screen_lines(app).index(before[0])
        source.gate.release(9)
        await until_loaded(pilot)
        await until(pilot, lambda: table_of(app).row_count == 600)
        await until(pilot, lambda: table_of(app).selected is not None)

        assert table_of(app).selected == chosen
        assert table_of(app).cursor_row == 402
        after = [line for line in screen_lines(app) if f"{chosen['action']} " in line]
        assert screen_lines(app).index(after[0]) == row_before


def titles(app: App[None]) -> str:
    return next(line for line in screen_lines(app) if "time (UTC)" in line)


@pytest.mark.parametrize(
    ("column", "left", "room", "scrolled"),
    [
        (1, 30, 60, 0),
        (2, 30, 60, 0),
        (3, 0, 60, 0),
        (4, 0, 60, 0),
        (4, 0, 59, 11),
        (4, 22, 60, 22),
        (5, 0, 60, 33),
        (5, 0, 30, 43),
    ],
)
def test_no_column_is_cut_at_the_left(column: int, left: int, room: int, scrolled: int) -> None:
    widths = (1, 14, 10, 21, 9, 30)
    assert scrolled_to(widths, column, left, room) == scrolled


async def test_columns_share_the_width_and_scroll_sideways(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(50)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        assert "result" in titles(app)
        assert " ip" not in titles(app)
        assert "→" in titles(app)
        await pilot.press("dollar_sign")
        assert " ip" in titles(app)
        assert "time (UTC)" in titles(app)
        assert "10.0.0.0" in screen_text(app)
        scrolled = titles(app).partition("←")[2]
        assert scrolled.split() == ["action", "resource", "result", "ip"]
        assert scrolled.startswith("action ")
        await pilot.press("0")
        assert " ip" not in titles(app)
        assert "success…" not in screen_text(app)
        await pilot.resize_terminal(84, 24)
        await until_shown(pilot, "success 10…")
        await pilot.resize_terminal(200, 60)
        await until_shown(pilot, "2026-11-01 00:00:00.000000")
        assert " ip" in titles(app)


@UNMEASURED
async def test_wide_columns_show_long_values(tmp_path: Path) -> None:
    long = "an action with a long name 0123456789"
    app = make_app(MemorySource(make_lines(5, action=long)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        assert long not in screen_text(app)
        await pilot.press("w", "l", "l")
        await until_shown(pilot, long)
        await pilot.press("w")
        await until(pilot, lambda: long not in screen_text(app))


async def test_the_mouse_selects_opens_and_sorts(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(100)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.click("EventTable", offset=(60, 5))
        assert table_of(app).cursor_row == 4
        await pilot.click("EventTable", offset=(5, 7), times=2)
        assert table_of(app).cursor_row == 6
        await until_shown(pilot, "user_agent")
        await pilot.click("EventTable", offset=(5, 0))
        await until_shown(pilot, "time (UTC) ▼")


@UNMEASURED
async def test_the_wheel_scrolls(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(500)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        for _ in range(10):
            await pilot._post_mouse_events([MouseScrollDown], "EventTable", button=0)
        await until(pilot, lambda: table_of(app).scroll_offset.y > 10)
        await until_shown(pilot, "action 45 ")
        assert table_of(app).cursor_row == 0


async def test_keys_move_over_rows_and_columns(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(100)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        table = table_of(app)
        await pilot.press("j", "j", "down", "k", "l", "right", "h")
        assert (table.cursor_row, table.cursor_column) == (2, 3)
        await pilot.press("G")
        assert table.cursor_row == 99
        await pilot.press("home")
        assert table.cursor_row == 0
        await pilot.press("up")
        assert table.cursor_row == 0
        await pilot.press("right_square_bracket")
        assert table.cursor_row == 1
        await pilot.press("left_square_bracket")
        assert table.cursor_row == 0


class FailingSource(MemorySource):
    def page(
        self,
        where: Filter,
        *,
        order: Order,
        at: Cursor,
        limit: int,
        marks: Mapping[MarkKey, Marks] = NO_MARKS,
    ) -> Page:
        if isinstance(at, AtRow) and at.row > 100:
            raise SourceUnreadable("disk: input/output error", hint="Copy the file.")
        return super().page(where, order=order, at=at, limit=limit, marks=marks)


@UNMEASURED
async def test_rows_that_cannot_be_fetched_are_said_to_be_so(tmp_path: Path) -> None:
    app = make_app(FailingSource(make_lines(1_000)), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("G")
        await until_shown(pilot, "disk: input/output error")
        await pilot.press("g")
        await until_shown(pilot, "action 0 ")


@UNMEASURED
async def test_keys_in_the_footer_are_clicked(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.click("KeyBar", offset=(screen_lines(app)[-1].index("Reverse"), 0))
        await until_shown(pilot, "time (UTC) ▼")
        await pilot.click("KeyBar", offset=(screen_lines(app)[-1].index("Findings"), 0))
        await until_shown(pilot, "NO_CHECKPOINT")
        await pilot.click("#findings", offset=(5, 1), times=2)  # below its border
        await until_shown(pilot, "this finding is about the whole log")

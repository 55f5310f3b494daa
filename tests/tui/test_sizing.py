"""Panes of Investigate, made larger and smaller."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widget import Widget

from audit_console.sources.memory import MemorySource
from audit_console.tui.screens.investigate.borders import (
    DETAIL_BELOW,
    DETAIL_BESIDE,
    FACETS,
    TIMELINE,
    Border,
)
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.timeline import TimelinePane
from tests.support.effort import UNMEASURED
from tests.tui.support import (
    make_app,
    make_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)

KEYS = {FacetsPane: ("a",), TimelinePane: ("t",), DetailPane: ("enter", "tab")}


def pane(pilot: Pilot[None], kind: type[Widget]) -> Widget:
    return pilot.app.screen.query_one(kind)


def cells(pilot: Pilot[None], border: Border) -> int:
    return border.of(pane(pilot, border.pane).outer_size)


async def until_cells(pilot: Pilot[None], border: Border, wanted: int) -> None:
    await until(pilot, lambda: cells(pilot, border) == wanted, f"{border} is {wanted}")


async def go_to(pilot: Pilot[None], kind: type[Widget]) -> None:
    await pilot.press(*KEYS[kind])
    while not pane(pilot, kind).has_focus:
        await pilot.press("tab")


@UNMEASURED
@pytest.mark.parametrize(
    ("border", "size"),
    [
        (FACETS, (120, 40)),
        (TIMELINE, (80, 24)),
        (DETAIL_BELOW, (120, 40)),
        (DETAIL_BESIDE, (200, 60)),
    ],
    ids=["facets", "timeline", "below", "beside"],
)
async def test_the_pane_that_has_the_focus_is_made_larger_and_smaller(
    tmp_path: Path, border: Border, size: tuple[int, int]
) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until_loaded(pilot)
        await go_to(pilot, border.pane)
        await pilot.pause()
        before = cells(pilot, border)
        await pilot.press("<", "<")
        small = border.within(before - 2 * border.step, Size(*size))
        await until_cells(pilot, border, small)
        await pilot.press(">")
        await until_cells(pilot, border, small + border.step)
        await pilot.press("=")
        await until_cells(pilot, border, before)
        await app.screen.run_action("larger")
        await app.screen.run_action("larger")
        await until_cells(pilot, border, border.within(before + 2 * border.step, Size(*size)))
        await pilot.press(*">" * 20)
        await until_cells(pilot, border, border.within(1000, Size(*size)))
        assert "there is no more room" in screen_text(app)
        assert table_of(app).size.width >= 32
        assert table_of(app).size.height >= 3


async def test_around_the_events_the_border_of_the_next_pane_is_moved(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        lines = pane(pilot, EventTable).size.height
        await pilot.press(">")
        await until(pilot, lambda: pane(pilot, EventTable).size.height == lines + 1)
        await pilot.press("enter", "<")
        await pilot.pause()
        detail = cells(pilot, DETAIL_BELOW)
        await pilot.press("<")
        await until_cells(pilot, DETAIL_BELOW, detail + 1)
        assert pane(pilot, EventTable).has_focus


async def test_where_no_border_can_be_moved_it_is_said(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=(80, 20), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press(">")
        await until_shown(pilot, "no pane here can be made larger or smaller")


@UNMEASURED
async def test_where_panes_take_each_others_place_sizes_do_not_hold(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await go_to(pilot, FacetsPane)
        await pilot.press(*">" * 3)
        await pilot.pause()
        chosen = cells(pilot, FACETS)
        await pilot.resize_terminal(90, 40)
        await until_cells(pilot, FACETS, 90)
        await pilot.resize_terminal(130, 40)
        await until_cells(pilot, FACETS, chosen)


@pytest.mark.parametrize(
    ("border", "size", "moved"),
    [
        (FACETS, (120, 40), (5, 0)),
        (DETAIL_BELOW, (120, 40), (0, -3)),
        (DETAIL_BESIDE, (200, 60), (9, 0)),
    ],
    ids=["facets", "below", "beside"],
)
async def test_a_border_is_dragged(
    tmp_path: Path, border: Border, size: tuple[int, int], moved: tuple[int, int]
) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        await go_to(pilot, border.pane)
        await pilot.pause()
        region, before = pane(pilot, border.pane).region, cells(pilot, border)
        x, y = (region.right - 1, region.y + 2) if border is FACETS else (region.x, region.y)
        await pilot.mouse_down(offset=(x, y))
        await pilot.hover(offset=(x + moved[0], y + moved[1]))
        change = sum(moved) if border is FACETS else -sum(moved)
        await until_cells(pilot, border, before + change)
        await pilot.mouse_up(offset=(x + moved[0], y + moved[1]))
        await pilot.hover(offset=(x, y))
        await pilot.pause()
        assert cells(pilot, border) == before + change

"""A screen that is entered has its panes where they stay: nothing jumps, and a click meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual._compositor import Compositor, ReflowResult
from textual.geometry import Region, Size
from textual.widget import Widget

from audit_console.sources.memory import MemorySource
from tests.support.effort import UNMEASURED
from tests.tui.conftest import forget_what_changed
from tests.tui.support import make_app, make_lines, until, until_loaded, until_shown

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines


@pytest.mark.parametrize(
    ("keys", "selector", "shown"),
    [
        ("i", "MapPane", "NO_CHECKPOINT"),
        ("4", "SplitTimeline", "NOTHING to delete"),
        ("aa", "LineList", "add a facet"),
    ],
)
async def test_panes_stand_where_they_stay_from_the_first_layout_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str, selector: str, shown: str
) -> None:
    regions: list[Region] = []
    reflow = Compositor.reflow

    def noted(compositor: Compositor, parent: Widget, size: Size) -> ReflowResult:
        result = reflow(compositor, parent, size)
        regions.extend(
            compositor._full_map[pane].region
            for pane in parent.query(selector)
            if pane in compositor._full_map and parent is not entered
        )
        return result

    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        entered = app.screen
        monkeypatch.setattr(Compositor, "reflow", noted)
        await pilot.press(*keys)
        await until_shown(pilot, shown)
        await until(pilot, lambda: app.screen.has_class("-high"), "it has its heights")
        await pilot.pause()
        await pilot.pause()
    assert len({region.height for region in regions}) == 1


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[Region]:
    """The regions that are painted from now on."""
    regions: list[Region] = []

    def noted(compositor: Compositor, **how: object) -> None:
        regions.extend(compositor._dirty_regions)
        forget_what_changed(compositor, **how)

    monkeypatch.setattr(Compositor, "render_update", noted)
    return regions


async def test_below_a_dialog_nothing_is_painted_again_while_nothing_changes(
    tmp_path: Path, painted: list[Region]
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        below = app.screen
        await pilot.press("question_mark")
        await until_shown(pilot, "Event table")
        for _ in range(20):
            await pilot.pause()
            below._on_timer_update()  # a pause has that of the dialog alone
        painted.clear()
        for _ in range(5):
            below.call_later(list)
            await pilot.pause(0.05)
        assert painted == []


async def test_the_focus_moves_without_a_whole_frame(tmp_path: Path, painted: list[Region]) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        painted.clear()
        await pilot.press("t")
        await until_shown(pilot, "bar 2026-11-01 00:00:00")
        assert painted
        assert app.size.region not in painted


async def test_a_terminal_that_has_its_size_again_is_painted_whole(
    tmp_path: Path, painted: list[Region]
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        painted.clear()
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: app.size.region in painted, "all is painted")

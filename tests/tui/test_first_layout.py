"""A screen that is entered has its panes where they stay: nothing jumps, and a click meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual._compositor import Compositor, ReflowResult
from textual.geometry import Region, Size
from textual.widget import Widget

from audit_console.sources.memory import MemorySource
from tests.support.effort import UNMEASURED
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

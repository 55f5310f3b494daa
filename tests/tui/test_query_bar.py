"""How the query bar takes what is typed, and what hangs below it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual._compositor import Compositor
from textual.screen import Screen

from audit_console.sources.memory import MemorySource
from audit_console.tui.widgets.query_hints import QueryHints
from audit_console.tui.widgets.result_table import ResultTable
from tests.tui.support import make_app, make_lines, screen_lines, until_loaded, until_shown

SIZE = (120, 40)


class Painted:
    """What a terminal shows: of each frame it is sent the regions that changed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def take(self, compositor: Compositor, **options: object) -> None:
        """Take a frame."""
        del options
        if not compositor._dirty_regions:
            return
        frame = [strip.text for strip in compositor.render_strips()]
        lines = self.lines or frame
        for region in compositor._dirty_regions:
            for y in region.line_range:
                if y < len(lines):
                    left, right = lines[y][: region.x], lines[y][region.right :]
                    lines[y] = left + frame[y][region.x : region.right] + right
        self.lines = lines
        compositor._dirty_regions.clear()


def draw_a_frame(screen: Screen[object]) -> None:
    """Draw what is to be drawn, and then something that is out of sight."""
    screen._on_timer_update()
    screen._dirty_widgets.add(screen.query_one(ResultTable))
    screen._on_timer_update()


async def test_nothing_of_the_list_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted = Painted()
    monkeypatch.setattr(Compositor, "render_update", lambda self, **_: painted.take(self))
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash")
        await until_shown(pilot, "more, ↓ goes on")
        await pilot.pause()
        assert painted.lines == screen_lines(app)
        draw_a_frame(app.screen)
        app.screen.query_one(QueryHints).show(())
        await pilot.pause()
        await pilot.pause()
        assert painted.lines == screen_lines(app)

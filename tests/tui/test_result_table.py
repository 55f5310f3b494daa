"""A result in few columns: text gives way to counts, and the cursor's column is in sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_console.sources.memory import MemorySource
from audit_console.tui.widgets.result_table import first_in_sight, shared_widths
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask
from tests.tui.support import make_app, make_lines, until_loaded, until_shown

AGENT = "a-program-of-a-long-name/1.2.3 (linux)"


@UNMEASURED
async def test_all_columns_can_be_seen(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(60, user_agent=AGENT)), tmp_path)
    async with app.run_test(size=(52, 24)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "| count by agent,user,error,rid | sort count desc")
        await until_shown(pilot, "a-program-…3 (linux)  user-0  —      wf-0      4")
        await until_shown(pilot, "  agent                 user    error  rid   count")
        await pilot.resize_terminal(34, 24)
        await until_shown(pilot, "  user-0  —      …")
        await pilot.press("l", "l", "l", "l")
        await until_shown(pilot, " ← user    error  rid   count")
        await until_shown(pilot, "   user-0  —      wf-0      4")
        await pilot.press("h", "h", "h", "h")
        await until_shown(pilot, "  user-0  —      …")


@UNMEASURED
@pytest.mark.parametrize("lines", [10, 11, 12])
async def test_rows_of_a_result_are_in_sight_on_few_lines(tmp_path: Path, lines: int) -> None:
    app = make_app(MemorySource(make_lines(60)), tmp_path)
    async with app.run_test(size=(40, lines)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "| top user")
        await until_shown(pilot, "  user-0     20")
        await until_shown(pilot, "  user-1     20")


@pytest.mark.parametrize(
    ("widths", "room", "shared"),
    [
        ((20, 30, 5), 59, (20, 30, 5)),
        ((20, 30, 5), 58, (20, 29, 5)),
        ((20, 30, 5), 47, (19, 19, 5)),
        ((20, 30, 5), 10, (12, 12, 5)),
    ],
)
def test_the_widest_give_way_first(
    widths: tuple[int, ...], room: int, shared: tuple[int, ...]
) -> None:
    assert shared_widths(widths, (12, 12, 5), room) == shared


@pytest.mark.parametrize(
    ("column", "first", "room", "shown"),
    [(0, 0, 30, 0), (2, 0, 30, 1), (2, 0, 34, 0), (2, 2, 34, 2), (1, 2, 34, 1), (2, 0, 3, 2)],
)
def test_the_column_under_the_cursor_is_in_sight(
    column: int, first: int, room: int, shown: int
) -> None:
    assert first_in_sight((10, 10, 10), column, first, room) == shown

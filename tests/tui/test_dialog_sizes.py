"""A dialog with a long list is in sight as a whole, and its size stays while it is narrowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App
from textual.geometry import Region

from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Order
from audit_console.tui.dialogs.add_facet import AddFacetDialog
from audit_console.tui.dialogs.bad_lines import bytes_text
from audit_console.tui.dialogs.saved_searches import SavedSearchesDialog
from audit_console.tui.saved import SavedSearch, SavedSearches
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.text_pane import laid_out
from tests.support.effort import UNMEASURED
from tests.tui.support import make_app, make_lines, until, until_loaded, until_shown

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines

SIZES = [(80, 24), (120, 40), (200, 60)]


def box(app: App[None]) -> Region:
    return app.screen.query_one(".dialog").region


@pytest.mark.parametrize("size", SIZES)
async def test_many_bad_lines_leave_room_for_the_bytes_of_one(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    lines = [*make_lines(9), *(b'{"broken %d' % number for number in range(90))]
    app = make_app(MemorySource(lines), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        await pilot.press("b")
        await until_shown(pilot, "90 lines could not be read")
        await until_shown(pilot, "Unterminated string")
        assert app.screen.region.contains_region(box(app))


def test_why_a_line_is_bad_is_broken_between_words_and_its_bytes_anywhere() -> None:
    reason = "broken JSON at character 2: Unterminated string"
    row = {"reason": reason, "start": b'{"torn apart and much more', "length": 26}
    lines = laid_out(bytes_text(row), 24)
    assert ["".join(span.text for span in line) for line in lines] == [
        " broken JSON at character",
        " 2: Unterminated string",
        ' {"torn apart and much mo',
        " re",
    ]


@pytest.mark.parametrize("size", SIZES)
async def test_many_paths_are_listed_in_a_box_that_keeps_its_size(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = make_app(MemorySource(make_lines(9)), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        app.push_screen(AddFacetDialog((), [f"details.path{number}" for number in range(90)]))
        await until_shown(pilot, "details.path3")
        before = box(app)
        assert app.screen.region.contains_region(before)
        await pilot.press(*"path89")
        await until_shown(pilot, " details.path89 ")
        assert box(app) == before


@pytest.mark.parametrize("size", SIZES)
async def test_many_saved_searches_leave_room_for_the_query_of_one(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    saved = SavedSearches(tmp_path / "searches.json")
    for number in range(60):
        saved.save(SavedSearch(f"search {number:02}", "user:alice", ("time",), Order.OLDEST_FIRST))
    app = make_app(MemorySource(make_lines(9)), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        app.push_screen(SavedSearchesDialog(saved))
        await until_shown(pilot, "search 00")
        await until_shown(pilot, "oldest first · time")
        assert app.screen.region.contains_region(box(app))


async def test_in_few_columns_help_and_jump_are_no_wider_than_the_terminal(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(9)), tmp_path)
    async with app.run_test(size=(40, 24)) as pilot:
        await until_loaded(pilot)
        for key in ("question_mark", "colon"):
            await pilot.press(key)
            await until(pilot, lambda: app.screen.query(".dialog"), key)
            assert box(app).width <= 40, key
            await pilot.press("escape")
            await until(pilot, lambda: not app.screen.query(".dialog"), key)


async def test_what_is_wrong_with_a_place_to_jump_to_is_said_with_its_hint(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(9)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("colon", "0", "enter")
        await until_shown(pilot, "rows count from 1. Row 1200")
        await until_shown(pilot, "│  event id ")
        app.screen.query_one(SafeInput).value = "12345678-1234-4234-8234-123456789abc"
        await pilot.press("enter")
        await until_shown(pilot, "no event has the id 12345678")
        await until_shown(pilot, "2026-11-23 02:58")


@pytest.mark.parametrize("key", ["V", "M", "C", "x"])
async def test_a_dialog_has_its_keys_in_sight_on_few_lines(tmp_path: Path, key: str) -> None:
    app = make_app(MemorySource(make_lines(9)), tmp_path)
    async with app.run_test(size=(60, 12)) as pilot:
        await until_loaded(pilot)
        await pilot.press(key)
        await until_shown(pilot, "Esc ")
        assert app.screen.region.contains_region(box(app))

"""How the query bar takes what is typed, and what hangs below it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual._compositor import Compositor
from textual.events import Paste
from textual.pilot import Pilot
from textual.screen import Screen

from audit_console.core.query import parse
from audit_console.errors import QueryError
from audit_console.sources.memory import MemorySource
from audit_console.tui.widgets.query_bar import QueryBar, QueryInput
from audit_console.tui.widgets.query_hints import QueryHints, is_begun
from audit_console.tui.widgets.result_table import ResultTable
from tests.core.query.reading import ANCHOR
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask, look_of, type_text
from tests.tui.support import (
    make_app,
    make_lines,
    screen_lines,
    screen_text,
    until_loaded,
    until_shown,
)

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


@UNMEASURED
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


@asynccontextmanager
async def console(tmp_path: Path) -> AsyncIterator[Pilot[None]]:
    """A log of 90 events, 9 of them failures, that was read."""
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until_loaded(pilot)
        yield pilot


async def ask_for_failures(pilot: Pilot[None]) -> None:
    await ask(pilot, "result:failure")
    await until_shown(pilot, "9 of 90 matched")


def query_of(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(QueryInput).value


@UNMEASURED
async def test_values_are_marked_before_operators(tmp_path: Path) -> None:
    async with console(tmp_path) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "user:")
        await until_shown(pilot, "▸ user-0  30")
        await pilot.press("down")
        await until_shown(pilot, "▸ user-1  30")
        await pilot.press("up", "up")
        await until_shown(pilot, "▸ /")
        await pilot.press("down", "down", "tab")
        assert query_of(pilot) == "user:user-1"


async def test_a_bar_whose_list_is_taken_away_first_as_at_the_end_may_lose_the_focus(
    tmp_path: Path,
) -> None:
    async with console(tmp_path) as pilot:
        await pilot.press("slash")
        await pilot.app.screen.query_one(QueryHints).remove()
        pilot.app.screen.set_focus(None)
        await pilot.pause()


async def test_a_mark_that_was_moved_stays_when_more_is_known(tmp_path: Path) -> None:
    async with console(tmp_path) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "user:")
        await until_shown(pilot, "▸ user-0  30")
        await pilot.press("down")
        pilot.app.screen.query_one(QueryBar).complete_again()
        await pilot.pause()
        assert "▸ user-1  30" in screen_text(pilot.app)


@UNMEASURED
async def test_a_term_is_typed_behind_the_query_in_force(tmp_path: Path) -> None:
    async with console(tmp_path) as pilot:
        await ask_for_failures(pilot)
        assert query_of(pilot) == "result:failure"
        await pilot.press("slash")
        assert query_of(pilot) == "result:failure "
        await type_text(pilot, "user:user-1")
        await pilot.press("enter")
        await until_shown(pilot, "3 of 90 matched")
        assert look_of(pilot).text == query_of(pilot) == "result:failure user:user-1"


@UNMEASURED
async def test_a_space_typed_by_habit_is_the_one_that_is_there(tmp_path: Path) -> None:
    async with console(tmp_path) as pilot:
        await ask(pilot, "result:failure")
        await pilot.press("slash")
        await until_shown(pilot, "Tab completes")
        assert "▸" not in screen_text(pilot.app)
        await pilot.press("space")
        await until_shown(pilot, "▸ id:")
        await type_text(pilot, "| top user")
        assert query_of(pilot) == "result:failure | top user"
        await pilot.press("space", "space")
        assert query_of(pilot) == "result:failure | top user  "


@UNMEASURED
async def test_a_term_is_typed_behind_an_earlier_query(tmp_path: Path) -> None:
    async with console(tmp_path) as pilot:
        await ask_for_failures(pilot)
        await pilot.press("delete", "slash", "up")
        await type_text(pilot, "user:user-1")
        await pilot.press("enter")
        await until_shown(pilot, "3 of 90 matched")


@UNMEASURED
async def test_an_earlier_query_that_is_left_is_not_shown_as_the_one_in_force(
    tmp_path: Path,
) -> None:
    async with console(tmp_path) as pilot:
        await ask_for_failures(pilot)
        await pilot.press("delete", "slash", "up")
        assert query_of(pilot) == "result:failure "
        await pilot.click(offset=(40, 20))
        await pilot.pause()
        assert query_of(pilot) == ""
        await pilot.press("slash", "up")
        assert query_of(pilot) == "result:failure "


@UNMEASURED
async def test_what_is_only_begun_is_no_fault_until_it_is_left_or_asked(tmp_path: Path) -> None:
    async with console(tmp_path) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "user:")
        await until_shown(pilot, "… column 6: a value is missing for user")
        await pilot.press("enter")
        await until_shown(pilot, "✘ column 6: a value is missing for user")
        await type_text(pilot, "a result:fai")
        await until_shown(pilot, "… column 15: no event has the result fai")
        await pilot.press("home")
        await until_shown(pilot, "✘ column 15: no event has the result fai")
        await pilot.press("end")
        await until_shown(pilot, "… column 15: no event has the result fai")
        await type_text(pilot, " x")
        await until_shown(pilot, "✘ column 15: no event has the result fai")


BEGUN = [
    "user:^",
    "a -^",
    "a OR ^",
    "hour:(1 ^",
    '"a b ^',
    "action:/a b^",
    "(a user:b ^",
    "a | ^",
    "ip:10.^",
    "us^er:",
]
WRONG = ["result:fai ^", "^ user:", "(usr:a user:^", "a OR b) c^", "^(a"]


@pytest.mark.parametrize(
    ("typed", "begun"), [*((text, True) for text in BEGUN), *((text, False) for text in WRONG)]
)
def test_an_error_that_typing_may_mend_is_told_from_others(typed: str, begun: bool) -> None:
    text, cursor = typed.replace("^", ""), typed.index("^")
    with pytest.raises(QueryError) as refused:
        parse(text, ANCHOR)
    assert is_begun(refused.value, text, cursor) is begun


@UNMEASURED
async def test_a_long_query_that_is_not_typed_on_is_shown_from_its_beginning(
    tmp_path: Path,
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, " ".join(f"-user:somebody-{number}" for number in range(9)))
        await until_shown(pilot, "30 of 30")
        assert screen_lines(app)[1].startswith(" / -user:somebody-0 ")
        assert screen_lines(app)[1].rstrip().endswith("…")
        await pilot.press("slash")
        await pilot.pause()
        assert screen_lines(app)[1].rstrip().endswith("-user:somebody-8")


async def test_the_end_of_a_long_query_stays_in_sight_beside_what_it_would_match(
    tmp_path: Path,
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash")
        app.screen.query_one(QueryInput).post_message(Paste("user:user-1 " * 9 + "result:failure"))
        await until_shown(pilot, "result:failure  would match 1 event")
        await type_text(pilot, " type:authentication")
        await until_shown(pilot, "type:authentication  would match 0 events")
        await pilot.press("home")
        await until_shown(pilot, " / user:user-1 ")

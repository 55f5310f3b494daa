from __future__ import annotations

from textual.pilot import Pilot

from audit_console.tui.dialogs.columns import ColumnsDialog
from audit_console.tui.widgets.line_list import LineList
from tests.tui.dialogs import DialogApp, until_answered
from tests.tui.support import screen_text, until, until_shown

NAMES = ("time", "type", "user", "ip")


async def answer(chosen: tuple[str, ...], *keys: str) -> tuple[str, ...] | None:
    app = DialogApp(ColumnsDialog(chosen, NAMES))
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press(*keys)
        await until_answered(pilot, app)
    return app.answers[0]


async def shown(pilot: Pilot[None]) -> None:
    await until_shown(pilot, "[ ] type")
    await until(pilot, lambda: isinstance(pilot.app.focused, LineList), "the list has the focus")


async def test_the_shown_ones_come_first_in_their_order() -> None:
    app = DialogApp(ColumnsDialog(("user", "time", "gone"), NAMES))
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        lines = [line.strip(" │") for line in screen_text(app).splitlines()]
        rows = [line for line in lines if line.startswith("[")]

    assert rows == ["[x] user", "[x] time", "[ ] type", "[ ] ip"]


async def test_enter_answers_what_is_there() -> None:
    assert await answer(("user", "time"), "enter") == ("user", "time")


async def test_space_shows_and_hides() -> None:
    assert await answer(("user", "time"), "space", "G", "space", "enter") == ("time", "ip")


async def test_columns_move() -> None:
    assert await answer(("user", "time"), "J", "enter") == ("time", "user")
    keys = ("G", "space", "K", "shift+up", "shift+up", "shift+up", "enter")
    assert await answer(("user", "time"), *keys) == ("ip", "user", "time")
    assert await answer(("user", "time"), "shift+down", "shift+down", "enter") == ("time", "user")


async def test_escape_answers_nothing() -> None:
    assert await answer(("user",), "space", "escape") is None


async def test_a_table_keeps_a_column() -> None:
    app = DialogApp(ColumnsDialog(("user",), NAMES))
    async with app.run_test() as pilot:
        await shown(pilot)
        await pilot.press("space", "enter")
        await until_shown(pilot, "A table has at least one column")

    assert app.answers == []


async def test_the_mouse_switches_a_check_mark() -> None:
    app = DialogApp(ColumnsDialog(("user", "time"), NAMES))
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.click(LineList, offset=(2, 2))
        await until_shown(pilot, "[x] type")
        await pilot.click(LineList, offset=(20, 3))
        assert "[ ] ip" in screen_text(app)
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert app.answers == [("user", "time", "type")]

"""What is pasted into a line is taken as a whole, and made safe; where it is cut, that is said."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.events import Paste

from audit_console.core.query import MAX_TEXT
from audit_console.tui.widgets.safe_input import SafeInput
from tests.support.effort import UNMEASURED
from tests.tui.support import screen_lines, until

ADDRESSES = [f"ip:203.0.113.{number}" for number in range(250)]


class InputApp(App[None]):
    CSS = "SafeInput { border: none; padding: 0; height: 1; }"

    def compose(self) -> ComposeResult:
        yield SafeInput("x ", select_on_focus=False)
        yield SafeInput(id="other")


async def pasted(text: str) -> str:
    app = InputApp()
    async with app.run_test(size=(80, 24)) as pilot:
        line = app.query(SafeInput).first()
        await pilot.press("end")
        line.post_message(Paste(text))
        await until(pilot, lambda: line.value != "x ", "the text is there")
        return line.value.removeprefix("x ")


@UNMEASURED
@pytest.mark.parametrize("between", ["\n", "\r\n", "\r\n\r\n"])
async def test_all_lines_of_a_long_list_are_taken(between: str) -> None:
    assert await pasted(between.join(["", *ADDRESSES, ""])) == " ".join(ADDRESSES)


async def test_what_would_steer_a_terminal_is_a_symbol() -> None:
    assert await pasted("\x1b[31m\u202e\tred") == "␛[31m«U+202E»␉red"


@UNMEASURED
async def test_what_is_cut_is_longer_than_a_query_may_be() -> None:
    text = await pasted("a" * 1_000_000)
    assert "1,000,000 characters" in text
    assert len(text) > MAX_TEXT


@pytest.mark.parametrize(
    ("value", "cursor", "typed", "shown"),
    [
        ("123456789 ", 0, "123456789", "123456789"),
        ("1234567890", 0, "1234567890", "1234567890"),
        ("12345678901", 0, "1234567890", "123456789…"),
        ("12345678901", 11, "345678901", "…45678901"),
        ("12345678901", 6, "1234567890", "123456789…"),
        ("日本日本日本", 0, "日本日本日", "日本日本 …"),
    ],
)
async def test_what_is_cut_is_marked_at_its_end_unless_it_is_typed(
    value: str, cursor: int, typed: str, shown: str
) -> None:
    app = InputApp()
    async with app.run_test(size=(10, 24)) as pilot:
        line = app.query(SafeInput).first()
        line.value, line.cursor_position = value, cursor
        await pilot.pause()
        assert screen_lines(app)[0].rstrip() == typed
        await pilot.press("tab")
        assert screen_lines(app)[0].rstrip() == shown


async def test_the_end_of_what_is_pasted_is_in_sight() -> None:
    app = InputApp()
    async with app.run_test(size=(10, 24)) as pilot:
        await pilot.press("tab")
        app.query_one("#other", SafeInput).post_message(Paste("12345678901234567890"))
        await until(pilot, lambda: screen_lines(app)[1] == "234567890 ", "the cursor is in sight")
        await pilot.resize_terminal(6, 24)
        await until(pilot, lambda: screen_lines(app)[1] == "67890 ", "it stays there")

"""Keys that come in one packet: each is for what has the focus after those before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.events import Key, Paste
from textual.pilot import Pilot

from audit_console.sources.memory import MemorySource
from audit_console.tui.widgets.query_bar import QueryInput
from tests.support.effort import UNMEASURED
from tests.tui.support import make_app, make_lines, screen_text, until, until_loaded, until_shown

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines


def type_at_once(pilot: Pilot[None], *keys: str) -> None:
    """Hand keys over as the driver does that read them together."""
    names = {"/": "slash", ":": "colon"}
    for key in keys:
        pilot.app.post_message(Key(names.get(key, key), key if len(key) == 1 else None))


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ([*"/user:user-1", "enter"], "row 1 of 10 "),
        ([*"/user:user-1", "enter", "G"], "row 10 of 10 "),
        ([*"/user:user-1", "enter", *":5", "enter"], "row 5 of 10 "),
        ([*":17", "enter"], "row 17 of 30 "),
        (["x", "escape", "G"], "row 30 of 30 "),
        (["question_mark", "escape", "G"], "row 30 of 30 "),
        (["V", "escape", *"/user-2", "enter", "G"], "row 10 of 10 "),
        (["3", "2", "G"], "row 30 of 30 "),
        (["a", "escape", "t", "escape", "G"], "row 30 of 30 "),
    ],
)
async def test_what_is_typed_fast_is_no_command_of_the_pane_before(
    tmp_path: Path, keys: Sequence[str], shown: str
) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        type_at_once(pilot, *keys)
        await until_shown(pilot, shown)


async def test_what_is_pasted_keeps_its_place(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        type_at_once(pilot, "/")
        app.post_message(Paste("user:user"))
        type_at_once(pilot, *"-2", "enter", "G")
        await until_shown(pilot, "row 10 of 10 ")


async def test_a_file_is_named_in_a_dialog_that_just_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        type_at_once(pilot, "x", "down", "tab", "ctrl+u", *"case.csv", "enter")
        await until(pilot, (tmp_path / "case.csv").exists, "the file is written")


async def test_a_program_that_is_left_types_no_further(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        type_at_once(pilot, "ctrl+q", *"/user")
        await until(pilot, lambda: not app.is_running, "it ends")
    assert app.return_code == 0


async def test_typed_text_stands_in_its_order(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    text = "xm[action:" + "0123456789" * 8  # export, star, the event above: none is meant
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        type_at_once(pilot, "/", *text)
        line = app.screen.query_one(QueryInput)
        await until(pilot, lambda: len(line.value) == len(text), screen_text(app))
        assert line.value == text
        assert app.screen_stack[1:] == []
        assert "★" not in screen_text(app)

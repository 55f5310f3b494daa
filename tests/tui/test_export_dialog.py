from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from audit_console.tui.screens.export import (
    EVENT_FORMS,
    TABLE_FORMS,
    Export,
    ExportDialog,
    stem_of,
)
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.toggle import Toggle
from tests.support.effort import UNMEASURED
from tests.tui.dialogs import DialogApp, until_answered
from tests.tui.support import screen_text, until, until_shown


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*, has_stages: bool = False) -> DialogApp[Export]:
    forms = TABLE_FORMS if has_stages else EVENT_FORMS
    return DialogApp(ExportDialog("found", ["log.jsonl"], forms))


async def shown(pilot: Pilot[None], name: str = "found-events.jsonl") -> None:
    await until_shown(pilot, name)
    await until(pilot, lambda: isinstance(pilot.app.focused, LineList), "the list has the focus")


@UNMEASURED
async def test_enter_takes_what_is_offered() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert app.answers == [Export("jsonl", Path("found-events.jsonl"), overwrite=False)]


async def test_the_name_follows_the_form() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("down", "down", "down")
        await until_shown(pilot, "found.marks.jsonl")
        await until_shown(pilot, "▸ stars, tags and notes as JSON lines")
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert app.answers == [Export("marks-jsonl", Path("found.marks.jsonl"), overwrite=False)]


async def test_a_name_that_was_typed_stays(folder: Path) -> None:
    (folder / "mine").write_text("old")
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        app.screen.query_one(SafeInput).value = "mine"
        await pilot.press("down")
        await until_shown(pilot, "▸ CSV")
        await pilot.press("enter")
        await until_shown(pilot, "mine exists. Name another file, or switch on to replace it")
        await pilot.press("tab", "tab", "space")
        await until_shown(pilot, "[x] replace")
        assert isinstance(app.focused, Toggle)
        await pilot.press("shift+tab", "enter")
        await until_answered(pilot, app)

    assert app.answers == [Export("csv", Path("mine"), overwrite=True)]


async def test_a_table_has_no_original_lines() -> None:
    app = make(has_stages=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "found.csv")
        assert "evidence package" not in screen_text(app)
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert app.answers == [Export("csv", Path("found.csv"), overwrite=False)]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("log.jsonl", "log.jsonl is the log itself"),
        (" ", "name a file"),
        (".", "is a folder"),
        ("no/such/file", "no folder no/such. Name a folder that exists"),
        ("~no_such_user/x", "no folder ~no_such_user. Name a folder that exists"),
        ("x" * 300, "not a file that can be written: File name too long"),
    ],
)
async def test_what_cannot_be_written_is_said(folder: Path, name: str, answer: str) -> None:
    (folder / "log.jsonl").write_text("log")
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        app.screen.query_one(Toggle).value = True
        app.screen.query_one(SafeInput).value = name
        await pilot.press("enter")
        await until_shown(pilot, answer)

    assert app.answers == []


async def test_escape_answers_nothing() -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("escape")
        await until_answered(pilot, app)

    assert app.answers == [None]


@pytest.mark.parametrize(
    ("label", "stem"),
    [
        ("audit.jsonl", "audit"),
        ("/var/log/app/audit.jsonl", "audit"),
        ("days/ · 49 files", "days"),
        ("logs/*.jsonl · 3 files", "jsonl"),
        ("-rf.jsonl", "rf"),
        ("/", "log"),
        ("standard input", "standard-input"),
    ],
)
def test_the_file_that_is_offered_is_called_as_the_log_without_its_folder(
    label: str, stem: str
) -> None:
    assert stem_of(label) == stem

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot

from audit_console.errors import AuditConsoleError
from audit_console.tui.dialogs.export import (
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


class Written:
    """Writes nothing, but fails as often as it is told to, once it may."""

    def __init__(self, *, failing: int = 0) -> None:
        self.exports: list[Export] = []
        self.failing = failing
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self, export: Export) -> str:
        await self.may.wait()
        if self.failing:
            self.failing -= 1
            raise AuditConsoleError(f"cannot write {export.path}: no space", hint="name another")
        self.exports.append(export)
        return f"written: {export.path}"


def make(written: Written, *, has_stages: bool = False) -> DialogApp[Export]:
    forms = TABLE_FORMS if has_stages else EVENT_FORMS
    return DialogApp(ExportDialog("found", ["log.jsonl"], forms, written))


async def shown(pilot: Pilot[None], name: str = "found-events.jsonl") -> None:
    await until_shown(pilot, name)
    await until(pilot, lambda: isinstance(pilot.app.focused, LineList), "the list has the focus")


@UNMEASURED
async def test_enter_takes_what_is_offered() -> None:
    written = Written()
    app = make(written)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert written.exports == [Export("jsonl", Path("found-events.jsonl"))]


async def test_the_name_follows_the_form() -> None:
    written = Written()
    app = make(written)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("down", "down", "down")
        await until_shown(pilot, "found.marks.jsonl")
        await until_shown(pilot, "▸ stars, tags and notes as JSON lines")
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert written.exports == [Export("marks-jsonl", Path("found.marks.jsonl"))]


@UNMEASURED
async def test_a_name_that_was_typed_stays(folder: Path) -> None:
    (folder / "mine").write_text("old")
    written = Written()
    app = make(written)
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

    assert written.exports == [Export("csv", Path("mine"), force=True)]


async def test_a_table_has_no_original_lines() -> None:
    written = Written()
    app = make(written, has_stages=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "found.csv")
        assert "evidence package" not in screen_text(app)
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert written.exports == [Export("csv", Path("found.csv"))]


@UNMEASURED
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
    written = Written()
    app = make(written)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        app.screen.query_one(Toggle).value = True
        app.screen.query_one(SafeInput).value = name
        await pilot.press("enter")
        await until_shown(pilot, answer)

    assert app.answers == []
    assert written.exports == []


async def test_escape_answers_nothing() -> None:
    written = Written()
    app = make(written)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("escape")
        await until_answered(pilot, app)

    assert written.exports == []


@UNMEASURED
async def test_a_package_is_left_to_its_own_dialog() -> None:
    written = Written()
    app = make(written)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("end")
        await until_shown(pilot, "found.zip")
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert app.answers == [Export("package", Path("found.zip"))]
    assert written.exports == []


async def test_what_was_typed_stays_where_the_file_could_not_be_written() -> None:
    written = Written(failing=1)
    app = make(written)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        app.screen.query_one(SafeInput).value = "mine"
        await pilot.press("enter")
        await until_shown(pilot, "cannot write mine: no space. Name another")
        assert app.screen.query_one(SafeInput).value == "mine"
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert written.exports == [Export("jsonl", Path("mine"))]


@pytest.mark.parametrize(
    ("failing", "told"), [(0, "written: mine"), (1, "cannot write mine: no space")]
)
async def test_who_closes_the_dialog_is_told_what_came_of_it(failing: int, told: str) -> None:
    written = Written(failing=failing)
    written.may.clear()
    app = make(written)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await shown(pilot)
        app.screen.query_one(SafeInput).value = "mine"
        await pilot.press("enter", "enter")
        await until_shown(pilot, "… writing")
        await pilot.press("escape")
        await until_answered(pilot, app)
        written.may.set()
        await until_shown(pilot, told)

    assert len(written.exports) == 1 - failing


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

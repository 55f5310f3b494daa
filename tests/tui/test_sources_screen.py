from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from audit_console.core.findings import Verdict
from audit_console.errors import NotAnAuditLog
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Source
from audit_console.tui.path_suggester import complete_path
from audit_console.tui.recent import Judged, RecentSources
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput
from tests.support.effort import UNMEASURED
from tests.tui.support import (
    GatedSource,
    make_app,
    make_lines,
    screen_text,
    until,
    until_loaded,
    until_shown,
)


@UNMEASURED
async def test_without_recent_sources_one_is_typed(tmp_path: Path) -> None:
    opened: list[Sequence[str]] = []

    def opener(places: Sequence[str]) -> Source:
        opened.append(places)
        return MemorySource(make_lines(5))

    app = make_app(opener, tmp_path, places=())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "none yet")
        assert app.screen.query_one(SafeInput).has_focus
        await pilot.press(*"logs", "enter")
        await until_loaded(pilot)
    assert opened == [("logs",)]


async def test_a_recent_source_is_opened_again_or_forgotten(tmp_path: Path) -> None:
    recent = RecentSources(tmp_path / "recent.json")
    recent.remember(["/logs/a.jsonl", "/logs/b.jsonl"])
    recent.remember(["/logs/c.jsonl"])
    opened: list[Sequence[str]] = []

    def opener(places: Sequence[str]) -> Source:
        opened.append(places)
        return MemorySource(make_lines(5))

    app = make_app(opener, tmp_path, places=())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "/logs/a.jsonl  /logs/b.jsonl")
        assert app.screen.query_one(LineList).has_focus
        await pilot.press("x")
        await until(pilot, lambda: "/logs/c.jsonl" not in screen_text(app))
        await pilot.press("enter")
        await until_loaded(pilot)
    assert opened == [("/logs/a.jsonl", "/logs/b.jsonl")]


async def test_a_recent_source_has_the_verdict_of_its_last_check_and_the_time(
    tmp_path: Path,
) -> None:
    recent = RecentSources(tmp_path / "recent.json")
    judged = Judged(Verdict.FAIL, datetime(2026, 11, 23, 3, 51, tzinfo=UTC))
    recent.remember(["/logs/" + "deep/" * 20 + "a.jsonl"], judged)
    recent.remember(["/logs/b.jsonl"])
    app = make_app(MemorySource(make_lines(5)), tmp_path, places=())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "deep/a.jsonl ✘ FAIL of 2026-11-23 03:51Z")
        assert "PASS" not in screen_text(app)
        await pilot.resize_terminal(44, 24)
        await until(pilot, lambda: "FAIL" not in screen_text(app), "there is no room for a time")


async def test_a_verdict_is_kept_of_a_log_that_was_read_to_its_end(tmp_path: Path) -> None:
    stopped, whole = (GatedSource(make_lines(40), batch_lines=10) for _ in range(2))
    logs = iter((stopped, whole))
    app = make_app(lambda _: next(logs), tmp_path, places=("/logs/a.jsonl",))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "checking")
        await pilot.press("escape")
        stopped.gate.release(9)
        await until_shown(pilot, "◐ partial")
        await pilot.press("1", "enter")
        whole.gate.release()
        await until_shown(pilot, "checking")
        await pilot.press("1")
        await until_shown(pilot, " │ /logs/a.jsonl   ")
        whole.gate.release(9)
        await until_shown(pilot, "◐ INCOMPLETE of 20")  # also to who looks at the list


async def test_what_turns_out_to_be_no_log_is_not_remembered(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("buy milk\n")
    app = make_app(partial(open_archive, keep=False), tmp_path, places=(str(notes),))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✘ ERROR")
        await pilot.press("1")
        await until_shown(pilot, "none yet")


async def test_what_is_piped_in_is_said_to_be_read_to_its_end_first(tmp_path: Path) -> None:
    is_open = threading.Event()

    def opener(places: Sequence[str]) -> Source:
        del places
        is_open.wait()
        return MemorySource(make_lines(5))

    app = make_app(opener, tmp_path, places=("-",))
    async with app.run_test(size=(80, 24)) as pilot:
        try:
            await until_shown(pilot, "… opening standard input, to its end")
        finally:
            is_open.set()
        await until_loaded(pilot)


async def test_keys_of_the_sources(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path, places=())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "none yet")
        await pilot.press("escape")
        assert app.screen.query_one(LineList).has_focus
        await pilot.press("x")
        await until_shown(pilot, "no source is on the list")
        await pilot.press("2")
        await until_shown(pilot, "no log is open yet")
        await pilot.press("slash")
        assert app.screen.query_one(SafeInput).has_focus
        await pilot.press("q")
        assert app.screen.query_one(SafeInput).value == "q"
        await pilot.press("tab", "x", "enter", "q")
    assert app.return_code == 0


def test_a_path_is_completed(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").touch()
    (tmp_path / "audits").mkdir()
    (tmp_path / "aud\x1bevil").touch()
    (tmp_path / ".hidden").touch()

    assert complete_path(f"{tmp_path}/a") == f"{tmp_path}/audit.jsonl"
    assert complete_path(f"{tmp_path}/audits") == f"{tmp_path}/audits/"
    assert complete_path(f"{tmp_path}/aud\x1b") is None
    assert complete_path(f"{tmp_path}/.h") == f"{tmp_path}/.hidden"
    assert complete_path(f"{tmp_path}/zzz") is None
    assert complete_path(f"{tmp_path}/none/a") is None
    assert complete_path("") is None
    assert complete_path("a\x00b/c") is None


async def test_a_password_that_was_typed_does_not_stay_on_the_screen(tmp_path: Path) -> None:
    is_open = threading.Event()

    def opener(places: Sequence[str]) -> Source:
        del places
        is_open.wait()
        raise NotAnAuditLog(f"{'a very long reason ' * 5}at the end", hint="do something else")

    app = make_app(opener, tmp_path, places=())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "postgresql://host/database")
        try:
            app.screen.query_one(SafeInput).insert_text_at_cursor("postgresql://joe:pw@h/db")
            await pilot.press("enter")
            await until_shown(pilot, "… opening postgresql://joe@h/db")
            assert "pw@" not in screen_text(app)
            await pilot.press("tab", "3")
            await until_shown(pilot, "the log is still opening")
            await pilot.press("v")
            await until_shown(pilot, "the log is being read")
            app.clear_notifications()
        finally:
            is_open.set()
        await until_shown(pilot, "at the end")
        await until_shown(pilot, "Do something else")  # when there is room for a third line
        await pilot.resize_terminal(40, 24)
        await until_shown(pilot, "at the end")  # broken over lines anew
        assert app.screen.query_one(SafeInput).value == "postgresql://joe@h/db"


@pytest.mark.parametrize("lines", [12, 19])
async def test_in_little_height_recent_sources_have_the_room(tmp_path: Path, lines: int) -> None:
    place = "/var/log/orchestrator/audit.jsonl"
    app = make_app(MemorySource(make_lines(5)), tmp_path, places=(place,))
    async with app.run_test(size=(80, lines)) as pilot:
        await until_loaded(pilot)
        await pilot.press("1")
        await until_shown(pilot, f" │ {place}")
        assert "standing reviews" not in screen_text(app)


async def test_the_boxes_stand_below_each_other(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(5)), tmp_path, places=())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "none yet")
        boxes = [app.screen.query_one(SafeInput), *app.screen.query(LineList)]
        assert len({(box.region.x, box.region.width) for box in boxes}) == 1

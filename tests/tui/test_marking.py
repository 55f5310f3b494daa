"""Marks on the screen while the disk is slow."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from textual.app import App

from audit_console.search.marks import MarkStore
from audit_console.sources.memory import MemorySource
from audit_console.tui.screens.investigate import marking
from tests.tui.support import make_app, make_lines, screen_lines, until, until_loaded, until_shown


async def test_marks_that_wait_for_the_disk_do_not_drop_each_other(tmp_path: Path) -> None:
    may_go_on = threading.Event()
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        one_thread = ThreadPoolExecutor(1)
        asyncio.get_running_loop().set_default_executor(one_thread)
        one_thread.submit(may_go_on.wait)
        try:
            await pilot.press("m", "j", "m")
        finally:
            may_go_on.set()
        await until(pilot, lambda: starred(app) == ["action 0", "action 1"], "both stars")


def starred(app: App[None]) -> list[str]:
    rows = [line for line in screen_lines(app) if line.startswith("★")]
    return [row[row.index("action") :][:8] for row in rows]


async def test_before_the_marks_were_read_none_is_made_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_read = threading.Event()

    def slow(path: Path) -> MarkStore:
        may_read.wait()
        return MarkStore(path)

    monkeypatch.setattr(marking, "MarkStore", slow)
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        try:
            await until_shown(pilot, "row 1 of 30")
            await pilot.press("m")
            await until_shown(pilot, "the marks are still being read")
            app.clear_notifications()
            await pilot.press("M")
            await until_shown(pilot, "the marks are still being read")
            assert len(app.screen_stack) == 1
        finally:
            may_read.set()
        await until_loaded(pilot)
        await pilot.press("m")
        await until(pilot, lambda: starred(app) == ["action 0"], "a star")

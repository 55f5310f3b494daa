"""A log that grows while it is on the screen: said at once, taken in when asked for."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from audit_console.errors import SourceUnreadable
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Batch, Source
from audit_console.tui.screens.investigate import following
from tests.support.effort import UNMEASURED
from tests.tui.support import (
    make_app,
    make_lines,
    screen_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)

LINES = make_lines(60)


async def until_notified(pilot: Pilot[None], message: str) -> None:
    """Let the app run until it says something, which is to be this."""
    await until(pilot, lambda: pilot.app._notifications, message)
    assert [notice.message for notice in pilot.app._notifications] == [message]


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SECONDS_BETWEEN_NEWS", 0.01)


class GrowingLog:
    """A log that is read as it is when it is opened."""

    def __init__(self) -> None:
        self.lines = LINES[:40]
        self.later: list[bytes] = []

    def write(self, lines: Sequence[bytes]) -> None:
        self.later.extend(lines)

    def open(self, _places: Sequence[str]) -> Source:
        self.lines, self.later = self.lines + self.later, []
        return MemorySource(self.lines, later=self.later)


@UNMEASURED
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_new_events_wait_until_they_are_asked_for(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    log = GrowingLog()
    app = make_app(log.open, tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        await pilot.press("G", "k", "k")
        await until_shown(pilot, "action 37 ")
        log.write(LINES[40:57])
        await until_shown(pilot, "▾ 17 new lines: press .")
        table = table_of(app)
        selected = table.selected
        assert selected is not None
        assert "40 events" in screen_text(app)
        assert "action 40 " not in screen_text(app)
        await pilot.press("full_stop")
        await until_shown(pilot, "57 events")
        await until_loaded(pilot)
        now = table.selected
        assert now is not None
        assert now["id"] == selected["id"]
        assert "new line" not in screen_text(app)
        await pilot.press("G")
        await until_shown(pilot, "action 56 ")
    assert app.verification is not None
    assert app.verification.verified == 57


@UNMEASURED
async def test_another_log_is_not_said_to_be_read_for_news(tmp_path: Path) -> None:
    gate, reads = threading.Event(), []

    def opener(places: Sequence[str]) -> Source:
        reads.append(places)
        if len(reads) == 2:
            gate.wait(60)
        return MemorySource(LINES[: 40 // len(reads)], later=LINES[40:57])

    app = make_app(opener, tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await until_loaded(pilot)
        await pilot.press("full_stop")
        await until_shown(pilot, "reading what is new")
        app.open(["another"])
        await until_shown(pilot, "13 events")
        await until_shown(pilot, "17 new lines")
        gate.set()


async def test_news_that_cannot_be_read_keep_nothing_open(tmp_path: Path) -> None:
    closed: list[int] = []

    class Log(MemorySource):
        def batches(self) -> Generator[Batch]:
            if reads:
                raise SourceUnreadable("the log cannot be read")
            reads.append(1)
            yield from super().batches()

        def close(self) -> None:
            closed.append(id(self))

    reads: list[int] = []
    app = make_app(lambda _: Log(LINES[:40], later=LINES[40:]), tmp_path)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("full_stop")
        await until_shown(pilot, "not verified again")
        await until(pilot, lambda: len(closed) == 1, "the log that failed is closed")
        assert "40 events" in screen_text(app)


async def test_the_line_can_be_clicked(tmp_path: Path) -> None:
    log = GrowingLog()
    app = make_app(log.open, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        log.write(LINES[40:41])
        await until_shown(pilot, "▾ 1 new line: press .")
        row = next(y for y, line in enumerate(screen_lines(app)) if "▾ 1 new" in line)
        await pilot.click(offset=(5, row))
        await until_shown(pilot, "41 events")


async def test_without_news_the_key_says_so(tmp_path: Path) -> None:
    app = make_app(MemorySource(LINES), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await pilot.press("full_stop")
        await until_notified(pilot, "nothing new was written")
        await pilot.click("Completeness")
        assert "60 events" in screen_text(app)


async def test_the_key_looks_again_before_it_says_that_nothing_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SECONDS_BETWEEN_NEWS", 3600)
    log = GrowingLog()
    app = make_app(log.open, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        log.write(LINES[40:57])
        await pilot.press("full_stop")
        await until_shown(pilot, "57 events")


async def test_news_are_looked_for_by_one_timer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SECONDS_BETWEEN_NEWS", 3600)
    app = make_app(GrowingLog().open, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        assert [timer._interval for timer in app.screen._timers].count(3600) == 1


async def test_a_log_that_was_not_read_to_its_end_is_not_said_to_have_no_news(
    tmp_path: Path,
) -> None:
    class Broken(MemorySource):
        def batches(self) -> Generator[Batch]:
            yield from super().batches()
            raise SourceUnreadable("the log cannot be read")

    app = make_app(Broken(LINES), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "◐ partial · 60 events")
        app.clear_notifications()
        await pilot.press("full_stop")
        await until_notified(pilot, "the log was not read to its end")


async def test_a_log_that_is_being_read_has_no_news_yet(tmp_path: Path) -> None:
    gate = threading.Event()

    class Slow(MemorySource):
        def batches(self) -> Generator[Batch]:
            yield from super().batches()
            gate.wait(60)

    app = make_app(Slow(LINES), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "action 0 ")
        await pilot.press("full_stop")
        await until_notified(pilot, "the log is still being read")
        gate.set()
        await until_loaded(pilot)


@UNMEASURED
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_log_that_was_shortened_is_said_and_read_again(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"\n".join([*LINES, b""]))
    app = make_app(lambda places: open_archive(places, keep=True), tmp_path, places=(str(path),))
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        path.write_bytes(b"\n".join([*LINES[:10], b""]))
        await until_shown(
            pilot,
            "✘ the log changed or is gone" if size[0] == 80 else "✘ audit.jsonl was shortened",
        )
        await until_shown(pilot, "press . to read it again")
        await pilot.press("full_stop")
        await until(pilot, lambda: "10 events" in screen_text(app), "the log is read again")


@UNMEASURED
async def test_a_log_that_cannot_be_looked_at_is_said(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"\n".join([*LINES, b""]))
    app = make_app(lambda places: open_archive(places, keep=True), tmp_path, places=(str(path),))
    async with app.run_test(size=(200, 60)) as pilot:
        await until_loaded(pilot)
        path.unlink()
        await until_shown(pilot, "✘ the log changed or is gone: press . to read it again")

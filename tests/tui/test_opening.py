"""Another log takes the place of the one on the screen, once it is known to be a log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from audit_console.errors import NotAnAuditLog, SourceUnreadable
from audit_console.search.reviews import REVIEWS
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Batch, Source
from audit_console.tui.loader import Reading
from audit_console.tui.screens.sources import SourcesScreen
from audit_console.tui.widgets.safe_input import SafeInput
from tests.support.effort import UNMEASURED
from tests.tui.support import (
    GatedSource,
    header_text,
    make_app,
    make_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)

pytestmark = UNMEASURED


@pytest.fixture(autouse=True)
def hear_of_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit_console.tui.loader.SECONDS_BETWEEN_PROGRESS", 0)


class ClosingSource(GatedSource):
    """Tells that it was closed, and fails at its end if it is to."""

    def __init__(self, lines: Iterable[bytes], error: Exception | None = None) -> None:
        super().__init__(lines, batch_lines=10)
        self.closed = threading.Event()
        self._error = error

    def batches(self) -> Generator[Batch]:
        yield from super().batches()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.closed.set()


def no_log() -> ClosingSource:
    error = NotAnAuditLog("notes.txt: no line is an audit event", hint="open a log")
    return ClosingSource([b"buy milk", b"buy bread"], error)


def opener_of(**logs: Source) -> Callable[[Sequence[str]], Source]:
    return lambda places: logs[Path(places[0]).name]


async def type_place(pilot: Pilot[None], place: str) -> None:
    await pilot.press("1", "o")
    await until(pilot, lambda: isinstance(pilot.app.focused, SafeInput), "the input is there")
    pilot.app.screen.query_one(SafeInput).value = place
    await pilot.press("enter")


async def until_asked(pilot: Pilot[None], source: GatedSource, batches: int) -> None:
    await until(pilot, lambda: source.asked >= batches, "batches are asked for")


async def test_what_turns_out_to_be_no_log_leaves_the_one_before_as_it_was(tmp_path: Path) -> None:
    first, notes = ClosingSource(make_lines(10)), no_log()
    app = make_app(opener_of(log=first, notes=notes), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        first.gate.release(9)
        await until_loaded(pilot)
        await pilot.press("down", "f")
        await until_shown(pilot, "5 of 10 matched")
        await pilot.press("down")
        selected, header = table_of(app).selected, header_text(app)
        await type_place(pilot, "notes")
        notes.gate.release()
        await until_asked(pilot, notes, 2)
        assert header_text(app) == header
        assert "… opening notes" in screen_text(app)
        await until_shown(pilot, "2 lines read, no event so far")
        notes.gate.release(9)
        await until_shown(pilot, "✘ notes.txt: no line is an audit event")
        await until_shown(pilot, "Open a log")
        await until(pilot, notes.closed.is_set, "what is no log is closed")
        await pilot.press("escape", "2")
        await until_shown(pilot, "5 of 10 matched")
        assert header_text(app) == header
        assert table_of(app).selected == selected
        await pilot.press("delete")
        await until_shown(pilot, "10 of 10 matched")
        assert not first.closed.is_set()
    assert app.verification is not None
    assert app.verification.status.events == 10


async def test_whoever_names_what_is_no_log_can_name_another_at_once(tmp_path: Path) -> None:
    notes, log = no_log(), MemorySource(make_lines(10))
    app = make_app(opener_of(log=log, notes=notes), tmp_path, places=())
    async with app.run_test(size=(120, 40)) as pilot:
        await type_place(pilot, "notes")
        notes.gate.release(9)
        await until_shown(pilot, "✘ notes.txt: no line is an audit event")
        await pilot.press("end", "ctrl+u", *"log", "enter")
        await until_shown(pilot, "10 of 10 matched")


async def test_what_is_being_opened_is_given_up_by_escape(tmp_path: Path) -> None:
    first, notes = ClosingSource(make_lines(10)), no_log()
    app = make_app(opener_of(log=first, notes=notes), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        first.gate.release(9)
        await until_loaded(pilot)
        await pilot.press("1", "escape")
        assert not first.closed.is_set()
        await type_place(pilot, "notes")
        await until_shown(pilot, "… opening notes")
        await until_shown(pilot, "Esc gives it up")
        await pilot.press("escape")
        await until_shown(pilot, "Look at an audit log")
        notes.gate.release(9)
        await until(pilot, notes.closed.is_set, "what was given up is closed")
        assert "✘ notes.txt" not in screen_text(app)
        await pilot.press("2")
        await until_shown(pilot, "10 of 10 matched")
        assert not first.closed.is_set()


async def test_a_review_of_what_is_no_log_is_not_asked_of_another(tmp_path: Path) -> None:
    notes, log = no_log(), MemorySource(make_lines(10))
    app = make_app(opener_of(log=log, notes=notes), tmp_path, places=())
    async with app.run_test(size=(120, 40)) as pilot:
        app.post_message(SourcesScreen.ReviewAsked(REVIEWS[0], ("notes",)))
        notes.gate.release(9)
        await until_shown(pilot, "✘ notes.txt: no line is an audit event")
        await type_place(pilot, "log")
        await until_shown(pilot, "10 of 10 matched")
        await until_loaded(pilot)
        assert REVIEWS[0].text not in screen_text(app)


async def test_a_log_goes_on_being_read_while_another_turns_out_to_be_none(tmp_path: Path) -> None:
    first, notes = ClosingSource(make_lines(30)), no_log()
    app = make_app(opener_of(log=first, notes=notes), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        first.gate.release()
        await until_shown(pilot, "checking 33 %")
        await type_place(pilot, "notes")
        first.gate.release()
        await until_shown(pilot, "20 events")
        notes.gate.release(9)
        await until_shown(pilot, "✘ notes.txt: no line is an audit event")
        first.gate.release(9)
        await pilot.press("escape", "2")
        await until_loaded(pilot)
        await until_shown(pilot, "30 of 30 matched")


async def test_another_log_is_shown_at_its_first_event(tmp_path: Path) -> None:
    first = ClosingSource(make_lines(10))
    second = ClosingSource([*(b"no event" for _ in range(10)), *make_lines(10), b"the rest"])
    app = make_app(opener_of(log=first, second=second), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        first.gate.release(9)
        await until_loaded(pilot)
        await type_place(pilot, "second")
        second.gate.release()
        await until_asked(pilot, second, 2)
        assert not first.closed.is_set()
        second.gate.release()
        await until_shown(pilot, "loading · 10 of 10 matched")
        await until(pilot, first.closed.is_set, "the first has given way")
        second.gate.release(9)
        await until_loaded(pilot)


async def test_a_log_that_breaks_off_keeps_what_was_read_also_in_the_place_of_another(
    tmp_path: Path,
) -> None:
    first = ClosingSource(make_lines(10))
    broken = ClosingSource(make_lines(20), SourceUnreadable("disk: input/output error"))
    app = make_app(opener_of(log=first, broken=broken), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        first.gate.release(9)
        await until_loaded(pilot)
        await type_place(pilot, "broken")
        broken.gate.release(9)
        await until_shown(pilot, "✘ ERROR")
        await until_shown(pilot, "row 1 of 20")
        assert not broken.closed.is_set()


async def test_an_empty_log_takes_the_place_of_another(tmp_path: Path) -> None:
    first, empty = MemorySource(make_lines(10)), MemorySource([])
    app = make_app(opener_of(log=first, empty=empty), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await type_place(pilot, "empty")
        await until(pilot, lambda: app.current_mode == "investigate", "it is shown")
        await until_shown(pilot, " 0 events")


async def test_a_table_takes_the_place_of_another_log_at_once(tmp_path: Path) -> None:
    first, table = ClosingSource(make_lines(10)), ClosingSource(make_lines(20))
    table.status = replace(table.status, asks_store=True)
    app = make_app(opener_of(log=first, table=table), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        first.gate.release(9)
        await until_loaded(pilot)
        await type_place(pilot, "table")
        await until(pilot, first.closed.is_set, "the first has given way")
        table.gate.release(9)
        await until_loaded(pilot)


async def test_a_log_whose_file_is_none_any_more_stays_as_it_was_read(tmp_path: Path) -> None:
    logs = [first := ClosingSource(make_lines(10)), notes := no_log()]
    app = make_app(lambda _: logs.pop(0), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        first.gate.release(9)
        notes.gate.release(9)
        await until_loaded(pilot)
        app.open(["log"], Reading.AGAIN)
        await until_shown(pilot, "not verified again: notes.txt: no line is an")
        await until_shown(pilot, "10 of 10 matched")
        await until(pilot, notes.closed.is_set, "what is no log is closed")
        assert not first.closed.is_set()


async def test_whoever_goes_on_with_the_open_log_is_told_that_another_is_none(
    tmp_path: Path,
) -> None:
    notes = no_log()
    app = make_app(opener_of(log=MemorySource(make_lines(10)), notes=notes), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await type_place(pilot, "notes")
        await pilot.press("tab", "2", "slash", *"user:x")
        notes.gate.release(9)
        await until_shown(pilot, "not opened: notes.txt: no line is an audit")
        assert "/ user:x" in screen_text(app)


async def test_a_log_that_has_no_event_any_more_shows_none_of_those_it_had(tmp_path: Path) -> None:
    logs = [MemorySource(make_lines(10)), MemorySource([])]
    app = make_app(lambda _: logs.pop(0), tmp_path)
    async with app.run_test(size=(150, 40)) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "a bar · highest 1")
        await until_shown(pilot, "user-0   ")
        app.open(["log"], Reading.AGAIN)
        await until_shown(pilot, " 0 events")
        await until(pilot, lambda: "user-0" not in screen_text(app), "no value of a facet")
        await until(pilot, lambda: "a bar" not in screen_text(app), "no bar")

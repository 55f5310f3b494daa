from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from polars.exceptions import PanicException
from textual.app import App

from audit_console.core.findings import Code, Verdict
from audit_console.errors import NotAnAuditLog, SourceUnreadable
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import Batch, Source
from audit_console.tui.recent import RecentSources
from audit_console.tui.widgets.safe_input import SafeInput
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask
from tests.tui.support import (
    GatedSource,
    is_at_work,
    make_app,
    make_lines,
    screen_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)

pytestmark = UNMEASURED  # cheaper tests run nearly all of its lines


async def test_the_first_page_is_painted_while_the_rest_is_read(tmp_path: Path) -> None:
    source = GatedSource(make_lines(300), batch_lines=100)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 3 ")
        await until_shown(pilot, "checking 33 %")
        assert app.verification is None
        _, _, rule, *_, completeness, _ = screen_lines(app)
        assert "100 events" in rule
        assert "Esc stops" in rule
        assert "kB of" in rule
        assert "… loading" in completeness
        source.gate.release(9)
        await until_loaded(pilot)
        assert "◐ INCOMPLETE" in screen_lines(app)[0]
        assert "300 of 300 matched" in screen_text(app)


async def test_the_key_that_stops_is_in_sight_beside_what_is_asked_meanwhile(
    tmp_path: Path,
) -> None:
    source = GatedSource(make_lines(300), batch_lines=100)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        source.gate.release()
        await until_shown(pilot, "━━──────────────── 100 events · 62.6 kB of 188 kB · Esc stops ─")
        await ask(pilot, "-type:authorization")
        await until_shown(pilot, "─ -type:authorization ─")
        assert screen_lines(app)[2].endswith("──── 100 events · 62.6 kB of 188 kB · Esc stops ─")
        assert "━" not in screen_lines(app)[2]
        await ask(pilot, " OR action:something-else-that-happened-once")
        await until_shown(pilot, "-that-happened-once ─")
        assert screen_lines(app)[2].endswith("─ Esc stops ─")
        source.gate.release(9)


async def test_faults_show_while_loading(tmp_path: Path) -> None:
    lines = make_lines(300)
    lines[5] = lines[5].replace(b"action 5", b"action X")
    source = GatedSource(lines, batch_lines=100)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        source.gate.release()
        await until_shown(pilot, "✘ 1 fault")
        source.gate.release(9)
        await until_loaded(pilot)
        assert "✘ FAIL" in screen_lines(app)[0]


async def test_escape_stops_and_keeps_what_is_there_marked_partial(tmp_path: Path) -> None:
    source = GatedSource(make_lines(300), batch_lines=100)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 3 ")
        await until(pilot, lambda: source.asked == 2, "another batch is asked for")
        await pilot.press("escape")
        source.gate.release()
        await until_loaded(pilot)
        header, *_, completeness, _ = screen_lines(app)
        assert "◐ INCOMPLETE · ◐ partial" in header
        assert completeness.startswith(" ◐ partial · ")
        assert "200 events" in completeness
        await pilot.press("G")
        await until_shown(pilot, "action 199 ")
    assert app.verification is not None
    assert app.verification.counts[Code.RANGE_NOT_COVERED] == 1


def table_lines(app: App[None]) -> list[str]:
    lines = screen_lines(app)
    first = next(number for number, line in enumerate(lines) if "time (UTC)" in line)
    return lines[first:-2]


async def test_the_view_does_not_jump_while_rows_load_below(tmp_path: Path) -> None:
    source = GatedSource(make_lines(600), batch_lines=100)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 3 ")
        await pilot.press("pagedown", "pagedown", "down")
        before = table_lines(app)
        source.gate.release(9)
        await until_loaded(pilot)
        assert table_of(app).row_count == 600
        assert [line[:-1] for line in table_lines(app)] == [line[:-1] for line in before]


async def test_quitting_while_loading_leaves_the_partial_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_console.tui.loader.SECONDS_TO_STOP", 60)
    source = GatedSource(make_lines(300), batch_lines=100)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        source.gate.release()
        await until_shown(pilot, "action 3 ")
        threading.Timer(0, source.gate.release, [9]).start()
        await pilot.press("ctrl+q")
    assert app.verification is not None
    assert app.verification.verdict is Verdict.INCOMPLETE


async def test_quitting_does_not_wait_for_a_place_that_never_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_console.tui.loader.SECONDS_TO_STOP", 0.01)
    answer = threading.Event()

    def opener(places: Sequence[str]) -> Source:
        del places
        answer.wait()
        return MemorySource([])

    app = make_app(opener, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+q")
    assert app.verification is None
    answer.set()


async def test_a_place_that_is_no_log_leads_to_the_sources(tmp_path: Path) -> None:
    def opener(places: Sequence[str]) -> Source:
        raise NotAnAuditLog(f"{places[0]}: no line is an event", hint="Open a JSONL file.")

    app = make_app(opener, tmp_path, places=["/x/y"])
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✘ /x/y: no line is an event")
        assert "Open a JSONL file." in screen_text(app)
        await pilot.press("2")
    assert app.verification is None
    assert isinstance(app.error, NotAnAuditLog)


class BreakingSource(MemorySource):
    def batches(self) -> Generator[Batch]:
        yield from super().batches()
        raise SourceUnreadable("disk: input/output error", hint="Copy the file.")


async def test_a_log_that_breaks_off_keeps_what_was_read(tmp_path: Path) -> None:
    app = make_app(BreakingSource(make_lines(20)), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "✘ ERROR")
        await until_shown(pilot, "disk: input/output error. Copy the file.")
        await until_shown(pilot, "action 3 ")
        assert "◐ partial" in screen_lines(app)[0]
        assert "◐ partial" in screen_lines(app)[-2]
    assert isinstance(app.error, SourceUnreadable)


async def test_a_log_of_which_nothing_was_read_yet_is_not_said_to_have_no_event(
    tmp_path: Path,
) -> None:
    source = GatedSource([], batch_lines=10)
    app = make_app(source, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "no event so far")
        source.gate.release(9)
        await until_loaded(pilot)
        await until(pilot, lambda: "so far" not in screen_text(app), "it is empty")
        assert "no event" in screen_text(app)


class NoLog(MemorySource):
    def batches(self) -> Generator[Batch]:
        yield from super().batches()
        raise NotAnAuditLog(f"a.pdf: {'a long reason ' * 9}\x1b[2J", hint="open another file")


async def test_why_a_file_is_no_log_stands_in_the_place_of_its_events(tmp_path: Path) -> None:
    app = make_app(NoLog([]), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✘ ERROR")
        await until_shown(pilot, "✘ a.pdf: a long reason")
        await until_shown(pilot, "a long reason ␛[2J")
        await until_shown(pilot, "Open another file")
        await until_shown(pilot, "1 leads to other logs")
        assert "no event" not in screen_text(app)


async def test_an_unforeseen_error_is_not_hidden(tmp_path: Path) -> None:
    def opener(places: Sequence[str]) -> Source:
        raise ZeroDivisionError(places)

    app = make_app(opener, tmp_path)
    with pytest.raises(ZeroDivisionError):
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app._exception is not None)


async def test_another_log_takes_the_place_of_the_first(tmp_path: Path) -> None:
    logs = {"one": MemorySource(make_lines(10)), "two": MemorySource(make_lines(20))}

    def opener(places: Sequence[str]) -> Source:
        name = Path(places[0]).name
        if name not in logs:
            raise NotAnAuditLog(f"{name}: not there", hint="Look again.")
        return logs[name]

    app = make_app(opener, tmp_path, places=["one"])
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("f", "1")
        await until_shown(pilot, "recent")
        await pilot.press("o", *"three", "enter")
        await until_shown(pilot, "✘ three: not there")
        await pilot.press("escape", "2")
        await until_shown(pilot, "5 of 10 matched")
        await pilot.press("v")  # what did not open is in nobody's way
        await until_shown(pilot, "the whole log, read again")
        await pilot.press("escape")
        await pilot.press("1", "o")
        app.screen.query_one(SafeInput).value = ""
        await pilot.press(*"two", "enter")
        await until_shown(pilot, "20 of 20 matched")
        assert not table_of(app).where
        await until_loaded(pilot)
        assert app.verification is not None
        assert app.verification.status.events == 20
    recent = [Path(one.places[0]).name for one in RecentSources(tmp_path / "recent.json").sources()]
    assert recent == ["two", "one"]


async def test_the_timeline_of_one_log_does_not_stand_under_the_name_of_another(
    tmp_path: Path,
) -> None:
    logs = [MemorySource(make_lines(10)), MemorySource([b"no event"])]
    app = make_app(lambda _: logs.pop(0), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "a bar · highest 1")
        app.open(["another"])
        await until_shown(pilot, " 0 events")
        assert "a bar" not in screen_text(app)


async def test_a_late_answer_of_an_abandoned_load_is_not_listened_to(tmp_path: Path) -> None:
    slow = GatedSource(make_lines(100), batch_lines=50)
    logs: dict[str, Source] = {"slow": slow, "quick": MemorySource(make_lines(7))}
    app = make_app(lambda places: logs[places[0]], tmp_path, places=["slow"])
    async with app.run_test(size=(120, 40)) as pilot:
        slow.gate.release()
        await until_shown(pilot, "action 3 ")
        app.open(["quick"])
        await until_shown(pilot, "7 of 7 matched")
        slow.gate.release(9)
        await until_loaded(pilot)
        assert "7 of 7 matched" in screen_text(app)
        assert app.verification is not None
        assert app.verification.status.events == 7


async def test_a_state_directory_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    app = make_app(MemorySource(make_lines(3)), tmp_path / "file")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "recent sources are not kept: File exists")
        await until_loaded(pilot)


class ClosingSource(MemorySource):
    """Tells that it was closed."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        super().__init__(lines)
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


async def test_a_log_that_opens_when_nobody_wants_it_any_more_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_console.tui.loader.SECONDS_TO_STOP", 0)
    answer, slow = threading.Event(), ClosingSource(make_lines(5))

    def opener(places: Sequence[str]) -> Source:
        if places[0] == "quick":
            return MemorySource(make_lines(7))
        answer.wait()
        return slow

    app = make_app(opener, tmp_path, places=["slow"])
    async with app.run_test(size=(120, 40)) as pilot:
        app.open(["quick"])
        await until_shown(pilot, "7 of 7 matched")
        await until(pilot, lambda: not any(w.group == "closing" for w in app.workers), "given up")
        answer.set()
        await until(pilot, slow.closed.is_set, "the log is closed")


async def test_a_log_that_gave_way_is_closed_though_the_program_ends_before(tmp_path: Path) -> None:
    first, may_go_on = ClosingSource(make_lines(5)), threading.Event()
    logs = {"first": first, "second": MemorySource(make_lines(7))}
    app = make_app(lambda places: logs[places[0]], tmp_path, places=["first"])
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        one_thread = ThreadPoolExecutor(1)
        asyncio.get_running_loop().set_default_executor(one_thread)
        one_thread.submit(may_go_on.wait)
        app.open(["second"])
        await until(pilot, lambda: is_at_work(app, "closing"), "the first gives way")
    may_go_on.set()
    assert await asyncio.to_thread(first.closed.wait, 60)


class PanickingSource(MemorySource):
    def batches(self) -> Generator[Batch]:
        yield from super().batches()
        raise PanicException("a fault of the engine")


async def test_nor_is_a_panic_of_the_engine(tmp_path: Path) -> None:
    app = make_app(PanickingSource(make_lines(5)), tmp_path)
    with pytest.raises(RuntimeError, match="PanicException: a fault of the engine"):
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app._exception is not None)

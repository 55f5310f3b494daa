"""The query on the screen: typing, switching terms, going back, results."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from audit_console.core.filters import Filter
from audit_console.sources.cancelling import QUESTION_THREAD
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import AtEvent, Page
from audit_console.tui import asking
from audit_console.tui.steps import Look
from audit_console.tui.widgets.query_bar import QueryInput
from audit_console.tui.widgets.query_hints import QueryHints
from audit_console.tui.widgets.result_table import ResultTable
from audit_console.tui.widgets.rule_line import RuleLine
from tests.support.chains import linked, v1_lines
from tests.support.effort import UNMEASURED
from tests.tui.queries import ask, look_of, questions_under_way, type_text, until_asked
from tests.tui.support import (
    HeldTallies,
    make_app,
    make_event,
    make_lines,
    screen_lines,
    screen_text,
    table_of,
    until,
    until_loaded,
    until_shown,
)


@UNMEASURED
async def test_a_query_is_previewed_asked_and_echoed(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash")
        await type_text(pilot, "user:user-1 result:failure")
        await until_shown(pilot, "would match 3 events")
        assert table_of(app).row_count == 90
        await pilot.press("enter")
        await until_shown(pilot, "3 of 90 matched")
        assert "─ user:user-1 ─ result:failure ─" in screen_lines(app)[2]
        assert table_of(app).has_focus


async def test_an_error_stands_at_its_column_and_nothing_is_asked(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(20)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("slash")
        await type_text(pilot, "user:a usr:b")
        await until_shown(pilot, "unknown field usr")
        hints = next(line for line in screen_lines(app) if line.strip() == "▲")
        assert hints.index("▲") == len(" / ") + len("user:a ")
        await pilot.press("enter")
        assert look_of(pilot) == Look()
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.query_one(QueryHints).display)
        assert app.screen.query_one(QueryInput).value == ""
        assert table_of(app).has_focus


@UNMEASURED
async def test_fields_and_values_complete(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(160, 40)) as pilot:
        await until_loaded(pilot)
        await until_shown(pilot, "▾ user")
        await until_shown(pilot, "user-2")
        await pilot.press("slash")
        await type_text(pilot, "us")
        await pilot.press("tab")
        await type_text(pilot, "user-2")
        await until_shown(pilot, "▸ user-2  30")
        await pilot.press("tab", "enter")
        await until_shown(pilot, "30 of 90 matched")


@UNMEASURED
async def test_earlier_queries_come_back_with_the_up_key(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "30 of 90 matched")
        await pilot.press("delete")
        await until_shown(pilot, "90 of 90 matched")
        await pilot.press("slash", "up")
        assert app.screen.query_one(QueryInput).value == "user:user-1 "
        await pilot.press("enter")
        await until_shown(pilot, "30 of 90 matched")


@UNMEASURED
async def test_a_term_is_switched_off_and_on_without_being_lost(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-1 result:failure")
        await until_shown(pilot, "3 of 90 matched")
        await pilot.press("c", "right", "space")
        await until_shown(pilot, "30 of 90 matched")
        await until_shown(pilot, "off result:failure")
        assert app.screen.query_one(RuleLine).has_focus
        await ask(pilot, " type:secret_access")
        await until_shown(pilot, "15 of 90 matched")
        await until_shown(pilot, "off result:failure")
        await pilot.press("c", "right", "right", "space")
        await until_shown(pilot, "3 of 90 matched")
        await pilot.press("x")
        await until_shown(pilot, "15 of 90 matched")
        assert "result:failure" not in screen_lines(app)[2]


async def test_a_step_back_and_a_branch_are_kept(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "30 of 90 matched")
        await pilot.press("q")
        await until_shown(pilot, "90 of 90 matched")
        await ask(pilot, "user:user-2 result:failure")
        await until_shown(pilot, "3 of 90 matched")
        await pilot.press("H")
        await until_shown(pilot, "history · 3 steps")
        assert "30 events" in screen_text(app)
        await pilot.press("up")
        await until_shown(pilot, "│  user:user-1 ")  # the whole query, below the list
        await pilot.press("enter")
        await until_shown(pilot, "30 of 90 matched")
        assert look_of(pilot).text == "user:user-1"


@UNMEASURED
async def test_excluding_says_who_is_kept_without_the_field(tmp_path: Path) -> None:
    events = [make_event(seq, user_id=None if seq % 4 == 0 else "alice") for seq in range(40)]
    app = make_app(MemorySource.of_events(linked(events)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("j", "l", "e")
        await until_shown(pilot, "10 of 40 matched")
        await until_shown(pilot, "includes 10 without user")
        await pilot.press("q", "F")
        await until_shown(pilot, "30 of 40 matched")
        assert look_of(pilot).text == "user:*"


@UNMEASURED
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("-user:a -ip:1.1.1.1", "40 of 40 · 0 bad · 40 verified · 10 without user · 20 without ip"),
        (
            "-user:a -ip:1.1.1.1 -agent:b -request:c",
            "40 of 40 · some without user (10), ip (20), agent (40), request (40)",
        ),
        (
            "-user:a -ip:1.1.1.1 -agent:b -request:c -details.longer.path:d",
            "40 of 40 · some without user, ip, agent, request, details.longer.path",
        ),
    ],
)
async def test_no_number_of_events_without_a_field_is_cut(
    tmp_path: Path, query: str, said: str
) -> None:
    events = [
        make_event(
            seq,
            user_id=None if seq % 4 == 0 else "alice",
            ip_address=None if seq % 2 == 0 else "10.0.0.1",
        )
        for seq in range(40)
    ]
    app = make_app(MemorySource.of_events(linked(events)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, query)
        await until(pilot, lambda: screen_lines(app)[-2].strip() == said, said)


@UNMEASURED
async def test_values_of_one_field_join_and_only_drops_the_rest(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:user-1")
        await until_shown(pilot, "30 of 90 matched")
        await pilot.press("slash")
        await type_text(pilot, " user:user-2")
        await pilot.press("enter")
        await until_shown(pilot, "60 of 90 matched")
        await pilot.press("o")
        await until_shown(pilot, "45 of 90 matched")
        assert look_of(pilot).text in ("type:=authentication", "type:=secret_access")


@UNMEASURED
async def test_stages_show_a_table_whose_rows_lead_to_their_events(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "result:failure | count by user | sort count desc")
        await until(pilot, lambda: app.screen.query_one(ResultTable).row is not None)
        assert app.screen.query_one(ResultTable).has_focus
        await until_shown(pilot, "3 rows")
        await pilot.press("enter")
        await until_shown(pilot, "3 of 90 matched")
        assert table_of(app).has_focus
        await pilot.press("q")
        await until(pilot, lambda: app.screen.query_one(ResultTable).has_focus)


async def test_around_an_event_with_and_without_the_filter(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "result:failure")
        await until_shown(pilot, "9 of 90 matched")
        await pilot.press("j", "j", "s")
        await until_shown(pilot, "look around this event")
        await pilot.press("ctrl+u", "x", "enter")
        await until_shown(pilot, " neither a number nor a length of time ")
        assert " 20 for twenty events on each side, or 30s, 5m, 2h " in screen_text(app)
        await pilot.press("ctrl+u", "5", "enter")
        await until_shown(pilot, "11 of 90 matched")
        origin = next(line for line in screen_lines(app) if line.startswith("◆"))
        assert "action 29" in origin
        await pilot.press("m")  # the origin that is marked too
        await until(pilot, lambda: any(line.startswith("◈") for line in screen_lines(app)))
        await pilot.press("q")
        await until_shown(pilot, "9 of 90 matched")
        await pilot.press("s")
        await pilot.press("ctrl+u", "2", "0", "m", "down", "down", "enter")
        await until_shown(pilot, "5 of 90 matched")


async def test_a_card_leads_to_the_events_that_it_counts(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "result:failure")
        await until_shown(pilot, "9 of 90 matched")
        await pilot.press("l", "p")
        await until_shown(pilot, "✔ success                                   27   90%")
        await pilot.press("enter")
        await until_shown(pilot, "30 of 90 matched")
        await pilot.press("q")
        await until_shown(pilot, "9 of 90 matched")
        await pilot.press("p")
        await until_shown(pilot, "busiest day  2026")
        await pilot.press(*["down"] * 7, "enter")
        await until_shown(pilot, "27 of 90 matched")
        assert look_of(pilot).text == "user:=user-0 result:=success"


@UNMEASURED
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_query_before_the_end_of_the_log_offers_to_count_from_there(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    old = [make_event(seq, timestamp=f"2020-01-01T00:{seq:02d}:00.000000Z") for seq in range(30)]
    app = make_app(MemorySource.of_events(linked(old)), tmp_path)
    async with app.run_test(size=size) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "since:-24h")
        await until_shown(pilot, "the log ends 2020-01-01 00:29:00 UTC, before the time asked for")
        await until_shown(pilot, "! asks since:end-24h, which finds 30 events")
        await pilot.press("exclamation_mark")
        await until_shown(pilot, "30 of 30 matched")


async def test_no_query_is_offered_that_finds_nothing_either(tmp_path: Path) -> None:
    old = [make_event(seq, timestamp=f"2020-01-01T00:{seq:02d}:00.000000Z") for seq in range(30)]
    app = make_app(MemorySource.of_events(linked(old)), tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "user:nobody since:-24h")
        await until_shown(pilot, "user:nobody since:end-24h finds nothing either")
        await pilot.press("exclamation_mark")
        await until_shown(pilot, "no other query is offered")


@UNMEASURED
async def test_no_query_is_offered_before_it_is_counted(tmp_path: Path) -> None:
    old = [make_event(seq, timestamp=f"2020-01-01T00:{seq:02d}:00.000000Z") for seq in range(30)]
    source = HeldTallies(v1_lines(linked(old)))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_loaded(pilot)
        try:
            source.hold.clear()
            await ask(pilot, "since:-24h")
            await until_shown(pilot, "no event · the log ends 2020-01-01 00:29:00 UTC")
            assert "since:end-24h" not in screen_text(app)
            await pilot.press("exclamation_mark")
            await until_shown(pilot, "no other query is offered")
        finally:
            source.hold.set()
        await until_shown(pilot, "! asks since:end-24h, which finds 30 events")


@UNMEASURED
async def test_a_stale_result_never_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS_OF_REST", 60)  # a held preview would hold a thread
    source = HeldTallies(make_lines(90))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        source.hold.clear()
        shown: list[str] = []
        await ask(pilot, "user:user-1 | count by user")
        await ask(pilot, " | limit 1")
        await pilot.press("slash", "ctrl+u")
        await type_text(pilot, "user:user-2 | count by result")
        await pilot.press("enter")
        shown.append(screen_text(app))
        source.hold.set()
        await until_shown(pilot, "failure")
        await until_shown(pilot, "2 rows")

        assert app.screen.query_one(ResultTable).row is not None
        assert look_of(pilot).text == "user:user-2 | count by result"


async def ask_for_a_preview(pilot: Pilot[None], source: HeldTallies) -> int:
    """Type a query whose preview is held; tell what number of question it is."""
    await until_loaded(pilot)
    source.hold.clear()
    before = len(source.asked)
    await pilot.press("slash")
    await type_text(pilot, "user:user-1")
    await until(pilot, lambda: len(source.asked) > before, "a preview is asked")
    return before + 1


@UNMEASURED
async def test_previews_of_a_slow_log_wait_for_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS_OF_REST", 0)
    source = HeldTallies(make_lines(90))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        try:
            asked = await ask_for_a_preview(pilot, source)
            await type_text(pilot, "1111")
            await pilot.pause()
            assert len(source.asked) == asked
        finally:
            source.hold.set()
        await until_shown(pilot, "would match 0 events")


@UNMEASURED
async def test_what_cannot_be_read_has_no_preview_of_what_was_typed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS_OF_REST", 0)
    source = HeldTallies(make_lines(90))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        try:
            await ask_for_a_preview(pilot, source)
            await type_text(pilot, " result:")
            await until_shown(pilot, "column 20")
        finally:
            source.hold.set()
        await until(pilot, lambda: not questions_under_way(), "the answer is there")
        await pilot.pause()
        assert "would match" not in screen_text(app)


class SlowToFilter(MemorySource):
    """Holds back pages of a filter until the test lets it."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        super().__init__(lines)
        self.hold = threading.Event()

    def page(self, where: Filter, **asked: Any) -> Page:
        if where:
            self.hold.wait()
        return super().page(where, **asked)


@UNMEASURED
async def test_the_count_of_one_filter_is_not_shown_for_the_next(tmp_path: Path) -> None:
    source = SlowToFilter(make_lines(90))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        try:
            assert "row 1 of 90" in screen_text(app)
            await ask(pilot, "user:user-1")
            await until_shown(pilot, "… of 90 matched")
            assert "row 1" not in screen_text(app)
        finally:
            source.hold.set()
        await until_shown(pilot, "30 of 90 matched")
        await until_shown(pilot, "row 1 of 30")


class SlowToFind(MemorySource):
    """Holds back where an event is until the test lets it."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        super().__init__(lines)
        self.hold = threading.Event()

    def page(self, where: Filter, **asked: Any) -> Page:
        if isinstance(asked["at"], AtEvent):
            self.hold.wait()
        return super().page(where, **asked)


async def test_what_is_typed_after_enter_keeps_focus_and_text(tmp_path: Path) -> None:
    source = SlowToFind(make_lines(90))
    app = make_app(source, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        try:
            await pilot.press("slash")
            line = app.screen.query_one(QueryInput)
            line.insert_text_at_cursor(f"around:{make_event(20).id}±5m")
            await pilot.press("enter", "slash", "ctrl+u")
            await type_text(pilot, "user:")
        finally:
            source.hold.set()
        await until_asked(pilot)
        await until_shown(pilot, "11 of 90 matched")
        assert look_of(pilot).origin == make_event(20).id
        assert line.has_focus
        assert line.value == "user:"


@UNMEASURED
async def test_quitting_during_a_scan_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS_OF_REST", 60)  # a held preview would hold a thread
    source = HeldTallies(make_lines(90))
    app = make_app(source, tmp_path)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await until_loaded(pilot)
            source.hold.clear()
            await ask(pilot, "user:user-1 | count")
            await pilot.press("ctrl+q")
    finally:
        source.hold.set()


async def test_a_star_is_a_filter_and_is_found_again(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(30)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("j", "j", "m")
        await until(pilot, lambda: any(line.startswith("★") for line in screen_lines(app)))
        await pilot.press("g", "n")
        await until_shown(pilot, "row 3 of 30")
        await ask(pilot, "star:yes")
        await until_shown(pilot, "1 of 30 matched")
    again = make_app(MemorySource(make_lines(30)), tmp_path)
    async with again.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await ask(pilot, "star:yes")
        await until_shown(pilot, "1 of 30 matched")


async def test_zooming_halves_and_doubles_the_time(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(81)), tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press(*"j" * 40)
        await pilot.press("z")
        await until_shown(pilot, "41 of 81 matched")
        await pilot.press("Z")
        await until_shown(pilot, "81 of 81 matched")
        assert look_of(pilot).where == Filter()


async def test_the_opposite_of_a_term_takes_its_place(tmp_path: Path) -> None:
    app = make_app(MemorySource(make_lines(90)), tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("l", "f")
        await until_shown(pilot, "30 of 90 matched")
        await pilot.press("f")
        await until_shown(pilot, "the query says so already")
        assert look_of(pilot).text == "user:=user-0"
        await pilot.press("e")
        await until_shown(pilot, "60 of 90 matched")
        assert look_of(pilot).text == "-user:=user-0"


async def test_who_asks_waits_for_no_thread_to_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    starters: list[threading.Thread] = []
    start = threading.Thread.start

    def noted(thread: threading.Thread) -> None:
        if thread.name == QUESTION_THREAD:
            starters.append(threading.current_thread())
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    assert (await asking.asked(threading.current_thread)).name == QUESTION_THREAD
    assert len(starters) == 1
    assert threading.main_thread() not in starters

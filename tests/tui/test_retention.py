"""The Retention screen: live previews, what stops them, and the deletion by name."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from textual.pilot import Pilot
from textual.timer import Timer

from audit_console.cli.opening import open_source
from audit_console.core.event import AuditEvent
from audit_console.core.holds import HoldChange
from audit_console.core.retention import RetentionPolicy, decode_plan
from audit_console.database import connect
from audit_console.errors import PruneRefused
from audit_console.reports.document import Section, counted
from audit_console.retention.copies import open_packed
from audit_console.retention.opening import pruner_of
from audit_console.retention.preview import Preview
from audit_console.retention.pruner import Pruner
from audit_console.sources.memory import MemorySource
from audit_console.sources.postgres.source import PostgresSource
from audit_console.sources.protocol import Batch, Source
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.belongings import Belongings
from audit_console.tui.pruning import Kept, Pruning, outline
from audit_console.tui.screens.retention import previewing
from audit_console.tui.screens.retention.screen import RetentionScreen
from audit_console.tui.widgets import split_timeline
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.days_slider import DaysSlider
from audit_console.tui.widgets.section_lines import section_parts
from audit_console.tui.widgets.split_timeline import SplitTimeline
from audit_console.tui.widgets.text_pane import laid_out
from tests.support.archives import stored_events
from tests.support.chains import (
    CHAIN,
    linked,
    orchestrator_chain,
    orchestrator_lines,
    v1_lines,
)
from tests.support.effort import UNMEASURED
from tests.support.postgres import fill
from tests.support.retention import aged_chain, day, hold, store
from tests.support.writing import stored_lines
from tests.tui.support import (
    GatedSource,
    header_text,
    screen_lines,
    screen_text,
    until,
    until_loaded,
    until_shown,
)

EVENTS = aged_chain(40)
RULES = Pruning(
    policy=RetentionPolicy(days=20, floor=5),
    actor="olga",
    open_pruner=pruner_of,
    clock=lambda: day(40),
)
Show = Callable[..., AuditConsoleApp]


@pytest.fixture
def show(tmp_path: Path) -> Show:
    def show_log(log: Source | str, rules: Pruning = RULES) -> AuditConsoleApp:
        def opened(places: Sequence[str]) -> Source:
            return open_source(places, keep=True) if isinstance(log, str) else log

        places = [log] if isinstance(log, str) else ["log"]
        kept = Belongings(tmp_path / "kept", tmp_path / "kept")
        return AuditConsoleApp(opened, places=places, kept=kept, pruning=rules)

    return show_log


@pytest.fixture(params=["archive", "postgres"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "archive":
        folder = tmp_path / "log"
        folder.mkdir()
        store(folder, EVENTS, (8, 30))
        yield str(folder)
        return
    dsn: str = request.getfixturevalue("database")
    with closing(connect(dsn)) as connection:
        fill(connection, EVENTS)
    yield dsn


def in_memory(events: Sequence[AuditEvent] = EVENTS, **beside: Sequence[str]) -> MemorySource:
    return MemorySource(v1_lines(events), hold_changes=beside.get("hold_changes", ()))


async def previewed(pilot: Pilot[None], text: str) -> None:
    await until_loaded(pilot)
    await pilot.press("4")
    await until_counted(pilot, text)


async def until_counted(pilot: Pilot[None], text: str) -> None:
    await until_shown(pilot, text)
    screen = pilot.app.screen
    assert isinstance(screen, RetentionScreen)
    await until(pilot, lambda: not screen.works_on("preview"), "what goes is counted")
    await until(pilot, lambda: not screen.works_on("timeline"), "and all events over time")


def left(log: str) -> int:
    """Count the events of a log, without those that tell of prunes."""
    if log.startswith("postgresql"):
        return sum('"action":"retention.' not in line for line in stored_lines(log))
    return sum(not one.action.startswith("retention.") for one in stored_events(Path(log)))


def plan_in(folder: Path) -> str:
    (path,) = folder.glob("*.plan.json")
    return path.read_text(encoding="utf-8")


async def type_name(pilot: Pilot[None], name: str, *, reason: str = "", copy: str = "") -> None:
    await pilot.press("a")
    await until_shown(pilot, "delete for good")
    await pilot.press(*name, "tab", *reason, "tab", *copy, "enter")


async def until_answered(pilot: Pilot[None], text: str) -> None:
    """Wait for an answer that may be wrapped anywhere."""
    answer = pilot.app.screen.query_one(AnswerLine)
    await until(pilot, lambda: text in str(answer.said), text)


async def test_at_12_lines_what_stops_a_prune_and_what_goes_are_seen(show: Show) -> None:
    app = show(in_memory())
    async with app.run_test(size=(60, 12)) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40 events would go")
        await until_shown(pilot, "What goes, by type")
        assert "What stops it" in screen_text(app)


@UNMEASURED
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_days_split_the_timeline_at_every_size(show: Show, size: tuple[int, int]) -> None:
    app = show(in_memory())
    async with app.run_test(size=size) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40 events would go")
        await until_shown(pilot, "20 go")
        text = screen_text(app)
        for part in (
            "keep 20 days",
            "5 to 42",
            "recorded before 2026-08-21 00:00:00 UTC",
            "plan ",
            "20 stay",
            "What stops it",
            "What goes, by type",
        ):
            assert part in text
        assert all("\x1b" not in line and len(line) == size[0] for line in screen_lines(app))


@UNMEASURED
async def test_the_split_timeline_is_made_once_and_not_for_each_line(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(in_memory())
    async with app.run_test(size=(120, 40)) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await until_shown(pilot, "━ 20 stay")
        monkeypatch.delattr(split_timeline, "split_lines")
        app.screen.query_one(SplitTimeline).refresh()
        assert "━ 20 stay" in screen_text(app)


@UNMEASURED
async def test_counts_follow_the_slider(show: Show) -> None:
    app = show(in_memory())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        for key, expected in (
            ("left", "PREVIEW: 21 of 40"),
            ("pagedown", "PREVIEW: 31 of 40"),
            ("home", "PREVIEW: 35 of 40"),
            ("right", "PREVIEW: 34 of 40"),
            ("pageup", "PREVIEW: 24 of 40"),
            ("end", "NOTHING to delete: all 40 events stay"),
            ("p", "PREVIEW: 20 of 40"),
        ):
            await pilot.press(key)
            await until_shown(pilot, expected)
        slider = app.screen.query_one(DaysSlider)
        await pilot.mouse_down(slider, offset=(22, 0))
        await until_shown(pilot, "keep 5 days")
        await pilot.hover(slider, offset=(110, 0))
        await pilot.mouse_up(slider, offset=(110, 0))
        await until_shown(pilot, "NOTHING to delete")
        await pilot.hover(slider, offset=(30, 0))
        await pilot.pause()
        assert slider.days == 42
        assert app.screen.query_one(SplitTimeline).size.height == 8


@UNMEASURED
async def test_holds_and_faults_stop_it(show: Show) -> None:
    change = HoldChange("add", hold("user:user-4"))
    edited = [replace(one, user_id="x") if one.seq == 1 else one for one in EVENTS]
    app = show(in_memory(edited, hold_changes=[change.text]))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 4 of 40")
        assert "under hold h1 of legal: user:user-4 (case 7)" in screen_text(app)
        assert "it does not verify" in screen_text(app)
        assert "4 of 40 events are older than the cut-off, and none can go" in screen_text(app)
        await until_shown(pilot, "━ all 40 events stay")
        await pilot.press("a")
        await until_shown(pilot, "it is evidence, and stays")


@UNMEASURED
async def test_a_single_event_that_goes_is_spoken_of_as_one(show: Show, tmp_path: Path) -> None:
    store(tmp_path, EVENTS, (40,))
    app = show(str(tmp_path), replace(RULES, policy=RetentionPolicy(days=39)))
    async with app.run_test(size=(120, 40)) as pilot:
        await previewed(pilot, "PREVIEW: 1 of 40")
        assert "╌ 1 goes" in screen_text(app)
        await pilot.press("a")
        await until_shown(pilot, "1 event goes for good: seq 0")
        await until_shown(pilot, "type that name to delete it")
        await pilot.press(*CHAIN, "enter")
        await until_shown(pilot, "✔ 1 event deleted")


@UNMEASURED
async def test_what_goes_is_deleted_by_name_and_the_rest_is_verified(show: Show, log: str) -> None:
    app = show(log)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await type_name(pilot, "audit.example.org")
        await until_shown(pilot, "that is not its name")
        assert left(log) == 40
        await pilot.press("escape")
        await type_name(pilot, CHAIN)
        await until_shown(pilot, "NOTHING to delete: all 21 events stay")
        assert "✔ 20 events deleted" in screen_text(app)
        assert left(log) == 20
        found = ["NO_CHECKPOINT", "PRUNED_PREFIX", "PRUNE_NOT_BACKED"]
        await until(  # a table is previewed while it is verified
            pilot,
            lambda: app.verification is not None and sorted(app.verification.counts) == found,
            "verified anew",
        )
        await until(pilot, lambda: "checking" not in header_text(app), "the header says so")
        await until_counted(pilot, "NOTHING to delete: all 21 events stay")
        await pilot.press("a")
        await until_shown(pilot, "by these days there is nothing to delete")
        await pilot.press("q")
        await until(pilot, lambda: not app.screen.query(DaysSlider), "back to the events")


@UNMEASURED
async def test_a_reason_and_a_copy_first(show: Show, tmp_path: Path) -> None:
    store(tmp_path, EVENTS)
    copies = tmp_path / "copies"
    app = show(str(tmp_path / "audit.jsonl"))
    async with app.run_test(size=(80, 24)) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await type_name(pilot, CHAIN, reason=" ", copy=str(tmp_path))
        await until_shown(pilot, "say why: the chain tells it for ever")
        await pilot.press(*"case 7", "enter")
        await until_answered(pilot, "would stand among the files of the log")
        await pilot.press("end", *"/copies", "enter")
        await until_answered(pilot, "no folder for the copy of what goes")
        assert left(str(tmp_path)) == 40
        await asyncio.to_thread(copies.mkdir)
        await pilot.press("enter")
        await until_shown(pilot, "✔ 20 events deleted")
    (copy,) = copies.glob("*.zst")
    with open_packed(copy) as text:
        assert text.read() == b"".join(line + b"\n" for line in v1_lines(EVENTS)[:20])
    told = stored_events(tmp_path)[-1].details
    assert '"reason":"case 7"' in str(told)
    assert copy.name in str(told)


@UNMEASURED
async def test_who_quits_meanwhile_has_the_prune_ended(show: Show, tmp_path: Path) -> None:
    store(tmp_path, EVENTS)
    begun, gone, ended = threading.Event(), threading.Event(), threading.Event()

    class SlowPruner:
        def __init__(self, pruner: Pruner) -> None:
            self._pruner = pruner

        def steps(self, *asked: Any) -> Iterator[str]:
            for step in self._pruner.steps(*asked):
                begun.set()
                gone.wait()
                yield step
            ended.set()

    def slow(places: Sequence[str], chain: str | None) -> Any:
        return SlowPruner(pruner_of(places, chain))

    app = show(str(tmp_path / "audit.jsonl"), replace(RULES, open_pruner=slow))
    async with app.run_test(size=(120, 40)) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await type_name(pilot, CHAIN)
        await until(pilot, begun.is_set, "the prune begins")
    gone.set()
    assert await asyncio.to_thread(ended.wait, 30)
    assert left(str(tmp_path)) == 20


async def test_a_prune_is_told_from_its_beginning_also_to_who_comes_back(
    show: Show, tmp_path: Path
) -> None:
    store(tmp_path, EVENTS)
    checked = threading.Event()

    class SlowToCheck:
        def __init__(self, pruner: Pruner) -> None:
            self._pruner = pruner

        def steps(self, *asked: Any) -> Iterator[str]:
            checked.wait()
            yield from self._pruner.steps(*asked)

    def slow(places: Sequence[str], chain: str | None) -> Any:
        return SlowToCheck(pruner_of(places, chain))

    app = show(str(tmp_path / "audit.jsonl"), replace(RULES, open_pruner=slow))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await type_name(pilot, CHAIN)
        await until_shown(pilot, "… deleting 20 events: what goes is verified first")
        await pilot.press("3", "4", "left", "right")
        await until_shown(pilot, "… deleting 20 events: what goes is verified first")
        assert "PREVIEW" not in screen_text(app)
        await pilot.press("a")
        await until_shown(pilot, "a prune is under way")
        checked.set()
        await until_shown(pilot, "✔ 20 events deleted")


@UNMEASURED
async def test_a_refusal_is_told_and_nothing_is_deleted(show: Show, tmp_path: Path) -> None:
    store(tmp_path, EVENTS)

    def nobody(places: Sequence[str], chain: str | None) -> Pruner:
        raise PruneRefused(f"{places[0]} {chain} is not pruned", hint="elsewhere")

    app = show(str(tmp_path / "audit.jsonl"), replace(RULES, open_pruner=nobody))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await type_name(pilot, CHAIN)
        await until_shown(pilot, "Elsewhere")
        await until_shown(pilot, "PREVIEW: 20 of 40")
        assert left(str(tmp_path)) == 40


@UNMEASURED
async def test_a_late_answer_of_another_log_is_not_shown(tmp_path: Path) -> None:
    gate = threading.Event()

    class Slow(MemorySource):
        def chains(self) -> Sequence[str | None]:
            gate.wait(60)
            return super().chains()

    second = GatedSource(v1_lines(EVENTS[:25]), batch_lines=25)
    app = AuditConsoleApp(
        lambda places: second if places == ("second",) else Slow(v1_lines(EVENTS)),
        places=["first"],
        kept=Belongings(tmp_path, tmp_path),
        pruning=RULES,
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await until_loaded(pilot)
        await pilot.press("4")
        await pilot.pause()
        app.open(["second"])
        second.gate.release()
        await until_shown(pilot, "gated")
        await pilot.press("4")
        gate.set()
        await until_shown(pilot, "the preview stands when the log is read")
        screen = app.screen
        assert isinstance(screen, RetentionScreen)
        await until(pilot, lambda: not screen.works_on("preview"), "nothing is previewed")
        assert "PREVIEW" not in screen_text(app)
        second.gate.release()
        await until_counted(pilot, "of 25")


def test_counts_stand_one_under_the_other() -> None:
    section = Section(title="by user", counts=(counted(9, "alice"), counted(12_345, "bob")))
    lines = laid_out(list(section_parts(section)), 40)
    assert ["".join(span.text for span in line) for line in lines] == [
        " by user",
        "      9  alice",
        " 12,345  bob",
        "",
    ]


@UNMEASURED
async def test_holds_that_cannot_be_read_are_told(show: Show) -> None:
    app = show(in_memory(hold_changes=["{}"]))
    async with app.run_test(size=(120, 40)) as pilot:
        await previewed(pilot, "memory, line 1: not a change of holds")


@UNMEASURED
async def test_while_the_log_is_read_there_is_no_preview(show: Show) -> None:
    source = GatedSource(v1_lines(EVENTS), batch_lines=10)
    app = show(source)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "gated")
        await pilot.press("4")
        await until_shown(pilot, "the preview stands when the log is read")
        await pilot.press("x", "escape")
        await until(pilot, lambda: app._notifications, "a file is not offered")
        source.gate.release(9)
        await until_shown(pilot, "PREVIEW: 20 of 40")


class SlowToCount(MemorySource):
    """Holds back what is counted until the test lets it."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        super().__init__(lines)
        self.hold = threading.Event()
        self.hold.set()

    def tally(self, *args: Any, **asked: Any) -> pl.DataFrame:
        self.hold.wait()
        return super().tally(*args, **asked)


class SlowToBreakDown(SlowToCount):
    """Holds back what is counted of the events that go, not where they end."""

    def tally(self, *args: Any, **asked: Any) -> pl.DataFrame:
        return MemorySource.tally(self, *args, **asked)

    def counts(self, *args: Any, **asked: Any) -> list[pl.DataFrame]:
        self.hold.wait()
        return super().counts(*args, **asked)


async def test_where_days_end_is_shown_before_what_goes_is_counted(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "SECONDS_UNTIL_SAID", 0.05)
    source = SlowToBreakDown(v1_lines(EVENTS))
    source.hold.clear()
    app = show(source)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        try:
            await until_loaded(pilot)
            await pilot.press("4")
            await until_shown(pilot, "PREVIEW: 20 of 40")
            await until_shown(pilot, "result and day: being counted")
            await pilot.press("a")
            await until_shown(pilot, "what goes by these days is not counted yet")
            app.clear_notifications()
            await pilot.press("x")
            await until(pilot, lambda: app._notifications, "no file is offered")
            await pilot.press("left")
            await until_shown(pilot, "PREVIEW: 21 of 40")
            assert "What goes, by type" not in screen_text(app)
            assert len(app.screen_stack) == 1
        finally:
            source.hold.set()
        await until_shown(pilot, "What goes, by type")
        await until_shown(pilot, "21  config_change")


@UNMEASURED
async def test_days_that_pass_by_do_not_keep_each_other_from_being_shown(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, shown = threading.Event(), threading.Event(), list[int]()

    def slow(previews: Any, session: Any, rules: Pruning, kept: Kept) -> Preview:
        begun.set()
        may_end.wait()
        made = outline(previews, session, rules, kept)
        shown.append(kept.days)
        return made

    app = show(in_memory())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        monkeypatch.setattr(previewing, "outline", slow)
        monkeypatch.setattr(previewing, "SECONDS_UNTIL_SAID", 60)
        await pilot.press("left")
        await until(pilot, begun.is_set, "it is asked for")
        await pilot.press("left", "left", "left", "x")
        await until_shown(pilot, "what goes by these days is not counted yet")
        assert len(app.screen_stack) == 1
        panes = app.screen.query("#headline, SplitTimeline, #why, #what")
        assert all(pane.has_class("-stale") for pane in panes)
        may_end.set()
        await until_counted(pilot, "PREVIEW: 24 of 40")
        assert shown == [19, 16]
        assert not any(pane.has_class("-stale") for pane in panes)


@UNMEASURED
async def test_a_word_about_the_wait_that_comes_behind_the_answer_is_not_said(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Callable[[], None]] = []
    set_timer = RetentionScreen.set_timer

    def ring_late(screen: RetentionScreen, _: float, callback: Callable[[], None]) -> Timer:
        late.append(callback)
        return set_timer(screen, 3600)

    monkeypatch.setattr(RetentionScreen, "set_timer", ring_late)
    app = show(in_memory())
    async with app.run_test(size=(120, 40)) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await pilot.pause()
        shown = screen_text(app)
        for say in late:
            say()
        await pilot.pause()
        assert screen_text(app) == shown


@UNMEASURED
async def test_a_table_is_previewed_while_it_is_verified(
    show: Show, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
    may_read = threading.Event()
    batches = PostgresSource.batches

    def slow(source: PostgresSource) -> Iterator[Batch]:
        may_read.wait()
        yield from batches(source)

    monkeypatch.setattr(PostgresSource, "batches", slow)
    app = show(database)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        try:
            await until_shown(pilot, "… loading")
            await pilot.press("4")
            await until_counted(pilot, "PREVIEW: 20 of 40")
            await until_shown(pilot, "… not verified yet")
            await pilot.press("a")
            await until_shown(pilot, "what goes is not verified yet")
            assert len(app.screen_stack) == 1
        finally:
            may_read.set()
        await until(pilot, lambda: "… not verified yet" not in screen_text(app), "it is verified")
        await until_counted(pilot, "PREVIEW: 20 of 40")


@UNMEASURED
async def test_what_other_days_delete_is_never_deleted_by_these(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "SECONDS_UNTIL_SAID", 0.05)
    source = SlowToCount(v1_lines(EVENTS))
    app = show(source)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "would go")
        source.hold.clear()
        try:
            await pilot.press("right", "a")
            await until_shown(pilot, "what goes by these days is not counted yet")
            await until_shown(pilot, "… what goes by these days is being looked for")
            assert len(app.screen_stack) == 1
        finally:
            source.hold.set()
        await until_shown(pilot, "would go")


@UNMEASURED
async def test_a_log_that_is_only_previewed(show: Show) -> None:
    app = show(in_memory(), replace(RULES, open_pruner=None))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await pilot.press("a")
        await until_shown(pilot, "this log is only previewed here")


@UNMEASURED
async def test_the_orchestrators_format_says_how_to_seal_it(show: Show) -> None:
    app = show(MemorySource(orchestrator_lines(orchestrator_chain(9))))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_loaded(pilot)
        await pilot.press("4", "home")
        await until_shown(pilot, "Seal the log first")
        await until_shown(pilot, "━ all 9 events stay")
        assert "The format of the log" in screen_text(app)
        assert "what is old enough" in screen_text(app)


async def test_a_log_whose_beginning_is_not_here(show: Show) -> None:
    app = show(in_memory(EVENTS[3:]))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "begins here with seq 3, not with 0")
        await pilot.press("a")
        await until(pilot, lambda: app._notifications, "nothing is deleted")
        (said,) = app._notifications
        assert "begins here with seq 3, not with 0" in said.message
        app.clear_notifications()
        await pilot.press("x")
        await until(pilot, lambda: app._notifications, "nothing is written")
        (said,) = app._notifications
        assert "begins here with seq 3, not with 0" in said.message
        await pilot.press("p")
        await until_shown(pilot, "these are the days that the configuration says: 20")


@UNMEASURED
async def test_the_plan_and_the_preview_are_written_to_files(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = show(in_memory())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await pilot.press("x")
        await until_shown(pilot, "the plan, for audit-console retention apply")
        await pilot.press("end", "enter")
        await until_shown(pilot, "memory-retention.plan.json")
        await pilot.press("enter")
        await until_shown(pilot, "written: ")
    plan = decode_plan(plan_in(tmp_path))
    assert getattr(plan, "pruned_to", None) == 20


@UNMEASURED
async def test_without_a_log_there_is_no_preview(tmp_path: Path) -> None:
    app = AuditConsoleApp(lambda _: in_memory(), kept=Belongings(tmp_path, tmp_path))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("escape", "4")
        await until_shown(pilot, "no log is open yet")


# --- a date, and one of several chains --------------------------------------------------


async def test_a_date_is_the_cut_off_until_the_slider_is_moved(show: Show) -> None:
    app = show(in_memory())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40 events would go")
        await pilot.press("b", *"2026-13", "enter")
        await until_shown(pilot, "no such date or time of day")
        await pilot.press(*["backspace"] * 7, *"2026-08-16T10:00", "enter")
        await until_counted(pilot, "PREVIEW: 16 of 40 events would go")
        await until_shown(pilot, "recorded before 2026-08-16 10:00:00 UTC")
        assert "keep 24 days" in screen_text(app)
        await pilot.press("left")
        await until_counted(pilot, "PREVIEW: 17 of 40 events would go")
        await until_shown(pilot, "recorded before 2026-08-18 00:00:00 UTC")

        await pilot.press("b", *"2026-09-09", "enter")
        await until_shown(pilot, "of the last 5 days everything is kept")
        await until_shown(pilot, "recorded before 2026-09-05 00:00:00 UTC")


async def test_that_nothing_is_old_enough_is_said_in_the_pane_of_it(show: Show) -> None:
    app = show(in_memory())
    async with app.run_test(size=(80, 24)) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40 events would go")
        await pilot.press("end")
        await until_counted(pilot, "NOTHING to delete: all 40 events stay")
        lines = screen_lines(app)
        pane = next(at for at, line in enumerate(lines) if "what is old enough" in line)
        assert lines[pane + 1].strip() == "nothing"


async def test_a_number_of_days_is_typed(show: Show) -> None:
    app = show(in_memory())
    async with app.run_test(size=(80, 24)) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40 events would go")
        await pilot.press("d", *"a month", "enter")
        await until_shown(pilot, "a number from 5 to 42, as on the slider")
        await pilot.press(*["backspace"] * 7, *"43", "enter")
        await pilot.press(*["backspace"] * 2, *"30d", "enter")
        await until_counted(pilot, "PREVIEW: 10 of 40 events would go")
        assert "keep 30 days" in screen_text(app)
        await pilot.press("d", "escape", "left")
        await until_counted(pilot, "PREVIEW: 11 of 40 events would go")


async def test_days_that_are_typed_count_from_now_after_a_date_of_as_many_days(show: Show) -> None:
    app = show(in_memory())
    async with app.run_test(size=(80, 24)) as pilot:
        await previewed(pilot, "PREVIEW: 20 of 40")
        await pilot.press("b", *"2026-08-16T10:00", "enter")
        await until_shown(pilot, "recorded before 2026-08-16 10:00:00 UTC")
        await pilot.press("d", *"24", "enter")
        await until_shown(pilot, "recorded before 2026-08-17 00:00:00 UTC")


async def test_each_of_several_chains_is_previewed_and_pruned(show: Show, database: str) -> None:
    other = linked(
        replace(one, chain="example.org/other", id=f"ffffffff{one.id[8:]}")
        for one in aged_chain(30)
    )
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
        fill(connection, other)
    app = show(database)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await previewed(pilot, "one of 2 chains: ")
        await pilot.press("c")
        await until_shown(pilot, "chains of this log")
        await pilot.press("g", "down", "enter")
        await until_counted(pilot, "one of 2 chains: example.org/other")
        await until_shown(pilot, "PREVIEW: 20 of 30 events would go")
        await until_shown(pilot, "20 go")
        await type_name(pilot, "example.org/other")
        await until_shown(pilot, "20 events deleted")
        assert "one of 2 chains: example.org/other" in screen_text(app)
    assert left(database) == 40  # of the chain that was not pruned

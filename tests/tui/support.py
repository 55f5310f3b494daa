"""Logs and drivers for tests of the screens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from audit_console.columns.schema import PAGE
from audit_console.core.codec import encode_line
from audit_console.core.event import AuditEvent, Scheme, format_time
from audit_console.core.filters import Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.core.query import Stage
from audit_console.core.query.stages import Count, Timeline
from audit_console.sources.memory import MemorySource
from audit_console.sources.protocol import (
    NOTHING_NEW,
    AtEvent,
    AtRow,
    Batch,
    Cursor,
    News,
    Order,
    Page,
    Part,
    Source,
    Status,
)
from audit_console.tui.app import AuditConsoleApp
from audit_console.tui.belongings import Belongings
from audit_console.tui.painting import ROLE_STYLES
from audit_console.tui.palette import Palette
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.rule_line import RuleLine
from audit_console.tui.widgets.status_lines import SourceHeader
from tests.support.chains import linked, v1_lines

START = datetime(2026, 11, 1, tzinfo=UTC)
TURNS = 12_000
"""How often a test looks before it gives up on something that should become true."""


def make_event(seq: int, **fields: Any) -> AuditEvent:
    """Make an event of a quiet log; one event a minute, one failure in ten."""
    time = format_time(START + timedelta(minutes=seq))
    event = AuditEvent(
        scheme=Scheme.V1,
        id=f"00000000-0000-4000-8000-{seq:012d}",
        timestamp=time,
        event_type=("authentication", "secret_access")[seq % 2],
        action=f"action {seq}",
        resource_type="workflow",
        resource_id=f"wf-{seq % 5}",
        result="failure" if seq % 10 == 9 else "success",
        user_id=f"user-{seq % 3}",
        ip_address=f"10.0.0.{seq % 250}",
        details='{"nested":{"deep":{"deeper":1}},"number":1.50,"text":"hello"}',
        chain="log.example/test",
        seq=seq,
        recorded_at=time,
    )
    return replace(event, **fields)


def make_lines(count: int, **fields: Any) -> list[bytes]:
    """Make the lines of a whole chain."""
    return v1_lines(linked(make_event(seq, **fields) for seq in range(count)))


def make_app(
    source: Source | Callable[[Sequence[str]], Source],
    tmp_path: Path,
    *,
    places: Sequence[str] = ("log",),
) -> AuditConsoleApp:
    """Make an app over a source or an opener."""
    opener = source if callable(source) else lambda _: source
    return AuditConsoleApp(opener, places=places, kept=Belongings(tmp_path, tmp_path))


async def until(pilot: Pilot[None], condition: Callable[[], object], what: str = "") -> None:
    """Let the app run until something holds."""
    for _ in range(TURNS):
        if condition():
            return
        await pilot.pause(0.005)
    shown = "\n".join(screen_lines(pilot.app))
    raise AssertionError(f"never happened: {what}\n{shown}")


async def until_shown(pilot: Pilot[None], text: str) -> None:
    """Let the app run until a text is on the screen."""
    await until(pilot, lambda: text in screen_text(pilot.app), text)


async def until_found(pilot: Pilot[None], command: str) -> None:
    """Let the app run until the palette has found all commands that fit, and this among them."""
    await until_shown(pilot, command)
    searching = Palette._GATHER_COMMANDS_GROUP
    await until(pilot, lambda: not is_at_work(pilot.app, searching), "all are found")


async def until_loaded(pilot: Pilot[None]) -> None:
    """Let the app run until the load has ended and the rows in sight are there."""
    app = pilot.app
    assert isinstance(app, AuditConsoleApp)
    await until(pilot, lambda: app.verification is not None, "the load ends")
    await until(pilot, lambda: "checking" not in header_text(app), "the header says so")
    await until(pilot, lambda: is_at_rest(app), "the rows in sight are there")


def is_at_work(app: App[Any], *groups: str) -> bool:
    """Tell whether work of these groups is under way."""
    return any(worker.group in groups and not worker.is_finished for worker in app.workers)


async def until_all_is_done(pilot: Pilot[None]) -> None:
    """Let the app run until all that was asked is answered, or was taken back."""
    workers = pilot.app.workers
    await until(pilot, lambda: all(worker.is_finished for worker in workers), "all is done")


def is_at_rest(app: App[Any]) -> bool:
    """Tell whether rows and counts are of all that was read, and the rule says where it is.

    The marks of the reader are there too: nothing is marked before.
    """
    table, session = table_of(app), app.screen.query_one(SourceHeader).session
    if session is None or table._fetching or is_at_work(app, "survey", "count", "marks"):
        return False
    if session.status.events == 0:
        return True
    position = app.screen.query_one(RuleLine).position
    return table.selected is not None and position == (table.cursor_row, table.row_count, True)


def screen_lines(app: App[Any]) -> list[str]:
    """Give the text that is on the screen, line by line."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def screen_text(app: App[Any]) -> str:
    """Give the text that is on the screen."""
    return "\n".join(screen_lines(app))


def header_text(app: App[Any]) -> str:
    """Give the text of the header, without painting the rest of the screen."""
    return app.screen.query_one(SourceHeader).render_line(0).text


def table_of(app: App[Any]) -> EventTable:
    """Give the event table."""
    return app.screen.query_one(EventTable)


class PaneScreen(Screen[None]):
    """A screen for a pane alone: it has the styles of the roles."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_STYLES


class GatedSource(MemorySource):
    """Reads a batch only when the test lets it, and counts how many it was asked for."""

    def __init__(self, lines: Iterable[bytes], *, batch_lines: int) -> None:
        super().__init__(lines, label="gated", batch_lines=batch_lines)
        self.gate = threading.Semaphore(0)
        self.asked = 0

    def batches(self) -> Generator[Batch]:
        """Wait before each batch."""
        inner = super().batches()
        try:
            while True:
                self.asked += 1
                self.gate.acquire()
                batch = next(inner, None)
                if batch is None:
                    return
                yield batch
        finally:
            inner.close()


class HeldTallies(MemorySource):
    """Holds back what is counted until the test lets it, and knows what was asked."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        super().__init__(lines)
        self.hold = threading.Event()
        self.hold.set()
        self.asked: list[Filter] = []

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Wait, then count."""
        self.asked.append(where)
        self.hold.wait()
        return super().tally(where, by=by, marks=marks)


class HugeSource:
    """Ten million events that are made when they are asked for. Counts what it made."""

    label = "huge"
    kind = "memory"
    rows = 10_000_000

    def __init__(self) -> None:
        self.made = 0
        self.pages = 0
        self.hold = threading.Event()
        self.hold.set()
        self.status = Status(
            events=self.rows,
            malformed=0,
            lines=self.rows,
            bytes_read=1,
            bytes_total=1,
            first=START,
            last=START,
            complete=True,
            stopped=False,
            files=(),
        )

    def prune_records(self) -> Sequence[str]:
        """Nothing was pruned."""
        return ()

    def checkpoints(self) -> Sequence[str]:
        """Nothing was signed."""
        return ()

    def hold_changes(self) -> Sequence[str]:
        """Nothing is held."""
        return ()

    def batches(self) -> Generator[Batch]:
        """Nothing to verify."""
        yield from ()

    def parts(self) -> Generator[Part]:
        """Have nothing to be read."""
        yield from self.batches()

    def page(
        self,
        where: Filter,
        *,
        order: Order,
        at: Cursor,
        limit: int,
        marks: Mapping[MarkKey, Marks] = NO_MARKS,
    ) -> Page:
        """Make the rows; wait while the test holds them back."""
        del where, marks
        self.hold.wait()
        self.pages += 1
        first = at.row if isinstance(at, AtRow) else self._rank(at, order)
        rows = [self._row(rank, order) for rank in range(first, min(first + limit, self.rows))]
        self.made += len(rows)
        frame = pl.DataFrame(rows, schema=PAGE, orient="row")
        return Page(frame, first, self.rows, self.rows)

    def in_log_order(
        self, where: Filter, *, marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> Generator[pl.DataFrame]:
        """Nothing is written to a file."""
        raise NotImplementedError

    def _rank(self, at: Cursor, order: Order) -> int:
        seq = int(at.event_id[-12:]) if isinstance(at, AtEvent) else 0
        return seq if order is Order.OLDEST_FIRST else self.rows - 1 - seq

    def _row(self, rank: int, order: Order) -> list[Any]:
        seq = rank if order is Order.OLDEST_FIRST else self.rows - 1 - rank
        event = make_event(seq)
        values: dict[str, Any] = {
            "file": 0,
            "line": seq + 1,
            "offset": 0,
            "length": 1,
            "check": "verified",
            "raw": encode_line(event),
            "timestamp": event.occurred_at,
            "recorded_at": event.occurred_at,
        }
        return [values.get(name, getattr(event, name, None)) for name in PAGE]

    def tally(
        self, where: Filter, *, by: Sequence[Stage], marks: Mapping[MarkKey, Marks] = NO_MARKS
    ) -> pl.DataFrame:
        """Count none of them: the tests that use this source look at rows."""
        return MemorySource([]).tally(where, by=by, marks=marks)

    def counts(self, where: Filter, *, by: Sequence[Count | Timeline]) -> list[pl.DataFrame]:
        """Nothing is counted together."""
        raise NotImplementedError

    def chains(self) -> Sequence[str | None]:
        """Nobody asks which chain they are of."""
        raise NotImplementedError

    def malformed(self, *, first: int, limit: int) -> pl.DataFrame:
        """Nothing is malformed."""
        raise NotImplementedError

    def news(self) -> News:
        """Nothing is written."""
        return NOTHING_NEW

    def close(self) -> None:
        """Nothing is open."""

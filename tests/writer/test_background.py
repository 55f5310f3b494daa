"""A thread stores what waits in a queue; nothing of it is lost without a word."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit_console.core.event import UNCOVERED_FIELDS, AuditEvent, Scheme, parse_time
from audit_console.core.sealing import SealedGroup
from audit_console.errors import ChainBroken, EventRefused, SinkUnavailable, UsageError
from audit_console.writer import ArchiveSink, AuditLogger
from audit_console.writer import background as background_module
from audit_console.writer.sink import Seal
from audit_console.writer.testing import MemorySink, capture_events
from tests.support.archives import is_whole, stored_ticks
from tests.support.effort import UNMEASURED
from tests.support.ticks import CHAIN, tick


class GatedSink(MemorySink):
    """A memory sink that stores nothing before its gate is open, and fails as it is told."""

    def __init__(self, *failures: Exception, syncs: Sequence[Exception] = ()) -> None:
        super().__init__(CHAIN)
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()
        self.failures = list(failures)
        self.sync_failures = list(syncs)
        self.synced = threading.Event()
        self.groups: list[tuple[int, bool]] = []
        self.closed = 0

    def append(self, seal: Seal, *, durable: bool) -> SealedGroup:
        self.reached.set()
        self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        group = super().append(seal, durable=durable)
        self.groups.append((len(group), durable))
        return group

    def sync(self) -> None:
        if self.sync_failures:
            raise self.sync_failures.pop(0)
        self.synced.set()

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait no longer than needed between two tries."""
    monkeypatch.setattr(background_module, "FIRST_DELAY", 0.000_1)


@pytest.fixture
def no_second_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no moment come at which a batch is due, before the test says so."""
    monkeypatch.setattr("audit_console.writer.storing.BATCH_SECONDS", 3600)


def numbers(sink: MemorySink) -> list[int]:
    return [int(event.action.removeprefix("tick ")) for event in sink.events]


def busy(sink: GatedSink, **options: Any) -> AuditLogger:
    """Give a logger whose thread waits at the gate with the first tick in hand."""
    sink.gate.clear()
    log = AuditLogger(sink, background=True, **options)
    log.log_event(**tick(0))
    sink.reached.wait()
    return log


def test_a_call_does_not_wait_and_the_order_is_kept() -> None:
    sink = GatedSink()
    log = busy(sink)
    assert log.log_event(**tick(1)) is None
    assert log.log_events([tick(2), tick(3)]) == ()
    assert log.metrics.queued == 3
    sink.gate.set()
    log.flush()
    assert numbers(sink) == [0, 1, 2, 3]
    assert sink.groups == [(1, True), (3, True)]
    assert (log.metrics.queued, log.metrics.written, log.metrics.groups) == (0, 4, 2)
    assert 0 < log.metrics.slowest <= log.metrics.seconds
    log.close()


def test_close_stores_everything_and_takes_no_more() -> None:
    sink = GatedSink()
    log = busy(sink)
    log.log_event(**tick(1))
    sink.gate.set()
    log.close()
    log.close()
    assert numbers(sink) == [0, 1]
    assert sink.closed == 1
    with pytest.raises(SinkUnavailable, match="the logger is closed"):
        log.log_event(**tick(2))


def test_a_logger_without_a_thread_takes_no_more_once_closed_either() -> None:
    log = AuditLogger(MemorySink())
    log.close()
    with pytest.raises(SinkUnavailable, match="the logger is closed"):
        log.log_event(**tick(0))


def test_a_refused_event_is_refused_by_the_call() -> None:
    with AuditLogger(MemorySink(), background=True) as log, pytest.raises(EventRefused):
        log.log_event(**tick(0, ip_address="nowhere"))


# --- a full queue -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ({"sync": "allways"}, "one of: always, batch, os"),
        ({"when_full": "wait"}, "one of: block, raise, drop"),
        ({"queue_events": 0}, "let one event wait at least"),
    ],
)
def test_a_setting_that_there_is_not_is_refused(setting: dict[str, Any], hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        AuditLogger(MemorySink(), **setting)
    assert refused.value.hint == hint


def test_a_full_queue_raises() -> None:
    sink = GatedSink()
    log = busy(sink, queue_events=2, when_full="raise")
    log.log_events([tick(1), tick(2)])
    with pytest.raises(SinkUnavailable, match="2 of 2 events wait to be stored already"):
        log.log_event(**tick(3))
    with pytest.raises(SinkUnavailable, match="2 of 2 events wait to be stored already"):
        log.log_events([tick(3), tick(4)])
    sink.gate.set()
    log.close()
    assert numbers(sink) == [0, 1, 2]


def test_a_full_queue_drops_and_counts() -> None:
    sink = GatedSink()
    log = busy(sink, queue_events=2, when_full="drop")
    log.log_events([tick(number) for number in range(1, 6)])
    sink.gate.set()
    log.close()
    assert numbers(sink) == [0, 1, 2]
    assert (log.metrics.dropped, log.metrics.written) == (3, 3)


def test_a_full_queue_blocks_until_there_is_room() -> None:
    sink = GatedSink()
    with AuditLogger(sink, background=True, queue_events=1) as log:
        log.log_events([tick(number) for number in range(300)])
        assert log.metrics.queued <= 1
    assert numbers(sink) == list(range(300))


def test_a_call_that_waits_for_room_is_told_when_the_logger_is_closed() -> None:
    sink = GatedSink()
    log = busy(sink, queue_events=1)
    log.log_event(**tick(1))
    told: list[Exception] = []

    def call() -> None:
        try:
            log.log_event(**tick(2))
        except SinkUnavailable as error:
            told.append(error)

    caller = threading.Thread(target=call)
    closer = threading.Thread(target=log.close)
    closer.start()
    caller.start()
    caller.join()
    sink.gate.set()
    closer.join()
    assert [str(error) for error in told] == ["the logger is closed"]
    assert numbers(sink) == [0, 1]


# --- a store that fails -----------------------------------------------------------------

Given = list[tuple[str, str]]


def given_up() -> tuple[Given, Any]:
    told: Given = []

    def on_error(error: Exception, event: AuditEvent) -> None:
        told.append((str(error), event.action))

    return told, on_error


def test_a_failing_store_is_tried_again() -> None:
    sink = GatedSink(*[SinkUnavailable("full")] * 3)
    told, on_error = given_up()
    with AuditLogger(sink, background=True, retries=3, on_error=on_error) as log:
        log.log_event(**tick(0))
    assert numbers(sink) == [0]
    assert told == []
    assert (log.metrics.failed, log.metrics.last_error) == (0, "full")


def test_an_event_that_was_tried_too_often_is_handed_over() -> None:
    sink = GatedSink(*[SinkUnavailable("full")] * 6)
    told, on_error = given_up()
    log = busy(sink, retries=2, on_error=on_error)
    for number in range(1, 4):
        sink.gate.set()
        log.flush()
        sink.gate.clear()
        log.log_event(**tick(number))
    sink.gate.set()
    log.flush()
    assert told == [("full", f"tick {number}") for number in range(4)]
    log.log_event(**tick(4))
    log.close()
    assert numbers(sink) == [4]
    assert (log.metrics.failed, log.metrics.written) == (4, 1)


def test_an_event_is_handed_over_as_it_would_be_stored() -> None:
    said = tick(
        0,
        timestamp=datetime(2026, 1, 2, tzinfo=UTC),
        user_agent='"\0é\ud800',
        ip_address="10.0.0.7",
        result="failure",
        result_error="no",
        details={"b": [1.0, {}], "a": "\\u0000"},
    )
    told: list[AuditEvent] = []
    sink = GatedSink(ChainBroken("tampered"))
    with AuditLogger(sink, background=True, on_error=lambda _, event: told.append(event)) as log:
        log.log_event(**said)
        log.flush()
        log.log_event(**said)
    (handed,), (stored,) = told, sink.events
    assert handed == AuditEvent(
        scheme=Scheme.UNHASHED,
        id=handed.id,
        **{
            name: getattr(stored, name)
            for name in UNCOVERED_FIELDS[Scheme.UNHASHED]
            if name != "id"
        },
    )


def test_an_event_that_says_no_time_is_handed_over_with_that_of_its_failure() -> None:
    told: list[AuditEvent] = []
    sink = GatedSink(ChainBroken("tampered"))
    with AuditLogger(sink, background=True, on_error=lambda _, event: told.append(event)) as log:
        log.log_event(**tick(0))
    assert [parse_time(event.timestamp) for event in told]


def test_a_broken_chain_is_not_tried_again() -> None:
    sink = GatedSink(ChainBroken("tampered"))
    told, on_error = given_up()
    with AuditLogger(sink, background=True, on_error=on_error) as log:
        log.log_event(**tick(0))
        log.flush()
        log.log_event(**tick(1))
    assert told == [("tampered", "tick 0")]
    assert numbers(sink) == [1]


def test_one_event_that_no_store_takes_does_not_hold_up_the_others() -> None:
    sink = GatedSink()
    told, on_error = given_up()
    log = busy(sink, on_error=on_error)
    log.log_event(**tick(1))
    log.log_event(**tick(2, user_agent="x" * 65_300))
    log.log_event(**tick(3))
    sink.gate.set()
    log.close()
    assert numbers(sink) == [0, 1, 3]
    ((reason, action),) = told
    assert action == "tick 2"
    assert "over the limit of 65,535" in reason


@pytest.mark.parametrize(
    "wait", [AuditLogger.flush, AuditLogger.close, lambda log: log.log_event(**tick(3))]
)
def test_a_handler_is_refused_to_wait_for_its_own_thread(
    wait: Callable[[AuditLogger], object],
) -> None:
    told: list[str] = []

    def on_error(*_: object) -> None:
        log.log_event(**tick(1))
        try:
            wait(log)
        except SinkUnavailable as error:
            told.append(f"{error}. {error.hint}")

    sink = GatedSink(ChainBroken("tampered"))
    log = AuditLogger(sink, background=True, queue_events=1, on_error=on_error)
    with log:
        log.log_event(**tick(0))
        log.flush()
        log.log_event(**tick(2))
    reason = "on_error runs on the thread that stores events, so it cannot wait for that"
    assert told == [f"{reason}. flush, close and log into a full queue on another thread"]
    assert numbers(sink) == [1, 2]


@pytest.mark.parametrize(
    "error", [ChainBroken("tampered"), ZeroDivisionError("a fault of the sink")]
)
def test_without_a_handler_the_standard_logging_is_told_but_not_what_was_said(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with AuditLogger(GatedSink(error), background=True) as log:
        log.log_event(**tick(0, details={"new_value": "hunter2"}))
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("audit_console.writer", logging.ERROR)
    assert record.getMessage().endswith(f"was not stored: {error}")
    assert "hunter2" not in caplog.text


def test_a_handler_that_fails_is_told_of_and_the_thread_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def on_error(*_: object) -> None:
        raise ZeroDivisionError

    sink = GatedSink(ChainBroken("tampered"))
    with AuditLogger(sink, background=True, on_error=on_error) as log:
        log.log_event(**tick(0))
        log.flush()
        log.log_event(**tick(1))
    assert "on_error failed" in caplog.text
    assert numbers(sink) == [1]


def test_in_the_foreground_the_call_says_what_failed() -> None:
    sink = GatedSink(SinkUnavailable("full"))
    with AuditLogger(sink) as log:
        with pytest.raises(SinkUnavailable, match="full"):
            log.log_event(**tick(0))
        log.log_event(**tick(1))
    assert numbers(sink) == [1]
    assert (log.metrics.failed, log.metrics.last_error) == (1, "full")


def test_a_thread_that_cannot_be_started_is_said_and_started_by_the_next_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusals = [RuntimeError("can't start new thread")]
    start = threading.Thread.start

    def start_when_there_is_room(thread: threading.Thread) -> None:
        if refusals:
            raise refusals.pop()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_when_there_is_room)
    sink = GatedSink()
    with AuditLogger(sink, background=True) as log:
        with pytest.raises(SinkUnavailable, match="can't start new thread"):
            log.log_event(**tick(0))
        log.log_event(**tick(1))
        log.flush()
        assert numbers(sink) == [1]


@pytest.mark.usefixtures("no_second_ends")
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ZeroDivisionError("a fault")])
def test_a_sync_that_fails_in_any_way_does_not_end_the_thread(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    sink = GatedSink(syncs=[error, error])
    log = busy(sink, sync="batch")
    monkeypatch.setattr("audit_console.writer.storing.BATCH_SECONDS", 0.001)
    sink.gate.set()
    sink.synced.wait()
    assert log.metrics.last_error == str(error)
    assert [record.getMessage() for record in caplog.records] == [
        f"what was stored may not be on disk: {error}"
    ]
    log.log_event(**tick(1))
    log.close()
    assert numbers(sink) == [0, 1]


class Ended(BaseException):
    """What no handler of exceptions expects."""


def test_a_sink_that_wants_the_thread_to_end_has_its_events_given_up() -> None:
    told, on_error = given_up()
    sink = GatedSink()
    sink.failures = [Ended("enough")]  # type: ignore[list-item]
    with AuditLogger(sink, background=True, on_error=on_error) as log:
        log.log_event(**tick(0))
        log.flush()
        log.log_event(**tick(1))
    assert told == [("Ended('enough')", "tick 0")]
    assert numbers(sink) == [1]


async def test_a_thread_that_ends_gives_up_what_waits_and_takes_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told, on_error = given_up()
    sink = GatedSink()
    log = busy(sink, on_error=on_error)
    in_hand = [asyncio.ensure_future(log.alog_event(**tick(number))) for number in (1, 2)]
    await asyncio.sleep(0)
    short = sink.append

    def append_and_tell_of_one(seal: Seal, *, durable: bool) -> Any:
        group = short(seal, durable=durable)
        log.log_event(**tick(3))
        return group[:1]

    sink.append = append_and_tell_of_one  # type: ignore[method-assign]
    sink.gate.set()
    assert (await in_hand[0]).seq == 1  # type: ignore[union-attr]
    with pytest.raises(IndexError):
        await in_hand[1]
    log.flush()
    assert told == [("list index out of range", "tick 3")]
    assert "the thread that stores audit events ended" in caplog.text
    with pytest.raises(SinkUnavailable, match="the logger is closed"):
        log.log_event(**tick(4))
    log.close()


# --- durability -------------------------------------------------------------------------


@pytest.mark.usefixtures("no_second_ends")
def test_batch_makes_durable_every_thousand_events() -> None:
    sink = GatedSink()
    with AuditLogger(sink, sync="batch") as log:
        log.log_events([tick(number) for number in range(999)])
        log.log_event(**tick(999))
        log.log_event(**tick(1000))
        assert not sink.synced.is_set()
    assert sink.groups == [(999, False), (1, True), (1, False)]
    assert sink.synced.is_set()


def test_batch_makes_durable_the_first_event_after_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("audit_console.writer.storing.BATCH_SECONDS", 0.0)
    sink = GatedSink()
    with AuditLogger(sink, sync="batch") as log:
        log.log_event(**tick(0))
    assert sink.groups == [(1, True)]


@pytest.mark.usefixtures("no_second_ends")
def test_batch_in_the_background_makes_durable_what_nothing_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sink = GatedSink(syncs=[SinkUnavailable("asleep")])
    log = busy(sink, sync="batch")
    monkeypatch.setattr("audit_console.writer.storing.BATCH_SECONDS", 0.001)
    sink.gate.set()
    sink.synced.wait()
    assert sink.groups == [(1, False)]
    assert log.metrics.last_error == "asleep"
    log.close()


@UNMEASURED
def test_os_leaves_it_to_the_system_until_flush() -> None:
    sink = GatedSink()
    with AuditLogger(sink, sync="os") as log:
        log.log_events([tick(number) for number in range(2_000)])
        assert sink.groups == [(2_000, False)]
        assert not sink.synced.is_set()
        log.flush()
        assert sink.synced.is_set()


def test_close_gives_the_sink_back_even_where_it_cannot_sync() -> None:
    sink = GatedSink(syncs=[SinkUnavailable("asleep")])
    with pytest.raises(SinkUnavailable, match="asleep"):
        AuditLogger(sink).close()
    assert sink.closed == 1


# --- async ------------------------------------------------------------------------------


async def test_tasks_share_groups_and_each_gets_its_own_event(tmp_path: Path) -> None:
    with AuditLogger(ArchiveSink(tmp_path / "audit.jsonl", chain=CHAIN)) as log:
        stored = await asyncio.gather(*(log.alog_event(**tick(number)) for number in range(200)))
    assert [one.event.action for one in stored if one] == [f"tick {n}" for n in range(200)]
    assert sorted(stored_ticks(tmp_path)) == list(range(200))
    assert is_whole(tmp_path)
    assert log.metrics.groups < 200


async def test_the_loop_runs_while_the_store_hangs() -> None:
    sink = GatedSink()
    sink.gate.clear()
    log = AuditLogger(sink, queue_events=1)
    tasks = [asyncio.ensure_future(log.alog_event(**tick(0)))]
    await asyncio.to_thread(sink.reached.wait)
    tasks += [asyncio.ensure_future(log.alog_event(**tick(number))) for number in (1, 2)]
    await asyncio.sleep(0)
    assert log.metrics.queued == 2
    assert not any(task.done() for task in tasks)
    sink.gate.set()
    assert [one.seq for one in await asyncio.gather(*tasks) if one] == [0, 1, 2]
    log.close()


async def test_who_waits_is_told_what_failed_and_nobody_else() -> None:
    told, on_error = given_up()
    log = AuditLogger(GatedSink(ChainBroken("tampered")), on_error=on_error)
    with pytest.raises(ChainBroken, match="tampered"):
        await log.alog_event(**tick(0))
    with pytest.raises(EventRefused):
        await log.alog_event(**tick(1, ip_address="nowhere"))
    assert told == []
    log.close()


async def test_a_task_is_told_when_the_logger_is_closed() -> None:
    log = AuditLogger(MemorySink(CHAIN))
    log.close()
    with pytest.raises(SinkUnavailable, match="the logger is closed"):
        await log.alog_event(**tick(0))


async def test_a_cancelled_task_loses_no_event() -> None:
    sink = GatedSink()
    log = busy(sink)
    task = asyncio.ensure_future(log.alog_event(**tick(1)))
    await asyncio.sleep(0)
    assert log.metrics.queued == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    sink.gate.set()
    log.close()
    assert numbers(sink) == [0, 1]


# --- a logger that does nothing ---------------------------------------------------------


async def test_a_disabled_logger_does_nothing() -> None:
    with AuditLogger.disabled() as log, log.context(user_id="alice"):
        assert log.log_auth_attempt("alice", success=True, ip_address="nowhere") is None
        assert log.log_events([tick(0)]) == ()
        assert await log.alog_event(**tick(0)) is None
        assert await log.aio.log_workflow_delete("wf-1") is None
        log.flush()
    assert log.metrics.written == 0


def test_a_disabled_logger_stores_nothing_in_its_sink() -> None:
    log = AuditLogger.disabled()
    log.sink.append(lambda _: pytest.fail("nothing is sealed"), durable=True)
    with capture_events(log) as captured:
        log.log_event(**tick(0))
    log.sink.sync()
    log.sink.close()
    assert captured == []

"""The retention of a log by the program that writes it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from audit_console.core.findings import Code
from audit_console.database import connect
from audit_console.errors import UsageError
from audit_console.integrity.verifier import verify
from audit_console.sources.archive import open_archive
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import Source
from audit_console.writer import ArchiveSink, RetentionManager
from audit_console.writer.postgres import PostgresSink
from audit_console.writer.pruning.recording import PruneStep
from tests.support.chains import CHAIN
from tests.support.effort import UNMEASURED
from tests.support.postgres import fill
from tests.support.retention import POLICY, REQUEST, aged_chain, day, plan_of, pruner, store
from tests.support.writing import sealer, unsealed

EVENTS = aged_chain(30)
PRUNED = {Code.PRUNED_PREFIX: 1, Code.PRUNE_NOT_BACKED: 1, Code.NO_CHECKPOINT: 1}


class Log(NamedTuple):
    sink: ArchiveSink | PostgresSink
    open: Callable[[], Source]


@pytest.fixture(params=["archive", "postgres"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    if request.param == "archive":
        path = store(tmp_path, EVENTS, (8, 20))
        yield Log(ArchiveSink(path, chain=CHAIN), lambda: open_archive([str(tmp_path)], keep=False))
        return
    dsn: str = request.getfixturevalue("database")
    with closing(connect(dsn)) as connection:
        fill(connection, EVENTS)
    with closing(PostgresSink(dsn, chain=CHAIN)) as sink:
        yield Log(sink, lambda: open_postgres(dsn))


def manager(log: Log, now: float, **longer: int) -> RetentionManager:
    rules = {f"user:{user.replace('_', '-')}": days for user, days in longer.items()}
    return RetentionManager(log.sink, days=10, longer=rules, clock=lambda: day(now))


@UNMEASURED
def test_what_is_previewed_is_deleted(log: Log) -> None:
    retention = manager(log, 22)
    assert retention.preview() == plan_of(EVENTS, 0, 12, 12)
    assert retention.cleanup() == 12
    assert retention.cleanup() == 0
    assert retention.preview() is None
    log.sink.append(sealer([unsealed("afterwards")]), durable=True)
    with closing(log.open()) as source:
        result = verify(source)
    assert dict(result.counts) == PRUNED
    assert [(one.first_seq, one.last_seq) for one in result.chains] == [(12, 31)]


def test_some_events_are_kept_longer(log: Log) -> None:
    assert manager(log, 22, user_4=20).cleanup() == 4
    assert manager(log, 30, user_4=20).cleanup() == 7


def test_it_cleans_up_in_the_background_until_it_is_stopped(log: Log) -> None:
    times = iter([22.0, 22.0, 25.0, 25.0])
    cleaned = threading.Event()

    def clock() -> datetime:
        now = next(times, None)
        if now is None:
            cleaned.set()
        return day(25 if now is None else now)

    retention = RetentionManager(log.sink, days=10, clock=clock)
    background = retention.start_background_cleanup(0.001)
    with pytest.raises(UsageError, match="already"):
        retention.start_background_cleanup(1)
    assert cleaned.wait(60)
    background.stop()
    assert not background.is_running
    assert retention.preview() is None
    retention.start_background_cleanup(1000).stop()


def test_what_goes_wrong_in_the_background_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = store(tmp_path, EVENTS, (8,))
    sink = ArchiveSink(path, chain=CHAIN)
    first = tmp_path / "audit.000000000000.jsonl"
    first.write_bytes(first.read_bytes().replace(b"user-3", b"user-9", 1))
    logged = threading.Event()

    class Told(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            logged.set()

    handler = Told()
    logging.getLogger("audit_console.writer").addHandler(handler)
    background = RetentionManager(sink, clock=lambda: day(200)).start_background_cleanup(1000)
    assert logged.wait(60)
    background.stop()
    logging.getLogger("audit_console.writer").removeHandler(handler)
    assert "retention deleted nothing: seq 3: its content differs" in caplog.text


def test_a_fault_of_the_program_ends_one_cleanup_and_not_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[int] = []
    again = threading.Event()

    def clock() -> datetime:
        tried.append(1)
        if len(tried) == 1:
            raise ValueError("an odd clock")
        again.set()
        return day(0)

    sink = ArchiveSink(store(tmp_path, EVENTS), chain=CHAIN)
    background = RetentionManager(sink, clock=clock).start_background_cleanup(0.001)
    assert again.wait(20)
    background.stop()
    assert "retention deleted nothing: an odd clock" in caplog.text


def test_a_cleanup_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS, (8,))
    steps = pruner(path).steps(plan_of(EVENTS, 0, 12, 12), POLICY, REQUEST, day(40))
    while next(steps) is not PruneStep.RECORDED:
        pass
    steps.close()
    assert RetentionManager(ArchiveSink(path, chain=CHAIN), clock=lambda: day(22)).cleanup() == 0
    assert dict(verify(open_archive([str(tmp_path)], keep=False)).counts) == PRUNED


@pytest.mark.parametrize("interval", [0, -1.5])
def test_an_interval_is_positive(tmp_path: Path, interval: float) -> None:
    path = store(tmp_path, EVENTS)
    with pytest.raises(UsageError, match="no interval"):
        RetentionManager(ArchiveSink(path, chain=CHAIN)).start_background_cleanup(interval)


FORKED = """
import os, sys
from audit_console.writer import ArchiveSink, RetentionManager
from tests.support.chains import CHAIN
from tests.support.retention import day

retention = RetentionManager(ArchiveSink(sys.argv[1], chain=CHAIN), clock=lambda: day(0))
background = retention.start_background_cleanup(1000)
if os.fork() == 0:
    retention.start_background_cleanup(1000).stop()
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
background.stop()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no fork")
def test_a_forked_child_has_no_background(tmp_path: Path) -> None:
    path = store(tmp_path, EVENTS)
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED, str(path)], check=True)

"""A log that is read while others write it."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Code
from audit_console.core.query.stages import Count
from audit_console.integrity.verifier import verify
from audit_console.sources.postgres import counts, open_postgres
from audit_console.sources.postgres.extent import FEW_CHAINS
from audit_console.sources.protocol import AtEvent, AtRow, Order
from audit_console.writer import AuditLogger, PostgresSink
from tests.support.chains import linked, v1_chain
from tests.support.effort import UNMEASURED
from tests.support.tables import store_v1

WRITERS, ROUNDS = 3, 6
MANY_CHAINS = """
INSERT INTO audit_events (v, chain, seq, id, recorded_at, "timestamp", event_type, action,
    resource_type, resource_id, result, previous_hash, event_hash)
SELECT 1, 'c' || n, 0, gen_random_uuid(), moment, moment, 't', 'a', 'r', 'i', 'success',
    repeat('0', 64), repeat('0', 64)
FROM generate_series(1, 40000) AS n,
    LATERAL (SELECT '2026-01-01Z'::timestamptz + n * '1 s'::interval) AS time(moment)
"""
APPENDED = 40


@UNMEASURED
def test_a_check_beside_running_writers_finds_nothing(database: str) -> None:
    begun, stop = threading.Event(), threading.Event()

    def write(name: str) -> None:
        with AuditLogger(PostgresSink(database, chain="log.example/a")) as log:
            while not stop.is_set():
                log.log_auth_attempt(name, success=True)
                begun.set()

    threads = [threading.Thread(target=write, args=(f"writer {n}",)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    sizes = []
    begun.wait()
    try:
        for _ in range(ROUNDS):
            with closing(open_postgres(database)) as source:
                result = verify(source)
                told = source.tally(EVERYTHING, by=(Count(),)).item()
            assert result.counts.keys() <= {Code.NO_CHECKPOINT, Code.EMPTY}
            assert result.verified == result.status.events == told
            sizes.append(told)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert sizes == sorted(sizes)
    assert sizes[-1] > 0


@UNMEASURED
def test_a_check_in_a_loop_beside_writing_processes_finds_nothing(database: str) -> None:
    command = [sys.executable, "-m", "tests.support.appending", database, str(APPENDED)]
    writers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(WRITERS)]
    verified = 0
    while verified < WRITERS * APPENDED:
        running = any(writer.poll() is None for writer in writers)
        with closing(open_postgres(database)) as source:
            result = verify(source)
        assert result.counts.keys() <= {Code.NO_CHECKPOINT, Code.EMPTY}
        assert result.status.events == result.verified >= verified
        verified = result.verified
        assert running or verified == WRITERS * APPENDED
    assert [writer.wait() for writer in writers] == [0] * WRITERS


def test_what_is_written_later_changes_no_row(database: str) -> None:
    chain = v1_chain(40)
    store_v1(database, chain[:30])
    with closing(open_postgres(database)) as source:
        store_v1(database, chain[30:])
        page = source.page(EVERYTHING, order=Order.NEWEST_FIRST, at=AtRow(0), limit=3)
        assert page.rows["seq"].to_list() == [29, 28, 27]
        assert source.tally(EVERYTHING, by=(Count(),)).item() == 30
        assert verify(source).verified == 30


def test_what_is_written_later_to_any_of_many_chains_changes_no_row(database: str) -> None:
    names = [f"log.example/{number}" for number in range(FEW_CHAINS + 1)]
    chains = [
        linked(replace(one, id=f"{number:08x}{one.id[8:]}") for one in v1_chain(4, chain=name))
        for number, name in enumerate(names)
    ]
    store_v1(database, [one for events in chains for one in events[:3]])
    with closing(open_postgres(database)) as source:
        store_v1(database, [one for events in chains for one in events[3:]])
        page = source.page(EVERYTHING, order=Order.NEWEST_FIRST, at=AtRow(0), limit=99)
        assert page.rows["seq"].max() == 2
        assert source.tally(EVERYTHING, by=(Count(),)).item() == 3 * len(names)
        assert verify(source).verified == 3 * len(names)


@UNMEASURED
def test_more_chains_than_a_statement_has_parameters(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(MANY_CHAINS)
    with closing(open_postgres(database)) as source:
        assert len(source.chains()) == 40_000
        page = source.page(EVERYTHING, order=Order.NEWEST_FIRST, at=AtRow(0), limit=3)
        assert page.rows["chain"].to_list() == ["c40000", "c39999", "c39998"]
        assert source.tally(EVERYTHING, by=(Count(),)).item() == 40_000


@pytest.mark.parametrize("order", Order)
def test_many_events_of_one_time_are_found_by_number(
    database: str, monkeypatch: pytest.MonkeyPatch, order: Order
) -> None:
    monkeypatch.setattr(counts, "HEAVY", 3)
    monkeypatch.setattr(counts, "STEPS", 4)
    store_v1(database, v1_chain(60))
    with closing(open_postgres(database)) as source:
        for row in (0, 1, 30, 31, 58, 59):
            found = source.page(EVERYTHING, order=order, at=AtRow(row), limit=1)
            seq = row if order is Order.OLDEST_FIRST else 59 - row
            assert found.rows["seq"].to_list() == [seq]
            again = source.page(EVERYTHING, order=order, at=AtEvent(found.rows["id"][0]), limit=1)
            assert again.first_row == row
        assert source.page(EVERYTHING, order=order, at=AtRow(60), limit=1).rows.is_empty()

"""The orchestrator's own table, as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import psycopg
import pytest

from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Code, Verdict
from audit_console.integrity.verification import Verification
from audit_console.integrity.verifier import verify
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import AtRow, Order
from tests.support.chains import (
    Entry,
    orchestrator_entry,
    orchestrator_lines,
    orchestrator_sealed,
)
from tests.support.effort import UNMEASURED
from tests.support.reading import read_whole
from tests.support.tables import store_orchestrator

VECTORS = Path(__file__).parents[2] / "vectors" / "upstream" / "single-writer.jsonl"
SOUND = {Code.WEAK_COVERAGE: 1, Code.NO_CHECKPOINT: 1}
OPEN = {Code.UNVERIFIABLE: 1, Code.WEAK_COVERAGE: 1, Code.NO_CHECKPOINT: 1}


def read(lines: list[bytes]) -> list[AuditEvent]:
    events = [decode_bytes(line) for line in lines]
    return [event for event in events if isinstance(event, AuditEvent)]


def micro_events(count: int) -> list[AuditEvent]:
    """Events of a writer whose clock has no nanoseconds, so that a table keeps all of it."""
    entries = [orchestrator_entry(number) for number in range(count)]
    cut = [entry | {"timestamp": f"{str(entry['timestamp'])[:26]}Z"} for entry in entries]
    return read(orchestrator_lines(orchestrator_sealed(cut)))


def verified(dsn: str) -> Verification:
    with closing(open_postgres(dsn)) as source:
        return verify(source)


def test_events_whose_nanoseconds_were_lost_are_unverifiable(empty_database: str) -> None:
    events = read(VECTORS.read_bytes().splitlines())
    store_orchestrator(empty_database, events)
    result = verified(empty_database)
    assert result.verdict is Verdict.INCOMPLETE
    assert result.counts == OPEN
    chain = result.chains[0]
    assert (chain.events, chain.verified, chain.failed, chain.not_checked) == (240, 0, 0, 240)
    assert chain.head_hash == events[-1].event_hash
    lost = next(one for one in result.findings if one.code is Code.UNVERIFIABLE)
    assert "precision lost in storage" in lost.message
    assert "240 events" in lost.message


UNUSUAL_DETAILS = {"null": "null", "long": json.dumps({"text": "x" * 70_000})}
"""Details of which the codec decides whether they are some."""


@UNMEASURED
@pytest.mark.parametrize("details", UNUSUAL_DETAILS.values(), ids=UNUSUAL_DETAILS)
def test_no_details_make_a_fault_of_lost_nanoseconds(empty_database: str, details: str) -> None:
    events = read(VECTORS.read_bytes().splitlines())
    store_orchestrator(empty_database, [replace(event, details=details) for event in events])
    result = verified(empty_database)
    assert result.verdict is Verdict.INCOMPLETE
    assert result.counts == OPEN
    assert result.chains[0].not_checked == 240


@UNMEASURED
@pytest.mark.parametrize("details", UNUSUAL_DETAILS.values(), ids=UNUSUAL_DETAILS)
def test_no_details_hide_that_a_hash_holds(empty_database: str, details: str) -> None:
    events = [replace(event, details=details) for event in micro_events(5)]
    store_orchestrator(empty_database, events)
    result = verified(empty_database)
    assert result.counts == SOUND
    assert result.verified == 5


@pytest.mark.parametrize("details", ["[1,2]", '"text"', "7"])
def test_details_that_are_no_object_are_told_as_such(empty_database: str, details: str) -> None:
    events = read(VECTORS.read_bytes().splitlines())
    last = replace(events[-1], details=details)
    store_orchestrator(empty_database, [*events[:-1], last])
    assert verified(empty_database).counts == OPEN | {Code.MALFORMED: 1}


def test_events_whose_times_were_kept_are_verified(empty_database: str) -> None:
    spelled = ["2026-11-23T04:00:00Z", "2026-11-23T04:00:01.250Z", "2026-11-23T04:00:02.000001Z"]
    entries = [orchestrator_entry(n) | {"timestamp": time} for n, time in enumerate(spelled)]
    store_orchestrator(empty_database, read(orchestrator_lines(orchestrator_sealed(entries))))
    result = verified(empty_database)
    assert result.counts == {code: 1 for code in OPEN if code is not Code.UNVERIFIABLE}
    assert result.verified == 3


def test_a_deleted_event_breaks_the_link_behind_it(empty_database: str) -> None:
    events = read(VECTORS.read_bytes().splitlines())
    store_orchestrator(empty_database, events[:100] + events[101:])
    result = verified(empty_database)
    assert result.verdict is Verdict.FAIL
    assert result.counts == OPEN | {Code.PREVIOUS_HASH_MISMATCH: 1}
    with closing(open_postgres(empty_database)) as source:
        read_whole(source)
        rows = source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=300).rows
    assert rows.filter(rows["check"] == "broken")["id"].to_list() == [events[101].id]


def test_events_of_one_time_are_checked_in_the_order_of_their_links(empty_database: str) -> None:
    events = micro_events(200)
    rng = Random(5)
    moment = events[0].timestamp
    jumbled = [
        replace(event, timestamp=events[max(0, number - rng.randrange(9))].timestamp)
        for number, event in enumerate(events)
    ]
    assert jumbled[1].timestamp >= moment
    store_orchestrator(empty_database, jumbled)
    assert verified(empty_database).counts == OPEN


def micro_entries(count: int, first: int = 0) -> list[Entry]:
    """Unsealed events, two seconds apart, of a clock without nanoseconds."""
    entries = [orchestrator_entry(first + 2 * number) for number in range(count)]
    return [entry | {"timestamp": f"{str(entry['timestamp'])[:26]}Z"} for entry in entries]


def test_two_processes_that_write_at_once_are_two_beginnings_and_no_fork(
    empty_database: str,
) -> None:
    one, other = (orchestrator_sealed(micro_entries(40, first)) for first in (0, 1))
    store_orchestrator(empty_database, read(orchestrator_lines(one + other)))
    result = verified(empty_database)
    assert result.verdict is Verdict.INCOMPLETE
    assert result.counts == SOUND | {Code.CHAIN_RESTART: 1}
    assert result.verified == 80


def test_tasks_of_one_process_that_write_at_once_fork_and_are_told_as_such(
    empty_database: str,
) -> None:
    chain = orchestrator_sealed(micro_entries(40))
    behind = str(chain[9]["event_hash"])
    branch = orchestrator_sealed(micro_entries(5, first=21), behind)
    store_orchestrator(empty_database, read(orchestrator_lines(chain + branch)))
    result = verified(empty_database)
    assert result.counts == SOUND | {Code.FORK: 1}
    (fork,) = [one for one in result.findings if one.code is Code.FORK]
    assert "concurrent tasks" in fork.message
    assert fork.stored == behind


def test_rows_that_are_no_events_are_told_and_not_shown(empty_database: str) -> None:
    store_orchestrator(empty_database, micro_events(5))
    with psycopg.connect(empty_database) as connection:
        for number, change in enumerate(("timestamp = 'infinity'", "result = 'perhaps'")):
            connection.execute(
                f"UPDATE audit_events SET {change} WHERE action = %s".encode(),  # noqa: S608
                [f"run {number}"],
            )
    result = verified(empty_database)
    assert result.counts[Code.MALFORMED] == 2
    assert (result.status.events, result.status.malformed) == (3, 2)
    with closing(open_postgres(empty_database)) as source:
        page = source.page(EVERYTHING, order=Order.NEWEST_FIRST, at=AtRow(0), limit=9)
    assert page.matched == 3


@pytest.fixture
def reader(empty_database: str) -> Iterator[str]:
    """A user who may read the one table and nothing else."""
    store_orchestrator(empty_database, micro_events(3))
    role = f"reader_{empty_database.partition('_console_')[2][:12]}"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN".encode())
        connection.execute(f"GRANT SELECT ON audit_events TO {role}".encode())
    yield empty_database.replace("user=postgres", f"user={role}")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {role}".encode())
        connection.execute(f"DROP ROLE {role}".encode())


def test_who_may_read_the_one_table_alone_can_open_it(reader: str) -> None:
    result = verified(reader)
    assert result.verified == 3

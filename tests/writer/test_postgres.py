"""The PostgreSQL sink: what it stores, and what it does when that does not go well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace

import psycopg
import pytest
from psycopg import errors, sql

from audit_console.core.sealing import Head, SealedGroup, Unsealed
from audit_console.errors import ChainBroken, EventRefused, SinkUnavailable, UsageError
from audit_console.writer import postgres
from audit_console.writer.postgres import PostgresSink
from tests.support.chains import CHAIN
from tests.support.postgres import database_of
from tests.support.writing import sealer, stored_lines, unsealed, whole_chain

SEALED_BY_OTHERS = "SET session_replication_role = replica"
"""No trigger fires: as an attacker with all rights can have it."""


@pytest.fixture
def sink(database: str) -> Iterator[PostgresSink]:
    with closing(PostgresSink(database, chain=CHAIN)) as opened:
        yield opened


def executed(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement))


def test_chains_of_one_database_do_not_meet(sink: PostgresSink, database: str) -> None:
    with closing(PostgresSink(database, chain="other.example.org/b")) as other:
        for _ in range(3):
            sink.append(sealer([unsealed()]), durable=True)
            other.append(sealer([unsealed()], "other.example.org/b"), durable=True)
    for chain in (CHAIN, "other.example.org/b"):
        assert len(whole_chain(stored_lines(database, chain))) == 3


def test_every_text_comes_back_as_it_was(sink: PostgresSink, database: str) -> None:
    awkward = replace(
        unsealed(
            '\\ " \b\f\n\r\t\x01\x7f \u2028 😀 é',
            user_id="",
            user_agent="null",
            details='{"a": 1.0e3,"a":2, "é":"\\u00e9\\n", "n":123456789012345678901234567890}',
            ip_address="::ffff:1.2.3.4",
        ),
        timestamp="0001-01-01T00:00:00.000000Z",
    )
    (stored,) = sink.append(sealer([awkward]), durable=True)
    assert stored_lines(database) == [stored.line]


def test_what_was_not_durable_is_after_a_sync(sink: PostgresSink, database: str) -> None:
    """The server's own log tells how far it is on disk; its own flushing is put off."""
    server = "SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn"
    with psycopg.connect(database, autocommit=True) as connection:
        sink.append(sealer([unsealed()]), durable=False)
        end = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        assert end
        sink.sync()
        assert connection.execute(server, [end[0]]).fetchone() == (True,)
    sink.sync()


def test_durable_is_durable_where_the_server_does_not_care(database: str) -> None:
    """A trigger notes how each transaction will commit."""
    executed(
        database,
        f"ALTER DATABASE {database_of(database)} SET synchronous_commit = off",
        "CREATE TABLE commits (how text)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO commits SELECT current_setting('synchronous_commit'); RETURN NULL; END $$",
        "CREATE TRIGGER note AFTER INSERT ON audit_events EXECUTE FUNCTION note()",
    )
    with closing(PostgresSink(database, chain=CHAIN)) as sink:
        for durable in (True, False, True):
            sink.append(sealer([unsealed()]), durable=durable)
    with psycopg.connect(database) as connection:
        commits = connection.execute("SELECT how FROM commits").fetchall()
    assert commits == [("on",), ("off",), ("on",)]


@pytest.mark.parametrize(
    "details",
    ['{"a":"\\u0000"}', '{"a":"\\ud800"}', "[1]", '"text"', '{"a":1e999999}'],
    ids=["NUL", "surrogate", "array", "string", "number too large"],
)
def test_details_that_the_database_cannot_hold_are_refused(
    sink: PostgresSink, database: str, details: str
) -> None:
    events = [unsealed(), unsealed(details=details)]
    with pytest.raises(EventRefused, match=CHAIN):
        sink.append(sealer(events), durable=True)
    assert stored_lines(database) == []
    sink.append(sealer(events[:1]), durable=True)
    assert len(stored_lines(database)) == 1


def test_an_id_that_another_event_has_is_refused(sink: PostgresSink, database: str) -> None:
    event = unsealed()
    sink.append(sealer([event]), durable=True)
    others: list[list[Unsealed]] = [
        [replace(event, content=unsealed("another").content)],
        [event, unsealed()],
        [twin := unsealed(), twin],
    ]
    for group in others:
        with pytest.raises(EventRefused, match="same id"):
            sink.append(sealer(group), durable=True)
    assert len(whole_chain(stored_lines(database))) == 1


def test_a_group_that_is_appended_again_is_stored_once(sink: PostgresSink, database: str) -> None:
    group = [unsealed("a"), unsealed("b")]
    stored = sink.append(sealer(group), durable=True)
    sink.append(sealer([unsealed("c")]), durable=True)
    assert sink.append(sealer(group), durable=True) == stored
    assert len(whole_chain(stored_lines(database))) == 3


@pytest.mark.parametrize(
    "tamper",
    [
        "DELETE FROM audit_events WHERE seq = 2",
        "UPDATE audit_events SET action = 'nothing' WHERE seq = 2",
        "UPDATE audit_events SET event_hash = repeat('0', 64) WHERE seq = 2",
        "UPDATE audit_chain_heads SET event_hash = repeat('0', 64)",
        "UPDATE audit_chain_heads SET seq = 1",
        "UPDATE audit_chain_heads SET seq = NULL, event_hash = NULL, recorded_at = NULL",
        "DELETE FROM audit_events",
        "DELETE FROM audit_chain_heads",
    ],
)
def test_nothing_is_put_behind_a_head_that_does_not_verify(
    sink: PostgresSink, database: str, tamper: str
) -> None:
    sink.append(sealer([unsealed(), unsealed(), unsealed()]), durable=True)
    executed(database, SEALED_BY_OTHERS, tamper)
    before = stored_lines(database)
    with pytest.raises(ChainBroken, match="nothing is put after it"):
        sink.append(sealer([unsealed()]), durable=True)
    assert stored_lines(database) == before


def test_an_event_that_comes_in_beside_the_lock_is_seen(sink: PostgresSink, database: str) -> None:
    """Between the look at the last event and the insert, by somebody who takes no lock."""
    sink.append(sealer([unsealed()]), durable=True)

    def seal_late(head: Head | None) -> SealedGroup:
        executed(
            database,
            "INSERT INTO audit_events SELECT v, chain, 1, gen_random_uuid(), recorded_at,"
            ' "timestamp", event_type, user_id, action, resource_type, resource_id, result,'
            " result_error, details, ip_address, user_agent, request_id, event_hash, event_hash"
            " FROM audit_events",
        )
        return sealer([unsealed()])(head)

    with pytest.raises(ChainBroken, match="after its head"):
        sink.append(seal_late, durable=True)


def test_a_chain_that_others_hold_for_long_is_unavailable(database: str) -> None:
    impatient = f"{database}&options=-clock_timeout%3D100"
    with closing(PostgresSink(impatient, chain=CHAIN)) as sink:
        sink.append(sealer([unsealed()]), durable=True)
        with psycopg.connect(database) as holder:
            holder.execute("SELECT FROM audit_chain_heads FOR UPDATE")
            with pytest.raises(SinkUnavailable, match="lock timeout"):
                sink.append(sealer([unsealed()]), durable=True)
    assert len(whole_chain(stored_lines(database))) == 1


def test_a_connection_that_another_thread_keeps_for_long_is_unavailable(
    sink: PostgresSink,
) -> None:
    with sink._pool.connection():
        sink._pool.timeout = 0.05
        with pytest.raises(SinkUnavailable, match="couldn't get a connection"):
            sink.append(sealer([unsealed()]), durable=True)


def test_a_writer_that_hangs_in_the_middle_gives_the_chain_back(database: str) -> None:
    impatient = f"{database}&options=-cidle_in_transaction_session_timeout%3D500"
    hangs, goes_on = threading.Event(), threading.Event()

    def seal_slowly(head: Head | None) -> SealedGroup:
        if not hangs.is_set():
            hangs.set()
            goes_on.wait()
        return sealer([unsealed()])(head)

    with (
        closing(PostgresSink(impatient, chain=CHAIN)) as hanging,
        closing(PostgresSink(database, chain=CHAIN)) as other,
        ThreadPoolExecutor() as threads,
    ):
        appending = threads.submit(hanging.append, seal_slowly, durable=True)
        hangs.wait()
        other.append(sealer([unsealed()]), durable=True)
        goes_on.set()
        assert [one.seq for one in appending.result()] == [1]
    assert len(whole_chain(stored_lines(database))) == 2


def test_the_victim_of_a_deadlock_tries_again(database: str) -> None:
    """Another transaction has the event's id and wants the head; the sink has it the other way."""
    event = unsealed()
    (other,) = sealer([event], "other.example.org/b")(None)
    insert = "INSERT INTO audit_events SELECT * FROM json_populate_record(NULL::audit_events, %s)"
    waiting = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
    executed(database, f"ALTER DATABASE {database_of(database)} SET deadlock_timeout = '10ms'")
    calls: list[Head | None] = []
    with (
        closing(PostgresSink(database, chain=CHAIN)) as sink,
        psycopg.connect(database) as rival,
        psycopg.connect(database, autocommit=True) as watcher,
        ThreadPoolExecutor() as threads,
    ):

        def want_the_head() -> None:
            with suppress(errors.QueryCanceled):
                rival.execute("SELECT FROM audit_chain_heads FOR UPDATE")
            rival.rollback()

        def seal(head: Head | None) -> SealedGroup:
            calls.append(head)
            if len(calls) == 1:
                threads.submit(want_the_head)
                while watcher.execute(waiting, [rival.info.backend_pid]).fetchone() is None:
                    pass
            else:  # a rival that wakes up late finds the head taken again, and would wait for ever
                rival.cancel_safe()
            return sealer([event])(head)

        sink.append(sealer([unsealed()]), durable=True)
        rival.execute("SET deadlock_timeout = '1h'")
        rival.execute(insert, [other.line])
        sink.append(seal, durable=True)
    assert len(calls) > 1
    assert len(whole_chain(stored_lines(database))) == 2


def test_a_database_that_is_serializable_and_read_only_by_default_makes_no_difference(
    database: str,
) -> None:
    name = database_of(database)
    executed(
        database,
        f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'",
        f"ALTER DATABASE {name} SET default_transaction_read_only = on",
    )

    def append_some(sink: PostgresSink) -> None:
        for _ in range(20):
            sink.append(sealer([unsealed()]), durable=True)

    with (
        closing(PostgresSink(database, chain=CHAIN)) as one,
        closing(PostgresSink(database, chain=CHAIN)) as other,
        ThreadPoolExecutor() as threads,
    ):
        list(threads.map(append_some, [one, other]))
    assert len(whole_chain(stored_lines(database))) == 40


def test_a_database_without_the_schema_says_how_to_make_it(empty_database: str) -> None:
    with (
        closing(PostgresSink(empty_database, chain=CHAIN)) as sink,
        pytest.raises(SinkUnavailable, match="does not exist") as caught,
    ):
        sink.append(sealer([unsealed()]), durable=True)
    assert "audit-console migrate" in caught.value.hint


def test_a_user_without_the_role_is_told_which_one(database: str) -> None:
    without = f"{database}&options=-crole%3Daudit_reader"
    with (
        closing(PostgresSink(without, chain=CHAIN)) as sink,
        pytest.raises(SinkUnavailable, match="permission denied") as caught,
    ):
        sink.append(sealer([unsealed()]), durable=True)
    assert "audit_writer" in caught.value.hint


def test_the_role_of_writers_suffices(database: str) -> None:
    with closing(PostgresSink(f"{database}&options=-crole%3Daudit_writer", chain=CHAIN)) as sink:
        for _ in range(2):
            sink.append(sealer([unsealed()]), durable=False)
        sink.sync()
    assert len(whole_chain(stored_lines(database))) == 2


def test_a_server_that_is_not_there_is_unavailable_without_a_word_of_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", 0.1)
    dsn = "postgresql://bob:hunter2@127.0.0.1:1/audit"
    with (
        closing(PostgresSink(dsn, chain=CHAIN)) as sink,
        pytest.raises(SinkUnavailable, match="refused") as caught,
    ):
        sink.append(sealer([unsealed()]), durable=True)
    assert "hunter2" not in str(caught.value)


def test_a_dsn_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="not a PostgreSQL connection string"):
        PostgresSink("host='x", chain=CHAIN)

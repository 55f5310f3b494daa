"""A server that refuses, is slow, dies or is asked no longer: said in one line, nothing hangs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from time import sleep

import psycopg
import pytest

from audit_console.core.filters import EVERYTHING
from audit_console.core.query.stages import Count, Top
from audit_console.embedded import EmbeddedServer
from audit_console.errors import NotAnAuditLog, SourceError, SourceNotFound, SourceUnreadable
from audit_console.integrity.verifier import verify
from audit_console.migrate import migrate
from audit_console.sources.cancelling import Cancellation
from audit_console.sources.postgres import connections, open_postgres, reading
from audit_console.sources.postgres.connections import Connections
from audit_console.sources.protocol import AtRow, Order, Source
from tests.support.chains import rehashed, v1_chain
from tests.support.effort import UNMEASURED
from tests.support.postgres import database_of
from tests.support.tables import store_v1

OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@pytest.fixture
def asked(database: str) -> Iterator[Connections]:
    with closing(Connections(database)) as made:
        yield made


def first_page(source: Source) -> int:
    return source.page(EVERYTHING, order=Order.OLDEST_FIRST, at=AtRow(0), limit=5).rows.height


def test_no_question_can_write(asked: Connections) -> None:
    with pytest.raises(SourceUnreadable, match="read-only"), asked.question() as connection:
        connection.execute("INSERT INTO public.audit_chain_heads (chain) VALUES ('x')")
    with asked.question() as connection:
        connection.execute("COMMIT")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("INSERT INTO public.audit_chain_heads (chain) VALUES ('x')")


def test_a_question_that_takes_too_long_ends(
    asked: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections._SETTINGS, "statement_timeout", "20ms")
    with (
        pytest.raises(SourceUnreadable, match="took longer") as caught,
        asked.question() as connection,
    ):
        connection.execute("SELECT pg_sleep(60)")
    assert "Narrow the filter" in caught.value.hint
    with asked.question(endless=True) as connection:
        connection.execute("SELECT pg_sleep(0.05)")


def _sleeping(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(ASLEEP).fetchone()
    return row[0] if row else 0


def test_a_question_that_is_taken_back_ends_on_the_server(
    asked: Connections, database: str
) -> None:
    cancellation = Cancellation()

    def ask() -> None:
        with cancellation.covers(), asked.question() as connection:
            connection.execute("SELECT pg_sleep(60)")

    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(ask)
        while not _sleeping(database):
            assert not answer.done()
        cancellation.cancel()
        assert isinstance(answer.exception(), SourceUnreadable)
    assert _sleeping(database) == 0
    with pytest.raises(SourceUnreadable, match="taken back"):
        ask()
    with asked.question() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@UNMEASURED
def test_a_reading_that_is_closed_ends_on_the_server(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_v1(database, v1_chain(3_000))
    monkeypatch.setattr(reading, "FIRST_BATCH_BYTES", 1_000)
    monkeypatch.setattr(reading, "BATCH_BYTES", 1_000)
    with closing(open_postgres(database)) as source:
        batches = source.batches()
        next(batches)
        batches.close()
        assert source.status.stopped
        assert first_page(source) == 5


@UNMEASURED
def test_a_server_that_dies_is_said_and_found_again(
    own_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(own_server.dsn)
    store_v1(own_server.dsn, v1_chain(3_000))
    monkeypatch.setattr(reading, "FIRST_BATCH_BYTES", 1_000)
    monkeypatch.setattr(reading, "BATCH_BYTES", 1_000)
    with closing(open_postgres(own_server.dsn)) as source:
        assert first_page(source) == 5
        batches = source.batches()
        next(batches)
        own_server.stop()
        with pytest.raises(SourceUnreadable, match="was lost") as caught:
            list(batches)
        assert "Ask again" in caught.value.hint
        assert source.status.stopped
        with pytest.raises(SourceUnreadable, match="no connection"):
            first_page(source)
        own_server.start()
        assert first_page(source) == 5
        assert source.tally(EVERYTHING, by=(Count(),)).item() == 3_000


def test_a_connection_that_cannot_be_used_is_closed(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections._SETTINGS, "no_such_setting", "on")
    with pytest.raises(SourceUnreadable) as caught:
        open_postgres(database)
    assert "no_such_setting" in str(caught.value)
    with psycopg.connect(database, autocommit=True) as connection:
        for _ in range(200):  # the server needs a moment to see that it is closed
            others = connection.execute(OTHERS).fetchone()
            if others == (0,):
                break
            sleep(0.05)
    assert others == (0,)


def test_a_closed_source_answers_no_more(database: str) -> None:
    source = open_postgres(database)
    source.close()
    with pytest.raises(SourceUnreadable, match="closed"):
        first_page(source)


@pytest.mark.parametrize("encoding", ["LATIN1", "SJIS"])
def test_the_encoding_of_a_user_changes_no_text(
    database: str, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    events = v1_chain(5)
    last = rehashed(replace(events[-1], action="größer als 日本語 ✔"))
    store_v1(database, [*events[:-1], last])
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    with closing(open_postgres(database)) as source:
        assert verify(source).verified == 5
        assert last.action in source.tally(EVERYTHING, by=[Top("action")])["action"]


def test_an_empty_table_is_a_log_without_events(database: str) -> None:
    with closing(open_postgres(database)) as source:
        assert first_page(source) == 0
        assert source.tally(EVERYTHING, by=(Count(),)).item() == 0
        assert [batch.events.height for batch in source.batches()] == []
        assert source.status.complete
        assert source.status.first is None


def test_a_database_without_the_table(empty_database: str) -> None:
    with pytest.raises(SourceNotFound, match="no table audit_events"):
        open_postgres(empty_database)


def test_a_table_of_something_else(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("CREATE TABLE audit_events (id uuid, timestamp timestamptz)")
    with pytest.raises(NotAnAuditLog, match="no column event_type"):
        open_postgres(empty_database)


def test_a_table_that_may_not_be_read(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS nobody_here")
        connection.execute("CREATE ROLE nobody_here LOGIN")
        try:
            with pytest.raises(SourceUnreadable, match="may not be read") as caught:
                open_postgres(database.replace("user=postgres", "user=nobody_here"))
        finally:
            connection.execute("DROP ROLE nobody_here")
    assert "GRANT SELECT" in caught.value.hint


def test_a_table_of_which_a_policy_hides_rows_is_not_taken_for_the_log(database: str) -> None:
    user = f"some_rows_{database_of(database)[-12:]}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN".encode())
        connection.execute(f"GRANT audit_reader TO {user}".encode())
        connection.execute("ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY")
        connection.execute("CREATE POLICY own ON audit_events USING (user_id = 'alice')")
        as_user = database.replace("user=postgres", f"user={user}")
        try:
            with pytest.raises(SourceUnreadable, match="only a part of it") as caught:
                open_postgres(as_user)
            assert "BYPASSRLS" in caught.value.hint
            connection.execute(f"ALTER ROLE {user} BYPASSRLS".encode())
            open_postgres(as_user).close()
        finally:
            connection.execute(f"DROP OWNED BY {user}".encode())
            connection.execute(f"DROP ROLE {user}".encode())


def test_what_may_not_be_read_beside_the_log_is_not_taken_for_none(database: str) -> None:
    user = f"no_holds_{database_of(database)[-12:]}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN".encode())
        connection.execute(f"GRANT SELECT ON audit_events TO {user}".encode())
        try:
            with closing(
                open_postgres(database.replace("user=postgres", f"user={user}"))
            ) as source:
                for read, what, table in (
                    (source.hold_changes, "legal holds", "audit_holds"),
                    (source.prune_records, "prune records", "audit_prunes"),
                    (source.checkpoints, "checkpoints", "audit_checkpoints"),
                ):
                    with pytest.raises(SourceUnreadable, match=f"{what} of .* may not") as caught:
                        read()
                    assert f"GRANT SELECT ON {table}" in caught.value.hint
        finally:
            connection.execute(f"DROP OWNED BY {user}".encode())
            connection.execute(f"DROP ROLE {user}".encode())


def test_a_log_without_a_table_of_holds_has_none(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP TABLE audit_holds CASCADE")
    with closing(open_postgres(database)) as source:
        assert source.hold_changes() == []


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (("user=postgres", "user=nobody"), SourceUnreadable, "role"),
        (("audit_console_", "no_such_"), SourceNotFound, "no such database"),
        (("data", "nowhere"), SourceUnreadable, "no connection"),
    ],
)
def test_a_server_that_lets_nobody_in(
    database: str, change: tuple[str, str], error: type[SourceError], text: str
) -> None:
    dsn = f"{database.replace(*change)}&password=hunter2"
    with pytest.raises(error, match=text) as caught:
        open_postgres(dsn)
    assert caught.value.hint
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert caught.value.__cause__ is None


def test_a_label_has_no_password(database: str) -> None:
    with closing(open_postgres(f"{database}&password=hunter2")) as source:
        assert "hunter2" not in source.label

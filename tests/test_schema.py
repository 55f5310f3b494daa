"""The schema itself: what it prints, what it holds, and what it lets nobody do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import errors, sql

from audit_console.core.codec import V1_KEYS, encode_line
from audit_console.core.event import AuditEvent
from audit_console.migrate import known_migrations, migrate
from tests.support.chains import CHAIN, v1_chain
from tests.support.effort import UNMEASURED, examples
from tests.support.postgres import INSERT, fill, new_database
from tests.support.strategies import v1_events

VECTORS = Path(__file__).parent / "vectors" / "v1" / "audit.jsonl"
PRINT = "SELECT audit_event_line(e) FROM audit_events e ORDER BY chain, seq"


@pytest.fixture(scope="module")
def printing(postgres_server: str) -> Iterator[psycopg.Connection]:
    """A connection to a schema that is only read."""
    with new_database(postgres_server) as dsn:
        migrate(dsn)
        with closing(psycopg.connect(dsn, autocommit=True)) as connection:
            connection.execute("SET timezone = 'Asia/Kathmandu'")
            yield connection


@pytest.fixture
def filled(database: str) -> Iterator[psycopg.Connection]:
    """The owner's connection to a chain of ten events."""
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        fill(connection, v1_chain(10))
        yield connection


def columns_of(event: AuditEvent) -> list[object]:
    return [1, *(getattr(event, key) for key in V1_KEYS[1:])]


def storable(event: AuditEvent) -> AuditEvent:
    """Take out what PostgreSQL cannot hold, as the writer does, and give it a proper id."""
    texts = {
        key: value.replace("\0", "\ufffd")
        for key in V1_KEYS
        if isinstance(value := getattr(event, key, None), str)
    }
    return replace(event, **{**texts, "id": str(UUID(int=event.seq or 0))})  # type: ignore[arg-type]


@examples(20)
@given(st.lists(v1_events().map(storable), min_size=20, max_size=20))
def test_sql_prints_the_line_that_the_encoder_prints(
    printing: psycopg.Connection, events: list[AuditEvent]
) -> None:
    row = sql.SQL("(ROW({})::audit_events)").format(
        sql.SQL(", ").join(sql.Placeholder() * len(V1_KEYS))
    )
    query = sql.SQL("SELECT audit_event_line({})").format(row)
    with printing.pipeline():
        printed = [printing.execute(query, columns_of(event)) for event in events]
        for cursor, event in zip(printed, events, strict=True):
            assert cursor.fetchone() == (encode_line(event),)


def test_the_vectors_come_back_byte_for_byte(database: str) -> None:
    lines = VECTORS.read_text(encoding="utf-8").split("\n")[:-1]
    with psycopg.connect(database) as connection:
        connection.execute(INSERT, [f"[{','.join(lines)}]"])
        assert [line for (line,) in connection.execute(PRINT)] == lines


def test_the_line_is_an_expression_of_the_query_and_no_call(filled: psycopg.Connection) -> None:
    plan = filled.execute("EXPLAIN (VERBOSE, FORMAT json) " + PRINT).fetchone()
    assert "audit_event_line" not in json.dumps(plan)


@UNMEASURED
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"v": 2}, "audit_events_v_check"),
        ({"seq": -1}, "audit_events_seq_check"),
        ({"seq": 9}, "audit_events_pkey"),
        ({"id": v1_chain(1)[0].id}, "audit_events_id_key"),
        ({"previous_hash": v1_chain(3)[2].event_hash}, "audit_events_no_fork"),
        ({"result": "maybe"}, "audit_events_result_check"),
        ({"details": [1]}, "audit_events_details_check"),
        ({"event_hash": "00"}, "audit_events_event_hash_check"),
        ({"previous_hash": "00"}, "audit_events_previous_hash_check"),
        ({"timestamp": "infinity"}, "audit_events_years"),
        ({"recorded_at": "0001-01-01 00:00:00+00 BC"}, "audit_events_years"),
    ],
)
def test_what_is_no_event_of_a_chain_is_not_taken(
    filled: psycopg.Connection, change: dict[str, object], constraint: str
) -> None:
    entry = json.loads(encode_line(v1_chain(11)[10])) | change
    with pytest.raises(psycopg.IntegrityError) as caught:
        filled.execute(INSERT, [json.dumps([entry])])
    assert caught.value.diag.constraint_name == constraint


TABLES = ("audit_events", "audit_chain_heads", "audit_checkpoints", "audit_prunes", "audit_holds")
CHANGES = [
    *(f"{verb} {table}" for verb in ("TRUNCATE", "DELETE FROM") for table in TABLES),
    "UPDATE audit_events SET action = action",
    "UPDATE audit_checkpoints SET note = note",
    "UPDATE audit_prunes SET record = record",
    "UPDATE audit_holds SET change = change",
    "UPDATE audit_chain_heads SET seq = 3",
    "UPDATE audit_chain_heads SET seq = 11",
    "UPDATE audit_chain_heads SET seq = NULL, event_hash = NULL, recorded_at = NULL",
    "UPDATE audit_chain_heads SET chain = 'other'",
]
ROLES = ("postgres", "audit_writer", "audit_reader", "audit_retention")


@pytest.mark.parametrize("role", ROLES)
def test_nobody_changes_what_is_stored(filled: psycopg.Connection, role: str) -> None:
    filled.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    for change in CHANGES:
        with pytest.raises(errors.InsufficientPrivilege):
            filled.execute(sql.SQL(change))


INSERTS = {
    "audit_events": "INSERT INTO audit_events SELECT * FROM audit_events LIMIT 0",
    "audit_chain_heads": "INSERT INTO audit_chain_heads (chain) VALUES ('new')",
    "audit_checkpoints": "INSERT INTO audit_checkpoints (chain, size, note) VALUES ('a', 1, 'n')",
    "audit_prunes": "INSERT INTO audit_prunes VALUES ('a', 1, '{}')",
    "audit_holds": "INSERT INTO audit_holds (change) VALUES ('{}')",
}


@pytest.mark.parametrize(
    ("role", "tables"),
    [
        ("audit_reader", set()),
        ("audit_writer", {"audit_events", "audit_chain_heads", "audit_checkpoints"}),
        ("audit_retention", set(TABLES)),
    ],
)
def test_a_role_reads_everything_and_adds_where_it_may(
    filled: psycopg.Connection, role: str, tables: set[str]
) -> None:
    filled.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    for table, insert in INSERTS.items():
        filled.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
        if table in tables:
            filled.execute(sql.SQL(insert))
        else:
            with pytest.raises(errors.InsufficientPrivilege):
                filled.execute(sql.SQL(insert))


def test_a_writer_cannot_begin_a_chain_in_its_middle(filled: psycopg.Connection) -> None:
    filled.execute("SET ROLE audit_writer")
    with pytest.raises(errors.InsufficientPrivilege):
        filled.execute("INSERT INTO audit_chain_heads VALUES ('new', 7, '', now())")


def pruned(connection: psycopg.Connection, boundary: int) -> int:
    connection.execute("INSERT INTO audit_prunes VALUES (%s, %s, '{}')", [CHAIN, boundary])
    row = connection.execute("SELECT audit_prune_events(%s)", [CHAIN]).fetchone()
    assert row
    return int(row[0])


def test_the_retention_role_deletes_what_a_prune_record_covers(filled: psycopg.Connection) -> None:
    filled.execute("SET ROLE audit_retention")
    assert pruned(filled, 4) == 4
    assert pruned(filled, 9) == 5
    assert filled.execute("SELECT array_agg(seq) FROM audit_events").fetchone() == ([9],)


def test_batches_go_below_the_boundary_alone(filled: psycopg.Connection) -> None:
    filled.execute("SET ROLE audit_retention")
    filled.execute("INSERT INTO audit_prunes VALUES (%s, 6, '{}')", [CHAIN])
    batches = [(0, 3, 3), (0, 3, 0), (3, 100, 3), (6, 100, 0)]
    for first, end, deleted in batches:
        row = filled.execute("SELECT audit_prune_events(%s, %s, %s)", [CHAIN, first, end])
        assert row.fetchone() == (deleted,)


@pytest.mark.parametrize("role", ["audit_writer", "audit_reader"])
def test_others_do_not_prune(filled: psycopg.Connection, role: str) -> None:
    filled.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    with pytest.raises(errors.InsufficientPrivilege):
        filled.execute("SELECT audit_prune_events(%s)", [CHAIN])


def test_the_newest_event_stays_and_nothing_goes_without_a_record(
    filled: psycopg.Connection,
) -> None:
    with pytest.raises(errors.RaiseException, match="leaves its newest event"):
        filled.execute("SELECT audit_prune_events(%s)", [CHAIN])
    for boundary in (10, 2**62):
        with pytest.raises(errors.RaiseException, match="leaves its newest event"):
            pruned(filled, boundary)
    assert filled.execute("SELECT count(*) FROM audit_events").fetchone() == (10,)


def prune(connection: psycopg.Connection, first: int, end: int) -> int:
    row = connection.execute("SELECT audit_prune_events(%s, %s, %s)", [CHAIN, first, end])
    deleted = row.fetchone()
    assert deleted
    return int(deleted[0])


def seqs(connection: psycopg.Connection) -> list[int]:
    return [seq for (seq,) in connection.execute("SELECT seq FROM audit_events ORDER BY seq")]


@pytest.mark.parametrize("role", ["postgres", "audit_retention"])
def test_only_the_beginning_of_a_chain_is_deleted(filled: psycopg.Connection, role: str) -> None:
    filled.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    filled.execute("INSERT INTO audit_prunes VALUES (%s, 9, '{}')", [CHAIN])
    for first, end in ((1, 9), (5, 7), (8, 9)):
        with pytest.raises(errors.InsufficientPrivilege, match="only the beginning"):
            prune(filled, first, end)
    assert prune(filled, 0, 2) == 2
    with pytest.raises(errors.InsufficientPrivilege, match="only the beginning"):
        prune(filled, 3, 9)
    assert prune(filled, 2, 9) == 7
    assert seqs(filled) == [9]


def test_a_hole_lets_nothing_behind_it_go(filled: psycopg.Connection) -> None:
    with filled.transaction():
        filled.execute("SET LOCAL session_replication_role = replica")
        filled.execute("DELETE FROM audit_events WHERE seq = 4")
    filled.execute("INSERT INTO audit_prunes VALUES (%s, 9, '{}')", [CHAIN])
    with pytest.raises(errors.InsufficientPrivilege, match="only the beginning"):
        prune(filled, 5, 9)
    assert prune(filled, 0, 9) == 8


def test_a_chain_is_deleted_beside_another(filled: psycopg.Connection) -> None:
    other = [replace(one, id=str(UUID(int=99 - number))) for number, one in enumerate(v1_chain(4))]
    fill(filled, [replace(event, chain="other") for event in other])
    filled.execute("INSERT INTO audit_prunes VALUES (%s, 9, '{}'), ('other', 3, '{}')", [CHAIN])
    assert prune(filled, 0, 9) == 9
    with pytest.raises(errors.InsufficientPrivilege, match="only the beginning of other"):
        filled.execute("SELECT audit_prune_events('other', 1, 3)")
    assert filled.execute("SELECT audit_prune_events('other')").fetchone() == (3,)


DELETIONS = (
    "DELETE FROM audit_events WHERE seq = 5",
    "DELETE FROM audit_events WHERE seq < 3",
    "DO $$ BEGIN DELETE FROM audit_events WHERE seq < 3; END $$",
    "INSERT INTO audit_chain_starts VALUES ('other', 5)",
    "UPDATE audit_chain_starts SET first_seq = 5",
    "DELETE FROM audit_chain_starts",
    "TRUNCATE audit_chain_starts",
)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_deletes_beside_the_function(filled: psycopg.Connection, role: str) -> None:
    assert pruned(filled, 1) == 1
    filled.execute("INSERT INTO audit_prunes VALUES (%s, 9, '{}')", [CHAIN])
    filled.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    for deletion in DELETIONS:
        with pytest.raises(errors.InsufficientPrivilege):
            filled.execute(sql.SQL(deletion))


def test_who_was_granted_deletion_by_mistake_deletes_nothing(filled: psycopg.Connection) -> None:
    filled.execute("GRANT DELETE ON audit_events TO audit_writer")
    filled.execute("INSERT INTO audit_prunes VALUES (%s, 9, '{}')", [CHAIN])
    filled.execute("SET ROLE audit_writer")
    with pytest.raises(errors.InsufficientPrivilege, match="only audit_prune_events deletes"):
        filled.execute("DELETE FROM audit_events WHERE seq < 3")


def test_a_database_that_was_pruned_before_goes_on(empty_database: str) -> None:
    known = known_migrations()
    deletion = [migration.name for migration in known].index("deletion")
    migrate(empty_database, migrations=known[:deletion])
    with closing(psycopg.connect(empty_database, autocommit=True)) as connection:
        fill(connection, v1_chain(10))
        assert pruned(connection, 4) == 4
        migrate(empty_database)
        assert pruned(connection, 9) == 5


@pytest.mark.parametrize(("order", "sign"), [("", ">"), (" DESC", "<")])
def test_a_page_in_either_direction_is_a_walk_along_an_index(
    filled: psycopg.Connection, order: str, sign: str
) -> None:
    for way in ("seqscan", "bitmapscan", "sort"):
        filled.execute(sql.SQL("SET enable_{} = off").format(sql.SQL(way)))
    keys = sql.SQL('("timestamp", chain, seq)')
    page = sql.SQL(
        "EXPLAIN (FORMAT json) SELECT * FROM audit_events WHERE {} {} (now(), 'a', 1)"
        ' ORDER BY "timestamp"{o}, chain{o}, seq{o} LIMIT 50'
    ).format(keys, sql.SQL(sign), o=sql.SQL(order))
    plan = json.dumps(filled.execute(page).fetchone())
    assert "audit_events_time" in plan
    assert '"Sort"' not in plan


@pytest.mark.parametrize(
    "path", ['$.model[*] ? (@ == "m-1")', "$.attempt[*] ? (@ == 7)"], ids=["text", "number"]
)
def test_details_are_found_by_their_index(filled: psycopg.Connection, path: str) -> None:
    filled.execute("SET enable_seqscan = off")
    query = "SELECT seq FROM audit_events WHERE details::jsonb @? %s::jsonpath"
    plan = filled.execute(f"EXPLAIN (FORMAT json) {query}", [path]).fetchone()
    assert "audit_events_details" in json.dumps(plan)
    found = [seq for (seq,) in filled.execute(query, [path])]
    assert found == ([7] if "attempt" in path else list(range(10)))

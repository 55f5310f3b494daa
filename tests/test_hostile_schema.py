"""Functions that somebody else made in the schema of a log are never run by who uses it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

import audit_console
from audit_console.core.codec import decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.core.filters import EVERYTHING
from audit_console.core.holds import HoldChange
from audit_console.core.query import parse
from audit_console.core.query.stages import Count, Timeline
from audit_console.core.timespan import Anchor, Duration
from audit_console.database import connect
from audit_console.integrity.verifier import verify
from audit_console.retention.previewing import preview
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import AtRow, AtTime, Order, Source
from audit_console.writer.postgres import PostgresSink
from audit_console.writer.pruning.postgres import PostgresPruner
from tests.support.chains import CHAIN, orchestrator_chain, orchestrator_lines
from tests.support.effort import UNMEASURED
from tests.support.postgres import database_of, fill
from tests.support.retention import POLICY, REQUEST, aged_chain, day, hold, limits, plan_of
from tests.support.tables import store_orchestrator
from tests.support.writing import sealer, stored_lines, unsealed

EVENTS = aged_chain(30)
NOW = day(40)
PLAN = plan_of(EVENTS, 0, 12, 12)
ORCHESTRATED = [
    one
    for one in map(decode_bytes, orchestrator_lines(orchestrator_chain(30)))
    if isinstance(one, AuditEvent)
]

OVERLOADS = [
    "concat_ws(text, text, text, text, text, text, text, text, text) RETURNS text",
    "convert_to(text, text) RETURNS bytea",
    "date_bin(interval, timestamptz, text) RETURNS timestamptz",
    "date_bin(text, timestamptz, timestamptz) RETURNS timestamptz",
    "host(text) RETURNS text",
    "json_build_object(text, text) RETURNS json",
    "json_populate_recordset(audit_events, text) RETURNS SETOF audit_events",
    "jsonb_path_query(jsonb, jsonpath) RETURNS SETOF jsonb",
    "num_nulls(text, bigint) RETURNS integer",
    "num_nulls(text, text, text, text) RETURNS integer",
    "pg_logical_emit_message(boolean, text, text) RETURNS pg_lsn",
    "audit_prune_events(text, smallint, smallint) RETURNS bigint",
]
"""Each fits some statement better than the function that PostgreSQL brings along, or the schema."""

OPERATORS = {
    ">=": "at_least(numeric, smallint) RETURNS boolean",
    "<=": "at_most(numeric, smallint) RETURNS boolean",
}
"""Operators of which PostgreSQL has none for exactly these types, and by what they are made."""


@contextmanager
def hostile(dsn: str) -> Iterator[None]:
    """Let a role that may make things in the schema make what ends each statement that calls it."""
    user = f"mallory_{database_of(dsn)[-12:]}"
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {user} LOGIN".encode())
        owner.execute(f"GRANT CREATE ON SCHEMA public TO {user}".encode())
        try:
            with psycopg.connect(dsn.replace("user=postgres", f"user={user}")) as mallory:
                for function in (*OVERLOADS, *OPERATORS.values()):
                    mallory.execute(
                        f"CREATE FUNCTION {function} LANGUAGE plpgsql AS $$"
                        " BEGIN RAISE EXCEPTION 'run by %', current_user; END $$".encode()
                    )
                for operator, function in OPERATORS.items():
                    mallory.execute(
                        f"CREATE OPERATOR {operator} (LEFTARG = numeric, RIGHTARG = smallint,"
                        f" FUNCTION = {function.partition('(')[0]})".encode()
                    )
            yield
        finally:
            owner.execute(f"DROP OWNED BY {user} CASCADE".encode())
            owner.execute(f"DROP ROLE {user}".encode())


QUERIES = (
    "seq:>=2 seq:<=20",
    "user:user-* -action:x hour:>=1 weekday:mon",
    "details.number:>=1 OR details.text:=x OR ip:10.0.0.0/8 OR /b+/",
    "chain:verified",
    "| timeline 1d by type",
    "| timeline 1mo",
    "| top user 3",
    "| count by resource",
    "| count by details.by",
    "| first user",
    "| sort user | limit 3",
)
"""What a screen asks, in all ways in which it becomes a statement."""


def look_at(source: Source) -> list[object]:
    """Verify, and ask all that a screen asks."""
    told: list[object] = [dict(verify(source).counts), source.checkpoints(), source.news()]
    for order in Order:
        for at in (AtRow(0), AtRow(12), AtTime(day(3))):
            page = source.page(EVERYTHING, order=order, at=at, limit=5)
            told.append(page.rows["raw"].to_list())
    for text in QUERIES:
        query = parse(text, Anchor(NOW))
        told.append(source.tally(query.where, by=query.stages or [Count()]).rows())
    together = (Count(("type",)), Timeline(Duration(1, "d"), "result"))
    told += [sorted(map(str, one.rows())) for one in source.counts(EVERYTHING, by=together)]
    told += [rows["raw"].to_list() for rows in source.in_log_order(EVERYTHING)]
    return told


def looked_at(dsn: str) -> list[object]:
    with closing(open_postgres(dsn)) as source:
        return look_at(source)


@pytest.fixture
def log(database: str) -> str:
    with closing(connect(database)) as connection:
        fill(connection, EVENTS)
        connection.execute(
            "INSERT INTO audit_checkpoints (chain, size, note) VALUES (%s, 1, 'a note')", [CHAIN]
        )
    return database


@UNMEASURED
def test_who_looks_at_a_log_runs_nobodys_functions(log: str) -> None:
    before = looked_at(log)
    with hostile(log):
        assert looked_at(log) == before
        with closing(open_postgres(log)) as source:
            assert preview(source, limits(12)).plan == PLAN


def test_who_looks_at_the_orchestrators_table_runs_nobodys_functions(empty_database: str) -> None:
    store_orchestrator(empty_database, ORCHESTRATED)
    before = looked_at(empty_database)
    with hostile(empty_database):
        assert looked_at(empty_database) == before


def test_who_writes_and_prunes_runs_nobodys_functions(log: str) -> None:
    with hostile(log):
        with closing(PostgresSink(log, chain=CHAIN)) as sink:
            sink.append(sealer([unsealed()]), durable=False)
            sink.sync()
        pruner = PostgresPruner(log, chain=CHAIN, batch_events=5)
        pruner.change_holds(HoldChange("add", hold("user:nobody")), NOW)
        list(pruner.steps(PLAN, POLICY, REQUEST, NOW))
        assert len(stored_lines(log)) == 30 - 12 + 3


SQL = re.compile(r"^\s*(WITH|SELECT|INSERT|UPDATE|DELETE|CREATE|SET) ", re.MULTILINE)
SYNTAX = {
    "AND",
    "ANY",
    "AS",
    "COALESCE",
    "EXISTS",
    "FROM",
    "IN",
    "LATERAL",
    "LEFT",
    "SELECT",
    "VALUES",
}
CALL = re.compile(r"(?<![\w.])(\w+) ?\(")
WRITERS = ("migrate.py", "writer/postgres.py", "writer/pruning/postgres_log.py")


@pytest.mark.parametrize("name", WRITERS)
def test_statements_of_writers_name_the_schema_of_what_they_call(name: str) -> None:
    tree = ast.parse((Path(audit_console.__file__).parent / name).read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    statements = [one for one in texts if isinstance(one, str) and SQL.search(one)]
    assert statements
    called = {name for one in statements for name in CALL.findall(one)}
    assert {one for one in called if not one.startswith("audit_")} <= SYNTAX

"""A real PostgreSQL: an embedded one, or that of `AUDIT_CONSOLE_TEST_DSN`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote, urlencode
from uuid import uuid4

import psycopg
from psycopg import sql

from audit_console.core.codec import encode_line
from audit_console.core.event import AuditEvent
from audit_console.database import read_dsn
from audit_console.embedded import EmbeddedServer

INSERT = "INSERT INTO audit_events SELECT * FROM json_populate_recordset(NULL::audit_events, %s)"

DSN_VARIABLE = "AUDIT_CONSOLE_TEST_DSN"


@contextmanager
def server_dsn() -> Iterator[str]:
    """Give the DSN of a server whose user may create databases and roles."""
    given = os.environ.get(DSN_VARIABLE)
    if given:
        yield given
        return
    with closing(EmbeddedServer()) as server:
        yield server.dsn


@contextmanager
def new_database(server: str, *, template: str = "template1") -> Iterator[str]:
    """Make a database for as long as the block lasts, and give its DSN.

    Its files are copied: to log each of their pages takes twice as long.
    """
    name = f"audit_console_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield with_database(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))


def with_database(dsn: str, name: str) -> str:
    """Give the DSN of another database of the same server."""
    parts = {key: value for key, value in read_dsn(dsn).items() if key != "dbname"}
    return f"postgresql:///{quote(name)}?{urlencode(parts, quote_via=quote)}"


def database_of(dsn: str) -> str:
    """Give the name of the database of a DSN."""
    return read_dsn(dsn)["dbname"]


def fill(connection: psycopg.Connection, events: list[AuditEvent]) -> None:
    """Store a chain of format v1, without a sink that would seal it anew."""
    lines = ",".join(encode_line(event) for event in events)
    last = events[-1]
    connection.execute(INSERT, [f"[{lines}]"])
    connection.execute("INSERT INTO audit_chain_heads VALUES (%s)", [last.chain])
    connection.execute(
        "UPDATE audit_chain_heads SET seq = %s, event_hash = %s, recorded_at = %s WHERE chain = %s",
        [last.seq, last.event_hash, last.recorded_at, last.chain],
    )


def wait_for_the_dead(dsn: str) -> None:
    """Wait until the server has given back the lock of a prune that was killed."""
    key = "(%s, 'audit_holds'::regclass::oid::integer)"
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        for function in ("pg_advisory_lock", "pg_advisory_unlock"):
            connection.execute(f"SELECT {function}{key}".encode(), [0x61756469])

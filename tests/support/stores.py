"""Places where a log lies, each put in with whatever an attacker left there.

A tamper is described once, as lines. What may be done to a file may be done to tables too,
by a superuser: no trigger fires and no constraint holds.

`INDEXED=1 pytest tests/integrity` opens every archive by the index that an earlier look at
it wrote.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

import psycopg

from audit_console.core.codec import V1_KEYS, decode_bytes
from audit_console.core.event import AuditEvent
from audit_console.sources.archive import open_archive
from audit_console.sources.memory import MemorySource
from audit_console.sources.postgres import open_postgres
from audit_console.sources.protocol import Source
from tests.support.chains import event
from tests.support.indexes import index_of, opened
from tests.support.places import text_of
from tests.support.postgres import new_database
from tests.support.tables import ORCHESTRATOR_TABLE, add_orchestrator, insert_rows

INDEXED = bool(os.environ.get("INDEXED"))
Texts = Sequence[str]


class Store(Protocol):
    """Keeps lines, stored checkpoints and prune records, and opens them as a log."""

    def __call__(
        self, lines: Sequence[bytes], notes: Texts = (), records: Texts = ()
    ) -> Source: ...


TABLES = ("audit_events", "audit_checkpoints", "audit_prunes")

DEFENCES = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname)
FROM pg_constraint
WHERE conrelid = ANY (%(tables)s::regclass[]) AND contype IN ('c', 'p', 'u')
UNION ALL
SELECT format('ALTER TABLE %%s ALTER COLUMN %%I DROP NOT NULL', attrelid::regclass, attname)
FROM pg_attribute
WHERE attrelid = ANY (%(tables)s::regclass[]) AND attnotnull AND attnum > 0 AND attidentity = ''
UNION ALL
SELECT 'DROP INDEX audit_events_details'
"""
"""Statements that take away what keeps rows as the format has them, keys before columns."""


def in_memory(lines: Sequence[bytes], notes: Texts = (), records: Texts = ()) -> Source:
    """Keep a log in memory."""
    return MemorySource(lines, checkpoints=notes, prune_records=records, batch_lines=5)


def archive_in(folder: Path) -> Store:
    """Keep a log as files of a folder."""

    def store(lines: Sequence[bytes], notes: Texts = (), records: Texts = ()) -> Source:
        (folder / "audit.jsonl").write_bytes(text_of(lines))
        for name, texts in (("checkpoints", notes), ("prunes", records)):
            text = "".join(f"{one}\n" for one in texts)
            (folder / f"audit.{name}.jsonl").write_text(text, encoding="utf-8")
        if INDEXED:
            index_of(folder, folder / "indexes")
            return opened(folder, folder / "indexes")
        return open_archive([str(folder)], keep=False)

    return store


class Tables:
    """Keeps logs in the tables of a database, one after the other, as its superuser likes."""

    def __init__(self, dsn: str, connection: psycopg.Connection) -> None:
        self._dsn = dsn
        self._connection = connection

    def __call__(self, lines: Sequence[bytes], notes: Texts = (), records: Texts = ()) -> Source:
        """Put a log in, and open it."""
        with self._connection.transaction():
            for table in TABLES:
                self.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
            insert_rows(self._connection, "audit_events", _rows(lines))
            insert_rows(self._connection, "audit_checkpoints", map(_note_row, notes))
            insert_rows(self._connection, "audit_prunes", map(_record_row, records))
        return self.open()

    def execute(self, statement: str) -> None:
        """Do something to the tables."""
        self._connection.execute(statement.encode())

    def open(self) -> Source:
        """Open what is there."""
        return open_postgres(self._dsn)


@contextmanager
def defenceless_tables(server: str, template: str) -> Iterator[Tables]:
    """Make the tables of a log in which no trigger fires and no constraint holds."""
    with (
        new_database(server, template=template) as dsn,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        tables = Tables(dsn, connection)
        tables.execute("SET session_replication_role = replica")
        for (statement,) in connection.execute(DEFENCES, {"tables": list(TABLES)}).fetchall():
            tables.execute(statement)
        yield tables


class OrchestratorTable:
    """Keeps the orchestrator's logs in a table as it makes it, one after the other."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def __call__(self, lines: Sequence[bytes], notes: Texts = (), records: Texts = ()) -> Source:
        """Put a log in, and open it; nothing can stand beside it."""
        assert not notes
        assert not records
        with psycopg.connect(self._dsn) as connection:
            connection.execute("DROP TABLE IF EXISTS audit_events")
            connection.execute(ORCHESTRATOR_TABLE)
            connection.execute("ALTER TABLE audit_events DROP CONSTRAINT audit_events_pkey")
        add_orchestrator(self._dsn, (_event_of(line) for line in lines))
        return open_postgres(self._dsn)


def _event_of(line: bytes) -> AuditEvent:
    """Give an event; of a line that is none, one with a result that there is none of."""
    read = decode_bytes(line)
    return read if isinstance(read, AuditEvent) else replace(event(0), result="garbage")


def _rows(lines: Sequence[bytes]) -> Iterator[dict[str, object]]:
    """Give the rows that hold what lines say; a line of blanks is no row."""
    for place, line in enumerate(lines):
        if line.strip():
            yield _row(line, place)


def _row(line: bytes, place: int) -> dict[str, object]:
    """Give a row; of a line that is no event, one with a result that there is none of."""
    read = decode_bytes(line)
    if isinstance(read, AuditEvent):
        values = {"v": 1} | asdict(read)
    elif line.startswith(b'{"v":'):
        values = json.loads(line)
        values["details"] = json.dumps(values["details"], separators=(",", ":"))
    else:
        values = {"v": 1} | asdict(event(place)) | {"result": "garbage"}
    return {key: values[key] for key in V1_KEYS}


def _note_row(stored: str) -> dict[str, object]:
    """Give the row of a stored checkpoint; one that is garbage stands there as it is."""
    try:
        note = json.loads(stored)["note"]
    except ValueError:
        note = stored
    return {"chain": "any", "size": 1, "note": note}


def _record_row(stored: str) -> dict[str, object]:
    record = json.loads(stored)
    return {"chain": record["chain"], "pruned_to": record["pruned_to"], "record": stored}

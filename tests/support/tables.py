"""Logs in tables: format v1's, and the orchestrator's as its own migrations make it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import psycopg
from psycopg import sql

from audit_console.core.event import AuditEvent

ORCHESTRATOR_TABLE = """
CREATE TABLE audit_events (
    id UUID PRIMARY KEY,
    timestamp TIMESTAMPTZ NOT NULL,
    event_type VARCHAR(50) NOT NULL,
    user_id VARCHAR(255),
    action TEXT NOT NULL,
    resource_type VARCHAR(50) NOT NULL,
    resource_id VARCHAR(255) NOT NULL,
    result VARCHAR(20) NOT NULL,
    result_error TEXT,
    details JSONB,
    ip_address INET,
    user_agent TEXT,
    request_id VARCHAR(255),
    previous_hash VARCHAR(64),
    event_hash VARCHAR(64)
);
CREATE INDEX idx_audit_timestamp ON audit_events (timestamp DESC);
CREATE INDEX idx_audit_user ON audit_events (user_id);
CREATE INDEX idx_audit_type ON audit_events (event_type);
"""

_ORCHESTRATOR = (
    *("id", "timestamp", "event_type", "user_id", "action", "resource_type", "resource_id"),
    *("result", "result_error", "details", "ip_address", "user_agent", "request_id"),
    *("previous_hash", "event_hash"),
)
_V1 = ("v", "chain", "seq", "recorded_at", *_ORCHESTRATOR)


def store_v1(dsn: str, events: Iterable[AuditEvent]) -> None:
    """Put events into the table of format v1 as they are, right or wrong."""
    _store(dsn, _V1, [{"v": 1} | asdict(event) for event in events])


def store_orchestrator(dsn: str, events: Iterable[AuditEvent]) -> None:
    """Make the orchestrator's table and put events into it, as its writer does."""
    with psycopg.connect(dsn) as connection:
        connection.execute(ORCHESTRATOR_TABLE)
    add_orchestrator(dsn, events)


def add_orchestrator(dsn: str, events: Iterable[AuditEvent]) -> None:
    """Put more events into the orchestrator's table."""
    rows = [asdict(event) for event in events]
    _store(dsn, _ORCHESTRATOR, [row | {"ip_address": row["ip_address"] or None} for row in rows])


def _store(dsn: str, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    with psycopg.connect(dsn) as connection:
        insert_rows(
            connection, "audit_events", [{key: row[key] for key in columns} for row in rows]
        )


def insert_rows(
    connection: psycopg.Connection, table: str, rows: Iterable[Mapping[str, object]]
) -> None:
    """Put rows into a table; all of them have the columns of the first."""
    rows = list(rows)
    if not rows:
        return
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, rows[0])),
        sql.SQL(", ").join(map(sql.Placeholder, rows[0])),
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)

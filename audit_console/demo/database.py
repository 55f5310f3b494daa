"""The tampered log in a table, as it would be after somebody with all rights was there."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter

from psycopg import sql

from audit_console.core.event import AuditEvent
from audit_console.database import connect
from audit_console.demo.tampers import tampered_events

_COLUMNS = [field.name for field in fields(AuditEvent) if field.name != "scheme"]
_row = attrgetter(*_COLUMNS)
_HEADS = """
INSERT INTO audit_chain_heads
SELECT DISTINCT ON (chain) chain, seq, event_hash, recorded_at FROM audit_events
ORDER BY chain, seq DESC
"""


def fill_table(dsn: str) -> None:
    """Put the log into a database that has the schema and no events.

    Raises:
        psycopg.Error: the server does not take it.
    """
    copy = sql.SQL("COPY audit_events (v, {}) FROM STDIN").format(
        sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    )
    with connect(dsn) as connection, connection.transaction():
        with connection.cursor().copy(copy) as rows:
            for event in tampered_events():
                rows.write_row((1, *_row(event)))
        connection.execute(_HEADS)
        connection.execute("ANALYZE audit_events")

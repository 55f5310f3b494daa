"""What stands beside the log in tables of their own: checkpoints, prune records, holds."""

from __future__ import annotations

from typing import LiteralString, NamedTuple

import psycopg
from psycopg import sql

from audit_console.errors import SourceChanged, SourceUnreadable
from audit_console.sources.postgres.layout import written


class Records(NamedTuple):
    """A table beside the log, what to call its texts, and how to read them in their order."""

    table: str
    name: str
    statement: LiteralString


CHECKPOINTS = Records(
    "audit_checkpoints",
    "checkpoints",
    "SELECT json_build_object('note', note)::text FROM {} ORDER BY number",
)
PRUNES = Records(
    "audit_prunes",
    "prune records",
    "SELECT record FROM {} ORDER BY chain, pruned_to",
)
HOLDS = Records("audit_holds", "legal holds", "SELECT change FROM {} ORDER BY number")

_IS_READABLE = """
SELECT has_table_privilege(to_regclass(%s), 'SELECT') WHERE to_regclass(%s) IS NOT NULL
"""

Texts = list[str] | None
"""Texts of a table beside the log; None where this user may not read it."""


def read_texts_beside(connection: psycopg.Connection, schema: str, records: Records) -> Texts:
    """Read a table beside the log; nothing where it is not there."""
    name = written(schema, records.table)
    found = connection.execute(_IS_READABLE, [name, name]).fetchone()
    if found is None:
        return []
    statement = sql.SQL(records.statement).format(sql.Identifier(schema, records.table))
    return [text for (text,) in connection.execute(statement)] if found[0] else None


class Vouching(NamedTuple):
    """What vouched for a log when it was opened, read in the snapshot that says how far it goes.

    What came to it later is about events behind those.
    """

    checkpoints: Texts
    prunes: Texts

    @classmethod
    def of(cls, connection: psycopg.Connection, schema: str) -> Vouching:
        """Read it."""
        return cls(*(read_texts_beside(connection, schema, one) for one in (CHECKPOINTS, PRUNES)))

    def require_unpruned(self, connection: psycopg.Connection, schema: str, label: str) -> None:
        """Refuse to read a log from which events went since it was opened.

        Raises:
            SourceChanged: retention deletes events, or did.
        """
        if read_texts_beside(connection, schema, PRUNES) != self.prunes:
            raise SourceChanged(
                f"{label}: retention deleted events since the log was opened",
                hint="open the log again",
            )


def readable(texts: Texts, records: Records, label: str) -> list[str]:
    """Give what was read.

    Raises:
        SourceUnreadable: it may not be read, and what it says of the log is not known.
    """
    if texts is None:
        raise SourceUnreadable(
            f"the {records.name} of {label} may not be read by this user",
            hint=f"Grant it: GRANT SELECT ON {records.table} TO …, or the role audit_reader",
        )
    return texts

"""The two tables that hold a log: that of format v1, and the orchestrator's own.

Both are asked for by the same column names. What the orchestrator stores as `jsonb`,
`inet` or not at all is turned into text, or null, by the FROM item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from audit_console.core.codec import V1_KEYS
from audit_console.core.event import RESULTS, Scheme
from audit_console.errors import NotAnAuditLog, SourceNotFound

TABLE = "audit_events"

_OWN_V1 = ("v", "chain", "seq", "recorded_at")
_SHARED = tuple(name for name in V1_KEYS if name not in _OWN_V1)

_COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table holds a log.

    Attributes:
        schema: in which it is.
        scheme: of its events.
        events: FROM item named `events`, with a column for each of `V1_KEYS`.
        readable: condition for the rows that are events.
        ties: columns that, behind the time, put the events in the order of pages.
        log_order: columns of the order in which the log is checked.
    """

    schema: str
    scheme: Scheme
    events: sql.Composed
    readable: sql.Composable
    ties: tuple[str, ...]
    log_order: tuple[str, ...]

    @property
    def table(self) -> str:
        """Its name, as `to_regclass` takes it."""
        return written(self.schema, TABLE)

    @property
    def page_order(self) -> tuple[str, ...]:
        """Columns that put the events in the order of pages."""
        return ("timestamp", *self.ties)


def written(schema: str, table: str) -> str:
    """Write the name of a table as `to_regclass` takes it."""
    return sql.Identifier(schema, table).as_string()


def named(*names: str) -> sql.Composed:
    """Write columns."""
    return sql.SQL(", ").join(map(sql.Identifier, names))


def ordered(*names: str, descending: bool = False) -> sql.Composed:
    """Write columns of events to order by: as they are, not as they are given out."""
    direction = sql.SQL(" DESC" if descending else "")
    return sql.SQL(", ").join(sql.Identifier("events", name) + direction for name in names)


def find_layout(connection: psycopg.Connection, schemas: Sequence[str], label: str) -> Layout:
    """Look which of the tables is there, in the first of these schemas that has one.

    Raises:
        SourceNotFound: there is none.
        NotAnAuditLog: it has other columns.
    """
    for schema in schemas:
        rows = connection.execute(_COLUMNS, [written(schema, TABLE)]).fetchall()
        if rows:
            return _layout(schema, dict(rows), label)
    raise SourceNotFound(
        f"{label}: there is no table {TABLE}",
        hint="If it stands in another schema: ?options=-csearch_path%3DSCHEMA",
    )


def _layout(schema: str, types: dict[str, str], label: str) -> Layout:
    missing = [name for name in _SHARED if name not in types]
    if missing:
        raise NotAnAuditLog(
            f"{label}: the table {TABLE} has no column {', '.join(missing)}",
            hint="Open a table of format v1, or the orchestrator's",
        )
    is_v1 = all(name in types for name in _OWN_V1)
    return _v1(schema) if is_v1 else _orchestrator(schema, types)


EVERY_ROW = sql.SQL("TRUE")


def _v1(schema: str) -> Layout:
    return Layout(
        schema=schema,
        scheme=Scheme.V1,
        events=sql.SQL("{} AS events").format(sql.Identifier(schema, TABLE)),
        readable=EVERY_ROW,
        ties=("chain", "seq"),
        log_order=("chain", "seq"),
    )


def _orchestrator(schema: str, types: dict[str, str]) -> Layout:
    columns = sql.SQL(", ").join(_as_v1(name, types.get(name, "")) for name in V1_KEYS)
    table = sql.Identifier(schema, TABLE)
    return Layout(
        schema=schema,
        scheme=Scheme.ORCHESTRATOR,
        events=sql.SQL("(SELECT {} FROM {}) AS events").format(columns, table),
        readable=_READABLE,
        ties=("id",),
        log_order=("timestamp", "id"),
    )


def _as_v1(name: str, type_: str) -> sql.Composable:
    column = sql.Identifier(name)
    match name, type_:
        case (("v" | "chain" | "recorded_at"), _):
            return sql.SQL("NULL::text AS {}").format(column)
        case "seq", _:
            return sql.SQL("NULL::bigint AS {}").format(column)
        case (("id" | "timestamp"), _):
            return column
        case _, "inet":
            return sql.SQL("host({0}) AS {0}").format(column)
        case _:
            return sql.SQL("{0}::text AS {0}").format(column)


_YEARS = "{time} >= '0001-01-01 00:00:00+00' AND {time} < '10000-01-01 00:00:00+00'"

_READABLE = sql.SQL(
    "(num_nulls({required}) = 0 AND " + _YEARS + " AND {result} IN ({results}))"
).format(
    required=named("event_type", "action", "resource_type", "resource_id"),
    time=sql.Identifier("timestamp"),
    result=sql.Identifier("result"),
    results=sql.SQL(", ").join(map(sql.Literal, RESULTS)),
)
"""The orchestrator's table checks nothing, so there may be rows that cannot be its events."""

PLACED = sql.SQL("(num_nulls(chain, seq) = 0 AND seq >= 0 AND " + _YEARS + ")").format(
    time=sql.Identifier("timestamp")
)
"""What the constraints of format v1 say of the place of an event, for a table that lost them."""

"""The events that a filter keeps, as a part of statements, and pages of them by key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl
import psycopg
from psycopg import sql

from audit_console.core.codec import V1_KEYS
from audit_console.sources.postgres.filters import is_uuid
from audit_console.sources.postgres.layout import Layout, named, ordered
from audit_console.sources.postgres.rows import text_frame

AS_TEXT = sql.SQL(", ").join(
    sql.SQL("{0}::text AS {0}").format(sql.Identifier(name)) for name in V1_KEYS
)

FENCE = sql.SQL("WITH fence AS (SELECT)")
"""Keeps a SELECT for itself, at no price. Else the planner would take each time for a bin of
its own, and leave the counting to one process."""


class Point(NamedTuple):
    """A point in the order of pages: a time, or an event by the values of its key."""

    columns: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Events of a table: `where` keeps some, and its values are `parameters`."""

    layout: Layout
    where: sql.Composable
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def events(self) -> sql.Composed:
        """What stands behind FROM."""
        return sql.SQL("{} WHERE {}").format(self.layout.events, self.where)

    def that(self, condition: sql.Composable, **parameters: Any) -> Asked:
        """Keep those for which another condition holds too."""
        where = sql.SQL("{} AND {}").format(self.where, condition)
        return Asked(self.layout, where, self.parameters | parameters)

    def beside(self, point: Point, operator: str) -> Asked:
        """Keep those on one side of a point."""
        number = len(self.parameters)
        values = {f"p{number + place}": value for place, value in enumerate(point.values)}
        condition = sql.SQL("({}) {} ({})").format(
            named(*point.columns),
            sql.SQL(operator),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
        )
        return self.that(condition, **values)

    def run(
        self, connection: psycopg.Connection, statement: sql.SQL | sql.Composed, **parameters: Any
    ) -> list[tuple[Any, ...]]:
        """Give the rows of a statement over these events."""
        return connection.execute(statement, self.parameters | parameters).fetchall()

    def count(self, connection: psycopg.Connection) -> int:
        """Count them."""
        statement = sql.SQL("SELECT count(*) FROM {}").format(self.events)
        return int(self.run(connection, statement)[0][0])


class Start(NamedTuple):
    """Where a page begins: `skip` events behind a point, or behind the end of the log."""

    point: Point | None = None
    includes_point: bool = True
    skip: int = 0


def page_rows(
    connection: psycopg.Connection,
    asked: Asked,
    start: Start,
    *,
    newest_first: bool,
    limit: int,
) -> pl.DataFrame:
    """Give the rows of a page as `rows.TEXTS`, found by the key they begin at."""
    if start.point is not None:
        operator = ("<" if newest_first else ">") + "=" * start.includes_point
        asked = asked.beside(start.point, operator)
    order = ordered(*asked.layout.page_order, descending=newest_first)
    statement = sql.SQL(_SKIPPING if start.skip else _FROM_START).format(
        texts=AS_TEXT, events=asked.events, order=order
    )
    return text_frame(asked.run(connection, statement, skip=start.skip, end=start.skip + limit))


_FROM_START = "SELECT {texts} FROM {events} ORDER BY {order} LIMIT %(end)s"
_SKIPPING = """
SELECT {texts} FROM (
    SELECT *, row_number() OVER (ORDER BY {order}) AS place
    FROM {events} ORDER BY {order} LIMIT %(end)s
) AS events WHERE place > %(skip)s ORDER BY place
"""


def find_event(connection: psycopg.Connection, asked: Asked, event_id: str) -> Point | None:
    """Find the event with an id; None if it is not among those asked for."""
    if not is_uuid(event_id):
        return None
    columns = asked.layout.page_order
    one = asked.that(sql.SQL("id = %(id)s::uuid"), id=event_id)
    rows = one.run(connection, sql.SQL("SELECT {} FROM {}").format(named(*columns), one.events))
    return Point(columns, rows[0]) if rows else None

"""Stages as statements: what they count is counted by the server, in one round trip.

The first stage over events is compiled; those behind it pass over its rows here. `sort` and
`limit` over events are compiled where they stand first. Other combinations fetch the events
and count them here, up to `MOST_EVENTS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import polars as pl
import psycopg
from psycopg import sql

from audit_console.columns.schema import TIME
from audit_console.columns.selection import Selection
from audit_console.columns.stages import apply_stages, apply_to_rows, timeline
from audit_console.core.filters import TEXT_ATTRIBUTES, WEEKDAYS, Field, FieldName
from audit_console.core.query import Stage
from audit_console.core.query.stages import (
    Count,
    First,
    Limit,
    Rare,
    Sort,
    Timeline,
    Top,
    event_field,
)
from audit_console.core.timespan import Duration, bin_number
from audit_console.errors import UsageError
from audit_console.sources.postgres.asked import AS_TEXT, FENCE, Asked
from audit_console.sources.postgres.checking import Checks
from audit_console.sources.postgres.filters import details_path, details_values
from audit_console.sources.postgres.layout import named, ordered
from audit_console.sources.postgres.rows import text_frame

MOST_ROWS = 1_000_000
"""Rows that a stage may count."""

MOST_EVENTS = 100_000
"""Events that are fetched to be counted here."""

_OTHER_VALUES: dict[FieldName, sql.Composable] = {
    FieldName.ID: sql.SQL("events.id::text"),
    FieldName.TIME: sql.Identifier("events", "timestamp"),
    FieldName.HOUR: sql.SQL("extract(hour FROM \"timestamp\" AT TIME ZONE 'UTC')::int"),
    FieldName.WEEKDAY: sql.SQL("extract(isodow FROM \"timestamp\" AT TIME ZONE 'UTC')::int"),
    FieldName.SEQ: sql.Identifier("events", "seq"),
    FieldName.RESOURCE: sql.SQL("(resource_type || '/' || resource_id)"),
}
_TYPES: dict[FieldName, pl.DataType | type[pl.DataType]] = {
    FieldName.TIME: TIME,
    FieldName.HOUR: pl.Int8,
    FieldName.WEEKDAY: pl.Enum(WEEKDAYS),
    FieldName.SEQ: pl.Int64,
}
"""Types of what is no text, as `columns.stages` has them."""

_MONTHS = """
((extract(year FROM "timestamp" AT TIME ZONE 'UTC')::int - 1) * 12
 + extract(month FROM "timestamp" AT TIME ZONE 'UTC')::int - 1) / {}
"""
_SPANS = "date_bin({}, \"timestamp\", '0001-01-01 00:00:00+00')"

_COUNTED = """
WITH counted AS (
    SELECT {keys}, count(*) AS count, min("timestamp") AS seen FROM {told} GROUP BY {keys}
)
SELECT {keys}, count FROM counted
ORDER BY {first} seen, CASE WHEN count(*) OVER (PARTITION BY seen) > 1 THEN (
    SELECT ROW({ties}) FROM {told} WHERE told."timestamp" = counted.seen AND {same}
    ORDER BY {ties} LIMIT 1
) END
LIMIT {limit}
"""
"""Groups in the order in which their first events stand. Only where first events happened at
the same time, which is seldom, is it looked up which of them stands first."""

_DISTINCT = "SELECT count(*) FROM (SELECT FROM {told} GROUP BY {keys}) AS counted"

_FIRST = """
SELECT "timestamp", {columns} FROM (
    SELECT DISTINCT ON ({keys}) * FROM {told} ORDER BY {keys}, "timestamp", {ties}
) AS told ORDER BY "timestamp", {ties} LIMIT {limit}
"""
_EVENTS = "SELECT {texts} FROM {events} ORDER BY {order} LIMIT {limit}"


def tally(
    connection: psycopg.Connection, asked: Asked, stages: Sequence[Stage], checks: Checks
) -> pl.DataFrame:
    """Count events as stages say; see `Source.tally`.

    Raises:
        UsageError: there is more to be counted than fits.
    """
    match stages:
        case [Count((_, *_)) as stage, Count(()), *rest]:
            return apply_to_rows(_distinct(connection, asked, stage), rest)
        case [(Count() | Top() | Rare()) as stage, *rest]:
            return apply_to_rows(_counts(connection, asked, stage), rest)
        case [Timeline() as stage, *rest]:
            return apply_to_rows(_timeline(connection, asked, stage), rest)
        case [First() as stage, *rest]:
            return apply_to_rows(_firsts(connection, asked, stage), rest)
        case _:
            return _of_events(connection, asked, stages, checks)


class _Told:
    """The FROM item `told`: a row for each event and each of its values of some fields.

    Attributes:
        keys: its columns for the values, one for each field.
        ties: columns that tell the order of rows of one time.
        parameters: values that the item names.
    """

    def __init__(self, asked: Asked, names: Sequence[str], every: Duration | None = None) -> None:
        self.keys = [f"k{number}" for number in range(len(names))]
        self.ties = [*asked.layout.ties]
        self.parameters: dict[str, Any] = {}
        self._events = asked.layout.events
        self._columns: list[sql.Composable] = list(
            map(sql.Identifier, {"timestamp", "id", *asked.layout.ties})
        )
        for key, name in zip(self.keys, names, strict=True):
            self._add(key, event_field(name))
        if every is not None:
            self.keys.insert(0, "bin")
            self._columns.append(sql.SQL("{} AS bin").format(bin_of(every)))
        self.text = sql.SQL("({} SELECT {} FROM {} WHERE {}) AS told").format(
            FENCE, sql.SQL(", ").join(self._columns), self._events, asked.where
        )

    def _add(self, key: str, field: Field) -> None:
        if not field.path:
            value = plain_value(field.name)
        else:
            path, place = f"path_{key}", f"place_{key}"
            self.parameters[path] = details_path(field.path)
            self.ties.append(place)
            self._columns.append(sql.Identifier(place))
            self._events = sql.SQL(
                "{} LEFT JOIN LATERAL (SELECT text AS {value}, min(place) AS {place}"
                " FROM {values} GROUP BY text) AS {alias} ON TRUE"
            ).format(
                self._events,
                value=sql.Identifier(f"value_{key}"),
                place=sql.Identifier(place),
                values=details_values(sql.Placeholder(path)),
                alias=sql.Identifier(f"of_{key}"),
            )
            value = sql.Identifier(f"value_{key}")
        self._columns.append(sql.SQL("{} AS {}").format(value, sql.Identifier(key)))


def bin_of(every: Duration) -> sql.Composed:
    """Write the bin of an event: a time, or the number of a bin of months."""
    if every.span is not None:
        return sql.SQL(_SPANS).format(sql.Literal(every.span))
    return sql.SQL(_MONTHS).format(sql.Literal(every.months))


def plain_value(name: FieldName) -> sql.Composable:
    """Write the value of a field that is none of details."""
    return _OTHER_VALUES.get(name) or sql.Identifier("events", TEXT_ATTRIBUTES[name])


def _counts(
    connection: psycopg.Connection, asked: Asked, stage: Count | Top | Rare
) -> pl.DataFrame:
    if isinstance(stage, Count):
        return counts_frame(_grouped(connection, asked, _Told(asked, stage.by)), stage.by)
    by_count = "count DESC," if isinstance(stage, Top) else "count,"
    told = _Told(asked, (stage.field,))
    rows = _grouped(connection, asked, told, first=by_count, limit=stage.rows)
    return counts_frame(rows, (stage.field,))


def _distinct(connection: psycopg.Connection, asked: Asked, stage: Count) -> pl.DataFrame:
    """Count the groups alone, however many there are."""
    told = _Told(asked, stage.by)
    statement = sql.SQL(_DISTINCT).format(told=told.text, keys=named(*told.keys))
    return counts_frame(asked.run(connection, statement, **told.parameters), ())


def _timeline(connection: psycopg.Connection, asked: Asked, stage: Timeline) -> pl.DataFrame:
    names = () if stage.by is None else (stage.by,)
    told = _Told(asked, names, stage.every)
    return timeline_frame(_grouped(connection, asked, told, first="bin,"), stage)


def timeline_frame(rows: Sequence[tuple[Any, ...]], stage: Timeline) -> pl.DataFrame:
    """Make the columns of a timeline of rows of a bin, a value if it is by one, and a count."""
    times = [row[0] for row in rows]
    if stage.every.span is not None:
        times = [bin_number(time, stage.every) for time in times]
    counts = counts_frame([row[1:] for row in rows], () if stage.by is None else (stage.by,))
    bins = pl.Series("bin", times, pl.Int64)
    return timeline(counts.insert_column(0, bins), stage.every, stage.by)


def _grouped(
    connection: psycopg.Connection,
    asked: Asked,
    told: _Told,
    *,
    first: LiteralString = "",
    limit: int | None = None,
) -> list[tuple[Any, ...]]:
    """Count equal rows of `told`; keys and count, in the order in which they appear."""
    same = [
        sql.SQL("told.{0} IS NOT DISTINCT FROM counted.{0}").format(sql.Identifier(key))
        for key in told.keys
    ]
    statement = sql.SQL(_COUNTED).format(
        keys=named(*told.keys),
        told=told.text,
        first=sql.SQL(first),
        ties=named(*told.ties),
        same=sql.SQL(" AND ").join(same),
        limit=sql.Literal(limit or MOST_ROWS + 1),
    )
    return few_enough(asked.run(connection, statement, **told.parameters))


def _firsts(connection: psycopg.Connection, asked: Asked, stage: First) -> pl.DataFrame:
    names = stage.columns(None) or ()
    told = _Told(asked, names[1:])
    count = len(stage.fields)
    statement = sql.SQL(_FIRST).format(
        columns=named(*told.keys),
        keys=named(*told.keys[:count]),
        told=told.text,
        ties=named(*told.ties),
        limit=sql.Literal(MOST_ROWS + 1),
    )
    rows = few_enough(asked.run(connection, statement, **told.parameters))
    return counts_frame(rows, names, counted=False)


def few_enough(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Refuse more rows than a stage may count."""
    if len(rows) > MOST_ROWS:
        raise UsageError(
            f"more than {MOST_ROWS:,} different values", hint="Narrow the filter, or count another"
        )
    return rows


def counts_frame(
    rows: Sequence[tuple[Any, ...]], names: Sequence[str], *, counted: bool = True
) -> pl.DataFrame:
    """Make columns of rows, with the types that `columns.stages` gives them."""
    values = list(zip(*rows, strict=True)) or [()] * (len(names) + counted)
    columns = [
        _series(name, list(column)) for name, column in zip(names, values, strict=not counted)
    ]
    if counted:
        columns.append(pl.Series("count", values[-1], pl.UInt32))
    return pl.DataFrame(columns)


def _series(name: str, values: list[Any]) -> pl.Series:
    field = event_field(name)
    if field.name is FieldName.WEEKDAY:
        values = [WEEKDAYS[number - 1] for number in values]
    return pl.Series(name, values, _TYPES.get(field.name, pl.String))


def _of_events(
    connection: psycopg.Connection, asked: Asked, stages: Sequence[Stage], checks: Checks
) -> pl.DataFrame:
    """Fetch events, sorted and cut by the server as far as the first stages say so."""
    order = ordered(*asked.layout.page_order)
    limit, rest = MOST_EVENTS + 1, stages
    match rest:
        case [Sort() as sort, *others] if not event_field(sort.field).path:
            order, rest = sql.SQL("{}, {}").format(_sorted_by(sort), order), others
    match rest:
        case [Limit(rows), *others] if rows <= MOST_EVENTS:
            limit, rest = rows, others
    statement = sql.SQL(_EVENTS).format(
        texts=AS_TEXT, events=asked.events, order=order, limit=sql.Literal(limit)
    )
    texts = text_frame(asked.run(connection, statement))
    if texts.height > MOST_EVENTS:
        raise UsageError(
            f"these stages need more than {MOST_EVENTS:,} events at once",
            hint="Put a limit before them, or narrow the filter",
        )
    events = checks.page(connection, texts).drop("raw")
    return apply_stages(Selection(events), rest)


def _sorted_by(stage: Sort) -> sql.Composed:
    name = event_field(stage.field).name
    collation = "" if name in _TYPES else ' COLLATE "C"'
    direction = " DESC" if stage.descending else ""
    # A chain numbers all of its events, and its index has no nulls at the end in both ways.
    nulls = "" if name is FieldName.SEQ else " NULLS LAST"
    return sql.SQL("{}{}{}").format(
        plain_value(name), sql.SQL(collation), sql.SQL(direction + nulls)
    )

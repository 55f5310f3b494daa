"""Several counts of the same events in one pass over the table.

PostgreSQL counts GROUPING SETS in one process. So the table is cut into ranges of blocks, each
range is counted by whichever process is free, and what they count is added up: one statement,
so one snapshot, whatever is written meanwhile. Few events are looked up by an index, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl
import psycopg
from psycopg import sql

from audit_console.core.event import Scheme
from audit_console.core.filters import FieldName
from audit_console.core.query.stages import Count, Timeline, event_field
from audit_console.core.timespan import Duration
from audit_console.sources.postgres.asked import FENCE, Asked
from audit_console.sources.postgres.layout import named
from audit_console.sources.postgres.tallies import (
    MOST_ROWS,
    bin_of,
    counts_frame,
    few_enough,
    plain_value,
    timeline_frame,
)

RANGES = 8
"""More than the processes that count, so that none waits long for the last one."""

_BLOCKS = "SELECT pg_relation_size(to_regclass(%s)) / current_setting('block_size')::bigint"
_PLAN = "EXPLAIN (FORMAT JSON) SELECT * FROM {events}"
_LOOKED_UP = ("Index Scan", "Bitmap Heap Scan")
_RANGE = """
SELECT GROUPING({columns}) AS of_set, {shown}, count(*) AS count
FROM ({fence} SELECT {values} FROM {events}) AS told GROUP BY GROUPING SETS ({sets})
"""
_SUMS = """
SELECT of_set, {keys}, sum(count)::bigint FROM ({ranges}) AS ranges
GROUP BY of_set, {keys} LIMIT {limit}
"""

_Key = str | Duration
"""What a stage counts by: a field, or the bin of a time."""


def count_together(
    connection: psycopg.Connection, asked: Asked, by: Sequence[Count | Timeline]
) -> list[pl.DataFrame]:
    """Count events by several stages; see `Source.counts`.

    Raises:
        UsageError: there is more to be counted than fits.
    """
    if list(by) == [Count()]:  # an index knows
        return [counts_frame([(asked.count(connection),)], ())]
    grouping = _Grouping(by)
    ranges = [grouping.of(part) for part in _ranges(connection, asked)]
    statement = sql.SQL(_SUMS).format(
        keys=named(*grouping.shown),
        ranges=sql.SQL(" UNION ALL ").join(ranges),
        limit=sql.Literal(MOST_ROWS + 1),
    )
    rows = few_enough(asked.run(connection, statement))
    return [grouping.frame(rows, stage) for stage in by]


def _ranges(connection: psycopg.Connection, asked: Asked) -> Iterator[Asked]:
    """Cut events by the blocks that they are in.

    What is no plain table is one range, and so is what an index finds: it would be looked up
    anew for each.
    """
    (blocks,) = connection.execute(_BLOCKS, [asked.layout.table]).fetchall()[0]
    if asked.layout.scheme is not Scheme.V1 or not blocks or _is_looked_up(connection, asked):
        yield asked
        return
    bounds = sorted({blocks * number // RANGES for number in range(RANGES)})
    for first, end in zip(bounds, [*bounds[1:], None], strict=True):
        part = asked.that(sql.SQL("events.ctid >= {}").format(_block(first)))
        yield part if end is None else part.that(sql.SQL("events.ctid < {}").format(_block(end)))


def _is_looked_up(connection: psycopg.Connection, asked: Asked) -> bool:
    statement = sql.SQL(_PLAN).format(events=asked.events)
    ((plans,),) = connection.execute(statement, asked.parameters).fetchall()
    return plans[0]["Plan"]["Node Type"] in _LOOKED_UP


def _block(number: int) -> sql.Composed:
    return sql.SQL("{}::tid").format(sql.Literal(f"({number},0)"))


class _Grouping:
    """Stages as one SELECT over a range: a row has the keys of one stage, and nulls besides.

    Attributes:
        shown: its columns for the keys.
    """

    def __init__(self, by: Sequence[Count | Timeline]) -> None:
        keys = list(dict.fromkeys(key for stage in by for key in _keys(stage)))
        self.shown = [f"k{number}" for number in range(len(keys))]
        self._place = {key: number for number, key in enumerate(keys, 1)}
        values = {key: _values(key) for key in keys}
        self._columns = {
            key: [f"{name}_{number}" for number in range(len(values[key]))]
            for name, key in zip(self.shown, keys, strict=True)
        }
        self._values = [value for key in keys for value in values[key]]
        sets = [self._names(_keys(stage)) for stage in by]
        self._sets = list({self._number(one): one for one in sets}.values())  # each counts once

    def of(self, asked: Asked) -> sql.Composed:
        """Count events in one pass, which is the work of one process."""
        names = self._names(self._place)
        values = zip(self._values, map(sql.Identifier, names), strict=True)
        shown = (
            (sql.SQL(" || '/' || ").join(map(sql.Identifier, columns)), sql.Identifier(name))
            for name, columns in zip(self.shown, self._columns.values(), strict=True)
        )
        return sql.SQL(_RANGE).format(
            columns=named(*names),
            shown=_aliased(shown),
            fence=FENCE,
            values=_aliased(values),
            events=asked.events,
            sets=sql.SQL(", ").join(sql.SQL("({})").format(named(*one)) for one in self._sets),
        )

    def frame(self, rows: Sequence[tuple[Any, ...]], stage: Count | Timeline) -> pl.DataFrame:
        """Take the rows of a stage out of all rows."""
        keys = _keys(stage)
        of_set = self._number(self._names(keys))
        places = [*(self._place[key] for key in keys), -1]
        own = [tuple(row[place] for place in places) for row in rows if row[0] == of_set]
        if isinstance(stage, Timeline):
            return timeline_frame(own, stage)
        return counts_frame(own, stage.by)

    def _number(self, names: Sequence[str]) -> int:
        """Give what GROUPING says of a set: a bit for each column that is not in it."""
        bits = ("0" if name in names else "1" for name in self._names(self._place))
        return int("".join(bits), 2)

    def _names(self, keys: Iterable[_Key]) -> list[str]:
        return [name for key in keys for name in self._columns[key]]


def _aliased(columns: Iterable[tuple[sql.Composable, sql.Identifier]]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("{} AS {}").format(*column) for column in columns)


def _keys(stage: Count | Timeline) -> tuple[_Key, ...]:
    if isinstance(stage, Count):
        return stage.by
    return (stage.every,) if stage.by is None else (stage.every, stage.by)


def _values(key: _Key) -> list[sql.Composable]:
    """Give what tells the values of a key apart: two texts are compared sooner than joined."""
    if isinstance(key, Duration):
        return [bin_of(key)]
    name = event_field(key).name
    if name is FieldName.RESOURCE:
        return [plain_value(FieldName.RTYPE), plain_value(FieldName.RID)]
    return [plain_value(name)]

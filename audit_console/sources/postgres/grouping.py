"""Several stages as statements that count for all of them, by the values of the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import polars as pl
from psycopg import sql

from audit_console.core.filters import FieldName
from audit_console.core.query.stages import Count, Timeline, event_field
from audit_console.core.timespan import Duration
from audit_console.sources.postgres.asked import FENCE, Asked
from audit_console.sources.postgres.bins import Bins
from audit_console.sources.postgres.layout import named
from audit_console.sources.postgres.tallies import (
    bin_of,
    counts_frame,
    plain_value,
    timeline_frame,
)

_OF_EVENTS = """
SELECT GROUPING({columns}) AS of_set, {shown}, {sign}count(*) AS count
FROM ({fence} SELECT {values} FROM {events}) AS told GROUP BY GROUPING SETS ({sets})
"""
_OF_INDEX = """
SELECT {of_set}, {shown}, count(*)
FROM ({fence} SELECT {values} FROM {events} AND {where}) AS told GROUP BY {names}
"""

_OF_BINS = """
SELECT {of_set}, {shown}, count FROM (
    SELECT ({types}::text[])[place] AS {type}, ({starts}::timestamptz[])[place] AS {start}, count
    FROM (
        SELECT place, count(*) AS count
        FROM unnest({types}::text[], {starts}::timestamptz[]) WITH ORDINALITY
            AS bins(type, start, place)
        JOIN {events} ON event_type = bins.type
            AND "timestamp" >= bins.start AND "timestamp" < bins.start + {span}
        WHERE {where} GROUP BY place
    ) AS counted
) AS told
"""
"""To look into the range of each bin takes less than to tell the bin of each event, and, other than
in a subquery for each, any process may do it."""

_Key = str | Duration
"""What a stage counts by: a field, or the bin of a time."""

Row = tuple[Any, ...]
"""The set of keys that it is of, the value of each key, null for one of another set, a count."""


class _Index(NamedTuple):
    """Which events an index has that holds some keys: all but those of one value."""

    where: sql.SQL
    left_out: str | None = None


_OF_ALL = _Index(sql.SQL("TRUE"))
_OF_USERS = _Index(sql.SQL("user_id IS NOT NULL"))
_OF_RESULTS = _Index(sql.SQL("result <> 'success'"), "success")


class Grouping:
    """Stages by sets of keys: a row counts for one set.

    Attributes:
        shown: columns of a row for the keys.
        in_indexes: whether indexes hold all that the stages ask for.
    """

    def __init__(self, by: Sequence[Count | Timeline]) -> None:
        keys = list(dict.fromkeys(key for stage in by for key in _keys(stage)))
        self.shown = [f"k{number}" for number in range(len(keys))]
        self._by = by
        self._place = {key: number for number, key in enumerate(keys, 1)}
        self._values = {key: _values(key) for key in keys}
        self._columns = {
            key: [f"{name}_{number}" for number in range(len(self._values[key]))]
            for name, key in zip(self.shown, keys, strict=True)
        }
        sets = [_keys(stage) for stage in by]
        self._sets = {self._number(one): one for one in sets}  # each counts once
        indexes = {number: _index(one) for number, one in self._sets.items()}
        self._indexes = {number: one for number, one in indexes.items() if one is not None}
        self.in_indexes = self._indexes == indexes and _OF_ALL in self._indexes.values()

    def of_events(self, asked: Asked, *, taken_away: bool = False) -> sql.Composed:
        """Count events in one pass, which is the work of one process."""
        sets = (named(*self._names(one)) for one in self._sets.values())
        return sql.SQL(_OF_EVENTS).format(
            columns=named(*self._names(self._place)),
            shown=self._shown(self._place),
            sign=sql.SQL("-" if taken_away else ""),
            fence=FENCE,
            values=self._told(self._place),
            events=asked.events,
            sets=sql.SQL(", ").join(map(sql.SQL("({})").format, sets)),
        )

    def of_indexes(self, asked: Asked) -> list[sql.Composed]:
        """Count events by an index, once for each set; see `with_left_out`."""
        return [self._of_index(asked, number) for number in self._sets]

    def of_ranges(
        self, asked: Asked, find: Callable[[Duration], Bins | None]
    ) -> tuple[list[sql.Composed], dict[str, object]]:
        """Do as `of_indexes` does, with bins for the times of types; give their parameters too."""
        parts, parameters = list[sql.Composed](), dict[str, object]()
        for number, keys in self._sets.items():
            match keys:
                case (Duration() as every, "type") if (bins := find(every)) is not None:
                    for place, part in enumerate(bins.parts()):
                        types, starts = f"types{number}_{place}", f"starts{number}_{place}"
                        parameters |= {types: part.types, starts: part.starts}
                        parts.append(self._of_bins(asked, number, every, (types, starts)))
                case _:
                    parts.append(self._of_index(asked, number))
        return parts, parameters

    def _of_index(self, asked: Asked, number: int) -> sql.Composed:
        keys, index = self._sets[number], self._indexes[number]
        is_timed = any(isinstance(key, Duration) for key in keys)
        return sql.SQL(_OF_INDEX).format(
            of_set=sql.Literal(number),
            shown=self._shown(keys),
            fence=FENCE if is_timed else sql.SQL(""),
            values=self._told(keys),
            events=asked.events,
            where=index.where,
            names=named(*self._names(keys)),
        )

    def _of_bins(
        self, asked: Asked, number: int, every: Duration, parameters: tuple[str, str]
    ) -> sql.Composed:
        keys = self._sets[number]
        start, type_ = map(sql.Identifier, self._names(keys))
        types, starts = map(sql.Placeholder, parameters)
        return sql.SQL(_OF_BINS).format(
            of_set=sql.Literal(number),
            shown=self._shown(keys),
            events=asked.layout.events,
            where=asked.where,
            span=sql.Literal(every.span),
            type=type_,
            start=start,
            types=types,
            starts=starts,
        )

    def with_left_out(self, rows: Sequence[Row]) -> list[Row]:
        """Add the events that an index leaves out: as many as another set has more."""
        counts = {row[:-1]: row[-1] for row in rows}
        totals = Counter[int]()
        for number, *_, count in rows:
            totals[number] += count
        total = next(totals[number] for number, index in self._indexes.items() if index == _OF_ALL)
        for number, index in self._indexes.items():
            if index != _OF_ALL:
                (key,) = self._sets[number]
                values = [index.left_out if shown is key else None for shown in self._place]
                row = (number, *values)
                counts[row] = counts.get(row, 0) + total - totals[number]
        return [(*row, count) for row, count in counts.items() if count]

    def frames(self, rows: Sequence[Row]) -> list[pl.DataFrame]:
        """Take the rows of each stage out of all rows."""
        return [self._frame(rows, stage) for stage in self._by]

    def _frame(self, rows: Sequence[Row], stage: Count | Timeline) -> pl.DataFrame:
        keys = _keys(stage)
        of_set = self._number(keys)
        places = [*(self._place[key] for key in keys), -1]
        own = [tuple(row[place] for place in places) for row in rows if row[0] == of_set]
        if isinstance(stage, Timeline):
            return timeline_frame(own, stage)
        return counts_frame(own, stage.by)

    def _number(self, keys: Sequence[_Key]) -> int:
        """Give what GROUPING says of a set: a bit for each column that is not in it."""
        names = self._names(keys)
        bits = ("0" if name in names else "1" for name in self._names(self._place))
        return int("".join(bits), 2)

    def _names(self, keys: Iterable[_Key]) -> list[str]:
        return [name for key in keys for name in self._columns[key]]

    def _told(self, keys: Iterable[_Key]) -> sql.Composed:
        """Write the values of keys, each as a column."""
        values = (value for key in keys for value in self._values[key])
        return _aliased(zip(values, self._names(keys), strict=True))

    def _shown(self, keys: Collection[_Key]) -> sql.Composed:
        """Write a column for each key there is, null but for these."""
        texts = (
            sql.SQL(" || '/' || ").join(map(sql.Identifier, columns)) if key in keys else sql.NULL
            for key, columns in self._columns.items()
        )
        return _aliased(zip(texts, self.shown, strict=True))


def _aliased(columns: Iterable[tuple[sql.Composable, str]]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(value, sql.Identifier(name)) for value, name in columns
    )


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


def _index(keys: tuple[_Key, ...]) -> _Index | None:
    """Tell which events the index has that begins with these keys; None if none does."""
    match keys:
        case (Duration(),) | (Duration(), "type") | ("type",) | ("resource",):
            return _OF_ALL
        case ("user",):
            return _OF_USERS
        case ("result",):
            return _OF_RESULTS
        case _:
            return None

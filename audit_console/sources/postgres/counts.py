"""How many events a filter keeps, counted by steps of time, so that rows are found by number.

One statement counts them all. What it gives by steps of equal length says how many events
are before each step: the row with a number is so many rows behind the begin of its step,
and the number of an event is what is before its step and a little more.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from operator import attrgetter
from typing import NamedTuple

import psycopg
from psycopg import sql

from audit_console.core.timespan import TICK
from audit_console.sources.postgres.asked import FENCE, Asked, Point, Start

STEPS = 10_000
"""Steps of a log, at most; of ten million events, each has a thousand."""

HEAVY = 20_000
"""A step with more events is taken apart before rows are looked for in it."""

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_TIME = ("timestamp",)
_STEPS_OF = """
SELECT start, count(*) FROM (
    {fence} SELECT date_bin(%(length)s, "timestamp", %(origin)s) AS start FROM {events}
) AS told GROUP BY start ORDER BY start
"""


class TimeStep(NamedTuple):
    """Events from `start` on and before `end`: `events` of them, behind `before` others."""

    start: datetime
    end: datetime
    before: int
    events: int


class Counts:
    """The events that a filter keeps, by steps of time, oldest first."""

    def __init__(self, asked: Asked, steps: list[TimeStep]) -> None:
        self._asked = asked
        self._steps = steps
        self.total = steps[-1].before + steps[-1].events if steps else 0

    @classmethod
    def of(
        cls, connection: psycopg.Connection, asked: Asked, first: datetime, last: datetime
    ) -> Counts:
        """Count events, in steps as long as suits a log from `first` to `last`."""
        return cls(asked, _steps(connection, asked, first, last, before=0))

    def start_of_row(
        self, connection: psycopg.Connection, row: int, *, newest_first: bool
    ) -> Start | None:
        """Say where a row is, by its number in the order asked for; None for nowhere."""
        rank = self.total - 1 - row if newest_first else row
        if not 0 <= rank < self.total:
            return None
        if row == 0:
            return Start()
        step = self._step(connection, "before", rank)
        if newest_first:
            behind = step.before + step.events - 1 - rank
            return Start(Point(_TIME, (step.end,)), includes_point=False, skip=behind)
        return Start(Point(_TIME, (step.start,)), skip=rank - step.before)

    def before(
        self, connection: psycopg.Connection, point: Point, *, includes_point: bool = False
    ) -> int:
        """Count the events before a point, or up to it, oldest first."""
        moment = point.values[0]
        if not self._steps or moment < self._steps[0].start:
            return 0
        step = self._step(connection, "start", moment)
        of_step = self._asked.beside(Point(_TIME, (step.start,)), ">=")
        older = of_step.beside(point, "<=" if includes_point else "<")
        return step.before + older.count(connection)

    def _step(self, connection: psycopg.Connection, by: str, value: int | datetime) -> TimeStep:
        """Find the last step that begins at or before a rank (`before`) or a time (`start`)."""
        steps = self._steps
        number = bisect_right(steps, value, key=attrgetter(by)) - 1
        step = steps[number]
        if step.events <= HEAVY or step.end - step.start <= TICK:
            return step
        of_step = self._asked.beside(Point(_TIME, (step.start,)), ">=").beside(
            Point(_TIME, (step.end,)), "<"
        )
        parts = _steps(connection, of_step, step.start, step.end - TICK, before=step.before)
        self._steps = [*steps[:number], *parts, *steps[number + 1 :]]
        return self._step(connection, by, value)


def _steps(
    connection: psycopg.Connection, asked: Asked, first: datetime, last: datetime, *, before: int
) -> list[TimeStep]:
    length = (last - first) // STEPS + TICK
    statement = sql.SQL(_STEPS_OF).format(fence=FENCE, events=asked.events)
    steps = []
    for start, count in asked.run(connection, statement, length=length, origin=first):
        end = start + length if start <= _END_OF_TIME - length else _END_OF_TIME
        steps.append(TimeStep(start, end, before, count))
        before += count
    return steps

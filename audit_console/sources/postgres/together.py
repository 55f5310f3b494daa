"""Several counts of the same events, of one snapshot.

PostgreSQL counts GROUPING SETS in one process. So the table is cut into ranges of blocks, each
range is counted by whichever process is free, and what they count is added up. Few events are
looked up by an index, once.

A large part of a table is counted by indexes, as what happened in a window of time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl
import psycopg
from psycopg import sql

from audit_console.core.event import Scheme
from audit_console.core.query.stages import Count, Timeline
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.postgres.bins import find_bins
from audit_console.sources.postgres.extent import Span
from audit_console.sources.postgres.grouping import Grouping, Row
from audit_console.sources.postgres.layout import EVERY_ROW, Layout, named
from audit_console.sources.postgres.plans import PARTS, UNSHARED, Plan, is_by_index, plan_of
from audit_console.sources.postgres.tallies import MOST_ROWS, counts_frame, few_enough
from audit_console.sources.postgres.windows import find_window

BY_INDEXES = 0.06
"""Indexes are read from end to end for a span that has at least this part of a table."""

_BLOCKS = "SELECT pg_relation_size(to_regclass(%s)) / current_setting('block_size')::bigint"
_HAS_RESULTS = """
SELECT attnotnull FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'result'
"""
_EVENTS = "SELECT * FROM {events}"
_LOOKED_UP = ("Index Scan", "Bitmap Heap Scan")
_COUNT = "SELECT count(*) FROM {events}"
_TOTAL = "SELECT sum(count) FROM ({parts}) AS parts"
_SUMS = """
SELECT of_set, {keys}, sum(count)::bigint FROM ({parts}) AS parts
GROUP BY of_set, {keys} HAVING sum(count) <> 0 LIMIT {limit}
"""
_BY_INDEX = """
SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off
"""
"""The planner does not know how little is in a bin, and would compare each with all events of its
type, nor that few events are apart."""


def count_together(
    connection: psycopg.Connection,
    asked: Asked,
    by: Sequence[Count | Timeline],
    span: Span | None = None,
) -> list[pl.DataFrame]:
    """Count events by several stages; see `Source.counts`.

    Args:
        connection: to the server, in a transaction that has one snapshot.
        asked: the events.
        by: the stages.
        span: what the events are all of, if they are all of a span.

    Raises:
        UsageError: there is more to be counted than fits.
    """
    if list(by) == [Count()]:  # an index knows
        count = asked.count(connection) if span is None else _count(connection, asked, span)
        return [counts_frame([(count,)], ())]
    grouping = Grouping(by)
    rows = None if span is None else _by_indexes(connection, asked, grouping, span)
    if rows is None:
        parts = [grouping.of_events(part) for part in _ranges(connection, asked)]
        rows = _sums(connection, asked, grouping, parts)
    return grouping.frames(rows)


def _count(connection: psycopg.Connection, asked: Asked, span: Span) -> int:
    """Count a span by the primary key."""
    connection.execute(UNSHARED)
    counts = (sql.SQL(_COUNT).format(events=part.events) for part in span.parts(asked))
    statement = sql.SQL(_TOTAL).format(parts=sql.SQL(" UNION ALL ").join(counts))
    return int(asked.run(connection, statement)[0][0])


def _by_indexes(
    connection: psycopg.Connection, asked: Asked, grouping: Grouping, span: Span
) -> list[Row] | None:
    """Count a span by indexes; None if they do not hold what is asked, or it is too little."""
    layout = asked.layout
    if not grouping.in_indexes or not _has_results(connection, layout):
        return None
    expected = _plan_of(connection, Asked(layout, EVERY_ROW))["Plan Rows"]
    if span.length < BY_INDEXES * expected:
        return None
    connection.execute(UNSHARED)
    window = find_window(connection, layout, span, is_most=span.length > expected / 2)
    if window is None:
        return None
    events, strays, strangers = window
    parts = grouping.of_indexes(events)
    if not all(is_by_index(connection, part, events.parameters) for part in parts):
        return None
    connection.execute(_BY_INDEX)
    whole, bins = grouping.of_ranges(events, partial(find_bins, connection, layout))
    # Events apart come first: nulls take their types from what stands before.
    parts = [grouping.of_events(strays), grouping.of_events(strangers, taken_away=True), *whole]
    parameters = events.parameters | strays.parameters | strangers.parameters | bins
    sums = _sums(connection, Asked(layout, EVERY_ROW, parameters), grouping, parts)
    return grouping.with_left_out(sums)


def _sums(
    connection: psycopg.Connection, asked: Asked, grouping: Grouping, parts: list[sql.Composed]
) -> list[Row]:
    """Add up what parts count."""
    statement = sql.SQL(_SUMS).format(
        keys=named(*grouping.shown),
        parts=sql.SQL(" UNION ALL ").join(parts),
        limit=sql.Literal(MOST_ROWS + 1),
    )
    return few_enough(asked.run(connection, statement))


def _ranges(connection: psycopg.Connection, asked: Asked) -> Iterator[Asked]:
    """Cut events by the blocks that they are in.

    What is no plain table is one range, and so is what an index finds: it would be looked up
    anew for each.
    """
    (blocks,) = connection.execute(_BLOCKS, [asked.layout.table]).fetchall()[0]
    if asked.layout.scheme is not Scheme.V1 or not blocks or _is_looked_up(connection, asked):
        yield asked
        return
    bounds = sorted({blocks * number // PARTS for number in range(PARTS)})
    for first, end in zip(bounds, [*bounds[1:], None], strict=True):
        part = asked.that(sql.SQL("events.ctid >= {}").format(_block(first)))
        yield part if end is None else part.that(sql.SQL("events.ctid < {}").format(_block(end)))


def _block(number: int) -> sql.Composed:
    return sql.SQL("{}::tid").format(sql.Literal(f"({number},0)"))


def _is_looked_up(connection: psycopg.Connection, asked: Asked) -> bool:
    return _plan_of(connection, asked)["Node Type"] in _LOOKED_UP


def _has_results(connection: psycopg.Connection, layout: Layout) -> bool:
    """Tell whether each event has a result: else the index leaves out more than successes."""
    return connection.execute(_HAS_RESULTS, [layout.table]).fetchone() == (True,)


def _plan_of(connection: psycopg.Connection, asked: Asked) -> Plan:
    return plan_of(connection, sql.SQL(_EVENTS).format(events=asked.events), asked.parameters)

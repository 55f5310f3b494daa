"""A span of a chain as a window of time, and the few events that are in one of both alone.

Indexes hold what is counted by with the time, and no seq. Events are written about in the order
in which they happen, so few are apart; an index that holds both tells which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
from psycopg import sql

from audit_console.sources.postgres.asked import Asked
from audit_console.sources.postgres.extent import Span
from audit_console.sources.postgres.layout import EVERY_ROW, Layout
from audit_console.sources.postgres.plans import PARTS, is_by_index

MOST_APART = 20_000
"""So many are looked up one by one. A table where more are apart is looked at once."""

_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

_BOUNDS = """
SELECT ({at_first}), ({at_end}), min("timestamp"), max("timestamp"), ({head}) FROM {events}
"""
_TIME_AT = """
SELECT "timestamp" FROM {events} AND chain = %(chain)s AND seq >= {seq} ORDER BY seq LIMIT 1
"""
_HEAD = "SELECT max(seq) FROM {events} AND chain = %(chain)s"

_OF_CHAIN = sql.SQL("chain = %(chain)s")
_IN_SPAN = sql.SQL("(seq >= %(first)s AND seq < %(end)s AND chain = %(chain)s)")
_BESIDE_SPAN = sql.SQL("NOT ") + _IN_SPAN
_IN_WINDOW = sql.SQL('"timestamp" >= %(since)s AND "timestamp" < %(until)s')
_BEFORE_WINDOW = sql.SQL('"timestamp" < %(since)s')
_AFTER_WINDOW = sql.SQL('"timestamp" >= %(until)s')

_BY_TIME = "SELECT {number}, count(*), count(*) FILTER (WHERE {is_apart}) FROM {events}"
_BY_KEY = "SELECT NULL::int, count(*), 0::bigint FROM {events}"
_NEAREST = 'SELECT chain, seq FROM {events} ORDER BY "timestamp" {direction} LIMIT %(limit)s'
_LISTED = "(chain, seq) IN (SELECT * FROM unnest({chains}::text[], {seqs}::bigint[]))"

_Places = list[tuple[str, int]]
"""The chain and the seq of each event."""


class Window(NamedTuple):
    """What happened in a window of time: with strays, and without strangers, it is a span.

    Attributes:
        events: all that happened in it.
        strays: events of the span that did not.
        strangers: events that did, and are not of the span.
    """

    events: Asked
    strays: Asked
    strangers: Asked


class _Bounds(NamedTuple):
    """The begin and the end of a window, those of the log, and the last seq of the chain."""

    since: datetime
    until: datetime
    first: datetime
    last: datetime
    head: int


class _Side(NamedTuple):
    """What is looked at: a window and its span, or what is beside both.

    Attributes:
        by_time: its events by time.
        by_key: its events by key.
        is_apart: tells those by time that are not among those by key.
        others: where those by key are that are not among those by time, the nearest first.
    """

    by_time: Sequence[Asked]
    by_key: Sequence[Asked]
    is_apart: sql.Composable
    others: Sequence[sql.Composed]


def find_window(
    connection: psycopg.Connection, layout: Layout, span: Span, *, is_most: bool
) -> Window | None:
    """Give the window of a span; None where many events are apart, or no index tells which.

    Where the span `is_most` of the log, what is beside it is looked at, and else itself.
    """
    limits = {"chain": span.chain, "first": span.seqs.start, "end": span.seqs.stop}
    bounds = _bounds(connection, Asked(layout, EVERY_ROW, limits))
    if bounds is None:
        return None
    limits |= {"since": bounds.since, "until": bounds.until}
    log = Asked(layout, EVERY_ROW, limits)
    side = (_beside if is_most else _within)(log, span, bounds)
    places = _apart(connection, log, side)
    if places is None:
        return None
    strays, strangers = places if is_most else reversed(places)
    return Window(
        log.that(_IN_WINDOW),
        strays=_at(layout, "strays", strays),
        strangers=_at(layout, "strangers", strangers),
    )


def _bounds(connection: psycopg.Connection, log: Asked) -> _Bounds | None:
    """Look where a window ends; None of a log without events, or without those of the span."""
    at_first, at_end = (
        sql.SQL(_TIME_AT).format(events=log.events, seq=sql.Placeholder(seq))
        for seq in ("first", "end")
    )
    statement = sql.SQL(_BOUNDS).format(
        at_first=at_first,
        at_end=at_end,
        head=sql.SQL(_HEAD).format(events=log.events),
        events=log.events,
    )
    ((since, until, *others),) = log.run(connection, statement)
    return None if since is None else _Bounds(since, until or _LATEST, *others)


def _within(log: Asked, span: Span, bounds: _Bounds) -> _Side:
    return _Side(
        by_time=list(_slices(log, bounds, in_window=True)),
        by_key=list(span.parts(log.that(_OF_CHAIN))),
        is_apart=_BESIDE_SPAN,
        others=[
            _nearest(log.that(_AFTER_WINDOW).that(_IN_SPAN)),
            _nearest(log.that(_BEFORE_WINDOW).that(_IN_SPAN), newest_first=True),
        ],
    )


def _beside(log: Asked, span: Span, bounds: _Bounds) -> _Side:
    behind = Span(span.chain, range(span.seqs.stop, max(span.seqs.stop, bounds.head + 1)))
    return _Side(
        by_time=list(_slices(log, bounds, in_window=False)),
        by_key=[
            log.that(sql.SQL("chain < %(chain)s")),
            log.that(sql.SQL("chain > %(chain)s")),
            log.that(sql.SQL("chain = %(chain)s AND seq < %(first)s")),
            *behind.parts(log.that(_OF_CHAIN)),
        ],
        is_apart=_IN_SPAN,
        others=[_nearest(log.that(_IN_WINDOW).that(_BESIDE_SPAN), newest_first=True)],
    )


def _slices(log: Asked, bounds: _Bounds, *, in_window: bool) -> Iterator[Asked]:
    """Cut the log by time, and give what is in the window, or what is not."""
    since, until, first, last, _ = bounds
    cuts = (first + (last - first) * number / PARTS for number in range(1, PARTS))
    times = sorted({_EARLIEST, since, until, *cuts})
    for low, high in zip(times, [*times[1:], None], strict=True):
        if (since <= low < until) == in_window:
            part = log.that(sql.SQL('"timestamp" >= {}').format(low))
            yield part if high is None else part.that(sql.SQL('"timestamp" < {}').format(high))


def _nearest(asked: Asked, *, newest_first: bool = False) -> sql.Composed:
    direction = sql.SQL("DESC" if newest_first else "ASC")
    return sql.SQL(_NEAREST).format(events=asked.events, direction=direction)


def _apart(connection: psycopg.Connection, log: Asked, side: _Side) -> list[_Places] | None:
    """List what a side has by time alone, and what it has by key alone; None if it is much."""
    parts = [
        sql.SQL(_BY_TIME).format(number=number, is_apart=side.is_apart, events=part.events)
        for number, part in enumerate(side.by_time)
    ]
    parts += [sql.SQL(_BY_KEY).format(events=part.events) for part in side.by_key]
    statement = sql.SQL(" UNION ALL ").join(parts)
    if not is_by_index(connection, statement, log.parameters):
        return None
    rows = log.run(connection, statement)
    some = sum(apart for *_, apart in rows)
    others = some + sum(events if number is None else -events for number, events, _ in rows)
    if some + others > MOST_APART:
        return None
    slices = [side.by_time[number] for number, _, apart in rows if apart]
    return [
        _listed(connection, log, [_nearest(part.that(side.is_apart)) for part in slices], some),
        _listed(connection, log, side.others, others),
    ]


def _listed(
    connection: psycopg.Connection, log: Asked, parts: Sequence[sql.Composed], events: int
) -> _Places:
    """List so many events, which are in some parts; they are likely to be in the first."""
    places: _Places = []
    for part in parts:
        if len(places) < events:
            places += log.run(connection, part, limit=events - len(places))
    return places


def _at(layout: Layout, name: str, places: _Places) -> Asked:
    """Ask for events by their places."""
    chains, seqs = f"{name}_chains", f"{name}_seqs"
    listed = sql.SQL(_LISTED).format(chains=sql.Placeholder(chains), seqs=sql.Placeholder(seqs))
    parameters = {chains: [chain for chain, _ in places], seqs: [seq for _, seq in places]}
    return Asked(layout, listed, parameters)

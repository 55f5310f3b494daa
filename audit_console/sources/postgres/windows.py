"""A span of a chain as a window of time, and the few events that are in one of both alone.

Indexes hold what is counted by with the time, and no seq. Events are written about in the order
in which they happen, so few are apart, and one index, read from end to end, tells which.
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
"""So many are looked up one by one: a tenth of a second."""

_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

_BOUNDS = """
SELECT min("timestamp"), max("timestamp"), ({at_first}), ({at_end}) FROM {events}
"""
_TIME_AT = """
SELECT "timestamp" FROM {events} AND chain = %(chain)s AND seq >= {seq} ORDER BY seq LIMIT 1
"""
_IN_SPAN = sql.SQL("(seq >= %(first)s AND seq < %(end)s AND chain = %(chain)s)")
_BESIDE_SPAN = sql.SQL("NOT ") + _IN_SPAN
_IN_WINDOW = sql.SQL('"timestamp" >= %(since)s AND "timestamp" < %(until)s')
_COUNT = "SELECT {number}, count(*) FROM {events}"
_PLACES = "SELECT chain, seq FROM {events}"
_LISTED = "(chain, seq) IN (SELECT * FROM unnest({chains}::text[], {seqs}::bigint[]))"


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


class _Slice(NamedTuple):
    """What is apart of the events of a slice of time: strangers in the window, strays beside it."""

    in_window: bool
    apart: Asked


def find_window(connection: psycopg.Connection, layout: Layout, span: Span) -> Window | None:
    """Give the window of a span; None where many events are apart, or no index tells which."""
    limits = {"chain": span.chain, "first": span.seqs.start, "end": span.seqs.stop}
    everything = Asked(layout, EVERY_ROW, limits)
    since, until, cuts = _bounds(connection, everything)
    apart = _apart(connection, list(_slices(everything, since, until, cuts)))
    if apart is None:
        return None
    return Window(
        everything.that(_IN_WINDOW, since=since, until=until),
        strays=_listed(connection, layout, "strays", [one for one in apart if not one.in_window]),
        strangers=_listed(connection, layout, "strangers", [one for one in apart if one.in_window]),
    )


def _bounds(
    connection: psycopg.Connection, everything: Asked
) -> tuple[datetime, datetime, list[datetime]]:
    """Give the begin and the end of the window, and times that cut all events into parts."""
    at_first, at_end = (
        sql.SQL(_TIME_AT).format(events=everything.events, seq=sql.Placeholder(seq))
        for seq in ("first", "end")
    )
    statement = sql.SQL(_BOUNDS).format(at_first=at_first, at_end=at_end, events=everything.events)
    ((low, high, since, until),) = everything.run(connection, statement)
    cuts = [low + (high - low) * number / PARTS for number in range(1, PARTS)] if low else []
    return since or _LATEST, until or _LATEST, cuts


def _slices(
    everything: Asked, since: datetime, until: datetime, cuts: Sequence[datetime]
) -> Iterator[_Slice]:
    bounds = sorted({_EARLIEST, since, until, *cuts})
    for low, high in zip(bounds, [*bounds[1:], None], strict=True):
        part = everything.that(sql.SQL('"timestamp" >= {}').format(sql.Literal(low)))
        if high is not None:
            part = part.that(sql.SQL('"timestamp" < {}').format(sql.Literal(high)))
        in_window = since <= low < until
        yield _Slice(in_window, part.that(_BESIDE_SPAN if in_window else _IN_SPAN))


def _apart(connection: psycopg.Connection, slices: Sequence[_Slice]) -> list[_Slice] | None:
    """Give the slices with events that are apart; see `find_window`."""
    counting = sql.SQL(" UNION ALL ").join(
        sql.SQL(_COUNT).format(number=sql.Literal(number), events=one.apart.events)
        for number, one in enumerate(slices)
    )
    limits = slices[0].apart.parameters
    if not is_by_index(connection, counting, limits):
        return None
    counts = dict(slices[0].apart.run(connection, counting))
    if sum(counts.values()) > MOST_APART:
        return None
    return [one for number, one in enumerate(slices) if counts[number]]


def _listed(
    connection: psycopg.Connection, layout: Layout, name: str, slices: Sequence[_Slice]
) -> Asked:
    """Ask for the events that are apart in some slices, by their places."""
    places = [
        place
        for one in slices
        for place in one.apart.run(connection, sql.SQL(_PLACES).format(events=one.apart.events))
    ]
    chains, seqs = f"{name}_chains", f"{name}_seqs"
    listed = sql.SQL(_LISTED).format(chains=sql.Placeholder(chains), seqs=sql.Placeholder(seqs))
    parameters = {chains: [chain for chain, _ in places], seqs: [seq for _, seq in places]}
    return Asked(layout, listed, parameters)

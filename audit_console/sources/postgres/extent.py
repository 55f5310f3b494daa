"""What was there when a log was opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import psycopg
from psycopg import sql

from audit_console.core.event import Scheme
from audit_console.core.filters import Exact, Field, FieldName, Filter, Range, Term
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.postgres.layout import EVERY_ROW, PLACED, Layout
from audit_console.sources.postgres.plans import PARTS
from audit_console.sources.protocol import News

_MISPLACED = """
SELECT EXISTS (SELECT FROM {events} AND "timestamp" < '0001-01-01 00:00:00+00')
    OR EXISTS (SELECT FROM {events} AND "timestamp" >= '10000-01-01 00:00:00+00')
    OR EXISTS (SELECT FROM {events} AND chain IS NULL)
    OR EXISTS (SELECT FROM {events} AND chain = ANY (%(chains)s) AND seq < 0)
    OR EXISTS (SELECT FROM {events} AND chain = ANY (%(chains)s) AND seq IS NULL)
"""
"""Whether constraints were taken away and misused; each part is a look into an index."""

_WINDOW = 'SELECT min("timestamp"), max("timestamp") FROM {events}'
_EVENT_BYTES = """
SELECT nullif(pg_total_relation_size(oid), 0) / reltuples::float
FROM pg_class WHERE oid = to_regclass(%s) AND reltuples > 0
"""
_NOTHING = sql.SQL("FALSE")

FEW_CHAINS = 8
"""So many are compared one by one, which is faster than to look one up."""

_UP_TO_HEADS = sql.SQL("seq <= (%(heads)s::jsonb ->> chain)::bigint")
"""One parameter, however many chains there are: a statement has at most 65,535. No join, which
would cost pages their order."""

_HEADS = """
WITH RECURSIVE chains(chain) AS (
    SELECT min(chain) FROM {events}
    UNION ALL
    SELECT (SELECT min(chain) FROM {events} AND chain > chains.chain)
    FROM chains WHERE chain IS NOT NULL
)
SELECT chain, (SELECT max(seq) FROM {events} AND events.chain = chains.chain)
FROM chains WHERE chain IS NOT NULL
"""


class Span(NamedTuple):
    """All events of a chain with one of these seqs."""

    chain: str
    seqs: range

    @property
    def length(self) -> int:
        """How many events it has at most."""
        return self.seqs.stop - self.seqs.start  # len() has a limit that seqs do not have

    def parts(self, asked: Asked) -> Iterator[Asked]:
        """Cut what is asked for of a chain into ranges of these seqs."""
        cuts = (self.seqs.start + self.length * number // PARTS for number in range(PARTS + 1))
        for low, high in pairwise(cuts):
            yield asked.that(sql.SQL("seq >= {} AND seq < {}").format(low, high))


@dataclass(frozen=True, slots=True)
class Extent:
    """What was there.

    Attributes:
        asked: all events. Of format v1, those up to the heads that the chains had; of the
            orchestrator's table, whose events have no number, those up to the last time.
        rows: the same, and the rows that are no events.
        first: time of the earliest event.
        last: time of the latest.
        heads: the chains of format v1, in their order, with the last seq of each.
        event_bytes: what a row takes on average, with indexes; None without statistics.
    """

    asked: Asked
    rows: Asked
    first: datetime | None
    last: datetime | None
    heads: tuple[tuple[str, int], ...] = ()
    event_bytes: float | None = None

    @property
    def chains(self) -> tuple[str, ...]:
        """Names of the chains of format v1."""
        return tuple(chain for chain, _ in self.heads)

    def span_of(self, where: Filter) -> Span | None:
        """Give the span that a filter asks for; None if it asks for something else."""
        match where.active:
            case (
                Term(Field(FieldName.CHAIN), Exact(chain)),
                Term(Field(FieldName.SEQ), Range(Decimal() as low, Decimal() as high, False, True)),
            ) if low == int(low) and high == int(high) and self._reaches(chain, int(high)):
                return Span(chain, range(int(low), int(high)))
        return None

    def _reaches(self, chain: str, end: int) -> bool:
        """Tell whether a table of format v1, whose constraints hold, has a chain up to an end."""
        return self.rows is self.asked and end <= dict(self.heads).get(chain, -1) + 1


def find_extent(connection: psycopg.Connection, layout: Layout) -> Extent:
    """Look how far the log reaches now."""
    readable = _readable(connection, layout)
    everything = Asked(layout, readable)
    first, last = everything.run(connection, sql.SQL(_WINDOW).format(events=everything.events))[0]
    if layout.scheme is not Scheme.V1:
        heads = list[tuple[str, int]]()
        events = everything.that(sql.SQL('"timestamp" <= %(last)s'), last=last)
    else:
        heads = _heads(connection, everything)
        events = _up_to(everything, heads)
    rows = events
    if readable is not EVERY_ROW:
        where = sql.SQL("(({}) IS NOT TRUE OR {})").format(readable, events.where)
        rows = Asked(layout, where, events.parameters)
    sizes = connection.execute(_EVENT_BYTES, [layout.table]).fetchone()
    return Extent(events, rows, first, last, tuple(heads), sizes[0] if sizes else None)


def _readable(connection: psycopg.Connection, layout: Layout) -> sql.Composable:
    """Give the condition for the rows that are events, here and now."""
    if layout.scheme is not Scheme.V1:
        return layout.readable
    everything = Asked(layout, layout.readable)
    chains = [chain for chain, _ in _heads(connection, everything)]
    statement = sql.SQL(_MISPLACED).format(events=everything.events)
    (found,) = everything.run(connection, statement, chains=chains)
    return PLACED if found[0] else layout.readable


def news_beyond(extent: Extent, connection: psycopg.Connection, layout: Layout) -> News:
    """Count the events behind an extent, in the ranges of an index alone.

    Of format v1 they are those behind the heads; of the orchestrator's table those behind
    the last time.
    """
    everything = Asked(layout, layout.readable)
    if layout.scheme is not Scheme.V1:
        behind = sql.SQL('"timestamp" > %(last)s') if extent.last else sql.SQL("TRUE")
        return News(everything.that(behind, last=extent.last).count(connection))
    before, now = dict(extent.heads), dict(_heads(connection, everything))
    for chain, head in before.items():
        if now.get(chain, -1) < head:
            return News(0, f"the end of the chain {chain} was removed")
    return News(
        sum(
            everything.that(_BEHIND, chain=chain, head=before.get(chain, -1)).count(connection)
            for chain, head in now.items()
            if head > before.get(chain, -1)
        )
    )


_BEHIND = sql.SQL("chain = %(chain)s AND seq > %(head)s")


def _heads(connection: psycopg.Connection, everything: Asked) -> list[tuple[str, int]]:
    rows = everything.run(connection, sql.SQL(_HEADS).format(events=everything.events))
    return [(chain, head) for chain, head in rows]


def _up_to(everything: Asked, heads: list[tuple[str, int]]) -> Asked:
    if len(heads) > FEW_CHAINS:
        return everything.that(_UP_TO_HEADS, heads=json.dumps(dict(heads)))
    parts = list[sql.Composable]()
    values = dict[str, object]()
    for number, (chain, head) in enumerate(heads):
        part = sql.SQL("(chain = {} AND seq <= {})")
        parts.append(part.format(*map(sql.Placeholder, (f"chain{number}", f"head{number}"))))
        values |= {f"chain{number}": chain, f"head{number}": head}
    return everything.that(
        sql.SQL("({})").format(sql.SQL(" OR ").join(parts or [_NOTHING])), **values
    )

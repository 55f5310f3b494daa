"""What was there when a log was opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from audit_console.core.event import Scheme
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.postgres.layout import Layout

_WINDOW = 'SELECT min("timestamp"), max("timestamp") FROM {events}'
_NOTHING = sql.SQL("FALSE")
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


@dataclass(frozen=True, slots=True)
class Extent:
    """What was there.

    Attributes:
        asked: all events. Of format v1, those up to the heads that the chains had; of the
            orchestrator's table, whose events have no number, those up to the last time.
        rows: the same, and the rows that are no events.
        first: time of the earliest event.
        last: time of the latest.
        chains: names of the chains of format v1, in their order.
    """

    asked: Asked
    rows: Asked
    first: datetime | None
    last: datetime | None
    chains: tuple[str, ...] = ()


def find_extent(connection: psycopg.Connection, layout: Layout) -> Extent:
    """Look how far the log reaches now."""
    everything = Asked(layout, layout.readable)
    first, last = everything.run(connection, sql.SQL(_WINDOW).format(events=everything.events))[0]
    if layout.scheme is not Scheme.V1:
        bound = sql.SQL('"timestamp" <= %(last)s')
        events = everything.that(bound, last=last)
        rows = sql.SQL("(({}) IS NOT TRUE OR {})").format(layout.readable, bound)
        return Extent(events, Asked(layout, rows, events.parameters), first, last)
    heads = everything.run(connection, sql.SQL(_HEADS).format(events=everything.events))
    asked = _up_to(everything, heads)
    return Extent(asked, asked, first, last, tuple(chain for chain, _ in heads))


def _up_to(everything: Asked, heads: list[tuple[str, int]]) -> Asked:
    parts = list[sql.Composable]()
    values = dict[str, object]()
    for number, (chain, head) in enumerate(heads):
        part = sql.SQL("(chain = {} AND seq <= {})")
        parts.append(part.format(*map(sql.Placeholder, (f"chain{number}", f"head{number}"))))
        values |= {f"chain{number}": chain, f"head{number}": head}
    return everything.that(
        sql.SQL("({})").format(sql.SQL(" OR ").join(parts or [_NOTHING])), **values
    )

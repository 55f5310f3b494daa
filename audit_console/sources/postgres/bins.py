"""The bins of time in which each type has events: an index finds one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg import sql

from audit_console.core.timespan import Duration
from audit_console.sources.postgres.asked import Asked
from audit_console.sources.postgres.layout import EVERY_ROW, Layout
from audit_console.sources.postgres.plans import PARTS

MOST_BINS = 20_000
"""So many are looked for: a fifth of a second."""

_BINS = """
WITH RECURSIVE bins AS (
    ({first} ORDER BY event_type, "timestamp" LIMIT 1)
    UNION ALL
    SELECT later.* FROM bins, LATERAL (
        {first} AND (event_type, "timestamp") >= (bins.type, bins.start + {span})
        ORDER BY event_type, "timestamp" LIMIT 1
    ) AS later
)
SELECT type, start FROM bins LIMIT %(limit)s
"""
_BIN = "SELECT event_type AS type, {start} AS start FROM {events}"
_START = "date_bin({}, \"timestamp\", '0001-01-01 00:00:00+00')"


class Bins(NamedTuple):
    """A type and the start of a bin for each bin, in two columns."""

    types: Sequence[str]
    starts: Sequence[datetime]

    def parts(self) -> Iterator[Bins]:
        """Cut them into parts of about as many events: some bins of each type."""
        for number in range(PARTS):
            yield Bins(self.types[number::PARTS], self.starts[number::PARTS])


def find_bins(connection: psycopg.Connection, layout: Layout, every: Duration) -> Bins | None:
    """Give the bins of all events of a table; None if there are many, or they are of months."""
    if every.span is None:
        return None
    everything = Asked(layout, EVERY_ROW, {"limit": MOST_BINS + 1})
    span = sql.Literal(every.span)
    first = sql.SQL(_BIN).format(start=sql.SQL(_START).format(span), events=everything.events)
    rows = everything.run(connection, sql.SQL(_BINS).format(first=first, span=span))
    if len(rows) > MOST_BINS:
        return None
    return Bins([type_ for type_, _ in rows], [start for _, start in rows])

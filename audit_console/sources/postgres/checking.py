"""What the check says of single events: of those on a page, and of those a filter looks for."""

from __future__ import annotations

from typing import Any, NamedTuple

import polars as pl
import psycopg
from psycopg import sql

from audit_console.columns.links import LinkMarker
from audit_console.columns.schema import CHECK, CHECKED, PAGE
from audit_console.core.event import Scheme
from audit_console.errors import SourceUnreadable
from audit_console.sources.postgres.asked import AS_TEXT, Asked
from audit_console.sources.postgres.rows import read_rows, text_frame, with_lines

BROKEN_KEPT = 100_000
"""Broken events that can be looked for by a filter."""

_PREDECESSORS = """
SELECT {texts} FROM {events} AND (chain, seq) IN (
    SELECT * FROM unnest(%(before_chains)s::text[], %(before_seqs)s::bigint[])
)
"""

_IS_BROKEN = "id = ANY (%(broken)s::uuid[])"
_V1_CHECK = sql.SQL(
    f"CASE WHEN {_IS_BROKEN} THEN 'broken' WHEN %(all_checked)s THEN 'verified' END"
)
_MICROSECONDS = "to_char(\"timestamp\" AT TIME ZONE 'UTC', 'US')"
_ORCHESTRATOR_CHECK = sql.SQL(f"""
CASE WHEN {_IS_BROKEN} THEN 'broken'
     WHEN event_hash = encode(sha256(convert_to(concat_ws('|', id::text,
        to_char("timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || CASE
            WHEN {_MICROSECONDS} = '000000' THEN ''
            WHEN right({_MICROSECONDS}, 3) = '000' THEN '.' || left({_MICROSECONDS}, 3)
            ELSE '.' || {_MICROSECONDS} END || '+00:00',
        event_type, action, resource_type, resource_id, result, coalesce(previous_hash, '')
     ), 'UTF8')), 'hex') THEN 'verified'
     ELSE 'unverifiable' END
""")


class Check(NamedTuple):
    """The state of an event's check as SQL, and the values that it names."""

    text: sql.Composable
    parameters: dict[str, Any]


class Checks:
    """Knows what is broken: of a page at once, of the others as far as the log was checked."""

    def __init__(self, asked: Asked, chains: tuple[str, ...]) -> None:
        self._asked = asked
        self._places = {chain: place for place, chain in enumerate(chains)}
        self._broken: list[str] = []
        self._all_checked = False

    def note(self, events: pl.DataFrame) -> None:
        """Take in what the check says of events, columns `columns.schema.BATCH`."""
        if len(self._broken) <= BROKEN_KEPT:
            self._broken += events.filter(pl.col("check") == "broken")["id"].to_list()

    def finish(self) -> None:
        """Say that all events were checked."""
        self._all_checked = True

    @property
    def version(self) -> tuple[int, bool]:
        """Changes when more is known."""
        return len(self._broken), self._all_checked

    def expression(self) -> Check:
        """Give the check for a filter.

        Raises:
            SourceUnreadable: too many events are broken to be looked for.
        """
        if len(self._broken) > BROKEN_KEPT:
            raise SourceUnreadable(
                f"more than {BROKEN_KEPT:,} events are broken, too many for a filter",
                hint="Leave chain: out, and look at the findings",
            )
        values: dict[str, Any] = {"broken": self._broken}
        if self._asked.layout.scheme is Scheme.V1:
            return Check(_V1_CHECK, values | {"all_checked": self._all_checked})
        return Check(_ORCHESTRATOR_CHECK, values)

    def page(self, connection: psycopg.Connection, texts: pl.DataFrame) -> pl.DataFrame:
        """Make a page of rows, as `columns.schema.PAGE`."""
        scheme = self._asked.layout.scheme
        rows = with_lines(read_rows(texts, scheme), scheme)
        if scheme is Scheme.V1:
            check = self._v1_check(connection, rows)
            place = (
                pl.col("chain").cast(pl.String).replace_strict(self._places, default=0),
                pl.col("seq") + 1,
            )
        else:
            check = self._orchestrator_check(rows)
            place = (pl.lit(0), _high_half(pl.col("id")))
        return rows.with_columns(
            check,
            file=place[0].cast(PAGE["file"]),
            line=place[1].cast(PAGE["line"]),
            offset=pl.lit(None, PAGE["offset"]),
        ).select(list(PAGE))

    def _v1_check(self, connection: psycopg.Connection, rows: pl.DataFrame) -> pl.Series:
        """Hash each event, and compare its link with the event before it in its chain."""
        wanted = rows.filter(pl.col("seq") > 0).select(
            pl.col("chain").cast(pl.String), pl.col("seq") - 1
        )
        there = rows.select(pl.col("chain").cast(pl.String), "seq")
        missing = wanted.join(there, on=["chain", "seq"], how="anti")
        before = self._asked.run(
            connection,
            sql.SQL(_PREDECESSORS).format(texts=AS_TEXT, events=self._asked.events),
            before_chains=missing["chain"].to_list(),
            before_seqs=missing["seq"].to_list(),
        )
        others = read_rows(text_frame(before), Scheme.V1, first=rows.height + 1)
        checked = list(CHECKED)
        events = pl.concat([rows.select(checked), others.select(checked)])
        marked = LinkMarker().mark(events.sort(pl.col("chain").cast(pl.String), "seq"))
        return marked.filter(pl.col("line") <= rows.height).sort("line")["check"]

    def _orchestrator_check(self, rows: pl.DataFrame) -> pl.Series:
        broken = pl.col("id").is_in(pl.Series(self._broken, dtype=pl.String).implode())
        return rows.select(
            check=pl.when(broken)
            .then(pl.lit("broken"))
            .when(pl.col("computed_hash").is_not_null())
            .then(pl.lit("verified"))
            .otherwise(pl.lit("unverifiable"))
            .cast(CHECK)
        ).to_series()


def _high_half(event_id: pl.Expr) -> pl.Expr:
    """Give the first 64 bits of a UUID: they order events of one time as PostgreSQL does."""
    digits = event_id.str.replace_all("-", "", literal=True).str.head(16)
    return digits.str.to_integer(base=16, dtype=pl.UInt64, strict=False)

"""From marked events to runs: the few rows at which something begins or is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import polars as pl

from audit_console.columns.links import BROKEN, CHANGES_CHAIN, in_chains
from audit_console.core.event import Scheme
from audit_console.core.findings import KEEP_PER_CODE, Place
from audit_console.core.run import Run

_OF_FIRST = (
    *("file", "line", "id", "scheme", "chain", "seq"),
    *("recorded_at", "previous_hash", "link_known", "link_taken"),
)
_OF_LAST = ("event_hash", "computed_hash", "recorded_at", "broken")
_NEEDED = (*_OF_FIRST, "event_hash", "computed_hash", "joined")
"""Copying the texts of a batch to look at its links would cost more than the look."""


PLACE = (pl.col("file").cast(pl.UInt64) * (1 << 40) + pl.col("line")).alias("place")
"""Where a line stands in the log, as one number."""


_SCHEMES = {scheme.value: scheme for scheme in Scheme}

_BEHIND_UNLISTED = (
    pl.col("broken")
    & ~CHANGES_CHAIN
    & pl.col("unlisted").shift(1)
    & (pl.col("previous_hash") == pl.col("event_hash").shift(1))
    & (pl.col("seq").is_null() | (pl.col("seq") == pl.col("seq").shift(1) + 1))
    & (pl.col("doubtful_before") == pl.col("doubtful_before").shift(1) + 1)
).fill_null(value=False)
"""Fails its own hash and goes on with an unlisted one that does, no doubtful line between."""


class LocatedRun(NamedTuple):
    """A run, its `PLACE` in the log, and its events: rows from `first` on of those of its batch."""

    place: int
    run: Run
    events: pl.DataFrame
    first: int


def runs(events: pl.DataFrame, malformed: pl.DataFrame, files: Sequence[str]) -> list[LocatedRun]:
    """Cut `columns.schema.BATCH` events into runs, in the order of the log.

    No run goes on across a line that may have been an event of its chain, one that is
    unreadable or fails its own hash: where such a line stands decides what it explains.
    An event that fails its hash is a run of its own as long as it is listed; beyond that,
    those that follow one another are one.

    Args:
        events: the events of one batch.
        malformed: its unreadable lines.
        files: names of the source's files, if it has any.
    """
    hashed = events.select(PLACE, *_NEEDED).filter(pl.col("scheme") != Scheme.UNHASHED)
    hashed = hashed.with_columns(broken=BROKEN)
    hashed = hashed.with_columns(doubtful_before=_doubtful_before(hashed, malformed))
    is_unlisted = pl.col("broken") & (pl.col("broken").cum_sum() > KEEP_PER_CODE)
    hashed = hashed.with_columns(unlisted=is_unlisted)
    found = _cut(in_chains(hashed), files)
    return sorted(found, key=attrgetter("place"))


def _doubtful_before(events: pl.DataFrame, malformed: pl.DataFrame) -> pl.Series:
    """Count, for each event, the lines before it that may have been other events."""
    broken = events.filter("broken")
    doubtful = pl.concat([broken.select("place"), malformed.select(PLACE)]).to_series().sort()
    return doubtful.search_sorted(events["place"])


def _cut(events: pl.DataFrame, files: Sequence[str]) -> Iterator[LocatedRun]:
    """Cut events of which those of a chain stand together."""
    if events.is_empty():
        return iter(())
    apart = pl.col("doubtful_before").diff() > 0
    begins = events.select(~pl.col("joined") | apart | CHANGES_CHAIN).to_series()
    if events["unlisted"].any():
        begins &= ~events.select(_BEHIND_UNLISTED).to_series()
    places = begins.arg_true().to_list()
    return _runs(events, places, [*places[1:], events.height], files)


def one_by_one(located: LocatedRun, files: Sequence[str]) -> Iterator[LocatedRun]:
    """Cut a run into runs of a single event."""
    begins = range(located.first, located.first + located.run.events)
    return _runs(located.events, begins, [begin + 1 for begin in begins], files)


def _runs(
    events: pl.DataFrame, begins: Sequence[int], ends: Sequence[int], files: Sequence[str]
) -> Iterator[LocatedRun]:
    firsts = events.select("place", *_OF_FIRST)[begins].iter_rows()
    lasts = events.select(_OF_LAST)[[end - 1 for end in ends]].iter_rows()
    for begin, end, first, last in zip(begins, ends, firsts, lasts, strict=True):
        place, file, line, event_id, scheme, chain, seq, recorded_at, link, known, taken = first
        stored, computed, last_recorded, broken = last
        run = Run(
            scheme=_SCHEMES[scheme],
            chain=chain or f"({scheme})",
            events=end - begin,
            first_seq=seq,
            first_link=link,
            last_hash=stored,
            last_computed=stored if computed is None else computed,
            broken=broken,
            first_recorded=recorded_at,
            last_recorded=last_recorded,
            first_place=Place.among(files, file, line, event_id),
            first_link_known=known,
            first_link_taken=taken,
        )
        yield LocatedRun(place, run, events, begin)

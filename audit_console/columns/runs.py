"""From marked events to runs: the few rows at which something begins or is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from audit_console.columns.links import by_chain
from audit_console.core.event import Scheme
from audit_console.core.findings import Place
from audit_console.core.run import Run

_OF_FIRST = (
    *("file", "line", "id", "scheme", "chain", "seq"),
    *("recorded_at", "previous_hash", "link_known", "link_taken"),
)
_OF_LAST = ("event_hash", "computed_hash", "recorded_at")
_NEEDED = (*_OF_FIRST, "event_hash", "computed_hash", "joined")
"""Copying the texts of a batch to look at its links would cost more than the look."""


PLACE = (pl.col("file").cast(pl.UInt64) * (1 << 40) + pl.col("line")).alias("place")
"""Where a line stands in the log, as one number."""


@dataclass(frozen=True, slots=True)
class LocatedRun:
    """A run, where it begins in the log, and the computed hashes of its events."""

    run: Run
    file: int
    line: int
    computed: pl.Series


def runs(events: pl.DataFrame, malformed: pl.DataFrame, files: Sequence[str]) -> list[LocatedRun]:
    """Cut `columns.schema.BATCH` events into runs, in the order of the log.

    No run goes on across a line that may have been an event of its chain, one that is
    unreadable or fails its own hash: where such a line stands decides what it explains.

    Args:
        events: the events of one batch.
        malformed: its unreadable lines.
        files: names of the source's files, if it has any.
    """
    hashed = events.select(_NEEDED).filter(pl.col("scheme") != Scheme.UNHASHED)
    hashed = hashed.with_columns(doubtful_before=_doubtful_before(hashed, malformed))
    found = [run for chain in by_chain(hashed) for run in _of_chain(chain, files)]
    return sorted(found, key=lambda run: (run.file, run.line))


def _doubtful_before(events: pl.DataFrame, malformed: pl.DataFrame) -> pl.Series:
    """Count, for each event, the lines before it that may have been other events."""
    broken = events.filter(pl.col("event_hash") != pl.col("computed_hash"))
    doubtful = pl.concat([broken.select(PLACE), malformed.select(PLACE)]).to_series().sort()
    return doubtful.search_sorted(events.select(PLACE).to_series())


def _of_chain(events: pl.DataFrame, files: Sequence[str]) -> Iterator[LocatedRun]:
    apart = (events["doubtful_before"].diff() > 0).fill_null(value=False)
    begins = (~events["joined"] | apart).arg_true().to_list()
    if not begins or begins[0] != 0:
        begins.insert(0, 0)
    ends = [begin - 1 for begin in begins[1:]] + [events.height - 1]
    firsts = events.select(_OF_FIRST)[begins].iter_rows()
    lasts = events.select(_OF_LAST)[ends].iter_rows()
    computed = events["computed_hash"]
    for begin, end, first, last in zip(begins, ends, firsts, lasts, strict=True):
        count = end - begin + 1
        file, line, *_ = first
        run = _run(first, last, count, files)
        yield LocatedRun(run, file, line, computed.slice(begin, count))


def _run(first: tuple[Any, ...], last: tuple[Any, ...], count: int, files: Sequence[str]) -> Run:
    file, line, event_id, scheme, chain, seq, recorded_at, link, known, taken = first
    stored, computed, last_recorded = last
    if computed is None:
        computed = stored
    return Run(
        scheme=Scheme(scheme),
        chain=chain or f"({scheme})",
        events=count,
        first_seq=seq,
        first_link=link,
        last_hash=stored,
        last_computed=computed,
        broken=stored != computed,
        first_recorded=recorded_at,
        last_recorded=last_recorded,
        first_place=Place.among(files, file, line, event_id),
        first_link_known=known,
        first_link_taken=taken,
    )

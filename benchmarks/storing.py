"""How fast events get into PostgreSQL: an embedded server with every commit on disk."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.logs import log_of
from benchmarks.measure import OURS, Contestant, Figure, Sample, Target, run_task

ONE_BY_ONE = 1_000
GROUPED = 50_000


def figures(events: int) -> Iterator[Figure]:
    """Give the figures of storing events, at most this many."""
    singles, grouped = min(events, ONE_BY_ONE), min(events, GROUPED)
    yield Figure(
        "store-postgresql",
        f"PostgreSQL: {singles:,} events one by one, slowest 1 %",
        "s",
        [
            Contestant(
                OURS, lambda: run_task("postgres_one_by_one", log_of(singles), expect=singles)
            )
        ],
        Target("< 5 ms", at_most=0.005),
    )
    yield Figure(
        "store-postgresql",
        f"PostgreSQL: {grouped:,} events in groups of 1,000",
        "events/s",
        [
            _rate(OURS, "postgres_grouped", grouped),
            _rate("limit: COPY of sealed rows", "postgres_copy", grouped),
        ],
        Target("≥ 20 k/s", at_least=20_000) if grouped == GROUPED else None,
    )


def _rate(name: str, task: str, events: int) -> Contestant:
    def run() -> Sample:
        sample = run_task(task, log_of(events), expect=events)
        return Sample(events / sample.value, sample.peak_bytes)

    return Contestant(name, run)

"""How fast an application writes: an archive, beside logging, and PostgreSQL, beside COPY.

PostgreSQL is an embedded server with every commit on disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from benchmarks.logs import log_of
from benchmarks.measure import OURS, Contestant, Figure, Sample, Target, run_task
from benchmarks.writing_tasks import EVENTS_ONE_BY_ONE

LOGGING = "logging, JSON lines, no chain"
EVENTS_WRITTEN = 200_000
POSTGRES_ONE_BY_ONE = 1_000
POSTGRES_GROUPED = 50_000


def figures(events: int) -> Iterator[Figure]:
    """Give the figures; each log is written anew, those in groups of at most `events`."""
    written = min(events, EVENTS_WRITTEN)
    singles, grouped = min(events, POSTGRES_ONE_BY_ONE), min(events, POSTGRES_GROUPED)
    yield Figure(
        "writer",
        "archive, groups of 1,000, each on disk",
        "events/s",
        [
            Contestant(OURS, lambda: _rate("write_groups", written)),
            Contestant(LOGGING, lambda: _rate("logging_groups", written)),
        ],
        Target("≥ 125 k/s", at_least=125_000),
    )
    yield Figure(
        "writer",
        "archive, one event without fsync, p99",
        "s",
        [
            Contestant(OURS, lambda: _write("write_one_by_one")),
            Contestant(LOGGING, lambda: _write("logging_one_by_one")),
        ],
        Target("< 0.5 ms", at_most=0.000_5),
    )
    yield Figure(
        "writer",
        f"PostgreSQL, {singles:,} events one by one, p99",
        "s",
        [Contestant(OURS, lambda: _store("postgres_one_by_one", singles))],
        Target("< 5 ms", at_most=0.005),
    )
    yield Figure(
        "writer",
        f"PostgreSQL, {grouped:,} events in groups of 1,000",
        "events/s",
        [
            Contestant(OURS, lambda: _stored_rate("postgres_grouped", grouped)),
            Contestant(
                "limit: COPY of sealed rows", lambda: _stored_rate("postgres_copy", grouped)
            ),
        ],
        Target("≥ 20 k/s", at_least=20_000),
    )


def _rate(task: str, events: int) -> Sample:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        sample = run_task(task, f"{folder}/audit.jsonl {events}", expect=events)
    return Sample(events / sample.value, sample.peak_bytes)


def _write(task: str) -> Sample:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        return run_task(task, f"{folder}/audit.jsonl", expect=EVENTS_ONE_BY_ONE)


def _stored_rate(task: str, events: int) -> Sample:
    sample = _store(task, events)
    return Sample(events / sample.value, sample.peak_bytes)


def _store(task: str, events: int) -> Sample:
    return run_task(task, log_of(events), expect=events)

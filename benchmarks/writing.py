"""How fast an application writes an archive, beside the standard library's logging."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import OURS, Contestant, Figure, Sample, Target, run_task
from benchmarks.tasks import EVENTS_ONE_BY_ONE, EVENTS_WRITTEN

LOGGING = "logging, JSON lines, no chain"


def figures() -> Iterator[Figure]:
    """Give the figures; each log is written anew."""
    yield Figure(
        "store-archive",
        "archive, groups of 1,000, each on disk",
        "events/s",
        [
            Contestant(OURS, lambda: _rate("write_groups")),
            Contestant(LOGGING, lambda: _rate("logging_groups")),
        ],
        Target("≥ 125 k/s", at_least=125_000),
    )
    yield Figure(
        "store-archive",
        "archive, one event without fsync, p99",
        "s",
        [
            Contestant(OURS, lambda: _write("write_one_by_one", EVENTS_ONE_BY_ONE)),
            Contestant(LOGGING, lambda: _write("logging_one_by_one", EVENTS_ONE_BY_ONE)),
        ],
        Target("< 0.5 ms", at_most=0.000_5),
    )


def _rate(task: str) -> Sample:
    sample = _write(task, EVENTS_WRITTEN)
    return Sample(EVENTS_WRITTEN / sample.value, sample.peak_bytes)


def _write(task: str, expect: int) -> Sample:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        return run_task(task, Path(folder) / "audit.jsonl", expect=expect)

"""How fast a loaded archive answers what the screen asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.logs import log_of
from benchmarks.measure import OURS, Contestant, Figure, Target, run_task
from benchmarks.tasks import FACETS

PAGE_EVENTS = 50
DUCKDB = "DuckDB, loaded"
MILLION, TEN_MILLION = 1_000_000, 10_000_000


def figures(events: int) -> Iterator[Figure]:
    """Give the figures of a log with this many events; loading it is not counted."""
    file = log_of(events)
    faceted = len(FACETS) * events
    yield Figure(
        "filter",
        "filter, count and first page",
        "s",
        [
            _timed(OURS, "filtered_page", file, PAGE_EVENTS),
            _timed(DUCKDB, "duckdb_page", file, PAGE_EVENTS),
        ],
        _from(TEN_MILLION, events, Target("< 100 ms", at_most=0.1)),
    )
    yield Figure(
        "filter",
        "count while a filter is typed",
        "s",
        [
            _timed(OURS, "matches_counted", file, events),
            _timed(DUCKDB, "duckdb_count", file, events),
        ],
    )
    yield Figure(
        "facets",
        "8 facets over time, values known",
        "s",
        [
            _timed(OURS, "facets_again", file, faceted),
            _timed(DUCKDB, "duckdb_facets", file, faceted),
        ],
        _from(TEN_MILLION, events, Target("< 500 ms", at_most=0.5)),
    )
    yield Figure(
        "facets",
        "8 facets over time, asked first",
        "s",
        [_timed(OURS, "facets_at_first", file, faceted)],
    )
    yield Figure(
        "timeline",
        "timeline by result, asked first",
        "s",
        [_timed(OURS, "timeline", file, events), _timed(DUCKDB, "duckdb_timeline", file, events)],
        _from(TEN_MILLION, events, Target("< 200 ms", at_most=0.2)),
    )
    yield Figure(
        "facets",
        "filter, page, 8 facets, timeline",
        "s",
        [_timed(OURS, "whole_screen", file, PAGE_EVENTS + faceted + events)],
        _from(MILLION, events, Target("< 250 ms at 1 M", at_most=0.25)),
    )


def _from(size: int, events: int, target: Target) -> Target | None:
    """Hold a log to a target of the plan only if it is as large as the plan says."""
    return target if events >= size else None


def _timed(name: str, task: str, file: Path, expect: int) -> Contestant:
    return Contestant(name, lambda: run_task(task, file, expect=expect))

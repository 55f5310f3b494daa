"""How fast a loaded archive answers what the screen asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audit_console.search.facet_fields import OPEN_FIELDS
from benchmarks.asking_tasks import FACETS
from benchmarks.logs import log_of
from benchmarks.measure import OURS, Contestant, Figure, Target, run_task

PAGE_EVENTS = 50
DUCKDB = "DuckDB, loaded"
MILLION, TEN_MILLION = 1_000_000, 10_000_000


def figures(events: int) -> Iterator[Figure]:
    """Give the figures of a log with this many events; loading it is not counted."""
    file = log_of(events)
    opened = len(FACETS) * events
    shown = len(OPEN_FIELDS) * events
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
        "8 facets as shown at first, 3 of them open",
        "s",
        [_timed(OURS, "facets_shown", file, shown)],
        _from(TEN_MILLION, events, Target("< 500 ms", at_most=0.5)),
    )
    yield Figure(
        "facets",
        "8 facets, all of them open",
        "s",
        [
            _timed(OURS, "facets_open", file, opened),
            _timed(DUCKDB, "duckdb_facets", file, opened),
        ],
    )
    yield Figure(
        "facets",
        "8 facets, all of them open, asked first",
        "s",
        [_timed(OURS, "facets_at_first", file, opened)],
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
        "whole screen: page, facets as shown, timeline",
        "s",
        [_timed(OURS, "whole_screen", file, PAGE_EVENTS + shown + events)],
        Target("< 250 ms", at_most=0.25) if events == MILLION else None,
    )


def _from(size: int, events: int, target: Target) -> Target | None:
    """Hold a log to a target of the plan only if it is as large as the plan says."""
    return target if events >= size else None


def _timed(name: str, task: str, file: Path, expect: int) -> Contestant:
    return Contestant(name, lambda: run_task(task, file, expect=expect))

"""How fast it is said what a prune would delete, of an archive that is loaded and of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.database import table_of
from benchmarks.logs import log_of
from benchmarks.measure import OURS, Contestant, Figure, Target, run_task


def figures(events: int) -> Iterator[Figure]:
    """Give the figures of a log with this many events, of which half or more would go."""
    in_memory = Target("< 1 s", at_most=1.0)
    yield Figure(
        "retention",
        "archive: first preview of a prune",
        "s",
        [_preview("archive_previewed", events, log_of)],
        in_memory,
    )
    yield Figure(
        "retention",
        "archive: preview with another cut-off",
        "s",
        [_preview("archive_previewed_again", events, log_of)],
        in_memory,
    )
    for goes, task in (
        ("nine tenths go", "table_previewed"),
        ("half goes", "table_half_previewed"),
    ):
        yield Figure(
            "retention",
            f"table: preview of a prune, {goes}",
            "s",
            [_preview(task, events, table_of)],
            Target("< 2 s", at_most=2.0),
        )


def _preview(task: str, events: int, place_of: Callable[[int], Path | str]) -> Contestant:
    return Contestant(OURS, lambda: run_task(task, place_of(events), expect=events))

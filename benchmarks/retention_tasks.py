"""Tasks of `benchmarks.tasks` that say what a prune would delete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from benchmarks.work import Work

if TYPE_CHECKING:  # each task pays for its own imports
    from audit_console.sources.protocol import Order, Source


def archive_previewed(file: str) -> Work:
    """Preview a prune of a loaded archive for the first time."""
    source = _loaded(file)
    return _previewing(source, 0.9)


def archive_previewed_again(file: str) -> Work:
    """Preview it when that was done before, with another cut-off."""
    source = _loaded(file)
    _previewing(source, 0.85)()
    return _previewing(source, 0.9)


def table_previewed(dsn: str) -> Work:
    """Preview a prune of an open table."""
    from audit_console.sources.postgres import open_postgres

    return _previewing(open_postgres(dsn), 0.9)


def table_half_previewed(dsn: str) -> Work:
    """Preview a prune of the older half of its time."""
    from audit_console.sources.postgres import open_postgres

    return _previewing(open_postgres(dsn), 0.5)


def _loaded(file: str) -> Source:
    from audit_console.sources.archive import open_archive

    source = open_archive([file], keep=True)
    for _ in source.batches():
        pass
    return source


def _previewing(source: Source, share: float) -> Callable[[], int]:
    """Let go what is in this share of the log's time; give all events, gone or kept."""
    from audit_console.core.retention import Limits, RetentionPolicy
    from audit_console.retention.previewing import preview
    from audit_console.sources.protocol import Order

    first, last = _end(source, Order.OLDEST_FIRST), _end(source, Order.NEWEST_FIRST)
    limits = Limits(first + (last - first) * share, RetentionPolicy(), ())

    def work() -> int:
        made = preview(source, limits)
        return made.events + made.kept

    return work


def _end(source: Source, order: Order) -> datetime:
    from audit_console.core.filters import EVERYTHING
    from audit_console.sources.protocol import AtRow

    time: datetime = source.page(EVERYTHING, order=order, at=AtRow(0), limit=1).rows["timestamp"][0]
    return time

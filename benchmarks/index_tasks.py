"""Tasks of `benchmarks.tasks` that open an archive by its index."""

from __future__ import annotations

import atexit
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from benchmarks.work import Work

if TYPE_CHECKING:  # each task pays for its own imports
    from audit_console.sources.archive import IndexStore

_FOLDER = user_cache_path("audit-console") / "benchmarks"


def write_index(file: str) -> Work:
    """See that there is an index of an archive; gives 1 when there is."""
    from audit_console.sources.archive import open_archive

    indexes = _indexes()

    def work() -> int:
        source = open_archive([file], keep=True, indexes=indexes)
        if source.status.indexed is None:
            for _ in source.batches():
                pass
            wait_for_index()
        return 1

    return work


def open_again(file: str) -> Work:
    """Open an archive by its index and have a page, before any of it is read."""
    from audit_console.core.filters import EVERYTHING
    from audit_console.sources.archive import open_archive
    from audit_console.sources.protocol import AtRow, Order

    indexes = _indexes()

    def work() -> int:
        source = open_archive([file], keep=True, indexes=indexes)
        page = source.page(EVERYTHING, order=Order.NEWEST_FIRST, at=AtRow(0), limit=50)
        return page.rows.height

    return work


def no_indexes_yet() -> IndexStore:
    """Give a place for indexes as a user has it who opens a log for the first time."""
    from audit_console.sources.archive import IndexStore

    folder = TemporaryDirectory(prefix="first-", dir=_FOLDER)

    def remove() -> None:
        wait_for_index()
        folder.cleanup()

    atexit.register(remove)
    return IndexStore(Path(folder.name), min_bytes=0)


def wait_for_index() -> None:
    """Wait until the index of a log that was loaded is written."""
    for thread in threading.enumerate():
        if thread.name == "index":
            thread.join()


def _indexes() -> IndexStore:
    """Give the indexes that the benchmarks keep, also of small logs."""
    from audit_console.sources.archive import IndexStore

    return IndexStore(_FOLDER / "indexes", min_bytes=0)

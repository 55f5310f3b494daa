"""Logs with an index, and what is seen of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from threading import enumerate as threads

from audit_console.core.filters import EVERYTHING
from audit_console.sources.archive import ArchiveSource, IndexStore, open_archive
from audit_console.sources.protocol import AtRow, Order, Page
from tests.support.chains import v1_chain, v1_lines
from tests.support.places import text_of
from tests.support.reading import read_whole

LINES = v1_lines(v1_chain(300))


def store_in(folder: Path, **bounds: int) -> IndexStore:
    return IndexStore(folder, **{"min_bytes": 0, **bounds})


def opened(log: Path | list[Path], folder: Path, **bounds: int) -> ArchiveSource:
    logs = log if isinstance(log, list) else [log]
    return open_archive(list(map(str, logs)), keep=True, indexes=store_in(folder, **bounds))


def page_of(source: ArchiveSource) -> Page:
    return source.page(EVERYTHING, order=Order.NEWEST_FIRST, at=AtRow(0), limit=10_000)


def read_to_the_end(source: ArchiveSource) -> Page:
    read_whole(source)
    for thread in threads():
        if thread.name == "index":
            thread.join()
    return page_of(source)


def index_of(log: Path | list[Path], folder: Path, **bounds: int) -> Page:
    """Read a log, so that it has an index."""
    with closing(opened(log, folder, **bounds)) as source:
        return read_to_the_end(source)


def has_index(source: ArchiveSource) -> bool:
    return source.status.indexed is not None


def is_hit(log: Path | list[Path], folder: Path) -> bool:
    with closing(opened(log, folder)) as source:
        return has_index(source)


def data_file(folder: Path) -> Path:
    [path] = folder.glob("*.rows")
    return path


def append(log: Path) -> None:
    with log.open("ab") as file:
        file.write(LINES[0] + b"\n")


def continued(log: Path, more: list[bytes]) -> None:
    with log.open("ab") as file:
        file.write(text_of(more))

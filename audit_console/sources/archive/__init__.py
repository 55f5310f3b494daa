"""Logs in files: JSON lines, plain or compressed, rotated or not."""

from __future__ import annotations

from collections.abc import Sequence

from audit_console.core.wording import count
from audit_console.sources.archive.beside import Vouching
from audit_console.sources.archive.files import ArchiveFile, find_files
from audit_console.sources.archive.following import Follower
from audit_console.sources.archive.index import ArchiveIndex, IndexStore
from audit_console.sources.archive.source import ArchiveSource

__all__ = ["ArchiveSource", "IndexStore", "open_archive"]


def open_archive(
    places: Sequence[str],
    *,
    keep: bool,
    label: str | None = None,
    indexes: IndexStore | None = None,
) -> ArchiveSource:
    """Open the files at `places` (files, folders, glob patterns or `-`) as one log.

    Args:
        places: what the user named.
        keep: keep what is read, so that it can be paged through. Without it memory
            does not grow with the log, and files are hashed while they are read.
        label: what to call the log; else it is called by its files.
        indexes: where an index of a log that is kept is looked for, and written.

    Raises:
        SourceError: nothing is there, or it cannot be read, or it is no audit log.
    """
    vouching = Vouching.at(places)
    files = find_files(places)
    label = label or _label(places, files)
    index = ArchiveIndex(indexes, files) if indexes and keep else None
    return ArchiveSource(files, vouching, label, keep=keep, follower=Follower(places), index=index)


def _label(places: Sequence[str], files: Sequence[ArchiveFile]) -> str:
    """Call a log by its one file, else by the first place where it is, and how many there are."""
    if len(files) == 1:
        return files[0].name
    more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
    return f"{places[0]}{more} · {count(len(files), 'file')}"

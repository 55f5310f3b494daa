"""How far the files of a log were read, as a value that grows piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from audit_console.columns.sound import SoundRun, moment
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.archive.reading import ParsedPiece
from audit_console.sources.protocol import Part, Status


def advanced(
    status: Status, files: Sequence[ArchiveFile], piece: ParsedPiece, part: Part | None
) -> Status:
    """Go on behind a piece.

    Args:
        status: how far the log was read before it.
        files: of the log.
        piece: what was read of one of them.
        part: what became of it, None where it holds no lines.
    """
    before = sum(file.size for file in files[: piece.file])
    events, malformed = _counts(part)
    held = status.files[piece.file]
    file = replace(held, lines=held.lines + piece.lines, sha256=piece.sha256)
    first, last = (None, None) if part is None else _bounds(part)
    return replace(
        status,
        events=status.events + events,
        malformed=status.malformed + malformed,
        lines=status.lines + piece.lines,
        bytes_read=before + piece.stored_bytes,
        files=(*status.files[: piece.file], file, *status.files[piece.file + 1 :]),
        first=min(filter(None, (status.first, first)), default=None),
        last=max(filter(None, (status.last, last)), default=None),
    )


def _counts(part: Part | None) -> tuple[int, int]:
    """Count events and unreadable lines."""
    if part is None:
        return 0, 0
    if isinstance(part, SoundRun):
        return part.events, 0
    return part.events.height, part.malformed.height


def _bounds(part: Part) -> tuple[datetime | None, datetime | None]:
    """Give the first and the last `timestamp`; None where there is no event."""
    if isinstance(part, SoundRun):
        return moment(part.timestamps.min()), moment(part.timestamps.max())
    times = pl.col("timestamp")
    first, last = part.events.select(first=times.min(), last=times.max()).row(0)
    return first, last

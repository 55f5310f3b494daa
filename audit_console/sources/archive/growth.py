"""What was written to a log since its index was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import polars as pl

from audit_console.columns.frame import events_frame, malformed_frame
from audit_console.sources.archive.blocks import blocks
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.archive.fingerprint import Fingerprint
from audit_console.sources.archive.parse import LineParser
from audit_console.sources.archive.text import is_packed

MOST_BYTES = 64 << 20
"""Text that is read before a log is shown: half a second, reckoned from the rate of a load."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Lines behind those that an index has.

    `events` has the columns of `columns.schema.CHECKED`, `malformed` of `MALFORMED`.
    """

    events: pl.DataFrame
    malformed: pl.DataFrame
    lines: int


NONE = Growth(events_frame(()), malformed_frame(()), 0)


def has_grown(
    files: Sequence[ArchiveFile], then: Sequence[Fingerprint], now: Sequence[Fingerprint]
) -> bool:
    """Tell whether whole lines were added to the last file of a log, and nothing else was done.

    Raises:
        OSError: it cannot be read.
    """
    before, after = then[-1], now[-1]
    same_file = (before.path, before.inode) == (after.path, after.inode)
    if list(then[:-1]) != list(now[:-1]) or not same_file or before.size >= after.size:
        return False
    with files[-1].path.open("rb") as stored:
        if is_packed(stored.peek(4)[:4]):
            return False
        stored.seek(before.size - 1)
        ended = stored.read(1) == b"\n"
    return ended and Fingerprint.of(files[-1], before.size).samples == before.samples


def read_growth(files: Sequence[ArchiveFile], offset: int, lines: int) -> Growth | None:
    """Read the last file from `offset`, behind so many lines; None where there is too much.

    Raises:
        SourceUnreadable: it cannot be read.
    """
    last = len(files) - 1
    if files[last].size - offset > MOST_BYTES:
        return None
    parts = [NONE]
    with closing(files[last].open_stored()) as stored, closing(LineParser()) as parser:
        stored.seek(offset)
        for block in blocks(last, stored.read):
            here = replace(block, first_line=block.first_line + lines, offset=block.offset + offset)
            parsed = parser.parse(here)
            parts.append(Growth(parsed.events, parsed.malformed, parsed.lines))
    return Growth(
        pl.concat([part.events for part in parts]),
        pl.concat([part.malformed for part in parts]),
        sum(part.lines for part in parts),
    )

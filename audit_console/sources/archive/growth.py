"""What was written to a log since its index was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from audit_console.sources.archive.blocks import blocks
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.archive.fingerprint import Fingerprint
from audit_console.sources.archive.parse import NOTHING, LineParser, Parsed, joined
from audit_console.sources.archive.text import is_packed

MOST_BYTES = 64 << 20
"""Text that is read before a log is shown: half a second, reckoned from the rate of a load."""


def has_grown(
    files: Sequence[ArchiveFile], then: Sequence[Fingerprint], now: Sequence[Fingerprint]
) -> bool:
    """Tell whether whole lines were added behind a log, and nothing else was done.

    They are in what was its last file, and in files behind it. The files that it had may
    have other names: so they do when a log is rotated.

    Raises:
        OSError: a file cannot be read.
    """
    if not 0 < len(then) <= len(now):
        return False
    *closed, before = then
    after, file = now[len(closed)], files[len(closed)]
    if not all(map(Fingerprint.is_same_file, closed, now)) or before.inode != after.inode:
        return False
    if before.size >= after.size and not before.is_same_file(after):
        return False
    if any(map(_is_packed, files[len(closed) :])) or not _ends_at(file, before.size):
        return False
    return Fingerprint.of(file, before.size).samples == before.samples


def _is_packed(file: ArchiveFile) -> bool:
    with file.path.open("rb") as stored:
        return is_packed(stored.read(4))


def _ends_at(file: ArchiveFile, size: int) -> bool:
    """Tell whether a line of a file ends there."""
    with file.path.open("rb") as stored:
        stored.seek(max(0, size - 1))
        return stored.read(1) == b"\n"


def read_growth(files: Sequence[ArchiveFile], offset: int, lines: Sequence[int]) -> Parsed | None:
    """Read what is behind an index; None where it is too much.

    Args:
        files: those of the log.
        offset: the byte behind what the index has of its last file.
        lines: how many it has of each of its files.

    Raises:
        SourceUnreadable: a file cannot be read.
    """
    last = len(lines) - 1
    if sum(file.size for file in files[last:]) - offset > MOST_BYTES:
        return None
    parts = [NOTHING, *_parts(files[last], last, offset, lines[last])]
    for number in range(last + 1, len(files)):
        parts += _parts(files[number], number, 0, 0)
    return joined(parts)


def _parts(file: ArchiveFile, number: int, offset: int, lines: int) -> Iterator[Parsed]:
    with closing(file.open_stored()) as stored, closing(LineParser()) as parser:
        stored.seek(offset)
        for block in blocks(number, stored.read):
            here = replace(block, first_line=block.first_line + lines, offset=block.offset + offset)
            yield parser.parse(here)

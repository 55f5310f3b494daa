"""Looks whether the files of a log grew since they were read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BufferedReader

from audit_console.sources.archive.files import ArchiveFile, Identity, list_files
from audit_console.sources.archive.text import is_packed
from audit_console.sources.protocol import NOTHING_NEW, News

_PIECE = 1 << 20


class Follower:
    """Counts the lines that were ended behind what was read; each byte is looked at once."""

    def __init__(self, places: Sequence[str]) -> None:
        self._places = places
        self._names: dict[Identity, str] = {}
        self._ends: dict[Identity, int] = {}
        self._lines = 0

    def was_read(self, file: ArchiveFile, end: int) -> None:
        """Note that a file was read up to the byte `end`, or all of it where it is packed."""
        self._names[file.identity] = file.path.name
        self._ends[file.identity] = max(end, file.size)

    def look(self) -> News:
        """Tell what was written since; see `Source.news`."""
        files = list_files(self._places)
        there = {file.identity for file in files}
        gone = [name for identity, name in self._names.items() if identity not in there]
        if gone:
            return News(self._lines, f"{gone[0]} was removed or replaced")
        for file in files:
            if fault := self._look_at(file):
                return News(self._lines, f"{file.path.name} {fault}")
        return News(self._lines) if self._lines else NOTHING_NEW

    def _look_at(self, file: ArchiveFile) -> str | None:
        """Count on in a file; say what else than growth became of it."""
        end = self._ends.get(file.identity, 0)
        with file.open_stored() as stored:
            size = os.fstat(stored.fileno()).st_size
            if size < end:
                return "was shortened"
            if size > end and is_packed(stored.peek(4)[:4]):
                return "is packed, and new"
            self._lines += self._count_from(file.identity, stored, end)
        return None

    def _count_from(self, identity: Identity, stored: BufferedReader, end: int) -> int:
        stored.seek(end)
        lines = 0
        while piece := stored.read(_PIECE):
            end += len(piece)
            lines += piece.count(b"\n")
        self._ends[identity] = end
        return lines

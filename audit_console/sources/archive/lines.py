"""Lines of a log's files, read back from where they stand."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import IO

import polars as pl

from audit_console.columns.frame import Location, event_row, events_frame
from audit_console.columns.schema import EVENT, LINE
from audit_console.core.codec import MAX_LINE_BYTES, decode_line
from audit_console.core.event import AuditEvent
from audit_console.errors import SourceUnreadable
from audit_console.sources.archive.files import ArchiveFile
from audit_console.sources.archive.text import RandomAccess, is_packed


class Lines:
    """Reads lines of the files of a log, from any thread.

    Text that cannot be read again at any place of its own file is copied here first.
    """

    def __init__(self, files: Sequence[ArchiveFile], label: str) -> None:
        self._files = files
        self._label = label
        self._texts: dict[int, RandomAccess] = {}
        self._lock = Lock()
        self._closed = False

    def copy(self, file: int, text: bytes) -> None:
        """Keep the next text of a file.

        Raises:
            SourceUnreadable: there is no room for it, or this is closed.
        """
        try:
            self._text_of(file, _scratch_file).append(text)
        except OSError as error:
            raise SourceUnreadable(
                f"{self._files[file].name}: no room to unpack it: {error.strerror}",
                hint="set TMPDIR to a folder with more room, or unpack the file yourself",
            ) from error

    def raw_of(self, rows: pl.DataFrame) -> pl.Series:
        """Give the lines of events, None where the file no longer holds one."""
        lines = []
        for file, offset, length, event_id in rows.select(*_PLACE, "id").iter_rows():
            found = self._event_at(file, offset, length)
            lines.append(found[0] if found and found[1].id == event_id else None)
        return pl.Series("raw", lines, pl.String)

    def rows_at(self, places: pl.DataFrame) -> pl.DataFrame | None:
        """Read events from their lines; None if one of them is no longer there.

        Args:
            places: with the columns of `columns.schema.LINE`.

        Returns:
            those columns, and `EVENT`, `event_hash` and `raw`, which is the line as stored.
        """
        rows, lines = [], []
        for file, line, offset, length in places.select(*LINE).iter_rows():
            found = self._event_at(file, offset, length)
            if found is None:
                return None
            raw, event = found
            lines.append(raw)
            rows.append(event_row(event, raw, Location(file, line, offset, length)))
        events = events_frame(rows).select(*LINE, *EVENT, "event_hash")
        return events.with_columns(raw=pl.Series(lines, dtype=pl.String))

    def close(self) -> None:
        """Give back the files."""
        with self._lock:
            self._closed = True
            for text in self._texts.values():
                text.close()
            self._texts.clear()

    def _event_at(self, file: int, offset: int, length: int) -> tuple[str, AuditEvent] | None:
        if file >= len(self._files) or offset > sys.maxsize:
            return None
        try:
            text = self._text_of(file, partial(self._open, file))
            raw = text.read_at(offset, min(length, MAX_LINE_BYTES)).decode()
        except (SourceUnreadable, OSError, ValueError):  # also of a file that is closed meanwhile
            return None
        event = decode_line(raw)
        return (raw, event) if isinstance(event, AuditEvent) else None

    def _open(self, file: int) -> IO[bytes]:
        """Open a file whose text stands in it as it is."""
        stored = self._files[file].open_stored()
        if is_packed(stored.peek(4)[:4]):
            stored.close()
            raise SourceUnreadable(f"{self._label}: not unpacked yet", hint="wait until it is")
        return stored

    def _text_of(self, file: int, open_text: Callable[[], IO[bytes]]) -> RandomAccess:
        """Give the text of a file, opened once however many threads ask."""
        with self._lock:
            if self._closed:
                raise SourceUnreadable(f"{self._label}: closed", hint="open the log again")
            if file not in self._texts:
                self._texts[file] = RandomAccess(open_text())
            return self._texts[file]


_PLACE = ("file", "offset", "length")


def _scratch_file() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="audit-console-")

"""Lines of a log's files, read back from where they stand."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial, reduce
from operator import and_
from threading import Lock
from typing import IO

import polars as pl

from audit_console.columns.frame import Location, event_row, events_frame
from audit_console.columns.hashing import v1_hash
from audit_console.columns.line import v1_tail
from audit_console.columns.schema import CHECKED, COLUMNS_HELD, LINE
from audit_console.core.codec import EVENT_HASH_TAIL, MAX_LINE_BYTES, decode_line
from audit_console.core.event import AuditEvent, Scheme
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
        """Give the lines of events, None where a file no longer holds what was read.

        The line with the hash of a verified event is that of the event; others are compared.

        Args:
            rows: with the columns of `columns.schema.COLUMNS_HELD`.
        """
        texts = [self._text_at(Location(*place)) for place in rows.select(*LINE).iter_rows()]
        raw = pl.Series("raw", texts, pl.String)
        doubtful = rows.with_columns(raw).with_row_index("row").filter(~_IS_AS_HASHED)
        if doubtful.is_empty():
            return raw
        now = self.rows_at(doubtful)
        same = (doubtful[name].eq_missing(now[name]) for name in COLUMNS_HELD)
        is_lost = ~reduce(and_, same) | now["raw"].is_null()
        return raw.scatter(doubtful["row"].filter(is_lost), None)

    def rows_at(self, places: pl.DataFrame) -> pl.DataFrame:
        """Read events from their lines.

        Args:
            places: with the columns of `columns.schema.LINE`, and `check`.

        Returns:
            the columns of `columns.schema.PAGE`. Where the file no longer holds an event, or one
            that was verified has another hash now, there is no `raw`.
        """
        rows, lines = [], []
        for place in places.select(*LINE).iter_rows():
            at = Location(*place)
            found = self._event_at(at)
            rows.append(event_row(found[1], found[0], at) if found else _NO_EVENT)
            lines.append(found[0] if found else None)
        events = events_frame(rows).with_columns(
            places["check"], pl.Series("raw", lines, dtype=pl.String)
        )
        return events.select(*COLUMNS_HELD, raw=pl.when(_HOLDS).then("raw"))

    def close(self) -> None:
        """Give back the files."""
        with self._lock:
            self._closed = True
            for text in self._texts.values():
                text.close()
            self._texts.clear()

    def _event_at(self, at: Location) -> tuple[str, AuditEvent] | None:
        raw = self._text_at(at)
        event = None if raw is None else decode_line(raw)
        return (raw, event) if raw is not None and isinstance(event, AuditEvent) else None

    def _text_at(self, at: Location) -> str | None:
        if at.file >= len(self._files) or at.offset > sys.maxsize:
            return None
        try:
            text = self._text_of(at.file, partial(self._open, at.file))
            return text.read_at(at.offset, min(at.length, MAX_LINE_BYTES)).decode()
        except (SourceUnreadable, OSError, ValueError):  # also of a file that is closed meanwhile
            return None

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


_NO_EVENT = (None,) * len(CHECKED)
_IS_VERIFIED = pl.col("check") == "verified"
_HOLDS = ~_IS_VERIFIED.fill_null(value=False) | (pl.col("computed_hash") == pl.col("event_hash"))
_IS_AS_HASHED = (
    _IS_VERIFIED
    & (pl.col("scheme") == Scheme.V1)
    & (v1_hash("raw") == pl.col("event_hash"))
    & (pl.col("raw").str.tail(EVENT_HASH_TAIL) == v1_tail("event_hash"))
).fill_null(value=False)


def _scratch_file() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="audit-console-")

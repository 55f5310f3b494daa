"""Columns of events in one file, of which only those are read that are looked at.

Numbers and times without gaps stand in the file as they do in memory, and are mapped.
Other columns are Arrow IPC in pieces, texts so many rows at a time. Arrow takes the places
in a piece on trust, so that each has a checksum, looked at before the piece is read: it is
against damage, since who can write the file can write its checksums.
"""

from __future__ import annotations

import mmap
import os
import weakref
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from audit_console.columns.memo import Memo
from audit_console.columns.schema import TIME

GROUP = 1 << 16
"""Rows of a piece of texts."""

_ALIGNED = 64
_AT_ONCE = 1 << 22
_PLAIN = (pl.UInt32, pl.UInt64, pl.Int64, pl.Datetime)
"""Types whose columns are mapped, where no value is missing."""

_CALENDAR = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Damaged(Exception):
    """The file is not as it was written, or does not hold what is said of it."""


class Piece(NamedTuple):
    """Bytes of the file, and their CRC-32; of what is mapped it is 0, and not looked at."""

    start: int
    length: int
    checksum: int


@dataclass(frozen=True, slots=True)
class FileLayout:
    """Where the columns are in a file.

    Attributes:
        height: rows.
        pieces: of each column, in the order of its rows.
        plain: columns that are mapped.
    """

    height: int
    pieces: dict[str, list[Piece]]
    plain: list[str]

    @classmethod
    def of(cls, values: dict[str, Any]) -> FileLayout:
        """Make it of what `asdict` gave; raises `TypeError` or `ValueError` where it is not."""
        pieces = {
            name: [Piece(*map(int, piece)) for piece in of_column]
            for name, of_column in dict(values["pieces"]).items()
        }
        return cls(int(values["height"]), pieces, list(values["plain"]))


def write_columns(file: FileIO, events: pl.DataFrame) -> FileLayout:
    """Write columns behind each other at the end of a file, which is read as well.

    Raises:
        OSError, PolarsError: they cannot be written.
    """
    pieces: dict[str, list[Piece]] = {}
    plain = []
    for column in events.iter_columns():
        if isinstance(column.dtype, _PLAIN) and not column.has_nulls():
            plain.append(column.name)
            pieces[column.name] = [_write_plain(file, column)]
        else:
            rows = GROUP if column.dtype == pl.String else max(1, column.len())
            parts = column.to_frame().iter_slices(rows) if column.len() else [column.to_frame()]
            pieces[column.name] = [_write_piece(file, part) for part in parts]
    return FileLayout(events.height, pieces, plain)


def _write_plain(file: FileIO, column: pl.Series) -> Piece:
    _write_all(file, memoryview(bytes(-file.tell() % _ALIGNED)))
    start = file.tell()
    for part in column.to_physical().get_chunks():
        if part.len():
            _write_all(file, part.to_numpy().data.cast("B"))
    return Piece(start, file.tell() - start, 0)


def _write_piece(file: FileIO, rows: pl.DataFrame) -> Piece:
    """Have Polars write to the file itself: into memory, it would hold the interpreter's lock."""
    start = file.tell()
    rows.rechunk().write_ipc(file, record_batch_size=max(1, rows.height))
    length = file.tell() - start
    return Piece(start, length, _checksum(file.fileno(), start, length))


def _checksum(descriptor: int, start: int, length: int) -> int:
    checksum = 0
    for at in range(start, start + length, _AT_ONCE):
        there = os.pread(descriptor, min(_AT_ONCE, start + length - at), at)
        checksum = zlib.crc32(there, checksum)
    return checksum


def _write_all(file: FileIO, rest: memoryview) -> None:
    """Write to a file without a buffer, which may take less than it is given."""
    while rest:
        rest = rest[file.write(rest) :]


class StoredFile:
    """A file to be read, which may then be removed.

    Raises:
        OSError, ValueError: it cannot be mapped, or is empty.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self.descriptor)


class StoredColumns:
    """The columns that `write_columns` wrote.

    Args:
        file: where they are.
        layout: where in it.
        dtypes: what they are made of.
    """

    def __init__(
        self,
        file: StoredFile,
        layout: FileLayout,
        dtypes: Mapping[str, pl.DataType | type[pl.DataType]],
    ) -> None:
        self._file = file
        self._layout = layout
        self._dtypes = dtypes
        self.height = layout.height
        self.columns = list(layout.pieces)
        self._whole: Memo[str, pl.Series] = Memo(len(self.columns))
        self._groups: Memo[tuple[str, int], pl.Series] = Memo(2 * len(self.columns))

    def __getitem__(self, name: str) -> pl.Series:
        """Give a column, read when it is first asked for.

        Raises:
            Damaged: the file is.
        """
        return self._whole.get(name, partial(self._read, name))

    def slice(self, first: int, count: int) -> pl.DataFrame:
        """Give whole rows; only those pieces are read that they are in.

        Raises:
            Damaged: the file is.
        """
        first = min(first, self.height)
        count = min(count, self.height - first)
        return pl.DataFrame([self._part(name, first, count) for name in self.columns])

    def _part(self, name: str, first: int, count: int) -> pl.Series:
        if self._whole.has(name) or len(self._layout.pieces[name]) == 1:
            return self[name].slice(first, count)
        start = min(first, self.height - 1) // GROUP
        numbers = range(start, max(start + 1, -(-(first + count) // GROUP)))
        groups = [self._group(name, number) for number in numbers]
        return pl.concat(groups).slice(first - start * GROUP, count)

    def _group(self, name: str, number: int) -> pl.Series:
        """Read rows of a text; the last ones stay, since the next that are asked for follow."""
        return self._groups.get(
            (name, number), lambda: self._read_piece(name, self._layout.pieces[name][number])
        )

    def _read(self, name: str) -> pl.Series:
        pieces = self._layout.pieces[name]
        if name in self._layout.plain:
            return self._map(name, pieces[0])
        column = pl.concat([self._read_piece(name, piece) for piece in pieces], rechunk=True)
        if column.len() != self.height:
            raise Damaged(f"{name}: {column.len()} rows, not {self.height}")
        return column

    def _map(self, name: str, piece: Piece) -> pl.Series:
        dtype = self._dtypes[name]
        numbers = pl.Series([], dtype=dtype).to_physical().to_numpy().dtype
        try:
            there = np.frombuffer(self._file.mapped, numbers, self.height, piece.start)
        except ValueError as error:
            raise Damaged(f"{name}: {error}") from None
        column = pl.Series(name, there).cast(dtype)
        if dtype == TIME and not column.is_between(*_CALENDAR).all():
            raise Damaged(f"{name}: a time that the calendar lacks")
        return column

    def _read_piece(self, name: str, piece: Piece) -> pl.Series:
        return read_piece(name, self._file.descriptor, piece)


def read_piece(name: str, descriptor: int, piece: Piece) -> pl.Series:
    """Give the rows of a column that are in a piece of a file.

    The piece is read, not copied out of a mapped file: that would hold the interpreter's lock.

    Raises:
        Damaged: it is not what was written.
    """
    try:
        text = os.pread(descriptor, piece.length, piece.start)
        if zlib.crc32(text) != piece.checksum:
            raise Damaged(f"{name}: the checksum is another one")
        return pl.read_ipc(text).get_column(name)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise Damaged(f"{name}: {error}") from None

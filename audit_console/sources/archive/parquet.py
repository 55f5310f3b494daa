"""The lines of a log that was exported as Parquet."""

from __future__ import annotations

import os
from io import BufferedReader
from typing import Protocol

import polars as pl

from audit_console.errors import NotAnAuditLog

MAGIC = b"PAR1"
LINE = "line"
"""The column that holds each event as it was stored; the others say the same for analysts."""
ROWS = 4_096
"""Rows that are read at a time at most, each up to 1 MiB; of a small file fewer are."""
FEW_ROWS = 256
BYTES_FOR_A_ROW = 5 << 10
"""Stored bytes for each of more rows; 200 times as much is what they may grow to."""
TEXT_BYTES = 8 << 20
"""Bytes of lines that are put together at a time, or one line: rows may share what is one text."""


class Stored(Protocol):
    """The file, of which is counted and hashed what is read."""

    def read(self, size: int = -1, /) -> bytes:
        """Read on."""
        ...


class ParquetText:
    """What stands in the column `line`, one line after the other.

    Rows are found by the descriptor: the path may be another file's by now. The bytes of the
    file are read in step with them, so that they are counted and hashed as those of any other.
    """

    def __init__(self, file: BufferedReader, stored: Stored) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._rows_at_once = min(ROWS, max(FEW_ROWS, self._size // BYTES_FOR_A_ROW))
        self._stored = stored
        self._lines: pl.LazyFrame | None = None
        self._read = pl.Series(dtype=pl.String)
        self._rows = self._given = self._passed = 0
        self._text = b""

    def read1(self, size: int) -> bytes:
        """Read up to `size` bytes; none at the end.

        Raises:
            NotAnAuditLog: there is no such column.
            PolarsError: the file is damaged.
        """
        if not self._text:
            self._text = self._next()
        piece, self._text = self._text[:size], self._text[size:]
        return piece

    def close(self) -> None:
        """Read no more."""
        self._lines, self._text = None, b""
        self._read = self._read.clear()

    def _next(self) -> bytes:
        lines = self._lines if self._lines is not None else self._opened()
        if self._read.is_empty():
            self._read = lines.slice(self._given, self._rows_at_once).collect().to_series()
        sizes = self._read.str.len_bytes().fill_null(0).cast(pl.Int64).cum_sum()
        few = max(1, int((sizes <= TEXT_BYTES).sum()))
        column, self._read = self._read.head(few), self._read.slice(few)
        self._given += column.len()
        if self._rows:
            share = self._size * self._given // self._rows - self._passed
            self._passed += len(self._stored.read(share))
        # A row without a line is no blank line, which would be passed over: it is told of.
        return "".join(f"{line}\n" for line in column.fill_null("null")).encode()

    def _opened(self) -> pl.LazyFrame:
        path = f"/dev/fd/{self._file.fileno()}"
        table = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        self._lines = lines_of(table, self._file.name)
        self._rows = int(table.select(pl.len()).collect().item())
        return self._lines


def lines_of(table: pl.LazyFrame, name: str) -> pl.LazyFrame:
    """Give the column `line` of a table that is called `name`.

    Raises:
        NotAnAuditLog: there is no such column.
        PolarsError: the file is damaged.
    """
    if table.collect_schema().get(LINE) != pl.String:
        raise NotAnAuditLog(
            f"{name}: a Parquet file without a column of texts named {LINE!r}",
            hint="open the log itself, or what search wrote as parquet for a query without |",
        )
    return table.select(LINE)

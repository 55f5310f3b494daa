"""The rows of a log as its index has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl

from audit_console.columns.memo import Memo
from audit_console.columns.schema import CHECK, COLUMNS_HELD, EVENT, PAGE
from audit_console.columns.selection import NAMES, Codes
from audit_console.columns.table import View, Views
from audit_console.core.filters import Filter
from audit_console.core.matching import MarkKey, Marks
from audit_console.sources.archive.parse import NOTHING, Parsed
from audit_console.sources.archive.stored import StoredColumns
from audit_console.sources.protocol import Status

KEY = "key"
"""Column of a number that tells an event from any other that may stand at its place some day."""

_ROWS_AT_ONCE = 1 << 20

COMPARED = [name for name in COLUMNS_HELD if name != "check"]
"""Columns of an index that are compared with what is read; besides them it has `KEY`."""

DTYPES = {**PAGE, KEY: pl.UInt64}

_HASHED = {
    name: pl.String if isinstance(dtype, pl.Enum) or dtype == pl.Categorical else dtype
    for name, dtype in (EVENT | {"event_hash": pl.String}).items()
}
"""Fields that a key is of, and as what: codes of names are others in each table."""


def key_of(events: pl.DataFrame, secret: int) -> pl.Series:
    """Give the key of each event: of all its fields, and of 64 bits that nobody else knows."""
    names = pl.struct(pl.col(name).cast(_HASHED[name]) for name in _HASHED)
    parts = events.iter_slices(_ROWS_AT_ONCE)
    keys = [part.select(names.hash(secret).alias(KEY)).to_series() for part in parts]
    return pl.concat(keys) if keys else pl.Series(KEY, [], pl.UInt64)


class Differs(Exception):
    """The index is not that of the log."""


@dataclass(frozen=True, slots=True)
class IndexNumbers:
    """The numbers of a log when its index was written; `malformed` counts lines.

    `manifest` is the file that they are from, `secret` what keys were made with.
    """

    manifest: Path
    lines: int
    malformed: int
    written: datetime
    secret: int


class StandIn:
    """Rows that stand in for a log while it is read.

    They are compared with what is read. When all of them were met they are the rows of the
    log, and stay: of their columns, only those are in memory that were asked for.

    Args:
        stored: the rows of the index.
        malformed: the lines that could not be read, as `Source.malformed` gives them.
        numbers: of the index.
        growth: what was written to the log since; None where it is too much to be shown.
        bytes_shown: bytes of the log that all this is of.

    Attributes:
        manifest: the file that names the index.
        malformed: the lines that could not be read.
        outgrown: whether more was written to the log than is shown.
    """

    def __init__(
        self,
        stored: StoredColumns,
        malformed: pl.DataFrame,
        numbers: IndexNumbers,
        growth: Parsed | None,
        bytes_shown: int,
    ) -> None:
        self.outgrown = growth is None
        growth = growth or NOTHING
        self.manifest = numbers.manifest
        self._stored = stored
        self._grown = growth.events.select(COMPARED)
        self.malformed = pl.concat([malformed, growth.malformed])
        self._lines = numbers.lines + growth.lines
        self._malformed = numbers.malformed + growth.malformed.height
        self._written = numbers.written
        self._secret = numbers.secret
        self._bytes_shown = bytes_shown
        self._checks = pl.Series("check", [], CHECK)
        self._codes: Codes | None = None
        self._show(StandInRows(stored, self._grown, numbers.secret, self._checks))
        time = pl.col("timestamp")
        times = self._rows["timestamp"].to_frame().select(first=time.min(), last=time.max())
        self._first, self._last = times.row(0)

    def view(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> View:
        """Give the rows that a filter keeps."""
        return self._views.of(where, marks)

    def over(self, read: Status) -> Status:
        """Give the numbers of the index beside how far the files were read."""
        return replace(
            read,
            events=self._height,
            lines=self._lines,
            malformed=self._malformed,
            first=self._first,
            last=self._last,
            indexed=self._written,
            read=read,
        )

    def meet(self, events: pl.DataFrame) -> pl.DataFrame:
        """Compare the next rows of the log, and give those that are behind the index.

        Raises:
            Differs: they are others.
            Damaged: the index cannot be read.
        """
        rows = self._slice(self._met, events.height)
        met = events.head(rows.height)
        if not rows.equals(met.select(COMPARED)):
            raise Differs
        self._checks.append(met["check"])
        return events.tail(events.height - rows.height)

    def met(self) -> Iterator[pl.DataFrame]:
        """Give the rows that were met, in memory, some at a time.

        Raises:
            Damaged: the index cannot be read.
        """
        for first in range(0, self._met, _ROWS_AT_ONCE):
            checks = self._checks.slice(first, _ROWS_AT_ONCE)
            yield self._slice(first, checks.len()).with_columns(checks)

    def was_met(self, read: Status, malformed: pl.DataFrame) -> bool:
        """Tell whether a log that was read to its end is that of the index, or grew meanwhile."""
        if read.bytes_read > self._bytes_shown:
            return self._met == self._height
        counted = (read.events, read.lines, read.malformed)
        is_counted = counted == (self._height, self._lines, self._malformed)
        return is_counted and malformed.equals(self.malformed.head(malformed.height))

    def settle(self, behind: pl.DataFrame) -> None:
        """Show how the rows that were met were checked, and those that were read behind them."""
        grown = pl.concat([self._grown, _in_texts(behind)])
        checks = pl.concat([self._checks, behind["check"]])
        self._show(StandInRows(self._stored, grown, self._secret, checks))

    @property
    def _met(self) -> int:
        return self._checks.len()

    @property
    def _height(self) -> int:
        return self._stored.height + self._grown.height

    def _slice(self, first: int, count: int) -> pl.DataFrame:
        """Give rows of the index, and of what was written since, with texts as such."""
        stored = self._stored.slice(first, count)
        grown = self._grown.slice(max(0, first - self._stored.height), count - stored.height)
        return pl.concat([_in_texts(stored), grown])

    def _show(self, rows: StandInRows) -> None:
        self._rows = rows
        if self._codes is None or rows.height > self._height:
            self._codes = Codes(rows)
        is_sorted = rows["timestamp"].is_sorted()
        self._views = Views(rows, in_time_order=is_sorted, codes=self._codes)


class StandInRows:
    """The columns of an index, those of rows behind it, and how events were checked so far."""

    def __init__(
        self, stored: StoredColumns, grown: pl.DataFrame, secret: int, checks: pl.Series
    ) -> None:
        self._stored = stored
        self._secret = secret
        self._grown = grown
        self.height = stored.height + grown.height
        unchecked = pl.repeat(None, self.height - checks.len(), dtype=CHECK, eager=True)
        self._checks = pl.concat([checks, unchecked.alias("check")], rechunk=True)
        self._joined: Memo[str, pl.Series] = Memo(len(DTYPES))

    @property
    def columns(self) -> list[str]:
        """Those of a page without its lines; besides, there is `KEY`."""
        return list(COLUMNS_HELD)

    def __getitem__(self, name: str) -> pl.Series:
        """Give a column; raises `Damaged`."""
        if name == "check":
            return self._checks
        if self._grown.is_empty():
            return self._stored[name]
        return self._joined.get(name, partial(self._join, name))

    def key_of(self, events: pl.DataFrame) -> pl.Series:
        """Give what `KEY` is of these events."""
        return key_of(events, self._secret)

    def _join(self, name: str) -> pl.Series:
        column = self._stored[name]
        grown = self.key_of(self._grown) if name == KEY else self._grown[name]
        return pl.concat([column, grown.cast(column.dtype)], rechunk=True)


def _in_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the columns of an index, names as texts and not as categories."""
    return rows.select(COMPARED).cast({name: EVENT[name] for name in NAMES})

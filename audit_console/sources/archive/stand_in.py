"""The rows of a log as its index has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from audit_console.columns.memo import Memo
from audit_console.columns.schema import CHECK, EVENT, PAGE
from audit_console.columns.selection import NAMES, Codes
from audit_console.columns.table import View, Views
from audit_console.core.filters import Filter
from audit_console.core.matching import MarkKey, Marks
from audit_console.sources.archive.stored import StoredColumns
from audit_console.sources.protocol import Status

KEY = "key"
"""Column of a number that tells an event from others that could stand at its place."""

COMPARED = [name for name in PAGE if name not in {"raw", "check"}]
"""Columns of an index besides."""

DTYPES = {**PAGE, KEY: pl.UInt64}


def key_of(events: pl.DataFrame) -> pl.Series:
    """Give the key of each event."""
    return events.select(pl.struct("id", "event_hash").hash().alias(KEY)).to_series()


class Differs(Exception):
    """The index is not that of the log."""


class StandIn:
    """Rows that stand in for a log while it is read.

    They are compared with what is read. When all of them were met they are the rows of the
    log, and stay: of their columns, only those are in memory that were asked for.
    """

    def __init__(
        self, stored: StoredColumns, malformed: pl.DataFrame, manifest: Mapping[str, Any]
    ) -> None:
        self._stored = stored
        self.malformed = malformed
        self._lines, self._malformed = map(int, manifest["counts"])
        self._written = datetime.fromtimestamp(float(manifest["written"]), UTC)
        self._checks = pl.Series("check", [], CHECK)
        time = pl.col("timestamp")
        times = stored["timestamp"].to_frame().select(first=time.min(), last=time.max())
        self._first, self._last = times.row(0)
        self._codes: Codes | None = None
        self._show(_Rows(stored, self._checks))

    def view(self, where: Filter, marks: Mapping[MarkKey, Marks]) -> View:
        """Give the rows that a filter keeps."""
        return self._views.of(where, marks)

    def over(self, read: Status) -> Status:
        """Give the numbers of the index beside how far the files were read."""
        return replace(
            read,
            events=self._stored.height,
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
        rows = self._stored.slice(self._met, events.height).select(COMPARED)
        met = events.head(rows.height)
        texts = rows.cast({name: EVENT[name] for name in NAMES})
        if not texts.equals(met.select(COMPARED)):
            raise Differs
        self._checks.append(met["check"])
        return events.tail(events.height - rows.height)

    def met(self) -> pl.DataFrame:
        """Give the rows that were met, in memory.

        Raises:
            Damaged: the index cannot be read.
        """
        if self._checks.is_empty():
            return pl.DataFrame(schema={name: PAGE[name] for name in (*COMPARED, "check")})
        return self._stored.slice(0, self._met).select(*COMPARED, self._checks)

    def was_met(self, read: Status, malformed: pl.DataFrame) -> bool:
        """Tell whether a log that was read to its end is that of the index, or grew meanwhile."""
        if read.bytes_total is not None and read.bytes_read > read.bytes_total:
            return self._met == self._stored.height
        counted = (read.events, read.lines, read.malformed)
        is_counted = counted == (self._stored.height, self._lines, self._malformed)
        return is_counted and malformed.equals(self.malformed)

    def settle(self, behind: pl.DataFrame) -> None:
        """Show how the rows that were met were checked, and those behind the index."""
        self._show(_Rows(self._stored, self._checks, behind))

    @property
    def _met(self) -> int:
        return self._checks.len()

    def _show(self, rows: _Rows) -> None:
        times = rows["timestamp"]
        if self._codes is None or rows.height > self._stored.height:
            self._codes = Codes(rows)
        self._views = Views(rows, in_time_order=times.is_sorted(), codes=self._codes)


class _Rows:
    """The columns of an index, how its events were checked as far as they were, and more rows."""

    def __init__(
        self, stored: StoredColumns, checks: pl.Series, behind: pl.DataFrame | None = None
    ) -> None:
        self._stored = stored
        self._behind = behind if behind is not None and behind.height else None
        self.height = stored.height + (self._behind.height if self._behind is not None else 0)
        unchecked = pl.repeat(None, stored.height - checks.len(), dtype=CHECK, eager=True)
        self._checks = pl.concat([checks, unchecked.alias("check")], rechunk=True)
        self._joined: Memo[str, pl.Series] = Memo(len(DTYPES))

    @property
    def columns(self) -> list[str]:
        """Those of a page without its lines; besides, there is `KEY`."""
        return [name for name in PAGE if name != "raw"]

    def __getitem__(self, name: str) -> pl.Series:
        """Give a column; raises `Damaged`."""
        column = self._checks if name == "check" else self._stored[name]
        if self._behind is None:
            return column
        behind = key_of(self._behind) if name == KEY else self._behind[name]
        return self._joined.get(
            name, lambda: pl.concat([column, behind.cast(column.dtype)], rechunk=True)
        )

"""Rows of a log that is read for the first time: numbers in memory, texts on disk.

The file of the texts becomes the index of the log when the numbers are written behind them.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from contextlib import suppress
from dataclasses import replace
from functools import partial
from io import FileIO
from pathlib import Path
from secrets import randbits

import polars as pl

from audit_console.columns.held_rows import as_categories, behind, side_by_side
from audit_console.columns.memo import Memo
from audit_console.columns.schema import COLUMNS_HELD, PAGE
from audit_console.columns.selection import NAMES
from audit_console.sources.archive import stored
from audit_console.sources.archive.stand_in import COMPARED, KEY, key_of
from audit_console.sources.archive.stored import FileLayout, Piece, read_piece, write_columns

TEXTS = tuple(name for name in COMPARED if PAGE[name] == pl.String and name not in NAMES)
"""Columns that go to the file: they are most of a log, and seldom asked for."""

_NUMBERS = [*(name for name in COLUMNS_HELD if name not in TEXTS), KEY]


class Shelf:
    """A file that texts are written to, many rows at a time, and read back from.

    It is locked until it is an index, so that others tell it from one that was left behind.
    `secret` is what keys of its rows are made with.

    Args:
        path: a file that is there, empty, and this user's alone.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.secret = randbits(64)
        self.fault: OSError | None = None
        self._descriptor = os.open(path, os.O_RDWR)
        weakref.finalize(self, os.close, self._descriptor)  # when nobody reads it any more
        self.file = FileIO(self._descriptor, "r+", closefd=False)
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self._pieces: dict[str, list[Piece]] = {name: [] for name in TEXTS}

    def put(self, texts: pl.DataFrame) -> int:
        """Write as many whole groups of rows as there are, and give how many rows that was.

        Where there is no more room, none is written from then on.
        """
        put = 0
        while self.fault is None and put + stored.GROUP <= texts.height:
            try:
                layout = write_columns(self.file, texts.slice(put, stored.GROUP))
            except OSError as error:
                self.fault = error
                break
            for name, pieces in layout.pieces.items():
                self._pieces[name] += pieces
            put += stored.GROUP
        return put

    def get(self, name: str, rows: int) -> list[pl.Series]:
        """Give the first rows of a text; `rows` is of whole groups.

        Raises:
            Damaged: the file is.
        """
        pieces = self._pieces[name][: rows // stored.GROUP]
        return [read_piece(name, self._descriptor, piece) for piece in pieces]

    def finish(self, numbers: pl.DataFrame, texts: pl.DataFrame) -> FileLayout:
        """Write what is left, and tell where all columns are.

        Raises:
            OSError: there is no room, now or before.
        """
        if self.fault:
            raise self.fault
        rest = write_columns(self.file, texts)
        pieces = {name: self._pieces[name] + rest.pieces[name] for name in TEXTS}
        layout = write_columns(self.file, numbers)
        return replace(layout, pieces=pieces | layout.pieces)

    def release(self) -> None:
        """Leave the file to others, under the name that it has by now."""
        fcntl.flock(self.file, fcntl.LOCK_UN)

    def discard(self) -> None:
        """Remove the file, unless it has another name by now; who reads it is not disturbed."""
        with suppress(OSError):
            self.path.unlink()


def is_held(path: Path) -> bool:
    """Tell whether a program is at work on a shelf."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


class ShelvedRows:
    """Rows of which texts are on a shelf, but the last ones and those it has no room for.

    Args:
        shelf: where the texts are.
        numbers: all other columns.
        texts: of the last rows.
    """

    def __init__(self, shelf: Shelf, numbers: pl.DataFrame, texts: pl.DataFrame) -> None:
        self.shelf = shelf
        self._numbers = numbers
        self._texts = texts
        self._read: Memo[str, pl.Series] = Memo(len(TEXTS))

    @classmethod
    def none(cls, shelf: Shelf) -> ShelvedRows:
        """Give a table without rows."""
        rows = pl.DataFrame(schema=PAGE | {KEY: pl.UInt64})
        return cls(shelf, as_categories(rows.select(_NUMBERS)), rows.select(TEXTS))

    @property
    def height(self) -> int:
        """How many events there are."""
        return self._numbers.height

    @property
    def columns(self) -> list[str]:
        """Those of a page without its lines; besides, there is `KEY`."""
        return list(COLUMNS_HELD)

    def __getitem__(self, name: str, /) -> pl.Series:
        """Give a column; texts are read when they are first asked for.

        Raises:
            Damaged: they cannot be.
        """
        if name in TEXTS:
            return self._read.get(name, partial(self._text, name))
        return self._numbers[name]

    def with_more(self, events: pl.DataFrame) -> ShelvedRows:
        """Give these rows and those behind them."""
        keyed = events.with_columns(self.key_of(events))
        texts = pl.concat([self._texts, events.select(TEXTS)])
        texts = texts.slice(self.shelf.put(texts))
        return ShelvedRows(self.shelf, behind(self._numbers, keyed.select(_NUMBERS)), texts)

    @property
    def in_memory(self) -> list[str]:
        """The names of all columns but the texts."""
        return self._numbers.columns

    def side_by_side(self, name: str) -> ShelvedRows:
        """Give the same rows, the numbers of a column side by side."""
        return ShelvedRows(self.shelf, side_by_side(self._numbers, name), self._texts)

    def whole(self) -> pl.DataFrame:
        """Give all columns, in memory."""
        return pl.DataFrame([self[name] for name in self.columns])

    def key_of(self, events: pl.DataFrame) -> pl.Series:
        """Give what `KEY` is of these events."""
        return key_of(events, self.shelf.secret)

    def finish(self) -> FileLayout:
        """Write the index of these rows to the shelf, and tell where its columns are.

        Raises:
            OSError: there is no room, now or before.
        """
        return self.shelf.finish(self._numbers.drop("check"), self._texts)

    def _text(self, name: str) -> pl.Series:
        rest = self._texts[name]
        parts = self.shelf.get(name, self.height - rest.len())
        return pl.concat([*parts, rest], rechunk=True)

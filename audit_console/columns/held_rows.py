"""Rows of a table that are in memory with all their columns."""

from __future__ import annotations

from typing import Protocol, Self

import polars as pl

from audit_console.columns.selection import NAMES, Columns


class GrowingRows(Columns, Protocol):
    """Rows of a table to which others are added.

    What there was stays as it is, for those who look at it meanwhile.
    """

    def with_more(self, events: pl.DataFrame) -> Self:
        """Give these rows and those behind them."""
        ...

    @property
    def in_memory(self) -> list[str]:
        """The names of the columns that are in memory."""
        ...

    def side_by_side(self, name: str) -> Self:
        """Give the same rows, the values of a column in memory side by side.

        They are looked up several times faster then.
        """
        ...

    def whole(self) -> pl.DataFrame:
        """Give all columns, in memory."""
        ...


class HeldRows:
    """Rows in memory, with names as categories.

    Names that are categories already, as those of a table kept on disk, stay as they are.
    """

    def __init__(self, events: pl.DataFrame) -> None:
        self._frame = as_categories(events)

    @property
    def height(self) -> int:
        """How many events there are."""
        return self._frame.height

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self._frame.columns

    def __getitem__(self, name: str, /) -> pl.Series:
        """Give a column."""
        return self._frame[name]

    def with_more(self, events: pl.DataFrame) -> HeldRows:
        """Give these rows and those behind them."""
        return HeldRows(behind(self._frame, events))

    @property
    def in_memory(self) -> list[str]:
        """The names of all columns."""
        return self._frame.columns

    def side_by_side(self, name: str) -> HeldRows:
        """Give the same rows, the values of a column side by side."""
        return HeldRows(side_by_side(self._frame, name))

    def whole(self) -> pl.DataFrame:
        """Give all columns."""
        return self._frame


def as_categories(events: pl.DataFrame) -> pl.DataFrame:
    """Make names categories of their own, where they are texts."""
    schema = events.schema
    texts = [name for name in NAMES if schema[name] == pl.String]
    if not texts:
        return events
    return events.cast({name: pl.Categorical(pl.Categories.random()) for name in texts})


def behind(rows: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """Put rows behind others, with names as categories of these."""
    return pl.concat([rows, more.cast({name: rows.schema[name] for name in NAMES})], rechunk=False)


def side_by_side(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Put the values of a column side by side; those of others stay where they are."""
    return rows.clone().replace_column(rows.get_column_index(name), rows[name].rechunk())

"""Rows as a table for people."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import polars as pl

from audit_console.core.safe_text import safe_text

WIDEST_CELL = 60
NARROWEST_CELL = 6
GAP = "  "
MISSING = "-"


class TableText:
    """Prints frames of one shape as a table, cut to `width` characters where that is given.

    Columns are as wide as the first frame needs; later values are cut to them. Numbers stand
    with their last digits one under the other.
    """

    def __init__(self, width: int | None) -> None:
        self._width = width
        self._widths: list[int] = []
        self._holds_numbers: list[bool] = []

    def lines(self, rows: pl.DataFrame) -> Iterator[str]:
        """Print rows, under their titles the first time."""
        cells = [[_cell(value) for value in row] for row in rows.iter_rows()]
        if not self._widths:
            titles = [safe_text(name, limit=WIDEST_CELL) for name in rows.columns]
            self._widths = self._share([titles, *cells])
            self._holds_numbers = [kind.is_numeric() for kind in rows.dtypes]
            yield self._line(titles)
        for row in cells:
            yield self._line(row)

    def _share(self, rows: Sequence[Sequence[str]]) -> list[int]:
        widths = [max(map(_drawn_width, column)) for column in zip(*rows, strict=True)]
        if self._width is None:
            return widths
        room = self._width - len(GAP) * (len(widths) - 1)
        while sum(widths) > room and max(widths) > NARROWEST_CELL:
            widths[widths.index(max(widths))] -= 1
        return widths

    def _line(self, cells: Sequence[str]) -> str:
        columns = zip(cells, self._widths, self._holds_numbers, strict=True)
        fitted = (_fit(cell, width, to_the_right=number) for cell, width, number in columns)
        return GAP.join(fitted).rstrip()


def _cell(value: object) -> str:
    return MISSING if value is None else safe_text(str(value), limit=WIDEST_CELL)


def _drawn_width(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fit(text: str, width: int, *, to_the_right: bool) -> str:
    drawn = _drawn_width(text)
    if drawn <= width:
        gap = " " * (width - drawn)
        return gap + text if to_the_right else text + gap
    while text and _drawn_width(text) > width - 1:
        text = text[:-1]
    return f"{text}…" + " " * (width - 1 - _drawn_width(text))

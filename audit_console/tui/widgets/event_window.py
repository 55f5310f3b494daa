"""The rows that the event table holds, and how they are fetched. No widget is touched here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from audit_console.core.filters import Filter
from audit_console.core.matching import NO_MARKS, MarkKey, Marks
from audit_console.search.question import Question
from audit_console.sources.cancelling import refuse_if_cancelled
from audit_console.sources.protocol import AtEvent, AtRow, AtTime, Cursor, Order, Page, Source
from audit_console.tui.widgets.event_columns import EventRow

if TYPE_CHECKING:  # Polars need not be there for the first paint
    import polars as pl

SCREENS_AHEAD = 3
"""Screens of rows fetched before and behind what is in sight."""

FIRST_ROWS = 200
"""Rows asked for before the size of the screen is known."""

ROWS_AT_ONCE = 64
"""Rows that become values together: one by one they take several times longer."""


class RowAnchor(NamedTuple):
    """The selected event, by which a view is held in place, and the row it was seen at."""

    row: int
    file: int
    line: int
    event_id: str
    moment: datetime


class Sight(NamedTuple):
    """An event that was selected, and the line of the pane on which it stood."""

    event: RowAnchor
    line: int


@dataclass(frozen=True, eq=False, slots=True)
class RowsView:
    """What the table looks at. A changed view is a new object; answers to an old one are stale."""

    source: Source
    where: Filter
    order: Order
    marks: Mapping[MarkKey, Marks] = field(default_factory=lambda: NO_MARKS)

    def page(self, at: Cursor, limit: int) -> Page:
        """Ask the source for rows of this view."""
        return self.question.page(at, limit, order=self.order)

    @property
    def question(self) -> Question:
        """What the view asks for, in any order."""
        return Question(self.source, self.where, self.marks)


class Want(NamedTuple):
    """Rows wanted: `limit` of them from row `first` on.

    `anchor` should stand at its row; if more events were read before it, the
    wanted rows move with it. `relocate` says that its row is not known at all.
    """

    view: RowsView
    first: int
    limit: int
    anchor: RowAnchor | None = None
    relocate: bool = False


class Window:
    """Consecutive rows of a view."""

    def __init__(self, first: int, rows: pl.DataFrame | None = None) -> None:
        self.first = first
        self._rows = rows
        self._cache: dict[int, dict[str, Any]] = {}

    @property
    def end(self) -> int:
        """Row after the last one."""
        return self.first + (0 if self._rows is None else self._rows.height)

    def row(self, row: int) -> EventRow | None:
        """Give a row by its number in the view, None when it is not here."""
        if self._rows is None or not self.first <= row < self.end:
            return None
        if row not in self._cache:
            start = (row - self.first) // ROWS_AT_ONCE * ROWS_AT_ONCE
            rows = self._rows.slice(start, ROWS_AT_ONCE).iter_rows(named=True)
            self._cache.update(enumerate(rows, self.first + start))
        return self._cache[row]

    def anchor(self, row: int) -> RowAnchor | None:
        """Name the event of a row by which a view is held, None when it is not here."""
        event = self.row(row)
        if event is None:
            return None
        return RowAnchor(row, event["file"], event["line"], event["id"], event["timestamp"])

    def rows_shared_with(self, other: Window) -> range:
        """Number the rows that both have; none unless they are the same."""
        shared = range(max(self.first, other.first), min(self.end, other.end))
        if not shared or not self._part(shared).equals(other._part(shared)):
            return range(0)
        return shared

    def _part(self, rows: range) -> pl.DataFrame:
        if self._rows is None:
            raise LookupError(rows)
        return self._rows.slice(rows.start - self.first, len(rows))


def rows_around(top: int, page: int) -> tuple[int, int]:
    """Give the first row to fetch, and how many, for a page of rows from `top` on in sight."""
    ahead = SCREENS_AHEAD * (page or FIRST_ROWS)
    first = max(0, top - ahead)
    return first, top + page + ahead - first


class Answer(NamedTuple):
    """What came back: `shift` is how many rows the anchor moved down.

    `matched` and `read` are None while a source that counts apart has not counted.
    """

    want: Want
    window: Window
    matched: int | None
    read: int | None
    shift: int

    @property
    def rows(self) -> int:
        """How many rows there are, as far as is known."""
        return self.window.end if self.matched is None else self.matched


def fetch(want: Want) -> Answer:
    """Get the wanted rows, following the anchor. Blocks; for a thread.

    Where an event stands is known by counting. A source that has not counted yet shows
    the first rows of a new view instead of those around the anchor.

    Raises:
        SourceError: the log cannot be looked at.
    """
    if want.anchor is None:
        return _answer(want, want.view.page(AtRow(want.first), want.limit), 0)
    if not want.relocate:
        page = want.view.page(AtRow(want.first), want.limit)
        if page.matched is None or _is_at(want.anchor, page):
            return _answer(want, page, 0)
    elif want.view.source.status.asks_store:
        page = want.view.page(AtRow(0), want.limit)
        if page.matched is None:
            return _answer(want, page, -want.anchor.row)
    while True:  # until no more was read between the two questions: rows are numbered anew by it
        place = _locate(want.view, want.anchor)
        refuse_if_cancelled()
        shift = place.row - want.anchor.row
        page = want.view.page(AtRow(max(0, want.first + shift)), want.limit)
        if page.read == place.read:
            return _answer(want, page, shift)


def _answer(want: Want, page: Page, shift: int) -> Answer:
    return Answer(want, Window(page.first_row, page.rows), page.matched, page.read, shift)


def _is_at(anchor: RowAnchor, page: Page) -> bool:
    row = Window(page.first_row, page.rows).row(anchor.row)
    return row is not None and (row["file"], row["line"]) == (anchor.file, anchor.line)


class _Place(NamedTuple):
    """A row, and of how many events that were read."""

    row: int
    read: int | None


def _locate(view: RowsView, anchor: RowAnchor) -> _Place:
    """Find the anchor's row; of an event that the filter drops, the place where it would be."""
    page = view.page(AtEvent(anchor.event_id), 1)
    if page.rows.height == 0:
        page = view.page(AtTime(anchor.moment), 1)
    if page.rows.height == 0:
        return _Place(max(0, (page.matched or 1) - 1), page.read)
    return _Place(page.first_row, page.read)

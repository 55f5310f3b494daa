"""Numbered rows of a log behind a window: what is in sight is fetched, the rest is a count.

Nothing here depends on the number of events. The rows in sight and some screens around them are
asked for on a thread; the latest wish wins, and answers to a view no longer shown are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.worker import Worker

from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.matching import MarkKey, Marks
from audit_console.errors import AuditConsoleError
from audit_console.sources.protocol import Order, Source
from audit_console.tui.asking import asked
from audit_console.tui.background import begin
from audit_console.tui.painting import LinePainter
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_window import (
    Answer,
    RowAnchor,
    RowsView,
    Sight,
    Want,
    Window,
    fetch,
    rows_around,
)


class VirtualRows(ScrollView, LinePainter):
    """Rows of a log under one line of titles; the row under the cursor is the selected event.

    A subclass draws: it says how wide a row is, and forgets what it drew when rows change.
    """

    cursor_row: reactive[int] = reactive(0, repaint=False)
    stale: reactive[bool] = reactive(False)
    """Whether the rows on the screen answer an earlier question than the one asked."""

    class Selected(Message):
        """Another event is selected, or its row has only now arrived."""

        def __init__(self, row: EventRow | None) -> None:
            super().__init__()
            self.row = row

    class Counted(Message):
        """Rows arrived: so many events match of so many read, None while they are counted."""

        def __init__(self, matched: int | None, read: int | None) -> None:
            super().__init__()
            self.matched = matched
            self.read = read

    class Failed(Message):
        """Rows could not be fetched."""

        def __init__(self, error: AuditConsoleError | OSError) -> None:
            super().__init__()
            self.error = error

    def __init__(self) -> None:
        super().__init__()
        self.row_count = 0
        self.counted = True
        """Whether `row_count` is all there are, or only those that were seen."""
        self._view: RowsView | None = None
        self._window = Window(0)
        self._wanted = False
        self._fetcher: Worker[None] | None = None
        self._relocating = False
        self._returning: Sight | None = None
        self._shown: EventRow | None = None
        self._counting: RowsView | None = None
        self.fault: AuditConsoleError | OSError | None = None  # why there is no answer

    # --- what a subclass draws ---------------------------------------------------

    def row_width(self) -> int:
        """Count the cells of a row."""
        raise NotImplementedError

    def forget_drawn(self, besides: range = range(0)) -> None:
        """Forget drawn rows, because they changed; not those that did not."""
        raise NotImplementedError

    # --- what it shows -----------------------------------------------------------

    @property
    def view(self) -> RowsView | None:
        """Source, filter and order of the rows."""
        return self._view

    @property
    def where(self) -> Filter:
        """The filter in force."""
        return self._view.where if self._view else EVERYTHING

    @property
    def order(self) -> Order:
        """The direction in which the rows are sorted by time."""
        return self._view.order if self._view else Order.OLDEST_FIRST

    @property
    def selected(self) -> EventRow | None:
        """The row under the cursor, None while it is fetched."""
        return self._window.row(self.cursor_row)

    @property
    def sight(self) -> Sight | None:
        """The selected event and its line, to be returned to; None while it is fetched."""
        event = self._window.anchor(self.cursor_row)
        return None if event is None else Sight(event, self.cursor_row - self._top)

    def show(self, source: Source) -> None:
        """Show another log from its start."""
        self._view = RowsView(source, EVERYTHING, Order.OLDEST_FIRST)
        self._window = Window(0)
        self.forget_drawn()
        self.row_count = 0
        self.cursor_row = 0
        self._update_virtual_size()
        self.scroll_to(0, 0, animate=False)
        self._request_anew()

    def look(
        self,
        where: Filter,
        order: Order,
        marks: Mapping[MarkKey, Marks],
        *,
        returning: Sight | None = None,
    ) -> None:
        """Show other events or another order; the selected event keeps its place.

        The rows that were shown stay, `stale`, until the new ones are there.

        Args:
            where: which events.
            order: of them.
            marks: what the filter takes for the marks of the events.
            returning: the event to select instead, on the line where it stood.
        """
        if self._view is None:
            return
        view = RowsView(self._view.source, where, order, marks)
        if returning is None and (where, order) == (self._view.where, self._view.order):
            self._view = view
            self.forget_drawn()
            self.refresh()
            self._request()
        else:
            self._look_at(view, returning)

    def follow(self, source: Source) -> None:
        """Show the same log with more events; the selected one keeps its place."""
        if self._view is not None:
            self._look_at(replace(self._view, source=source))

    def refresh_rows(self) -> None:
        """Fetch again, because more was read, or what was asked for is not there."""
        self._request()

    def go_to(self, row: int, *, view: RowsView | None = None) -> None:
        """Select a row by its number, its neighbours around it.

        Args:
            row: counts from 0 in the view.
            view: another one than the one in force.
        """
        if self._view is None:
            return
        if view is not None and view.where != self._view.where:
            self._window = Window(0)
            self.forget_drawn()
            self.row_count = max(self.row_count, row + 1)
            self._update_virtual_size()
        # A new view makes answers stale that would move this cursor.
        self._view = replace(view or self._view)
        self._relocating = False
        self._returning = None
        self._move_to(row)
        self.scroll_to(y=max(0, self.cursor_row - self._page_size // 2), animate=False)
        self._request_anew()

    def _look_at(self, view: RowsView, returning: Sight | None = None) -> None:
        self._view = view
        self._relocating = True
        self._returning = returning
        self.stale = True
        self._request_anew()

    def watch_stale(self) -> None:
        """Dim the rows, or light them up again."""
        self.set_class(self.stale, "-stale")
        self.forget_drawn()

    # --- fetching ----------------------------------------------------------------

    def _request(self) -> None:
        """Ask for the rows around what is in sight; one question is under way at a time."""
        self._wanted = self._view is not None
        if self._wanted and not self._fetching:
            self._fetcher = begin(self, self._fetch, group="rows")

    def _request_anew(self) -> None:
        """Ask for rows of another view; nobody waits for those of the one before."""
        self.fault = None
        if self._fetcher is not None:
            self._fetcher.cancel()
            self._fetcher = None
        self._request()

    @property
    def _fetching(self) -> bool:
        return self._fetcher is not None and not self._fetcher.is_finished

    async def _fetch(self) -> None:
        while self._wanted and self._view is not None:
            self._wanted = False
            # Made only now: the anchor must be the event that is selected now.
            rows = rows_around(self._top, self._page_size)
            want = Want(self._view, *rows, self._held(), self._relocating)
            await self._answer(want)

    async def _answer(self, want: Want) -> None:
        try:
            answer = await asked(fetch, want)
        except CANNOT_BE_LOOKED_AT as error:  # also of a source that was closed meanwhile
            self._fail(want.view, error)
            return
        if want.view is self._view:
            self._accept(answer)

    def _fail(self, view: RowsView, error: AuditConsoleError | OSError) -> None:
        if view is self._view:
            self.fault = error
            self.post_message(self.Failed(error))

    def _accept(self, answer: Answer) -> None:
        top, unchanged = self._top_for(answer), self._unchanged_rows(answer)
        self._relocating = False
        self._returning = None
        self.stale = False
        self.fault = None
        self._window = answer.window
        self.forget_drawn(unchanged)
        self.row_count = answer.rows
        self.counted = answer.matched is not None
        self._update_virtual_size()
        if top != self._top:
            self.scroll_to(y=top, animate=False)
        self.set_reactive(VirtualRows.cursor_row, self.cursor_row + answer.shift)
        self.set_reactive(VirtualRows.cursor_row, max(0, min(self.cursor_row, self.row_count - 1)))
        self.post_message(self.Counted(answer.matched, answer.read))
        self._announce()
        if not self._cover_the_sight(unchanged):
            self.refresh()
        if rows_around(self._top, self._page_size) != (answer.want.first, answer.want.limit):
            self._request_if_needed()
        if answer.matched is None or answer.read is None:
            self._count(answer.want.view)

    def _count(self, view: RowsView) -> None:
        """Have a source count that does so apart, and show the rows by their numbers then."""
        if view is not self._counting:
            self._counting = view
            begin(self, partial(self._count_apart, view), group="count", exclusive=True)

    async def _count_apart(self, view: RowsView) -> None:
        try:
            await asked(view.question.count)
            await asked(replace(view, where=EVERYTHING).question.count)
        except CANNOT_BE_LOOKED_AT as error:
            self._counting = None
            self._fail(view, error)
            return
        if view is self._view:
            self._request()

    def _held(self) -> RowAnchor | None:
        """Give the event to hold the view by: the selected one, or the one returned to."""
        if self._returning is None:
            return self._window.anchor(self.cursor_row)
        return self._returning.event._replace(row=self.cursor_row)

    def _top_for(self, answer: Answer) -> int:
        """Give the first row in sight, with which the held event is on its line."""
        if self._returning is None:
            return self._top + answer.shift
        line = max(0, min(self._returning.line, self._page_size - 1))
        return max(0, self.cursor_row + answer.shift - line)

    def _unchanged_rows(self, answer: Answer) -> range:
        """Number the rows that stand where they stood, and need not be drawn again."""
        if self._relocating or self.stale or answer.shift or answer.rows != self.row_count:
            return range(0)
        return answer.window.rows_shared_with(self._window)

    def _request_if_needed(self) -> None:
        """Fetch when less than one screen is left ahead of what is in sight."""
        margin = self._page_size
        first = max(0, self._top - margin)
        end = min(self.row_count, self._top + self._page_size + margin)
        if first < self._window.first or end > self._window.end:
            self._request()

    def _announce(self) -> None:
        """Say which event is selected, if that is news."""
        row = self.selected
        if row != self._shown:
            self._shown = row
            self.post_message(self.Selected(row))

    # --- geometry ----------------------------------------------------------------

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _page_size(self) -> int:
        """Rows in sight; the header takes a line."""
        return max(0, self.scrollable_content_region.height - 1)

    def _cover_the_sight(self, rows: range) -> bool:
        """Tell whether all that is in sight is among these rows."""
        end = min(self._top + self._page_size, self.row_count)
        return rows.start <= self._top < end <= rows.stop

    def _update_virtual_size(self) -> None:
        self.virtual_size = Size(self.row_width(), self.row_count + 1)

    def on_resize(self) -> None:
        """Lay out anew and fetch what came into sight."""
        self.forget_drawn()
        self._update_virtual_size()
        self._scroll_to_cursor()
        self._request_if_needed()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetch ahead of the scrolling, when what is here already was painted."""
        super().watch_scroll_y(old_value, new_value)
        if self._cover_the_sight(range(self._window.first, self._window.end)):
            self.call_after_refresh(self._request_if_needed)
        else:
            self._request_if_needed()

    # --- the cursor --------------------------------------------------------------

    def _move_to(self, row: int) -> None:
        old = self.cursor_row
        self.cursor_row = max(0, min(row, self.row_count - 1))
        self._refresh_row(old)
        self._refresh_row(self.cursor_row)
        self._scroll_to_cursor()
        self._announce()

    def _refresh_row(self, row: int) -> None:
        self.refresh(Region(0, row + 1 - self._top, self.size.width, 1))

    def _scroll_to_cursor(self) -> None:
        if self.cursor_row < self._top:
            self.scroll_to(y=self.cursor_row, animate=False)
        elif self.cursor_row >= self._top + self._page_size:
            self.scroll_to(y=self.cursor_row - self._page_size + 1, animate=False)

    def action_cursor_up(self) -> None:
        """Select the row above."""
        self._move_to(self.cursor_row - 1)

    def action_cursor_down(self) -> None:
        """Select the row below."""
        self._move_to(self.cursor_row + 1)

    def action_page_up(self) -> None:
        """Select a row one screen above."""
        self._move_to(self.cursor_row - max(1, self._page_size - 1))

    def action_page_down(self) -> None:
        """Select a row one screen below."""
        self._move_to(self.cursor_row + max(1, self._page_size - 1))

    def action_first(self) -> None:
        """Select the first row."""
        self._move_to(0)

    def action_last(self) -> None:
        """Select the last row."""
        self._move_to(self.row_count - 1)

"""The event table: a window of rows of a log that may hold ten million.

Nothing here depends on the number of events: rows are numbered, the scroll bar
knows their count, and only those in sight are fetched, worded and drawn.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from audit_console.core.filters import EVERYTHING, Filter
from audit_console.errors import SourceError
from audit_console.sources.protocol import Order, Source
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.painting import LinePainter
from audit_console.tui.widgets import event_columns as columns
from audit_console.tui.widgets.event_columns import COLUMNS, EventRow
from audit_console.tui.widgets.event_window import Anchor, Answer, View, Want, Window, fetch

SCREENS_AHEAD = 3
"""Screens of rows fetched before and behind what is in sight."""

FIRST_ROWS = 200
"""Rows asked for before the size of the screen is known."""


class EventTable(ScrollView, LinePainter, can_focus=True):
    """A virtual table with a cursor on one cell; the cursor's row is the selected event."""

    PANE = Pane.TABLE
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.TABLE)
    COMPONENT_CLASSES: ClassVar[set[str]] = LinePainter.COMPONENT_CLASSES | {
        "event-table--header",
        "event-table--row-cursor",
        "event-table--cell-cursor",
    }

    cursor_row: reactive[int] = reactive(0, repaint=False)
    cursor_column: reactive[int] = reactive(2, repaint=False)
    wide: reactive[bool] = reactive(False)

    class Selected(Message):
        """Another event is selected, or its row has only now arrived."""

        def __init__(self, row: EventRow | None) -> None:
            super().__init__()
            self.row = row

    class Counted(Message):
        """Rows arrived: so many events match of so many read."""

        def __init__(self, matched: int, read: int) -> None:
            super().__init__()
            self.matched = matched
            self.read = read

    class DetailAsked(Message):
        """The reader wants the selected event opened or closed."""

    class IncludeAsked(Message):
        """The reader wants only events with the value under the cursor."""

    class CopyAsked(Message):
        """The reader wants the value under the cursor in the clipboard."""

    class Failed(Message):
        """Rows could not be fetched."""

        def __init__(self, error: SourceError | OSError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.row_count = 0
        self._view: View | None = None
        self._window = Window(0)
        self._wanted: Want | None = None
        self._fetching = False
        self._relocating = False
        self._shown: EventRow | None = None
        self._widths = columns.share_widths(80)
        self._strips: dict[tuple[int, int], Strip] = {}
        self._base: Style | None = None

    # --- what it shows -----------------------------------------------------------

    @property
    def view(self) -> View | None:
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

    def show(self, source: Source) -> None:
        """Show another log from its start."""
        self._view = View(source, EVERYTHING, Order.OLDEST_FIRST)
        self._window = Window(0)
        self._strips.clear()
        self.row_count = 0
        self.cursor_row = 0
        self._update_virtual_size()
        self.scroll_to(0, 0, animate=False)
        self._request()

    def filter_by(self, where: Filter) -> None:
        """Show only events kept by `where`, the selected one in its place."""
        if self._view is not None and where != self._view.where:
            self._look_at(View(self._view.source, where, self._view.order))

    def sort(self, order: Order) -> None:
        """Sort by time, the selected event in its place."""
        if self._view is not None and order is not self._view.order:
            self._look_at(View(self._view.source, self._view.where, order))

    def refresh_rows(self) -> None:
        """Fetch again, because more was read."""
        self._request()

    def go_to(self, row: int, *, where: Filter | None = None) -> None:
        """Select a row by its number, its neighbours around it.

        Args:
            row: counts from 0 in the view, with the filter `where` if one is given.
            where: another filter than the one in force.
        """
        if self._view is None:
            return
        if where is not None and where != self._view.where:
            self._window = Window(0)
            self._strips.clear()
            self.row_count = max(self.row_count, row + 1)
            self._update_virtual_size()
        # A new view makes answers stale that would move this cursor.
        self._view = View(
            self._view.source, self._view.where if where is None else where, self._view.order
        )
        self._relocating = False
        self._move_to(row)
        self.scroll_to(y=max(0, self.cursor_row - self._page_size // 2), animate=False)
        self._request()

    def _look_at(self, view: View) -> None:
        self._view = view
        self._relocating = True
        self._request()

    # --- fetching ----------------------------------------------------------------

    def _request(self) -> None:
        """Ask for the rows around what is in sight; the latest wish wins, one is under way."""
        if self._view is None:
            return
        first, limit = self._range()
        self._wanted = Want(self._view, first, limit, self._anchor(), self._relocating)
        if not self._fetching:
            self._fetching = True
            self.run_worker(self._fetch(), group="rows")

    def _range(self) -> tuple[int, int]:
        ahead = SCREENS_AHEAD * (self._page_size or FIRST_ROWS)
        first = max(0, self._top - ahead)
        return first, self._top + self._page_size + ahead - first

    async def _fetch(self) -> None:
        try:
            while (want := self._wanted) is not None:
                self._wanted = None
                try:
                    answer = await asyncio.to_thread(fetch, want)
                except (SourceError, OSError) as error:  # also of a source that was closed
                    if want.view is self._view:
                        self.post_message(self.Failed(error))
                    continue
                if want.view is self._view:
                    self._accept(answer)
        finally:
            self._fetching = False

    def _accept(self, answer: Answer) -> None:
        self._relocating = False
        self._window = answer.window
        self._strips.clear()
        self.row_count = answer.matched
        self._update_virtual_size()
        if answer.shift:
            self.set_reactive(EventTable.cursor_row, self.cursor_row + answer.shift)
            self.scroll_to(y=self._top + answer.shift, animate=False)
        self.set_reactive(EventTable.cursor_row, max(0, min(self.cursor_row, self.row_count - 1)))
        self.post_message(self.Counted(answer.matched, answer.read))
        self._announce()
        self.refresh()
        if self._range() != (answer.want.first, answer.want.limit):
            self._request_if_needed()

    def _anchor(self) -> Anchor | None:
        row = self.selected
        if row is None:
            return None
        return Anchor(self.cursor_row, row["file"], row["line"], row["id"], row["timestamp"])

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

    def _update_virtual_size(self) -> None:
        available = self.scrollable_content_region.width or self.size.width
        self._widths = columns.share_widths(available, wide=self.wide)
        self.virtual_size = Size(columns.total_width(self._widths), self.row_count + 1)

    def on_resize(self, event: Resize) -> None:
        """Share the new width and fetch what came into sight."""
        del event
        self._strips.clear()
        self._update_virtual_size()
        self._scroll_to_cursor()
        self._request_if_needed()

    def watch_wide(self) -> None:
        """Lay the columns out anew."""
        self._strips.clear()
        self._update_virtual_size()
        if not self.wide:
            self.scroll_to(x=0, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetch ahead of the scrolling."""
        super().watch_scroll_y(old_value, new_value)
        self._request_if_needed()

    def notify_style_update(self) -> None:
        """Forget drawn rows, their colours changed."""
        super().notify_style_update()
        self._strips.clear()
        self._base = None

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

    def _move_to_column(self, column: int) -> None:
        self.cursor_column = max(0, min(column, len(COLUMNS) - 1))
        self._refresh_row(self.cursor_row)
        if self.cursor_column < columns.FROZEN:
            self.scroll_to(x=0, animate=False)
            return
        frozen = columns.frozen_width(self._widths)
        start = sum(self._widths[: self.cursor_column]) + self.cursor_column + columns.GUTTER
        end = start + self._widths[self.cursor_column]
        left = self.scroll_offset.x
        if start - left < frozen:
            self.scroll_to(x=start - frozen, animate=False)
        elif end - left > self.scrollable_content_region.width:
            self.scroll_to(x=end - self.scrollable_content_region.width, animate=False)

    def on_click(self, event: Click) -> None:
        """Select the cell under the pointer; twice opens it; the time's title sorts."""
        column = self._column_at(event.x)
        if event.y == 0:
            if COLUMNS[column].name == "time":
                self.action_reverse()
            return
        if self._top + event.y - 1 < self.row_count:
            self._move_to(self._top + event.y - 1)
            self._move_to_column(column)
            if event.chain == 2:
                self.action_open_detail()

    def _column_at(self, x: int) -> int:
        if x >= columns.frozen_width(self._widths):
            x += self.scroll_offset.x
        end = columns.GUTTER
        for index, width in enumerate(self._widths):
            end += width + 1
            if x < end:
                return index
        return len(COLUMNS) - 1

    # --- drawing -----------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw the header or a row."""
        row = self._top + y - 1
        width = self.scrollable_content_region.width
        if y == 0:
            return self._header_in_sight(width)
        if row >= self.row_count:
            return Strip.blank(width, self._base_style)
        if self._window.row(row) is None:
            return Strip(
                [Segment(" …", self.rich_style + self.role_style("muted"))]
            ).adjust_cell_length(width, self.rich_style)
        column = self.cursor_column if row == self.cursor_row else -1
        strip = self._strips.get((row, column))
        if strip is None:
            strip = self._strips[row, column] = self._row_strip(row, column)
        return self._scrolled(strip, width, self._row_style(row))

    def _header_in_sight(self, width: int) -> Strip:
        """Draw the titles; an arrow at an edge says that there are columns beyond it."""
        style = self._component("header")
        strip = self._scrolled(self._header(), width, style)
        frozen = columns.frozen_width(self._widths)
        left, right = self.scroll_offset.x > 0, self.scroll_offset.x < self.max_scroll_x
        parts = [strip.crop(0, frozen - 1), strip.crop(frozen - 1, frozen)]
        if left:
            parts[1] = Strip([Segment("←", style)])
        parts.append(strip.crop(frozen, width - 1 if right else width))
        if right:
            parts.append(Strip([Segment("→", style)]))
        return Strip.join(parts)

    def _scrolled(self, strip: Strip, width: int, style: Style) -> Strip:
        frozen = columns.frozen_width(self._widths)
        left = frozen + self.scroll_offset.x
        rest = strip.crop(left, left + max(0, width - frozen))
        return Strip.join([strip.crop(0, frozen), rest]).adjust_cell_length(width, style)

    @property
    def _base_style(self) -> Style:
        """The style of plain cells; asking Textual for it costs more than drawing a row."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"event-table--{name}")

    def _row_style(self, row: int) -> Style:
        return self._component("row-cursor") if row == self.cursor_row else self._base_style

    def _header(self) -> Strip:
        arrow = "▲" if self.order is Order.OLDEST_FIRST else "▼"
        style = self._component("header")
        text = " " * columns.GUTTER
        for column, width in zip(COLUMNS, self._widths, strict=True):
            title = f"{column.title} {arrow}" if column.name == "time" else column.title
            text += title[:width].ljust(width) + " "
        return Strip([Segment(text, style)])

    def _row_strip(self, row: int, cursor_column: int) -> Strip:
        values = self._window.row(row)
        if values is None:
            raise LookupError(row)
        base = self._row_style(row)
        on_row = row == self.cursor_row
        segments = [Segment("▌" if on_row else " ", base + self.role_style("key"))]
        for index, column in enumerate(COLUMNS):
            text, role = columns.cell(values, column, self._widths[index])
            style = base + self.role_style(role)
            if index == cursor_column and self.has_focus:
                style = self._component("cell-cursor")
            segments += [Segment(text, style), Segment(" ", base)]
        return Strip(segments)

    def watch_has_focus(self, focused: bool) -> None:
        """Show or hide the cell cursor."""
        super().watch_has_focus(focused)
        self._strips.clear()
        self.refresh()

    # --- actions -----------------------------------------------------------------

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

    def action_cursor_left(self) -> None:
        """Move the cursor one column to the left."""
        self._move_to_column(self.cursor_column - 1)

    def action_cursor_right(self) -> None:
        """Move the cursor one column to the right."""
        self._move_to_column(self.cursor_column + 1)

    def action_first_column(self) -> None:
        """Move the cursor to the first column."""
        self._move_to_column(0)

    def action_last_column(self) -> None:
        """Move the cursor to the last column."""
        self._move_to_column(len(COLUMNS) - 1)

    def action_reverse(self) -> None:
        """Sort by time the other way."""
        newest = self.order is Order.OLDEST_FIRST
        self.sort(Order.NEWEST_FIRST if newest else Order.OLDEST_FIRST)

    def action_widen(self) -> None:
        """Show long values in full width, or fit the columns again."""
        self.wide = not self.wide

    def action_open_detail(self) -> None:
        """Ask for the detail pane."""
        self.post_message(self.DetailAsked())

    def action_include(self) -> None:
        """Ask to keep only events with the value under the cursor."""
        self.post_message(self.IncludeAsked())

    def action_copy_value(self) -> None:
        """Ask to copy the value under the cursor."""
        self.post_message(self.CopyAsked())

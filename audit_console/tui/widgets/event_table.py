"""The event table: columns, the cursor on a cell, and how a row is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from audit_console.core.matching import Marks
from audit_console.core.narrowing import Value
from audit_console.sources.protocol import Order
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.asking import ValueActions
from audit_console.tui.clipboard import copy
from audit_console.tui.painting import ELLIPSIS, Line, Span
from audit_console.tui.widgets import event_columns as columns
from audit_console.tui.widgets.event_columns import Column, EventRow
from audit_console.tui.widgets.text_pane import Said, laid_out
from audit_console.tui.widgets.virtual_rows import VirtualRows


class EventTable(VirtualRows, ValueActions, can_focus=True):
    """A table of ten million rows with a cursor on one cell.

    Attributes:
        columns: what is shown of an event; the fixed ones come first.
        zone: the zone that times are shown in, always named in the title.
        origin: id of the event that is looked around.
    """

    PANE = Pane.TABLE
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.TABLE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "event-table--header",
        "event-table--row-cursor",
        "event-table--cell-cursor",
    }

    cursor_column: reactive[int] = reactive(2, repaint=False)
    wide: reactive[bool] = reactive(False)
    columns: reactive[tuple[Column, ...]] = reactive(columns.COLUMNS)
    zone: reactive[tzinfo] = reactive(UTC)
    origin: reactive[str | None] = reactive(None)
    nothing: reactive[Sequence[Said]] = reactive(((Span(" no event", "muted"),),))
    """What is said when there is no event."""

    class DetailAsked(Message):
        """The reader wants the selected event opened or closed."""

    class ReverseAsked(Message):
        """The reader wants the other order."""

    def __init__(self) -> None:
        super().__init__()
        self._widths = columns.share_widths(80)
        self._strips: dict[tuple[int, int], Strip] = {}

    # --- layout ------------------------------------------------------------------

    def row_width(self) -> int:
        """Share the width among the columns; count the cells that can be scrolled over."""
        available = self.scrollable_content_region.width or self.size.width
        self._widths = columns.share_widths(available, self.columns, wide=self.wide)
        farthest = columns.scrolled_to(self._widths, len(self._widths) - 1, 0, available)
        return max(columns.total_width(self._widths), farthest + available)

    def forget_drawn(self, besides: range = range(0)) -> None:
        """Forget drawn rows, but not some of them."""
        self._strips = {at: strip for at, strip in self._strips.items() if at[0] in besides}

    def watch_wide(self) -> None:
        """Lay the columns out anew."""
        self.forget_drawn()
        self._update_virtual_size()
        if not self.wide:
            self.scroll_to(x=0, animate=False)

    @property
    def chosen_columns(self) -> tuple[str, ...]:
        """The names of the columns that the reader may choose, of those that are shown."""
        return tuple(column.name for column in self.columns[columns.FROZEN :])

    def choose_columns(self, names: Sequence[str] | None) -> None:
        """Show other columns; without names those that are there stay."""
        if names:
            self.columns = columns.named(names)

    def watch_columns(self) -> None:
        """Lay the chosen columns out."""
        self.forget_drawn()
        self._update_virtual_size()
        self._move_to_column(self.cursor_column)
        self.refresh()

    def watch_zone(self) -> None:
        """Word the times anew."""
        self.forget_drawn()

    def watch_origin(self) -> None:
        """Mark another event."""
        self.forget_drawn()

    def notify_style_update(self) -> None:
        """Forget drawn rows, their colours changed."""
        super().notify_style_update()
        self._strips.clear()

    # --- the cursor --------------------------------------------------------------

    @property
    def column(self) -> Column:
        """The column under the cursor."""
        return self.columns[self.cursor_column]

    def go_to_column(self, name: str) -> None:
        """Go to a column by its name, if it is shown."""
        names = [column.name for column in self.columns]
        if name in names:
            self._move_to_column(names.index(name))

    def _move_to_column(self, column: int) -> None:
        self.cursor_column = max(0, min(column, len(self.columns) - 1))
        self._refresh_row(self.cursor_row)
        left, room = self.scroll_offset.x, self.scrollable_content_region.width
        left = columns.scrolled_to(self._widths, self.cursor_column, left, room)
        self.scroll_to(x=left, animate=False)

    def on_click(self, event: Click) -> None:
        """Select the cell under the pointer; twice opens it; the time's title sorts."""
        column = self._column_at(event.x)
        if event.y == 0:
            if self.columns[column].name == "time":
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
        return len(self.columns) - 1

    # --- drawing -----------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw the header or a row."""
        row = self._top + y - 1
        width = self.scrollable_content_region.width
        if y == 0:
            return self._header_in_sight(width)
        if row >= self.row_count:
            return self.paint(self._why_nothing(row, width), width)
        if self._window.row(row) is None:
            return Strip(
                [Segment(" …", self.base_style + self.role_style("muted"))]
            ).adjust_cell_length(width, self.base_style)
        column = self.cursor_column if row == self.cursor_row else -1
        strip = self._strips.get((row, column))
        if strip is None:
            strip = self._strips[row, column] = self._row_strip(row, column)
        return self._scrolled(strip, width, self._row_style(row))

    def _why_nothing(self, row: int, width: int) -> Line:
        """Give a line of what is said in the place of the rows, once it is known that none is."""
        is_known = self.view is not None and not self._fetching and self.fault is None
        if self.row_count or not is_known:
            return ()
        lines = laid_out(self.nothing, width - 2)
        return lines[row] if row < len(lines) else ()

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
        """Give what is in sight of a row; a value that the edge cuts ends in an ellipsis."""
        frozen = columns.frozen_width(self._widths)
        left = frozen + self.scroll_offset.x
        right = left + max(0, width - frozen)
        seen = strip
        if self.scroll_offset.x:
            seen = Strip.join([strip.crop(0, frozen), strip.crop(left, right)])
        end = columns.end_at(self._widths, right)
        if end > right > left and strip.crop(right, end).text.strip():
            last = [Segment(ELLIPSIS, part.style) for part in strip.crop(right - 1, right)]
            seen = Strip([*seen.crop(0, width - 1), *last])
        return seen.adjust_cell_length(width, style)

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"event-table--{name}")

    def _row_style(self, row: int) -> Style:
        return self._component("row-cursor") if row == self.cursor_row else self.base_style

    def _header(self) -> Strip:
        arrow = "▲" if self.order is Order.OLDEST_FIRST else "▼"
        style = self._component("header")
        text = " " * columns.GUTTER
        for column, width in zip(self.columns, self._widths, strict=True):
            title = column.title
            if column.name == "time":
                title = time_title(str(self.zone), arrow, width)
            text += title[:width].ljust(width) + " "
        return Strip([Segment(text, style)])

    def _row_strip(self, row: int, cursor_column: int) -> Strip:
        values = self._window.row(row)
        if values is None:
            raise LookupError(row)
        base = self._row_style(row)
        on_row = row == self.cursor_row
        segments = [Segment(self._gutter(values, on_row=on_row), base + self.role_style("key"))]
        for index, column in enumerate(self.columns):
            text, role = columns.cell(values, column, self._widths[index], self.zone)
            style = base + self.role_style(role)
            if index == cursor_column and self.has_focus:
                style = self._component("cell-cursor")
            segments += [Segment(text, style), Segment(" ", base)]
        return Strip(segments)

    def _gutter(self, row: EventRow, *, on_row: bool) -> str:
        """Mark the origin, what the reader marked, and the row under the cursor."""
        key = (row["id"], row["event_hash"])
        marks = self.view.marks.get(key, Marks()) if self.view else Marks()
        if row["id"] == self.origin:
            return "◆" if marks == Marks() else "◈"
        if marks != Marks():
            return "★" if marks.star else "✎"
        return "▌" if on_row else " "

    def watch_has_focus(self, focused: bool) -> None:
        """Show or hide the cell cursor."""
        super().watch_has_focus(focused)
        self._strips.clear()
        self.refresh()

    # --- actions -----------------------------------------------------------------

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
        self._move_to_column(len(self.columns) - 1)

    def action_reverse(self) -> None:
        """Ask for the other order by time."""
        self.post_message(self.ReverseAsked())

    def action_widen(self) -> None:
        """Show long values in full width, or fit the columns again."""
        self.wide = not self.wide

    def action_open_detail(self) -> None:
        """Ask for the detail pane."""
        self.post_message(self.DetailAsked())

    def values_pointed_at(self) -> Sequence[Value]:
        """Give the values of the cell under the cursor."""
        row = self.selected
        return () if row is None else columns.values(row, self.column)

    def action_copy_value(self) -> None:
        """Copy the value under the cursor."""
        if (row := self.event_in_sight()) is not None:
            copy(self.app, columns.value_text(row, self.column), self.column.name)

    def event_in_sight(self) -> EventRow | None:
        """Give the selected event; where there is none, say why."""
        if self.selected is None:
            waits = self.row_count > 0
            self.notify("the event is not there yet" if waits else "no event is selected")
        return self.selected


def time_title(zone: str, arrow: str, width: int) -> str:
    """Name zone and order above the times, in few cells by the last part of the zone alone."""
    titles = (f"time ({zone}) {arrow}", f"{zone} {arrow}", f"{zone.rpartition('/')[2]} {arrow}")
    fitting = (title for title in titles if len(title) <= width)
    return next(fitting, f"{titles[-1][: width - 2]}…{arrow}")

"""A virtual list of lines with a cursor: base of the lists in dialogs and of the detail pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from audit_console.tui.actions import Pane, bindings
from audit_console.tui.painting import Line, LinePainter


class LineList(ScrollView, LinePainter, can_focus=True):
    """Shows lines, one of them under the cursor. Lines longer than the pane are cut with `…`."""

    PANE = Pane.LIST
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.LIST)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-list--cursor"}

    cursor: reactive[int] = reactive(0)

    class Moved(Message):
        """The cursor stands on another line."""

        def __init__(self, line_list: LineList, index: int) -> None:
            super().__init__()
            self.line_list = line_list
            self.index = index

        @property
        def control(self) -> LineList:
            """The list that sent this."""
            return self.line_list

    class Chosen(Moved):
        """The reader pressed Enter on a line, or clicked it twice."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()

    @property
    def lines(self) -> Sequence[Line]:
        """The lines shown."""
        return self._lines

    def set_lines(self, lines: Sequence[Line], *, cursor: int | None = None) -> None:
        """Replace the lines; the cursor stays on its number unless another is given."""
        self._lines = lines
        wanted = self.cursor if cursor is None else cursor
        self._update_virtual_size()
        self.set_reactive(LineList.cursor, self._in_range(wanted))
        self.watch_cursor()
        self.refresh()

    def _in_range(self, index: int) -> int:
        return max(0, min(index, len(self._lines) - 1))

    def _update_virtual_size(self) -> None:
        self.virtual_size = Size(1, len(self._lines))

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight."""
        del event
        self._scroll_to_cursor()

    def watch_cursor(self) -> None:
        """Bring the cursor into sight and tell of it."""
        self._scroll_to_cursor()
        if self._lines:
            self.post_message(self.Moved(self, self.cursor))

    def _scroll_to_cursor(self) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif height and self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if index >= len(self._lines):
            return Strip.blank(width, self.base_style)
        return self.paint(self._lines[index], width, over=self._line_style(index))

    def _line_style(self, index: int) -> Style | None:
        if index != self.cursor or not self.has_focus:
            return None
        return self.get_component_rich_style("line-list--cursor", partial=True)

    def on_click(self, event: Click) -> None:
        """Put the cursor under the pointer; twice chooses."""
        at = event.get_content_offset(self)
        index = len(self._lines) if at is None else self.scroll_offset.y + at.y
        if index < len(self._lines):
            self.cursor = index
            if event.chain == 2:
                self.action_choose()

    def action_cursor_up(self) -> None:
        """Move one line up."""
        self.cursor = self._in_range(self.cursor - 1)

    def action_cursor_down(self) -> None:
        """Move one line down."""
        self.cursor = self._in_range(self.cursor + 1)

    def action_page_up(self) -> None:
        """Move one page up."""
        self.cursor = self._in_range(self.cursor - max(1, self.size.height - 1))

    def action_page_down(self) -> None:
        """Move one page down."""
        self.cursor = self._in_range(self.cursor + max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Move to the first line."""
        self.cursor = 0

    def action_last(self) -> None:
        """Move to the last line."""
        self.cursor = self._in_range(len(self._lines) - 1)

    def action_choose(self) -> None:
        """Choose the line under the cursor."""
        if self._lines:
            self.post_message(self.Chosen(self, self.cursor))

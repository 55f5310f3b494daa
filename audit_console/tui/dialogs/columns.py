"""Which columns the event table has, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click

from audit_console.tui.actions import Pane, bindings
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.line_list import LineList

_HOW = "Space shows or hides · J K or ⇧↓ ⇧↑ move down and up"


class ColumnList(Vertical):
    """The columns with their check marks, in the order of the table."""

    PANE = Pane.COLUMNS
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.COLUMNS)

    def __init__(self, chosen: Sequence[str], names: Sequence[str]) -> None:
        super().__init__()
        self._chosen = {name for name in chosen if name in names}
        shown = dict.fromkeys(name for name in chosen if name in names)
        self._names = [*shown, *(name for name in names if name not in shown)]

    @property
    def chosen(self) -> tuple[str, ...]:
        """The columns with a check mark, in their order."""
        return tuple(name for name in self._names if name in self._chosen)

    def compose(self) -> ComposeResult:
        """Make the list."""
        yield LineList()

    def on_mount(self) -> None:
        """Fill the list."""
        self._draw(0)

    def _draw(self, cursor: int) -> None:
        lines = [self._line(name) for name in self._names]
        self.query_one(LineList).set_lines(lines, cursor=cursor)

    def _line(self, name: str) -> Line:
        if name in self._chosen:
            return (Span(" [x] ", "key"), Span(name))
        return (Span(" [ ] ", "muted"), Span(name, "muted"))

    def on_click(self, event: Click) -> None:
        """Switch a column whose check mark was clicked."""
        on_mark = event.screen_x - self.content_region.x < 5
        if (
            on_mark
            and event.chain == 1
            and event.screen_y - self.content_region.y < len(self._names)
        ):
            self.action_check()

    def action_check(self) -> None:
        """Show or hide the column under the cursor."""
        cursor = self.query_one(LineList).cursor
        self._chosen ^= {self._names[cursor]}
        self._draw(cursor)

    def action_move_up(self) -> None:
        """Move the column under the cursor one to the left in the table."""
        self._move(-1)

    def action_move_down(self) -> None:
        """Move the column under the cursor one to the right in the table."""
        self._move(1)

    def _move(self, step: int) -> None:
        cursor = self.query_one(LineList).cursor
        target = cursor + step
        if 0 <= target < len(self._names):
            self._names[cursor], self._names[target] = self._names[target], self._names[cursor]
            self._draw(target)


class ColumnsDialog(Dialog[tuple[str, ...]]):
    """Answers the names of the columns in their order, at least one."""

    CSS_PATH: ClassVar[str] = "columns.tcss"

    def __init__(self, chosen: Sequence[str], names: Sequence[str]) -> None:
        """Make the dialog.

        Args:
            chosen: columns shown now.
            names: of all there are.
        """
        super().__init__()
        self._list = ColumnList(chosen, names)

    def compose(self) -> ComposeResult:
        """Make list and answer line."""
        box = Vertical(self._list, AnswerLine(), classes="dialog")
        box.border_title = "columns"
        box.border_subtitle = "Enter applies · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Say how it is used."""
        self._say(_HOW, "muted")
        self.query_one(LineList).focus()

    @on(LineList.Chosen)
    def _apply(self) -> None:
        if self._list.chosen:
            self.dismiss(self._list.chosen)
        else:
            self._say("A table has at least one column: Space shows this one", "bad")

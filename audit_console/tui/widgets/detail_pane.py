"""The detail pane: every field of the selected event, what its hash covers, its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Click, Resize
from textual.message import Message

from audit_console.core.narrowing import Value
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.asking import ValueActions
from audit_console.tui.clipboard import copy
from audit_console.tui.painting import Span
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_lines import (
    NOTHING_KNOWN,
    DetailLine,
    Known,
    detail_lines,
    sign_place,
)
from audit_console.tui.widgets.json_tree import Path
from audit_console.tui.widgets.line_list import LineList


class DetailPane(LineList, ValueActions):
    """Shows one event. What is unfolded stays so from event to event."""

    PANE = Pane.DETAIL
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.DETAIL)

    class CloseAsked(Message):
        """The reader wants the pane closed."""

    class EventAsked(Message):
        """The reader wants to go to another event."""

        def __init__(self, event_id: str) -> None:
            super().__init__()
            self.event_id = event_id

    def __init__(self) -> None:
        super().__init__()
        self._row: EventRow | None = None
        self._file_name = ""
        self._known = NOTHING_KNOWN
        self._toggled: frozenset[Path] = frozenset()
        self._details: list[DetailLine] = []

    def show(self, row: EventRow | None, file_name: str, known: Known = NOTHING_KNOWN) -> None:
        """Show an event; None while its row is fetched leaves the pane as it is."""
        if row is not None and (row is not self._row or known != self._known):
            self._row = row
            self._known = known
            self._file_name = file_name
            self._update_lines()

    def clear(self) -> None:
        """Show no event."""
        self._row = None
        self._details = []
        self.set_lines([(Span(" no event is selected", "muted"),)], cursor=0)

    def _update_lines(self) -> None:
        if self._row is None or not self.size.width or not self.display:
            return
        width = self.scrollable_content_region.width
        self._details = detail_lines(self._row, self._file_name, width, self._toggled, self._known)
        self.set_lines([detail.line for detail in self._details])

    def on_resize(self, event: Resize) -> None:
        """Wrap anew."""
        self._update_lines()
        super().on_resize(event)

    @property
    def _current(self) -> DetailLine | None:
        return self._details[self.cursor] if self.cursor < len(self._details) else None

    def action_toggle_fold(self) -> None:
        """Fold, unfold, or go to the event of this line; on any other, close the pane."""
        if not self._open(self._current):
            self.post_message(self.CloseAsked())

    def _open(self, line: DetailLine | None) -> bool:
        """Fold or unfold the part, or go to the event, that a line is of; tell if it is of one."""
        if line is not None and line.fold is not None:
            self._toggle(line.fold)
        elif line is not None and line.event_id is not None:
            self.post_message(self.EventAsked(line.event_id))
        else:
            return False
        return True

    def action_fold(self) -> None:
        """Fold the part under the cursor."""
        current = self._current
        if current is not None and current.fold is not None and not current.folded:
            self._toggle(current.fold)

    def action_unfold(self) -> None:
        """Unfold the part under the cursor."""
        current = self._current
        if current is not None and current.fold is not None and current.folded:
            self._toggle(current.fold)

    def _toggle(self, path: Path) -> None:
        self._toggled = self._toggled ^ {path}
        self._update_lines()

    def on_click(self, event: Click) -> None:
        """A click on the sign of a part folds and unfolds it."""
        at = event.get_content_offset(self)
        line = len(self._details) if at is None else self.scroll_offset.y + at.y
        fold = self._details[line].fold if line < len(self._details) else None
        if at is not None and fold is not None and at.x <= sign_place(fold):
            event.prevent_default()
            self.cursor = line
            self._toggle(fold)

    def action_choose(self) -> None:
        """A double click does what the key does, and closes nothing."""
        self._open(self._current)

    def values_pointed_at(self) -> Sequence[Value]:
        """Give what the line says of a field."""
        return () if self._current is None else self._current.values

    def action_copy_value(self) -> None:
        """Copy the value on this line."""
        current = self._current
        value = None if current is None else current.value
        copy(self.app, value or "", "value")

    def action_copy_path(self) -> None:
        """Copy the name of the field that this line is of."""
        name = "" if self._current is None else self._current.field_name
        copy(self.app, name, "path")

"""What the stages of a query make of its events, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, overload

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click, Resize
from textual.message import Message
from textual.reactive import reactive

from audit_console.core.filters import FieldName
from audit_console.core.narrowing import Value
from audit_console.core.query import event_field
from audit_console.core.safe_text import safe_text
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.asking import ValueActions
from audit_console.tui.clipboard import copy
from audit_console.tui.painting import Line, Span, fit, span_at, width_of
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.wording import MISSING, moment, number

if TYPE_CHECKING:  # Polars need not be there for the first paint
    import polars as pl

_WIDEST = 48
_NARROWEST = 12
"""Cells below which a column of text does not give way to others."""
_BETWEEN, _MARGIN = 2, 3
_LINES_FOR_A_LONG_NOTE = 10
"""Of the pane, from which on a note that is too wide goes on below itself."""
_MEASURED = 200
"""Rows that the widths of columns are taken from."""

_CANNOT_FILTER = frozenset({FieldName.TIME, FieldName.HOUR, FieldName.WEEKDAY, FieldName.RESOURCE})


class ResultTable(LineList, ValueActions):
    """Rows of a result, with a cursor on one cell."""

    PANE = Pane.RESULT
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.RESULT)

    cursor_column: reactive[int] = reactive(0)

    class RowAsked(Message):
        """The reader wants the events behind a row."""

        def __init__(self, row: Mapping[str, Any]) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__()
        self._frame: pl.DataFrame | None = None
        self._first = 0
        """The first column in sight."""

    def show(self, lines: _ResultLines, cell: tuple[int, int]) -> None:
        """Show a result, with the cursor on a row and a column that it has."""
        self._frame = lines.frame
        self._first = lines.first
        self.cursor_column = cell[1]
        self.set_lines(lines, cursor=cell[0])

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column under the cursor."""
        return self.cursor, self.cursor_column

    @property
    def row(self) -> Mapping[str, Any] | None:
        """The row under the cursor."""
        if self._frame is None or not self._frame.height:
            return None
        return self._frame.row(self.cursor, named=True)

    @property
    def column(self) -> str:
        """The column under the cursor."""
        return "" if self._frame is None else self._frame.columns[self.cursor_column]

    def on_click(self, event: Click) -> None:
        """Put the cursor on the column under the pointer; the list puts it on the row."""
        at = event.get_content_offset(self)
        row = len(self.lines) if at is None else self.scroll_offset.y + at.y
        if at is not None and row < len(self.lines):
            line = self.lines[row]
            span = min(span_at(line, at.x), len(line) - 1)
            self.cursor_column = self._first + max(0, span - 1) // 2  # a gap is of the cell before

    def values_pointed_at(self) -> Sequence[Value]:
        """Give the value under the cursor, if it is one of a field."""
        return () if self.row is None else field_values({self.column: self.row[self.column]})

    def action_choose(self) -> None:
        """Ask for the events behind the row."""
        if self.row is not None:
            self.post_message(self.RowAsked(self.row))

    def action_cursor_left(self) -> None:
        """Go to the column before."""
        self.cursor_column = max(0, self.cursor_column - 1)

    def action_cursor_right(self) -> None:
        """Go to the next column."""
        last = 0 if self._frame is None else self._frame.width - 1
        self.cursor_column = min(last, self.cursor_column + 1)

    def action_copy_value(self) -> None:
        """Copy the value under the cursor."""
        if self.row is not None:
            value = self.row[self.column]
            copy(self.app, "" if value is None else _text(value), "value")


class ResultPane(Vertical):
    """A result under its titles."""

    def compose(self) -> ComposeResult:
        """Make titles and table."""
        yield TextLines(id="result-note")
        yield TextLines(id="result-titles")
        yield ResultTable()

    def __init__(self) -> None:
        super().__init__()
        self._frame: pl.DataFrame | None = None
        self._marked: frozenset[int] = frozenset()
        self._note: Line = ()
        self._widths: tuple[int, ...] = ()
        self._least: tuple[int, ...] = ()
        self._first = 0
        """The first column in sight."""

    def on_mount(self) -> None:
        """Keep the column under the cursor in sight, and the titles in step with it."""
        self.watch(self.query_one(ResultTable), "cursor_column", self._lay_out_again, init=False)

    def on_resize(self, event: Resize) -> None:
        """Share another width."""
        del event
        self._lay_out_again()

    def _lay_out_again(self) -> None:
        if self._frame is not None:
            self._lay_out(self._frame, self.query_one(ResultTable).cell)

    def show(
        self, frame: pl.DataFrame, marked: frozenset[int], note: Line, cell: tuple[int, int]
    ) -> None:
        """Show a result.

        Args:
            frame: as `Source.tally` gives it.
            marked: rows above the threshold of a review.
            note: what the result is, above it.
            cell: row and column under the cursor; of fewer rows, the last one is.
        """
        self._frame, self._marked, self._first = frame, marked, 0
        self._widths = column_widths(frame)
        self._least = least_widths(frame, self._widths)
        self._note = note
        self.query_one(ResultTable).remove_class("-stale")
        self._lay_out(frame, cell)

    def dim(self) -> None:
        """Dim what is shown until there is an answer to the question asked now."""
        self.query_one(ResultTable).add_class("-stale")

    def _lay_out(self, frame: pl.DataFrame, cell: tuple[int, int]) -> None:
        """Share the width among the columns, and keep the cursor's in sight."""
        self._show_note()
        table = self.query_one(ResultTable)
        room = self.size.width - table.styles.scrollbar_size_vertical - _MARGIN
        widths = shared_widths(self._widths, self._least, room)
        self._first = first_in_sight(widths, cell[1], self._first, room)
        table.show(_ResultLines(frame, self._marked, widths, self._first), cell)
        titles = tuple(self._titles(frame.columns, widths, cell[1]))
        self.query_one("#result-titles", TextLines).lines = (titles[:-1],)

    def _show_note(self) -> None:
        """Say what the result is, on two lines if need be and rows are left."""
        has_room = self.size.height >= _LINES_FOR_A_LONG_NOTE
        lines = on_lines(self._note, self.size.width) if has_room else (self._note,)
        note = self.query_one("#result-note", TextLines)
        note.lines = lines
        note.styles.height = len(lines)

    def _titles(self, names: Sequence[str], widths: Sequence[int], at: int) -> Iterator[Span]:
        yield Span(" ← " if self._first else "   ", "key")
        for index, name in enumerate(names[self._first :], self._first):
            text = fit(safe_text(name), widths[index])
            text = text.strip().rjust(widths[index]) if name == "count" else text
            yield Span(text, "heading" if index == at else "muted")
            yield Span(" " * _BETWEEN)


class _ResultLines(Sequence[Line]):
    """The lines of a result, made when they come into sight."""

    def __init__(
        self, frame: pl.DataFrame, marked: frozenset[int], widths: Sequence[int], first: int
    ) -> None:
        self.frame = frame
        self._marked = marked
        self._widths = widths
        self.first = first

    def __len__(self) -> int:
        return self.frame.height

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        is_marked = index in self._marked
        spans = [Span(" ▲ " if is_marked else "   ", "bad")]
        cells = zip(self.frame.row(index), self._widths, strict=True)
        for value, width in islice(cells, self.first, None):
            spans += [_cell(value, width), Span(" " * _BETWEEN)]
        return tuple(spans[:-1])


def on_lines(note: Line, width: int) -> tuple[Line, ...]:
    """Put what does not fit beside the rest on a line of its own."""
    fitting = len(note)
    while fitting > 1 and width_of(note[:fitting]) > width:
        fitting -= 1
    if fitting == len(note):
        return (note,)
    below, *others = note[fitting:]
    return (note[:fitting], (Span(f" {below.text.lstrip()}", below.role), *others))


def _cell(value: object, width: int) -> Span:
    if value is None:
        return Span(fit(MISSING.text, width), MISSING.role)
    if isinstance(value, int):
        return Span(number(value).rjust(width))
    return Span(fit(safe_text(_text(value), limit=200), width, keep_end=True))


def _text(value: object) -> str:
    return moment(value, width=19) + " UTC" if isinstance(value, datetime) else str(value)


def column_widths(frame: pl.DataFrame) -> tuple[int, ...]:
    """Take the widths of the columns from the first rows."""
    head = frame.head(_MEASURED)
    return tuple(
        min(_WIDEST, max(width_of((Span(_plain(value)),)) for value in (name, *head[name])))
        for name in frame.columns
    )


def least_widths(frame: pl.DataFrame, widths: Sequence[int]) -> tuple[int, ...]:
    """Say how narrow columns may be: text can be cut, a count or a time cannot."""
    head = frame.head(_MEASURED)
    is_text = [any(isinstance(value, str) for value in head[name]) for name in head.columns]
    return tuple(
        min(width, _NARROWEST) if text else width
        for width, text in zip(widths, is_text, strict=True)
    )


def shared_widths(widths: Sequence[int], least: Sequence[int], room: int) -> tuple[int, ...]:
    """Take cells from the widest columns, as far as it takes to have all in sight."""
    shared = list(widths)
    for _ in range(_total(widths) - room):
        give = [index for index, width in enumerate(shared) if width > least[index]]
        if not give:
            break
        shared[max(give, key=shared.__getitem__)] -= 1
    return tuple(shared)


def first_in_sight(widths: Sequence[int], column: int, first: int, room: int) -> int:
    """Give the first column to show, so that another is in sight, as whole as there is room."""
    first = min(first, column)
    while first < column and _total(widths[first : column + 1]) > room:
        first += 1
    return first


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _plain(value: object) -> str:
    if value is None:
        return MISSING.text
    return number(value) if isinstance(value, int) else _text(value)


def field_values(row: Mapping[str, Any]) -> tuple[Value, ...]:
    """Give what a row says of fields that can be filtered by; counts and times are none."""
    values = []
    for name, value in row.items():
        if name == "count" or event_field(name).name in _CANNOT_FILTER:
            continue
        values.append(Value(event_field(name), None if value is None else str(value)))
    return tuple(values)

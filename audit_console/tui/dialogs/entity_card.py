"""All that a log says of one value; Enter shows the events that a line counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize

from audit_console.core.narrowing import Value
from audit_console.core.query.fields import field_text
from audit_console.search.entity import (
    Busiest,
    Listing,
    Summary,
    about,
    busiest,
    listed_fields,
    listing,
    summary,
)
from audit_console.search.question import Question
from audit_console.tui.asking import asked
from audit_console.tui.background import begin
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.dialogs.entity_lines import (
    CardLine,
    in_columns,
    listing_lines,
    summary_lines,
    worded,
)
from audit_console.tui.painting import Span
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.wording import told

TWO_COLUMNS = 120
"""Cells from which on there are two columns."""


class EntityCardDialog(Dialog[tuple[Value, ...]]):
    """Answers what the events of a line have: the value of the card, and that on the line.

    It is there at once; what is counted on threads takes the place of `…`.
    """

    CSS_PATH: ClassVar[str] = "entity_card.tcss"

    def __init__(self, question: Question, value: Value) -> None:
        super().__init__()
        self._value = value
        self._asked = about(question, value)
        self._summary: Summary | None = None
        self._busiest: Busiest | None = None
        self._listings: dict[str, Listing | None] = dict.fromkeys(listed_fields(value))
        self._shown: list[list[CardLine]] = [[], []]

    def compose(self) -> ComposeResult:
        """Make the value and the columns of its card."""
        box = Vertical(
            TextLines(id="entity"),
            Horizontal(LineList(id="left"), LineList(id="right")),
            classes="dialog",
        )
        box.border_title = "in the whole log, without the filter"
        box.border_subtitle = "Enter shows the events of a line · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Show the value, and begin to count."""
        self._say("", "")
        self.query_one("#left").focus()
        begin(self, self._count, exclusive=True)

    def on_resize(self, event: Resize) -> None:
        """Lay the columns out anew."""
        del event
        self.call_after_refresh(self._lay_out)

    def _say(self, text: str, role: str) -> None:
        name = field_text(self._value.field)
        line = (Span(f" {name} ", "muted"), Span(worded(self._value), "heading"))
        self.query_one("#entity", TextLines).lines = (line, (Span(text, role),))

    # --- counting ----------------------------------------------------------------

    async def _count(self) -> None:
        try:
            self._summary = await asked(summary, self._asked)
            self._lay_out()
            for name in self._listings:
                self._listings[name] = await asked(listing, self._asked, name)
                self._lay_out()
            self._busiest = await asked(busiest, self._asked)
            self._lay_out()
        except CANNOT_BE_LOOKED_AT as error:
            self._say(f" ✘ {told(error)}", "bad")

    # --- drawing -----------------------------------------------------------------

    def _lay_out(self) -> None:
        columns = 2 if self.size.width >= TWO_COLUMNS else 1
        right = self.query_one("#right", LineList)
        if columns == 1 and right.has_focus:
            self.query_one("#left").focus()
        right.display = columns == 2
        width = (self.query_one(Horizontal).size.width or self.size.width) // columns - 2
        shown = [*in_columns(self._parts(width), columns), []]
        before, self._shown = self._shown, shown
        for line_list, lines, old in zip(self.query(LineList), shown, before, strict=False):
            cursor = _place_of(line_list.cursor, old, lines)
            line_list.set_lines([line.line for line in lines], cursor=cursor)

    def _parts(self, width: int) -> list[list[CardLine]]:
        matched = self._summary.matched if self._summary else 0
        parts = [list(summary_lines(self._summary, self._busiest))]
        if self._summary is None or matched:
            parts += [
                listing_lines(name, found, matched, width) for name, found in self._listings.items()
            ]
        return parts

    @on(LineList.Chosen)
    def _on_chosen(self, event: LineList.Chosen) -> None:
        column = 0 if event.line_list.id == "left" else 1
        line = self._shown[column][event.index]
        if line.values is not None:
            self.dismiss((self._value, *line.values))


def _place_of(cursor: int, before: Sequence[CardLine], now: Sequence[CardLine]) -> int:
    """Keep the cursor on its value while the lines above become more."""
    values = before[cursor].values if cursor < len(before) else None
    found = (number for number, line in enumerate(now) if line.values == values)
    return cursor if values is None else next(found, cursor)

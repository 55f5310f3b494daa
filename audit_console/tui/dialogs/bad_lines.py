"""Lines that could not be read: where, why, and their bytes."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.core.wording import count
from audit_console.tui.asking import asked
from audit_console.tui.background import begin
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.text_pane import Paragraph, TextPane
from audit_console.tui.wording import number, told

FETCHED = 500
"""Lines fetched at once; more follow when the cursor reaches the end."""


class BadLinesDialog(Dialog[None]):
    """Lists unreadable lines."""

    CSS_PATH: ClassVar[str] = "bad_lines.tcss"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._rows: list[dict[str, Any]] = []
        self._complete = False

    def compose(self) -> ComposeResult:
        """Make the list and the bytes of the line under its cursor."""
        box = Vertical(LineList(id="lines"), TextPane(id="bytes"), classes="dialog")
        total = self._session.status.malformed
        indexed = " · from the index" if self._session.status.indexed else ""
        box.border_title = f"{count(total, 'line')} could not be read{indexed}"
        box.border_subtitle = "Tab to the bytes · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Fetch the first lines."""
        self._fetch()

    def _fetch(self) -> None:
        begin(self, self._fetch_more, group="bad lines", exclusive=True)

    async def _fetch_more(self) -> None:
        first = len(self._rows)
        try:
            frame = await asked(self._session.source.malformed, first=first, limit=FETCHED)
        except CANNOT_BE_LOOKED_AT as error:
            self.notify(told(error), severity="error")
            return
        self._rows.extend(frame.iter_rows(named=True))
        self._complete = frame.height < FETCHED
        lines = [self._line(row) for row in self._rows]
        if not self._complete:
            lines.append((Span(" … more lines follow", "muted"),))
        if not self._rows:
            so_far = " so far: not all was read" if self._session.status.partial else ""
            lines = [(Span(f" every line could be read{so_far}", "muted"),)]
        self.query_one("#lines", LineList).set_lines(lines)

    def _line(self, row: dict[str, Any]) -> Line:
        name = self._session.file_name(row["file"]) or "line"
        length = count(row["length"], "byte")
        return (
            Span(f" {name}:{number(row['line'])}", "name"),
            Span(f"  {length} from byte {number(row['offset'])} on  ", "muted"),
            Span(row["reason"], "bad"),
        )

    @on(LineList.Moved, "#lines")
    def _show(self, event: LineList.Moved) -> None:
        if event.index < len(self._rows):
            self.query_one(TextPane).show(bytes_text(self._rows[event.index]))
        elif self._rows and not self._complete:
            self._fetch()


def bytes_text(row: dict[str, Any]) -> list[Paragraph]:
    """Show why a line is bad and its bytes; one that is not UTF-8 is spelled in hex."""
    start: bytes = row["start"]
    text = [
        Paragraph(row["reason"], "bad", is_prose=True),
        Paragraph(start.decode("utf-8", "backslashreplace"), limit=8_000),
    ]
    if len(start) < row["length"]:
        text.append(Paragraph(f"the first {number(len(start))} bytes are shown", "muted"))
    return text

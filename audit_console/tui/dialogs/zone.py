"""The time zone in which times are shown."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from audit_console.errors import UsageError
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.wording import told
from audit_console.tui.zones import parse_zone, zone_choices, zone_label

_NOTE = "the timeline, queries, exports and reports stay in UTC"


class ZoneDialog(Dialog[tzinfo]):
    """Answers the zone."""

    CSS_PATH: ClassVar[str] = "zone.tcss"

    def __init__(self, current: tzinfo, at: datetime) -> None:
        """Make the dialog.

        Args:
            current: the zone in use.
            at: a time in the log, to tell how far the zones are from UTC then.
        """
        super().__init__()
        self._current = current
        self._at = at
        self._choices = tuple(dict.fromkeys((*zone_choices(), current)))

    def compose(self) -> ComposeResult:
        """Make input, list and answer line."""
        box = Vertical(
            SafeInput(placeholder="a zone, such as Europe/Berlin or Tokyo"),
            LineList(),
            AnswerLine(),
            classes="dialog",
        )
        box.border_title = "show times in"
        box.border_subtitle = "type a zone, or ↓ to the list · Enter chooses · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Start in the input, with the zone in use marked in the list."""
        zones = self.query_one(LineList)
        lines = [self._line(zone) for zone in self._choices]
        zones.set_lines(lines, cursor=self._choices.index(self._current))
        self.query_one(SafeInput).focus()
        self._say(_NOTE, "muted")

    def _line(self, zone: tzinfo) -> Line:
        here = "▸" if zone == self._current else " "
        return (Span(f" {here} ", "key"), Span(zone_label(zone, self._at)))

    def key_down(self) -> None:
        """Go from the input to the next zone of the list."""
        zones = self.query_one(LineList)
        zones.focus()
        zones.action_cursor_down()

    @on(LineList.Chosen)
    def _choose(self) -> None:
        self.dismiss(self._choices[self.query_one(LineList).cursor])

    @on(SafeInput.Submitted)
    def _on_submitted(self, event: SafeInput.Submitted) -> None:
        if not event.value.strip():
            self._choose()
            return
        try:
            self.dismiss(parse_zone(event.value))
        except UsageError as error:
            self._say(told(error), "bad")

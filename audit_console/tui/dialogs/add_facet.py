"""Add a facet: a field, or a path of details, typed or taken from a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.suggester import SuggestFromList

from audit_console.core.safe_text import safe_text
from audit_console.errors import QueryError
from audit_console.search.facet_fields import FACET_FIELDS, facet_field
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Span
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput

EXAMPLES = "a field such as error, or a path such as details.model"


class AddFacetDialog(Dialog[str]):
    """Answers the field as a query names it."""

    CSS_PATH: ClassVar[str] = "add_facet.tcss"

    def __init__(self, shown: Sequence[str], paths: Sequence[str]) -> None:
        """Make the dialog.

        Args:
            shown: fields that have a facet, so that they are not offered.
            paths: paths of details to offer, as a query names them.
        """
        super().__init__()
        self._offered = [name for name in (*paths, *FACET_FIELDS) if name not in shown]
        self._found: list[str] = []

    def compose(self) -> ComposeResult:
        """Make input, answer line and list."""
        safe_names = [name for name in self._offered if safe_text(name) == name]
        name = SafeInput(
            placeholder="field or details.path",
            suggester=SuggestFromList(safe_names, case_sensitive=False),
        )
        box = Vertical(name, AnswerLine(), LineList(), classes="dialog")
        box.border_title = "add a facet"
        box.border_subtitle = "→ completes · Tab to the list · Enter adds · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Offer everything."""
        self._offer("")

    @on(SafeInput.Changed)
    def _on_changed(self, event: SafeInput.Changed) -> None:
        self._offer(event.value)

    def _offer(self, part: str) -> None:
        """List what has the typed part, first what begins with it."""
        part = part.strip().lower()
        found = (name for name in self._offered if part in name.lower())
        self._found = sorted(found, key=lambda name: not name.lower().startswith(part))
        lines = [(Span(f" {name}"),) for name in self._found]
        nothing = (Span(" nothing of that name is offered", "muted"),)
        self.query_one(LineList).set_lines(lines or [nothing], cursor=0)
        self._say(EXAMPLES, "muted")

    @on(SafeInput.Submitted)
    def _on_submitted(self, event: SafeInput.Submitted) -> None:
        try:
            field = facet_field(event.value)
        except QueryError as error:
            hint = f"; {error.suggestion}" if error.suggestion else ""
            self._say(f"{error.message}{hint}", "bad")
            return
        self.dismiss(field)

    @on(LineList.Chosen)
    def _on_chosen(self, event: LineList.Chosen) -> None:
        if event.index < len(self._found):
            self.dismiss(self._found[event.index])

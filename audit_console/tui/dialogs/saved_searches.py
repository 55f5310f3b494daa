"""Searches by name: open one, forget one, name a new one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from audit_console.core.safe_text import safe_text
from audit_console.errors import AuditConsoleError
from audit_console.sources.protocol import Order
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.background import begin
from audit_console.tui.dialogs.dialog import Dialog
from audit_console.tui.painting import Line, Span, fit
from audit_console.tui.saved import LONGEST_NAME, SavedSearch, SavedSearches
from audit_console.tui.widgets.answer_line import AnswerLine
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.safe_input import SafeInput
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.widgets.text_pane import Paragraph, TextPane
from audit_console.tui.wording import told

WIDEST_NAME = 40


class SavedBox(Vertical):
    """The list, and the key that forgets a search."""

    PANE = Pane.SAVED
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.SAVED)

    def action_forget(self) -> None:
        """Forget the search under the cursor."""
        dialog = self.screen
        if isinstance(dialog, SavedSearchesDialog):
            dialog.forget()


class SavedSearchesDialog(Dialog[SavedSearch]):
    """Answers the search to ask."""

    CSS_PATH: ClassVar[str] = "saved_searches.tcss"

    def __init__(self, saved: SavedSearches) -> None:
        super().__init__()
        self._saved = saved
        self._searches: tuple[SavedSearch, ...] = ()

    def compose(self) -> ComposeResult:
        """Make the list, the text of the search under its cursor, and the answer line."""
        box = SavedBox(LineList(id="searches"), TextPane(id="search"), AnswerLine())
        box.add_class("dialog")
        box.border_title = "saved searches"
        box.border_subtitle = "Enter opens · Del forgets · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Read the searches."""
        self.query_one("#searches").focus()
        begin(self, self._update, exclusive=True)

    async def _update(self) -> None:
        self._searches = await asyncio.to_thread(self._saved.all)
        names = [safe_text(search.name) for search in self._searches]
        width = min(WIDEST_NAME, max(map(cell_len, names), default=0))
        lines = [_line(search, width) for search in self._searches]
        nothing = (Span(" none yet", "muted"),)
        self.query_one("#searches", LineList).set_lines(lines or [nothing])
        if not lines:
            self.query_one(TextPane).show([])
        self._warn(self._saved.warning or "")

    def _warn(self, warning: str) -> None:
        self._say(f"⚠ {warning}" if warning else "", "warn")

    @on(LineList.Moved, "#searches")
    def _show(self, event: LineList.Moved) -> None:
        if event.index < len(self._searches):
            self.query_one(TextPane).show(_text(self._searches[event.index]))

    @on(LineList.Chosen, "#searches")
    def _choose(self, event: LineList.Chosen) -> None:
        if event.index < len(self._searches):
            self.dismiss(self._searches[event.index])

    def forget(self) -> None:
        """Forget the search under the cursor."""
        index = self.query_one("#searches", LineList).cursor
        if index < len(self._searches):
            forget = partial(self._forget, self._searches[index].name)
            begin(self, forget, exclusive=True)

    async def _forget(self, name: str) -> None:
        try:
            await asyncio.to_thread(self._saved.delete, name)
        except AuditConsoleError as error:
            self._warn(told(error))
            return
        await self._update()


def _line(search: SavedSearch, width: int) -> Line:
    name = fit(safe_text(search.name), width)
    return (Span(f" {name}  ", "name"), Span(search.query or "all events", "muted"))


def _text(search: SavedSearch) -> list[Paragraph]:
    order = "newest first" if search.order is Order.NEWEST_FIRST else "oldest first"
    columns = ", ".join(search.columns) or "the usual columns"
    return [
        Paragraph(search.query or "all events"),
        Paragraph(f"{order} · {columns}", "muted"),
    ]


class NameSearchDialog(Dialog[str]):
    """Answers the name under which to save a search."""

    CSS_PATH: ClassVar[str] = "saved_searches.tcss"

    def __init__(self, query: str, taken: Collection[str]) -> None:
        """Make the dialog.

        Args:
            query: the text that is saved.
            taken: names of searches that are saved already.
        """
        super().__init__()
        self._query = query
        self._taken = taken

    def compose(self) -> ComposeResult:
        """Make query, input and answer line."""
        query = TextLines(id="query")
        name = SafeInput(placeholder="a name", max_length=LONGEST_NAME)
        box = Vertical(query, name, AnswerLine(), classes="dialog")
        box.border_title = "save this search"
        box.border_subtitle = "Enter saves · Esc closes"
        yield box

    def on_mount(self) -> None:
        """Show what is saved."""
        text = self._query or "all events"
        self.query_one("#query", TextLines).lines = ((Span(f" {text}", "muted"),),)
        self.query_one(SafeInput).focus()

    @on(SafeInput.Changed)
    def _on_changed(self, event: SafeInput.Changed) -> None:
        is_taken = event.value.strip() in self._taken
        self._say("takes the place of the search of this name" if is_taken else "", "warn")

    @on(SafeInput.Submitted)
    def _on_submitted(self, event: SafeInput.Submitted) -> None:
        if name := event.value.strip():
            self.dismiss(name)
        else:
            self._say("a saved search needs a name", "bad")

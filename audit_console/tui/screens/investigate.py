"""Look at a log: table, detail, what it is a part of, and whether it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message

from audit_console.core.filters import EVERYTHING, Filter
from audit_console.core.findings import Finding
from audit_console.errors import SourceError
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.clipboard import copy
from audit_console.tui.locating import UNREADABLE, Found, find_event, including, without
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.session import Session
from audit_console.tui.widgets import event_columns as columns
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.status_lines import (
    Completeness,
    KeyBar,
    RuleLine,
    SessionLine,
    SourceHeader,
)


class InvestigateScreen(ConsoleScreen):
    """The event table with its detail pane.

    Below 120 columns the detail takes the place of the table; from there on it
    stands below, from 160 columns on to the right.
    """

    PANE = Pane.INVESTIGATE
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.INVESTIGATE)
    CSS_PATH: ClassVar[str] = "investigate.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (120, "-below"), (160, "-beside")]  # noqa: RUF012

    class StopAsked(Message):
        """The reader wants the load to end with what is there."""

    class LeaveAsked(Message):
        """The reader wants to go back to the sources."""

    def __init__(self) -> None:
        super().__init__()
        self._session: Session | None = None

    def compose(self) -> ComposeResult:
        """Make the panes."""
        yield SourceHeader()
        yield RuleLine()
        with Container(id="panes"):
            yield EventTable()
            yield DetailPane()
        yield Completeness()
        yield KeyBar()

    def on_mount(self) -> None:
        """Start on the table."""
        super().on_mount()
        self._table.focus()

    @property
    def _table(self) -> EventTable:
        return self.query_one(EventTable)

    @property
    def _detail(self) -> DetailPane:
        return self.query_one(DetailPane)

    # --- the session -------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """The log on the screen."""
        return self._session

    def show_opening(self, places: Sequence[str]) -> None:
        """Say that a log is being opened."""
        self.query_one(SourceHeader).opening = tuple(places)

    def open(self, session: Session) -> None:
        """Show another log."""
        self._show_detail(show=False)
        self._detail.clear()
        self._table.show(session.source)
        self._update_filter()
        self.update(session)

    def update(self, session: Session) -> None:
        """Show how far the log was read and what the check says."""
        more = self._session is None or session.status.events != self._session.status.events
        self._session = session
        for line in self.query(SessionLine):
            line.session = session
        if more or not session.loading:
            self._table.refresh_rows()

    @on(EventTable.Counted)
    def _on_counted(self, event: EventTable.Counted) -> None:
        self.query_one(Completeness).matched = event.matched
        self._update_position()

    def _update_position(self) -> None:
        table = self._table
        self.query_one(RuleLine).position = (table.cursor_row, table.row_count)

    @on(EventTable.Failed)
    def _on_failed(self, event: EventTable.Failed) -> None:
        self.notify(str(event.error), severity="error")

    # --- the detail --------------------------------------------------------------

    @on(EventTable.Selected)
    def _on_selected(self, event: EventTable.Selected) -> None:
        self._update_position()
        self._show_event(event.row)

    def _show_event(self, row: columns.EventRow | None) -> None:
        if row is not None and self._session is not None:
            self._detail.show(row, self._session.file_name(row["file"]))
        elif self._table.row_count == 0:
            self._detail.clear()

    def _show_detail(self, *, show: bool) -> None:
        self.set_class(show, "-detail")
        if show:
            self._show_event(self._table.selected)
        if show and self.has_class("-stacked"):
            self._detail.focus()
        elif not show:
            self._table.focus()

    @on(EventTable.DetailAsked)
    def _toggle_detail(self) -> None:
        self._show_detail(show=not self.has_class("-detail"))

    @on(DetailPane.CloseAsked)
    def _close_detail(self) -> None:
        self._show_detail(show=False)

    # --- going back --------------------------------------------------------------

    def action_step_back(self) -> None:
        """Undo the innermost: detail that has the focus, running load, open detail."""
        if self._detail.has_focus and not self.has_class("-stacked"):
            self._table.focus()
        elif self._detail.has_focus:
            self._show_detail(show=False)
        elif self._session is not None and self._session.loading:
            self.post_message(self.StopAsked())
        elif self.has_class("-detail"):
            self._show_detail(show=False)

    def action_leave(self) -> None:
        """Go a step back: detail, filter, sources."""
        if self.has_class("-detail"):
            self._show_detail(show=False)
        elif self._table.where:
            self.action_remove_term()
        else:
            self.post_message(self.LeaveAsked())

    # --- the filter --------------------------------------------------------------

    @on(EventTable.IncludeAsked)
    def _include(self) -> None:
        row = self._table.selected
        column = columns.COLUMNS[self._table.cursor_column]
        if row is None:
            return
        if not column.fields:
            self.notify("move to a column with a value: type, user, action, resource, result, ip")
            return
        self._filter_by(including(self._table.where, columns.terms(row, column)))

    @on(RuleLine.ChipClicked)
    def _remove_clicked(self, event: RuleLine.ChipClicked) -> None:
        self._filter_by(without(self._table.where, event.term))

    def action_remove_term(self) -> None:
        """Remove the filter term added last."""
        if self._table.where:
            self._filter_by(Filter(self._table.where.terms[:-1]))

    def action_clear_filter(self) -> None:
        """Remove all filter terms."""
        self._filter_by(EVERYTHING)

    def _filter_by(self, where: Filter) -> None:
        self._table.filter_by(where)
        self._update_filter()

    def _update_filter(self) -> None:
        self.query_one(RuleLine).where = self._table.where
        self.query_one(Completeness).where = self._table.where

    # --- going to an event -------------------------------------------------------

    def action_next_event(self) -> None:
        """Select the event below."""
        self._table.action_cursor_down()

    def action_previous_event(self) -> None:
        """Select the event above."""
        self._table.action_cursor_up()

    def action_jump(self) -> None:
        """Ask where to go."""
        from audit_console.tui.screens.jump import JumpDialog

        view = self._table.view
        if view is not None:
            self.app.push_screen(JumpDialog(view, self._table.selected), self._go_to)

    def _go_to(self, row: int | None) -> None:
        if row is not None:
            self._table.go_to(row)

    def action_findings(self) -> None:
        """List what the check found."""
        from audit_console.tui.screens.findings import FindingsDialog

        if self._session is None or self._session.verification is None:
            self.notify("the findings stand when the load ends")
            return
        self.app.push_screen(FindingsDialog(self._session.verification), self._go_to_finding)

    def _go_to_finding(self, finding: Finding | None) -> None:
        if finding is not None:
            self.run_worker(self._find(finding), group="finding", exclusive=True)

    async def _find(self, finding: Finding) -> None:
        view = self._table.view
        if view is None:
            return
        try:
            found = await asyncio.to_thread(find_event, view, finding)
        except SourceError as error:
            self.notify(f"{error} {error.hint}", severity="error")
            return
        if found is None and finding.code in UNREADABLE:
            self.action_bad_lines()
        elif found is None:
            self.notify("this finding points to no event that can be shown")
        else:
            self._go_to_found(found)

    def _go_to_found(self, found: Found) -> None:
        if found.unfiltered:
            self.notify("the filter was removed: it hid this event")
        self._table.go_to(found.row, where=EVERYTHING if found.unfiltered else None)
        self._update_filter()

    def action_bad_lines(self) -> None:
        """List the lines that could not be read."""
        from audit_console.tui.screens.bad_lines import BadLinesDialog

        if self._session is not None:
            self.app.push_screen(BadLinesDialog(self._session))

    # --- copying -----------------------------------------------------------------

    @on(EventTable.CopyAsked)
    def _copy_cell(self) -> None:
        row = self._table.selected
        column = columns.COLUMNS[self._table.cursor_column]
        if row is not None:
            copy(self.app, columns.value_text(row, column), column.name)

    @on(DetailPane.CopyAsked)
    def _copy_detail(self, event: DetailPane.CopyAsked) -> None:
        copy(self.app, event.value, "value")

    def action_copy_row(self) -> None:
        """Copy the row."""
        if (row := self._table.selected) is not None:
            copy(self.app, columns.row_text(row), "row")

    def action_copy_raw(self) -> None:
        """Copy the line as stored."""
        row = self._table.selected
        if row is not None and row["raw"] is not None:
            copy(self.app, row["raw"], "line")

"""Judge a log: verdict, map of the chains, findings, what they rest on and what stays open."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from threading import Event
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from audit_console.core.chain_map import Cell, CellState
from audit_console.core.event import Scheme
from audit_console.core.filters import EVERYTHING
from audit_console.core.findings import Finding, FindingClass
from audit_console.search.whole_files import write_file
from audit_console.sources.protocol import Order
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.asking import asked
from audit_console.tui.basic_screen import HEIGHTS_OF_PARTS, WIDTHS
from audit_console.tui.dialogs.export import REPORT_FORMS, Export, ExportDialog, stem_of
from audit_console.tui.locating import neighbours, points_somewhere
from audit_console.tui.painting import Line, Span
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session, report_of
from audit_console.tui.widgets.event_window import RowsView
from audit_console.tui.widgets.finding_lines import (
    finding_line,
    finding_text,
    in_order,
    place,
)
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.widgets.map_pane import MapPane
from audit_console.tui.widgets.status_lines import KeyBar, SessionLine, SourceHeader, WholeLog
from audit_console.tui.widgets.text_pane import Paragraph, TextPane
from audit_console.tui.widgets.verdict_pane import VerdictPane
from audit_console.tui.wording import number, told

QUERIES = {
    CellState.SEALED: "chain:verified",
    CellState.VERIFIED: "chain:verified",
    CellState.UNVERIFIABLE: "chain:unverifiable",
    CellState.BROKEN: "chain:broken",
}
"""What to ask for events that stand like a cell."""


class IntegrityScreen(ConsoleScreen):
    """What the check says of the open log. Grows while the load runs.

    Below 120 columns what the verdict rests on takes the place of the findings while it
    is looked at; from there on it stands beside them.
    """

    PANE = Pane.INTEGRITY
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.INTEGRITY)
    CSS_PATH: ClassVar[str] = "integrity.tcss"
    VERTICAL_BREAKPOINTS = HEIGHTS_OF_PARTS
    HORIZONTAL_BREAKPOINTS = WIDTHS

    class FindingAsked(Message):
        """The reader wants the event of a finding, on Investigate."""

        def __init__(self, finding: Finding) -> None:
            super().__init__()
            self.finding = finding

    class EventAsked(Message):
        """The reader wants an event, on Investigate."""

        def __init__(self, event_id: str) -> None:
            super().__init__()
            self.event_id = event_id

    class QueryAsked(Message):
        """The reader wants the events of a query, on Investigate."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class StopAsked(Message):
        """The reader wants the load to end with what is there."""

    class LeaveAsked(Message):
        """The reader wants back to the events."""

    def __init__(self) -> None:
        super().__init__()
        self._session: Session | None = None
        self._findings: list[Finding] = []
        self._range: list[Paragraph | Line] = []
        self._range_stop = Event()

    def compose(self) -> ComposeResult:
        """Make the panes."""
        yield SourceHeader()
        yield VerdictPane()
        yield MapPane()
        with Horizontal(id="below"):
            with Vertical(id="found"):
                yield LineList(id="findings")
                yield TextPane(id="finding")
            yield TextPane(id="grounds")
        yield WholeLog()
        yield KeyBar()

    def on_mount(self) -> None:
        """Start on the findings."""
        super().on_mount()
        self._list.border_title = "findings"
        self.query_one("#finding").border_title = "what it means"
        self.query_one("#grounds").border_title = "what the verdict rests on"
        self.query_one(MapPane).border_title = "map of the chains"
        self._list.focus()
        self.watch(self, "focused", self._show_what_has_focus)
        self._draw()

    @property
    def _list(self) -> LineList:
        return self.query_one("#findings", LineList)

    @property
    def _selected(self) -> Finding | None:
        cursor = self._list.cursor
        return self._findings[cursor] if cursor < len(self._findings) else None

    # --- the session -------------------------------------------------------------

    def show(self, session: Session) -> None:
        """Show how far a log was checked and what was found."""
        is_other = self._session is None or session.source is not self._session.source
        is_news = is_other or (self._session is not None and self._session.loading)
        self._session = session
        if is_other:
            self._forget_range()
        if self.is_mounted and is_news:
            self._draw()

    def _draw(self) -> None:
        session = self._session
        for line in self.query(SessionLine):
            line.session = session
        if session is None:
            return
        verification = session.verification
        maps = session.maps if verification is None else verification.maps
        chains = len(maps) if verification is None else len(verification.chains)
        unread = session.loading or session.partial
        self.query_one(MapPane).show(
            maps, fraction=session.fraction if unread else None, unmapped=chains - len(maps)
        )
        self._draw_findings(session)
        self._draw_grounds()

    def _draw_findings(self, session: Session) -> None:
        verification = session.verification
        self._findings = [] if verification is None else in_order(verification.findings)
        width = max((len(place(finding)) for finding in self._findings), default=0)
        lines = [finding_line(finding, width) for finding in self._findings]
        total = 0 if verification is None else sum(verification.counts.values())
        title = f"{number(total)} findings" if total != 1 else "1 finding"
        if len(lines) < total:
            title += f" · the first {number(len(lines))} are listed"
        if not lines:
            stands = "nothing was found" if verification else "the findings stand when reading ends"
            lines = [(Span(f" {stands}", "muted"),)]
        self._list.border_title = title
        self._list.set_lines(lines)

    def _draw_grounds(self) -> None:
        from audit_console.reports.content import grounds_of, open_ends_of
        from audit_console.tui.widgets.section_lines import section_parts

        parts = list(self._range)
        if self._session is not None and self._session.verification is not None:
            verification = self._session.verification
            for section in (open_ends_of(verification), *grounds_of(verification)):
                parts += section_parts(section)
        self.query_one("#grounds", TextPane).show(parts)

    def _show_what_has_focus(self) -> None:
        self.set_class(self.focused is self.query_one("#grounds"), "-grounds")

    # --- findings ----------------------------------------------------------------

    @on(LineList.Moved, "#findings")
    def _on_finding_moved(self) -> None:
        finding = self._selected
        pane = self.query_one("#finding", TextPane)
        if finding is None:
            pane.show([])
            return
        pane.show(finding_text(finding, pane.size.width))
        if finding.chain is not None and finding.first_seq is not None:
            self.query_one(MapPane).go_to(finding.chain, finding.first_seq)
        self.in_background(partial(self._look_around, finding), "neighbours")

    async def _look_around(self, finding: Finding) -> None:
        session = self._session
        if session is None:
            return
        view = RowsView(session.source, EVERYTHING, Order.OLDEST_FIRST)
        try:
            found = await asked(neighbours, view, finding)
        except CANNOT_BE_LOOKED_AT as error:
            self.notify(told(error), severity="error")
            return
        if finding is self._selected and found is not None:
            pane = self.query_one("#finding", TextPane)
            pane.show(finding_text(finding, pane.size.width, found))

    @on(LineList.Chosen, "#findings")
    def _on_finding_chosen(self) -> None:
        self.action_open_finding()

    def action_open_finding(self) -> None:
        """Ask for the event of this finding."""
        finding = self._selected
        if finding is None:
            self.notify("there is no finding here")
        elif points_somewhere(finding):
            self.post_message(self.FindingAsked(finding))
        else:
            self.notify("this finding is about the whole log, not about an event")

    def action_next_finding(self) -> None:
        """Move to the next finding."""
        self._bring_findings_into_sight()
        if self._list.cursor >= len(self._findings) - 1:
            self.notify("this is the last finding")
        self._list.action_cursor_down()

    def action_previous_finding(self) -> None:
        """Move to the finding before."""
        self._bring_findings_into_sight()
        if self._list.cursor == 0:
            self.notify("this is the first finding")
        self._list.action_cursor_up()

    def action_findings(self) -> None:
        """Go to the findings."""
        self._list.focus()

    def _bring_findings_into_sight(self) -> None:
        """Go to the findings where the grounds stand in their place."""
        if self.has_class("-stacked", "-grounds"):
            self._list.focus()

    # --- the map -----------------------------------------------------------------

    def action_map(self) -> None:
        """Go to the map."""
        self.query_one(MapPane).focus()

    @on(MapPane.CellAsked)
    def _open_cell(self, event: MapPane.CellAsked) -> None:
        finding = self._fault_in(event.chain.chain, event.cell)
        if finding is not None and event.chain.scheme is Scheme.V1:
            self.post_message(self.FindingAsked(finding))
        elif event.cell.event_id is not None:
            self.post_message(self.EventAsked(event.cell.event_id))
        else:
            self.notify("no event stands here")

    def _fault_in(self, chain: str, cell: Cell) -> Finding | None:
        """Find the first fault that lies in a cell."""
        for one in self._findings:
            is_fault = one.finding_class is FindingClass.FAULT and one.chain == chain
            if is_fault and one.first_seq is not None:
                last = one.first_seq if one.last_seq is None else one.last_seq
                if one.first_seq <= cell.last and last >= cell.first:
                    return one
        return None

    @on(MapPane.StateAsked)
    def _ask_for_state(self, event: MapPane.StateAsked) -> None:
        query = QUERIES.get(event.cell.state)
        if query is None:
            self.notify("no event that was read stands like this cell")
        else:
            self.post_message(self.QueryAsked(query))

    def action_broken(self) -> None:
        """Ask for all broken events."""
        self.post_message(self.QueryAsked(QUERIES[CellState.BROKEN]))

    # --- what it rests on --------------------------------------------------------

    def action_grounds(self) -> None:
        """Go to what the verdict rests on."""
        self.add_class("-grounds")
        self.query_one("#grounds").focus()

    # --- a range of time ---------------------------------------------------------

    def verify_range(self, start: datetime, end: datetime) -> None:
        """Verify the events of a range of time, and show what was found before the grounds."""
        self._forget_range()
        self._range = [(Span(" … a range is being verified", "warn"),), ()]
        self._draw_grounds()
        self.action_grounds()
        self.in_background(partial(self._verify_range, start, end), "range")

    async def _verify_range(self, start: datetime, end: datetime) -> None:
        from audit_console.integrity.ranges import verify_range
        from audit_console.tui.widgets.range_lines import range_parts

        session, stop = self._session, self._range_stop
        if session is None:
            return
        verify = partial(verify_range, session.source, start, end, stop=stop)
        try:
            found = await asked(verify)
            parts = range_parts(start, end, found)
        except CANNOT_BE_LOOKED_AT as error:
            parts = [Paragraph(f"the range was not verified: {error}", "bad"), ()]
        if stop.is_set():
            parts = [(Span(" the range was not verified: stopped", "warn"),), ()]
        if stop is self._range_stop:
            self._range = parts
            self._draw_grounds()

    def _forget_range(self) -> None:
        """Stop the verification of a range; nobody waits for its answer."""
        self._range_stop.set()
        self._range_stop = Event()
        self._range = []

    # --- leaving -----------------------------------------------------------------

    def action_step_back(self) -> None:
        """Go back to the findings; from there, stop the load. A range is stopped at once."""
        self._range_stop.set()
        if self.focused is not self._list:
            self._list.focus()
        elif self._session is not None and self._session.loading:
            self.post_message(self.StopAsked())

    def action_leave(self) -> None:
        """Go back to the events."""
        self.post_message(self.LeaveAsked())

    # --- files -------------------------------------------------------------------

    def action_export(self) -> None:
        """Ask for a file to write the report to."""
        session = self._session
        if session is None or session.verification is None:
            self.notify("the report stands when the load ends")
            return
        stem = stem_of(session.source.label) + "-report"
        write = partial(_write_report, session)
        self.app.push_screen(ExportDialog(stem, session.places, REPORT_FORMS, write))


async def _write_report(session: Session, export: Export) -> str:
    """Write the report to a file, and say so."""
    from audit_console.reports.forms import RENDERERS

    def write() -> None:
        report = RENDERERS[export.form](report_of(session)).encode()
        write_file(export.path, [report], force=export.force)

    await asyncio.to_thread(write)
    return f"written: {export.path}"

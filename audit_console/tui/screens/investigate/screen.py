"""Look at a log: query, facets, timeline, table, detail, and whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import var

from audit_console.core.filters import EVERYTHING
from audit_console.core.narrowing import How, Value, narrowed
from audit_console.sources.protocol import Source
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.asking import ValueActions, asked
from audit_console.tui.basic_screen import HEIGHTS
from audit_console.tui.belongings import Belongings
from audit_console.tui.clipboard import copy, copy_row, copy_stored
from audit_console.tui.dialogs.surrounding import SurroundingDialog
from audit_console.tui.recent import without_password
from audit_console.tui.screens.investigate.borders import ROOM_BESIDE, ROOM_FOR_BOTH
from audit_console.tui.screens.investigate.exporting import Exporting
from audit_console.tui.screens.investigate.following import Following
from audit_console.tui.screens.investigate.going import Going
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.screens.investigate.marking import Marking
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.screens.investigate.querying import Querying
from audit_console.tui.screens.investigate.searching import Searching
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.steps import Steps
from audit_console.tui.widgets import event_columns as columns
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.query_bar import QueryBar
from audit_console.tui.widgets.query_hints import QueryHints
from audit_console.tui.widgets.rule_line import RuleLine
from audit_console.tui.widgets.status_lines import Completeness, KeyBar, SourceHeader
from audit_console.tui.widgets.timeline import TimelinePane

PLACES_OF_DETAIL = [(0, "-stacked"), (ROOM_FOR_BOTH, "-below"), (ROOM_BESIDE, "-beside")]
"""Classes by columns: the detail takes the place of the table, stands below it, or to its right."""

LINES_FOR_A_RESULT = [(0, "-tiny"), (12, "-low"), *HEIGHTS[2:]]
"""Classes by lines: below the second, the timeline leaves its marks and axis to a result."""


class InvestigateScreen(LookingScreen):
    """The open log, and what can be done with it."""

    PANE = Pane.INVESTIGATE
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.INVESTIGATE)
    CSS_PATH: ClassVar[str] = "screen.tcss"
    VERTICAL_BREAKPOINTS = LINES_FOR_A_RESULT
    HORIZONTAL_BREAKPOINTS = PLACES_OF_DETAIL

    class StopAsked(Message):
        """The reader wants the load to end with what is there."""

    class LeaveAsked(Message):
        """The reader wants to go back to the sources."""

    class FindingsAsked(Message):
        """The reader wants to know what the check found."""

    taking_in: var[bool] = var(False, init=False)
    """Whether the log is read as it is now."""

    def __init__(self, kept: Belongings) -> None:
        super().__init__()
        self.querying = Querying(self, kept.queries)
        self.searching = Searching(self, self.querying, kept.searches)
        self.going = Going(self)
        self._marking = Marking(self, kept.marks)
        self._exporting = Exporting(self, kept)
        self._following = Following(self)

    def compose(self) -> ComposeResult:
        """Make the panes; what lies over them first, for behind it all would be drawn again."""
        yield QueryHints()
        yield SourceHeader()
        yield QueryBar(self.investigation.read_query, self.values.of, self.querying.earlier)
        yield RuleLine()
        yield Panes()
        yield Completeness()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin to look for news."""
        self._following.begin()

    # --- the session -------------------------------------------------------------

    def show_opening(self, places: Sequence[str]) -> None:
        """Say that a log is being opened."""
        self.query_one(SourceHeader).opening = tuple(map(without_password, places))

    def open(self, session: Session) -> None:
        """Show another log; the focus stays where the reader is."""
        if self.panes.has_detail:
            self.panes.close_detail()
        self.query_one(DetailPane).clear()
        self.table.show(session.source)
        self.investigation.session = session
        self.in_background(self._read_kept, "marks")
        self.investigation.steps = Steps()
        self.query_one(FacetsPane).clear()
        self.query_one(TimelinePane).clear()
        self.show_look()
        self.update(session)
        self.querying.ask_next()

    async def _read_kept(self) -> None:
        await self.querying.read_earlier()
        await self._marking.read()

    def reopen(self, session: Session) -> None:
        """Show the same log as it is read again; the investigation goes on."""
        self.table.show(session.source)
        self._go_on(session)

    def follow(self, session: Session) -> None:
        """Show the same log with what was written since; the selected event keeps its place."""
        self.taking_in = False
        self.table.follow(session.source)
        self._go_on(session)

    def _go_on(self, session: Session) -> None:
        self.investigation.session = session
        self.investigation.steps.forget_counts()
        self.show_look()
        self.update(session)

    def watch_taking_in(self) -> None:
        """Say so instead of how much is new."""
        self.query_one(Completeness).taking_in = self.taking_in

    def action_take_in(self) -> None:
        """Ask for what was written since the log was read, or again for what had no answer."""
        self._following.take_in()

    async def prepare(self, source: Source) -> None:
        """Have a log count what is asked of it now, so that nothing moves when it is shown."""
        question = replace(self.investigation.question, source=source)
        for where in (self.look.where, EVERYTHING):
            try:
                await asked(replace(question, where=where).count)
            except CANNOT_BE_LOOKED_AT as error:
                self.say(error)

    def update(self, session: Session) -> None:
        """Show how far the log was read and what the check says."""
        before = self.session
        self.show_session(session)
        self.offer.show()
        more = before is None or session.status.events != before.status.events
        if (more and session.status.partial) or not session.loading:
            self.table.refresh_rows()
        ended = not session.loading and (before is None or before.loading)
        if ended:
            self.values.forget()
            bar = self.query_one(QueryBar)
            bar.preview_again()
            bar.complete_again()
            self.detailing.show(self.table.selected)
        if ended and not session.status.asks_store:
            self.survey.begin()
        if ended:
            self.searching.review(self.searching.next)

    def action_findings(self) -> None:
        """Show what the check found."""
        self.post_message(self.FindingsAsked())

    # --- going back --------------------------------------------------------------

    def action_step_back(self) -> None:
        """Undo the innermost: a pane that has the focus, a query, running load, open detail."""
        if self.query_one(DetailPane).has_focus and self.panes.are_stacked:
            self.panes.close_detail()
        elif not self.panes.events_have_focus:
            self.panes.focus_events()
        elif self.take_back():
            self.notify("the query was taken back: its answer was not there yet")
        elif self.session is not None and self.session.loading:
            self.post_message(self.StopAsked())
        elif self.panes.has_detail:
            self.panes.close_detail()

    def action_leave(self) -> None:
        """Go a step back: detail, last step, sources."""
        if self.panes.has_detail:
            self.panes.close_detail()
        elif not self.go_back():
            self.post_message(self.LeaveAsked())

    # --- the query ---------------------------------------------------------------

    @on(QueryBar.Submitted)
    def _ask(self, event: QueryBar.Submitted) -> None:
        self.querying.ask(event.text, event.query)

    @on(QueryBar.Typed)
    def _preview(self, event: QueryBar.Typed) -> None:
        self.querying.preview(event.query)

    @on(QueryBar.Left)
    def _leave_query(self) -> None:
        self.querying.leave()

    # --- the detail --------------------------------------------------------------

    @on(DetailPane.EventAsked)
    def _go_beside(self, event: DetailPane.EventAsked) -> None:
        self.going.to_event(event.event_id)

    def action_try_offer(self) -> None:
        """Ask the query that is offered when nothing was found."""
        if self.look.offer is not None and self.offer.found and not self.table.row_count:
            self.querying.ask(self.look.offer, self.investigation.read_query(self.look.offer))
        else:
            self.notify("no other query is offered")

    # --- other events ------------------------------------------------------------

    def action_next_event(self) -> None:
        """Select the event below."""
        if self.events_in_sight():
            self.table.action_cursor_down()

    def action_previous_event(self) -> None:
        """Select the event above."""
        if self.events_in_sight():
            self.table.action_cursor_up()

    def action_jump(self) -> None:
        """Ask where to go."""
        from audit_console.tui.dialogs.jump import JumpDialog

        view = self.table.view
        if view is not None and self.events_in_sight():
            self.app.push_screen(JumpDialog(view, self.table.selected), self._go_to_row)

    def _go_to_row(self, row: int | None) -> None:
        if row is not None:
            self.table.go_to(row)
            self.panes.uncover_events()

    def action_surrounding(self) -> None:
        """Ask how far to look around the selected event."""
        if self.event_in_sight() is not None:
            dialog = SurroundingDialog(has_filter=bool(self.look.where))
            self.app.push_screen(dialog, self.going.around)

    def action_card(self) -> None:
        """Sum up what the log says of the value under the cursor."""
        from audit_console.tui.dialogs.entity_card import EntityCardDialog

        values = self._values_pointed_at()
        if not values:
            self.notify("there is no value here to sum up")
        elif values[-1].text is None:
            self.notify("this event has no such value")
        else:
            card = EntityCardDialog(self.investigation.question, values[-1])
            self.app.push_screen(card, self._show_counted)

    def _values_pointed_at(self) -> Sequence[Value]:
        """Give the value under the cursor of the pane that has the focus, else of the table."""
        focused = self.focused
        if isinstance(focused, ValueActions):
            return focused.values_pointed_at()
        return () if self.look.stages else self.table.values_pointed_at()

    def _show_counted(self, values: Sequence[Value] | None) -> None:
        """Show the events that a line of a card counts: of the whole log, as it does."""
        if values is not None:
            where = narrowed(self.look.where, How.ONLY, values)
            self.take(replace(self.look, where=where, stages=(), review=None))

    def action_request(self) -> None:
        """List the events of the request that the selected event belongs to."""
        from audit_console.tui.dialogs.request_view import RequestDialog

        row = self.event_in_sight()
        if row is None:
            return
        if row["request_id"] is None:
            self.notify("this event belongs to no request")
            return
        dialog = RequestDialog(self.investigation.question, row["request_id"], row["id"])
        self.app.push_screen(dialog, self.going.to_event)

    # --- marks -------------------------------------------------------------------

    def action_star(self) -> None:
        """Star the selected event, or take its star away."""
        if (row := self.event_in_sight()) is not None:
            self._marking.star(row)

    def action_mark(self) -> None:
        """Ask for star, tags and note of the selected event."""
        if (row := self.event_in_sight()) is not None:
            self._marking.edit(row)

    def action_next_mark(self) -> None:
        """Select the next event that is marked or broken."""
        if (row := self.event_in_sight()) is not None:
            self._marking.find(row, behind=True)

    def action_previous_mark(self) -> None:
        """Select the event before that is marked or broken."""
        if (row := self.event_in_sight()) is not None:
            self._marking.find(row, behind=False)

    # --- searches ----------------------------------------------------------------

    def action_reviews(self) -> None:
        """List the standing reviews."""
        from audit_console.tui.dialogs.reviews import ReviewsDialog

        self.app.push_screen(ReviewsDialog(), self.searching.review)

    def action_save_search(self) -> None:
        """Ask for a name to keep this search under."""
        self.searching.save()

    def action_saved_searches(self) -> None:
        """List the saved searches."""
        self.searching.list_saved()

    # --- how it is shown ---------------------------------------------------------

    def action_columns(self) -> None:
        """Ask which columns to show."""
        from audit_console.tui.dialogs.columns import ColumnsDialog

        names = [name for name in columns.BY_NAME if name not in columns.FIXED]
        dialog = ColumnsDialog(self.table.chosen_columns, names)
        self.app.push_screen(dialog, self.table.choose_columns)

    def action_zone(self) -> None:
        """Ask in which zone to show times."""
        from audit_console.tui.dialogs.zone import ZoneDialog

        if (row := self.event_in_sight()) is not None:
            dialog = ZoneDialog(self.table.zone, row["timestamp"])
            self.app.push_screen(dialog, self._show_zone)

    def _show_zone(self, zone: tzinfo | None) -> None:
        if zone is not None:
            self.table.zone = zone

    # --- files -------------------------------------------------------------------

    def action_export(self) -> None:
        """Ask for a file to write what is shown to."""
        self._exporting.ask()

    # --- copying -----------------------------------------------------------------

    def action_copy_row(self) -> None:
        """Copy the row."""
        if (row := self.event_in_sight()) is not None:
            copy_row(self.app, [columns.value_text(row, one) for one in self.table.columns])

    def action_copy_raw(self) -> None:
        """Copy the line as stored."""
        if (row := self.event_in_sight()) is None:
            return
        if row["raw"] is None:
            self.notify("this event is no longer there as it was read", severity="warning")
        else:
            copy_stored(self.app, row["raw"])

    def action_copy_query(self) -> None:
        """Copy the query that is in force, its times absolute."""
        copy(self.app, self.look.text, "query")

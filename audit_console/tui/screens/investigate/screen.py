"""Look at a log: query, facets, timeline, table, detail, and whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.message import Message
from textual.reactive import var

from audit_console.core.filters import EVERYTHING, Between
from audit_console.core.narrowing import half_around, narrowed, within, without_time
from audit_console.sources.protocol import Order, Source
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.asking import FilterAsked, asked
from audit_console.tui.basic_screen import HEIGHTS
from audit_console.tui.belongings import Belongings
from audit_console.tui.clipboard import copy, copy_row, copy_stored
from audit_console.tui.recent import without_password
from audit_console.tui.results import events_behind
from audit_console.tui.screens.investigate.borders import ROOM_BESIDE, ROOM_FOR_BOTH
from audit_console.tui.screens.investigate.detailing import Detailing
from audit_console.tui.screens.investigate.exporting import Exporting
from audit_console.tui.screens.investigate.following import Following
from audit_console.tui.screens.investigate.going import Going
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.screens.investigate.marking import Marking
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.screens.investigate.querying import Querying
from audit_console.tui.screens.investigate.searching import Searching
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.steps import Look
from audit_console.tui.widgets import event_columns as columns
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.query_bar import QueryBar
from audit_console.tui.widgets.query_hints import QueryHints
from audit_console.tui.widgets.result_table import ResultTable
from audit_console.tui.widgets.rule_line import NO_TERM, NOWHERE, RuleLine
from audit_console.tui.widgets.status_lines import Completeness, KeyBar, SourceHeader
from audit_console.tui.widgets.timeline import TimelinePane

WIDE_ENOUGH_FOR_FACETS = 140
"""Cells from which on the facets are there from the start."""

PLACES_OF_DETAIL = [(0, "-stacked"), (ROOM_FOR_BOTH, "-below"), (ROOM_BESIDE, "-beside")]
"""Classes by columns: the detail takes the place of the table, stands below it, or to its right."""

LINES_FOR_A_RESULT = [(0, "-tiny"), (12, "-low"), *HEIGHTS[2:]]
"""Classes by lines: below the second, the timeline leaves its marks and axis to a result."""


class InvestigateScreen(LookingScreen):
    """The events with all that is counted of them."""

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
        self.going = Going(self)
        self._detailing = Detailing(self)
        self._following = Following(self)
        self._exporting = Exporting(self, kept)
        self.searching = Searching(self, self.querying, kept.searches)
        self._marking = Marking(self, self._detailing, kept.marks)

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
        """Start on the table."""
        self._following.begin()
        self.watch(self.panes, "has_facets", self._count_facets_in_sight, init=False)
        self.watch(self.panes, "has_detail", self._show_detail_in_sight, init=False)
        self.panes.has_facets = self.app.size.width >= WIDE_ENOUGH_FOR_FACETS
        self.table.focus()

    def on_resize(self, event: Resize) -> None:
        """Have the panes as they stay before they are laid out in another size."""
        self.panes.lay_out(event.size)
        self.panes.make_room(event.size)

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
        self.begin()
        self.update(session)
        self.querying.ask_next()

    async def _read_kept(self) -> None:
        await self.querying.read_earlier()
        await self._marking.read()

    def reopen(self, session: Session) -> None:
        """Show the same log as it is read again; the investigation goes on."""
        self.table.show(session.source)
        self.investigation.session = session
        self.investigation.steps.forget_counts()
        self.show_look()
        self.update(session)

    def follow(self, session: Session) -> None:
        """Show the same log with what was written since; the selected event keeps its place."""
        self.taking_in = False
        self.table.follow(session.source)
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
            self._detailing.show(self.table.selected)
        if ended and not session.status.asks_store:
            self.survey.begin()
        if ended:
            self.searching.review(self.searching.next)

    @on(EventTable.Counted)
    def _on_counted(self, event: EventTable.Counted) -> None:
        self.query_one(Completeness).counts = (event.matched, event.read)
        loading = self.session is not None and self.session.loading
        self.investigation.steps.current.matched = None if loading else event.matched
        self._update_position()
        self.survey.show_unanswered()

    def _update_position(self) -> None:
        table = self.table
        here = NOWHERE if table.stale else (table.cursor_row, table.row_count, table.counted)
        self.query_one(RuleLine).position = here

    @on(EventTable.Failed)
    def _on_failed(self, event: EventTable.Failed) -> None:
        self._update_position()
        self.survey.say_unanswered(event.error)

    @on(EventTable.Selected)
    def _on_selected(self, event: EventTable.Selected) -> None:
        self._update_position()
        self._detailing.show(event.row)

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

    # --- the filter --------------------------------------------------------------

    def action_query(self) -> None:
        """Go to the query."""
        self.query_one(QueryBar).edit()

    @on(RuleLine.EditAsked)
    def _edit_query(self) -> None:
        self.action_query()

    @on(QueryHints.Pointed)
    def _take_completion(self, event: QueryHints.Pointed) -> None:
        self.query_one(QueryBar).take(event.index)

    def action_terms(self) -> None:
        """Go to the terms of the filter."""
        rule = self.query_one(RuleLine)
        if rule.chips:
            rule.focus()
        else:
            self.notify(NO_TERM)

    @on(FilterAsked)
    def _filter_by_value(self, event: FilterAsked) -> None:
        if not event.values:
            self.notify("there is no value here that can be filtered by")
            return
        where = narrowed(self.look.where, event.how, event.values)
        if where == self.look.where:
            self.notify("the query says so already")
        self.take(replace(self.look, where=where))

    @on(RuleLine.TermToggled)
    def _toggle_term(self, event: RuleLine.TermToggled) -> None:
        self.take(replace(self.look, where=self.look.where.toggle(event.index)))

    @on(RuleLine.TermRemoved)
    def _remove_term(self, event: RuleLine.TermRemoved) -> None:
        event.stop()
        self.take(replace(self.look, where=self.look.where.without(event.index)))

    @on(RuleLine.StagesRemoved)
    def _remove_stages(self) -> None:
        self.take(replace(self.look, stages=(), review=None))

    def action_clear_filter(self) -> None:
        """Show all events again."""
        if self.query_one(RuleLine).chips:
            self.take(Look(order=self.look.order))
        else:
            self.notify(NO_TERM)

    @on(ResultTable.RowAsked)
    def _show_events_behind(self, event: ResultTable.RowAsked) -> None:
        self.take(events_behind(self.look, event.row))

    def action_try_offer(self) -> None:
        """Ask the query that is offered when nothing was found."""
        if self.look.offer is not None and self.offer.found and not self.table.row_count:
            self.querying.ask(self.look.offer, self.investigation.read_query(self.look.offer))
        else:
            self.notify("no other query is offered")

    @on(EventTable.ReverseAsked)
    def _reverse(self) -> None:
        newest = self.look.order is Order.OLDEST_FIRST
        self.take(replace(self.look, order=Order.NEWEST_FIRST if newest else Order.OLDEST_FIRST))

    # --- facets ------------------------------------------------------------------

    def action_facets(self) -> None:
        """Show the facets and go to them."""
        self.panes.has_facets = True
        self.query_one(FacetsPane).focus()
        self.values.paths()  # looked for now, to be there when a facet is added

    def _count_facets_in_sight(self) -> None:
        if self.panes.has_facets:
            self.survey.begin()

    @on(FacetsPane.TypingChanged)
    def _list_other_keys(self) -> None:
        self.update_keys()

    @on(FacetsPane.FieldAsked)
    def _ask_for_facet(self) -> None:
        from audit_console.tui.dialogs.add_facet import AddFacetDialog

        shown = self.query_one(FacetsPane).fields
        self.app.push_screen(AddFacetDialog(shown, self.values.paths()), self._add_facet)

    def _add_facet(self, field: str | None) -> None:
        if field is not None:
            pane = self.query_one(FacetsPane)
            pane.add_field(field)
            pane.focus()
            self.survey.begin()

    # --- time --------------------------------------------------------------------

    def action_timeline(self) -> None:
        """Go to the timeline, or from it to the events."""
        timeline = self.query_one(TimelinePane)
        if timeline.has_focus:
            self.panes.focus_events()
        else:
            self._show_timeline()
            if self.panes.are_stacked:
                self.panes.has_facets = False  # they stand in its place
            timeline.focus()

    def action_toggle_timeline(self) -> None:
        """Give the lines of the timeline to the events, or back to it."""
        if self.panes.is_timeless:
            self._show_timeline()
            return
        self.panes.is_timeless = True
        if self.query_one(TimelinePane).has_focus:
            self.panes.focus_events()

    def _show_timeline(self) -> None:
        if self.panes.is_timeless:
            self.panes.is_timeless = False
            # it counts in as many bars as there is room for
            self.call_after_refresh(self.survey.begin)

    @on(TimelinePane.Resized)
    def _count_for_another_width(self) -> None:
        self.survey.begin()

    @on(TimelinePane.RangeAsked)
    def _look_at_range(self, event: TimelinePane.RangeAsked) -> None:
        where = within(self.look.where, Between(event.start, event.end))
        self.take(replace(self.look, where=where))

    def action_zoom_in(self) -> None:
        """Halve the time, the selected event in its middle."""
        row, window = self.event_in_sight(), self.investigation.window
        if row is not None and window is not None:
            where = within(self.look.where, half_around(row["timestamp"], window))
            self.take(replace(self.look, where=where))

    def action_zoom_out(self) -> None:
        """Double the time; beyond the log, all of it."""
        window = self.investigation.window
        status = None if self.session is None else self.session.status
        if window is None or status is None or status.first is None or status.last is None:
            return
        if window[0] <= status.first and window[1] > status.last:
            self.notify("all of the log's time is shown")
            return
        half = (window[1] - window[0]) / 2
        start, end = max(window[0] - half, status.first), window[1] + half
        where = without_time(self.look.where)
        if start > status.first or end <= status.last:
            where = within(where, Between(start, end))
        self.take(replace(self.look, where=where))

    # --- sizes -------------------------------------------------------------------

    def action_larger(self) -> None:
        """Give the pane that has the focus more room."""
        self.panes.larger()

    def action_smaller(self) -> None:
        """Give the pane that has the focus less room."""
        self.panes.smaller()

    def action_sizes_back(self) -> None:
        """Give each pane the room that it had at first."""
        self.panes.forget_sizes()

    # --- the detail --------------------------------------------------------------

    def _show_detail_in_sight(self) -> None:
        if self.panes.has_detail:
            self._detailing.show(self.table.selected)

    @on(DetailPane.EventAsked)
    def _go_beside(self, event: DetailPane.EventAsked) -> None:
        self.going.to_event(event.event_id)

    @on(DetailPane.CopyAsked)
    def _copy_of_detail(self, event: DetailPane.CopyAsked) -> None:
        copy(self.app, event.value, event.what)

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
        self.going.jump()

    def action_bad_lines(self) -> None:
        """List the lines that could not be read."""
        self.going.bad_lines()

    def action_surrounding(self) -> None:
        """Ask how far to look around the selected event."""
        self.going.around()

    def action_history(self) -> None:
        """List every step of this investigation."""
        from audit_console.tui.dialogs.history import HistoryDialog

        self.app.push_screen(HistoryDialog(self.investigation.steps), self.return_to)

    def action_card(self) -> None:
        """Sum up what the log says of the value under the cursor."""
        self.going.card()

    def action_request(self) -> None:
        """List the events of the request that the selected event belongs to."""
        self.going.request()

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
        self.searching.list_reviews()

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

    @on(EventTable.CopyAsked)
    def _copy_cell(self) -> None:
        column = self.table.column
        if (row := self.event_in_sight()) is not None:
            copy(self.app, columns.value_text(row, column), column.name)

    @on(ResultTable.CopyAsked)
    @on(FacetsPane.CopyAsked)
    def _copy_value(self, event: ResultTable.CopyAsked | FacetsPane.CopyAsked) -> None:
        copy(self.app, event.value, "value")

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

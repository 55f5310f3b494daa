"""A look at a log: query, terms and panes in step with one another. Base of Investigate."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.events import Resize

from audit_console.core.filters import Between
from audit_console.core.narrowing import half_around, narrowed, within, without_time
from audit_console.sources.protocol import Order, Source
from audit_console.tui.actions import Action, Pane
from audit_console.tui.asking import FilterAsked
from audit_console.tui.keymap import keymap_of
from audit_console.tui.results import events_behind
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.screens.investigate.completing import KnownValues
from audit_console.tui.screens.investigate.detailing import Detailing
from audit_console.tui.screens.investigate.investigation import Investigation
from audit_console.tui.screens.investigate.offering import Offer
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.screens.investigate.surveying import Survey
from audit_console.tui.session import Session
from audit_console.tui.steps import Look, ReaderPlace, Step
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.event_window import Sight
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.query_bar import QueryBar
from audit_console.tui.widgets.query_hints import QueryHints
from audit_console.tui.widgets.result_table import ResultTable
from audit_console.tui.widgets.rule_line import NO_TERM, NOWHERE, RuleLine
from audit_console.tui.widgets.status_lines import Completeness, SessionLine
from audit_console.tui.widgets.timeline import TimelinePane

WIDE_ENOUGH_FOR_FACETS = 140
"""Cells from which on the facets are there from the start."""


class LookingScreen(ConsoleScreen):
    """Keeps what is on the screen in step with the current look, and asks for other ones."""

    def __init__(self) -> None:
        super().__init__()
        self.investigation = Investigation()
        self.values = KnownValues(self, self.investigation)
        self.offer = Offer(self, self.investigation)
        self.survey = Survey(self, self.investigation, self.values, self.offer)
        self.detailing = Detailing(self, self.investigation)
        self._is_new_look = False
        """Whether the rows that are waited for are the first ones of the current look."""
        self._said: tuple[Source, str] | None = None
        """What was last said of the index of which log."""

    def on_mount(self) -> None:
        """Start on the table."""
        self.watch(self.panes, "has_facets", self._count_facets_in_sight, init=False)
        self.watch(self.panes, "has_detail", self._show_detail_in_sight, init=False)
        self.panes.has_facets = self.app.size.width >= WIDE_ENOUGH_FOR_FACETS
        self.table.focus()

    def on_resize(self, event: Resize) -> None:
        """Have the panes as they stay before they are laid out in another size."""
        self.panes.lay_out(event.size)
        self.panes.make_room(event.size)

    @property
    def session(self) -> Session | None:
        """The log on the screen."""
        return self.investigation.session

    @property
    def look(self) -> Look:
        """What is shown of it."""
        return self.investigation.look

    @property
    def panes(self) -> Panes:
        """What it is shown in."""
        return self.query_one(Panes)

    @property
    def table(self) -> EventTable:
        """The events."""
        return self.query_one(EventTable)

    def show_session(self, session: Session) -> None:
        """Have the lines around the events say what is known of the log."""
        self.investigation.session = session
        fault = session.status.index_fault
        if fault is not None and self._said != (session.source, fault):
            self._said = (session.source, fault)
            self.notify(fault, severity="warning", timeout=20)
        for line in self.query(SessionLine):
            line.session = session

    # --- steps -------------------------------------------------------------------

    def take(self, look: Look) -> None:
        """Go on to another look; the same one is asked again for what has no answer."""
        if look != self.look:
            self.leave_place()
            self.investigation.steps.take(look)
            self.show_look()
            self._is_new_look = True
        elif self.survey.faults:
            self.survey.ask_again(anew=True)

    def leave_place(self) -> None:
        """Remember where the reader is in the current look."""
        table = self.table
        self.investigation.steps.current.place = ReaderPlace(
            table.sight, table.column.name, self.survey.cell_of_result
        )

    def go_back(self) -> bool:
        """Go to the look before, to the place where it was left; False at the first."""
        self.leave_place()
        step = self.investigation.steps.back()
        if step is not None:
            self._show_again(step)
        return step is not None

    def take_back(self) -> bool:
        """Go back from a look whose answer is not there yet; False where none is waited for."""
        return self._is_new_look and self.panes.events.has_class("-stale") and self.go_back()

    def return_to(self, step: Step | None) -> None:
        """Go to any look taken before, to the place where it was left."""
        if step is not None and step is not self.investigation.steps.current:
            self.leave_place()
            self._show_again(self.investigation.steps.go(step))

    def _show_again(self, step: Step) -> None:
        self.table.go_to_column(step.place.column)
        self.show_look(step.place.event)

    def show_look(self, returning: Sight | None = None) -> None:
        """Put the current look on the screen, if need be with the event that is returned to."""
        look = self.look
        self._is_new_look = False
        self.survey.tell_again()
        self.values.forget()
        self.table.look(look.where, look.order, self.investigation.marks, returning=returning)
        self.table.origin = look.origin
        self.offer.forget()
        self.query_one(QueryBar).show(look.text)
        rule = self.query_one(RuleLine)
        rule.look = look
        if self.table.stale:
            rule.position = NOWHERE
        self.query_one(Completeness).ask(look.where)
        panes = self.panes
        had_focus = panes.events_have_focus or not (self.focused and self.focused.can_focus)
        facets = self.query_one(FacetsPane)
        facets.where = look.where
        facets.dim()
        panes.has_result = bool(look.stages)
        if look.stages:
            had_focus = had_focus or isinstance(self.focused, DetailPane)
            panes.has_detail = False  # it is of an event, and these are counts
        if had_focus:
            panes.focus_events()
        self.update_keys()
        self.survey.begin()

    def action_history(self) -> None:
        """List every step of this investigation."""
        from audit_console.tui.dialogs.history import HistoryDialog

        self.app.push_screen(HistoryDialog(self.investigation.steps), self.return_to)

    def action_bad_lines(self) -> None:
        """List the lines that could not be read."""
        from audit_console.tui.dialogs.bad_lines import BadLinesDialog

        if self.session is not None:
            self.app.push_screen(BadLinesDialog(self.session))

    # --- the event in sight ------------------------------------------------------

    def events_in_sight(self) -> bool:
        """Tell whether events are shown, and say so where they are not."""
        if self.look.stages:
            key = keymap_of(self).label_of(Pane.RESULT, "choose")
            self.notify(f"these are counts: {key} shows the events behind a row")
        return not self.look.stages

    def event_in_sight(self) -> EventRow | None:
        """Give the selected event; where none is in sight, say why."""
        return self.table.event_in_sight() if self.events_in_sight() else None

    def offers(self, action: Action) -> bool:
        """Offer nothing about an event over counts."""
        return not (action.of_event and self.look.stages)

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

    @on(EventTable.ReverseAsked)
    def _reverse(self) -> None:
        newest = self.look.order is Order.OLDEST_FIRST
        self.take(replace(self.look, order=Order.NEWEST_FIRST if newest else Order.OLDEST_FIRST))

    # --- rows --------------------------------------------------------------------

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
        self.detailing.show(event.row)

    def _show_detail_in_sight(self) -> None:
        if self.panes.has_detail:
            self.detailing.show(self.table.selected)

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
            return
        self.panes.is_timeless = False
        if self.panes.are_stacked:
            self.panes.has_facets = False  # they stand in its place
        timeline.focus()

    def action_toggle_timeline(self) -> None:
        """Give the lines of the timeline to the events, or back to it."""
        self.panes.is_timeless = not self.panes.is_timeless
        if self.panes.is_timeless and self.query_one(TimelinePane).has_focus:
            self.panes.focus_events()

    @on(TimelinePane.Resized)
    def _count_time_in_sight(self) -> None:
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
        self.panes.step(1)

    def action_smaller(self) -> None:
        """Give the pane that has the focus less room."""
        self.panes.step(-1)

    def action_sizes_back(self) -> None:
        """Give each pane the room that it had at first."""
        self.panes.forget_sizes()

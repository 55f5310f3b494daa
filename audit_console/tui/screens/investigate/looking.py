"""A look at a log: query, terms, table or result in step with one another. Base of Investigate."""

from __future__ import annotations

from audit_console.sources.protocol import Source
from audit_console.tui.actions import Action, Pane
from audit_console.tui.keymap import keymap_of
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.screens.investigate.completing import KnownValues
from audit_console.tui.screens.investigate.investigation import Investigation
from audit_console.tui.screens.investigate.offering import Offer
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.screens.investigate.surveying import Survey
from audit_console.tui.session import Session
from audit_console.tui.steps import Look, ReaderPlace, Step, Steps
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.event_window import Sight
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.query_bar import QueryBar
from audit_console.tui.widgets.rule_line import NOWHERE, RuleLine
from audit_console.tui.widgets.status_lines import Completeness, SessionLine
from audit_console.tui.wording import told


class LookingScreen(ConsoleScreen):
    """Keeps what is on the screen in step with the current look, and asks for other ones."""

    def __init__(self) -> None:
        super().__init__()
        self.investigation = Investigation()
        self.values = KnownValues(self, self.investigation)
        self.offer = Offer(self, self.investigation)
        self.survey = Survey(self, self.investigation, self.values, self.offer)
        self._is_new_look = False
        """Whether the rows that are waited for are the first ones of the current look."""
        self._said: tuple[Source, str] | None = None
        """What was last said of the index of which log."""

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

    def begin(self) -> None:
        """Start another investigation."""
        self.investigation.steps = Steps()
        self.query_one(FacetsPane).clear()
        self.show_look()

    def take(self, look: Look) -> None:
        """Go on to another look; the same one is asked again for what has no answer."""
        if look != self.look:
            self.leave_place()
            self.investigation.steps.take(look)
            self.show_look()
            self._is_new_look = True
        elif self.survey.has_unanswered:
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

    # --- the event in sight ------------------------------------------------------

    def events_in_sight(self) -> bool:
        """Tell whether events are shown, and say so where they are not."""
        if self.look.stages:
            key = keymap_of(self).label_of(Pane.RESULT, "choose")
            self.notify(f"these are counts: {key} shows the events behind a row")
        return not self.look.stages

    def event_in_sight(self) -> EventRow | None:
        """Give the selected event; where none is in sight, say why."""
        if not self.events_in_sight():
            return None
        row = self.table.selected
        if row is None:
            waits = self.table.row_count > 0
            self.notify("the event is not there yet" if waits else "no event is selected")
        return row

    def offers(self, action: Action) -> bool:
        """Offer nothing about an event over counts."""
        return not (action.of_event and self.look.stages)

    def say(self, error: Exception) -> None:
        """Say in one line what went wrong and what to do."""
        self.notify(told(error), severity="error")

"""A look at a log: query, terms, table or result in step with one another. Base of Investigate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from textual import on

from audit_console.core.filters import (
    Around,
    Filter,
    terms_of,
)
from audit_console.core.query import Query, offer_end
from audit_console.errors import QueryError
from audit_console.search.question import resolved
from audit_console.sources.protocol import Order, Source
from audit_console.tui.actions import Action, Pane
from audit_console.tui.asking import asked, asked_at_rest
from audit_console.tui.background import begin
from audit_console.tui.belongings import Belongings
from audit_console.tui.keymap import keymap_of
from audit_console.tui.painting import Line, Span
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.screens.investigate.completing import KnownValues
from audit_console.tui.screens.investigate.investigation import Investigation
from audit_console.tui.screens.investigate.offering import Offer
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.screens.investigate.surveying import Survey
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.steps import Look, ReaderPlace, Step, Steps, Typed
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.event_window import Sight
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.query_bar import QueryBar
from audit_console.tui.widgets.rule_line import NOWHERE, RuleLine
from audit_console.tui.widgets.status_lines import Completeness, SessionLine
from audit_console.tui.wording import number, told


class LookingScreen(ConsoleScreen):
    """Keeps what is on the screen in step with the current look, and asks for other ones."""

    def __init__(self, kept: Belongings) -> None:
        super().__init__()
        self.investigation = Investigation()
        self.values = KnownValues(self, self.investigation)
        self.offer = Offer(self, self.investigation)
        self.survey = Survey(self, self.investigation, self.values, self.offer)
        self._kept = kept
        self._queries = kept.queries
        self._asked: list[str] = []
        self.ask_next: str | None = None
        """The query to ask when the log is open."""
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

    async def read_earlier(self) -> None:
        """Take in what other consoles asked, before what was asked here, also meanwhile."""
        kept = await asyncio.to_thread(self._queries.texts)
        self._asked = [*(text for text in reversed(kept) if text not in self._asked), *self._asked]

    # --- a query -----------------------------------------------------------------

    def earlier_queries(self) -> Sequence[str]:
        """Give the queries asked before, the latest last."""
        return self._asked

    @on(QueryBar.Submitted)
    def _on_submitted(self, event: QueryBar.Submitted) -> None:
        self.ask(event.text, event.query)

    def ask(
        self,
        text: str,
        query: Query,
        *,
        review: str | None = None,
        order: Order | None = None,
    ) -> None:
        """Take the look that a query asks for; the focus goes to the events at once.

        It does not go there when the look is there: the reader may be elsewhere by then.
        """
        self.drop("preview", "ask")
        self.values.stop()
        if self.panes.are_stacked:
            self.panes.has_detail = False  # it would hide what is asked for
        self.query_one(QueryBar).show_asked(text)
        text = text.strip()
        self._asked = [*(known for known in self._asked if known != text), *filter(None, [text])]
        begin(self, partial(self._remember, text), group="remember")
        take = partial(self._take_asked, text, query, review=review, order=order)
        if self.session is None:
            self.ask_next = text
        elif origin_of(query.where) is None:
            take(query.where)
        else:
            self.in_background(partial(self._find_event, query.where, take), "ask")
        self.panes.focus_events()

    def ask_when_open(self) -> None:
        """Ask the query that was typed before the log was there."""
        text, self.ask_next = self.ask_next, None
        if text is None:
            return
        try:
            self.ask(text, self.investigation.read_query(text))
        except QueryError as error:
            self.say(error)

    async def _find_event(self, where: Filter, take: Callable[[Filter], None]) -> None:
        """Take a look once the time of the event that the filter looks around is known."""
        before = self.look
        try:
            found = await asked(resolved, where, self.investigation.question.source)
        except CANNOT_BE_LOOKED_AT as error:
            self.say(error)
            self.query_one(QueryBar).show(self.look.text)
            return
        if self.look is before:  # else the reader went on meanwhile, and the newest wins
            take(found)

    def _take_asked(
        self, text: str, query: Query, where: Filter, *, review: str | None, order: Order | None
    ) -> None:
        last = self.investigation.last
        if review is None:
            where = keeping_what_is_off(where, self.look.where)
        look = Look(
            where=where,
            stages=query.stages,
            order=order or self.look.order,
            typed=Typed(text, where, query.stages),
            origin=origin_of(query.where),
            offer=None if last is None else offer_end(text, query, last),
            review=review,
        )
        self.take(look)
        self.query_one(QueryBar).show(self.look.text)

    async def _remember(self, text: str) -> None:
        """Keep a query for the way up through earlier ones."""
        try:
            await asyncio.to_thread(self._queries.remember, text)
        except CANNOT_BE_LOOKED_AT as error:
            self.say(error)
        await self.read_earlier()

    @on(QueryBar.Typed)
    def _on_typed(self, event: QueryBar.Typed) -> None:
        bar = self.query_one(QueryBar)
        if event.query is None:
            self.drop("preview")
            bar.preview(())
        else:
            bar.preview((Span(" … ", "muted"),))
            self.in_background(partial(self._preview, event.query), "preview")

    async def _preview(self, query: Query) -> None:
        if self.session is None:
            return
        try:
            line = await asked_at_rest(self.investigation.turn, partial(self._count_line, query))
        except CANNOT_BE_LOOKED_AT as error:
            line = (Span(f" {error} ", "bad"),)
        self.query_one(QueryBar).preview(line)

    def _count_line(self, query: Query) -> Line:
        matched = self.investigation.count(query)
        so_far = " so far" if self.investigation.is_partial else ""
        return (
            Span(" would match ", "muted"),
            Span(number(matched), "name" if matched else "warn"),
            Span(f" {'event' if matched == 1 else 'events'}{so_far} ", "muted"),
        )

    @on(QueryBar.Left)
    def _on_left(self) -> None:
        self.drop("preview")
        self.values.stop()
        self.panes.focus_events()


def keeping_what_is_off(where: Filter, before: Filter) -> Filter:
    """Put the terms that were switched off behind those that were typed."""
    off = [before.terms[index] for index in sorted(before.off)]
    off = [term for term in off if term not in where.terms]
    count = len(where.terms)
    return Filter((*where.terms, *off), frozenset(range(count, count + len(off))))


def origin_of(where: Filter) -> str | None:
    """Give the id of the event that a filter looks around."""
    terms = (term for part in where.active for term in terms_of(part))
    around = (term.match.event_id for term in terms if isinstance(term.match, Around))
    return next(around, None)

"""The query: typed, previewed, asked, and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from audit_console.core.filters import Around, Filter, terms_of
from audit_console.core.query import Query, offer_end
from audit_console.errors import QueryError
from audit_console.search.question import resolved
from audit_console.sources.protocol import Order
from audit_console.tui.asking import asked, asked_at_rest
from audit_console.tui.background import begin
from audit_console.tui.painting import Line, Span
from audit_console.tui.saved import QueryHistory
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.steps import Look, Typed
from audit_console.tui.widgets.query_bar import QueryBar
from audit_console.tui.wording import number


class Querying:
    """Makes looks of queries."""

    def __init__(self, screen: LookingScreen, history: QueryHistory) -> None:
        self._screen = screen
        self._investigation = screen.investigation
        self._history = history
        self._earlier: list[str] = []
        self._next: str | None = None
        """The query to ask when the log is open."""

    @property
    def _bar(self) -> QueryBar:
        return self._screen.query_one(QueryBar)

    # --- earlier queries ---------------------------------------------------------

    def earlier(self) -> Sequence[str]:
        """Give the queries asked before, the latest last."""
        return self._earlier

    async def read_earlier(self) -> None:
        """Take in what other consoles asked, before what was asked here, also meanwhile."""
        kept = await asyncio.to_thread(self._history.texts)
        others = [text for text in reversed(kept) if text not in self._earlier]
        self._earlier = [*others, *self._earlier]

    async def _remember(self, text: str) -> None:
        """Keep a query for the way up through earlier ones."""
        try:
            await asyncio.to_thread(self._history.remember, text)
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
        await self.read_earlier()

    # --- asking ------------------------------------------------------------------

    def ask(
        self, text: str, query: Query, *, review: str | None = None, order: Order | None = None
    ) -> None:
        """Take the look that a query asks for; the focus goes to the events at once.

        It does not go there when the look is there: the reader may be elsewhere by then.
        """
        screen, panes = self._screen, self._screen.panes
        screen.drop("preview", "ask")
        screen.values.stop()
        if panes.are_stacked:
            panes.has_detail = False  # it would hide what is asked for
        self._bar.show_asked(text)
        text = text.strip()
        others = (known for known in self._earlier if known != text)
        self._earlier = [*others, *filter(None, [text])]
        begin(screen, partial(self._remember, text), group="remember")
        take = partial(self._take, text, query, review=review, order=order)
        if screen.session is None:
            self._next = text
        elif origin_of(query.where) is None:
            take(query.where)
        else:
            screen.in_background(partial(self._find_event, query.where, take), "ask")
        panes.focus_events()

    def ask_next(self) -> None:
        """Ask the query that was typed before the log was there."""
        text, self._next = self._next, None
        if text is None:
            return
        try:
            self.ask(text, self._investigation.read_query(text))
        except QueryError as error:
            self._screen.say(error)

    async def _find_event(self, where: Filter, take: Callable[[Filter], None]) -> None:
        """Take a look once the time of the event that the filter looks around is known."""
        before = self._investigation.look
        try:
            found = await asked(resolved, where, self._investigation.question.source)
        except CANNOT_BE_LOOKED_AT as error:
            self._screen.say(error)
            self._bar.show(self._investigation.look.text)
            return
        if self._investigation.look is before:  # else the reader went on, and the newest wins
            take(found)

    def _take(
        self, text: str, query: Query, where: Filter, *, review: str | None, order: Order | None
    ) -> None:
        before, last = self._investigation.look, self._investigation.last
        if review is None:
            where = keeping_what_is_off(where, before.where)
        look = Look(
            where=where,
            stages=query.stages,
            order=order or before.order,
            typed=Typed(text, where, query.stages),
            origin=origin_of(query.where),
            offer=None if last is None else offer_end(text, query, last),
            review=review,
        )
        self._screen.take(look)
        self._bar.show(self._investigation.look.text)

    # --- what is typed -----------------------------------------------------------

    def preview(self, query: Query | None) -> None:
        """Say what a query that is typed would match; nothing of one that cannot be read."""
        if query is None:
            self._screen.drop("preview")
            self._bar.preview(())
        else:
            self._bar.preview((Span(" … ", "muted"),))
            self._screen.in_background(partial(self._preview, query), "preview")

    async def _preview(self, query: Query) -> None:
        if self._investigation.session is None:
            return
        try:
            line = await asked_at_rest(self._investigation.turn, partial(self._count_line, query))
        except CANNOT_BE_LOOKED_AT as error:
            line = (Span(f" {error} ", "bad"),)
        self._bar.preview(line)

    def _count_line(self, query: Query) -> Line:
        matched = self._investigation.count(query)
        so_far = " so far" if self._investigation.is_partial else ""
        return (
            Span(" would match ", "muted"),
            Span(number(matched), "name" if matched else "warn"),
            Span(f" {'event' if matched == 1 else 'events'}{so_far} ", "muted"),
        )

    def leave(self) -> None:
        """Count nothing more of what was typed, and go to the events."""
        self._screen.drop("preview")
        self._screen.values.stop()
        self._screen.panes.focus_events()


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

"""What stands where there is no event: why, and which other query finds some."""

from __future__ import annotations

from audit_console.core.wording import count
from audit_console.errors import AuditConsoleError
from audit_console.search.question import Question
from audit_console.tui.actions import Pane
from audit_console.tui.asking import asked
from audit_console.tui.keymap import keymap_of
from audit_console.tui.painting import Span
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.screens.investigate.investigation import Investigation
from audit_console.tui.session import Session
from audit_console.tui.steps import Look
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.text_pane import Paragraph, Said
from audit_console.tui.wording import advice, moment


class Offer:
    """The query that is offered where the current one finds nothing.

    Attributes:
        found: how many events it finds, once they are counted.
    """

    def __init__(self, screen: ConsoleScreen, investigation: Investigation) -> None:
        self._screen = screen
        self._investigation = investigation
        self.found: int | None = None

    def forget(self) -> None:
        """Know of no count, for the look is another."""
        self.found = None
        self.show()

    async def count(self, question: Question) -> None:
        """Count what it finds, if there is one and the question finds nothing."""
        offer = self._investigation.look.offer
        if offer is not None and not await asked(question.count):
            query = self._investigation.read_query(offer)
            self.found = await asked(self._investigation.count, query)
            self.show()

    def show(self) -> None:
        """Say why there is no event, where they would stand."""
        keys, session = keymap_of(self._screen), self._investigation.session
        table = self._screen.query_one(EventTable)
        if session is not None and session.error is not None and not session.status.events:
            table.nothing = why_no_log(session.error, keys.label_of(Pane.APP, "sources"))
        else:
            key = keys.label_of(Pane.INVESTIGATE, "try_offer")
            table.nothing = why_no_event(self._investigation.look, session, self.found, key)


def why_no_event(look: Look, session: Session | None, offered: int | None, key: str) -> list[Said]:
    """Say why there is no event, and what to ask by which key if that finds some.

    Args:
        look: that found none.
        session: the open log.
        offered: how many events the offered query finds; None while they are counted.
        key: that asks it.
    """
    if look.offer is None or session is None:
        so_far = " so far" if session is not None and session.loading else ""
        return [(Span(f" no event{so_far}", "muted"),)]
    end = moment(session.status.last, width=19)
    ended = Span(f" no event · the log ends {end} UTC, before the time asked for", "muted")
    if offered is None:
        return [(ended,)]
    if not offered:
        nothing = Span(" finds nothing either", "muted")
        return [(ended,), (Span(" "), Span(look.offer, "name"), nothing)]
    so_far = " so far" if session.status.partial else ""
    asks, finds = Span(" asks ", "muted"), f", which finds {count(offered, 'event')}{so_far}"
    return [
        (ended,),
        (Span(f" {key}", "key"), asks, Span(look.offer, "name"), Span(finds, "muted")),
    ]


def why_no_log(error: AuditConsoleError, key: str) -> list[Said]:
    """Say why a log that broke off has no event, what to do, and which key leads to others."""
    return [
        Paragraph(f"✘ {error}", "bad", is_prose=True),
        Paragraph(advice(error), is_prose=True),
        (Span(f" {key}", "key"), Span(" leads to other logs", "muted")),
    ]

"""What is written to a log while it is on the screen: said at once, taken in when asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from textual.message import Message
from textual.reactive import reactive

from audit_console.core.filters import EVERYTHING
from audit_console.errors import SourceUnreached
from audit_console.sources.protocol import NOTHING_NEW, News, Source
from audit_console.tui.asking import asked
from audit_console.tui.screens.investigate.keeping import KeepingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.widgets.status_lines import Completeness, SessionLine

SECONDS_BETWEEN_NEWS = 2.0
"""How often a log that was read is looked at for what was written since."""

NEWS = "news"
"""Group of the workers that look for it."""


class FollowingScreen(KeepingScreen):
    """A look at a log that may grow."""

    _said: tuple[Source, str] | None = None
    """What was last said of the index of which log."""

    class NewsAsked(Message):
        """The reader wants to see what was written since the log was read."""

    taking_in: reactive[bool] = reactive(False, init=False)
    """Whether the log is read as it is now."""

    def watch_taking_in(self) -> None:
        """Say so instead of how much is new."""
        self.query_one(Completeness).taking_in = self.taking_in

    def on_mount(self) -> None:
        """Begin to look for news."""
        super().on_mount()
        self.set_interval(SECONDS_BETWEEN_NEWS, self._look_for_news)

    def show_session(self, session: Session) -> None:
        """Have the lines around the events say what is known of the log."""
        self.investigation.session = session
        fault = session.status.index_fault
        if fault is not None and self._said != (session.source, fault):
            self._said = (session.source, fault)
            self.notify(fault, severity="warning", timeout=20)
        for line in self.query(SessionLine):
            line.session = session

    async def prepare(self, source: Source) -> None:
        """Have a log count what is asked of it now, so that nothing moves when it is shown."""
        for where in (self.look.where, EVERYTHING):
            try:
                await asked(replace(self.investigation.question, source=source, where=where).count)
            except CANNOT_BE_LOOKED_AT as error:
                self.say(error)

    def _look_for_news(self) -> None:
        """Look what was written since the log was read, unless an answer is still to come."""
        if self.session is None or self.session.loading or self.works_on(NEWS):
            return
        self.in_background(partial(self._show_news, self.session.source), NEWS)

    async def _show_news(self, source: Source) -> None:
        unreached = None
        try:
            news = await asked(source.news)
        except SourceUnreached as error:
            news, unreached = NOTHING_NEW, str(error)
        except CANNOT_BE_LOOKED_AT as error:
            news = News(0, str(error))
        if self.session is None or self.session.source is not source:
            return
        status = source.status
        self.show_session(replace(self.session, news=news, unreached=unreached, status=status))
        if unreached is None and self.survey.was_unreached:
            self.survey.ask_again()

    def action_take_in(self) -> None:
        """Ask for what was written since the log was read, or again for what had no answer."""
        session = self.session
        if session is None:
            return
        if session.news.changed is None and (session.unreached or self.survey.has_unanswered):
            self.notify("asking again")
            self.survey.ask_again(anew=True)
            self._look_for_news()
        elif session.loading:
            self.notify("the log is still being read")
        elif session.partial:
            self.notify("the log was not read to its end")
        elif session.news == NOTHING_NEW:
            self.in_background(partial(self._take_in_now, session.source), NEWS)
        else:
            self.post_message(self.NewsAsked())

    async def _take_in_now(self, source: Source) -> None:
        """Look again before it is said that nothing is new: the last look was a moment ago."""
        await self._show_news(source)
        session = self.session
        if session is None or session.source is not source or session.unreached:
            return
        if session.news == NOTHING_NEW:
            self.notify("nothing new was written")
        else:
            self.post_message(self.NewsAsked())

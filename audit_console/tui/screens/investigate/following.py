"""What is written to a log while it is on the screen: said at once, taken in when asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from textual.message import Message

from audit_console.errors import SourceUnreached
from audit_console.sources.protocol import NOTHING_NEW, News, Source
from audit_console.tui.asking import asked
from audit_console.tui.screens.investigate.looking import LookingScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT

SECONDS_BETWEEN_NEWS = 2.0
"""How often a log that was read is looked at for what was written since."""

_GROUP = "news"


class Following:
    """Looks at a log that may grow."""

    class NewsAsked(Message):
        """The reader wants to see what was written since the log was read."""

    def __init__(self, screen: LookingScreen) -> None:
        self._screen = screen

    def begin(self) -> None:
        """Begin to look for news."""
        self._screen.set_interval(SECONDS_BETWEEN_NEWS, self._look_for_news)

    def _look_for_news(self) -> None:
        """Look what was written since the log was read, unless an answer is still to come."""
        session = self._screen.session
        if session is None or session.loading or self._screen.works_on(_GROUP):
            return
        self._screen.in_background(partial(self._show_news, session.source), _GROUP)

    async def _show_news(self, source: Source) -> None:
        unreached = None
        try:
            news = await asked(source.news)
        except SourceUnreached as error:
            news, unreached = NOTHING_NEW, str(error)
        except CANNOT_BE_LOOKED_AT as error:
            news = News(0, str(error))
        session, survey = self._screen.session, self._screen.survey
        if session is None or session.source is not source:
            return
        status = source.status
        self._screen.show_session(replace(session, news=news, unreached=unreached, status=status))
        was_unreached = any(isinstance(fault, SourceUnreached) for fault in survey.faults)
        if unreached is None and was_unreached:
            survey.ask_again()

    def take_in(self) -> None:
        """Ask for what was written since the log was read, or again for what had no answer."""
        session, survey = self._screen.session, self._screen.survey
        if session is None:
            return
        if session.news.changed is None and (session.unreached or survey.faults):
            self._screen.notify("asking again")
            survey.ask_again(anew=True)
            self._look_for_news()
        elif session.loading:
            self._screen.notify("the log is still being read")
        elif session.partial:
            self._screen.notify("the log was not read to its end")
        elif session.news == NOTHING_NEW:
            self._screen.in_background(partial(self._take_in_now, session.source), _GROUP)
        else:
            self._screen.post_message(self.NewsAsked())

    async def _take_in_now(self, source: Source) -> None:
        """Look again before it is said that nothing is new: the last look was a moment ago."""
        await self._show_news(source)
        session = self._screen.session
        if session is None or session.source is not source or session.unreached:
            return
        if session.news == NOTHING_NEW:
            self._screen.notify("nothing new was written")
        else:
            self._screen.post_message(self.NewsAsked())

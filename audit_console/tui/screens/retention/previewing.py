"""What retention would delete: days, timeline split at the boundary, what stops it, what goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from audit_console.core.event import parse_time
from audit_console.core.filters import EVERYTHING, FieldName, Filter, equals
from audit_console.core.retention import MAX_DAYS
from audit_console.core.safe_text import safe_text
from audit_console.core.wording import count
from audit_console.search.question import Question
from audit_console.search.timeline import Histogram, histogram
from audit_console.tui.asking import asked
from audit_console.tui.painting import Line, Span, fit, width_of
from audit_console.tui.pruning import Kept, Pruning, chains_to_choose_from, outline
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.widgets.days_slider import DaysSlider
from audit_console.tui.widgets.split_timeline import SplitTimeline
from audit_console.tui.widgets.status_lines import KeyBar, SessionLine, SourceHeader, WholeLog
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.widgets.text_pane import Paragraph, TextPane
from audit_console.tui.wording import moment, size, told

if TYPE_CHECKING:  # Polars comes with them
    from audit_console.retention.preview import Preview
    from audit_console.retention.previewing import Previews

_DAY = timedelta(days=1)
_PANES = ("#headline", "SplitTimeline", "#why", "#what")

SECONDS_UNTIL_SAID = 0.5
"""How long an answer may take without a word; until then the one before stays, dimmed."""

LOOKING = "… what goes by these days is being looked for"
NOTHING = [(Span(" nothing", "muted"),)]
COUNTING = "… by type, user, resource, result and day: being counted"


class PreviewingScreen(ConsoleScreen):
    """A log, a slider of days, and what a prune by these days would delete."""

    def __init__(self, rules: Pruning) -> None:
        """Make the screen.

        Args:
            rules: the policy, and whether anything may be deleted.
        """
        super().__init__()
        self._rules = rules
        self._session: Session | None = None
        self._previews: Previews | None = None
        self._preview: Preview | None = None
        self._asked: Kept | None = None
        self._shown: Kept | None = None
        self._since: Kept | None = None
        self._chains: tuple[str, ...] = ()
        self._chain: str | None = None
        self._comes_soon = False
        self._histogram: Histogram | None = None
        self._problem: Exception | None = None
        self._deleting = ""
        self._deleted = ""

    def compose(self) -> ComposeResult:
        """Make slider, timeline and panes."""
        policy = self._rules.policy
        yield SourceHeader()
        yield DaysSlider(policy.days, policy.floor)
        yield TextLines(id="headline")
        yield SplitTimeline()
        with Horizontal(id="below"):
            yield TextPane(id="why")
            yield TextPane(id="what")
        yield WholeLog()
        yield KeyBar()

    def on_mount(self) -> None:
        """Start on the slider."""
        super().on_mount()
        self.query_one("#why").border_title = "what stops it, and the chain"
        self.query_one(DaysSlider).focus()
        self._begin()

    # --- the session -------------------------------------------------------------

    def show(self, session: Session) -> None:
        """Take in how far a log was read.

        A preview is made once it was read, or at once where its store is asked; then it is
        made again when the log is verified, which may find faults among what goes.
        """
        before, self._session = self._session, session
        if before is None or before.source is not session.source:
            self.drop("preview", "timeline")
            self._preview, self._problem, self._histogram = None, None, None
            self._previews, before = None, None
            self._chains = ()
        if not self.is_mounted:
            return
        for line in self.query(SessionLine):
            line.session = session
        if before is None or before.answers != session.answers:
            self._begin()
        elif before.loading and not session.loading:
            self._ask()

    def _begin(self) -> None:
        session = self._session
        for line in self.query(SessionLine):
            line.session = session
        self._draw()
        if session is not None and session.answers:
            self._reach(session)
            self.call_after_refresh(self._count_again)
            self._ask()

    def on_resize(self) -> None:
        """Count in as many bars as there is room for."""
        self._count_again()

    def _count_again(self) -> None:
        if self._session is not None and self._session.answers:
            self.in_background(self._count, "timeline")

    def _reach(self, session: Session) -> None:
        """Let the slider go so far that nothing is old enough."""
        first = session.status.first
        if first is not None:
            age = (self._rules.clock() - first) // _DAY + 2
            self.query_one(DaysSlider).reach(min(MAX_DAYS, max(0, age)))

    async def _count(self) -> None:
        session = self._session
        if session is None or session.status.first is None or session.status.last is None:
            return
        window = session.status.first, session.status.last
        bars = self.query_one(SplitTimeline).bars_wanted
        chain = Filter((equals(FieldName.CHAIN, self._chain),)) if self._chain else EVERYTHING
        question = Question(session.source, chain)
        try:
            self._histogram = await asked(histogram, question, window, bars)
        except CANNOT_BE_LOOKED_AT as error:
            self._problem = error
            self._draw()
        self._draw_split()

    # --- the preview -------------------------------------------------------------

    @on(DaysSlider.Changed)
    def _on_days_changed(self, event: DaysSlider.Changed) -> None:
        if self._since is not None and self._since.days != event.days:
            self._since = None
        self._want()

    def _want(self) -> None:
        """Preview what is wanted now, if that is not under way."""
        if self._asked == self._kept:
            return
        self._deleted = ""
        self._dim(*_PANES)
        if not self._comes_soon:  # else these days are asked for behind those before
            self._ask()

    @property
    def _kept(self) -> Kept:
        """What stays as the reader wants it: by a date until the slider is moved off its day."""
        days = self.query_one(DaysSlider).days
        return self._since if self._since and self._since.days == days else Kept(days)

    @property
    def _is_current(self) -> bool:
        """Whether the preview is what is wanted, and not one before."""
        return self._preview is not None and self._shown == self._kept

    def _keep_days(self, days: int | None) -> None:
        """Keep so many days, counted from now, also where they were those of a date."""
        if days is not None:
            self._since = None
            self.query_one(DaysSlider).days = days
            self._want()

    def _keep_since(self, moment: datetime | None) -> None:
        """Keep what was recorded from a moment on, and at least the fewest days."""
        if moment is None:
            return
        slider = self.query_one(DaysSlider)
        days = (self._rules.clock() - moment) // _DAY
        slider.days = days
        self._since = Kept(slider.days, moment)
        if slider.days > days:
            self.notify(f"of the last {count(slider.days, 'day')} everything is kept")
        self._want()

    def _take_chain(self, chain: str | None) -> None:
        """Preview another chain of the log."""
        if chain is not None and chain != self._chain:
            self._chain = chain
            self._previews, self._preview = None, None
            self._draw()
            self._ask()

    def _ask(self) -> None:
        if self._session is not None and self._session.answers:
            self.in_background(self._make_preview, "preview")

    async def _make_preview(self) -> None:
        """Say where a prune would end, and then count what goes.

        Days that pass by are shown as fast as their ends are found; only for those at which
        the slider rests is anything counted.
        """
        session = self._session
        if session is None or self._deleting:
            return
        previews = self._previews or await self._begin_previews(session)
        self._asked = None
        while self._asked != self._kept:
            self._asked = self._kept
            await self._outline(previews, session, self._kept)
        if self._preview is not None:
            with self._said_if_it_takes_long(self._say_counting):
                await self._answer(partial(previews.count, self._preview), self._shown)

    async def _begin_previews(self, session: Session) -> Previews:
        from audit_console.retention.previewing import Previews

        with suppress(*CANNOT_BE_LOOKED_AT):  # the outline fails then, and says why
            self._chains = await asked(chains_to_choose_from, session.source)
        if self._chain not in self._chains:
            self._chain = next(iter(self._chains), None)
        if self._chain is not None:
            self._count_again()
            self.update_keys()
        self._previews = Previews(session.source, self._chain)
        return self._previews

    async def _outline(self, previews: Previews, session: Session, kept: Kept) -> None:
        self._comes_soon = True
        try:
            with self._said_if_it_takes_long(self._say_looking):
                await self._answer(partial(outline, previews, session, self._rules, kept), kept)
        finally:
            self._comes_soon = False

    @contextmanager
    def _said_if_it_takes_long(self, say: Callable[[], None]) -> Iterator[None]:
        is_answered = False

        def say_unless_answered() -> None:
            if not is_answered:  # a timer that is stopped may have rung, and not been heard yet
                say()

        timer = self.set_timer(SECONDS_UNTIL_SAID, say_unless_answered)
        try:
            yield
        finally:
            is_answered = True
            timer.stop()

    async def _answer(self, question: Callable[[], Preview], kept: Kept | None) -> None:
        try:
            self._preview, self._problem = await asked(question), None
            self._shown = kept
        except CANNOT_BE_LOOKED_AT as error:
            self._preview, self._problem = None, error
        self._draw()

    def _say_looking(self) -> None:
        self._comes_soon = False
        self._preview, self._problem = None, None
        self._draw()

    def _say_counting(self) -> None:
        self.query_one("#what", TextPane).show([Paragraph(COUNTING, "warn", is_prose=True)])
        self._dim("#what", dim=False)

    def _dim(self, *panes: str, dim: bool = True) -> None:
        """Say of panes that they tell of other days, or that they do not."""
        for pane in panes:
            self.query_one(pane).set_class(dim, "-stale")

    def _draw(self) -> None:
        from audit_console.tui.widgets.section_lines import section_parts

        made = self._preview
        why: list[Paragraph | Line] = []
        what: list[Paragraph | Line] = []
        if made is not None:
            from audit_console.reports.retention import grounds_of, what_goes

            for section in grounds_of(made):
                why += section_parts(section)
            for section in what_goes(made):
                what += section_parts(section)
        if made is None or self._is_current:
            self._dim("#headline", "SplitTimeline", "#why", dim=False)
        self.query_one("#why", TextPane).show(why)
        is_going = made is None or made.can_go
        self.query_one("#what").border_title = "what goes" if is_going else "what is old enough"
        if made is None or made.counted:
            self._dim("#what", dim=False)
            self.query_one("#what", TextPane).show(what if what or made is None else NOTHING)
        self._draw_headline()
        self._draw_split()

    def _draw_headline(self) -> None:
        from audit_console.reports.retention import headline_of

        made = self._preview
        if self._deleting:
            self._say(self._deleting, "warn")
            return
        if made is None:
            self._say(self._standing(), "warn" if self._problem is None else "bad")
            return
        freed = f" · {_freed(made)}" if made.plan else ""
        unsound = " · ✘ it does not verify: it is evidence, and stays" if made.faults else ""
        unknown = " · … not verified yet" if made.plan and made.faults is None else ""
        plan = f" plan {made.plan.sha256}" if made.plan else ""
        standing = (
            Span(f" recorded before {moment(made.cutoff, width=19)} UTC"),
            Span(unsound, "bad"),
            Span(unknown, "warn"),
            Span(self._deleted, "ok"),
        )
        self.query_one("#headline", TextLines).lines = (
            (Span(f" {headline_of(made)}", "warn" if made.plan else "ok"), Span(freed)),
            (*standing, *self._chain_beside(standing)),
            (Span(plan, "muted"),),
        )

    def _chain_beside(self, before: Line) -> Line:
        """Name the chain where there are several; the end of a name tells it from others."""
        if self._chain is None:
            return ()
        label = Span(f" · one of {count(len(self._chains), 'chain')}: ", "muted")
        room = max(1, self.size.width - width_of((*before, label)))
        return (label, Span(fit(safe_text(self._chain), room, keep_end=True), "name"))

    def _standing(self) -> str:
        session = self._session
        if self._problem is not None:
            return told(self._problem)
        if session is not None and session.answers:
            return LOOKING
        if session is not None and session.partial:
            return "the log was not read to its end, so there is no preview"
        return "… the preview stands when the log is read"

    def _say(self, text: str, role: str) -> None:
        self.query_one("#headline", TextLines).lines = ((Span(f" {text}", role),),)

    def _draw_split(self) -> None:
        made, split = self._preview, self.query_one(SplitTimeline)
        if made is None:
            split.show(None, None, 0, 0)
        elif made.plan is None or not made.can_go:
            split.show(self._histogram, None, 0, made.events + made.kept)
        else:
            boundary = parse_time(made.plan.last_recorded_at)
            split.show(self._histogram, boundary, made.events, made.kept)


def _freed(made: Preview) -> str:
    if made.bytes is not None:
        return size(made.bytes)
    return "bytes not known" if made.about_bytes is None else f"about {size(made.about_bytes)}"

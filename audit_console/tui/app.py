"""The app: which log is open, which screen shows. Everything else is in screens and widgets."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType

from audit_console.errors import AuditConsoleError
from audit_console.integrity.verification import Verification
from audit_console.search.reviews import Review
from audit_console.sources.protocol import Source
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.background import begin
from audit_console.tui.belongings import Belongings
from audit_console.tui.environments import mark_of
from audit_console.tui.loader import Load, Opener, Reading, Verifier, verify_alone
from audit_console.tui.messages import (
    LoadCrashed,
    LoadFailed,
    LoadFinished,
    LoadMessage,
    LoadProgressed,
    SourceOpened,
)
from audit_console.tui.palette import Commands, Palette
from audit_console.tui.panes import keys_in_force
from audit_console.tui.pointing import Pointing
from audit_console.tui.pruning import PREVIEWS_ALONE, Pruning
from audit_console.tui.recent import Judged, Places
from audit_console.tui.screens.integrity import IntegrityScreen
from audit_console.tui.screens.investigate.following import Following
from audit_console.tui.screens.investigate.screen import InvestigateScreen
from audit_console.tui.screens.retention.screen import RetentionScreen
from audit_console.tui.screens.sources import SourcesScreen
from audit_console.tui.session import Session
from audit_console.tui.terminal import OnTerminal
from audit_console.tui.toasts import Toasts
from audit_console.tui.typing_ahead import TypingAhead
from audit_console.tui.widgets.rule_line import RuleLine
from audit_console.tui.wording import told

if TYPE_CHECKING:  # dialogs are there when they are needed
    from audit_console.tui.dialogs.verify import Scope


class AuditConsoleApp(Toasts, Pointing, TypingAhead, OnTerminal):
    """The console over one log at a time.

    Args:
        opener: opens places as one log; called on a thread, raises `SourceError`.
        places: what to open at once; none shows the sources.
        kept: what the user keeps beside the logs.
        verifier: reads and judges what was opened, on a thread.
        pruning: by which policy a log is pruned, and whether it may be here.
    """

    TITLE = "audit-console"
    PANE = Pane.APP
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.APP)
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar = {Commands}
    ESCAPE_TO_MINIMIZE = False

    def __init__(
        self,
        opener: Opener,
        *,
        places: Sequence[str] = (),
        kept: Belongings,
        verifier: Verifier = verify_alone,
        pruning: Pruning = PREVIEWS_ALONE,
    ) -> None:
        super().__init__()
        self._opener = opener
        self._verifier = verifier
        self._places = tuple(places)
        self._recent = kept.recent
        self._environments = kept.environments
        self.keymap = kept.keymap
        self._generation = 0
        self._load: Load | None = None
        self._opening: Load | None = None
        self._remembered = 0
        self._reading = Reading.ANOTHER
        self._sources = SourcesScreen(kept)
        self._investigate = InvestigateScreen(kept)
        self._integrity = IntegrityScreen()
        self._retention = RetentionScreen(pruning)

    @property
    def verification(self) -> Verification | None:
        """The result for the log that was open last; of a stopped load a partial one."""
        return None if self._load is None else self._load.verification

    @property
    def error(self) -> AuditConsoleError | None:
        """Why the log that was asked for last could not be read."""
        return load.error if (load := self._opening or self._load) else None

    async def on_mount(self) -> None:
        """Show the first screen and begin to open what was asked for."""
        self.set_keymap(self.keymap.as_bindings())
        self.add_mode("sources", lambda: self._sources)
        self.add_mode("investigate", lambda: self._investigate)
        self.add_mode("integrity", lambda: self._integrity)
        self.add_mode("retention", lambda: self._retention)
        await self.switch_mode("investigate" if self._places else "sources")
        if self._places:
            self._investigate.show_opening(self._places)
            self.open(self._places)

    # --- loads -------------------------------------------------------------------

    def open(self, places: Sequence[str], reading: Reading = Reading.ANOTHER) -> None:
        """Open places as one log; the one on the screen stays until they are a log."""
        if self._opening is not None:
            self._retire(self._opening)
        self._generation += 1
        self._opening = Load(
            self._opener, self._verifier, places, self.post_message, self._generation
        )
        self._reading = reading
        self._investigate.taking_in = reading is Reading.NEWS
        self._opening.start()

    @property
    def _is_busy(self) -> bool:
        """Whether a log is being opened; one that failed to stays for its error."""
        return self._opening is not None and self._opening.error is None

    def _retire(self, load: Load) -> None:
        begin(self, load.close_on_a_thread, group="closing")

    @on(SourceOpened)
    async def _show_opened(self, message: LoadMessage) -> None:
        """Show what is being opened; in the place of anything else once it is known to be a log."""
        opening = self._opening_of(message.generation)
        if opening is None or opening.source is None or self._reading is Reading.NEWS:
            return
        shows_nothing = self._load is None and self.current_mode != "sources"
        if not (shows_nothing or opening.is_a_log):
            if self._reading is Reading.ANOTHER and self._sources.is_mounted:
                self._sources.show_opening(opening.places, opening.source.status.lines)
            return
        session = self._take_over(opening.source)
        if self._reading is Reading.AGAIN:
            self._investigate.reopen(session)
        else:
            await self.switch_mode("investigate")
            self._investigate.open(session)
        self._show_beside(session)

    def _opening_of(self, generation: int) -> Load | None:
        """Give the load that a message is about, if its log is not shown yet."""
        is_opening = self._opening is not None and self._opening.generation == generation
        return self._opening if is_opening else None

    def _take_over(self, source: Source) -> Session:
        """Let the log that was opened take the place of the one before."""
        if self._opening is None:
            raise LookupError("no log is being opened")
        if self._load is not None:
            self._retire(self._load)
        self._load, self._opening = self._opening, None
        places = self._load.places
        mark = mark_of(self._environments, places, source.label)
        return Session(source, source.status, places, mark)

    async def _show_news(self, source: Source, result: Verification) -> None:
        """Show the log as it is now, once it was read and its events are counted."""
        opening = self._opening
        await self._investigate.prepare(source)
        if opening is not self._opening:
            return
        session = replace(self._take_over(source), verification=result)
        self._investigate.follow(session)
        self._show_beside(session)
        self._keep_verdict(session.places, result)

    def _keep_verdict(self, places: Sequence[str], result: Verification) -> None:
        """Keep with a recent source what was found of all of it, and when."""
        is_whole = result.status.complete
        judged = Judged(result.verdict, datetime.now(UTC)) if is_whole else None
        self._remember(places, judged)

    def _remember(self, places: Sequence[str], judged: Judged | None = None) -> None:
        try:
            self._recent.remember(places, judged)
        except AuditConsoleError as error:
            self.notify(str(error), severity="warning")
        if self._sources.is_mounted:
            self._sources.update_recent()

    def _session_of(self, generation: int) -> Session | None:
        """Give the session that a message is about, None for a stale one."""
        is_current = self._load is not None and generation == self._load.generation
        return self._investigate.session if is_current else None

    def _update(self, session: Session) -> None:
        self._investigate.update(session)
        self._show_beside(session)

    def _show_beside(self, session: Session) -> None:
        self._sources.show(session)
        self._integrity.show(session)
        self._retention.show(session)

    @on(LoadProgressed)
    async def _on_load_progressed(self, message: LoadProgressed) -> None:
        await self._show_opened(message)
        if (session := self._session_of(message.generation)) is not None:
            progress = message.progress
            if progress.status.events and self._remembered != message.generation:
                self._remembered = message.generation  # what has no event may be no log
                self._remember(session.places)
            self._update(
                replace(session, status=progress.status, faults=progress.faults, maps=message.maps)
            )

    @on(LoadFinished)
    async def _on_load_finished(self, message: LoadFinished) -> None:
        await self._show_opened(message)
        if (session := self._session_of(message.generation)) is not None:
            status = session.source.status
            self._update(replace(session, status=status, verification=message.verification))
            self._keep_verdict(session.places, message.verification)
            # What a log leaves stays while it is open. To go over it at each look for garbage
            # would stop the screen, 0.1 s at ten million events.
            gc.freeze()
        elif (opening := self._opening_of(message.generation)) and opening.source:
            news = partial(self._show_news, opening.source, message.verification)
            begin(self, news, group="follow", exclusive=True)

    @on(LoadFailed)
    async def _on_load_failed(self, message: LoadFailed) -> None:
        await self._show_opened(message)
        if (session := self._session_of(message.generation)) is not None:
            status = session.source.status
            self._update(replace(session, status=status, error=message.error))
            self.notify(told(message.error), severity="error", timeout=20)
        elif (opening := self._opening_of(message.generation)) is not None:
            self._retire(opening)
            await self._say_not_opened(message.error)

    async def _say_not_opened(self, error: AuditConsoleError) -> None:
        what = "not opened"
        if self._reading is not Reading.ANOTHER:
            what = "not verified again"
            self._opening = None
            self._investigate.taking_in = False
        elif self._load is None or self.current_mode == "sources":
            await self.switch_mode("sources")
            self._sources.show_error(error)
            return
        self.notify(f"{what}: {told(error)}", severity="error", timeout=20)

    @on(LoadCrashed)
    def _on_load_crashed(self, message: LoadCrashed) -> None:
        raise message.error

    # --- what screens ask for ----------------------------------------------------

    @on(SourcesScreen.OpenAsked)
    def _on_open_asked(self, message: SourcesScreen.OpenAsked) -> None:
        self._open_named(message.places)

    def _open_named(self, places: Places, review: Review | None = None) -> None:
        """Open what was named on Sources, for a review or for none."""
        self._investigate.searching.next = review
        self._sources.show_opening(places)
        self.open(places)

    @on(SourcesScreen.GivenUp)
    def _on_given_up(self) -> None:
        if self._opening is not None and self._is_busy and self._reading is Reading.ANOTHER:
            self._retire(self._opening)
            self._opening = None
            self._sources.show_welcome()

    @on(SourcesScreen.ReviewAsked)
    async def _on_review_asked(self, message: SourcesScreen.ReviewAsked) -> None:
        if self._investigate.session is not None:
            await self.switch_mode("investigate")
            self._investigate.searching.review(message.review)
        elif message.places is not None:
            self._open_named(message.places, message.review)
        else:
            self.notify("open a log first: a review is a query on one")

    @on(RuleLine.StopAsked)
    @on(InvestigateScreen.StopAsked)
    @on(IntegrityScreen.StopAsked)
    def _on_stop_asked(self) -> None:
        if self._load is not None:
            self._load.stop()

    @on(Following.NewsAsked)
    def _on_news_asked(self) -> None:
        if self._load is not None and not self._is_busy:
            self.open(self._load.places, Reading.NEWS)

    @on(RetentionScreen.Applied)
    def _on_applied(self) -> None:
        if self._load is not None:
            self.open(self._load.places, Reading.AGAIN)

    @on(IntegrityScreen.FindingAsked)
    async def _on_finding_asked(self, message: IntegrityScreen.FindingAsked) -> None:
        await self.switch_mode("investigate")
        self._investigate.going.to_finding(message.finding)

    @on(IntegrityScreen.EventAsked)
    async def _on_event_asked(self, message: IntegrityScreen.EventAsked) -> None:
        await self.switch_mode("investigate")
        self._investigate.going.to_event(message.event_id)

    @on(IntegrityScreen.QueryAsked)
    async def _on_query_asked(self, message: IntegrityScreen.QueryAsked) -> None:
        await self.switch_mode("investigate")
        query = self._investigate.investigation.read_query(message.text)
        self._investigate.querying.ask(message.text, query)

    # --- actions -----------------------------------------------------------------

    @on(InvestigateScreen.LeaveAsked)
    async def action_sources(self) -> None:
        """Show the sources."""
        await self.switch_mode("sources")
        self._sources.update_recent()
        self._sources.show_welcome()

    @on(RetentionScreen.LeaveAsked)
    @on(IntegrityScreen.LeaveAsked)
    async def action_investigate(self) -> None:
        """Show the open log."""
        if self._load is None and not self._is_busy:
            self.notify("no log is open yet")
            return
        await self.switch_mode("investigate")

    @on(InvestigateScreen.FindingsAsked)
    async def action_integrity(self) -> None:
        """Show what the check says of the open log."""
        await self._switch_if_open("integrity")

    async def action_retention(self) -> None:
        """Show what retention would delete of the open log."""
        await self._switch_if_open("retention")

    async def _switch_if_open(self, mode: str) -> None:
        if self._investigate.session is None:
            self.notify("the log is still opening" if self._is_busy else "no log is open yet")
        else:
            await self.switch_mode(mode)

    def action_verify(self) -> None:
        """Ask how much to verify."""
        from audit_console.tui.dialogs.verify import VerifyDialog

        session = self._investigate.session
        if session is None or session.loading or self._is_busy:
            nothing = session is None and not self._is_busy
            self.notify("no log is open yet" if nothing else "the log is being read")
            return
        self.push_screen(VerifyDialog(self._investigate.investigation.range_text), self._verify)

    async def _verify(self, scope: Scope | None) -> None:
        from audit_console.tui.dialogs.verify import Scope

        if scope is None or self._load is None:
            return
        if scope is Scope.WHOLE and "-" in self._load.places:
            self.notify("what was piped in cannot be read again")
        elif scope is Scope.WHOLE:
            self.open(self._load.places, Reading.AGAIN)
        elif (window := self._investigate.investigation.window) is not None:
            await self.action_integrity()
            self._integrity.verify_range(*window)

    def action_help(self) -> None:
        """Show the keys of what has the focus."""
        from audit_console.tui.dialogs.help import HelpDialog

        self.push_screen(HelpDialog(keys_in_force(self.screen)))

    def action_command_palette(self) -> None:
        """Offer all actions by name."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    async def action_quit(self) -> None:
        """Leave at once, even while loading."""
        self.exit()

    def action_help_quit(self) -> None:
        """Say by which key the program is left, to whoever presses Ctrl+C."""
        self.notify(f"{self.keymap.label_of(Pane.APP, 'quit')} leaves the program")

    def on_unmount(self) -> None:
        """Have a running load hand over what it has, however the program ends."""
        for load in (self._load, self._opening):
            if load is not None:
                load.close()

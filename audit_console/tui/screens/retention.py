"""What retention would delete: days, timeline split at the boundary, what stops it, what goes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message

from audit_console.core.event import parse_time
from audit_console.core.filters import EVERYTHING
from audit_console.core.retention import MAX_DAYS, Limits, PrunePlan
from audit_console.search.question import Question
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.asking import asked
from audit_console.tui.painting import Line, Span
from audit_console.tui.pruning import Pruning
from audit_console.tui.screens.console_screen import HEIGHTS, WIDTHS, ConsoleScreen
from audit_console.tui.screens.export import PREVIEW_FORMS, Export, ExportDialog, stem_of
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.widgets.days_slider import DaysSlider
from audit_console.tui.widgets.split_timeline import SplitTimeline
from audit_console.tui.widgets.status_lines import KeyBar, SessionLine, SourceHeader
from audit_console.tui.widgets.text_lines import TextLines
from audit_console.tui.widgets.text_pane import Paragraph, TextPane
from audit_console.tui.wording import moment, size, told

if TYPE_CHECKING:  # Polars comes with them
    from audit_console.retention.preview import Preview
    from audit_console.search.timeline import Histogram

_DAY = timedelta(days=1)

SECONDS_UNTIL_SAID = 0.2
"""How long a preview may take without a word; until then the one before stays."""

COUNTING = "… what goes by these days is being counted"


class RetentionScreen(ConsoleScreen):
    """A preview of a prune for so many days, and the prune itself where it is allowed."""

    PANE = Pane.RETENTION
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.RETENTION)
    CSS_PATH: ClassVar[str] = "retention.tcss"
    VERTICAL_BREAKPOINTS = HEIGHTS
    HORIZONTAL_BREAKPOINTS = WIDTHS

    class LeaveAsked(Message):
        """The reader wants back to the events."""

    class Applied(Message):
        """Events were deleted, so the log is to be verified again."""

    def __init__(self, rules: Pruning) -> None:
        """Make the screen.

        Args:
            rules: the policy, and whether anything may be deleted.
        """
        super().__init__()
        self._rules = rules
        self._session: Session | None = None
        self._preview: Preview | None = None
        self._previewed_days: int | None = None
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
        yield KeyBar()

    def on_mount(self) -> None:
        """Start on the slider."""
        super().on_mount()
        self.query_one("#why").border_title = "what stops it, and the chain"
        self.query_one("#what").border_title = "what goes"
        self.query_one(DaysSlider).focus()
        self._begin()

    # --- the session -------------------------------------------------------------

    def show(self, session: Session) -> None:
        """Take in how far a log was read; a preview is made once it is."""
        before, self._session = self._session, session
        was_ready = before is not None and not before.loading and before.source is session.source
        if before is None or before.source is not session.source:
            self._preview, self._problem, self._histogram = None, None, None
        if self.is_mounted and not was_ready:
            self._begin()

    def _begin(self) -> None:
        session = self._session
        for line in self.query(SessionLine):
            line.session = session
        self._draw()
        if session is not None and not session.loading and not session.partial:
            self._reach(session)
            self.call_after_refresh(self._count_again)
            self._ask()

    def on_resize(self) -> None:
        """Count in as many bars as there is room for."""
        self._count_again()

    def _count_again(self) -> None:
        session = self._session
        if session is not None and not session.loading and not session.partial:
            self.in_background(self._count, "timeline")

    def _reach(self, session: Session) -> None:
        """Let the slider go so far that nothing is old enough."""
        first = session.status.first
        if first is not None:
            age = (self._rules.clock() - first) // _DAY + 2
            self.query_one(DaysSlider).reach(min(MAX_DAYS, max(0, age)))

    async def _count(self) -> None:
        from audit_console.search.timeline import histogram

        session = self._session
        if session is None or session.status.first is None or session.status.last is None:
            return
        window = session.status.first, session.status.last
        bars = self.query_one(SplitTimeline).bars_wanted
        question = Question(session.source, EVERYTHING)
        try:
            self._histogram = await asked(histogram, question, window, bars)
        except CANNOT_BE_LOOKED_AT as error:
            self._problem = error
        self._draw()

    # --- the preview -------------------------------------------------------------

    @on(DaysSlider.Changed)
    def _on_days_changed(self) -> None:
        self._deleted = ""
        self._ask()

    def _ask(self) -> None:
        session = self._session
        if session is not None and not session.loading and not session.partial:
            self.in_background(self._make_preview, "preview")

    async def _make_preview(self) -> None:
        session = self._session
        if session is None or self._deleting:
            return
        days = self.query_one(DaysSlider).days
        waiting = self.set_timer(SECONDS_UNTIL_SAID, partial(self._say, COUNTING, "warn"))
        try:
            made = await asked(_preview, session, self._rules, days)
        except CANNOT_BE_LOOKED_AT as error:
            self._preview, self._problem = None, error
        else:
            self._preview, self._problem = made, None
        finally:
            waiting.stop()
        self._previewed_days = days
        self._draw()

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
        self.query_one("#why", TextPane).show(why)
        self.query_one("#what", TextPane).show(what)
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
        freed = f" · {size(made.bytes)}" if made.plan and made.bytes is not None else ""
        unsound = " · ✘ it does not verify: it is evidence, and stays" if made.faults else ""
        plan = f" plan {made.plan.sha256}" if made.plan else ""
        self.query_one("#headline", TextLines).lines = (
            (Span(f" {headline_of(made)}", "warn" if made.plan else "ok"), Span(freed)),
            (
                Span(f" recorded before {moment(made.cutoff, width=19)} UTC"),
                Span(unsound, "bad"),
                Span(self._deleted, "ok"),
            ),
            (Span(plan, "muted"),),
        )

    def _standing(self) -> str:
        session = self._session
        if self._problem is not None:
            return told(self._problem)
        if session is not None and session.partial:
            return "the log was not read to its end, so there is no preview"
        if session is None or session.loading:
            return "… the preview stands when the log is read"
        return COUNTING

    def _say(self, text: str, role: str) -> None:
        self.query_one("#headline", TextLines).lines = ((Span(f" {text}", role),),)

    def _draw_split(self) -> None:
        made = self._preview
        boundary: datetime | None = None
        if made is not None and made.plan is not None:
            boundary = parse_time(made.plan.last_recorded_at)
        elif made is not None and made.events:
            boundary = made.cutoff
        goes, stays = (0, 0) if made is None else (made.events, made.kept)
        bars = None if made is None else self._histogram
        self.query_one(SplitTimeline).show(bars, boundary, goes, stays)

    # --- the prune ---------------------------------------------------------------

    def action_apply(self) -> None:
        """Ask for the name of the log, and delete what goes."""
        from audit_console.tui.screens.apply_prune import ApplyDialog

        refusal = self._refusal()
        if refusal is not None or self._preview is None or self._preview.plan is None:
            self.notify(refusal or "nothing goes", severity="warning")
            return
        self.app.push_screen(ApplyDialog(self._preview.plan), self._apply)

    def _refusal(self) -> str | None:
        """Say why nothing can be deleted here."""
        session, made = self._session, self._preview
        if self._deleting:
            return "a prune is under way"
        if session is None or session.verification is None:
            return "the preview stands when the log is read"
        if self._problem is not None:
            return self._standing()
        if made is None or self._previewed_days != self.query_one(DaysSlider).days:
            return "what goes by these days is not counted yet"
        return self._refusal_of(made, session)

    def _refusal_of(self, made: Preview, session: Session) -> str | None:
        if made.plan is None:
            return "nothing goes by these days"
        if made.faults:
            return "what goes does not verify: it is evidence, and stays"
        if self._rules.open_pruner is None or "-" in session.places:
            return "this log is only previewed here"
        return None

    def _apply(self, plan: PrunePlan | None) -> None:
        if plan is not None:
            self._say_step(f"… deleting {plan.events:,} events: what goes is verified first")
            self.in_background(partial(self._delete, plan), "delete")

    async def _delete(self, plan: PrunePlan) -> None:
        session = self._session
        if session is None:
            return
        try:
            await asyncio.to_thread(self._prune, session, plan)
        except CANNOT_BE_LOOKED_AT as error:
            self._deleting = ""
            self._draw()
            self.notify(told(error), severity="error", timeout=20)
            return
        self._deleting = ""
        self._deleted = f" · ✔ {plan.events:,} events were deleted"
        self.post_message(self.Applied())

    def _prune(self, session: Session, plan: PrunePlan) -> None:
        """Delete on this thread, and say each step on the screen, if there still is one."""
        from audit_console.writer.pruning.request import PruneRequest

        rules = self._rules
        if rules.open_pruner is None:
            return
        pruner = rules.open_pruner(session.places, plan.chain)
        request = PruneRequest(actor=rules.actor, reason="retention policy")
        steps = pruner.steps(plan, rules.policy, request, rules.clock())
        for number, step in enumerate(steps, 1):
            self.call_later(self._say_next_step, f"… step {number}: {step}")

    def _say_next_step(self, text: str) -> None:
        if self._deleting and self.query("#headline"):
            self._say_step(text)

    def _say_step(self, text: str) -> None:
        self._deleting = text
        self._say(text, "warn")

    # --- moving and leaving ------------------------------------------------------

    def action_days(self) -> None:
        """Go to the slider."""
        self.query_one(DaysSlider).focus()

    def action_step_back(self) -> None:
        """Go back to the days."""
        self.action_days()

    def action_leave(self) -> None:
        """Go back to the events."""
        self.post_message(self.LeaveAsked())

    # --- files -------------------------------------------------------------------

    def action_export(self) -> None:
        """Ask for a file to write the preview or its plan to."""
        session = self._session
        if session is None or self._preview is None:
            self.notify(self._standing())
            return
        stem = stem_of(session.source.label) + "-retention"
        forms = PREVIEW_FORMS if self._preview.plan else PREVIEW_FORMS[:-1]
        self.app.push_screen(ExportDialog(stem, session.places, forms), self._export)

    def _export(self, export: Export | None) -> None:
        if export is not None and self._preview is not None:
            self.in_background(partial(self._write, export, self._preview), "export")

    async def _write(self, export: Export, made: Preview) -> None:
        from audit_console.reports.retention import RENDERERS
        from audit_console.search.output import write_file

        text = RENDERERS[export.form](made)
        try:
            await asyncio.to_thread(write_file, export.path, [text.encode()])
        except CANNOT_BE_LOOKED_AT as error:
            self.notify(told(error), severity="error")
            return
        self.notify(f"written: {export.path}")


def _preview(session: Session, rules: Pruning, days: int) -> Preview:
    from audit_console.core.holds import read_holds
    from audit_console.integrity.trust import NO_TRUST
    from audit_console.retention.preview import faults_in, preview
    from audit_console.writer.pruning.request import require_valid_holds

    source, verification = session.source, session.verification
    policy = replace(rules.policy, days=days)
    holds = require_valid_holds(read_holds(source.hold_changes()), source.label)
    limits = Limits(policy.cutoff(rules.clock().astimezone(UTC)), policy, holds)
    trust = NO_TRUST if rules.trust is None else rules.trust()
    made = preview(source, limits, trust=trust)
    if made.plan is None or verification is None:
        return made
    return replace(made, faults=tuple(faults_in(verification, made.plan)))

"""What is counted beside the events of a look: timeline, facets, result. Base of Investigate."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from audit_console.core.filters import may_lack
from audit_console.core.query.fields import field_text
from audit_console.errors import SourceUnreached
from audit_console.search.question import Question
from audit_console.search.timeline import histogram
from audit_console.tui.actions import Action, Pane
from audit_console.tui.asking import asked
from audit_console.tui.keymap import keymap_of
from audit_console.tui.results import marked_rows, note_of
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.screens.investigate.completing import KnownValues
from audit_console.tui.screens.investigate.investigation import Investigation
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.session import CANNOT_BE_LOOKED_AT, Session
from audit_console.tui.steps import Look, Step
from audit_console.tui.widgets.event_columns import EventRow
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.result_table import ResultPane, ResultTable
from audit_console.tui.widgets.status_lines import Completeness
from audit_console.tui.widgets.timeline import TimelinePane
from audit_console.tui.wording import told

if TYPE_CHECKING:  # Polars need not be there for the first paint
    from audit_console.search.facets import Facet

NOT_ALL = "not all was answered"
ROWS_BEFORE = "the rows are of the question before"


class SurveyingScreen(ConsoleScreen):
    """A log and the current look at it, with all that is counted of its events.

    Each question goes to a thread. A newer one cancels the wait for an older one, whose
    answer is dropped; what was shown stays, dimmed, until the new answer is there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.investigation = Investigation()
        self.values = KnownValues(self, self.investigation)
        self._result_of: Step | None = None
        self._survey_fault: Exception | None = None
        self._told: str | None = None

    @property
    def session(self) -> Session | None:
        """The log on the screen."""
        return self.investigation.session

    @property
    def look(self) -> Look:
        """What is shown of it."""
        return self.investigation.look

    @property
    def _table(self) -> EventTable:
        return self.query_one(EventTable)

    @property
    def _panes(self) -> Panes:
        return self.query_one(Panes)

    def survey(self) -> None:
        """Count anew what is shown beside the events."""
        if self.session is not None:
            self.in_background(self._survey, "survey")

    async def _survey(self) -> None:
        self._survey_fault = None
        try:
            await self.count_all(self.investigation.question)
        except CANNOT_BE_LOOKED_AT as error:
            self._survey_fault = error
            self.query_one(TimelinePane).dim()
        if self._survey_fault is None:
            self.show_unanswered()
        else:
            self.say_unanswered(self._survey_fault)

    async def count_all(self, question: Question) -> None:
        """Count what is shown beside the events of a question, one thing after the other."""
        if self.look.stages:
            await self._show_result(question)
        await self._count_over_time(question)
        await self._count_lacking(question)
        if self._panes.has_facets:
            await self._count_facets(question)

    async def _count_facets(self, question: Question) -> None:
        from audit_console.search.facets import facet

        pane, window = self.query_one(FacetsPane), self.investigation.window
        if window is None:
            return
        found: list[Facet] = []
        for field in pane.fields:
            work = partial(facet, question, field, window, counted=pane.is_open(field))
            try:
                found.append(await asked(work))
            except CANNOT_BE_LOOKED_AT as error:
                pane.show_failed(field, str(error))
                self._survey_fault = error
                continue
            pane.show(found[-1])
        await self.values.keep(found)

    async def _count_over_time(self, question: Question) -> None:
        timeline, window = self.query_one(TimelinePane), self.investigation.window
        if window is None or not timeline.size.width:
            return
        timeline.dim()
        bars = await asked(histogram, question, window, timeline.bars_wanted)
        timeline.show(bars, partial=self.investigation.is_partial)

    async def _show_result(self, question: Question) -> None:
        pane = self.query_one(ResultPane)
        pane.dim()
        step, look = self.investigation.steps.current, self.look
        frame = await asked(question.tally, *look.stages)
        key = keymap_of(self).label_of(Pane.RESULT, "choose")
        note = note_of(look, frame, key, partial=self.investigation.is_partial)
        pane.show(frame, marked_rows(look, frame), note, self.cell_of_result)
        self._result_of = step

    @property
    def cell_of_result(self) -> tuple[int, int]:
        """Row and column under the cursor, or where the result was left if it is not shown yet."""
        step = self.investigation.steps.current
        return self.query_one(ResultTable).cell if step is self._result_of else step.place.cell

    async def _count_lacking(self, question: Question) -> None:
        counts: list[tuple[str, int]] = []
        for field in may_lack(question.where):
            rows = await asked(question.count_without, field)
            counts.append((field_text(field), rows))
        self.query_one(Completeness).lacking = tuple(counts)

    def events_in_sight(self) -> bool:
        """Tell whether events are shown, and say so where they are not."""
        if self.look.stages:
            key = keymap_of(self).label_of(Pane.RESULT, "choose")
            self.notify(f"these are counts: {key} shows the events behind a row")
        return not self.look.stages

    def offers(self, action: Action) -> bool:
        """Offer nothing about an event over counts."""
        return not (action.of_event and self.look.stages)

    def event_in_sight(self) -> EventRow | None:
        """Give the selected event; where none is in sight, say why."""
        if not self.events_in_sight():
            return None
        row = self._table.selected
        if row is None:
            waits = self._table.row_count > 0
            self.notify("the event is not there yet" if waits else "no event is selected")
        return row

    # --- what has no answer ------------------------------------------------------

    @property
    def _faults(self) -> list[Exception]:
        return [*filter(None, (self._table.fault, self._survey_fault))]

    @property
    def has_unanswered(self) -> bool:
        """Whether what was asked of the current look has no answer, and none is to come."""
        return bool(self._faults)

    @property
    def was_unreached(self) -> bool:
        """Whether it has none because the log was not reached."""
        return any(isinstance(fault, SourceUnreached) for fault in self._faults)

    def ask_again(self, *, anew: bool = False) -> None:
        """Ask again for what has no answer.

        Args:
            anew: because the reader wants it, who is then told of a failure again.
        """
        if anew:
            self._told = None
        if self._table.fault is not None:
            self._table.refresh_rows()
        if self._survey_fault is not None and not self.works_on("survey"):
            self.survey()

    def say_unanswered(self, error: Exception) -> None:
        """Say why there is no answer, each reason once until there is one or it is asked for."""
        self.show_unanswered()
        if str(error) != self._told:
            self._told = str(error)
            key = keymap_of(self).label_of(Pane.INVESTIGATE, "take_in")
            hint = "" if isinstance(error, SourceUnreached) else getattr(error, "hint", "")
            text = f"{error}: press {key} to ask again. {hint}".rstrip(". ")
            self.notify(text, severity="error")

    def show_unanswered(self) -> None:
        """Say as long as it is so that rows or numbers are not those asked for."""
        if not self.has_unanswered:
            self._told = None
        shown = ROWS_BEFORE if self._table.stale else NOT_ALL
        self.query_one(Completeness).unanswered = shown if self.has_unanswered else ""

    # --- talk --------------------------------------------------------------------

    def say(self, error: Exception) -> None:
        """Say in one line what went wrong and what to do."""
        self.notify(told(error), severity="error")

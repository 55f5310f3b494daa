"""What is counted beside the events of a look: timeline, facets, result."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from audit_console.core.filters import may_lack
from audit_console.core.query.fields import field_text
from audit_console.errors import SourceUnreached
from audit_console.search.question import Question
from audit_console.search.timeline import histogram
from audit_console.tui.actions import Pane
from audit_console.tui.asking import asked
from audit_console.tui.keymap import keymap_of
from audit_console.tui.results import marked_rows, note_of
from audit_console.tui.screens.console_screen import ConsoleScreen
from audit_console.tui.screens.investigate.completing import KnownValues
from audit_console.tui.screens.investigate.investigation import Investigation
from audit_console.tui.screens.investigate.offering import Offer
from audit_console.tui.screens.investigate.panes import Panes
from audit_console.tui.session import CANNOT_BE_LOOKED_AT
from audit_console.tui.steps import Step
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.result_table import ResultPane, ResultTable
from audit_console.tui.widgets.status_lines import Completeness
from audit_console.tui.widgets.timeline import TimelinePane

if TYPE_CHECKING:  # Polars need not be there for the first paint
    from audit_console.search.facets import Facet

NOT_ALL = "not all was answered"
ROWS_BEFORE = "the rows are of the question before"

_GROUP = "survey"


class Survey:
    """Counts what the panes show of the events of the current look, and says what has no answer.

    Each question goes to a thread. A newer one cancels the wait for an older one, whose
    answer is dropped; what was shown stays, dimmed, until the new answer is there.
    """

    def __init__(
        self,
        screen: ConsoleScreen,
        investigation: Investigation,
        values: KnownValues,
        offer: Offer,
    ) -> None:
        self._screen = screen
        self._investigation = investigation
        self._values = values
        self._offer = offer
        self._result_of: Step | None = None
        self._fault: Exception | None = None
        self._told: str | None = None

    def begin(self) -> None:
        """Count anew what is shown beside the events."""
        if self._investigation.session is not None:
            self._screen.in_background(self._count, _GROUP)

    async def _count(self) -> None:
        self._fault = None
        try:
            await self._count_all(self._investigation.question)
        except CANNOT_BE_LOOKED_AT as error:
            self._fault = error
            self._screen.query_one(TimelinePane).dim()
        if self._fault is None:
            self.show_unanswered()
        else:
            self.say_unanswered(self._fault)

    async def _count_all(self, question: Question) -> None:
        """Count one thing after the other, what is most wanted first."""
        await self._offer.count(question)
        if self._investigation.look.stages:
            await self._count_result(question)
        await self._count_over_time(question)
        await self._count_lacking(question)
        if self._screen.query_one(Panes).has_facets:
            await self._count_facets(question)

    async def _count_result(self, question: Question) -> None:
        pane = self._screen.query_one(ResultPane)
        pane.dim()
        step = self._investigation.steps.current
        look = step.look
        frame = await asked(question.tally, *look.stages)
        key = keymap_of(self._screen).label_of(Pane.RESULT, "choose")
        note = note_of(look, frame, key, partial=self._investigation.is_partial)
        pane.show(frame, marked_rows(look, frame), note, self.cell_of_result)
        self._result_of = step

    @property
    def cell_of_result(self) -> tuple[int, int]:
        """Row and column under the cursor, or where the result was left if it is not shown yet."""
        step = self._investigation.steps.current
        is_shown = step is self._result_of
        return self._screen.query_one(ResultTable).cell if is_shown else step.place.cell

    async def _count_over_time(self, question: Question) -> None:
        timeline, window = self._screen.query_one(TimelinePane), self._investigation.window
        if window is None:
            timeline.clear()
            return
        timeline.dim()
        if not timeline.size.width:  # it asks for its bars when it comes in sight
            return
        bars = await asked(histogram, question, window, timeline.bars_wanted)
        timeline.show(bars, partial=self._investigation.is_partial)

    async def _count_lacking(self, question: Question) -> None:
        counts: list[tuple[str, int]] = []
        for field in may_lack(question.where):
            rows = await asked(question.count_without, field)
            counts.append((field_text(field), rows))
        self._screen.query_one(Completeness).lacking = tuple(counts)

    async def _count_facets(self, question: Question) -> None:
        from audit_console.search.facets import facet

        pane, window = self._screen.query_one(FacetsPane), self._investigation.window
        if window is None:
            pane.clear()
            return
        found: list[Facet] = []
        for field in pane.fields:
            work = partial(facet, question, field, window, counted=pane.is_open(field))
            try:
                found.append(await asked(work))
            except CANNOT_BE_LOOKED_AT as error:
                pane.show_failed(field, str(error))
                self._fault = error
                continue
            pane.show(found[-1])
        await self._values.keep(found)

    # --- what has no answer ------------------------------------------------------

    @property
    def _table(self) -> EventTable:
        return self._screen.query_one(EventTable)

    @property
    def faults(self) -> list[Exception]:
        """Why what was asked of the current look has no answer, and none is to come."""
        return [*filter(None, (self._table.fault, self._fault))]

    def ask_again(self, *, anew: bool = False) -> None:
        """Ask again for what has no answer.

        Args:
            anew: because the reader wants it, who is then told of a failure again.
        """
        if anew:
            self.tell_again()
        if self._table.fault is not None:
            self._table.refresh_rows()
        if self._fault is not None and not self._screen.works_on(_GROUP):
            self.begin()

    def tell_again(self) -> None:
        """Have the reader told of a failure, though of the same one, once more."""
        self._told = None

    def say_unanswered(self, error: Exception) -> None:
        """Say why there is no answer, each reason once until there is one or it is asked for."""
        self.show_unanswered()
        if str(error) != self._told:
            self._told = str(error)
            key = keymap_of(self._screen).label_of(Pane.INVESTIGATE, "take_in")
            hint = "" if isinstance(error, SourceUnreached) else getattr(error, "hint", "")
            text = f"{error}: press {key} to ask again. {hint}".rstrip(". ")
            self._screen.notify(text, severity="error")

    def show_unanswered(self) -> None:
        """Say as long as it is so that rows or numbers are not those asked for."""
        shown = ""
        if self.faults:
            shown = ROWS_BEFORE if self._table.stale else NOT_ALL
        else:
            self._told = None
        self._screen.query_one(Completeness).unanswered = shown

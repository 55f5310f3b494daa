"""The list of recent sources: where each is, and what was found there last."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Resize

from audit_console.core.safe_text import safe_text
from audit_console.tui.environments import Environment, mark_of
from audit_console.tui.painting import Line, Span, fit, width_of
from audit_console.tui.recent import Judged, RecentSource
from audit_console.tui.widgets.line_list import LineList
from audit_console.tui.wording import VERDICTS, minute

NO_RECENT = (Span(" none yet · audit-console demo opens a made-up log", "muted"),)

LEAST_OF_PLACES = 24
"""Cells of the places that are worth more than a verdict of an earlier time."""


class RecentList(LineList):
    """Shows recent sources; the verdict of each at its right, never without its time."""

    def __init__(self, environments: Sequence[Environment]) -> None:
        super().__init__(id="recent")
        self._environments = environments
        self.sources: Sequence[RecentSource] = ()

    def show(self, sources: Sequence[RecentSource]) -> None:
        """Show other sources."""
        self.sources = sources
        self._lay_out()

    @property
    def selected(self) -> RecentSource | None:
        """The source under the cursor; None on an empty list."""
        return self.sources[self.cursor] if self.cursor < len(self.sources) else None

    def on_resize(self, event: Resize) -> None:
        """Lay out anew."""
        super().on_resize(event)
        self._lay_out()

    def _lay_out(self) -> None:
        self.set_lines([self._line(one) for one in self.sources] or [NO_RECENT])

    def _line(self, source: RecentSource) -> Line:
        mark = mark_of(self._environments, source.places)
        places, verdict = f" {safe_text('  '.join(source.places))}", _verdict_line(source.judged)
        room = self.scrollable_content_region.width - width_of((*mark, *verdict))
        if room < LEAST_OF_PLACES:
            return (*mark, Span(places))
        return (*mark, Span(fit(places, room, keep_end=True)), *verdict)


def _verdict_line(judged: Judged | None) -> Line:
    if judged is None:
        return ()
    return (Span(" "), VERDICTS[judged.verdict], Span(f" of {minute(judged.at)} ", "muted"))

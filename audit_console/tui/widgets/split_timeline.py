"""The events over time, split where a prune would end."""

from __future__ import annotations

from datetime import datetime

from textual.strip import Strip

from audit_console.core.wording import all_stay
from audit_console.search.timeline import Histogram
from audit_console.tui.painting import Line, LinePainter, Span
from audit_console.tui.wording import moment, number

MARGIN = 1
_BLOCKS = " ▁▂▃▄▅▆▇█"


class SplitTimeline(LinePainter):
    """Bars of all events; below them what goes and what stays, in words and by two rules."""

    def __init__(self) -> None:
        super().__init__()
        self._histogram: Histogram | None = None
        self._boundary: datetime | None = None
        self._amounts = (0, 0)
        self._lines: list[Line] = []

    @property
    def bars_wanted(self) -> int:
        """How many bars there is room for."""
        return max(2, self.size.width - 2 * MARGIN)

    def show(
        self, histogram: Histogram | None, boundary: datetime | None, goes: int, stays: int
    ) -> None:
        """Show bars.

        Args:
            histogram: of all events; None while they are counted.
            boundary: time of the last event that goes; None if nothing does.
            goes: how many events go.
            stays: how many stay.
        """
        self._histogram, self._boundary, self._amounts = histogram, boundary, (goes, stays)
        self._draw()

    def on_resize(self) -> None:
        """Draw anew."""
        self._draw()

    def _draw(self) -> None:
        """Draw all lines, once for each preview and size."""
        self._lines = []
        if self._histogram is not None and self._histogram.bars:
            self._lines = split_lines(
                self._histogram, self._boundary, self._amounts, self.size.height, self.bars_wanted
            )
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        line = self._lines[y] if y < len(self._lines) else ()
        return self.paint((Span(" " * MARGIN), *line), self.size.width)


def split_lines(
    histogram: Histogram,
    boundary: datetime | None,
    amounts: tuple[int, int],
    height: int,
    width: int,
) -> list[Line]:
    """Draw bars, the rule that parts them, and the words below it."""
    wide = max(1, min(8, width // len(histogram.bars)))
    split = 0 if boundary is None else histogram.index_of(boundary) * wide
    extent = len(histogram.bars) * wide
    bars = [
        _bar_line(histogram, row, max(1, height - 2), wide, split)
        for row in range(max(1, height - 2))
    ]
    return [*bars, _rule(split, extent), _words(boundary, amounts)]


def _bar_line(histogram: Histogram, row: int, rows: int, wide: int, split: int) -> Line:
    highest = max(1, histogram.highest)
    cells = []
    for bar in histogram.bars:
        levels = max(1, round(bar.total / highest * rows * 8)) if bar.total else 0
        cells.append(_BLOCKS[max(0, min(8, levels - 8 * (rows - 1 - row)))] * wide)
    text = "".join(cells)
    return (Span(text[:split], "bad"), Span(text[split:], "ok"))


def _rule(split: int, extent: int) -> Line:
    if not split:
        return (Span("━" * extent, "ok"),)
    return (Span("╌" * split, "bad"), Span("┻", "heading"), Span("━" * (extent - split - 1), "ok"))


def _words(boundary: datetime | None, amounts: tuple[int, int]) -> Line:
    goes, stays = amounts
    if boundary is None:
        return (Span(f"━ {all_stay(stays)}", "ok"),)
    return (
        Span(f"╌ {number(goes)} {'goes' if goes == 1 else 'go'}", "bad"),
        Span(f"  ┻ {moment(boundary, width=19)} UTC  ", "heading"),
        Span(f"━ {number(stays)} {'stays' if stays == 1 else 'stay'}", "ok"),
    )

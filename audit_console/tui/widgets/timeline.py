"""The events over time: bars by result, a brush over them, and what stands out."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Blur, Click, Focus, MouseDown, MouseEvent, MouseMove, MouseUp, Resize
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from audit_console.search.timeline import Histogram
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.painting import Line, LinePainter, Span
from audit_console.tui.widgets.timeline_bars import axis_line, bar_column, bar_mark, span_line

MARGIN = 1
WIDEST_BAR = 8


class Brush(NamedTuple):
    """Bars from an anchor to another, either way round; `is_open` while it follows the cursor."""

    anchor: int
    other: int
    is_open: bool

    @property
    def first(self) -> int:
        """The earliest bar."""
        return min(self.anchor, self.other)

    @property
    def last(self) -> int:
        """The latest bar."""
        return max(self.anchor, self.other)


class TimelinePane(LinePainter, can_focus=True):
    """Shows a histogram over its whole height: bars, marks below them and an axis.

    On two lines the marks go, on one the axis too. While the pane has the focus, the
    axis tells of the bar under the cursor, or of the brush.
    """

    PANE = Pane.TIMELINE
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.TIMELINE)
    DEFAULT_CSS = "TimelinePane { height: 5; }"

    cursor: reactive[int] = reactive(0)
    brush: reactive[Brush | None] = reactive(None)

    class RangeAsked(Message):
        """The reader wants the events from `start` on and before `end`; None is no end."""

        def __init__(self, start: datetime, end: datetime | None) -> None:
            super().__init__()
            self.start = start
            self.end = end

    class CloseAsked(Message):
        """The reader wants back to the table."""

    class Resized(Message):
        """There is room for another number of bars, or for those that were not in sight."""

        def __init__(self, bars: int) -> None:
            super().__init__()
            self.bars = bars

    def __init__(self) -> None:
        super().__init__()
        self._histogram: Histogram | None = None
        self._partial = False
        self._rows: list[list[Span]] = []
        self._wanted = 0
        self._dragged_from: int | None = None
        self._note = ""

    # --- what it shows -----------------------------------------------------------

    @property
    def histogram(self) -> Histogram | None:
        """The bars shown."""
        return self._histogram

    @property
    def bars_wanted(self) -> int:
        """How many bars there is room for."""
        return max(1, self.size.width - 2 * MARGIN)

    def show(self, histogram: Histogram, *, partial: bool) -> None:
        """Show other bars; cursor and brush stay on their times.

        Args:
            histogram: what to show.
            partial: whether there is more to be read, so that the numbers will grow.
        """
        before, self._histogram = self._histogram, histogram
        self._partial = partial
        self._note = ""
        self.remove_class("-stale")
        self.brush = _moved(self.brush, before, histogram)
        self.cursor = _place(self.cursor, before, histogram)
        self._draw()

    def dim(self) -> None:
        """Say that the bars answer an earlier question, until others are shown."""
        self.add_class("-stale")

    def clear(self) -> None:
        """Show nothing."""
        self._histogram = None
        self.remove_class("-stale")
        self.brush = None
        self.cursor = 0
        self._draw()

    # --- drawing -----------------------------------------------------------------

    @property
    def _bar_width(self) -> int:
        bars = len(self._histogram.bars) if self._histogram else 1
        return max(1, min(WIDEST_BAR, self.bars_wanted // max(1, bars)))

    @property
    def _has_axis(self) -> bool:
        return self.size.height > 1

    def _draw(self) -> None:
        """Draw bars and marks as cells, once for each histogram and height."""
        self._rows = []
        height = self.size.height - self._has_axis
        if self._histogram and self._histogram.bars and height > 0:
            has_marks = height > 1
            bars, highest = self._histogram.bars, self._histogram.highest
            columns = [bar_column(bar, highest, height - has_marks) for bar in bars]
            self._rows = [list(row) for row in zip(*columns, strict=True)]
            if has_marks:
                bursts = set(self._histogram.bursts)
                marks = (bar_mark(bar, is_burst=at in bursts) for at, bar in enumerate(bars))
                self._rows.append(list(marks))
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        """Draw anew, and tell how many bars there is room for, if those shown are not the ones."""
        del event
        self._draw()
        if self._wanted != self.bars_wanted or self.has_class("-stale"):
            self._wanted = self.bars_wanted
            self.post_message(self.Resized(self._wanted))

    def on_focus(self, event: Focus) -> None:
        """Show the cursor."""
        del event
        self.refresh()

    def on_blur(self, event: Blur) -> None:
        """Hide the cursor, and what was said of it."""
        del event
        self._note = ""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        if self._has_axis and y == self.size.height - 1:
            return self.paint((Span(" " * MARGIN), *self._axis()), self.size.width)
        if y >= len(self._rows):
            return Strip.blank(self.size.width, self.base_style)
        base, width = self.base_style, self._bar_width
        is_mark = y > 0 and y == self.size.height - 2
        texts = (
            cell.text.center(width) if is_mark else cell.text * width for cell in self._rows[y]
        )
        roles = zip((cell.role for cell in self._rows[y]), self._laid_over(), strict=True)
        # Bars that look the same are one segment: each is copied several times on its way.
        segments = [
            Segment("".join(text for text, _ in run), self._style_of(*look))
            for look, run in groupby(zip(texts, roles, strict=True), key=itemgetter(1))
        ]
        strip = Strip([Segment(" " * MARGIN, base), *segments])
        return strip.adjust_cell_length(self.size.width, base)

    def _laid_over(self) -> list[str]:
        """Give the role of cursor or brush for each bar, empty where neither is."""
        bars = len(self._histogram.bars) if self._histogram else 0
        brush = self.brush
        roles = [""] * bars
        if brush is not None:
            roles[brush.first : brush.last + 1] = ["chip"] * (brush.last + 1 - brush.first)
        if bars and self.has_focus:
            roles[self.cursor] = "chip-cursor"
        return roles

    def _style_of(self, role: str, over: str) -> Style:
        """Give the style of a bar under cursor or brush; colours of results stay."""
        style = self.base_style + self.role_style(role) + self.role_style(over)
        return style + self.role_style(role) if over and role in {"bad", "warn"} else style

    def _axis(self) -> Line:
        found = self._histogram
        if found is None or not found.bars:
            return ()
        if self._note:
            return (Span(self._note, "warn"),)
        if self.brush:
            return span_line(found, self.brush.first, self.brush.last, "brush")
        if self.has_focus:
            return span_line(found, self.cursor, self.cursor, "bar")
        extent = len(found.bars) * self._bar_width
        return axis_line(found, extent, self.bars_wanted, partial=self._partial)

    # --- the cursor and the brush ------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a bar."""
        last = len(self._histogram.bars) - 1 if self._histogram else 0
        return max(0, min(cursor, last))

    def _move_to(self, number: int) -> None:
        self._note = ""
        self.cursor = number
        if self.brush and self.brush.is_open:
            self.brush = self.brush._replace(other=self.cursor)

    def _widen(self, step: int) -> None:
        """Move the end of the brush that is at the cursor, else begin one here."""
        brush = self.brush
        if brush is None or self.cursor != brush.other:
            brush = Brush(self.cursor, self.cursor, is_open=False)
        self._move_to(self.cursor + step)
        if self._histogram:
            self.brush = brush._replace(other=self.cursor)

    def action_earlier(self) -> None:
        """Move one bar to the left."""
        self._move_to(self.cursor - 1)

    def action_later(self) -> None:
        """Move one bar to the right."""
        self._move_to(self.cursor + 1)

    def action_first(self) -> None:
        """Move to the first bar."""
        self._move_to(0)

    def action_last(self) -> None:
        """Move to the last bar."""
        self._move_to(len(self._histogram.bars) - 1 if self._histogram else 0)

    def action_brush_earlier(self) -> None:
        """Brush one bar to the left."""
        self._widen(-1)

    def action_brush_later(self) -> None:
        """Brush one bar to the right."""
        self._widen(1)

    def action_brush(self) -> None:
        """Begin a brush here, or end the one that follows the cursor."""
        if self.brush and self.brush.is_open:
            self.brush = self.brush._replace(is_open=False)
        elif self._histogram:
            self.brush = Brush(self.cursor, self.cursor, is_open=True)

    def action_drop_brush(self) -> None:
        """Drop the brush; without one, ask to leave."""
        if self.brush is None:
            self.post_message(self.CloseAsked())
        self.brush = None

    def action_zoom_in(self) -> None:
        """Ask for the time of the brush, else of the bar under the cursor."""
        if not self._histogram or not self._histogram.bars:
            return
        brush = self.brush or Brush(self.cursor, self.cursor, is_open=False)
        self.post_message(self.RangeAsked(*self._histogram.span(brush.first, brush.last)))
        self.brush = None

    def action_next_burst(self) -> None:
        """Move to the next bar that stands out."""
        if self._histogram:
            self._go_to_burst(self._histogram.next_burst(self.cursor), "later", "earlier")

    def action_previous_burst(self) -> None:
        """Move to the bar before that stands out."""
        if self._histogram:
            self._go_to_burst(self._histogram.previous_burst(self.cursor), "earlier", "later")

    def _go_to_burst(self, burst: int | None, where: str, elsewhere: str) -> None:
        """Move there; where no bar stands out that way, say how many do the other way."""
        if burst is not None:
            self._move_to(burst)
        elif self._histogram:
            others = sum(one != self.cursor for one in self._histogram.bursts)
            self._note = f"no {where} bar stands out"
            self._note += f" · {others:,} {elsewhere}" if others else ""
            self.refresh()

    # --- the mouse ---------------------------------------------------------------

    def _bar_at(self, event: MouseEvent) -> int:
        x = event.get_content_offset_capture(self).x
        return self.validate_cursor((x - MARGIN) // self._bar_width)

    def on_mouse_down(self, event: MouseDown) -> None:
        """Move under the pointer, and begin to brush."""
        if event.button != 1 or not self._histogram:
            return
        self.brush = None
        self._dragged_from = self._bar_at(event)
        self._move_to(self._dragged_from)
        self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Brush up to the pointer."""
        if self._dragged_from is None:
            return
        self._move_to(self._bar_at(event))
        if self.brush or self.cursor != self._dragged_from:
            self.brush = Brush(self._dragged_from, self.cursor, is_open=False)

    def on_mouse_up(self, event: MouseUp) -> None:
        """End the brush."""
        del event
        if self._dragged_from is not None:
            self._dragged_from = None
            self.release_mouse()

    def on_click(self, event: Click) -> None:
        """Zoom in where it was clicked twice."""
        if event.chain == 2:
            self.action_zoom_in()


def _place(number: int, before: Histogram | None, now: Histogram) -> int:
    """Find the bar with the time of a bar of another histogram."""
    if before is None or not before.bars:
        return number
    return now.index_of(before.bars[min(number, len(before.bars) - 1)].start)


def _moved(brush: Brush | None, before: Histogram | None, now: Histogram) -> Brush | None:
    """Keep a brush while bars of the same length are shown."""
    if brush is None or before is None or before.every != now.every:
        return None
    anchor, other = (_place(number, before, now) for number in (brush.anchor, brush.other))
    return brush._replace(anchor=anchor, other=other)

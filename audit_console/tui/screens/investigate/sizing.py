"""How large the panes are: as their styles say, until the reader moves a border.

Base of Investigate.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from textual.events import MouseDown, MouseMove, MouseUp, Resize
from textual.geometry import Offset, Size
from textual.widget import Widget

from audit_console.tui.belongings import Belongings
from audit_console.tui.screens.investigate.faceting import ROOM_FOR_BOTH, FacetingScreen
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.timeline import TimelinePane

ROOM_BESIDE = 160
"""Cells from which on the detail stands to the right of the events; in fewer, below them."""

LINES_FOR_A_CHOICE = 24
"""In fewer, the timeline has the lines that are left."""

Axis = Literal["width", "height"]


class Border(NamedTuple):
    """Sets the size of a pane along an axis: from so many cells up to a part of the screen."""

    pane: type[Widget]
    axis: Axis
    least: int
    most: float
    step: int

    def of(self, size: Size) -> int:
        """Give the cells of a size that it is about."""
        return size.width if self.axis == "width" else size.height

    def within(self, cells: int, screen: Size) -> int:
        """Give the nearest number of cells that leaves the events their part of the screen."""
        return max(self.least, min(cells, int(self.most * self.of(screen))))

    def up_to(self, at: Offset, pane: Widget) -> int:
        """Count the cells that the pane has when its border is there."""
        if self.pane is FacetsPane:
            return at.x - pane.region.x + 1
        return pane.region.right - at.x if self.axis == "width" else pane.region.bottom - at.y


FACETS = Border(FacetsPane, "width", least=20, most=0.4, step=4)
TIMELINE = Border(TimelinePane, "height", least=2, most=0.25, step=1)
DETAIL_BELOW = Border(DetailPane, "height", least=4, most=0.5, step=1)
DETAIL_BESIDE = Border(DetailPane, "width", least=30, most=0.4, step=4)


def borders_in(screen: Size) -> list[Border]:
    """Give those that can be moved in a terminal of that size, the innermost pane first."""
    borders = []
    if screen.width >= ROOM_FOR_BOTH:
        borders += [DETAIL_BESIDE if screen.width >= ROOM_BESIDE else DETAIL_BELOW, FACETS]
    return borders + [TIMELINE] * (screen.height >= LINES_FOR_A_CHOICE)


class SizingScreen(FacetingScreen):
    """A look whose panes the reader makes larger or smaller; the events have what is left."""

    def __init__(self, kept: Belongings) -> None:
        super().__init__(kept)
        self._cells: dict[Border, int] = {}
        self._held: Border | None = None

    def on_resize(self, event: Resize) -> None:
        """Keep the sizes that were set, as far as there is room."""
        self._lay_out(event.size)

    def action_larger(self) -> None:
        """Give the pane that has the focus more room."""
        self._step(1)

    def action_smaller(self) -> None:
        """Give the pane that has the focus less room."""
        self._step(-1)

    def action_sizes_back(self) -> None:
        """Give each pane the room that it had at first."""
        self._cells.clear()
        self._lay_out(self.size)

    def _step(self, sign: int) -> None:
        """Move the border of the pane that has the focus; of the events, that of the next one."""
        borders = self._borders_in_sight()
        for border in borders:
            if isinstance(self.focused, border.pane):
                self._move(border, sign)
                return
        if borders:
            self._move(borders[0], -sign)
        else:
            self.notify("no pane here can be made larger or smaller")

    def _move(self, border: Border, sign: int) -> None:
        shown = border.of(self.query_one(border.pane).outer_size)
        before = border.within(self._cells.get(border, shown), self.size)  # keys outrun the layout
        if self._resize(border, before + sign * border.step) == before:
            self.notify("there is no more room")

    def _borders_in_sight(self) -> list[Border]:
        return [each for each in borders_in(self.size) if self.query_one(each.pane).display]

    def _resize(self, border: Border, cells: int) -> int:
        """Give a pane so many cells, or as many as it can have; tell how many that is."""
        self._cells[border] = border.within(cells, self.size)
        self._lay_out(self.size)
        return self._cells[border]

    def _lay_out(self, screen: Size) -> None:
        usable = borders_in(screen)
        for border in (FACETS, TIMELINE, DETAIL_BELOW, DETAIL_BESIDE):
            cells = self._cells.get(border) if border in usable else None
            fixed = None if cells is None else border.within(cells, screen)
            _fix(self.query_one(border.pane), border.axis, fixed)

    # --- the mouse ---------------------------------------------------------------

    def on_mouse_down(self, event: MouseDown) -> None:
        """Take hold of a border."""
        self._held = self._border_under(event.screen_offset)
        if self._held is not None:
            self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Take the border along."""
        if self._held is not None:
            pane = self.query_one(self._held.pane)
            self._resize(self._held, self._held.up_to(event.screen_offset, pane))

    def on_mouse_up(self, event: MouseUp) -> None:
        """Let go of it."""
        del event
        if self._held is not None:
            self._held = None
            self.release_mouse()

    def _border_under(self, at: Offset) -> Border | None:
        """Find what is set by the border that stands there; the timeline has none."""
        for border in self._borders_in_sight():
            pane = self.query_one(border.pane)
            is_at_border = border.up_to(at, pane) == border.of(pane.outer_size)
            if border is not TIMELINE and is_at_border and pane.region.contains_point(at):
                return border
        return None


def _fix(pane: Widget, axis: Axis, cells: int | None) -> None:
    """Give a pane a size, also beyond the bounds in its styles; None leaves it to them."""
    for rule in (axis, f"min_{axis}", f"max_{axis}"):
        setattr(pane.styles, rule, cells)

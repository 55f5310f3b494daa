"""Borders between the panes of Investigate: what each of them sizes, and how far it can go."""

from __future__ import annotations

from typing import Literal, NamedTuple

from textual.geometry import Offset, Size
from textual.widget import Widget

from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.timeline import TimelinePane

ROOM_FOR_BOTH = 120
"""Cells from which on the facets stand beside the events; below, in their place."""

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

    def fix(self, pane: Widget, cells: int | None) -> None:
        """Give the pane a size, also beyond the bounds in its styles; None leaves it to them."""
        for rule in (self.axis, f"min_{self.axis}", f"max_{self.axis}"):
            setattr(pane.styles, rule, cells)


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

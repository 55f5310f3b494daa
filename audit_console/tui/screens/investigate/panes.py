"""The panes of Investigate: which are shown, how large they are, and which has the focus."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.events import MouseDown, MouseMove, MouseUp
from textual.geometry import Offset, Size
from textual.reactive import var

from audit_console.tui.screens.investigate.borders import (
    DETAIL_BELOW,
    DETAIL_BESIDE,
    FACETS,
    ROOM_FOR_BOTH,
    TIMELINE,
    Border,
    borders_in,
)
from audit_console.tui.widgets.detail_pane import DetailPane
from audit_console.tui.widgets.event_table import EventTable
from audit_console.tui.widgets.facets_pane import FacetsPane
from audit_console.tui.widgets.result_table import ResultPane, ResultTable
from audit_console.tui.widgets.timeline import TimelinePane


class Panes(Horizontal):
    """Facets, timeline, events and detail.

    They are as large as their styles say until the reader moves a border; the events have what
    is left. Stacked, facets and detail stand in the place of the events.
    """

    has_facets: var[bool] = var(False, toggle_class="-facets")
    has_detail: var[bool] = var(False, toggle_class="-detail")
    has_result: var[bool] = var(False, toggle_class="-result")
    """Whether what the stages made of the events stands in their place."""
    is_timeless: var[bool] = var(False, toggle_class="-timeless")
    """Whether the events have the lines of the timeline."""

    def __init__(self) -> None:
        super().__init__()
        self._facets_gave_way = False
        """Whether the facets went for want of room."""
        self._cells: dict[Border, int] = {}
        self._held: Border | None = None

    def compose(self) -> ComposeResult:
        """Make the panes."""
        yield FacetsPane()
        with Vertical(id="main"):
            yield TimelinePane()
            with Container(id="events"):
                yield EventTable()
                yield ResultPane()
                yield DetailPane()

    # --- which are shown ---------------------------------------------------------

    @property
    def are_stacked(self) -> bool:
        """Whether there is no room for facets and detail beside the events."""
        return self.screen.has_class("-stacked")

    @property
    def events(self) -> EventTable | ResultTable:
        """The events, or what the stages made of them."""
        return self.query_one(ResultTable) if self.has_result else self.query_one(EventTable)

    @property
    def events_have_focus(self) -> bool:
        """Whether the reader is there."""
        return isinstance(self.screen.focused, EventTable | ResultTable)

    def focus_events(self) -> None:
        """Go to the events, or to the detail in their place."""
        if self.are_stacked:
            self.has_facets = False
        if self.are_stacked and self.has_detail:
            self.query_one(DetailPane).focus()
        else:
            self.events.focus()

    def uncover_events(self) -> None:
        """Give their place back to events that the facets cover."""
        if self.are_stacked and self.has_facets:
            self.focus_events()

    def make_room(self, screen: Size) -> None:
        """Give the place of the facets to the events where there is no room for both.

        Where the reader is in the facets, they stay. With the room they come back.
        """
        is_narrow = screen.width < ROOM_FOR_BOTH
        if is_narrow and not self.are_stacked:
            self._facets_gave_way = self.has_facets
            self.has_facets = self.query_one(FacetsPane).has_focus
        elif not is_narrow and self._facets_gave_way:
            self._facets_gave_way = False
            # else the events would be hidden first, and lose focus
            self.screen.remove_class("-stacked")
            self.has_facets = True

    @on(FacetsPane.HideAsked)
    def _hide_facets(self) -> None:
        self._facets_gave_way = False
        self.has_facets = False
        self.focus_events()

    @on(EventTable.DetailAsked)
    def _toggle_detail(self) -> None:
        if self.has_detail:
            self.close_detail()
            return
        self.has_detail = True
        if self.are_stacked:
            self.query_one(DetailPane).focus()

    @on(DetailPane.CloseAsked)
    def close_detail(self) -> None:
        """Give its room to the events, and go to them."""
        self.has_detail = False
        self.focus_events()

    @on(TimelinePane.CloseAsked)
    def _leave_timeline(self) -> None:
        self.focus_events()

    # --- how large they are ------------------------------------------------------

    def step(self, sign: int) -> None:
        """Give the pane that has the focus a step more room, or by -1 less.

        The events get it from the next pane.
        """
        borders = self._borders_in_sight()
        for border in borders:
            if isinstance(self.screen.focused, border.pane):
                self._move(border, sign)
                return
        if borders:
            self._move(borders[0], -sign)
        else:
            self.notify("no pane here can be made larger or smaller")

    def forget_sizes(self) -> None:
        """Give each pane the room that it had at first."""
        self._cells.clear()
        self.lay_out(self.screen.size)

    def lay_out(self, screen: Size) -> None:
        """Keep the sizes that were set, as far as there is room."""
        usable = borders_in(screen)
        for border in (FACETS, TIMELINE, DETAIL_BELOW, DETAIL_BESIDE):
            cells = self._cells.get(border) if border in usable else None
            fixed = None if cells is None else border.within(cells, screen)
            border.fix(self.query_one(border.pane), fixed)

    def _move(self, border: Border, sign: int) -> None:
        screen = self.screen.size
        shown = border.of(self.query_one(border.pane).outer_size)
        before = border.within(self._cells.get(border, shown), screen)  # keys outrun the layout
        if self._resize(border, before + sign * border.step) == before:
            self.notify("there is no more room")

    def _borders_in_sight(self) -> list[Border]:
        return [each for each in borders_in(self.screen.size) if self.query_one(each.pane).display]

    def _resize(self, border: Border, cells: int) -> int:
        """Give a pane so many cells, or as many as it can have; tell how many that is."""
        screen = self.screen.size
        self._cells[border] = border.within(cells, screen)
        self.lay_out(screen)
        return self._cells[border]

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

"""The map of the chains: one glyph for many events, the worst of them decides which."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Blur, Click, Focus, Resize
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from audit_console.core.chain_map import Cell, CellState, ChainMap
from audit_console.tui.actions import Pane, bindings
from audit_console.tui.painting import Line, LinePainter, Span
from audit_console.tui.widgets.map_lines import (
    UNREAD,
    ChainBar,
    bar_of,
    cell_line,
    legend_line,
    rows_each,
    title_line,
)
from audit_console.tui.wording import STATES

MARGIN = 2
LINES_BELOW = 2
"""The legend, and what is under the cursor. In little height the legend gives way first."""


class MapPane(LinePainter, can_focus=True):
    """Shows the maps below one another, with the chain under the cursor in sight."""

    PANE = Pane.MAP
    BINDINGS: ClassVar[list[BindingType]] = bindings(Pane.MAP)

    chain: reactive[int] = reactive(0)
    cell: reactive[int] = reactive(0)

    class OfCell(Message):
        """Base of what the reader wants of a cell."""

        def __init__(self, chain: ChainMap, cell: Cell) -> None:
            super().__init__()
            self.chain = chain
            self.cell = cell

    class CellAsked(OfCell):
        """The reader wants the worst event of a cell."""

    class StateAsked(OfCell):
        """The reader wants all events that stand like a cell."""

    def __init__(self) -> None:
        super().__init__()
        self._maps: Sequence[ChainMap] = ()
        self._fraction: float | None = None
        self._unmapped = 0
        self._bars: list[ChainBar] = []
        self._place = 0

    # --- what it shows -----------------------------------------------------------

    def show(
        self, maps: Sequence[ChainMap], *, fraction: float | None = None, unmapped: int = 0
    ) -> None:
        """Show other maps; the cursor stays at its place in its chain.

        Args:
            maps: one for each chain.
            fraction: how much of the log was read; None says all of it.
            unmapped: chains that have no map.
        """
        self._maps, self._fraction, self._unmapped = maps, fraction, unmapped
        self._lay_out()

    def _lay_out(self) -> None:
        rows = rows_each(self._room, len(self._maps))
        width = max(1, self.size.width - 2 * MARGIN)
        self._bars = [bar_of(chain, width, rows, self._fraction) for chain in self._maps]
        if self._bars:
            self._go_to_place(min(self.chain, len(self._bars) - 1), self._place)
        self.refresh()

    @property
    def _room(self) -> int:
        """Lines for names and cells."""
        return max(min(2, self.size.height), self.size.height - LINES_BELOW)

    @property
    def selected(self) -> Cell | None:
        """The cell under the cursor; None without events."""
        bar = self._bar
        return bar.cells[self.cell] if bar is not None and self.cell < len(bar.cells) else None

    @property
    def _bar(self) -> ChainBar | None:
        return self._bars[self.chain] if self.chain < len(self._bars) else None

    def go_to(self, chain: str, place: int) -> None:
        """Move to a place of a chain, if it is on the map."""
        names = [bar.chain.chain for bar in self._bars]
        if chain in names:
            self._go_to_place(names.index(chain), place)

    def _go_to_place(self, chain: int, place: int) -> None:
        firsts = [cell.first for cell in self._bars[chain].cells]
        self.chain, self.cell = chain, max(0, bisect_right(firsts, place) - 1)
        self._place = place  # cells grow wider while more is read: the place is what is meant

    # --- drawing -----------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        """Lay out anew."""
        del event
        self._lay_out()

    def on_focus(self, event: Focus) -> None:
        """Show the cursor."""
        del event
        self.refresh()

    def on_blur(self, event: Blur) -> None:
        """Hide the cursor."""
        del event
        self.refresh()

    def _lines(self) -> list[tuple[int, int]]:
        """Give the chain and row of each line in sight, from the top; row -1 is the title."""
        room = max(1, self._room)
        every = [
            (number, row) for number, bar in enumerate(self._bars) for row in range(-1, bar.rows)
        ]
        if len(every) <= room:
            return every
        wanted = every.index((self.chain, -1))
        start = min(max(0, wanted - room // 2), len(every) - room)
        return every[start : start + room]

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        width, lines = self.size.width, self._lines()
        below = y - self.size.height + LINES_BELOW if y >= self._room else -1
        if below == 0:
            return self.paint(legend_line(self._maps, width, unmapped=self._unmapped), width)
        if below == 1:
            bar, cell = self._bar, self.selected
            line = () if bar is None or cell is None else cell_line(cell, bar.chain.scheme)
            return self.paint(line, width)
        if y >= len(lines):
            return Strip.blank(width, self.base_style)
        chain, row = lines[y]
        if row < 0:
            return self.paint(self._title(chain), width)
        return self._cells(chain, row)

    def _title(self, chain: int) -> Line:
        """Name a chain; the legend has the counts of a single one."""
        is_selected = chain == self.chain
        return title_line(
            self._bars[chain].chain, is_selected=is_selected, has_counts=len(self._bars) > 1
        )

    def _cells(self, chain: int, row: int) -> Strip:
        bar, base = self._bars[chain], self.base_style
        segments = [Segment(" " * MARGIN, base)]
        total = len(bar.cells) + bar.unread
        for index in range(row * bar.per_row, min((row + 1) * bar.per_row, total)):
            sign = STATES[bar.cells[index].state] if index < len(bar.cells) else UNREAD
            style = base + self.role_style(sign.role) + self._over(chain, index, sign)
            segments.append(Segment(sign.text * bar.cell_width, style))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def _over(self, chain: int, index: int, sign: Span) -> Style:
        """Give the style of the cursor; the colour of the state stays."""
        if (chain, index) != (self.chain, self.cell):
            return Style()
        style = self.role_style("chip-cursor" if self.has_focus else "chip")
        return style + self.role_style(sign.role) if sign.role == "bad" else style

    # --- the cursor --------------------------------------------------------------

    def _move_to(self, cell: int) -> None:
        if self._bar is not None and self._bar.cells:
            self.cell = max(0, min(cell, len(self._bar.cells) - 1))
            self._place = self._bar.cells[self.cell].first

    def action_cell_left(self) -> None:
        """Move one cell to the left."""
        self._move_to(self.cell - 1)

    def action_cell_right(self) -> None:
        """Move one cell to the right."""
        self._move_to(self.cell + 1)

    def action_first_cell(self) -> None:
        """Move to the first cell."""
        self._move_to(0)

    def action_last_cell(self) -> None:
        """Move to the last cell."""
        if self._bar is not None:
            self._move_to(len(self._bar.cells) - 1)

    def action_cell_up(self) -> None:
        """Move one row up, or to the chain above."""
        bar = self._bar
        if bar is not None and self.cell >= bar.per_row:
            self._move_to(self.cell - bar.per_row)
        elif self.chain > 0:
            self.chain -= 1
            self._move_to(self.cell)

    def action_cell_down(self) -> None:
        """Move one row down, or to the chain below."""
        bar = self._bar
        if bar is not None and self.cell + bar.per_row < len(bar.cells):
            self._move_to(self.cell + bar.per_row)
        elif self.chain + 1 < len(self._bars):
            self.chain += 1
            self._move_to(self.cell % self._bars[self.chain].per_row)

    def action_next_worst(self) -> None:
        """Move to the next cell, of this chain or of one behind, that is not sound."""
        for number, index in self._behind_cursor():
            if self._bars[number].cells[index].state >= CellState.UNVERIFIABLE:
                self.chain = number
                self._move_to(index)
                return
        self.app.notify("no other part of the map is broken or cannot be checked")

    def _behind_cursor(self) -> list[tuple[int, int]]:
        """Give all cells but this one, those behind the cursor first, then those before it."""
        every = [
            (number, index)
            for number, bar in enumerate(self._bars)
            for index in range(len(bar.cells))
        ]
        here = bisect_right(every, (self.chain, self.cell))
        return every[here:] + every[: max(here - 1, 0)]

    # --- what is asked for -------------------------------------------------------

    def action_open_cell(self) -> None:
        """Ask for the worst event of this cell."""
        if self._bar is not None and self.selected is not None:
            self.post_message(self.CellAsked(self._bar.chain, self.selected))

    def action_filter_state(self) -> None:
        """Ask for the events that stand like this cell."""
        if self._bar is not None and self.selected is not None:
            self.post_message(self.StateAsked(self._bar.chain, self.selected))

    def on_click(self, event: Click) -> None:
        """Put the cursor under the pointer; twice opens."""
        at, lines = event.get_content_offset(self), self._lines()
        if at is None or at.y >= min(len(lines), self._room):
            return
        chain, row = lines[at.y]
        bar = self._bars[chain]
        self.chain = chain
        if row >= 0:
            index = row * bar.per_row + max(0, at.x - MARGIN) // bar.cell_width
            self._move_to(index)
        if event.chain == 2:
            self.action_open_cell()

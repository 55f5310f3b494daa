"""How a map of chains is laid out and worded. Pure.

A state is told by its glyph as well as by its colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from audit_console.core.chain_map import Cell, CellState, ChainMap, fitted
from audit_console.core.event import Scheme
from audit_console.core.wording import count
from audit_console.tui.painting import Line, Span, width_of
from audit_console.tui.wording import STATES, moment, number

WIDEST_CELL = 4
MOST_ROWS = 8
"""Rows of cells of one chain."""

UNREAD = STATES[CellState.NOT_CHECKED]

STATE_WORDS = {state: state.name.lower().replace("_", " ") for state in CellState}


@dataclass(frozen=True, slots=True)
class ChainBar:
    """One chain as it is drawn: its cells, how many to a row, and the glyphs behind them."""

    chain: ChainMap
    cells: Sequence[Cell]
    per_row: int
    cell_width: int
    unread: int

    @property
    def rows(self) -> int:
        """Rows that the cells and what is not read yet take."""
        return max(1, ceil((len(self.cells) + self.unread) / self.per_row))


def bar_of(chain: ChainMap, width: int, rows: int, fraction: float | None) -> ChainBar:
    """Lay a chain out.

    Args:
        chain: the map.
        width: cells of the screen in a row.
        rows: how many there are.
        fraction: how much of the log was read, None when that is not known.
    """
    room = max(1, width * rows)
    part = 1.0 if fraction is None else fraction
    cells = fitted(chain.cells, max(1, int(room * part)))
    expected = ceil(len(cells) / max(part, 0.01))
    cell_width = max(1, min(WIDEST_CELL, room // max(1, expected)))
    per_row = max(1, width // cell_width)
    unread = 0 if part >= 1 else min(expected, per_row * rows) - len(cells)
    return ChainBar(chain, cells, per_row, cell_width, max(unread, 0))


def rows_each(height: int, chains: int) -> int:
    """Tell how many rows of cells each chain has on `height` lines, its title aside."""
    return max(1, min(MOST_ROWS, height // max(1, chains) - 1))


def title_line(chain: ChainMap, *, is_selected: bool, has_counts: bool) -> Line:
    """Name a chain, its scheme and its extent, and with `has_counts` its events by state."""
    spans = [
        Span("▸ " if is_selected else "  ", "key"),
        Span(chain.chain, "name"),
        Span(f"  {chain.scheme}  ", "muted"),
    ]
    if chain.cells:
        spans.append(Span(f"{_places(chain.cells[0].first, chain.cells[-1].last, chain.scheme)}  "))
    return (*spans, *(_counted(chain.cells) if has_counts else ()))


def _places(first: int, last: int, scheme: Scheme) -> str:
    thing = "seq" if scheme is Scheme.V1 else "event"
    if first == last:
        return f"{thing} {number(first)}"
    return f"{thing} {number(first)} to {number(last)}"


def _totals(cells: Iterable[Cell]) -> list[tuple[CellState | None, int]]:
    """Count events by state, the worst first; None stands for what is absent."""
    totals = [0] * len(CellState)
    absent = 0
    for cell in cells:
        absent += cell.absent
        for state in CellState:
            totals[state] += cell.counts[state]
    return [(None, absent), *((state, totals[state]) for state in reversed(CellState))]


def _counted(cells: Iterable[Cell]) -> Iterator[Span]:
    for state, amount in _totals(cells):
        if amount:
            sign = STATES[CellState.BROKEN if state is None else state]
            word = "absent" if state is None else STATE_WORDS[state]
            yield Span(f" {sign.text} {number(amount)} {word}", sign.role)


def cell_line(cell: Cell, scheme: Scheme) -> Line:
    """Say where a cell is, when its events were, and how they stand."""
    place = Span(f" {_places(cell.first, cell.last, scheme)}", "heading")
    spans = [place, Span(f" · {count(cell.events, 'event')}" if cell.events else " · no event")]
    spans += _counted([cell])
    if cell.faults and not cell.counts[CellState.BROKEN] and not cell.absent:
        spans.append(Span(f" {STATES[CellState.BROKEN].text} a finding lies here", "bad"))
    if cell.start is not None and cell.end is not None:
        start, end = moment(cell.start, width=19), moment(cell.end, width=19)
        until = "" if start == end else f" to {end[11:] if start[:10] == end[:10] else end}"
        spans.append(Span(f" · {start}{until} UTC", "muted"))
    return tuple(spans)


def legend_line(maps: Sequence[ChainMap], width: int, *, unmapped: int) -> Line:
    """Name every glyph with its count; where they do not fit, those that are on the map.

    Args:
        maps: all maps.
        width: cells of the line.
        unmapped: chains that are on no map.
    """
    totals = _totals(cell for chain in maps for cell in chain.cells)
    by_state = {state: amount for state, amount in totals if state is not None}
    absent = dict(totals)[None]
    for shown in (list(CellState), [state for state in CellState if by_state[state]]):
        spans: list[Span] = []
        for state in shown:
            sign = STATES[state]
            spans += [
                Span(f" {sign.text}", sign.role),
                Span(f" {STATE_WORDS[state]} "),
                Span(f"{number(by_state[state])} ", "muted"),
            ]
        if absent:
            spans.append(Span(f" {STATES[CellState.BROKEN].text} absent {number(absent)}", "bad"))
        if unmapped:
            spans.append(Span(f" · {count(unmapped, 'further chain')} not drawn", "warn"))
        if width_of(spans) <= width:
            break
    return tuple(spans)

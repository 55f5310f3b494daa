"""The map of a chain: how its parts stand, as a value of bounded size.

Many events share a cell, and the worst of them decides how it stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from functools import reduce
from itertools import pairwise

from audit_console.core.event import Scheme


class CellState(IntEnum):
    """How events stand, the worst last."""

    SEALED = 0
    VERIFIED = 1
    PRUNED = 2
    NOT_CHECKED = 3
    UNVERIFIABLE = 4
    BROKEN = 5


_WORST_FIRST = tuple(reversed(CellState))
_NAMES = tuple(state.name.lower() for state in CellState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A part of a chain.

    Attributes:
        first: its first place: a seq, or outside format v1 the number of the event.
        last: its last place, included.
        counts: events by `CellState`; of pruned ones and of those that may still be read,
            their places.
        absent: places at which no event stands although all was read.
        faults: findings of class F that lie in it and that no event of it shows.
        start: earliest `timestamp` of its events.
        end: latest one.
        event_id: of the first broken event, else of the first one; None where there is none.
    """

    first: int
    last: int
    counts: tuple[int, ...]
    absent: int = 0
    faults: int = 0
    start: datetime | None = None
    end: datetime | None = None
    event_id: str | None = None

    @property
    def state(self) -> CellState:
        """The worst state in it."""
        if self.absent or self.faults:
            return CellState.BROKEN
        return next((state for state in _WORST_FIRST if self.counts[state]), CellState.VERIFIED)

    @property
    def events(self) -> int:
        """Events that stand here."""
        pending = self.counts[CellState.PRUNED] + self.counts[CellState.NOT_CHECKED]
        return sum(self.counts) - pending

    @property
    def places(self) -> int:
        """Places from the first to the last."""
        return self.last - self.first + 1


def counts_of(**counted: int) -> tuple[int, ...]:
    """Make the counts of a cell from those that are not 0, by the state's name."""
    return tuple(counted.get(name, 0) for name in _NAMES)


def joined(one: Cell, other: Cell) -> Cell:
    """Make one cell of two; the event is that of the worse one, of equals the earlier."""
    worse = other if other.state > one.state else one
    return Cell(
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        counts=tuple(map(sum, zip(one.counts, other.counts, strict=True))),
        absent=one.absent + other.absent,
        faults=one.faults + other.faults,
        start=min(filter(None, (one.start, other.start)), default=None),
        end=max(filter(None, (one.end, other.end)), default=None),
        event_id=worse.event_id or one.event_id or other.event_id,
    )


def fitted(cells: Sequence[Cell], most: int) -> list[Cell]:
    """Join neighbours until there are at most `most` cells, each as many of them as the next."""
    count = min(len(cells), most)
    cuts = [len(cells) * index // count for index in range(count + 1)] if count else [0]
    return [reduce(joined, cells[cut:end]) for cut, end in pairwise(cuts)]


@dataclass(frozen=True, slots=True)
class ChainMap:
    """The cells of one chain in the order of their places."""

    chain: str
    scheme: Scheme
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What is known of a chain beside its events.

    Attributes:
        base: the seq up to which retention deleted.
        sealed: events that a trusted checkpoint covers and agrees with.
        faults: first and last places of findings of class F.
        complete: whether all was read, so that what is not there is absent.
    """

    base: int
    sealed: int
    faults: Sequence[tuple[int, int]]
    complete: bool


def settled(cells: Sequence[Cell], facts: ChainFacts) -> tuple[Cell, ...]:
    """Give cells with what else is known, and with cells of what is not there.

    Args:
        cells: in order, with the counts of their events.
        facts: what is known of the chain.
    """
    whole = [_sealed(_filled(cell, facts), facts.sealed) for cell in cells]
    laid = list(_with_holes(whole, facts))
    firsts = [cell.first for cell in laid]
    for first, last in facts.faults:
        index = max(bisect_left(firsts, first + 1) - 1, 0)
        while index < len(laid) and laid[index].first <= last:
            cell = laid[index]
            if cell.last >= first and cell.state is not CellState.BROKEN:
                laid[index] = replace(cell, faults=cell.faults + 1)
            index += 1
    return tuple(laid)


def _with_holes(cells: Iterable[Cell], facts: ChainFacts) -> Iterator[Cell]:
    if facts.base:
        pruned = counts_of(pruned=facts.base)
        yield Cell(first=0, last=facts.base - 1, counts=pruned)
    expected = facts.base
    for cell in cells:
        if cell.first > expected:
            hole = Cell(first=expected, last=cell.first - 1, counts=counts_of())
            yield _filled(hole, facts)
        yield cell
        expected = max(expected, cell.last + 1)


def _filled(cell: Cell, facts: ChainFacts) -> Cell:
    """Account for the places of a cell at which no event stands, or more than one."""
    lacking = cell.places - cell.events
    if lacking == 0:
        return cell
    if lacking < 0:
        return replace(cell, faults=1)
    if facts.complete:
        return replace(cell, absent=lacking)
    counts = list(cell.counts)
    counts[CellState.NOT_CHECKED] = lacking
    return replace(cell, counts=tuple(counts))


def _sealed(cell: Cell, size: int) -> Cell:
    """Call events sealed that a trusted checkpoint over `size` of them covers.

    A seal over lines covers those without hashes too.
    """
    room = size - cell.first
    if room <= 0:
        return cell
    counts = list(cell.counts)
    for state in (CellState.VERIFIED, CellState.UNVERIFIABLE):
        covered = min(counts[state], room)
        counts[CellState.SEALED] += covered
        counts[state] -= covered
        room -= covered
    return replace(cell, counts=tuple(counts))

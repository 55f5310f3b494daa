"""The map of a chain: how its parts stand, as a value of bounded size.

Many events share a cell, and the worst of them decides how it stands. The cells of a
chain are as wide as its length asks for: while it grows, neighbours become one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from functools import reduce
from itertools import pairwise

import polars as pl

from audit_console.columns.cells import Stretch, places, stretches, width_for
from audit_console.columns.links import by_chain
from audit_console.core.event import Scheme
from audit_console.core.findings import Finding, FindingClass

MOST_CELLS = 2048
"""Cells of one chain."""

MOST_CHAINS = 256
"""Chains that are mapped; further ones are checked all the same."""


class CellState(IntEnum):
    """How events stand, the worst last."""

    SEALED = 0
    VERIFIED = 1
    PRUNED = 2
    NOT_CHECKED = 3
    UNVERIFIABLE = 4
    BROKEN = 5


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
        return max((state for state in CellState if self.counts[state]), default=CellState.VERIFIED)

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
    return tuple(counted.get(state.name.lower(), 0) for state in CellState)


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


@dataclass(slots=True)
class _Growing:
    """The cells of a chain of which more may be read."""

    scheme: Scheme
    width: int = 1
    behind: int = -1
    cells: dict[int, Cell] = field(default_factory=dict)

    def add(self, events: pl.DataFrame) -> None:
        place = places(events, self.behind)
        self.behind = place[-1]
        self._widen(width_for(place, self.width, MOST_CELLS))
        for stretch in stretches(events, place, self.width):
            self._put(stretch.key, _cell(stretch))
        while len(self.cells) > MOST_CELLS:
            self._widen(self.width * 2)

    def _widen(self, width: int) -> None:
        factor, self.width = width // self.width, width
        if factor > 1:
            narrow, self.cells = self.cells, {}
            for key in sorted(narrow):
                self._put(key // factor, narrow[key])

    def _put(self, key: int, cell: Cell) -> None:
        held = self.cells.get(key)
        self.cells[key] = cell if held is None else joined(held, cell)

    def ordered(self) -> list[Cell]:
        return [self.cells[key] for key in sorted(self.cells)]


def _cell(stretch: Stretch) -> Cell:
    sound = stretch.events - stretch.broken - stretch.unverifiable
    return Cell(
        first=stretch.first,
        last=stretch.last,
        counts=counts_of(verified=sound, broken=stretch.broken, unverifiable=stretch.unverifiable),
        start=stretch.start,
        end=stretch.end,
        event_id=stretch.broken_id or stretch.event_id,
    )


@dataclass(slots=True)
class MapBuilder:
    """Folds the batches of a log into the maps of its chains."""

    _growing: dict[str, _Growing] = field(default_factory=dict)

    def add(self, events: pl.DataFrame) -> None:
        """Take in the next `columns.schema.BATCH` events of the log."""
        for chain in by_chain(events) if events.height else ():
            scheme = Scheme(chain["scheme"][0])
            name = chain["chain"][0] or f"({scheme})"
            if name not in self._growing and len(self._growing) < MOST_CHAINS:
                self._growing[name] = _Growing(scheme)
            if name in self._growing:
                self._growing[name].add(chain)

    def maps(
        self,
        *,
        complete: bool,
        bases: Mapping[str, int],
        sealed: Mapping[str, int],
        findings: Iterable[Finding],
    ) -> tuple[ChainMap, ...]:
        """Give the maps as they stand now.

        Args:
            complete: whether all was read, so that what is not there is absent.
            bases: by chain, the seq up to which retention deleted.
            sealed: by chain, the size of the largest trusted checkpoint.
            findings: those whose faults have a place.
        """
        faults = _places_of_faults(findings)
        return tuple(
            ChainMap(
                name,
                growing.scheme,
                _settled(
                    growing.ordered(),
                    _Standing(
                        base=bases.get(name, 0),
                        sealed=sealed.get(name, 0),
                        faults=faults.get(name, ()),
                        complete=complete,
                    ),
                ),
            )
            for name, growing in self._growing.items()
        )


@dataclass(frozen=True, slots=True)
class _Standing:
    """What else is known of a chain."""

    base: int
    sealed: int
    faults: Sequence[tuple[int, int]]
    complete: bool


def _places_of_faults(findings: Iterable[Finding]) -> dict[str, list[tuple[int, int]]]:
    faults: dict[str, list[tuple[int, int]]] = {}
    for finding in findings:
        at, chain = finding.first_seq, finding.chain
        if finding.finding_class is FindingClass.FAULT and at is not None and chain is not None:
            last = at if finding.last_seq is None else finding.last_seq
            faults.setdefault(chain, []).append((at, last))
    return faults


def _settled(cells: Sequence[Cell], standing: _Standing) -> tuple[Cell, ...]:
    whole = [_sealed(_filled(cell, standing), standing.sealed) for cell in cells]
    laid = list(_with_holes(whole, standing))
    firsts = [cell.first for cell in laid]
    for first, last in standing.faults:
        index = max(bisect_left(firsts, first + 1) - 1, 0)
        while index < len(laid) and laid[index].first <= last:
            cell = laid[index]
            if cell.last >= first and cell.state is not CellState.BROKEN:
                laid[index] = replace(cell, faults=cell.faults + 1)
            index += 1
    return tuple(laid)


def _with_holes(cells: Iterable[Cell], standing: _Standing) -> Iterator[Cell]:
    if standing.base:
        pruned = counts_of(pruned=standing.base)
        yield Cell(first=0, last=standing.base - 1, counts=pruned)
    expected = standing.base
    for cell in cells:
        if cell.first > expected:
            hole = Cell(first=expected, last=cell.first - 1, counts=counts_of())
            yield _filled(hole, standing)
        yield cell
        expected = max(expected, cell.last + 1)


def _filled(cell: Cell, standing: _Standing) -> Cell:
    """Account for the places of a cell at which no event stands, or more than one."""
    lacking = cell.places - cell.events
    if lacking == 0:
        return cell
    if lacking < 0:
        return replace(cell, faults=1)
    if standing.complete:
        return replace(cell, absent=lacking)
    counts = list(cell.counts)
    counts[CellState.NOT_CHECKED] = lacking
    return replace(cell, counts=tuple(counts))


def _sealed(cell: Cell, size: int) -> Cell:
    """Call verified events sealed that a trusted checkpoint of `size` events covers."""
    covered = min(cell.counts[CellState.VERIFIED], size - cell.first)
    if covered <= 0:
        return cell
    counts = list(cell.counts)
    counts[CellState.SEALED] = covered
    counts[CellState.VERIFIED] -= covered
    return replace(cell, counts=tuple(counts))

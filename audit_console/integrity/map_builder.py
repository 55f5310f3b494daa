"""Makes the maps of the chains of a log, batch after batch, in bounded memory.

The cells of a chain are as wide as its length asks for: while it grows, neighbours
become one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from audit_console.columns.cells import (
    Stretch,
    places,
    stretches,
    stretches_of_run,
    width_for,
    width_for_run,
)
from audit_console.columns.links import by_chain
from audit_console.columns.sound import SoundRun
from audit_console.core.chain_map import Cell, ChainFacts, ChainMap, counts_of, joined, settled
from audit_console.core.event import Scheme
from audit_console.core.findings import Finding, FindingClass

MOST_CELLS = 2048
"""Cells of one chain."""

MOST_CHAINS = 256
"""Chains that are mapped; further ones are checked all the same."""


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
        self._count(stretches(events, place, self.width))

    def add_run(self, run: SoundRun) -> None:
        self.behind = run.last_seq
        self._widen(width_for_run(run, self.width, MOST_CELLS))
        self._count(stretches_of_run(run, self.width))

    def _count(self, stretches: Iterable[Stretch]) -> None:
        for stretch in stretches:
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
        for chain in by_chain(self._mapped(events)) if events.height else ():
            scheme = Scheme(chain["scheme"][0])
            growing = self._growing_of(chain["chain"][0] or f"({scheme})", scheme)
            if growing is not None:
                growing.add(chain)

    def add_run(self, run: SoundRun) -> None:
        """Take in the next events of the log as a run."""
        growing = self._growing_of(run.chain, Scheme.V1)
        if growing is not None:
            growing.add_run(run)

    def _growing_of(self, name: str, scheme: Scheme) -> _Growing | None:
        """Give the cells of a chain; None where it will not be mapped."""
        if name not in self._growing and len(self._growing) < MOST_CHAINS:
            self._growing[name] = _Growing(scheme)
        return self._growing.get(name)

    def _mapped(self, events: pl.DataFrame) -> pl.DataFrame:
        """Leave out chains that will not be mapped, once there are too many."""
        if len(self._growing) < MOST_CHAINS:
            return events
        name = pl.col("chain").cast(pl.String)
        return events.filter(name.is_null() | name.is_in(list(self._growing)))

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
            sealed: by chain, the events that a trusted checkpoint covers and agrees with.
            findings: those whose faults have a place.
        """
        faults = _places_of_faults(findings)
        return tuple(
            ChainMap(
                name,
                growing.scheme,
                settled(
                    growing.ordered(),
                    ChainFacts(
                        base=bases.get(name, 0),
                        sealed=sealed.get(name, 0),
                        faults=faults.get(name, ()),
                        complete=complete,
                    ),
                ),
            )
            for name, growing in self._growing.items()
        )


def _places_of_faults(findings: Iterable[Finding]) -> dict[str, list[tuple[int, int]]]:
    faults: dict[str, list[tuple[int, int]]] = {}
    for finding in findings:
        at, chain = finding.first_seq, finding.chain
        if finding.finding_class is FindingClass.FAULT and at is not None and chain is not None:
            last = at if finding.last_seq is None else finding.last_seq
            faults.setdefault(chain, []).append((at, last))
    return faults

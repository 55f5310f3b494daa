"""The Merkle trees that selected events stand in.

What was not selected of a tree is packed as the roots of its largest whole subtrees:
with them and the selected lines anybody computes the tree head, so that the proofs of
many events share what they have in common. Leaves are the hashes that events carry: an
event that was edited, or one that was taken out and that the next one still names, does
not hide the rest of its tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

import polars as pl

from audit_console.columns.merkle import add_runs
from audit_console.columns.sound import SoundRun
from audit_console.core.event import Scheme
from audit_console.core.merkle import PartedTree
from audit_console.core.prunes import PruneRecord
from audit_console.sources.cancelling import refuse_if_cancelled
from audit_console.sources.protocol import Source

UNSEALED_LINES = "(lines)"
"""Names the tree over the lines that are none of v1 as long as no seal does."""

_V1_COLUMNS = ("scheme", "chain", "seq", "event_hash", "previous_hash")
_LINE_COLUMNS = ("scheme", "file", "line", "line_hash")
_IS_V1 = pl.col("scheme") == Scheme.V1


@dataclass(frozen=True, slots=True)
class ProvenTree:
    """One tree of a log, with the selected leaves in it.

    Attributes:
        name: of the chain.
        of_lines: whether it is that of the lines that are none of v1, in the log's order.
        first: its first leaf that is an event; a prune record stands for those before.
        size: leaves from the first on without a hole.
        parts: what was not selected, in order: first leaf, number of leaves, root.
        heads: tree heads (32 bytes) at `size`, and at the sizes that were asked for.
    """

    name: str
    of_lines: bool
    first: int
    size: int
    parts: tuple[tuple[int, int, bytes], ...]
    heads: Mapping[int, bytes]


@dataclass(slots=True)
class _Builder:
    """Grows a tree over all but the selected leaves, and at the end over these.

    `selected` has the columns `leaf` and `hash`, as all rows here have.
    """

    selected: pl.DataFrame
    tree: PartedTree
    first: int = 0
    _named_before: list[pl.DataFrame] = field(default_factory=list)

    def add(self, rows: pl.DataFrame) -> None:
        """Add leaves but for the selected ones."""
        whole = rows.filter(pl.col("hash").str.contains("^[0-9a-f]{64}$"))
        rest = whole.join(self.selected, on="leaf", how="anti", maintain_order="left")
        add_runs(self.tree, rest["leaf"], rest["hash"])

    def add_events(self, events: pl.DataFrame) -> None:
        """Add v1 events of one chain, and note how the first of each run names the one before."""
        rows = events.select(leaf="seq", hash="event_hash", before="previous_hash")
        jumps = rows.filter((pl.col("leaf").diff() != 1).fill_null(value=True), pl.col("leaf") > 0)
        self._named_before.append(jumps.select(pl.col("leaf") - 1, hash="before"))
        self.add(rows)

    def finish(self, name: str, sizes: set[int], *, of_lines: bool = False) -> ProvenTree:
        """Fill the places left empty by what the next event names, and compute the heads."""
        for rows in self._named_before:
            self.add(rows)
        parts = [part for stretch in self.tree.stretches() for part in stretch.subtrees()]
        selected = self.selected.sort("leaf")
        add_runs(self.tree, selected["leaf"], selected["hash"])
        size = self.tree.whole_size()
        return ProvenTree(
            name=name,
            of_lines=of_lines,
            first=self.first,
            size=size,
            parts=tuple(part for part in parts if part[0] < size),
            heads=self.tree.heads({size, *sizes}),
        )


@dataclass(slots=True)
class TreeReader:
    """Reads a log once more, for the trees of selected events.

    Attributes:
        selected: events that may be proven, as `SelectedEvents.events` gives them.
        sizes: at which the head of a tree is wanted, by its name; those of names that are
            no chain are of the lines.
        prunes: the last prune record of each chain.
        lines: where selected lines that are none of v1 stand: `file`, `line` and `leaf`.
    """

    selected: pl.DataFrame
    sizes: Mapping[str, set[int]]
    prunes: Mapping[str, PruneRecord]
    lines: pl.DataFrame = field(init=False)
    _chains: dict[str, _Builder] = field(init=False)
    _lines: _Builder = field(init=False)
    _line_count: int = 0

    def __post_init__(self) -> None:
        v1 = self.selected.filter(_IS_V1).select("chain", leaf="seq", hash="leaf_hash")
        chains = v1.with_columns(pl.col("chain").cast(pl.String)).partition_by(
            "chain", as_dict=True
        )
        self._chains = {
            str(name): self._begun(str(name), rows.drop("chain"))
            for (name,), rows in chains.items()
        }
        nothing = pl.DataFrame(schema={"leaf": pl.Int64, "hash": pl.String})
        self._lines = _Builder(nothing, PartedTree(self._line_sizes))
        self.lines = self.selected.clear().select("file", "line", leaf="seq")

    @property
    def _line_sizes(self) -> set[int]:
        return {size for sizes in self.sizes.values() for size in sizes}

    def _begun(self, chain: str, selected: pl.DataFrame) -> _Builder:
        """Begin the tree of a chain; what a cut-short prune left there has no place in it."""
        prune, sizes = self.prunes.get(chain), self.sizes.get(chain, ())
        if prune is None:
            return _Builder(selected, PartedTree(sizes))
        first = prune.pruned_to
        tree = PartedTree([*sizes, first])
        tree.take_up(prune.tree())
        return _Builder(selected.filter(pl.col("leaf") >= first), tree, first)

    def read(self, source: Source) -> list[ProvenTree]:
        """Give the trees in which selected events stand; one that lacks its beginning has no head.

        Raises:
            SourceError: the log cannot be looked at.
        """
        wanted = self.selected.filter(~_IS_V1).select("file", "line")
        with closing(source.parts()) as parts:
            for part in parts:
                refuse_if_cancelled()
                if isinstance(part, SoundRun):
                    if part.chain in self._chains:
                        self._chains[part.chain].add_events(part.links())
                    continue
                events = part.events.select(_V1_COLUMNS).filter(_IS_V1)
                for (name,), rows in events.partition_by("chain", as_dict=True).items():
                    if str(name) in self._chains:
                        self._chains[str(name)].add_events(rows)
                if not wanted.is_empty():
                    self._add_lines(part.events.select(_LINE_COLUMNS), wanted)
        trees = [
            builder.finish(name, self.sizes.get(name, set()))
            for name, builder in self._chains.items()
        ]
        if not self.lines.is_empty():
            trees.append(self._lines.finish(UNSEALED_LINES, self._line_sizes, of_lines=True))
        return [tree for tree in trees if tree.size]

    def _add_lines(self, events: pl.DataFrame, wanted: pl.DataFrame) -> None:
        rows = events.filter(~_IS_V1).select("file", "line", hash="line_hash").drop_nulls()
        first, self._line_count = self._line_count, self._line_count + rows.height
        rows = rows.with_columns(leaf=pl.int_range(first, self._line_count, dtype=pl.Int64))
        chosen = rows.join(wanted, on=["file", "line"], how="semi", maintain_order="left")
        self.lines = pl.concat([self.lines, chosen.select("file", "line", "leaf")])
        selected = pl.concat([self._lines.selected, chosen.select("leaf", "hash")])
        self._lines.selected = selected
        self._lines.add(rows.select("leaf", "hash"))

"""Grows the Merkle trees of a log while it is read, cut where something vouches for it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from operator import attrgetter

import numpy as np
import polars as pl

from audit_console.columns.links import CHANGES_CHAIN
from audit_console.columns.merkle import add_leaves, add_nodes, in_runs
from audit_console.columns.sound import SoundRun, moment
from audit_console.core.anchors import NewestEvent, TreeHeads
from audit_console.core.codec import MAX_SEQ
from audit_console.core.event import Scheme
from audit_console.core.merkle import PartedTree
from audit_console.core.prunes import PruneHistory, PruneRecord
from audit_console.core.v1_chain import V1Chain
from audit_console.core.vouchers import Vouchers


class TreeGrower:
    """The trees of the v1 chains, and one over the lines that are none of v1.

    What it holds grows with the trusted checkpoints, not with the events.
    """

    def __init__(self, vouchers: Vouchers, prunes: PruneHistory, *, everywhere: bool) -> None:
        """Begin before the first event.

        Args:
            vouchers: for whose sizes the heads are wanted.
            prunes: what may have been deleted before the first event.
            everywhere: grow trees for which nothing vouches too.
        """
        self._sizes = {name: vouchers.sizes(name) for name in vouchers.names}
        cosigned = {
            name: sorted({head.size for head in heads if head.cosigned and head.size <= MAX_SEQ})
            for name, heads in vouchers.heads.items()
        }
        self._cosigned = {name: sizes for name, sizes in cosigned.items() if sizes}
        self._prunes = prunes
        self._everywhere = everywhere
        self._chains: dict[str, PartedTree] = {}
        self._newest: dict[str, dict[int, NewestEvent]] = {}
        self._line_sizes = {size for sizes in self._sizes.values() for size in sizes}
        self._lines = PartedTree(self._line_sizes)
        self._line_count = 0

    def add_events(self, events: pl.DataFrame) -> None:
        """Add the v1 events of a batch; one that fails its hash is no leaf, nor is a second one.

        They are put in the order of their places first: it costs less than many short runs.
        """
        if not self._everywhere and not any(self._sizes.values()):
            return
        holds = pl.col("computed_hash") == pl.col("event_hash")
        leaves = (
            events.select("scheme", "chain", "seq", "event_hash", "computed_hash")
            .filter(pl.col("scheme") == Scheme.V1, holds)
            .sort(pl.col("chain").to_physical(), "seq", maintain_order=True)
            .filter(CHANGES_CHAIN | (pl.col("seq").diff() > 0))
        )
        begins = leaves.select(CHANGES_CHAIN | (pl.col("seq").diff() > 1)).to_series().arg_true()
        firsts = leaves.select("chain", "seq")[begins].iter_rows()
        runs = in_runs(begins, leaves["computed_hash"])
        for (chain, first), run in zip(firsts, runs, strict=True):
            if self._everywhere or self._sizes.get(chain):
                add_nodes(self._tree_of(chain), first, run)

    def add_run(self, run: SoundRun) -> None:
        """Add the events of a run."""
        if self._everywhere or self._sizes.get(run.chain):
            add_nodes(self._tree_of(run.chain), run.first_seq, run.hashes)

    def add_lines(self, events: pl.DataFrame) -> None:
        """Add the lines of a batch that are none of v1."""
        if not self._everywhere and not self._line_sizes:
            return
        hashes = events.filter(pl.col("scheme") != Scheme.V1)["line_hash"].drop_nulls()
        add_leaves(self._lines, self._line_count, hashes)
        self._line_count += hashes.len()

    def note_times(self, events: pl.DataFrame) -> None:
        """Keep which event of those between cosigned heads says that it was recorded last."""
        for chain, sizes in self._cosigned.items():
            covered = events.filter(
                pl.col("chain") == chain,
                pl.col("seq") < sizes[-1],
                pl.col("check") != "broken",
            )
            if covered.is_empty():
                continue
            above = pl.Series(sizes).search_sorted(covered["seq"], side="right")
            recorded_at = pl.col("recorded_at")
            newest = covered.group_by(above.alias("above")).agg(
                recorded_at.max(), pl.col("seq").get(recorded_at.arg_max())
            )
            for index, recorded_at, seq in newest.iter_rows():
                self._note_newest(chain, sizes[index], NewestEvent(recorded_at, seq))

    def note_times_of_run(self, run: SoundRun) -> None:
        """Do the same for a run, in which no event is later than those behind it."""
        first = run.first_seq
        for size in self._cosigned.get(run.chain, ()):
            if first < size:
                last = min(run.last_seq, size - 1) - run.first_seq
                newest = run.recorded_at[last]
                seq = run.first_seq + int(np.searchsorted(run.recorded_at, newest))
                self._note_newest(run.chain, size, NewestEvent(moment(newest), seq))
                first = size
            if first > run.last_seq:
                return

    def _note_newest(self, chain: str, size: int, event: NewestEvent) -> None:
        held = self._newest.setdefault(chain, {})
        held[size] = _later(held.get(size, event), event)

    def heads_of(self, chain: V1Chain) -> TreeHeads:
        """Give what a chain's vouchers speak of."""
        sizes = self._sizes.get(chain.name, set())
        roots = self._tree_of(chain.name).heads(sizes) if sizes else {}
        return TreeHeads(roots, self._newest_below(chain.name))

    def _newest_below(self, chain: str) -> dict[int, NewestEvent]:
        """Give the newest event under each cosigned head."""
        held = self._newest.get(chain, {})
        sizes = sorted(held)
        newest = accumulate((held[size] for size in sizes), _later)
        return dict(zip(sizes, newest, strict=True))

    def heads_of_lines(self) -> TreeHeads:
        """Give the heads at every size that anything speaks of."""
        return TreeHeads(self._lines.heads(self._line_sizes))

    def root_of(self, chain: V1Chain) -> bytes | None:
        """Give the head of a whole chain; None where it has holes, or events claim one place."""
        tree = self._chains.get(chain.name)
        if tree is None or chain.repeats:
            return None
        return tree.heads({chain.next_seq}).get(chain.next_seq)

    def root_of_lines(self) -> bytes | None:
        """Give the head over all lines that are none of v1; None where it was not asked for."""
        return self._lines.heads({self._line_count}).get(self._line_count)

    def take_up(self, prunes: Iterable[PruneRecord]) -> None:
        """Let trees begin with what was deleted, once all events were added."""
        for record in prunes:
            if record.chain in self._chains:
                self._chains[record.chain].take_up(record.tree())

    def _tree_of(self, chain: str) -> PartedTree:
        if chain not in self._chains:
            ends = {record.pruned_to for record in self._prunes.of(chain)}
            self._chains[chain] = PartedTree(self._sizes.get(chain, set()) | ends)
        return self._chains[chain]


def _later(one: NewestEvent, other: NewestEvent) -> NewestEvent:
    """Give the event recorded later, of equals the first: it is the same however a log is cut."""
    return max(one, other, key=attrgetter("recorded_at"))

"""Merkle subtrees over whole columns of hashes."""

from __future__ import annotations

import polars as pl
from polars_hash import col as hashable

from audit_console.core.merkle import CompactRange, PartedTree, fitting_height

SINGLY_BELOW = 512
"""Fewer leaves than this are hashed one by one: a query over a column has its own price."""


def add_leaves(tree: PartedTree, first: int, hashes: pl.Series) -> None:
    """Add leaves from index `first` on, given as lower-case hex without nulls."""
    tree.add(
        first,
        hashes.len(),
        lambda part, done, count: extend(part, hashes.slice(done, count)),
    )


def extend(tree: CompactRange, hashes: pl.Series) -> None:
    """Add the next leaves, given as lower-case hex without nulls, to `tree`."""
    done = 0
    while done < hashes.len():
        height = fitting_height(tree.size, hashes.len() - done)
        count = 1 << height
        leaves = hashes.slice(done, count)
        if count < SINGLY_BELOW:
            tree.extend(bytes.fromhex(leaf) for leaf in leaves)
        else:
            tree.append_subtree(_root(leaves), height)
        done += count


def _root(level: pl.Series) -> bytes:
    while level.len() > 1:
        pairs = pl.DataFrame({"left": level.gather_every(2), "right": level.gather_every(2, 1)})
        nodes = pl.concat_str(pl.lit("01"), "left", "right").str.decode("hex")
        level = pairs.select(node=nodes).select(hashable("node").chash.sha2_256()).to_series()
    return bytes.fromhex(level[0])

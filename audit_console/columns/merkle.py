"""Merkle subtrees over whole columns of hashes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from polars_hash import col as hashable

from audit_console.core.merkle import HASH_BYTES, CompactRange, PartedTree, node_hash

NODE_PREFIX = 1
_PAIR = 2 * HASH_BYTES
SINGLY_BELOW = 256
"""Fewer nodes than this are taken one by one: a query over a column has its own price."""


def add_leaves(tree: PartedTree, first: int, hashes: pl.Series) -> None:
    """Add leaves from index `first` on, given as lower-case hex without nulls."""
    tree.add(
        first,
        hashes.len(),
        lambda part, done, count: extend(part, hashes.slice(done, count)),
    )


def add_runs(tree: PartedTree, places: pl.Series, hashes: pl.Series) -> None:
    """Add leaves at their places, those that follow one another together.

    Args:
        tree: takes them; a place that is taken stays as it is.
        places: indexes of the leaves, in any order, without nulls.
        hashes: of each, as lower-case hex without nulls.
    """
    begins = (places.diff() != 1).fill_null(value=True).arg_true()
    spans = pairwise([*begins.to_list(), places.len()])
    for first, (begin, end) in zip(places.gather(begins).to_list(), spans, strict=True):
        add_leaves(tree, first, hashes.slice(begin, end - begin))


def extend(tree: CompactRange, hashes: pl.Series) -> None:
    """Add the next leaves, given as lower-case hex without nulls, to `tree`."""
    few = hashes.len() < SINGLY_BELOW
    text = "".join(hashes.to_list()) if few else hashes.str.join("").item()
    if text:
        tree.append_level(bytes.fromhex(text), _parents)


def _parents(children: bytes) -> bytes:
    """Hash an even number of nodes, 32 bytes each, two and two."""
    if len(children) < SINGLY_BELOW * _PAIR:
        return b"".join(
            node_hash(
                children[begin : begin + HASH_BYTES], children[begin + HASH_BYTES : begin + _PAIR]
            )
            for begin in range(0, len(children), _PAIR)
        )
    pairs = np.frombuffer(children, np.uint8).reshape(-1, _PAIR)
    nodes = pl.Series("node", np.insert(pairs, 0, NODE_PREFIX, axis=1))
    column = nodes.arr.to_list().cast(pl.Binary).to_frame()
    return bytes.fromhex(column.select(hashable("node").chash.sha2_256().str.join("")).item())

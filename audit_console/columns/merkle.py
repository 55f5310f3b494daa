"""Merkle subtrees over whole columns of hashes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import polars as pl
from polars_hash import col as hashable

from audit_console.columns import compiled
from audit_console.core.merkle import HASH_BYTES, PartedTree, node_hash

NODE_PREFIX = 1
_PAIR = 2 * HASH_BYTES
SINGLY_BELOW = 256
"""Fewer nodes than this are taken one by one: a query over a column has its own price."""


def add_leaves(tree: PartedTree, first: int, hashes: pl.Series) -> None:
    """Add leaves from index `first` on, given as lower-case hex without nulls."""
    add_nodes(tree, first, _nodes(hashes))


def add_runs(tree: PartedTree, places: pl.Series, hashes: pl.Series) -> None:
    """Add leaves at their places, those that follow one another together.

    Args:
        tree: takes them; a place that is taken stays as it is.
        places: indexes of the leaves, in any order, without nulls.
        hashes: of each, as lower-case hex without nulls.
    """
    begins = (places.diff() != 1).fill_null(value=True).arg_true()
    for first, leaves in zip(places.gather(begins), in_runs(begins, hashes), strict=True):
        add_nodes(tree, first, leaves)


def in_runs(begins: pl.Series, hashes: pl.Series) -> Iterator[bytes]:
    """Give the leaves of each run on end, 32 bytes each.

    Args:
        begins: the rows at which runs begin, the first row among them.
        hashes: of all leaves, as lower-case hex without nulls.
    """
    leaves = _nodes(hashes)
    for begin, end in pairwise([*begins.to_list(), hashes.len()]):
        yield leaves[begin * HASH_BYTES : end * HASH_BYTES]


def add_nodes(tree: PartedTree, first: int, leaves: bytes) -> None:
    """Add leaves from index `first` on, 32 bytes each."""
    tree.add(
        first,
        len(leaves) // HASH_BYTES,
        lambda part, done, count: part.append_level(
            leaves[done * HASH_BYTES : (done + count) * HASH_BYTES], _parents
        ),
    )


def _nodes(hashes: pl.Series) -> bytes:
    few = hashes.len() < SINGLY_BELOW
    return bytes.fromhex("".join(hashes.to_list()) if few else hashes.str.join("").item())


def _parents(children: bytes) -> bytes:
    """Hash an even number of nodes, 32 bytes each, two and two."""
    if compiled.parents is not None:
        return compiled.parents(children)
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

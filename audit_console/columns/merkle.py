"""Merkle subtrees over whole columns of hashes."""

from __future__ import annotations

import numpy as np
import polars as pl
from polars_hash import col as hashable

from audit_console.core.merkle import CompactRange

HASH_BYTES = 32
NODE_PREFIX = 1
SINGLY_BELOW = 512
"""Fewer leaves than this are hashed one by one: a query over a column has its own price."""


def extend(tree: CompactRange, hashes: pl.Series) -> None:
    """Add the next leaves, given as lower-case hex without nulls, to `tree`."""
    done = 0
    while done < hashes.len():
        height = _fitting_height(tree.size, hashes.len() - done)
        count = 1 << height
        leaves = hashes.slice(done, count)
        if count < SINGLY_BELOW:
            tree.extend(bytes.fromhex(leaf) for leaf in leaves)
        else:
            tree.append_subtree(_root(leaves), height)
        done += count


def _fitting_height(size: int, leaves: int) -> int:
    """Find the height of the largest whole subtree that fits behind `size` leaves."""
    fits = leaves.bit_length() - 1
    aligned = (size & -size).bit_length() - 1 if size else fits
    return min(fits, aligned)


def _root(leaves: pl.Series) -> bytes:
    hashes = bytes.fromhex(leaves.str.join("").item())
    while len(hashes) > HASH_BYTES:
        children = np.frombuffer(hashes, np.uint8).reshape(-1, 2 * HASH_BYTES)
        nodes = np.insert(children, 0, NODE_PREFIX, axis=1)
        column = pl.Series("node", nodes).arr.to_list().cast(pl.Binary).to_frame()
        digests = column.select(hashable("node").chash.sha2_256().str.join(""))
        hashes = bytes.fromhex(digests.item())
    return hashes

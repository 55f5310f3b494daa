"""RFC 6962 proofs: an event is under a tree head, one tree head extends another.

A proof is made of the heads of a few subtrees. `inclusion_parts` and
`consistency_parts` name them as ranges of leaves; who holds the leaves fills in the
hashes, for instance with `core.merkle.PartedTree`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from audit_console.core.merkle import node_hash

MAX_HASHES = 63
MAX_SIZE = 1 << MAX_HASHES


class LeafRange(NamedTuple):
    """Leaves `begin` to `end` - 1."""

    begin: int
    end: int


def inclusion_parts(index: int, size: int) -> list[LeafRange]:
    """Name the subtrees that prove leaf `index` in a tree of `size` leaves.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    parts = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            parts.append(LeafRange(middle, end))
            end = middle
        else:
            parts.append(LeafRange(begin, middle))
            begin = middle
    return parts[::-1]


def consistency_parts(old: int, new: int) -> list[LeafRange]:
    """Name the subtrees that prove that a tree of `new` leaves extends one of `old`.

    Raises:
        ValueError: the sizes are not 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} leaves extends none of {old}")
    parts = []
    begin, end = 0, new
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            parts.append(LeafRange(middle, end))
            end = middle
        else:
            parts.append(LeafRange(begin, middle))
            begin = middle
    if begin:
        parts.append(LeafRange(begin, end))
    return parts[::-1]


def _split(leaves: int) -> int:
    """The largest power of two below a number of leaves."""
    return 1 << ((leaves - 1).bit_length() - 1)


def root_of_inclusion(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """Compute the tree head that a proof leads to; None where its shape is wrong."""
    if not 0 <= index < size <= MAX_SIZE:
        return None
    parts = inclusion_parts(index, size)
    if len(parts) != len(hashes):
        return None
    root = leaf
    for part, sibling in zip(parts, hashes, strict=True):
        root = node_hash(sibling, root) if part.begin < index else node_hash(root, sibling)
    return root


def is_consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, hashes: Sequence[bytes]
) -> bool:
    """Tell whether a proof shows that the tree of `new` leaves extends that of `old`."""
    if not 0 < old <= new <= MAX_SIZE:
        return False
    parts = consistency_parts(old, new)
    if len(parts) != len(hashes):
        return False
    given: Iterator[tuple[LeafRange, bytes]] = zip(parts, hashes, strict=True)
    if parts and parts[0].end == old and parts[0].begin:
        _, seen = next(given)
    else:
        seen = old_root
    before = after = seen
    for part, sibling in given:
        if part.begin < old:
            before = node_hash(sibling, before)
            after = node_hash(sibling, after)
        else:
            after = node_hash(after, sibling)
    return before == old_root and after == new_root

"""Merkle trees, written from RFC 6962 alone and apart from the code under test."""

from __future__ import annotations

import hashlib

from audit_console.core.merkle import CompactRange, PartedTree


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = naive_root(leaves[:half]), naive_root(leaves[half:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaves_of(count: int) -> list[bytes]:
    """Make leaf hashes, all different."""
    return [hashlib.sha256(b"%d" % number).digest() for number in range(count)]


def grown(leaves: list[bytes]) -> CompactRange:
    """Grow a compact range leaf by leaf."""
    tree = CompactRange()
    tree.extend(leaves)
    return tree


def add_leaves(tree: PartedTree, first: int, leaves: list[bytes]) -> None:
    """Add leaves to a parted tree."""
    tree.add(
        first,
        len(leaves),
        lambda part, done, count: part.extend(leaves[done : done + count]),
    )


def naive_consistency(old: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962, section 2.1.2, as it is written there: SUBPROOF(old, leaves, whole)."""
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if old <= half:
        return [*naive_consistency(old, leaves[:half], whole=whole), naive_root(leaves[half:])]
    later = naive_consistency(old - half, leaves[half:], whole=False)
    return [*later, naive_root(leaves[:half])]

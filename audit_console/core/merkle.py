"""RFC 6962 Merkle trees over event hashes, kept as compact ranges."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees of equal size into one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The tree over leaves [0, size), kept as the roots of its whole subtrees.

    `hashes` holds one 32-byte root per set bit of `size`, largest subtree first.
    """

    def __init__(self) -> None:
        self.size = 0
        self.hashes: list[bytes] = []

    @classmethod
    def of(cls, size: int, hashes: Sequence[bytes]) -> CompactRange:
        """Take up a tree of `size` leaves where somebody left off.

        Raises:
            ValueError: there is not one hash per set bit of `size`.
        """
        if len(hashes) != size.bit_count():
            raise ValueError(f"{len(hashes)} hashes for a tree of {size} leaves")
        tree = cls()
        tree.size = size
        tree.hashes = list(hashes)
        return tree

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add the hashes of the next leaves."""
        for leaf in leaves:
            self.append_subtree(leaf, 0)

    def append_subtree(self, root: bytes, height: int) -> None:
        """Add a whole subtree of 2**height leaves.

        Raises:
            ValueError: the size so far is no multiple of 2**height.
        """
        if self.size % (1 << height):
            raise ValueError(f"no subtree of height {height} fits at size {self.size}")
        carried = self.size >> height
        while carried & 1:
            root = node_hash(self.hashes.pop(), root)
            carried >>= 1
        self.hashes.append(root)
        self.size += 1 << height

    def root(self) -> bytes:
        """Give the tree head."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for subtree in reversed(self.hashes[:-1]):
            root = node_hash(subtree, root)
        return root

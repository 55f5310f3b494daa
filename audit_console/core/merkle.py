"""RFC 6962 Merkle trees over event hashes, kept as compact ranges."""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from audit_console.core.ordered import Ordered

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def root_text(root: bytes) -> str:
    """Print a tree head as checkpoints, records and reports do: in base64."""
    return base64.b64encode(root).decode()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees of equal size into one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """Leaves [begin, size) of a tree, kept as the roots of its largest whole subtrees.

    `hashes` holds one 32-byte root per subtree, in the order of the leaves: from 0 on,
    one per set bit of `size`.
    """

    __slots__ = ("begin", "hashes", "size")

    def __init__(self, begin: int = 0) -> None:
        self.begin = begin
        self.size = begin
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
        self.size += 1 << height
        begin = self.size - (1 << height)
        while begin >> height & 1 and begin - (1 << height) >= self.begin:
            root = node_hash(self.hashes.pop(), root)
            begin -= 1 << height
            height += 1
        self.hashes.append(root)

    def append_level(self, leaves: bytes, parents: Callable[[bytes], bytes]) -> None:
        """Add the next leaves, hashing all nodes of one height at the same time.

        Args:
            leaves: 32 bytes each.
            parents: hashes an even number of nodes, 32 bytes each, two and two.
        """
        nodes, position, height = leaves, self.size, 0
        first: list[bytes] = []
        last: list[bytes] = []
        while nodes:
            if position & 1 and (position - 1) << height >= self.begin:
                nodes = self.hashes.pop() + nodes
                position -= 1
            elif position & 1:
                first.append(nodes[:HASH_BYTES])
                nodes = nodes[HASH_BYTES:]
                position += 1
            if len(nodes) // HASH_BYTES & 1:
                last.append(nodes[-HASH_BYTES:])
                nodes = nodes[:-HASH_BYTES]
            nodes, position, height = parents(nodes), position >> 1, height + 1
        self.hashes += first + last[::-1]
        self.size += len(leaves) // HASH_BYTES

    def absorb(self, later: CompactRange) -> None:
        """Add the leaves of the range that begins where this one ends."""
        for _, count, root in later.subtrees():
            self.append_subtree(root, count.bit_length() - 1)

    def subtrees(self) -> Iterator[tuple[int, int, bytes]]:
        """Give the first leaf, the number of leaves and the root of each subtree."""
        position = self.begin
        for root in self.hashes:
            count = 1 << fitting_height(position, self.size - position)
            yield position, count, root
            position += count

    def root(self) -> bytes:
        """Give the tree head."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for subtree in reversed(self.hashes[:-1]):
            root = node_hash(subtree, root)
        return root


def fitting_height(position: int, leaves: int) -> int:
    """Find the height of the largest whole subtree of at most `leaves` at a position."""
    fits = leaves.bit_length() - 1
    aligned = (position & -position).bit_length() - 1 if position else fits
    return min(fits, aligned)


class PartedTree:
    """A tree whose leaves come in any order, of which some heads are asked for.

    It keeps the compact range of each stretch of leaves that follow one another. No
    subtree crosses a *cut*, so that the head over the leaves between any two cuts can be
    told. What it holds grows with the cuts and the stretches, not with the leaves.
    """

    def __init__(self, cuts: Iterable[int] = ()) -> None:
        """Begin with no leaf.

        Args:
            cuts: numbers of leaves at which the tree can be told apart.
        """
        self._cuts = sorted(set(cuts))
        self._parts: Ordered[CompactRange] = Ordered()

    def take_up(self, start: CompactRange) -> None:
        """Put the first leaves, added up by somebody else, in the place of those that are here.

        The tree is told apart within them at cuts where one of their subtrees ends.

        Args:
            start: the tree of the first leaves; where it ends must be a cut.
        """
        behind = [part for part in self._parts if part.begin >= start.size]
        self._parts = Ordered()
        for part in [*self._between_cuts(start), *behind]:
            self._parts.add(part.begin, part)

    def _between_cuts(self, tree: CompactRange) -> Iterator[CompactRange]:
        part = CompactRange(tree.begin)
        for position, count, root in tree.subtrees():
            if position > part.begin and self._is_cut(position):
                yield part
                part = CompactRange(position)
            part.append_subtree(root, count.bit_length() - 1)
        yield part

    def add(self, first: int, count: int, extend: Callable[[CompactRange, int, int], None]) -> None:
        """Add leaves; those whose place is taken are left out.

        Args:
            first: index of the first leaf.
            count: how many there are.
            extend: adds some of them to a range, given the number before and their count.
        """
        done = 0
        while done < count:
            before = self._parts.at_or_before(first + done)
            if before is not None and before.size > first + done:
                done = before.size - first
                continue
            part = self._part(before, first + done)
            taken = min(count - done, self._end(part) - part.size)
            extend(part, done, taken)
            self._join(part)
            done += taken

    def _part(self, before: CompactRange | None, position: int) -> CompactRange:
        """Let the stretch before a position go on if it ends there, or begin one."""
        if before is not None and before.size == position and not self._is_cut(position):
            return before
        part = CompactRange(position)
        self._parts.add(position, part)
        return part

    def _end(self, part: CompactRange) -> int:
        """Tell where a stretch must end: at a cut, or where another one begins."""
        following = self._parts.behind(part.begin)
        ends = [] if following is None else [following.begin]
        cut = bisect_right(self._cuts, part.size)
        return min([*ends, *self._cuts[cut : cut + 1]], default=1 << 64)

    def _join(self, part: CompactRange) -> None:
        following = self._parts.behind(part.begin)
        if following is None or following.begin != part.size or self._is_cut(part.size):
            return
        self._parts.remove(following.begin)
        part.absorb(following)

    def _is_cut(self, position: int) -> bool:
        index = bisect_right(self._cuts, position)
        return index > 0 and self._cuts[index - 1] == position

    def stretches(self) -> Iterator[CompactRange]:
        """Give what is held, in the order of the leaves; it changes when leaves are added."""
        return iter(self._parts)

    def whole_size(self) -> int:
        """Count the leaves that follow one another from the first on."""
        return max((tree.size for tree in self._prefixes(0)), default=0)

    def heads(self, sizes: Collection[int]) -> dict[int, bytes]:
        """Give the heads over the first leaves, for those sizes that can be told.

        These are the cuts, and the end of the leaves that follow one another from the
        first on.
        """
        return {tree.size: tree.root() for tree in self._prefixes(0) if tree.size in sizes}

    def head(self, begin: int, end: int) -> bytes | None:
        """Give the head over the leaves between two cuts; None where not all are there."""
        for tree in self._prefixes(begin):
            if tree.size == end:
                return tree.root()
        return None

    def _prefixes(self, begin: int) -> Iterator[CompactRange]:
        """Give one growing tree from `begin` on, each time it reaches the end of a stretch."""
        tree = CompactRange(begin)
        for part in self._parts:
            if part.begin < begin:
                continue
            if part.begin != tree.size:
                return
            tree.absorb(part)
            yield tree

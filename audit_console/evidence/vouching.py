"""What vouches for a tree from outside the log: a checkpoint, or the console's memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from audit_console.core.event import Scheme, format_time
from audit_console.core.merkle import root_text
from audit_console.evidence.trees import ProvenTree
from audit_console.integrity.verification import Verification


@dataclass(frozen=True, slots=True)
class Voucher:
    """What vouches for a tree, as the manifest says it, and the note if it is one."""

    name: str
    size: int
    said: Mapping[str, object]
    note: str | None = None


class TreeVouchers:
    """All that may vouch for the trees of one log, as its verification found it."""

    def __init__(self, verification: Verification) -> None:
        vouchers = verification.vouchers
        heads = [head for heads in vouchers.heads.values() for head in heads if head.trusted]
        self._heads = sorted(heads, key=lambda head: head.size, reverse=True)
        self._remembered = vouchers.remembered.values()
        self._chains = {chain.chain for chain in verification.chains if chain.scheme is Scheme.V1}

    @property
    def sizes(self) -> dict[str, set[int]]:
        """At how many leaves the heads are to be compared, by name."""
        sizes: dict[str, set[int]] = {}
        for head in self._heads:
            sizes.setdefault(head.checkpoint.origin, set()).add(head.size)
        for seen in self._remembered:
            sizes.setdefault(seen.chain, set()).add(seen.size)
        return sizes

    def voucher(self, tree: ProvenTree) -> Voucher | None:
        """Give the largest trusted checkpoint that the tree agrees with, else the memory."""
        return next(self._vouchers(tree), None)

    def _vouchers(self, tree: ProvenTree) -> Iterator[Voucher]:
        for head in self._heads:
            name, root = head.checkpoint.origin, head.checkpoint.root
            if self._is_of(name, tree) and tree.heads.get(head.size) == root:
                said: dict[str, object] = {"by": "checkpoint", "size": head.size}
                yield Voucher(name, head.size, said | {"root": root_text(root)}, str(head.note))
        for seen in self._remembered:
            if self._is_of(seen.chain, tree) and tree.heads.get(seen.size) == seen.root:
                said = {"by": "memory", "size": seen.size, "root": root_text(seen.root)}
                when = {"verified_at": format_time(seen.verified_at)}
                yield Voucher(seen.chain, seen.size, said | when)

    def _is_of(self, name: str, tree: ProvenTree) -> bool:
        """Tell whether a name is that of the tree; one of no chain is that of a seal."""
        return name not in self._chains if tree.of_lines else name == tree.name

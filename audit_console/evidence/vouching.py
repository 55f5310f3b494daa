"""What vouches for a tree from outside the log: a checkpoint, or the console's memory."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from audit_console.core.anchors import SignedHead
from audit_console.core.checkpoints import SignedCheckpoint, decode_stored_checkpoint
from audit_console.core.event import format_time
from audit_console.evidence.trees import OF_LINES, ProvenTree
from audit_console.integrity.trust import Judge, Trust


@dataclass(frozen=True, slots=True)
class TrustedNote:
    """A checkpoint that a policy trusts, as it was signed."""

    name: str
    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class Voucher:
    """What vouches for a tree, as the manifest says it, and the note if it is one."""

    name: str
    size: int
    said: Mapping[str, object]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Witnesses:
    """All that may vouch for the trees of one log.

    Attributes:
        trust: the policy, and what the console remembers.
        notes: the checkpoints that the policy trusts.
        chains: names of the v1 chains. Another name is that of a seal over lines.
    """

    trust: Trust
    notes: Sequence[TrustedNote]
    chains: frozenset[str]

    @classmethod
    def of(cls, trust: Trust, stored: Sequence[str], chains: frozenset[str]) -> Witnesses:
        """Judge the checkpoints kept beside a log, and those that the trust brings."""
        judge = Judge(trust.policy)
        notes = [
            TrustedNote(
                signed.checkpoint.origin, judged.size, judged.checkpoint.root, str(signed.note)
            )
            for signed in map(decode_stored_checkpoint, (*stored, *trust.checkpoints))
            if isinstance(signed, SignedCheckpoint)
            and isinstance(judged := judge.judge(signed), SignedHead)
            and judged.trusted
        ]
        return cls(trust, notes, chains)

    @property
    def sizes(self) -> dict[str, set[int]]:
        """At how many leaves the heads are to be compared, by name."""
        sizes: dict[str, set[int]] = {}
        for note in self.notes:
            sizes.setdefault(note.name, set()).add(note.size)
        for seen in self.trust.remembered.values():
            sizes.setdefault(seen.chain, set()).add(seen.size)
        return sizes

    def voucher(self, tree: ProvenTree) -> Voucher | None:
        """Give the largest trusted checkpoint that the tree agrees with, else the memory."""
        return next(self._vouchers(tree), None)

    def _vouchers(self, tree: ProvenTree) -> Iterator[Voucher]:
        for note in sorted(self.notes, key=lambda note: note.size, reverse=True):
            if self._is_of(note.name, tree) and tree.heads.get(note.size) == note.root:
                said = {"by": "checkpoint", "size": note.size, "root": _base64(note.root)}
                yield Voucher(note.name, note.size, said, note.note)
        for seen in self.trust.remembered.values():
            if self._is_of(seen.chain, tree) and tree.heads.get(seen.size) == seen.root:
                said = {
                    "by": "memory",
                    "size": seen.size,
                    "root": _base64(seen.root),
                    "verified_at": format_time(seen.verified_at),
                }
                yield Voucher(seen.chain, seen.size, said)

    def _is_of(self, name: str, tree: ProvenTree) -> bool:
        return name not in self.chains if tree.name == OF_LINES else name == tree.name


def _base64(root: bytes) -> str:
    return base64.b64encode(root).decode()
